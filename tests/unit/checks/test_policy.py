"""What a team accepts: the defaults fail closed, and nothing is matched by what is missing."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from tests.fixtures.builds import CASES, document
from verifier.checks.policy import BuildConfig, Deadlines, Exemption, Greens, Policy, Route, Worker, allows
from verifier.checks.verdict import Verdict
from verifier.facts.build import Build, parse_build
from verifier.facts.execution import JobName
from verifier.facts.logs import LogRules
from verifier.facts.source import Strength, source_of

TRIGGER_ID = "c2b7d7a4-5f0e-4b56-9d1c-7a6f0e8b3d21"
NAME = "content-worker-main"
JOB = JobName("", "us-central1", "dev-vividly-content-worker")
BY_ID = Worker(TRIGGER_ID, JOB)
BY_NAME = Worker(NAME, replace(JOB, job="named"))


def build(case: str = "commit-resolved-git", **changes: object) -> Build:
    return parse_build(document(case) | changes)


def test_what_is_left_out_asks_for_nothing() -> None:
    assert Worker(NAME, JOB) == Worker(
        NAME,
        JOB,
        branches=(),
        args=(),
        region="",
        image="",
        container="",
        logs=LogRules(),
        expect_logs=(),
        deadlines=Deadlines(),
    )
    assert Deadlines() == Deadlines(
        start=timedelta(minutes=15), run=timedelta(hours=1), logs=timedelta(minutes=10), settle=timedelta(seconds=30)
    )
    assert Exemption("why") == Exemption(
        "why", tool="", bucket="", service_account="", tag="", trigger="", projects=frozenset()
    )
    assert Route() == Route(channel="", mention="", verdicts=frozenset(), triggers=frozenset(), projects=frozenset())


def test_the_default_policy_takes_what_a_trigger_made_of_a_proven_commit_and_posts_what_needs_somebody() -> None:
    assert Policy() == Policy(
        repositories=frozenset(),
        branches=(),
        tags=(),
        strengths=frozenset({Strength.RESOLVED, Strength.REQUESTED, Strength.SERVICE_UPLOAD}),
        repo_source_only=False,
        require_trigger=True,
        triggers=frozenset(),
        build_config=BuildConfig.ANY,
        exemptions=(),
        soft_exemptions=(),
        refused=(),
        warnings=(),
        workers=(),
        logs=LogRules(),
        accepts=(),
        posts=frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED, Verdict.INCONCLUSIVE}),
        verified=Greens.WORKER,
        post_failed_builds=True,
        daily=None,
        name_submitter=False,
        routes=(),
        grace=timedelta(minutes=10),
        digest="",
    )


def covers(exemption: Exemption, of: Build) -> bool:
    return exemption.covers(of, source_of(of))


def test_a_triggers_worker_is_found_by_id_before_by_name() -> None:
    for workers in ((BY_ID, BY_NAME), (BY_NAME, BY_ID)):
        assert Policy(workers=workers).worker_for(build()) is BY_ID
    assert Policy(workers=(BY_NAME,)).worker_for(build()) is BY_NAME


def test_a_worker_named_like_another_triggers_id_is_not_its_own() -> None:
    renamed = build(substitutions={"TRIGGER_NAME": TRIGGER_ID}, buildTriggerId="another")
    own = Worker("another", JOB)
    assert Policy(workers=(BY_ID, own)).worker_for(renamed) is own


@pytest.mark.parametrize("case", [case for case in CASES if "buildTriggerId" not in document(case)])
def test_a_build_that_no_trigger_ran_has_no_worker(case: str) -> None:
    submitted = build(case, substitutions={"TRIGGER_NAME": NAME}, tags=[f"trigger-{TRIGGER_ID}"])
    assert Policy(workers=(BY_ID, BY_NAME, Worker("", JOB))).worker_for(submitted) is None


def test_a_trigger_without_a_name_has_no_worker_by_name() -> None:
    assert Policy(workers=(Worker("", JOB), BY_NAME)).worker_for(build(substitutions={})) is None


def test_another_trigger_has_no_worker() -> None:
    other = build(buildTriggerId="another", substitutions={"TRIGGER_NAME": "catalogue-main"})
    assert Policy(workers=(BY_ID, BY_NAME)).worker_for(other) is None


def test_a_job_without_a_project_is_in_the_builds_own() -> None:
    assert BY_ID.job_for(build()) == replace(JOB, project="vividly-dev")
    elsewhere = replace(JOB, project="vividly-workers")
    assert Worker(NAME, elsewhere).job_for(build()) == elsewhere


FUNCTIONS = build(
    "no-source-cloud-functions",
    serviceAccount="projects/vividly-dev/serviceAccounts/functions@vividly-dev.iam.gserviceaccount.com",
    buildTriggerId=TRIGGER_ID,
)
FOR_FUNCTIONS = Exemption(
    "Cloud Functions builds what it stores",
    tool="Cloud Functions",
    service_account="functions@vividly-dev.iam.gserviceaccount.com",
    tag="p-gcf",
    trigger=TRIGGER_ID,
    projects=frozenset({"vividly-dev", "vividly-play"}),
)
UPLOAD = build("upload-run-deploy-source")
FOR_UPLOADS = Exemption(
    "prototypes", tool="gcloud run deploy --source", bucket="run-sources-vividly-dev-us-central1", tag="p-run"
)


def test_an_exemption_for_submitted_builds_does_not_cover_an_upload_to_a_folder_of_its_own() -> None:
    project = frozenset({"vividly-dev"})
    for_submitted = Exemption("we upload on purpose", tool="gcloud builds submit", projects=project)
    assert covers(for_submitted, build("upload-builds-submit"))
    assert not covers(for_submitted, build("upload-own-staging-directory"))
    of_its_own = replace(for_submitted, tool="gcloud builds submit --gcs-source-staging-dir")
    assert covers(of_its_own, build("upload-own-staging-directory"))


CONDITIONS = ("tool", "bucket", "service_account", "tag", "trigger")
NOTHING: dict[str, Any] = {**dict.fromkeys(CONDITIONS, ""), "projects": frozenset()}
OTHERWISE: dict[str, Any] = {**dict.fromkeys(CONDITIONS, "something else"), "projects": frozenset({"another-team"})}


@pytest.mark.parametrize(("exemption", "of"), [(FOR_FUNCTIONS, FUNCTIONS), (FOR_UPLOADS, UPLOAD)])
def test_an_exemption_covers_a_build_only_when_every_condition_that_it_gives_holds(
    exemption: Exemption, of: Build
) -> None:
    given = [field.name for field in fields(exemption) if field.name != "reason" and getattr(exemption, field.name)]
    assert covers(exemption, of)
    for count in range(1, len(given)):
        for dropped in combinations(given, count):
            assert covers(replace(exemption, **{name: NOTHING[name] for name in dropped}), of)
    for condition in given:
        assert not covers(replace(exemption, **{condition: OTHERWISE[condition]}), of)


def test_an_exemption_without_conditions_covers_nothing() -> None:
    assert not any(covers(Exemption("because"), build(case)) for case in CASES)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_compared_whole(condition: str) -> None:
    full = FOR_UPLOADS if condition == "bucket" else FOR_FUNCTIONS
    of = UPLOAD if condition == "bucket" else FUNCTIONS
    value: str = getattr(full, condition)
    given: dict[str, Any] = {condition: value}
    assert covers(replace(Exemption("whole"), **given), of)
    for other in (value[:-1], f"{value}x", value.upper(), f"*{value[1:]}"):
        conditions: dict[str, Any] = {condition: other}
        assert not covers(replace(Exemption("part"), **conditions), of)


def test_a_commit_has_neither_tool_nor_bucket() -> None:
    assert not covers(Exemption("no", tool="gcloud builds submit"), build())
    assert not covers(Exemption("no", bucket="vividly-dev_cloudbuild"), build())


def test_the_first_route_that_fits_decides() -> None:
    local = Route("C-LOCAL", verdicts=frozenset({Verdict.LOCAL_SOURCE}))
    worker = Route("C-WORKER", triggers=frozenset({NAME}))
    rest = Route("C-REST")
    policy = Policy(routes=(local, worker, rest))
    assert policy.route(Verdict.LOCAL_SOURCE, build()) is local
    assert policy.route(Verdict.FAILED, build()) is worker
    assert policy.route(Verdict.FAILED, build("upload-builds-submit")) is rest
    assert Policy(routes=(rest, worker, local)).route(Verdict.LOCAL_SOURCE, build()) is rest


def test_where_no_route_fits_it_is_the_default_channel_and_nobody_is_called() -> None:
    never = Route("C-NEVER", "here", frozenset({Verdict.VERIFIED}), frozenset({NAME}))
    assert Policy(routes=(never,)).route(Verdict.FAILED, build()) == Route("", "")
    assert Policy().route(Verdict.FAILED, build()) == Route("", "")


def test_a_route_needs_both_its_verdict_and_its_trigger() -> None:
    both = Route("C", verdicts=frozenset({Verdict.FAILED}), triggers=frozenset({NAME}))
    assert both.fits(Verdict.FAILED, build())
    assert not both.fits(Verdict.VERIFIED, build())
    assert not both.fits(Verdict.FAILED, build("commit-resolved-git-by-hand"))


def test_a_routes_trigger_is_known_by_id_or_name_and_never_by_an_empty_word() -> None:
    assert Route("C", triggers=frozenset({TRIGGER_ID})).fits(Verdict.FAILED, build())
    assert Route("C", projects=frozenset({build().key.project})).fits(Verdict.FAILED, build())
    assert not Route("C", projects=frozenset({"another-project"})).fits(Verdict.FAILED, build())
    assert not Route("C", triggers=frozenset({""})).fits(Verdict.FAILED, build("upload-builds-submit"))


def test_what_a_job_runs_goes_where_its_workers_trigger_s_builds_go() -> None:
    job, other = JobName("vividly-dev", "us-central1", "worker"), JobName("vividly-dev", "us-central1", "other")
    mine = Route("C-MINE", triggers=frozenset({"worker-main"}))
    rest = Route("C-DEV", projects=frozenset({"vividly-dev"}))
    workers = (Worker("worker-main", JobName("", "us-central1", "worker")), Worker("x", JobName("", "e", "y")))
    policy = Policy(routes=(mine, rest), workers=workers)
    assert policy.route_of_job(Verdict.FAILED, job) is mine
    assert policy.route_of_job(Verdict.FAILED, other) is rest
    assert policy.route_of_job(Verdict.FAILED, JobName("sandbox", "e", "z")) == Route()


def test_the_triggers_word_is_not_accepted_unless_asked_for() -> None:
    assert Policy().strengths == set(Strength) - {Strength.TRIGGERS_WORD}


def test_only_green_verdicts_are_quiet_by_default() -> None:
    assert set(Verdict) - Policy().posts == {Verdict.VERIFIED, Verdict.EXEMPT}


@pytest.mark.parametrize(
    ("globs", "name", "allowed"),
    [
        (("main",), "main", True),
        (("main",), "Main", False),
        (("main",), "main2", False),
        (("main",), "feature/main", False),
        (("main",), "", False),
        (("release/*",), "release/2.4", True),
        (("release/*",), "release/2.4/fix", True),
        (("release/*",), "release", False),
        (("release/*",), "prerelease/2.4", False),
        (("v*", "main"), "main", True),
        (("*",), "anything", True),
        ((), "main", False),
        (("release/*",), "release/1\nmain", False),
        (("release/*",), "release/../main", False),
        (("release/*",), "release/1|main", False),
        (("release/*",), "release/1/", False),
        (("release/*",), "release/1\u200b", False),
        (("*",), "refs/pull/7/merge", False),
        (("*",), "-upload-pack", False),
        (("v*",), "v1.lock", False),
    ],
)
def test_a_name_is_allowed_only_when_a_pattern_is_the_whole_of_it(
    globs: tuple[str, ...], name: str, *, allowed: bool
) -> None:
    assert allows(globs, name) is allowed


WATCHED = JobName("vividly-dev", "us-central1", "worker")


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([], ""),
        ([Route("C-WORSE", regressed=True)], "C-WORSE"),
        ([Route("C-ALL"), Route("C-WORSE", regressed=True)], "C-WORSE"),
        ([Route("C-FAILED", verdicts=frozenset({Verdict.FAILED}))], "C-FAILED"),
        ([Route("C-LOCAL", verdicts=frozenset({Verdict.LOCAL_SOURCE})), Route("C-ALL")], "C-ALL"),
        ([Route("C-OTHERS", regressed=True, projects=frozenset({"others"}))], ""),
    ],
)
def test_what_got_worse_goes_where_a_route_names_it_and_else_where_failed_goes(
    routes: list[Route], expected: str
) -> None:
    assert Policy(routes=tuple(routes)).route_of_regression(WATCHED).channel == expected


def test_a_route_for_what_got_worse_alone_takes_no_verdict() -> None:
    policy = Policy(routes=(Route("C-WORSE", regressed=True), Route("C-REST")))
    assert policy.route(Verdict.FAILED, build()).channel == "C-REST"
