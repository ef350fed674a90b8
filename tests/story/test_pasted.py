"""A new user: each block of commands of the documentation, pasted in its order into bash and zsh, on the stand-in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import re2

from tests.absence import require
from tests.busy import LONG_SECONDS
from tests.fixtures import builds
from tests.served_demo import ServedDemo, served_demo
from tests.story.pasted import NEEDS_A_CLOUD, PAGES, PASTED, ROOT, PastedBlock, blocks, unlabelled_commands
from tests.unit.history.log_documents import LOG, entry
from verifier.demo.repository import make_repository, uploaded_archive
from verifier.demo.scenario import PROJECT

SHELLS = {
    "bash": ("bash", "--norc", "--noprofile", "-i", "-s"),
    "zsh": ("zsh", "--no-rcs", "-i", "-s"),
}
"""As somebody's terminal has it, but for files of their own: zsh takes no comments there."""
STAYING_UP = "ARGS=--serve"
"""What the README says beside its first block: then the stand-in stays up."""
MARK = "=== pasted"
_STUB = """\
{ printf '%s\\037' NAME "$@"; echo; } >> "$ANSWERS/asked"
case "$1 $2" in
  "builds list") cat "$ANSWERS/builds.json" ;;
  "logging read") cat "$ANSWERS/log.json" ;;
  "output -raw") if [ "$3" = doctor ]; then cat "$ANSWERS/doctor"; else echo "echo $3"; fi ;;
esac
"""
_BUILDS = ("upload-builds-submit", "commit-resolved-git")
_BEFORE = [LOG[1], entry(9, "ERROR worker: disk is full")]
_VARIABLES = {
    "BUILD": "c3d85f1e",
    "PROJECT": PROJECT,
    "JOB": "worker",
    "REGION": "us-central1",
    "IMAGE_WITH_DIGEST": "i",
}


@dataclass
class NewUser:
    """Somebody with a fresh clone, a shell and no cloud."""

    shell: str
    home: Path
    said: list[str] = field(default_factory=list)

    @property
    def clone(self) -> Path:
        return self.home / "build-verifier"

    @property
    def worker(self) -> Path:
        """The story's repository."""
        return self.home / "src" / "worker"

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.home / "bin"), os.environ["PATH"]])
        return {"HOME": str(self.home), "PATH": path, "ANSWERS": str(self.home / "answers"), "TERM": "dumb"}

    @property
    def with_verifier(self) -> dict[str, str]:
        """PATH once the clone's commands are on it."""
        return {"PATH": f"{self.clone}/.venv/bin{os.pathsep}{self.environment['PATH']}"}

    @property
    def asked(self) -> list[list[str]]:
        """What was asked of the cloud: the words of each command, as the shell gave them."""
        lines = (self.home / "answers" / "asked").read_text().splitlines()
        return [re2.sub(r"/(?:dev|proc/self)/fd/\d+", "/dev/fd/N", line).split("\037")[:-1] for line in lines]

    def paste(self, texts: list[str], folder: Path, **more: str) -> list[tuple[int, str]]:
        """Paste these into one new shell, and return the exit code and the output of each."""
        marked = "".join(f'{text.rstrip()}\nprintf "\\n{MARK} %s\\n" "$?"\n' for text in texts)
        ran = subprocess.run(
            SHELLS[self.shell],
            input=marked,
            env=self.environment | more,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LONG_SECONDS,
            check=False,
        )
        self.said.append(ran.stdout + ran.stderr)
        parts = re2.split(rf"\n{MARK} (\d+)\n", ran.stdout)
        return [(int(code), said) for said, code in zip(parts[:-1:2], parts[1::2], strict=True)]


def a_new_user(shell: str, home: Path) -> NewUser:
    """Return somebody whose clone is this checkout, with its environment made."""
    user = NewUser(shell, home)
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    # What Python has compiled goes along: it saves time, and nobody sees it.
    compiled = [str(path.relative_to(ROOT)) for path in (ROOT / "verifier").rglob("*.pyc")]
    for name in [*filter(None, listed.stdout.decode().split("\0")), *compiled]:
        if (ROOT / name).is_file():
            (user.clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, user.clone / name)
    program(
        user.clone / ".venv" / "bin" / "verifier", f'PYTHONPATH={user.clone} exec {sys.executable} -m verifier "$@"'
    )
    (user.clone / ".venv" / "ready").touch()
    for name in ("gcloud", "terraform"):
        program(home / "bin" / name, stub(name))
    answers = home / "answers"
    answers.mkdir()
    (answers / "builds.json").write_text(json.dumps([builds.document(case) for case in _BUILDS]))
    (answers / "log.json").write_text(json.dumps(LOG))
    (answers / "doctor").write_text('verifier doctor --policy "$VERIFIER_POLICY"')
    (answers / "asked").touch()
    user.worker.mkdir(parents=True)
    assert make_repository(user.worker)
    (user.worker / "source.tgz").write_bytes(uploaded_archive())
    (user.worker / "yesterday.json").write_text(json.dumps(_BEFORE))
    (user.worker / "build.log").write_text("starting\nERROR worker: boom\nended\n")
    return user


