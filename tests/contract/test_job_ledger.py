"""What `verifier status` reads of a ledger, on both storages."""

from __future__ import annotations

from tests.unit.cli.ledger import BUILD, DIGEST, TREE, WATCHED, job_with, record_of, runs_of
from verifier.checks.job_runs import JobRuns
from verifier.checks.verdict import Verdict
from verifier.cli.job_ledger import JobStatus, UnreadJob, made_by, maker_of, read_jobs, status_of
from verifier.controller.again import AgainOutcome, judge_again
from verifier.controller.ledger import BUILDS, record_document
from verifier.controller.runs.job_runs import JOBS, job_document, name_of_job
from verifier.controller.uploads import UPLOADS
from verifier.facts.execution import JobName
from verifier.services import Store


def put(store: Store, job: JobRuns, **fields: object) -> None:
    assert store.create(JOBS, name_of_job(job.job), {**job_document(job), **fields}, timeout=10)


def job(number: int) -> JobName:
    return JobName(WATCHED, "us-central1", f"job-{number:03}")


def test_all_jobs_are_read_by_name_through_every_page(store: Store) -> None:
    for number in (204, *range(204)):
        put(store, job_with(runs_of(), job=job(number)), **({"version": 2} if number == 7 else {}))
    found = read_jobs(store)
    names = [each.name if isinstance(each, UnreadJob) else each.job.resource for each in found]
    assert names == [job(number).resource for number in range(205)]
    assert [number for number, each in enumerate(found) if isinstance(each, UnreadJob)] == [7]


def test_a_jobs_build_is_read_with_its_verdict_and_its_tree(store: Store) -> None:
    runs = job_with(runs_of("LOCAL_SOURCE"))
    assert store.create(UPLOADS, BUILD.digest, {"due": None, "found": {"upload": {"tree": TREE}}}, timeout=10)
    record = record_of(Verdict.FAILED)
    assert store.create(BUILDS, BUILD.digest, record_document(record), timeout=10)
    status = status_of(store, runs)
    assert status == JobStatus(runs, made_by(store, runs.digests[0]))
    assert status.made_by is not None
    assert (status.made_by.verdict, status.made_by.tree) == (Verdict.FAILED, TREE)
    assert maker_of(store, DIGEST) is not None
    assert maker_of(store, "sha256:none") is None


def test_a_record_is_opened_again_once(store: Store) -> None:
    record = record_of(Verdict.FAILED)
    assert store.create(BUILDS, BUILD.digest, record_document(record), timeout=10)
    asked = [judge_again(store, BUILD, who, record.created).outcome for who in ("a person", "another")]
    assert asked == [AgainOutcome.REOPENED, AgainOutcome.ASKED_BEFORE]
