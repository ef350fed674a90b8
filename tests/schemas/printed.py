"""What each command prints for scripts, on the stand-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.doctor.installation import an_installation
from tests.fixtures import builds
from tests.frozen.output import ANSWERS, a_past, audited, audited_in_vain, explained, where
from tests.repositories import MadeRepository, tgz
from tests.unit.checks.watch.made import CRASH, START, after, error, quiet, run, watch
from tests.unit.cli.comparison import text
from tests.unit.cli.ledger import COMMIT, NOW, REGION, WATCHED, WORKER, a_town, job_with, record_of, runs_of
from tests.unit.history.log_documents import JOB, LOG
from verifier.checks.verdict import Verdict
from verifier.checks.watch.ending import ended_by_itself
from verifier.checks.watch.watching import Watch
from verifier.cli import main
from verifier.facts.execution import JobName
from verifier.standin.clock import ManualClock, system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.storage import StorageStandIn

_TEXT = "starting\n2026-01-01 ERROR worker: boom\npanic: no tenant\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:5\n"
_POLICY = f"""\
[[worker]]
trigger = "main"
job = "{JOB}"
expect = ["query ok", "bye"]

[[accept]]
error = "KeyError: 'lesson'"
reason = "the import is rewritten"
until = "{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
"""
Environment = dict[str, str | None]
_FILES: dict[str, bytes | str] = {f"app/{name}.py": text(name) for name in ("main", "db", "user")}


@dataclass(frozen=True, slots=True)
class PrintedObject:
    """One JSON object that a command printed."""

    schema: str
    value: Any


def printed(folder: Path) -> list[PrintedObject]:
    """Return what every command prints in its cases; the folder is empty."""
    found = []
    for number, (name, ask) in enumerate(_ASKED):
        own = folder / str(number)
        own.mkdir()
        found += [PrintedObject(f"output-{name}.schema.json", value) for value in ask(own)]
    return found


def _objects(*words: str, environment: Environment | None = None) -> list[Any]:
    """Return the objects that a command prints, one after the other."""
    result = CliRunner().invoke(main, words, env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return _read(result.stdout)


def _read(printed: str) -> list[Any]:
    found, decoder, rest = [], json.JSONDecoder(), printed.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].lstrip()
    return found


def _explain(folder: Path) -> list[Any]:
    return [*explained(), *_objects("explain", "--json", _documents(folder))]


def _documents(folder: Path) -> str:
    """Return a file with builds of every kind, and one of a status that Cloud Build does not have."""
    strange = {**builds.document("failure"), "status": "NO_SUCH_STATUS", "id": "strange"}
    file = folder / "builds.json"
    file.write_text(json.dumps([*(builds.document(case) for case in builds.CASES), strange]))
    return str(file)


def _check(folder: Path) -> list[Any]:
    (folder / "working.json").write_text(json.dumps(builds.document("working")))
    file = str(folder / "working.json")
    return [*_objects("check", file, "--json"), *_objects("check", file, "--running", "--json")]


def printed_of_a_past(folder: Path) -> list[PrintedObject]:
    """Return what several commands print of a small past."""
    with a_past(folder) as past:
        (build, *_) = audited(past)["builds"]
        return [
            PrintedObject("output-audit.schema.json", audited(past)),
            PrintedObject("output-audit.schema.json", audited_in_vain(past)),
            PrintedObject("output-explain.schema.json", json.loads(past.ask("check", build["build"], "--json"))),
            *(PrintedObject("output-where.schema.json", where(past, answer)) for answer in ANSWERS),
        ]


def _audit(folder: Path) -> list[Any]:
    """Return the audits of builds of every kind, and of uploads beside a clone."""
    form, place = ("--format", "json"), ("--project", WATCHED, "--region", REGION)
    with _uploaded(folder) as (environment, repo):
        asked = (*place, "--since", "2026-08-01", "--no-who", "--compare", "--repo", str(repo.folder))
        return [
            *_objects("audit", *form, "--builds", _documents(folder)),
            *_objects("audit", *form, *asked, environment=environment),
            *_audit_of_a_watched_job(folder),
        ]


def _audit_of_a_watched_job(folder: Path) -> list[Any]:
    """Return the audits of a job whose watch has ended, and of one that got worse."""
    found = []
    for number, one in enumerate((_worse(), ended_by_itself(quiet(watch(), 8), START + timedelta(days=1)))):
        own = folder / f"watched-{number}"
        own.mkdir()
        clock = ManualClock(NOW - timedelta(hours=2))
        with a_town(own, clock) as town:
            town.run_worker(clock)
            town.put_watch(one)
            words = ("--format", "json", "--project", WATCHED, "--job", f"{REGION}/{WORKER.job}", "--no-who")
            found += _read(town.ask("audit", *words).stdout)
    return found


def _worse() -> Watch:
    return replace(after(watch(), run(0), run(1, CRASH), run(2, error("known"), whole=False)), reasons=("crash",))


@contextmanager
def _uploaded(folder: Path) -> Iterator[tuple[Environment, MadeRepository]]:
    """Yield a cloud with the builds of uploads b1, whose archive is there, and b2, whose is gone, and a clone."""
    cloud, faults, repo = Cloud(system_clock), Faults(), MadeRepository(folder / "repo")
    lacking = {"backend/gone.py": text("gone"), "backend/.gitignore": "*.log\n"}
    repo.commit("One", {f"backend/{path}": content for path, content in _FILES.items()} | lacking)
    repo.commit("Fix", {"backend/app/db.py": text("new")})
    repo.push()
    with GoogleStandIn(cloud, faults) as google, StorageStandIn(faults) as storage:
        for number in (1, 2, 3):
            place = {"bucket": f"{WATCHED}_cloudbuild", "object": f"source/{number}.tgz", "generation": str(number)}
            fields = {"source": {"storageSource": place}, "sourceProvenance": {"resolvedStorageSource": place}}
            document = {
                "id": f"b{number}",
                "name": f"projects/4711/locations/{REGION}/builds/b{number}",
                "projectId": WATCHED,
                "status": "SUCCESS",
                "createTime": f"2026-08-02T01:0{number}:00Z",
                "finishTime": f"2026-08-02T02:0{number}:00Z",
            }
            cloud.put_build(document | (fields if number < 3 else {}))
        storage.put(
            f"{WATCHED}_cloudbuild", "source/1.tgz", "1", tgz(_FILES | {"app/main.py": text("hot"), ".env": "a"})
        )
        environment: Environment = {
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "STORAGE_EMULATOR_HOST": storage.address,
            "GOOGLE_CLOUD_PROJECT": WATCHED,
        }
        yield environment, repo


def _compare(folder: Path) -> list[Any]:
    with _uploaded(folder) as (environment, repo):
        words = ("--json", "--region", REGION, "--repo", str(repo.folder))
        return [
            *_objects("compare", "b1", *words, "--fix", "HEAD", environment=environment),
            *_objects("compare", "b1", "--json", "--region", REGION, "--repo", str(folder), environment=environment),
            *_objects("compare", "b3", *words, environment=environment),
        ]


def _logs(folder: Path) -> list[Any]:
    for name, content in (("log.json", json.dumps(LOG)), ("before.json", json.dumps(LOG[:2])), ("plain.txt", _TEXT)):
        (folder / name).write_text(content)
    (folder / "policy.toml").write_text(_POLICY)
    log, policy = str(folder / "log.json"), ("--policy", str(folder / "policy.toml"))
    return [
        *_objects("logs", "--json", log, "--baseline", str(folder / "before.json"), *policy),
        *_objects("logs", "--json", "--text", str(folder / "plain.txt")),
    ]


def _status(folder: Path) -> list[Any]:
    """Return the lines of a job that got worse, of one that never ran, and of one whose document can't be read."""
    with a_town(folder) as town:
        town.put_job(job_with(runs_of()))
        town.put_job(job_with(job=JobName(WATCHED, REGION, "another")))
        town.put_job(job_with(job=JobName(WATCHED, REGION, "unread")), version=99)
        town.put_record(record_of(Verdict.VERIFIED))
        town.put_watch(_worse())
        return _read(town.ask("status", "--json").stdout)


def _where(folder: Path) -> list[Any]:
    """Return the ledger's answer."""
    with a_town(folder) as town:
        town.put_job(job_with(runs_of()))
        town.put_record(record_of(Verdict.VERIFIED))
        words = ("where", COMMIT, "--job", f"{REGION}/{WORKER.job}", "--project", WATCHED, "--json")
        return _read(town.ask(*words).stdout)


def _doctor(folder: Path) -> list[Any]:
    """Return what is said of an installation whose ledger does not answer."""
    with an_installation(folder) as installation:
        return _read(installation.doctor("--json", "--slack").stdout)


_ASKED: tuple[tuple[str, Callable[[Path], list[Any]]], ...] = (
    ("explain", _explain),
    ("explain", _check),
    ("audit", _audit),
    ("compare", _compare),
    ("logs", _logs),
    ("status", _status),
    ("where", _where),
    ("doctor", _doctor),
)
