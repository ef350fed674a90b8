"""The blocks of commands in the documentation, and what becomes of each where a new user pastes it.

All of them are pasted, page by page and in their order. What needs a real cloud is asked of a `gcloud` and a
`terraform` that write down what they were asked: `NEEDS_A_CLOUD` names each such command.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

import re2

from verifier.demo.scenario import JOB

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "terraform/README.md",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))),
)
_BLOCK = r"(?ms)^ *```(\w*)\n(.*?)^ *```"
_LANGUAGES = ("sh", "bash", "zsh", "console", "shell")
_COMMAND = r"(?m)^ *(?:\$ )?(?:verifier|gcloud|terraform|make|git|cd|export|pip|gh|curl|eval|cp|touch) "


@dataclass(frozen=True, slots=True)
class PastedBlock:
    """What is expected of a block."""

    says: tuple[str, ...]
    """What stands on standard output, in this order."""
    codes: tuple[int, ...] = (0,)
    """Exit codes of its last command, any of which is right."""


FOUND = (3,)
"""It says no, or that there are errors, which is what the story is about."""
PASTED: dict[str, tuple[PastedBlock, ...]] = {
    "README.md": (
        PastedBlock(("LOCAL_SOURCE  4e841fcb", "VERIFIED  c3d85f1e", "Everything is as it should be.")),
        PastedBlock(("LOCAL_SOURCE  5ec2e7aa", "builds, created from", "4  LOCAL_SOURCE")),
    ),
    "terraform/README.md": (
        PastedBlock(()),
        PastedBlock(("policy.toml can be deployed.",)),
        PastedBlock(("slack_secret",)),
        PastedBlock(()),
        PastedBlock(("worker_can_be_started", "samples_were_posted")),
        PastedBlock(("audit",)),
        PastedBlock(("policy.toml can be deployed.", "worker_can_be_started")),
        PastedBlock(("slack_secret", "restart")),
    ),
    "docs/audit.md": (PastedBlock(("LOCAL_SOURCE", "2 builds, created from"), FOUND),),
    "docs/compare.md": (
        PastedBlock(
            (
                "Nearest commit: a1b2c3d",
                "✗ The fix 85cffd8 was NOT in this build.",
                "+++ upload:backend/app/worker.py",
                '"hash_is_recorded": true',
            ),
            FOUND,
        ),
    ),
    "docs/first-week.md": (
        PastedBlock(("builds, created from", "policy.toml can be deployed.")),
        PastedBlock(()),
    ),
    "docs/gates.md": (PastedBlock(("VERIFIED", "source_is_a_commit")),),
    "docs/logs.md": (
        PastedBlock(
            (
                "log.json: 5 entries, 2 errors",
                "since the baseline: 1 new, 1 known, 1 gone",
                "build.log: 3 entries, 1 error",
                f"jobs/{JOB}: ",
                "sqlalchemy.exc.InvalidRequestError",
            ),
            FOUND,
        ),
    ),
    "docs/runs.md": (
        PastedBlock(
            (f"VERIFIED  us-central1/{JOB}", '"verdict": "VERIFIED"', "job,digest,image,build,commit"),
            (0, 3, 4),
        ),
    ),
}
"""Of each page its blocks, in their order. The last of `docs/runs.md` is about a time that may be before the story."""
NEEDS_A_CLOUD = {
    "gcloud auth application-default login": "opens a browser for somebody's account",
    "gcloud auth application-default set-quota-project": "is written to that account's credentials",
    "gcloud services enable": "turns on services of a project that somebody pays for",
    "gcloud beta services identity create": "makes an account in such a project",
    "gcloud builds submit": "runs a build",
    "gcloud builds list": "lists a project's builds; here it prints two",
    "gcloud logging read": "reads a project's logs; here it prints five entries",
    "gcloud iam service-accounts create": "makes an account",
    "gcloud projects add-iam-policy-binding": "grants a role",
    "gcloud functions deploy": "deploys a function",
    "gcloud run jobs deploy": "deploys a job",
    "terraform init": "downloads providers",
    "terraform apply": "makes the installation",
    "terraform output": "tells of an installation; here `doctor` is the stand-in's, and the others print their names",
}
"""Commands that are only written down, each with why."""


def blocks(page: str) -> list[str]:
    """Return the blocks of a page that are to be pasted."""
    found = re2.findall(_BLOCK, (ROOT / page).read_text())
    return [textwrap.dedent(text) for language, text in found if language in _LANGUAGES]


def unlabelled_commands(page: str) -> list[str]:
    """Return the first lines of blocks with commands that are not said to be any."""
    found = re2.findall(_BLOCK, (ROOT / page).read_text())
    return [text.partition("\n")[0] for language, text in found if not language and re2.search(_COMMAND, text)]
