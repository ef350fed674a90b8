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
from tests.conformance.case import (
    CLAIMS,
    FAILED,
    LOCAL,
    ORCHARD,
    SOURCE,
    TRIGGERED,
    VERIFIED,
    ConformanceRow,
    ConformanceTable,
)

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
    ConformanceTable(
        "claims beside a commit",
        pushed,
        ORCHARD,
        CLAIMS,
        (
            ConformanceRow("its own", same, VERIFIED, "no claim goes beyond"),
            ConformanceRow("eight digits", claim(SHORT_SHA=SHA[:8]), VERIFIED, "no claim goes beyond"),
            ConformanceRow("capitals", claim(COMMIT_SHA=SHA.upper()), VERIFIED, "no claim goes beyond"),
            ConformanceRow(
                "none of it", put("substitutions", {"BRANCH_NAME": "main", "REF_NAME": "main"}), VERIFIED, "no claim"
            ),
            ConformanceRow("of no consequence", claim(_FLAVOUR="pear"), VERIFIED, "no claim goes beyond"),
            ConformanceRow("COMMIT_SHA of another", claim(COMMIT_SHA=OTHER_SHA), FAILED, "contradicted"),
            ConformanceRow("REVISION_ID of another", claim(REVISION_ID=OTHER_SHA), FAILED, "contradicted"),
            ConformanceRow("SHORT_SHA of another", claim(SHORT_SHA=OTHER_SHA[:7]), FAILED, "contradicted"),
            ConformanceRow("SHORT_SHA too short", claim(SHORT_SHA=SHA[:6]), FAILED, "contradicted"),
            ConformanceRow(
                "REPO_FULL_NAME of another", claim(REPO_FULL_NAME="orchard/presses"), FAILED, "contradicted"
            ),
            ConformanceRow("REPO_FULL_NAME without its owner", claim(REPO_FULL_NAME="press"), FAILED, "contradicted"),
        ),
    ),
    ConformanceTable(
        "claims of an upload",
        uploaded,
        ORCHARD,
        SOURCE,
        (
            ConformanceRow("a push", same, VERIFIED, "resolved", build=pushed),
            *(
                ConformanceRow(name, claim(**{name: value}), LOCAL, "no commit is recorded")
                for name, value in _TYPED.items()
            ),
            ConformanceRow("all of them", claim(**_TYPED), LOCAL, "no commit is recorded"),
            ConformanceRow("a trigger's tag", put("tags", [f"trigger-{TRIGGER_ID}"]), LOCAL, "no commit is recorded"),
            ConformanceRow("a tag of a function", put("tags", ["p-gcf", "t-function"]), LOCAL, "no commit is recorded"),
        ),
    ),
    ConformanceTable(
        "claims without a source",
        without_source,
        ORCHARD,
        SOURCE,
        (
            ConformanceRow("a push", same, VERIFIED, "resolved", build=pushed),
            *(
                ConformanceRow(name, claim(**{name: value}), LOCAL, "no source is recorded")
                for name, value in _TYPED.items()
            ),
            ConformanceRow("all of them", claim(**_TYPED), LOCAL, "no source is recorded"),
        ),
    ),
    ConformanceTable(
        "claims of a build by hand",
        by_hand,
        ORCHARD,
        TRIGGERED,
        (
            ConformanceRow("a push", same, VERIFIED, TRIGGER, build=pushed),
            *(
                ConformanceRow(name, claim(**{name: value}), FAILED, "submitted by hand")
                for name, value in _TYPED.items()
            ),
            ConformanceRow("all of them", claim(**_TYPED), FAILED, "submitted by hand"),
        ),
    ),
)
