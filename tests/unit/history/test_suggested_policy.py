"""What is suggested as a policy, and what is only told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from tests.fixtures.builds import document
from tests.unit.builders import IMAGE, TRIGGER_ID, pushed, uploaded
from verifier.checks.day import Daily
from verifier.checks.policy import BuildConfig, Policy
from verifier.checks.policy_file import read_policy
from verifier.facts.build import Build, parse_build
from verifier.facts.execution import JobName
from verifier.facts.repository import Repository
from verifier.facts.trigger import OFFLINE, InlineConfig, RepositoryConfig, Trigger, Unread
from verifier.history.policy_evidence import MOST_KINDS, SuggestionBuilder
from verifier.history.suggested_policy import FEW, suggested_policy

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
JOB = JobName("", "us-central1", "dev-vividly-content-worker")
COMPUTE = "402118557731-compute@developer.gserviceaccount.com"
ACCOUNT = "projects/vividly-dev/serviceAccounts/{}@vividly-dev.iam.gserviceaccount.com"


def in_repository(_: Build) -> Trigger | Unread:
    return Trigger(TRIGGER_ID, "content-worker-main", RepositoryConfig("cloudbuild.yaml"), False, NOON)


def inline(_: Build) -> Trigger | Unread:
    return Trigger(TRIGGER_ID, "content-worker-main", InlineConfig(), False, NOON)


def of_function(**fields: object) -> Build:
    return parse_build(
        {**document("no-source-cloud-functions"), "serviceAccount": ACCOUNT.format("functions"), **fields}
    )


def counted(builds: Iterable[Build], jobs: tuple[JobName, ...] = ()) -> SuggestionBuilder:
    found = SuggestionBuilder()
    for build in builds:
        found.add(build, jobs)
    return found


def text_of(builds: Iterable[Build], jobs: tuple[JobName, ...] = ()) -> str:
    return suggested_policy(counted(builds, jobs), in_repository, "vividly-dev")


def policy_of(builds: Iterable[Build], jobs: tuple[JobName, ...] = ()) -> Policy:
    return read_policy(text_of(builds, jobs).encode())


def test_what_triggers_built_is_allowed() -> None:
    policy = policy_of([pushed()] * FEW)
    assert policy.repositories == frozenset({Repository("github.com", "vividly/content-worker")})
    assert policy.branches == ("main",)
    assert policy.triggers == frozenset({TRIGGER_ID})
    assert policy.build_config is BuildConfig.REPOSITORY
    assert not policy.exemptions
    assert not policy.workers


def test_each_line_says_how_many_builds_it_rests_on() -> None:
    lines = text_of([pushed()] * 4).splitlines()
    assert '    "github.com/vividly/content-worker", # 4 builds' in lines
    assert f'    "{TRIGGER_ID}", # content-worker-main: 4 builds' in lines
    assert 'build_config = "repository" # all of these triggers read them from there: 4 builds' in lines


def test_what_rests_on_few_builds_stands_commented_out() -> None:
    other = {"BRANCH_NAME": "try", "REF_NAME": "try", "TRIGGER_NAME": "content-worker-main"}
    builds = [pushed()] * FEW + [pushed(substitutions=other)] * (FEW - 1)
    assert policy_of(builds).branches == ("main",)
    assert '    # "try", # 2 builds, too few to go by' in text_of(builds).splitlines()


def test_a_list_of_few_builds_alone_is_no_empty_list() -> None:
    """An empty list stops a deployment; left out, anything is allowed, and the comment says so."""
    policy = policy_of([pushed()])
    assert policy.repositories == frozenset()
    assert "# repositories = [] # nothing that 3 builds say" in text_of([pushed()]).splitlines()


def test_where_one_trigger_has_its_steps_in_itself_a_file_is_not_required() -> None:
    text = suggested_policy(counted([pushed()] * FEW), inline, "vividly-dev")
    assert read_policy(text.encode()).build_config is BuildConfig.ANY
    assert "content-worker-main: its steps are in the trigger itself" in text


def test_where_triggers_are_not_read_a_file_is_not_required() -> None:
    text = suggested_policy(counted([pushed()] * FEW), lambda _: OFFLINE, "export.json")
    assert read_policy(text.encode()).build_config is BuildConfig.ANY


def test_a_habit_of_uploading_is_no_consent() -> None:
    text = text_of([uploaded()] * 40 + [pushed()] * FEW)
    assert not read_policy(text.encode()).exemptions
    assert "#   40 builds: gcloud builds submit, as builder@vividly-dev.iam.gserviceaccount.com" in text.splitlines()
    assert "# [[exemption]]" in text


def test_a_service_is_exempt_as_an_account_that_builds_nothing_else() -> None:
    (exemption,) = policy_of([of_function()] * FEW).exemptions
    assert exemption.tool == "Cloud Functions"
    assert exemption.service_account == "functions@vividly-dev.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("builds", "why"),
    [
        ([of_function(), of_function()], "too few to go by"),
        ([of_function()] * 3 + [uploaded(serviceAccount=ACCOUNT.format("functions"))], "an account that ran 1 build"),
        ([of_function(serviceAccount="")] * 3, "the project's default account"),
        (
            [
                of_function(
                    serviceAccount="projects/p/serviceAccounts/402118557731-compute@developer.gserviceaccount.com"
                )
            ]
            * 3,
            "a default account",
        ),
    ],
)
def test_a_service_is_not_exempt_where_others_can_look_like_it(builds: list[Build], why: str) -> None:
    text = text_of(builds)
    assert not read_policy(text.encode()).exemptions
    assert why in " ".join(text.replace("\n#", "").split())


def test_builds_without_a_source_of_which_no_service_is_known_are_not_exempt() -> None:
    unknown = parse_build({**document("no-source-by-hand"), "serviceAccount": ACCOUNT.format("deploy")})
    text = text_of([unknown] * 9)
    assert not read_policy(text.encode()).exemptions
    assert "Cloud Deploy makes such builds" in text


def test_a_job_that_is_deployed_is_watched_and_not_run() -> None:
    text = text_of([pushed()] * FEW, (JOB,))
    policy = read_policy(text.encode())
    assert policy.jobs == (JOB,)
    assert not policy.workers
    assert "# This RUNS the job us-central1/dev-vividly-content-worker after every build" in text
    assert f'# image = "{IMAGE}"' in text.splitlines()


def test_a_day_has_its_line() -> None:
    assert policy_of([pushed()] * FEW).daily == Daily(time(9), UTC)
    taken = text_of([pushed()] * FEW).replace("# time_zone", "time_zone").replace("# daily_channel", "daily_channel")
    assert read_policy(taken.encode()).daily == Daily(time(9), ZoneInfo("Europe/Berlin"), "C0123456789")


def test_the_commented_worker_can_be_taken_as_it_is() -> None:
    lines = text_of([pushed()] * FEW, (JOB,)).splitlines()
    at = lines.index("# [[worker]]")
    taken = [line.removeprefix("# ") for line in lines[at : at + 4]]
    (worker,) = read_policy("\n".join([*lines, *taken]).encode()).workers
    assert (worker.trigger, worker.job, worker.image) == (TRIGGER_ID, JOB, IMAGE)


def test_what_would_have_been_red_is_told_by_week() -> None:
    builds = [pushed(createTime="2026-11-17T09:00:00Z")] * FEW + [uploaded(createTime="2026-11-25T09:00:00Z")] * 2
    lines = text_of(builds).splitlines()
    assert "# What would have been red under it: 2 of 5 builds that could be deployed." in lines
    assert lines[-1] == "# 2026-11-23       2    2  LOCAL_SOURCE (gcloud builds submit) ×2"


def test_a_branch_that_the_policy_leaves_out_would_have_been_red() -> None:
    other = {"BRANCH_NAME": "try", "REF_NAME": "try", "TRIGGER_NAME": "content-worker-main"}
    text = text_of([pushed()] * FEW + [pushed(substitutions=other)])
    assert "FAILED (a commit that this policy does not admit) ×1" in text


def test_pull_requests_and_builds_by_hand_allow_nothing() -> None:
    of_request = pushed(substitutions={"_PR_NUMBER": "7", "BRANCH_NAME": "x", "REF_NAME": "x"})
    text = text_of([of_request] * 9 + [pushed(buildTriggerId="")] * 9)
    policy = read_policy(text.encode())
    assert (policy.repositories, policy.branches, policy.triggers) == (frozenset(), (), frozenset())
    assert "9 builds of pull requests" in text
    assert "9 builds of a commit, submitted by hand" in text


def test_what_builds_say_of_themselves_gets_out_of_no_comment_and_no_string() -> None:
    evil = 'x"\n[[exemption]]\nreason = "all"\nprojects = ["vividly-dev"]\n#'
    claims = {"TRIGGER_NAME": evil, "BRANCH_NAME": evil, "REF_NAME": evil}
    builds = [pushed(substitutions=claims)] * FEW + [
        uploaded(serviceAccount=f"projects/p/serviceAccounts/{evil}")
    ] * FEW
    assert not policy_of(builds).exemptions


def test_builds_of_too_many_kinds_are_counted_and_not_weighed() -> None:
    found = SuggestionBuilder(kinds=dict.fromkeys(((number,) for number in range(MOST_KINDS)), None))  # type: ignore[arg-type]
    found.add(uploaded())
    assert found.others == 1
