"""`verifier compare`: what a person and a script read, and the exit codes."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5
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

ID = "4e841fcb-6a1d-4c57-9a53-0f2f6d1c7b20"
BUCKET, OBJECT, GENERATION = "vividly-dev_cloudbuild", "source/1.5-aa.tgz", "1785633120912345"
URI = f"gs://{BUCKET}/{OBJECT}#{GENERATION}"
FILES = {f"app/{name}.py": text(name) for name in ("main", "db", "user", "organization")}
DO = (
    "Do this: gcloud builds triggers run content-worker-main --branch=main --region=us-central1 --project=vividly-dev\n"
)
BUILD = "Build 4e841fcb (2026-08-02 02:00 UTC)"
POLICY = """\
[[worker]]
trigger = "content-worker-main"
job = "us-central1/worker"
region = "us-central1"
"""
CONFIG = "steps:\n- name: docker\n  args: [build, $PROJECT_ID]\n"


@dataclass(frozen=True, slots=True)
class Desk:
    """A repository, a cloud with one build of an upload, and the command."""

    repo: MadeRepository
    cloud: Cloud
    storage: StorageStandIn
    where: Mapping[str, str]
    folder: Path

    def build(self, upload: Files | bytes | None, **fields: Any) -> None:
        """Let there be a build of this upload."""
        archive = upload if isinstance(upload, bytes) else tgz(upload or {})
        if upload is not None:
            self.storage.put(BUCKET, OBJECT, GENERATION, archive)
        place = {"bucket": BUCKET, "object": OBJECT, "generation": GENERATION}
        value = b64encode(md5(archive, usedforsecurity=False).digest()).decode()
        document = {
            "id": ID,
            "name": f"projects/4711/locations/us-central1/builds/{ID}",
            "projectId": "vividly-dev",
            "status": "SUCCESS",
            "createTime": "2026-08-02T01:50:00Z",
            "finishTime": "2026-08-02T02:00:00Z",
            "source": {"storageSource": place},
            "sourceProvenance": {
                "resolvedStorageSource": place,
                "fileHashes": {URI: {"fileHash": [{"type": "MD5", "value": value}]}},
            },
            "steps": [{"name": "docker", "args": ["build", "vividly-dev"]}],
        }
        self.cloud.put_build({**document, **fields})

    def ask(self, *words: str, repo: Path | None = None) -> Result:
        """Return the command's answer."""
        told = ("--policy", str(self.folder / "policy.toml"), "--region", "us-central1")
        named = ("compare", ID, "--repo", str(repo or self.repo.folder), *told, *words)
        return CliRunner().invoke(main, named, env=dict(self.where), catch_exceptions=False)

    def found(self, *words: str) -> Any:
        """Return its JSON."""
        return json.loads(self.ask("--json", *words).stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "policy.toml").write_text(POLICY)
    cloud, faults = Cloud(system_clock), Faults()
    with GoogleStandIn(cloud, faults) as google, StorageStandIn(faults) as storage:
        where = {
            "VERIFIER_GOOGLE_ENDPOINT": google.address,
            "STORAGE_EMULATOR_HOST": storage.address,
            "GOOGLE_CLOUD_PROJECT": "vividly-dev",
        }
        yield Desk(MadeRepository(tmp_path / "repo"), cloud, storage, where, tmp_path)


def in_backend(files: Files) -> dict[str, bytes | str]:
    return {f"backend/{path}": content for path, content in files.items()}


def test_the_story_the_fix_was_not_in_the_upload(desk: Desk) -> None:
    nearest = desk.repo.commit("Work 5", in_backend(FILES) | {"README.md": "hello", "backend/extra.py": text("extra")})
    fix = desk.repo.commit("Map users", {f"backend/app/{n}.py": text(f"new {n}") for n in ("user", "organization")})
    desk.repo.push()
    own = {"app/main.py": text("hot"), ".env": "a=b", "NOTES.md": "n", "app/__pycache__/main.pyc": "x"}
    desk.build(FILES | own)
    result = desk.ask("--fix", fix[:7])
    assert result.stdout == (
        f"{BUILD} was made from 7 uploaded files: backend/ of this repository, at no commit.\n"
        f'Nearest commit: {nearest[:7]} "Work 5" (1 Aug 09:01 UTC, pushed). 3 files are equal, 5 differ:\n'
        "  modified     1  app/main.py\n"
        "  not in git   3  .env, NOTES.md, and 1 generated (app/__pycache__)\n"
        "  left out     1  extra.py\n"
        f"✗ The fix {fix[:7]} was NOT in this build. It changes 2 files:\n"
        "  old version  backend/app/organization.py, last written 01:12 UTC\n"
        "  old version  backend/app/user.py, last written 01:12 UTC\n"
        "✗ Uploaded, not in git, and named like a secret: .env\n"
        "  Rotate what is in it: the build had it, and so has whoever may read the bucket. "
        f"It stays in {URI} until somebody deletes it.\n"
        "· The build's steps were sent from the machine; they are not compared.\n"
        f"Read: {URI}; its MD5 is the one that the build recorded.\n"
        f"{DO}"
    )
    assert result.exit_code == 3


