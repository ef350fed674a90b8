"""Cloud Run over gRPC: an execution is started once, found again, and read for what it is at every moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from google.cloud import run_v2
from google.longrunning.operations_pb2 import Operation

from tests.busy import BUSY_SECONDS
from tests.contract.adapters import OURS, RESIZER, Google, answering, google_standing, timed_trouble, trouble
from tests.contract.standin import DIGEST, IMAGE, JOB, START
from verifier.adapters.cloud_run import CloudRunJobs, execution_facts
from verifier.errors import Denied, Missing, Refused, Unavailable
from verifier.facts.execution import BUILD_VARIABLE, NONCE_VARIABLE, Completion, Container, Execution, JobName, Phase
from verifier.services import ExecutionClaim
from verifier.standin.cloud import CALLER
from verifier.standin.faults import Fault
from verifier.standin.script import Script, Sidecar

THEIRS = "projects/acme/locations/global/builds/theirs"


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        google.cloud.tag(IMAGE, DIGEST)
        yield google


def start(google: Google, build: str = OURS, args: tuple[str, ...] = (), **env: str) -> str:
    return CloudRunJobs(google.address).start(RESIZER, args, {BUILD_VARIABLE: build, **env}, timeout=5)


def started(google: Google, build: str = OURS, since: float = 0, timeout: float = 5) -> list[str]:
    moment = START + timedelta(seconds=since)
    claims = CloudRunJobs(google.address).started_for(RESIZER, BUILD_VARIABLE, build, moment, timeout=timeout)
    return [claim.name for claim in claims]


def observe(google: Google, name: str) -> Execution:
    return CloudRunJobs(google.address).observe(name, timeout=5)


def test_a_start_is_one_call_and_names_the_execution(google: Google) -> None:
    google.put_job()
    name = start(google)
    assert google.faults.calls == ("RunJob",)
    assert name.startswith(f"{JOB}/executions/")
    assert observe(google, name).name == name


def test_a_start_replaces_the_arguments_and_merges_the_environment(google: Google) -> None:
    google.put_job(args=("serve",), env={"MODE": "live", "LEVEL": "info"})
    run = google.cloud.jobs.run(start(google, args=("check", "--once"), LEVEL="debug"))
    assert run.args == ("check", "--once")
    assert dict(run.env) == {"MODE": "live", "LEVEL": "debug", BUILD_VARIABLE: OURS}


def test_a_start_without_arguments_keeps_those_of_the_job(google: Google) -> None:
    google.put_job(args=("serve",))
    assert google.cloud.jobs.run(start(google)).args == ("serve",)


def test_a_job_that_is_not_there_is_missing_by_its_name(google: Google) -> None:
    error = trouble(lambda: start(google))
    assert isinstance(error, Missing)
    assert JOB in str(error)


def test_an_execution_whose_start_was_not_answered_is_found_again(google: Google) -> None:
    google.put_job()
    google.faults.add(Fault("RunJob", "after", "DEADLINE_EXCEEDED"))
    error = trouble(lambda: start(google))
    assert isinstance(error, Unavailable)
    assert error.ambiguous
    (name,) = started(google)
    assert observe(google, name).build == OURS
    assert google.faults.calls.count("RunJob") == 1


def test_an_execution_whose_start_was_answered_too_late_is_found_again(google: Google) -> None:
    google.put_job()
    google.faults.add(Fault("RunJob", "slow", seconds=60))
    error, took = timed_trouble(
        lambda: CloudRunJobs(google.address).start(RESIZER, (), {BUILD_VARIABLE: OURS}, timeout=2)
    )
    assert isinstance(error, Unavailable)
    assert error.ambiguous
    assert took < BUSY_SECONDS
    assert len(started(google)) == 1


def test_an_answer_that_names_no_execution_is_ambiguous() -> None:
    with answering(
        lambda _: Operation(name="projects/acme/locations/europe-west1/operations/1").SerializeToString()
    ) as (
        address,
        calls,
    ):
        error = trouble(lambda: CloudRunJobs(address).start(RESIZER, (), {}, timeout=5))
    assert isinstance(error, Unavailable)
    assert error.ambiguous
    assert calls == ["RunJob"]


def test_executions_are_found_by_their_build_oldest_first(google: Google) -> None:
    google.put_job()
    names = []
    for build in (OURS, THEIRS, OURS, OURS + "2", ""):
        names.append(start(google, build))
        google.clock.advance(1)
    assert started(google) == [names[0], names[2]]
    assert started(google, THEIRS) == [names[1]]
    assert started(google, "projects/acme/locations/global/builds/nobody's") == []


def test_an_execution_carries_the_nonce_that_it_was_started_with(google: Google) -> None:
    google.put_job()
    env = {BUILD_VARIABLE: OURS, NONCE_VARIABLE: "n-1"}
    named = CloudRunJobs(google.address).start(RESIZER, (), env, timeout=5)
    google.clock.advance(1)
    bare = start(google)
    claims = CloudRunJobs(google.address).started_for(RESIZER, BUILD_VARIABLE, OURS, START, timeout=5)
    assert claims == [ExecutionClaim(named, "n-1"), ExecutionClaim(bare, "")]
    assert [observe(google, name).nonce for name in (named, bare)] == ["n-1", ""]


def test_executions_of_another_variable_or_another_job_are_not_found(google: Google) -> None:
    google.put_job(env={"OTHER": OURS})
    start(google, THEIRS)
    google.cloud.put_job("acme", "europe-west1", "sharpener", image=IMAGE, script=Script())
    sharpener = JobName("acme", "europe-west1", "sharpener")
    CloudRunJobs(google.address).start(sharpener, (), {BUILD_VARIABLE: OURS}, timeout=5)
    assert started(google) == []


def test_executions_are_found_from_the_given_moment_on(google: Google) -> None:
    google.put_job()
    names = []
    for _ in range(3):
        names.append(start(google))
        google.clock.advance(10)
    assert started(google, since=10) == names[1:]
    assert started(google, since=10.000001) == names[2:]


def put_executions(google: Google, number: int) -> list[str]:
    """Put so many executions, one a second, the first of them ours."""
    google.put_job()
    jobs = CloudRunJobs(google.address)
    names = []
    for index in range(number):
        names.append(jobs.start(RESIZER, (), {BUILD_VARIABLE: THEIRS if index else OURS}, timeout=5))
        google.clock.advance(1)
    google.faults.forget()
    return names


def test_executions_are_looked_for_through_every_page_that_is_recent_enough(google: Google) -> None:
    names = put_executions(google, 201)
    assert started(google) == names[:1]
    assert google.faults.calls.count("ListExecutions") == 3
    assert started(google, THEIRS) == names[1:101], "the oldest hundred: nobody is to fill a record with them"
    google.faults.forget()
    assert started(google, THEIRS, since=150) == names[150:]
    assert google.faults.calls.count("ListExecutions") == 1


def test_looking_through_pages_takes_no_longer_than_its_timeout(google: Google) -> None:
    put_executions(google, 401)
    google.faults.add(Fault("ListExecutions", "slow", times=0, seconds=0.2))
    error, took = timed_trouble(lambda: started(google, timeout=0.5))
    assert isinstance(error, Unavailable)
    assert took < BUSY_SECONDS
    assert len(google.faults.calls) <= 3


def test_a_job_is_described_as_it_is_set_up_now(google: Google) -> None:
    sidecar = Sidecar("proxy", "gcr.io/cloud-sql/proxy:2")
    google.put_job(container="main", args=("serve", "--all"), sidecars=[sidecar])
    setup = CloudRunJobs(google.address).describe(RESIZER, timeout=5)
    assert setup.generation >= 1
    assert setup.containers == (
        Container("main", IMAGE, ("serve", "--all")),
        Container("proxy", "gcr.io/cloud-sql/proxy:2"),
    )
    assert google.faults.calls == ("GetJob",)


def test_a_job_that_does_not_exist_is_missing_to_who_describes_it(google: Google) -> None:
    error = trouble(lambda: CloudRunJobs(google.address).describe(RESIZER, timeout=5))
    assert isinstance(error, Missing)
    assert JOB in str(error)


def test_a_refusal_to_describe_or_list_names_the_permission(google: Google) -> None:
    google.put_job()
    google.faults.add(Fault("GetJob", "before", "PERMISSION_DENIED"))
    google.faults.add(Fault("ListExecutions", "before", "PERMISSION_DENIED"))
    jobs = CloudRunJobs(google.address)
    described = trouble(lambda: jobs.describe(RESIZER, timeout=5))
    listed = trouble(lambda: jobs.listed(RESIZER, START, "", timeout=5))
    assert isinstance(described, Denied)
    assert "run.jobs.get" in str(described)
    assert isinstance(listed, Denied)
    assert "run.executions.list" in str(listed)


def test_executions_are_listed_newest_first_through_every_page_that_is_recent_enough(google: Google) -> None:
    names = put_executions(google, 201)
    jobs, seen, page = CloudRunJobs(google.address), list[str](), ""
    while True:
        found = jobs.listed(RESIZER, START + timedelta(seconds=50), page, timeout=5)
        seen += [execution.name for execution in found.executions]
        page = found.next_page
        if not page:
            break
    assert seen == names[:49:-1]
    assert google.faults.calls.count("ListExecutions") == 2


def test_a_listing_ends_without_another_page_where_all_are_recent_enough(google: Google) -> None:
    names = put_executions(google, 3)
    found = CloudRunJobs(google.address).listed(RESIZER, START, "", timeout=5)
    assert ([execution.name for execution in found.executions], found.next_page) == (names[::-1], "")
    assert found.executions[0] == observe(google, names[-1])


def test_a_page_token_that_is_no_more_is_refused(google: Google) -> None:
    google.put_job()
    error = trouble(lambda: CloudRunJobs(google.address).listed(RESIZER, START, "of-yesterday", timeout=5))
    assert isinstance(error, Refused)


@pytest.mark.parametrize(
    ("creator", "annotation", "said"),
    [
        ("runner@acme.iam.gserviceaccount.com", "ana@vividly.example", "runner@acme.iam.gserviceaccount.com"),
        ("", "ana@vividly.example", "ana@vividly.example"),
        ("", "", ""),
    ],
    ids=["the field", "the annotation where the field is empty", "neither"],
)
def test_on_whose_behalf_it_runs_is_read_off_the_execution(creator: str, annotation: str, said: str) -> None:
    annotations = {"run.googleapis.com/creator": annotation} if annotation else {}
    assert execution_facts(run_v2.Execution({"creator": creator, "annotations": annotations})).creator == said


def test_an_execution_just_created_waits_and_shows_no_digest(google: Google) -> None:
    google.put_job(tasks=3)
    name = start(google)
    execution = observe(google, name)
    assert execution == Execution(
        name=name,
        created=START,
        started=None,
        completed=None,
        completion=Completion.UNKNOWN,
        message="",
        exited=False,
        tasks=3,
        succeeded=0,
        failed=0,
        cancelled=0,
        retried=0,
        containers=(Container("", IMAGE),),
        build=OURS,
        timeout=timedelta(seconds=600),
        creator=CALLER,
    )
    assert (execution.phase, execution.digests) == (Phase.WAITING, frozenset())


def test_an_execution_that_started_runs_and_shows_its_digest(google: Google) -> None:
    execution = google.play(Script(start_after=1.5), seconds=2)
    assert (execution.phase, execution.digests) == (Phase.RUNNING, frozenset({DIGEST}))
    assert (execution.started, execution.completed) == (START + timedelta(seconds=1.5), None)
    assert execution.completion is Completion.UNKNOWN


def test_an_execution_that_succeeded_says_when_and_in_how_many_tasks(google: Google) -> None:
    execution = google.play(Script(start_after=1.25, runs=2), tasks=2)
    assert (execution.phase, execution.digests) == (Phase.SUCCEEDED, frozenset({DIGEST}))
    assert execution.completion is Completion.TRUE
    assert (execution.tasks, execution.succeeded, execution.attempts) == (2, 2, 2)
    assert execution.completed == START + timedelta(seconds=3.25)
    assert [container.image for container in execution.containers] == [f"{IMAGE}@{DIGEST}"]
    assert not execution.exited


def test_an_execution_that_crashed_until_its_retries_were_used_up_exited(google: Google) -> None:
    execution = google.play(Script(exit_code=1), max_retries=1)
    assert (execution.phase, execution.exited) == (Phase.FAILED, True)
    assert (execution.failed, execution.retried, execution.attempts) == (1, 1, 2)
    assert "exit code: 1" in execution.message


def test_an_execution_whose_retry_passed_succeeded_and_counts_it(google: Google) -> None:
    execution = google.play(Script(fail_attempts=1), max_retries=1)
    assert (execution.phase, execution.exited) == (Phase.SUCCEEDED, False)
    assert (execution.succeeded, execution.retried) == (1, 1)


def test_an_execution_that_waits_for_what_will_never_come_says_so(google: Google) -> None:
    execution = google.play(Script(outcome="stuck"))
    assert (execution.phase, execution.stuck, execution.completion) == (Phase.FAILED, True, Completion.UNKNOWN)
    assert execution.message.startswith("Failed to access secret ")
    assert not execution.platform_failed


def test_an_execution_without_capacity_is_the_platforms_failure(google: Google) -> None:
    execution = google.play(Script(outcome="no-capacity"))
    assert (execution.phase, execution.started, execution.platform_failed) == (Phase.FAILED, None, True)
    assert execution.message == "There is not enough capacity for GPUs in this region."


def test_every_container_is_shown_with_its_name_image_and_arguments(google: Google) -> None:
    sidecar = Sidecar("proxy", "gcr.io/cloud-sql/proxy:2")
    google.put_job(container="main", sidecars=[sidecar], args=("serve",))
    name = CloudRunJobs(google.address).start(RESIZER, ("--once",), {}, "main", timeout=5)
    google.clock.advance(5)
    execution = observe(google, name)
    assert execution.containers == (
        Container("main", f"{IMAGE}@{DIGEST}", ("--once",)),
        Container("proxy", "gcr.io/cloud-sql/proxy:2"),
    )


def test_a_start_gives_environment_and_arguments_to_the_container_of_this_name(google: Google) -> None:
    google.put_job(container="main", sidecars=[Sidecar("proxy", "gcr.io/cloud-sql/proxy:2")])
    jobs = CloudRunJobs(google.address)
    name = jobs.start(RESIZER, ("check",), {BUILD_VARIABLE: OURS}, "main", timeout=5)
    main, proxy = observe(google, name).containers
    assert (main.args, proxy.args, observe(google, name).build) == (("check",), (), OURS)


@pytest.mark.parametrize("container", ["", "proxy", "nobody"])
def test_a_start_for_another_container_or_none_of_several_is_refused(google: Google, container: str) -> None:
    google.put_job(container="main", sidecars=[Sidecar("proxy", "gcr.io/cloud-sql/proxy:2")])
    error = trouble(lambda: CloudRunJobs(google.address).start(RESIZER, (), {}, container, timeout=5))
    assert isinstance(error, Refused)
    assert f"expected the name of one of the job's containers ['main', 'proxy'], got {container!r}" in str(error)


def test_variables_of_which_the_containers_say_different_things_say_nothing() -> None:
    def said(*builds: str) -> str:
        containers = [{"env": [{"name": BUILD_VARIABLE, "value": build}]} for build in builds]
        return execution_facts(run_v2.Execution({"template": {"containers": containers}})).build

    assert said(OURS) == said(OURS, OURS) == OURS
    assert said(OURS, THEIRS) == said() == ""


def a_condition(kind: str, state: str = "CONDITION_FAILED", **fields: object) -> dict[str, object]:
    return {"type_": kind, "state": state, **fields}


WORDS: dict[str, tuple[list[dict[str, object]], str, bool, bool]] = {
    "none": ([], "", False, False),
    "it runs": ([a_condition("Completed", "CONDITION_RECONCILING", message="Waiting.")], "Waiting.", False, False),
    "a condition of no weight failed": (
        [a_condition("Completed", "CONDITION_PENDING"), a_condition("Retry", severity="INFO", message="Soon.")],
        "",
        False,
        False,
    ),
    "one failed while it runs": (
        [
            a_condition("Completed", "CONDITION_RECONCILING", message="Waiting."),
            a_condition("ContainerReady", message="Image not found."),
        ],
        "Image not found.",
        True,
        False,
    ),
    "one failed without a word": ([a_condition("ContainerReady")], "ContainerReady failed", True, False),
    "the end says more": (
        [a_condition("ContainerReady", message="Not ready."), a_condition("Completed", message="Image not found.")],
        "Image not found.",
        True,
        False,
    ),
    "the end says nothing": (
        [a_condition("Completed"), a_condition("ResourcesAvailable", message="No GPU.")],
        "No GPU.",
        True,
        False,
    ),
    "an error within Cloud Run": ([a_condition("Completed", reason="INTERNAL")], "", True, True),
    "Cloud Run lost sight of it": (
        [a_condition("Completed", execution_reason="JOB_STATUS_SERVICE_POLLING_ERROR")],
        "",
        True,
        True,
    ),
}


@pytest.mark.parametrize(("conditions", "message", "stuck", "blamed"), WORDS.values(), ids=WORDS.keys())
def test_what_failed_is_told_in_the_platforms_words(
    conditions: list[dict[str, object]], message: str, stuck: bool, blamed: bool
) -> None:
    facts = execution_facts(run_v2.Execution({"conditions": conditions}))
    assert (facts.message, facts.stuck, facts.blamed) == (message, stuck, blamed)


@pytest.mark.parametrize(
    ("outcome", "phase", "message"),
    [
        ("timeout", Phase.FAILED, "The configured timeout was reached."),
        ("oom", Phase.FAILED, "exit code: 0 and message: The configured memory limit was reached."),
        ("internal-error", Phase.FAILED, "exit code: 0 and message: Internal error running task."),
        ("cancelled", Phase.CANCELLED, "Cancelled by user."),
        ("cancelled-silently", Phase.CANCELLED, ""),
    ],
)
def test_an_execution_that_the_platform_ended_did_not_exit(
    google: Google, outcome: str, phase: Phase, message: str
) -> None:
    execution = google.play(Script(outcome=outcome))
    assert (execution.phase, execution.completion, execution.exited) == (phase, Completion.FALSE, False)
    assert execution.message.endswith(message)
    assert execution.digests == frozenset({DIGEST})


def test_an_execution_that_never_starts_waits_for_ever(google: Google) -> None:
    execution = google.play(Script(outcome="never-starts"), seconds=86_400)
    assert (execution.phase, execution.started, execution.digests) == (Phase.WAITING, None, frozenset())


def test_an_execution_whose_image_is_missing_failed_without_a_digest(google: Google) -> None:
    execution = google.play(Script(), image=f"{IMAGE}:nowhere")
    assert (execution.phase, execution.exited, execution.started) == (Phase.FAILED, False, None)
    assert execution.digests == frozenset()
    assert "not found" in execution.message


def test_an_execution_that_is_not_there_is_missing_by_its_name(google: Google) -> None:
    google.put_job()
    error = trouble(lambda: observe(google, f"{JOB}/executions/nowhere"))
    assert isinstance(error, Missing)
    assert "nowhere" in str(error)
