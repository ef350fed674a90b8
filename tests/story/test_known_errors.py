"""Errors that earlier builds had call nobody, and errors that policy accepts fail nothing: whole stories."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from tests.delegating_store import DelegatingStore
from tests.story.harness import CLEAN, POLICY, TRIGGER_ID, Harness, HarnessServices, harness
from verifier.checks.accept import Accept
from verifier.checks.policy import Route
from verifier.controller.error_book import ERRORS
from verifier.errors import Stopping, Unavailable
from verifier.facts.build import BuildKey
from verifier.services import Document, Stored
from verifier.standin.script import Line, Script

__all__ = ["harness"]

CALLED = "<!here>"
CALLING = replace(POLICY, routes=(Route(mention="here"),))
CRASH = "KeyError: 'lesson'"
OTHER = "ValueError: no such chapter"


def logging(*errors: str, exit_code: int = 0) -> Script:
    """Return the course of a worker that does its work and complains of these."""
    lines = [Line(at=1.0 + at / 10, text=text, severity="ERROR", stream="stderr") for at, text in enumerate(errors)]
    return Script(lines=(Line(at=0.5, text="query ok"), *lines), exit_code=exit_code)


def built(harness: Harness, script: Script = CLEAN) -> BuildKey:
    """Build, let the worker run like this, and wait for the verdict."""
    harness.job(script)
    key = harness.triggered()
    harness.announce(key)
    harness.live(4)
    return key


def said(harness: Harness) -> str:
    """Return the last message."""
    return str(harness.slack.messages[-1].blocks)


def seen(harness: Harness, key: BuildKey) -> str:
    judgement = harness.record(key).judgement
    assert judgement is not None
    return next(finding.seen for finding in judgement.findings if finding.check == "logs_have_no_errors")


@pytest.fixture
def calling(harness: Harness) -> Harness:
    """Return a harness whose policy calls people about everything."""
    harness.use(CALLING)
    return harness


def test_an_error_calls_people_the_first_time_and_never_again(calling: Harness) -> None:
    keys = [built(calling, logging(CRASH)) for _ in range(3)]
    assert [calling.verdict(key) for key in keys] == ["FAILED"] * 3
    first, *others = [f"{message.text}{message.blocks}" for message in calling.slack.messages]
    assert CALLED in first
    assert "ot new" not in first
    assert [CALLED in message for message in others] == [False, False]
    assert "Not new: on 1 build since 23 Nov. Nobody is called." in others[0]
    assert "Not new: on 2 builds since 23 Nov. Nobody is called." in others[1]
    payloads = [entry["jsonPayload"] for entry in calling.cloud.audit_entries()]
    assert [payload["known"] for payload in payloads] == [
        None,
        "not new: on 1 build since 23 Nov",
        "not new: on 2 builds since 23 Nov",
    ]


@pytest.mark.parametrize("script", [logging(CRASH, OTHER), logging(OTHER)], ids=["beside the old one", "alone"])
def test_an_error_that_is_new_calls_people(calling: Harness, script: Script) -> None:
    built(calling, logging(CRASH))
    built(calling, script)
    assert CALLED in said(calling)
    assert "ot new" not in said(calling)


def test_beside_a_new_error_the_old_one_is_named_with_the_day_since_when(calling: Harness) -> None:
    built(calling, logging(CRASH))
    key = built(calling, logging(CRASH, OTHER))
    text = calling.slack.messages[-1].text
    assert f"First seen, with fewer than 8 runs to compare with: “{OTHER}”." in text
    assert f"Known since 23 Nov (1 build): “{CRASH}”." in text
    judgement = calling.record(key).judgement
    assert judgement is not None
    assert [(one.state, one.builds) for one in judgement.before] == [("known", 1), ("first-seen", 0)]
    payload = calling.cloud.audit_entries()[-1]["jsonPayload"]
    assert [error["before"]["state"] for error in payload["errors"]] == ["known", "first-seen"]


def test_where_all_of_several_errors_are_old_each_is_named_and_nobody_is_called(calling: Harness) -> None:
    for _ in range(2):
        built(calling, logging(CRASH, OTHER))
    assert CALLED not in said(calling)
    named = f"Known since 23 Nov (1 build): “{CRASH}”, “{OTHER}”. Nobody is called."
    assert named in calling.slack.messages[-1].text


def test_whatever_else_fails_calls_people_although_the_error_is_known(calling: Harness) -> None:
    built(calling, logging(CRASH))
    key = built(calling, logging(CRASH, exit_code=1))
    assert calling.verdict(key) == "FAILED"
    assert CALLED in said(calling)


def test_an_expected_line_that_is_absent_calls_people_although_the_error_is_known(calling: Harness) -> None:
    built(calling, logging(CRASH))
    script = logging(CRASH)
    built(calling, replace(script, lines=script.lines[1:]))
    assert CALLED in said(calling)


def test_an_error_that_is_accepted_fails_nothing_and_is_told(calling: Harness) -> None:
    accept = Accept("^KeyError: ", "the import is rewritten", until=date(2026, 12, 31), worker=TRIGGER_ID)
    calling.use(replace(CALLING, accepts=(accept,)))
    key = built(calling, logging(CRASH))
    assert calling.verdict(key) == "VERIFIED"
    assert seen(calling, key) == f'"{CRASH}" ×1 is accepted until 2026-12-31: the import is rewritten'
    assert "the import is rewritten" in said(calling)
    [payload] = [entry["jsonPayload"] for entry in calling.cloud.audit_entries()]
    assert [error["accepted"] for error in payload["errors"]] == ["until 2026-12-31: the import is rewritten"]


def test_another_error_beside_an_accepted_one_fails(calling: Harness) -> None:
    accept = Accept("^KeyError: ", "the import is rewritten", until=date(2026, 12, 31))
    calling.use(replace(CALLING, accepts=(accept,)))
    key = built(calling, logging(CRASH, OTHER))
    assert calling.verdict(key) == "FAILED"
    assert seen(calling, key).startswith(f'"{OTHER}" ×1')
    assert seen(calling, key).endswith(f'"{CRASH}" ×1 is accepted until 2026-12-31: the import is rewritten')


def test_an_acceptance_that_has_run_out_fails_again_and_says_so(calling: Harness) -> None:
    accept = Accept("^KeyError: ", "the import is rewritten", until=date(2026, 11, 22))
    calling.use(replace(CALLING, accepts=(accept,)))
    key = built(calling, logging(CRASH))
    assert calling.verdict(key) == "FAILED"
    assert "no more accepted: it was until 2026-11-22: the import is rewritten" in seen(calling, key)
    assert CALLED in said(calling)


def test_the_message_names_the_rule_and_the_lines_that_would_accept_the_error(calling: Harness) -> None:
    key = built(calling, logging(CRASH))
    judgement = calling.record(key).judgement
    assert judgement is not None
    [error] = judgement.errors
    texts = [block["text"]["text"] for block in calling.slack.messages[-1].blocks if block["type"] == "section"]
    assert any(", ×1, rule severity\n" in text for text in texts)
    assert texts[-1] == (
        "```\n# in policy.toml, to accept it for a while:\n\n"
        f'# it says: {CRASH}\n[[accept]]\nworker = "{TRIGGER_ID}"\nerror = "{error.identity}"\n'
        'reason = "WHY"\nuntil = 2026-12-23\n```'
    )


@dataclass
class _Store(DelegatingStore):
    """The ledger's storage, that dies or is away where errors are concerned."""

    away: frozenset[str] = frozenset()
    """The calls that fail when they are about errors."""
    dies: bool = False
    """The process is asked to end right after the errors were written."""
    calls: list[str] = field(default_factory=list)

    def read(self, collection: str, name: str, *, timeout: float) -> Stored | None:
        self._note(collection, "read")
        return self.inner.read(collection, name, timeout=timeout)

    def create(self, collection: str, name: str, document: Document, *, timeout: float) -> Stored | None:
        self._note(collection, "write")
        written = self.inner.create(collection, name, document, timeout=timeout)
        self._die(collection)
        return written

    def replace(
        self, collection: str, name: str, document: Document, revision: str, *, timeout: float
    ) -> Stored | None:
        self._note(collection, "write")
        written = self.inner.replace(collection, name, document, revision, timeout=timeout)
        self._die(collection)
        return written

    def _note(self, collection: str, call: str) -> None:
        if collection == ERRORS:
            self.calls.append(call)
            if call in self.away:
                raise Unavailable("the database is away")

    def _die(self, collection: str) -> None:
        if self.dies and collection == ERRORS:
            self.dies = False
            raise Stopping("this process is asked to end")