def test_identical_files_are_a_pushed_commits_less_what_gcloud_leaves_out(desk: Desk) -> None:
    files = in_backend(FILES) | {"backend/.gitignore": "*.log\n", "backend/cloudbuild.yaml": CONFIG}
    desk.repo.commit("Fix it", files)
    later = desk.repo.commit("Another folder", {"front.js": "x"})
    desk.repo.push()
    desk.build(FILES | {"cloudbuild.yaml": CONFIG})
    result = desk.ask()
    first = desk.repo.git("rev-parse", "HEAD~1")
    assert result.stdout == (
        "Build 4e841fcb (2026-08-02 02:00 UTC) was made from 5 uploaded files: backend/ of this repository.\n"
        f'Nearest commit: {later[:7]} "Another folder" (1 Aug 09:02 UTC, pushed), '
        f"and 1 earlier commit with the same files ({first[:7]}).\n"
        "✓ All 5 files are identical to it: a build of that commit would have had the same files.\n"
        "· 1 file of the commit is left out by gcloud's default: .gitignore\n"
        "· The build's steps are those of the commit's build configuration, substitutions aside.\n"
        f"Read: {URI}; its MD5 is the one that the build recorded.\n"
    )
    assert result.exit_code == 0


def test_other_steps_than_the_commits_are_told(desk: Desk) -> None:
    desk.repo.commit("One", FILES | {"cloudbuild.yaml": CONFIG.replace("build,", "push,")})
    desk.build(FILES | {"cloudbuild.yaml": CONFIG.replace("build,", "push,")})
    assert "✗ The build's steps are not those of the commit's build configuration.\n" in desk.ask().stdout
    assert desk.found()["steps"] == "differ"


def test_a_dirty_folder_names_the_command_that_shows_the_lines_of_one_file(desk: Desk) -> None:
    sha = desk.repo.commit("One", FILES)
    desk.build(FILES | {"app/db.py": text("db").replace("db\n", "database\n")})
    assert f"One file's lines: verifier compare {ID} --diff app/db.py\n" in desk.ask().stdout
    shown = desk.ask("--diff", "app/db.py")
    assert shown.stdout.startswith(f"--- {sha[:7]}:app/db.py\n+++ upload:app/db.py\n@@ -1,4 +1,4 @@\n-db\n+database\n")
    assert shown.exit_code == 3
    same = desk.ask("--diff", "app/main.py")
    assert (same.stdout, same.exit_code) == ("", 0)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (".env", "Error: --diff: '.env' is named like a secret, and is not shown"),
        ("no.py", "Error: --diff: expected the name of an uploaded file, got 'no.py', which is none"),
        ("blob.bin", "blob.bin: binary, 0 bytes at"),
    ],
)
def test_a_file_that_is_not_to_be_shown_is_not(desk: Desk, file: str, said: str) -> None:
    desk.repo.commit("One", FILES)
    desk.build(FILES | {".env": "password=hunter2", "blob.bin": b"\0hunter2"})
    result = desk.ask("--diff", file)
    assert said in result.output
    assert "hunter2" not in result.output


def test_line_endings_alone_are_told_as_that(desk: Desk) -> None:
    desk.repo.commit("One", FILES)
    desk.repo.push()
    desk.build({path: content.replace("\n", "\r\n") for path, content in FILES.items()})
    result = desk.ask()
    assert (
        "✗ 4 files differ in line endings alone (CRLF in one, LF in the other): the same text, other bytes.\n"
        in result.stdout
    )
    assert "files are equal" not in result.stdout
    assert result.exit_code == 3


def test_a_fix_that_is_in_is_0_and_one_that_is_in_partly_is_3(desk: Desk) -> None:
    desk.repo.commit("Old", FILES)
    fix = desk.repo.commit("Fix", {"app/db.py": text("new"), "app/main.py": text("new")})
    desk.repo.git("tag", "v1")
    desk.build(FILES | {"app/db.py": text("new"), "app/main.py": text("new"), "x.md": "x"})
    result = desk.ask("--fix", "v1")
    assert f"✓ The fix v1 ({fix[:7]}) was in this build. It changes 2 files:\n" in result.stdout
    assert result.exit_code == 0
    desk.build(FILES | {"app/db.py": text("new")})
    result = desk.ask("--fix", "HEAD")
    assert f"✗ The fix HEAD ({fix[:7]}) was only PARTLY in this build. It changes 2 files:\n" in result.stdout
    assert result.exit_code == 3


