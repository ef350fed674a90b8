"""Branches and tags: what proves one, and which are on the list."""

from __future__ import annotations

from tests.conformance.builds import (
    CONNECTED,
    OTHER_SHA,
    OTHER_TRIGGER_ID,
    TRIGGER_ID,
    both,
    by_hand,
    claim,
    drop,
    mirrored,
    on,
    pushed,
    put,
    same,
    uploaded,
)
from tests.conformance.case import (
    ANY_BRANCH,
    BRANCH,
    FAILED,
    LENIENT,
    LOCAL,
    OPEN,
    ORCHARD,
    SOURCE,
    TRIGGERED,
    VERIFIED,
    CaseTable,
    Spec,
    trigger,
)
from verifier.facts.trigger import Unread

_ASKED = "source.repoSource"
_MAIN = {"BRANCH_NAME": "main", "REF_NAME": "main"}
_PATTERNS = (
    ".*",
    "^main$",
    "main|evil",
    "(main)",
    "mai[n]",
    "main+",
    "mai?n",
    "ma\\w+",
    "release/1|main",
    "ma{1}in",
    "main$",
)
_OF_PULL_REQUESTS = ("_PR_NUMBER", "_HEAD_BRANCH", "_BASE_BRANCH", "_HEAD_REPO_URL")
_OLD = put("createTime", "2020-11-05T08:00:00Z")
_SEVEN = claim(_PR_NUMBER="7")
_BY_IT = put("buildTriggerId", TRIGGER_ID)
_FOR_THEM = trigger(github={"pullRequest": {"branch": "^main$", "commentControl": "COMMENTS_ENABLED"}})
_CONNECTED = trigger(github=None, repositoryEventConfig={"repository": CONNECTED, "pullRequest": {}})
_STRANGE = trigger(github=None, **{"#1000": {}})
_OTHERS = f'triggers = ["{OTHER_TRIGGER_ID}"]\n{ORCHARD}'
_NOT_LISTED = "is not on the policy's list"
_ODD = (
    "Main MAIN main2 xmain evil feature/main main/evil heads/main origin/main m\u0430in main\u200b \u202emain "
    "main\u00a0 release releasex/1 prerelease/1 Release/1 v1 master"
).split(" ")
"""Names that look like a listed one."""
_NOT_PLAIN = ("release/../main", "release/1|main", "release/1/", "release/1\nmain", "release/1\u200b", "release//1")
"""Names that `release/*` would match, if `*` stood for anything."""