def store_of(harness: Harness) -> _Store:
    """Let the harness go on with a store that can be told what to do."""
    services = harness.deployment.services
    assert isinstance(services, HarnessServices)
    store = _Store(services.store)
    ledger = replace(harness.deployment.ledger, store=store)
    harness.deployment = replace(harness.deployment, services=replace(services, store=store), ledger=ledger)
    return store


@pytest.mark.parametrize("away", ["read", "write"])
def test_where_the_errors_cannot_be_remembered_the_verdict_does_not_wait_and_people_are_called(
    calling: Harness, away: str
) -> None:
    built(calling, logging(CRASH))
    store_of(calling).away = frozenset({away})
    key = built(calling, logging(CRASH))
    assert calling.verdict(key) == "FAILED"
    assert CALLED in said(calling)
    assert "ot new" not in said(calling)


def test_a_build_that_is_taken_up_again_after_it_wrote_its_errors_comes_to_the_same_words(calling: Harness) -> None:
    store = store_of(calling)
    for words in ("", "not new: on 1 build since 23 Nov"):
        store.dies = True
        key = built(calling, logging(CRASH))
        assert not store.dies
        judgement = calling.record(key).judgement
        assert judgement is not None
        assert judgement.known == words
        assert (CALLED in said(calling)) == (words == "")


def test_a_verdict_costs_two_more_calls_where_there_are_errors_and_none_where_there_are_not(calling: Harness) -> None:
    built(calling)  # and once a job it is looked whether its runs of before are to be read
    store = store_of(calling)
    built(calling)
    assert store.calls == []
    built(calling, logging(CRASH))
    assert store.calls == ["read", "write"]
    built(calling, logging(CRASH))
    assert store.calls == ["read", "write"] * 2