def test_json_has_every_field(desk: Desk) -> None:
    sha = desk.repo.commit("One", in_backend(FILES) | {"backend/gone.py": text("gone")})
    fix = desk.repo.commit("Fix", {"backend/app/db.py": text("new")})
    desk.repo.push()
    desk.build(FILES | {"app/main.py": text("hot"), ".env": "a=b"})
    result = desk.ask("--json", "--fix", "main")
    found = json.loads(result.stdout)
    assert len(found.pop("tree")) == 40
    assert found["archive"].pop("bytes") > 100
    origin = found.pop("origin")
    assert (origin["policy"], origin["problems"]) == (None, [])
    assert origin["scope"].startswith(f"{URI}, beside the clone ")
    assert found == {
        "build": f"projects/vividly-dev/locations/us-central1/builds/{ID}",
        "archive": {"uri": URI, "files": 5, "hash_is_recorded": True},
        "root": "backend/",
        "nearest": {
            "commit": sha,
            "subject": "One",
            "time": "2026-08-01T09:01:00.000000Z",
            "pushed": True,
            "distance": 3,
            "ties": [],
        },
        "identical": False,
        "equal": 3,
        "modified": ["backend/app/main.py"],
        "not_in_git": ["backend/.env"],
        "left_out": [{"path": "backend/gone.py", "rule": None}],
        "line_endings": [],
        "secrets": ["backend/.env"],
        "steps": "not compared",
        "fix": {
            "commit": fix,
            "in": False,
            "files": [{"path": "backend/app/db.py", "state": "OLD", "written": "2026-08-02T01:12:00.000000Z"}],
        },
        "notes": [],
    }
    assert result.exit_code == 3


def test_the_tree_is_the_one_that_git_has_for_the_same_files(desk: Desk) -> None:
    desk.repo.commit("One", in_backend(FILES))
    desk.build(FILES)
    assert desk.found()["tree"] == desk.repo.git("rev-parse", "HEAD:backend")


def test_an_archive_that_was_fetched_by_other_means_is_compared_where_its_hash_is_the_recorded_one(desk: Desk) -> None:
    desk.repo.commit("One", FILES)
    desk.repo.push()
    desk.build(FILES)
    desk.storage.delete(BUCKET, OBJECT)
    file = desk.folder / "a.tgz"
    file.write_bytes(tgz(FILES))
    result = desk.ask("--archive", str(file))
    assert f"Read: {file}; its MD5 is the one that the build recorded.\n" in result.stdout
    assert result.exit_code == 0
    file.write_bytes(tgz(FILES | {"x": "x"}))
    result = desk.ask("--archive", str(file))
    assert "expected the archive that was built, whose MD5 is" in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_an_archive_without_a_recorded_hash_is_said_to_be(desk: Desk) -> None:
    desk.repo.commit("One", FILES)
    desk.build(FILES, sourceProvenance={})
    said = f"Read: {URI}, the generation that was built; the build recorded no hash of it.\n"
    assert said in desk.ask().stdout
    assert desk.found()["archive"]["hash_is_recorded"] is False