TABLES = (
    CaseTable(
        "branches on the list",
        pushed,
        ORCHARD,
        BRANCH,
        (
            Spec("main", same, VERIFIED, "branch main"),
            Spec("release/1.2", on("branch", "release/1.2"), VERIFIED, "branch release/1.2"),
            Spec("a release's fix", on("branch", "release/1.2/fix"), VERIFIED, "release/1.2/fix"),
            Spec("a release named after a person", on("branch", "release/bj\u00f6rk"), VERIFIED, "release/bj"),
            Spec("a tag", on("tag", "v2.0.1"), VERIFIED, "tag v2.0.1"),
            Spec("no list at all", on("branch", "anything"), VERIFIED, "policy lists no branches", policy=ANY_BRANCH),
            *(Spec(f"look-alike {name!r}", on("branch", name), FAILED, _NOT_LISTED) for name in _ODD),
            *(Spec(f"not plain {name!r}", on("branch", name), FAILED, _NOT_LISTED) for name in _NOT_PLAIN),
            Spec("a tag named main", on("tag", "main"), FAILED, _NOT_LISTED),
            Spec("a tag named release/1", on("tag", "release/1"), FAILED, _NOT_LISTED),
            Spec("a branch named v1", on("branch", "v1"), FAILED, _NOT_LISTED),
            Spec("a tag with two dots", on("tag", "v1..2"), FAILED, _NOT_LISTED),
            Spec("a tag that is a lock", on("tag", "v1.lock"), FAILED, _NOT_LISTED),
        ),
    ),
    CaseTable(
        "what proves a branch",
        pushed,
        ORCHARD,
        BRANCH,
        (
            Spec("only typed", on("branch", "main", None), OPEN, "was only typed"),
            Spec("of a time before REF_NAME", both(on("branch", "main", None), _OLD), VERIFIED, "branch main"),
            Spec("of that time, another REF_NAME", both(on("branch", "main", "x"), _OLD), OPEN, "its REF_NAME x"),
            Spec("without a time", both(on("branch", "main", None), drop("createTime")), OPEN, "was only typed"),
            Spec("only typed, a tag", on("tag", "v1", None), OPEN, "was only typed"),
            Spec("only typed, no list", on("branch", "main", None), VERIFIED, "lists no branches", policy=ANY_BRANCH),
            Spec("another REF_NAME", on("branch", "main", "evil"), OPEN, "its REF_NAME evil"),
            Spec("another REF_NAME by case", on("branch", "main", "Main"), OPEN, "its REF_NAME Main"),
            Spec("REF_NAME in full", on("branch", "main", "refs/heads/main"), OPEN, "refs/heads/main"),
            Spec("REF_NAME alone", claim(BRANCH_NAME=None), OPEN, "names no branch or tag"),
            Spec("no name", claim(BRANCH_NAME=None, REF_NAME=None), OPEN, "names no branch or tag"),
            Spec("an empty name", on("branch", "", "main"), OPEN, "names no branch or tag"),
            Spec("a branch and a tag, the tag's ref", claim(TAG_NAME="v1", REF_NAME="v1"), OPEN, "both a branch and a"),
            Spec("a branch and a tag, the branch's ref", claim(TAG_NAME="v1"), OPEN, "both a branch and a tag"),
            Spec("a branch and a tag of one name", claim(TAG_NAME="main"), OPEN, "both a branch and a tag"),
            *(
                Spec(
                    f"{name}, listed as *",
                    on("branch", name),
                    OPEN,
                    "is no branch",
                    policy=f'{ANY_BRANCH}branches=["*"]',
                )
                for name in ("refs/pull/7/merge", "refs/pull/7/head", "refs/merge-requests/7/head", "refs/changes/1/2")
            ),
            Spec("refs/pull, no list", on("branch", "refs/pull/7/merge"), OPEN, "is no branch", policy=ANY_BRANCH),
            Spec("refs/pull as a tag", on("tag", "refs/pull/7/merge"), OPEN, "is no tag", policy=ANY_BRANCH),
            Spec("refs/heads/main", on("branch", "refs/heads/main"), OPEN, "is no branch"),
        ),
    ),
    CaseTable(
        "a mirrored repository's branch",
        mirrored,
        ORCHARD,
        BRANCH,
        (
            Spec("main", same, VERIFIED, "branch main"),
            Spec("a release, by its trigger", put(f"{_ASKED}.branchName", "release/1.2"), VERIFIED, "release/1.2"),
            Spec("a tag", both(drop(f"{_ASKED}.branchName"), put(f"{_ASKED}.tagName", "v3")), VERIFIED, "tag v3"),
            Spec("without a project", drop(f"{_ASKED}.projectId"), VERIFIED, "branch main"),
            Spec("another branch", put(f"{_ASKED}.branchName", "evil"), FAILED, _NOT_LISTED),
            Spec(
                "not its own typed one", both(put(f"{_ASKED}.branchName", "evil"), claim(**_MAIN)), FAILED, _NOT_LISTED
            ),
            Spec(
                "inverted", put(f"{_ASKED}.invertRegex", value=True), OPEN, "invertRegex asks for any branch but main"
            ),
            Spec("inverted, as text", put(f"{_ASKED}.invertRegex", "true"), OPEN, "invertRegex"),
            Spec("not inverted", put(f"{_ASKED}.invertRegex", value=False), VERIFIED, "branch main"),
            Spec("a branch and a tag", put(f"{_ASKED}.tagName", "v1"), OPEN, "both a branch and a tag"),
            Spec("a list", put(f"{_ASKED}.branchName", ["main"]), OPEN, "is no text"),
            Spec("a ref of a pull request", put(f"{_ASKED}.branchName", "refs/pull/7/merge"), OPEN, "is no branch"),
            *(
                Spec(f"the pattern {pattern}", put(f"{_ASKED}.branchName", pattern), OPEN, "is a pattern")
                for pattern in _PATTERNS
            ),
            Spec("no branch and no tag", drop(f"{_ASKED}.branchName"), OPEN, "names no branch or tag"),
        ),
    ),
    CaseTable(
        "a mirrored repository's branch, by hand",
        mirrored,
        LENIENT + 'branches = ["main", "release/*"]',
        BRANCH,
        (
            Spec("main", drop("buildTriggerId"), VERIFIED, "branch main"),
            Spec(
                "inverted", both(drop("buildTriggerId"), put(f"{_ASKED}.invertRegex", value=True)), OPEN, "invertRegex"
            ),
            *(
                Spec(
                    f"the pattern {pattern}",
                    both(drop("buildTriggerId"), put(f"{_ASKED}.branchName", pattern)),
                    OPEN,
                    "is a",
                )
                for pattern in (*_PATTERNS, "ma.n", "release/1.2")
            ),
        ),
    ),
    CaseTable(
        "pull requests",
        pushed,
        ORCHARD,
        BRANCH,
        (
            *(
                Spec(f"offline, {name}", claim(**{name: "7"}), OPEN, "it says that it was built for pull request")
                for name in _OF_PULL_REQUESTS
            ),
            Spec("its trigger is gone", _SEVEN, OPEN, "there is none", trigger=Unread("there is none")),
            Spec("its trigger can't be told", _SEVEN, OPEN, "can't tell", trigger=_STRANGE),
            Spec(
                "of a trigger for pull requests",
                _SEVEN,
                OPEN,
                "built for pull request 7",
                trigger=_FOR_THEM,
                slack=False,
            ),
            Spec("of such a trigger, no claim", same, OPEN, "built for pull request ?", trigger=_FOR_THEM, slack=False),
            Spec("of a connection's trigger", _SEVEN, OPEN, "pull request 7", trigger=_CONNECTED, slack=False),
            Spec("no branches listed", _SEVEN, OPEN, "request 7", trigger=_FOR_THEM, policy=ANY_BRANCH, slack=False),
            Spec("of a trigger for pushes", _SEVEN, VERIFIED, "branch main", trigger=trigger()),
            Spec(
                "of a trigger for pushes, another branch",
                both(_SEVEN, on("branch", "x")),
                FAILED,
                "not on",
                trigger=trigger(),
            ),
            Spec(
                "of a trigger for messages",
                _SEVEN,
                VERIFIED,
                "branch main",
                trigger=trigger(github=None, pubsubConfig={}),
            ),
            Spec(
                "another commit than claimed",
                both(_SEVEN, claim(COMMIT_SHA=OTHER_SHA)),
                FAILED,
                "built for",
                trigger=_FOR_THEM,
            ),
            *(
                Spec(
                    f"by hand, {name}",
                    claim(**{name: "7"}),
                    FAILED,
                    "submitted by hand",
                    build=by_hand,
                    check=TRIGGERED,
                )
                for name in _OF_PULL_REQUESTS
            ),
            Spec("an upload", _SEVEN, LOCAL, "no commit is recorded", build=uploaded, check=SOURCE),
            Spec(
                "an upload by such a trigger",
                both(_SEVEN, _BY_IT),
                LOCAL,
                "no commit",
                build=uploaded,
                check=SOURCE,
                trigger=_FOR_THEM,
            ),
            Spec(
                "an unlisted trigger",
                _SEVEN,
                FAILED,
                "is not on the",
                policy=_OTHERS,
                check=TRIGGERED,
                trigger=_FOR_THEM,
            ),
        ),
    ),
)
