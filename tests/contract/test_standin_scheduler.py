"""Jobs that the stand-in's scheduler runs, seen through the real client library and in their audit entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.standin import DIGEST, IMAGE, JOB, PLACE, START, StandIn, refusal, standing
from verifier.standin.job_book import JobPath
from verifier.standin.script import Line, Script

ACCOUNT = "scheduler@acme.iam.gserviceaccount.com"
PATH = JobPath("acme", "europe-west1", "resizer")
OTHER_DIGEST = "sha256:" + "cd" * 32
TEN_MINUTES = 600


@pytest.fixture
def google() -> Iterator[StandIn]:
    with standing() as google:
        google.cloud.put_project("acme", "402118557731")
        google.cloud.tag(f"{IMAGE}:latest", DIGEST)
        put_job(google)
        google.cloud.scheduler.put(PATH, every=TEN_MINUTES, first=START + timedelta(minutes=5), account=ACCOUNT)
        yield google


def put_job(google: StandIn, script: Script | None = None, **more: Any) -> None:
    settings: dict[str, Any] = {"image": f"{IMAGE}:latest", "script": script or Script(), **more}
    google.cloud.put_job("acme", "europe-west1", "resizer", **settings)


def listed(google: StandIn, **request: Any) -> list[Any]:
    return list(google.executions.list_executions(request={"parent": JOB, **request}, timeout=5))


def image(execution: Any) -> str:
    return str(execution.template.containers[0].image)


def response(google: StandIn, execution: str) -> Any:
    return google.cloud.completion_entry(execution)["protoPayload"]["response"]


def test_a_job_runs_at_each_moment_of_its_schedule_on_behalf_of_the_schedulers_account(google: StandIn) -> None:
    google.clock.advance(299)
    assert listed(google) == []
    google.clock.advance(1 + 2 * TEN_MINUTES)
    runs = listed(google)
    assert [run.create_time - START for run in runs] == [timedelta(minutes=minutes) for minutes in (25, 15, 5)]
    assert {run.creator for run in runs} == {ACCOUNT}


def test_each_run_takes_the_image_that_the_tag_points_at_in_its_moment(google: StandIn) -> None:
    google.clock.advance(TEN_MINUTES)
    google.cloud.tag(f"{IMAGE}:latest", OTHER_DIGEST)
    google.clock.advance(TEN_MINUTES)
    newest, oldest = listed(google)
    assert (image(oldest), image(newest)) == (f"{IMAGE}@{DIGEST}", f"{IMAGE}@{OTHER_DIGEST}")


def test_a_tag_that_moved_after_a_due_moment_is_not_what_that_run_took(google: StandIn) -> None:
    google.clock.advance(TEN_MINUTES)  # it was due at five minutes, and nobody has looked since
    google.cloud.tag(f"{IMAGE}:latest", OTHER_DIGEST)
    (run,) = listed(google)
    assert image(run) == f"{IMAGE}@{DIGEST}"


def test_a_paused_schedule_runs_nothing_and_a_job_that_is_gone_stops_no_other(google: StandIn) -> None:
    google.cloud.put_job("acme", "europe-west1", "other", image=IMAGE, script=Script())
    other = JobPath("acme", "europe-west1", "other")
    google.cloud.scheduler.put(other, every=TEN_MINUTES, first=START, account=ACCOUNT)
    google.cloud.jobs.delete_job(PATH)
    google.clock.advance(TEN_MINUTES)
    runs = listed(google, parent=f"{PLACE}/jobs/-")
    assert [run.job for run in runs] == ["other", "other"]
    google.cloud.scheduler.pause(other)
    google.clock.advance(TEN_MINUTES)
    assert [run.name for run in listed(google, parent=f"{PLACE}/jobs/-")] == [run.name for run in runs]


def test_a_schedule_without_time_between_two_runs_is_refused(google: StandIn) -> None:
    with pytest.raises(ValueError, match="some seconds between two runs, got 0"):
        google.cloud.scheduler.put(PATH, every=0, first=START, account=ACCOUNT)


def test_its_completion_entry_says_who_ran_it_and_by_which_generation_of_the_job(google: StandIn) -> None:
    google.clock.advance(TEN_MINUTES)
    (name,) = google.cloud.finished_executions()
    metadata = response(google, name)["metadata"]
    assert metadata["annotations"]["run.googleapis.com/creator"] == ACCOUNT
    assert metadata["annotations"]["run.googleapis.com/client-name"] == "gcloud"
    assert metadata["labels"]["run.googleapis.com/job"] == "resizer"
    assert metadata["labels"]["run.googleapis.com/jobGeneration"] == "1"
    assert metadata["namespace"] == "402118557731"
    assert metadata["ownerReferences"][0]["uid"] == metadata["labels"]["run.googleapis.com/jobUid"]
    assert response(google, name)["spec"]["template"]["spec"]["containers"][0]["image"] == f"{IMAGE}@{DIGEST}"
    assert google.jobs.get_job(name=JOB).uid == metadata["labels"]["run.googleapis.com/jobUid"]


def test_a_run_of_somebody_else_is_on_behalf_of_that_account(google: StandIn) -> None:
    google.cloud.caller = "ana@acme.example"
    name = google.run_job()
    google.clock.advance(60)
    assert google.execution(name).creator == "ana@acme.example"
    assert response(google, name)["metadata"]["annotations"]["run.googleapis.com/creator"] == "ana@acme.example"


def test_the_generation_moves_with_the_jobs_settings_and_not_with_a_tag_or_how_it_will_run(google: StandIn) -> None:
    def generation() -> int:
        return int(google.jobs.get_job(name=JOB, timeout=5).generation)

    google.clock.advance(TEN_MINUTES)
    google.cloud.tag(f"{IMAGE}:latest", OTHER_DIGEST)
    put_job(google, Script(exit_code=1))
    assert generation() == 1
    put_job(google, args=["--all"])
    assert generation() == 2
    put_job(google, args=["--all"])
    assert generation() == 2
    google.clock.advance(TEN_MINUTES)
    put_job(google, image=f"{IMAGE}@{DIGEST}")
    job = google.jobs.get_job(name=JOB, timeout=5)
    assert (job.generation, job.create_time, job.update_time) == (3, START, google.clock())
    first, second = google.cloud.finished_executions()
    generations = [
        response(google, name)["metadata"]["labels"]["run.googleapis.com/jobGeneration"] for name in (first, second)
    ]
    assert generations == ["1", "2"]


def test_a_job_made_anew_under_an_old_name_is_another_one(google: StandIn) -> None:
    before = google.jobs.get_job(name=JOB, timeout=5)
    google.clock.advance(TEN_MINUTES)
    google.cloud.jobs.delete_job(PATH)
    assert refusal(lambda: google.jobs.get_job(name=JOB, timeout=5))[0] == "NOT_FOUND"
    assert listed(google) == []
    put_job(google)
    after = google.jobs.get_job(name=JOB, timeout=5)
    assert after.uid != before.uid
    assert (after.generation, after.execution_count) == (1, 0)


def test_the_latest_execution_is_shown_with_how_it_stands(google: StandIn) -> None:
    def latest() -> Any:
        return google.jobs.get_job(name=JOB, timeout=5).latest_created_execution

    google.clock.advance(300)
    assert latest().completion_status.name == "EXECUTION_PENDING"
    google.clock.advance(1)
    assert latest().completion_status.name == "EXECUTION_RUNNING"
    google.clock.advance(60)
    assert latest().completion_status.name == "EXECUTION_SUCCEEDED"
    assert latest().completion_time == START + timedelta(seconds=303)
    put_job(google, Script(outcome="cancelled"))
    google.clock.advance(TEN_MINUTES)
    assert latest().completion_status.name == "EXECUTION_CANCELLED"


def test_an_image_runs_its_own_script_whatever_the_jobs_is(google: StandIn) -> None:
    google.cloud.jobs.images.put_script(OTHER_DIGEST, Script(exit_code=1, lines=(Line(0.5, "no such table"),)))
    google.cloud.tag(f"{IMAGE}:latest", OTHER_DIGEST)
    google.clock.advance(TEN_MINUTES)
    (run,) = listed(google)
    assert run.failed_count == 1
    assert [entry.text_payload for entry in google.entries('textPayload="no such table"')] == ["no such table"]


def test_of_an_index_of_several_platforms_its_manifest_is_what_runs(google: StandIn) -> None:
    index = "sha256:" + "ef" * 32
    google.cloud.jobs.images.put_index(index, OTHER_DIGEST)
    google.cloud.tag(f"{IMAGE}:latest", index)
    google.clock.advance(TEN_MINUTES)
    put_job(google, image=f"{IMAGE}@{index}")
    google.clock.advance(TEN_MINUTES)
    assert [image(run) for run in listed(google)] == [f"{IMAGE}@{OTHER_DIGEST}"] * 2


def test_only_so_many_completed_executions_are_kept_and_the_logs_keep_telling_of_the_others(google: StandIn) -> None:
    google.cloud.jobs.most_kept = 3
    google.clock.advance(6 * TEN_MINUTES)
    runs = listed(google)
    finished = google.cloud.finished_executions()
    assert len(finished) == 6
    assert [run.name for run in runs] == list(finished[:1:-1])
    assert refusal(lambda: google.execution(finished[0]))[0] == "NOT_FOUND"
    assert response(google, finished[0])["status"]["succeededCount"] == 1


def test_a_list_goes_on_where_it_stopped_whatever_was_started_or_deleted_meanwhile(google: StandIn) -> None:
    google.clock.advance(4 * TEN_MINUTES)
    first = google.executions.list_executions(request={"parent": JOB, "page_size": 2}, timeout=5)
    page = next(first.pages)
    google.clock.advance(TEN_MINUTES)
    google.cloud.jobs.delete(google.cloud.finished_executions()[0])
    rest = listed(google, page_size=2, page_token=page.next_page_token)
    moments = [run.create_time - START for run in (*page.executions, *rest)]
    assert moments == [timedelta(minutes=minutes) for minutes in (35, 25, 15)]


def test_lists_may_begin_with_empty_pages_that_go_on(google: StandIn) -> None:
    google.cloud.empty_execution_pages = 2
    google.clock.advance(TEN_MINUTES)
    pages = [len(page.executions) for page in google.executions.list_executions(parent=JOB, timeout=5).pages]
    assert pages == [0, 0, 1]