class TestCanNotTell:
    """What the command can't answer, exit code 4, and what is an error, exit code 2."""

    def test_an_archive_that_is_gone(self, desk: Desk) -> None:
        desk.repo.commit("One", FILES)
        desk.build(None)
        result = desk.ask()
        assert result.stderr == (
            f"? {URI} is gone: a rule of the bucket may have deleted it; "
            f"within 7 days, unless the bucket says otherwise: gcloud storage restore {URI}\n"
        )
        assert (result.exit_code, result.stdout) == (4, "")

    def test_no_permission(self, desk: Desk) -> None:
        desk.build(FILES)
        desk.storage.bucket(BUCKET).readable = False
        desk.repo.commit("One", FILES)
        result = desk.ask()
        assert f"needs storage.objects.get on bucket {BUCKET} (it is in roles/storage.objectViewer)" in result.stderr
        assert (result.exit_code, result.stdout) == (2, "")

    def test_no_clone(self, desk: Desk, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        desk.build(FILES | {".env": "a=b"})
        result = desk.ask(repo=tmp_path / "empty")
        assert result.stdout.startswith(f"? No clone in {tmp_path / 'empty'} to compare with: 5 files, tree ")
        assert result.stdout.endswith(", .env among them. Name one with --repo\n")
        assert result.exit_code == 4

    def test_another_repository(self, desk: Desk) -> None:
        desk.repo.commit("One", {"README.md": "x", "app/main.py": text("another")})
        desk.build(FILES)
        result = desk.ask()
        assert result.stdout == "? Only 0 of 4 uploaded files are in this repository: is --repo the right clone?\n"
        assert result.exit_code == 4
        assert desk.found()["nearest"] is None

    def test_a_shallow_clone(self, desk: Desk, tmp_path: Path) -> None:
        desk.repo.commit("One", FILES)
        desk.repo.commit("Two", {"app/db.py": text("two")})
        shallow = tmp_path / "shallow"
        source = desk.repo.folder.as_uri()
        subprocess.run(["git", "clone", "--quiet", "--depth=1", source, str(shallow)], check=True)
        desk.build(FILES)
        result = desk.ask(repo=shallow)
        assert (
            "? The clone is shallow (1 commits): a nearer commit may be missing. "
            f"git -C {shallow} fetch --unshallow\n" in result.stdout
        )
        assert result.exit_code == 4

    def test_no_branch_of_a_remote(self, desk: Desk) -> None:
        desk.repo.commit("One", FILES)
        desk.build(FILES)
        result = desk.ask()
        assert "(1 Aug 09:01 UTC, whether pushed is not known)" in result.stdout
        assert result.exit_code == 4

    def test_a_fix_outside_the_uploaded_folder(self, desk: Desk) -> None:
        desk.repo.commit("One", in_backend(FILES))
        fix = desk.repo.commit("Fix", {"front.js": "x"})
        desk.build(FILES)
        result = desk.ask("--fix", fix)
        assert f"? The fix {fix[:7]} changes nothing of what was uploaded (backend/): " in result.stdout
        assert result.exit_code == 4

    def test_a_fix_that_the_clone_does_not_have(self, desk: Desk) -> None:
        desk.repo.commit("One", FILES)
        desk.build(FILES)
        result = desk.ask("--fix", "d" * 40)
        assert f"does not have commit {'d' * 40}; run: git -C {desk.repo.folder} fetch --all" in result.stderr
        assert result.exit_code == 2

    def test_an_upload_that_is_a_manifest(self, desk: Desk) -> None:
        place = {"bucket": BUCKET, "object": "m.json", "generation": "1"}
        desk.build(FILES, source={"storageSourceManifest": place}, sourceProvenance={})
        result = desk.ask()
        assert "expected one archive, got a manifest of files that are stored one by one" in result.stderr
        assert result.exit_code == 2

    def test_what_is_no_archive(self, desk: Desk) -> None:
        desk.repo.commit("One", FILES)
        desk.build(b"hello, this is no archive")
        result = desk.ask()
        assert "expected a tar or zip archive, got something else" in result.stderr
        assert result.exit_code == 2


def test_a_build_of_a_commit_has_nothing_to_compare(desk: Desk) -> None:
    git = {"url": "https://github.com/vividly/worker.git", "revision": "85cffd8" + "0" * 33}
    desk.build(FILES, source={"gitSource": git}, sourceProvenance={"resolvedGitSource": git})
    result = desk.ask()
    assert result.stdout == f"{BUILD} was made from commit 85cffd8 (resolved): nothing to compare\n"
    assert result.exit_code == 0


def test_a_build_without_a_source_has_nothing_to_compare_and_can_not_be_told(desk: Desk) -> None:
    desk.build(FILES, source=None, sourceProvenance={})
    result = desk.ask()
    assert result.stdout == "Build 4e841fcb (2026-08-02 02:00 UTC) has no source of its own: nothing to compare\n"
    assert result.exit_code == 4


def test_no_name_of_a_file_does_anything_to_the_terminal(desk: Desk) -> None:
    evil = "a\u202eb\x1b[2Jc\n✓ All files are identical.py"
    desk.repo.commit("Evil \x1b[31m\u202e", FILES | {"\x1b[31mgone\n.py": text("gone")})
    desk.build(FILES | {evil: text("evil"), "\x1b]0;x.pem": "x"})
    for words in ((), ("--json",), ("--fix", "HEAD"), ("--diff", evil)):
        output = desk.ask(*words).output
        assert not [sign for sign in output if (ord(sign) < 32 and sign != "\n") or sign == "\u202e"]
        assert not [line for line in output.splitlines() if line.startswith("✓ All files")]
