"""Whose quotas are used, and what they are: told, and never a reason why an installation is not in order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from tests.doctor.installation import HOME, WATCHED, StandInInstallation, an_installation
from verifier.checks.verdict import Outcome
from verifier.config import QuotaLimit, Settings, read_settings
from verifier.doctor.ask_quotas import read_limit
from verifier.doctor.calls import Caller
from verifier.doctor.quotas import BUILDS, LOGGING, QuotaKind, effective_limit, quota_row, unread_quota
from verifier.doctor.rows import Trouble
from verifier.standin.loopback import LoopbackServer, Reply, Request

SETTINGS = read_settings(
    {
        "VERIFIER_PROJECTS": WATCHED,
        "VERIFIER_REGIONS": "global",
        "VERIFIER_SLACK_TOKEN": "xoxb-" + "made-up",
        "VERIFIER_SLACK_CHANNEL": "C0123456789",
    }
)
PAY, KNOWN = "projects_pay_for_reads", "quotas_are_known"


def metric(kind: QuotaKind, *limits: tuple[str, str]) -> dict[str, Any]:
    """Return a metric as Service Usage tells it, with the effective limit of each unit."""
    told = [{"unit": unit, "quotaBuckets": [{"effectiveLimit": limit}]} for unit, limit in limits]
    return {"metric": kind.metric, "consumerQuotaLimits": told}


ANSWER = {
    "metrics": [
        metric(BUILDS, ("1/min/{project}", "300")),
        metric(LOGGING, ("1/min/{project}/{user}", "30"), ("1/min/{project}", "60")),
    ]
}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[StandInInstallation]:
    with an_installation(tmp_path) as made:
        yield made


def row(installation: StandInInstallation, need: str) -> dict[str, Any]:
    [found] = {json.dumps(check) for check in installation.checks() if check["check"] == need}
    return dict(json.loads(found))


def test_a_project_that_pays_for_what_is_read_in_it_is_said_to(installation: StandInInstallation) -> None:
    found = row(installation, PAY)
    assert (found["about"], found["outcome"]) == (WATCHED, "holds")


@pytest.mark.parametrize(
    ("breakage", "why"),
    [
        (lambda made: made.cloud.deny("serviceusage.services.use"), "USER_PROJECT_DENIED"),
        (lambda made: made.cloud.deny("ListBuilds"), "lacks cloudbuild.builds.list"),
    ],
    ids=["nobody may make it pay", "builds can't be listed at all"],
)
def test_one_that_does_not_pay_is_told_of_and_is_nothing_to_fix(
    installation: StandInInstallation, breakage: Callable[[StandInInstallation], None], why: str
) -> None:
    breakage(installation)
    found = row(installation, PAY)
    assert found["outcome"] == "not-applicable"
    assert f"use the quota of {HOME}" in found["seen"]
    assert why.split()[-1] in found["seen"]


def test_where_nobody_is_to_pay_nothing_is_asked(tmp_path: Path) -> None:
    with an_installation(tmp_path, VERIFIER_BILL_WATCHED="off") as installation:
        installation.cloud.deny("serviceusage.services.use")
        assert row(installation, PAY)["seen"] == f"VERIFIER_BILL_WATCHED is off: {HOME} pays for all"


def test_a_stand_in_has_no_quotas_to_tell(installation: StandInInstallation) -> None:
    assert row(installation, KNOWN)["outcome"] == "not-applicable"


@pytest.mark.parametrize(("kind", "limit"), [(BUILDS, 300), (LOGGING, 60)])
def test_the_effective_limit_a_minute_of_a_project_is_found(kind: QuotaKind, limit: int) -> None:
    assert effective_limit(ANSWER, kind) == limit


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"metrics": []},
        {"metrics": [None]},
        {"metrics": [metric(LOGGING, ("1/min/{project}/{user}", "30"))]},
        {"metrics": [metric(LOGGING, ("1/min/{project}", "many"))]},
    ],
)
def test_an_answer_without_it_tells_nothing(answer: dict[str, Any]) -> None:
    assert effective_limit(answer, LOGGING) is None


def limited(per_minute: int) -> Settings:
    return Settings(
        **{name: getattr(SETTINGS, name) for name in Settings.__slots__} | {"logging_quota": QuotaLimit(per_minute)}
    )


@pytest.mark.parametrize(
    ("effective", "ours", "outcome", "seen"),
    [
        (60, 60, Outcome.HOLDS, "it has 60 a minute; 60 a minute are made"),
        (600, 60, Outcome.HOLDS, "it has 600 a minute; 60 a minute are made"),
        (-1, 60, Outcome.HOLDS, "it has no limit; 60 a minute are made"),
        (30, 60, Outcome.NOT_APPLICABLE, "it has 30 a minute, and 60 a minute are made: set quotas.logging"),
        (60, 0, Outcome.NOT_APPLICABLE, "it has 60 a minute, and as many are made as there are: set quotas.logging"),
        (None, 60, Outcome.NOT_APPLICABLE, "60 a minute are made; how many it has is not told. See it with: gcloud"),
    ],
)
def test_a_quota_stands_beside_what_it_is_set_to_be(
    effective: int | None, ours: int, outcome: Outcome, seen: str
) -> None:
    found = quota_row(WATCHED, LOGGING, limited(ours), effective)
    assert (found.outcome, found.is_open) == (outcome, False)
    assert seen in found.seen


def asked(status: int, body: bytes) -> tuple[int | None, Request]:
    """Return what is read of this answer, and what was asked."""
    requests: list[Request] = []

    def answer(request: Request) -> Reply:
        requests.append(request)
        return Reply(body, status)

    person = Caller(credentials=Credentials(token="a person's"))  # type: ignore[no-untyped-call]  # the library's
    with LoopbackServer(answer) as server:
        limit = read_limit(person, WATCHED, LOGGING, server.address)
    return limit, requests[0]


def test_service_usage_is_asked_with_the_persons_credentials() -> None:
    limit, request = asked(200, json.dumps(ANSWER).encode())
    assert limit == 60
    assert request.path.startswith(f"/v1beta1/projects/{WATCHED}/services/logging.googleapis.com/consumerQuotaMetrics?")
    assert request.headers["authorization"] == "Bearer a person's"


def test_an_answer_that_is_no_json_tells_nothing() -> None:
    assert asked(200, b"<html>")[0] is None


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_refusal_names_the_permission_and_the_command_that_shows_it(status: int) -> None:
    with pytest.raises(Trouble) as caught:
        asked(status, b"{}")
    found = unread_quota(WATCHED, LOGGING, caught.value)
    assert not found.is_open
    assert f"Service Usage answers {status}; it takes serviceusage.quotas.get" in found.seen
    command = f"gcloud beta quotas info list --project={WATCHED} --service=logging.googleapis.com"
    assert found.seen.endswith(command)
