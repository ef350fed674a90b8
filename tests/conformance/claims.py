"""What anybody may type: it makes nothing better, quieter or other than it is."""

from __future__ import annotations

from tests.conformance.builds import (
    OTHER_SHA,
    SHA,
    TRIGGER,
    TRIGGER_ID,
    by_hand,
    claim,
    pushed,
    put,
    same,
    uploaded,
    without_source,
)
from tests.conformance.case import CLAIMS, FAILED, LOCAL, ORCHARD, SOURCE, TRIGGERED, VERIFIED, CaseTable, Spec

_TYPED = {
    "COMMIT_SHA": SHA,
    "REVISION_ID": SHA,
    "SHORT_SHA": SHA[:7],
    "BRANCH_NAME": "main",
    "TAG_NAME": "v1",
    "REF_NAME": "main",
    "REPO_NAME": "press",
    "REPO_FULL_NAME": "orchard/press",
    "TRIGGER_NAME": TRIGGER,
    "TRIGGER_BUILD_CONFIG_PATH": "cloudbuild.yaml",
    "SERVICE_ACCOUNT": "builder@orchard-dev.iam.gserviceaccount.com",
    "_PR_NUMBER": "7",
    "_GIT_SHA": SHA,
}

TABLES = (
    CaseTable(
        "claims beside a commit",
        pushed,
        ORCHARD,
        CLAIMS,
        (
            Spec("its own", same, VERIFIED, "no claim goes beyond"),
            Spec("eight digits", claim(SHORT_SHA=SHA[:8]), VERIFIED, "no claim goes beyond"),
            Spec("capitals", claim(COMMIT_SHA=SHA.upper()), VERIFIED, "no claim goes beyond"),
            Spec("none of it", put("substitutions", {"BRANCH_NAME": "main", "REF_NAME": "main"}), VERIFIED, "no claim"),
            Spec("of no consequence", claim(_FLAVOUR="pear"), VERIFIED, "no claim goes beyond"),
            Spec("COMMIT_SHA of another", claim(COMMIT_SHA=OTHER_SHA), FAILED, "contradicted"),
            Spec("REVISION_ID of another", claim(REVISION_ID=OTHER_SHA), FAILED, "contradicted"),
            Spec("SHORT_SHA of another", claim(SHORT_SHA=OTHER_SHA[:7]), FAILED, "contradicted"),
            Spec("SHORT_SHA too short", claim(SHORT_SHA=SHA[:6]), FAILED, "contradicted"),
            Spec("REPO_FULL_NAME of another", claim(REPO_FULL_NAME="orchard/presses"), FAILED, "contradicted"),
            Spec("REPO_FULL_NAME without its owner", claim(REPO_FULL_NAME="press"), FAILED, "contradicted"),
        ),
    ),
    CaseTable(
        "claims of an upload",
        uploaded,
        ORCHARD,
        SOURCE,
        (
            Spec("a push", same, VERIFIED, "resolved", build=pushed),
            *(Spec(name, claim(**{name: value}), LOCAL, "no commit is recorded") for name, value in _TYPED.items()),
            Spec("all of them", claim(**_TYPED), LOCAL, "no commit is recorded"),
            Spec("a trigger's tag", put("tags", [f"trigger-{TRIGGER_ID}"]), LOCAL, "no commit is recorded"),
            Spec("a tag of a function", put("tags", ["p-gcf", "t-function"]), LOCAL, "no commit is recorded"),
        ),
    ),
    CaseTable(
        "claims without a source",
        without_source,
        ORCHARD,
        SOURCE,
        (
            Spec("a push", same, VERIFIED, "resolved", build=pushed),
            *(Spec(name, claim(**{name: value}), LOCAL, "no source is recorded") for name, value in _TYPED.items()),
            Spec("all of them", claim(**_TYPED), LOCAL, "no source is recorded"),
        ),
    ),
    CaseTable(
        "claims of a build by hand",
        by_hand,
        ORCHARD,
        TRIGGERED,
        (
            Spec("a push", same, VERIFIED, TRIGGER, build=pushed),
            *(Spec(name, claim(**{name: value}), FAILED, "submitted by hand") for name, value in _TYPED.items()),
            Spec("all of them", claim(**_TYPED), FAILED, "submitted by hand"),
        ),
    ),
)