def stub(name: str) -> str:
    """Return a program that writes down what it was asked."""
    return _STUB.replace("NAME", name)


def program(path: Path, script: str) -> None:
    """Write a program that people have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDemo]:
    """Yield the demo that stays up: the README's first block, pasted into one of the shells."""
    for name in ("git", "make"):
        require(name)
    user = a_new_user(next(filter(shutil.which, SHELLS), "sh"), tmp_path_factory.mktemp("served"))
    command = [user.shell, "-c", f"{blocks('README.md')[0].rstrip()} {STAYING_UP}"]
    with served_demo(command, user.clone, user.environment) as demo:
        yield demo


def as_meant(page: str, number: int, expected: PastedBlock, code: int, said: str) -> list[str]:
    """Return what is not as it should be."""
    place = f"{page}, block {number + 1}"
    wrong = [] if code in expected.codes else [f"{place}: expected exit code {expected.codes}, got {code}: {said}"]
    rest = said
    for part in expected.says:
        before, found, after = rest.partition(part)
        rest = after if found else before
        wrong += [] if found else [f"{place}: expected {part!r} in its place, got {said}"]
    return wrong


def of_ones_own(block: str) -> str:
    """Return a block as people paste it who have a project."""
    return block.replace("my-project", PROJECT)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_block_does_what_it_is_for(shell: str, served: ServedDemo, tmp_path: Path) -> None:
    require(shell)
    user = a_new_user(shell, tmp_path)
    wrong = []
    for page, expected in PASTED.items():
        texts = [of_ones_own(block) for block in blocks(page)]
        skipped = 1 if page == "README.md" else 0
        in_docs = page.startswith("docs/")
        more = _VARIABLES | user.with_verifier if in_docs else {}
        _, *found = user.paste([served.export, *texts[skipped:]], user.worker if in_docs else user.clone, **more)
        assert len(found) == len(texts) - skipped, user.said[-1]
        for number, ((code, said), each) in enumerate(zip(found, expected[skipped:], strict=True), skipped):
            wrong += as_meant(page, number, each, code, said)
    assert wrong == [], "\n".join(wrong)
    assert asked_as_named(user) == {}


def test_the_first_block_plays_the_story(served: ServedDemo) -> None:
    assert "ARGS=--serve" in (ROOT / "README.md").read_text()
    assert as_meant("README.md", 0, PASTED["README.md"][0], 0, "\n".join(served.said)) == []


def asked_as_named(user: NewUser) -> Mapping[str, list[list[str]]]:
    """Return what was asked of the cloud and is not named, and what is named and was not asked."""
    asked = {" ".join(words): words for words in user.asked}
    unnamed = [words for line, words in asked.items() if not line.startswith(tuple(NEEDS_A_CLOUD))]
    unasked = [name for name in NEEDS_A_CLOUD if not any(line.startswith(name) for line in asked)]
    return {name: found for name, found in (("unnamed", unnamed), ("unasked", [unasked])) if any(found)}


def test_both_shells_give_every_command_the_same_words(tmp_path: Path) -> None:
    """Quotes, braces, variables and substitutions mean the same in both."""
    for shell in (*SHELLS, "git"):
        require(shell)
    asked = []
    for shell in SHELLS:
        user = a_new_user(shell, tmp_path / shell)
        for path in (user.clone / ".venv" / "bin" / "verifier", user.home / "bin" / "make"):
            program(path, stub(path.name))
        for page in PASTED:
            user.paste(blocks(page), user.clone, **_VARIABLES, **user.with_verifier)
        asked.append([[word.replace(str(user.home), "HOME") for word in words] for words in user.asked])
    assert asked[0] == asked[1]
    assert {words[0] for words in asked[0]} == {"gcloud", "make", "terraform", "verifier"}


def test_every_block_is_named_and_each_page_that_has_one() -> None:
    found = {page: len(blocks(page)) for page in PAGES if blocks(page)}
    assert {page: len(expected) for page, expected in PASTED.items()} == found


@pytest.mark.parametrize("page", PAGES)
def test_a_block_with_commands_says_so(page: str) -> None:
    assert unlabelled_commands(page) == []


def test_each_command_that_needs_a_cloud_has_a_reason() -> None:
    assert all(NEEDS_A_CLOUD.values())
