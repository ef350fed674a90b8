"""`verifier again`: what it does to a build's record, whom it names, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from tests.unit.cli.ledger import BUILD, FUNCTION, HOME, WATCHED, WORK_TOPIC, DeployedTown, a_town, record_of
from verifier.adapters.account import AskingAccount, account_of
from verifier.checks.policy import Policy
from verifier.checks.verdict import Verdict
from verifier.cli.again import recorded_name
from verifier.controller.ledger import BUILDS, Record, State

DOCUMENT: dict[str, Any] = {
    "id": BUILD.id,
    "name": f"projects/4711/locations/{BUILD.location}/builds/{BUILD.id}",
    "projectId": WATCHED,
    "status": "SUCCESS",
    "createTime": "2026-11-27T02:00:00Z",
    "finishTime": "2026-11-27T02:03:00Z",
    "source": {"storageSource": {"bucket": "b", "object": "o.tgz"}},
}


@pytest.fixture
def published() -> list[bytes]:
    return []


@pytest.fixture
def town(tmp_path: Path, published: list[bytes]) -> Iterator[DeployedTown]:
    with a_town(tmp_path, work=published.append) as town:
        town.cloud.put_build(DOCUMENT)
        yield town


def ask(town: DeployedTown, build: str = BUILD.name, *words: str) -> Result:
    return town.ask("again", build, *words)


def test_a_done_record_is_opened_again_and_the_function_told(town: DeployedTown, published: list[bytes]) -> None:
    town.put_record(record_of(Verdict.LOCAL_SOURCE))
    result = ask(town)
    assert (result.exit_code, result.stderr) == (0, "")
    record = town.record()
    assert record.judgement is None
    assert (record.state, record.again, record.asked_by) == (State.OPEN, 1, "a person")
    assert [json.loads(message) for message in published] == [{"kind": "record", "name": BUILD.digest}]
    decided = str(record.earlier[0]["decided"])[:16].replace("T", " ")
    assert result.stdout.splitlines() == [
        f"Build 4e841fcb (us-central1) is judged anew; it was LOCAL_SOURCE, {decided} UTC.",
        "Recorded: asked for by a person.",
        "The function takes it up now.",
        "Its worker, if it has one, may run once more.",
        f"Its verdict will be in the audit trail of {HOME}, and in Slack in the thread of the verdict before.",
    ]


@pytest.mark.parametrize(
    "words",
    [
        (BUILD.id, "--project", WATCHED, "--region", BUILD.location),
        (BUILD.id[:8], "--project", WATCHED, "--region", BUILD.location),
        (f"https://console.cloud.google.com/cloud-build/builds;region=us-central1/{BUILD.id}?project={WATCHED}",),
    ],
)
def test_a_build_is_named_as_for_check(town: DeployedTown, words: tuple[str, ...]) -> None:
    town.put_record(record_of(Verdict.LOCAL_SOURCE))
    result = ask(town, *words)
    assert result.exit_code == 0, result.output
    assert town.record().again == 1


def test_a_file_names_a_build_that_must_still_be_there(town: DeployedTown, tmp_path: Path) -> None:
    town.put_record(record_of(Verdict.LOCAL_SOURCE))
    file = tmp_path / "build.json"
    file.write_text(json.dumps(DOCUMENT))
    assert ask(town, str(file)).exit_code == 0
    gone = BUILD.id.replace("4e84", "0000")
    file.write_text(json.dumps({**DOCUMENT, "id": gone, "name": DOCUMENT["name"].replace(BUILD.id, gone)}))
    result = ask(town, str(file))
    assert result.exit_code == 2
    assert "what Cloud Build does not have any more can't be judged anew" in result.stderr


def test_where_nobody_may_publish_the_sweep_takes_it_and_the_permission_is_named(town: DeployedTown) -> None:
    town.put_record(record_of(Verdict.FAILED))
    town.cloud.deny("Publish")
    result = ask(town)
    assert result.exit_code == 0
    wanted = "The next sweep takes it up, within a minute: to have it done at once, needs pubsub.topics.publish on"
    assert f"{wanted} {WORK_TOPIC}" in result.stdout
    assert town.record().state is State.OPEN


def test_without_a_work_topic_the_sweep_takes_it(town: DeployedTown) -> None:
    town.put_record(record_of(Verdict.FAILED, ts=""))
    del town.variables["VERIFIER_WORK_TOPIC"]
    town.deploy()
    shown = ask(town).stdout
    assert "The next sweep takes it up, within a minute.\n" in shown
    assert "and in Slack where policy posts it." in shown


def test_asking_twice_does_nothing_more(town: DeployedTown, published: list[bytes]) -> None:
    town.put_record(record_of(Verdict.FAILED))
    ask(town)
    before = town.record()
    result = ask(town)
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing done: build 4e841fcb (us-central1) is being judged anew already, asked")
    assert town.record() == before
    assert len(published) == 1


def test_a_build_that_is_being_judged_for_the_first_time_is_left_alone(town: DeployedTown) -> None:
    waiting = record_of(None, state=State.OPEN, judgement=None, error="quota used up")
    town.put_record(waiting)
    result = ask(town)
    assert result.exit_code == 0
    assert result.stdout == (
        "Nothing done: build 4e841fcb (us-central1) is being judged, for the first time. It waits: quota used up\n"
    )
    assert town.record() == waiting


def test_a_build_that_the_ledger_does_not_know_is_an_error(town: DeployedTown) -> None:
    result = ask(town)
    assert result.exit_code == 2
    assert "expected a build that the ledger has a record of" in result.stderr
    assert town.store.read(BUILDS, BUILD.digest, timeout=5) is None


def test_a_build_that_goes_on_is_an_error(town: DeployedTown) -> None:
    town.cloud.put_build({**DOCUMENT, "status": "WORKING"})
    result = ask(town)
    assert (result.exit_code, "expected a build that has ended, got one that is WORKING" in result.stderr) == (2, True)


def test_a_build_that_is_nowhere_is_an_error(town: DeployedTown) -> None:
    result = ask(town, BUILD.id.replace("4e84", "0000"), "--project", WATCHED, "--region", BUILD.location)
    assert (result.exit_code, "not found" in result.stderr) == (2, True)


def test_a_record_of_a_later_version_is_an_error(town: DeployedTown) -> None:
    town.put_record(record_of(Verdict.FAILED), version=2)
    result = ask(town)
    assert (result.exit_code, "install that one, or a later one" in result.stderr) == (2, True)


def test_a_function_of_another_project_is_named_by_its_place(town: DeployedTown) -> None:
    town.put_record(Record(BUILD, created=record_of(None).created, state=State.UNCONFIRMED))
    short = town.ask(
        "again",
        BUILD.name,
        "--function-project",
        HOME,
        "--function-region",
        FUNCTION.split("/")[3],
        function="build-verifier",
    )
    assert short.exit_code == 0, short.output
    assert "is judged anew; it had no verdict." in short.stdout


NAMED = Policy(name_submitter=True)


@pytest.mark.parametrize(
    ("name", "policy", "is_service", "shown"),
    [
        ("deployer@acme.iam.gserviceaccount.com", Policy(), True, "deployer@acme.iam.gserviceaccount.com"),
        ("", Policy(), True, "a service account"),
        ("ana@vividly.example", Policy(), False, "a person"),
        ("ana@vividly.example", NAMED, False, "ana@vividly.example"),
        ("", NAMED, False, "a person"),
    ],
)
def test_a_person_is_named_only_where_policy_says_so(
    name: str, policy: Policy, shown: str, *, is_service: bool
) -> None:
    assert recorded_name(name, policy, is_service=is_service) == shown


@pytest.mark.parametrize(
    ("credentials", "account"),
    [
        (
            SimpleNamespace(service_account_email="deployer@acme.iam"),
            AskingAccount("deployer@acme.iam", is_service=True),
        ),
        (SimpleNamespace(service_account_email="default"), AskingAccount("", is_service=True)),
        (SimpleNamespace(account="ana@vividly.example"), AskingAccount("ana@vividly.example", is_service=False)),
        (SimpleNamespace(account=None), AskingAccount("", is_service=False)),
        (SimpleNamespace(), AskingAccount("", is_service=False)),
    ],
)
def test_credentials_tell_whose_they_are_as_far_as_they_know(credentials: object, account: AskingAccount) -> None:
    assert account_of(credentials) == account
