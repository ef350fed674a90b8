"""How attempts ended: by the platform's lines in the system log alone."""

from __future__ import annotations

import pytest

from tests.unit.facts.logs.lines import SHORT_NAME, entry, read
from verifier.facts.logs import ERROR, SYSTEM_LOG, Ending, LogReading, LogRules


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("Container called exit(1).", Ending("0", "0", "", "exit", 1)),
        ("Container terminated on signal 11.", Ending("0", "0", "", "signal", 11)),
    ],
)
def test_an_exit_or_a_signal_ends_an_attempt_and_is_no_error(text: str, ending: Ending) -> None:
    facts = read([entry(text, 400, log=SYSTEM_LOG)])
    assert facts.exits == {("0", "0")}
    assert facts.endings == (ending,)
    assert facts.errors == ()


def test_a_clean_exit_is_an_end_of_which_nothing_is_to_be_told() -> None:
    facts = read([entry("Container called exit(0).", 200, log=SYSTEM_LOG)])
    assert facts.exits == {("0", "0")}
    assert facts.endings == ()


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("Memory limit of 512 MiB exceeded with 530 MiB used.", "memory"),
        ("Application exec likely failed", "start"),
        ("Terminating task because it has reached the maximum timeout of 600 seconds.", "timeout"),
        ("terminated: Application failed to start: failed to resolve binary path", "start"),
    ],
)
def test_the_platforms_other_last_words_are_errors_and_say_how_it_ended(text: str, how: str) -> None:
    facts = read([entry(text, ERROR, log=SYSTEM_LOG)])
    assert [ending.how for ending in facts.endings] == [how]
    assert facts.exits == frozenset()
    assert len(facts.errors) == 1


def test_only_the_workers_own_container_ends_its_attempt() -> None:
    reading = LogReading(LogRules(), SHORT_NAME, container="worker-1")
    reading.feed(
        [
            entry("Container called exit(0).", 200, log=SYSTEM_LOG, container="proxy-1"),
            entry("Container called exit(3).", 400, log=SYSTEM_LOG, container="worker-1", task="1"),
        ]
    )
    facts = reading.facts(truncated=False)
    assert facts.exits == {("1", "0")}
    assert facts.endings == (Ending("1", "0", "worker-1", "exit", 3),)


def test_the_same_words_in_another_log_end_nothing() -> None:
    facts = read([entry("Container terminated on signal 9.", log="python")])
    assert (facts.exits, facts.endings) == (frozenset(), ())
