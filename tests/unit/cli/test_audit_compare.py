"""`verifier audit --compare`: each upload that still exists beside a clone, and a total."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.repositories import Files, MadeRepository, tgz
from tests.unit.cli.comparison import text
from verifier.cli import main
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn
from verifier.standin.storage import StorageStandIn

BUCKET = "vividly-dev_cloudbuild"
FILES = {f"app/{name}.py": text(name) for name in ("main", "db", "user")}


@dataclass(frozen=True, slots=True)
class Archives:
    """Builds of uploads, some of which are still there, and a clone."""

    repo: MadeRepository
    cloud: Cloud
    storage: StorageStandIn
    where: Mapping[str, str]

    def build(self, number: int, upload: Files | None, bucket: str = BUCKET) -> None:
        """Let there be a build of this upload; None: its archive is gone."""
        place = {"bucket": bucket, "object": f"source/{number}.tgz", "generation": str(number)}
        if upload is not None:
            self.storage.put(bucket, place["object"], place["generation"], tgz(upload))
        self.add(number, source={"storageSource": place}, sourceProvenance={"resolvedStorageSource": place})

    def add(self, number: int, **fields: Any) -> None:
        """Let there be a build."""
        document = {
            "id": f"b{number}",
            "name": f"projects/4711/locations/us-central1/builds/b{number}",
            "projectId": "vividly-dev",
            "status": "SUCCESS",
            "createTime": f"2026-08-02T01:{59 - number}:00Z",
            "finishTime": "2026-08-02T02:00:00Z",
        }
        self.cloud.put_build({**document, **fields})

    def audit(self, *words: str, repo: Path | None = None) -> Result:
        """Return the audit."""
        told = ("--project", "vividly-dev", "--region", "us-central1", "--since", "2026-08-01", "--no-who")
        named = ("audit", *told, "--compare", "--repo", str(repo or self.repo.folder), *words)
        return CliRunner().invoke(main, named, env=dict(self.where), catch_exceptions=False)


@pytest.fixture
def archives(tmp_path: Path) -> Iterator[Archives]:
    cloud, faults = Cloud(system_clock), Faults()
    with GoogleStandIn(cloud, faults) as google, StorageStandIn(faults) as storage:
        where = {"VERIFIER_GOOGLE_ENDPOINT": google.address, "STORAGE_EMULATOR_HOST": storage.address}
        yield Archives(MadeRepository(tmp_path / "repo"), cloud, storage, where)


@pytest.fixture
def several(archives: Archives) -> Archives:
    """One upload that is a pushed commit, one that is near another, one that is gone, and a build of a commit."""
    archives.repo.commit("One", {f"backend/{path}": content for path, content in FILES.items()})
    archives.repo.commit("Two", {"backend/app/db.py": text("two")})
    archives.repo.push()
    archives.build(1, FILES)
    archives.build(2, FILES | {"app/db.py": text("two"), "app/user.py": text("hot"), ".env": "a=b"})
    archives.build(3, None)
    git = {"url": "https://github.com/vividly/worker.git", "revision": "85cffd8" + "0" * 33}
    archives.add(4, source={"gitSource": git}, sourceProvenance={"resolvedGitSource": git}, buildTriggerId="t")
    return archives


def test_json_has_the_nearest_commit_and_the_counts_of_each_upload_that_is_there(several: Archives) -> None:
    found = json.loads(several.audit("--format", "json").stdout)
    compared = [build["compared"] for build in found["builds"]]
    one, two = several.repo.git("rev-parse", "HEAD~1"), several.repo.git("rev-parse", "HEAD")
    assert compared[:2] == [
        {
            "problem": None,
            "root": "backend/",
            "nearest": {"commit": one, "subject": "One", "pushed": True},
            "identical": True,
            "distance": 0,
            "equal": 3,
            "modified": 0,
            "not_in_git": 0,
            "left_out": 0,
            "line_endings": 0,
            "secrets": 0,
        },
        {
            "problem": None,
            "root": "backend/",
            "nearest": {"commit": two, "subject": "Two", "pushed": True},
            "identical": False,
            "distance": 2,
            "equal": 2,
            "modified": 1,
            "not_in_git": 1,
            "left_out": 0,
            "line_endings": 0,
            "secrets": 1,
        },
    ]
    assert "is gone: a rule of the bucket may have deleted it" in compared[2]["problem"]
    assert compared[3] is None
    assert found["summary"]["compared"] == {"uploads": 2, "identical": 1, "could_not_be_compared": 1}


def test_the_table_has_a_line_for_each_and_the_total(several: Archives) -> None:
    result = several.audit()
    one, two = (several.repo.git("rev-parse", name)[:7] for name in ("HEAD~1", "HEAD"))
    assert f'identical to backend/ of {one} "One"\n' in result.stdout
    assert f'2 files from backend/ of {two} "Two": 1 modified, 1 not in git; 1 named like a secret\n' in result.stdout
    assert "Uploads compared: 2; 1 is a pushed commit's files, 1 could not be compared\n" in result.stdout
    assert result.exit_code == 3


def test_csv_and_the_report_have_it_too(several: Archives, tmp_path: Path) -> None:
    rows = list(csv.DictReader(several.audit("--format", "csv").stdout.splitlines()))
    one = several.repo.git("rev-parse", "HEAD~1")[:7]
    assert rows[0]["compared"] == f'identical to backend/ of {one} "One"'
    assert rows[3]["compared"] == ""
    several.audit("--format", "html", "--output", str(tmp_path / "report.html"))
    assert f'identical to backend/ of {one} \\"One\\"' in (tmp_path / "report.html").read_text()


def test_a_bucket_that_may_not_be_read_is_asked_once(archives: Archives) -> None:
    archives.repo.commit("One", FILES)
    for number in range(1, 5):
        archives.build(number, FILES)
    archives.storage.bucket(BUCKET).readable = False
    archives.build(5, FILES, "others_cloudbuild")
    found = json.loads(archives.audit("--format", "json").stdout)
    problems = [build["compared"]["problem"] for build in found["builds"]]
    assert all("needs storage.objects.get on bucket vividly-dev_cloudbuild" in str(each) for each in problems[:4])
    assert problems[4] is None
    assert len(archives.storage.bucket(BUCKET).asked) == 1


def test_another_repository_is_told_for_each(archives: Archives) -> None:
    archives.repo.commit("One", {"main.go": text("go")})
    archives.build(1, FILES)
    found = json.loads(archives.audit("--format", "json").stdout)
    assert found["builds"][0]["compared"] == {"problem": "only 0 of 3 files are in this repository"}


def test_without_a_clone_nothing_is_read(archives: Archives, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    archives.build(1, FILES)
    result = archives.audit(repo=tmp_path / "empty")
    assert "name a clone with --repo" in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_without_being_asked_no_archive_is_read(several: Archives) -> None:
    told = ("--project", "vividly-dev", "--region", "us-central1", "--since", "2026-08-01", "--no-who")
    result = CliRunner().invoke(main, ["audit", *told], env=dict(several.where))
    assert "Uploads compared" not in result.stdout
    assert several.storage.bucket(BUCKET).asked == []
