"""Builds that need no commit: which condition is firm, and what only imitates one."""

from __future__ import annotations

from tests.conformance.builds import (
    ACCOUNT,
    OTHER_SHA,
    PROJECT,
    REGION,
    TRIGGER_ID,
    both,
    by_account,
    claim,
    from_bucket,
    pushed,
    put,
    run_deployed,
    same,
    uploaded,
    without_source,
)
from tests.conformance.case import EXEMPT, FAILED, LOCAL, ORCHARD, SOURCE, VERIFIED, CaseTable, Spec

_BUCKET = f"run-sources-{PROJECT}-{REGION}"
_LOOK_ALIKE_BUCKETS = (
    f"x{_BUCKET}",
    f"{_BUCKET}x",
    f" {_BUCKET}",
    f"{_BUCKET}\n",
    _BUCKET.upper(),
    _BUCKET.replace(PROJECT, "evil"),
    _BUCKET[:-1],
    f"gs://{_BUCKET}",
    f"{_BUCKET}/x",
)
_LOOK_ALIKE_ACCOUNTS = (
    f"x{ACCOUNT}",
    f"{ACCOUNT}.example.com",
    ACCOUNT.upper(),
    ACCOUNT.replace(PROJECT, "evil-dev"),
    f"{ACCOUNT} ",
    ACCOUNT.partition("@")[0],
    "731204958811-compute@developer.gserviceaccount.com",
    "",
)


def _exempting(**conditions: object) -> str:
    lines = (f"{name} = {str(value) if isinstance(value, list) else repr(value)}" for name, value in conditions.items())
    return "\n".join([ORCHARD, "[[exemption]]", 'reason = "deployed on purpose"', *lines]).replace("'", '"')


_BOTH = _exempting(bucket=_BUCKET, service_account=ACCOUNT)
_ACCOUNT = _exempting(service_account=ACCOUNT)
_TRIGGER = _exempting(trigger=TRIGGER_ID)
_PROJECT = _exempting(projects=[PROJECT, "another-dev"])

TABLES = (
    CaseTable(
        "exempt by account",
        run_deployed,
        _BOTH,
        SOURCE,
        (
            Spec("bucket and account", same, EXEMPT, "exempt: deployed on purpose"),
            Spec("the account alone", same, EXEMPT, "exempt", policy=_ACCOUNT),
            Spec(
                "the account and a tool",
                same,
                EXEMPT,
                "exempt",
                policy=_exempting(service_account=ACCOUNT, tool="gcloud run deploy --source"),
            ),
            Spec(
                "the account and a tag", same, EXEMPT, "exempt", policy=_exempting(service_account=ACCOUNT, tag="p-run")
            ),
            Spec(
                "another tag",
                put("tags", ["p-runs"]),
                LOCAL,
                "no commit",
                policy=_exempting(service_account=ACCOUNT, tag="p-run"),
            ),
            *(
                Spec(f"bucket {bucket!r}", from_bucket(bucket), LOCAL, "no commit is recorded")
                for bucket in _LOOK_ALIKE_BUCKETS
            ),
            *(
                Spec(f"account {email!r}", by_account(email), LOCAL, "no commit is recorded")
                for email in _LOOK_ALIKE_ACCOUNTS
            ),
            *(
                Spec(f"account alone {email!r}", by_account(email), LOCAL, "no commit", policy=_ACCOUNT)
                for email in _LOOK_ALIKE_ACCOUNTS
            ),
            Spec(
                "the bucket in the object's name",
                both(
                    from_bucket("other"),
                    put("source.storageSource.object", f"{_BUCKET}/x"),
                    put("sourceProvenance.resolvedStorageSource.object", f"{_BUCKET}/x"),
                ),
                LOCAL,
                "no commit",
            ),
            Spec("the account in a claim", both(by_account("x@y"), claim(SERVICE_ACCOUNT=ACCOUNT)), LOCAL, "no commit"),
            Spec("its claims are not believed", claim(COMMIT_SHA=OTHER_SHA), EXEMPT, "exempt"),
        ),
    ),
    CaseTable(
        "exempt by trigger",
        without_source,
        _TRIGGER,
        SOURCE,
        (
            Spec("its id", put("buildTriggerId", TRIGGER_ID), EXEMPT, "exempt"),
            Spec("by hand", same, LOCAL, "no source"),
            Spec(
                "its id as a name", both(put("buildTriggerId", "x"), claim(TRIGGER_NAME=TRIGGER_ID)), LOCAL, "no source"
            ),
            Spec("its id as a tag", put("tags", [f"trigger-{TRIGGER_ID}"]), LOCAL, "no source"),
            Spec("half its id", put("buildTriggerId", TRIGGER_ID[:-1]), LOCAL, "no source"),
            Spec("a commit by that trigger", same, VERIFIED, "resolved", build=pushed),
        ),
    ),
    CaseTable(
        "exempt by project",
        uploaded,
        _PROJECT,
        SOURCE,
        (
            Spec("its project", same, EXEMPT, "exempt"),
            Spec("another project", put("projectId", "orchard-prod"), LOCAL, "no commit"),
            Spec(
                "the project's name in the bucket",
                both(put("projectId", "orchard-prod"), from_bucket(f"{PROJECT}_cloudbuild")),
                LOCAL,
                "no commit",
            ),
            Spec("another case", put("projectId", PROJECT.upper()), LOCAL, "no commit"),
            Spec(
                "a project and an account",
                by_account("x@y"),
                LOCAL,
                "no commit",
                policy=_exempting(projects=[PROJECT], service_account=ACCOUNT),
            ),
            Spec("no source", same, EXEMPT, "exempt", build=without_source),
            Spec("a commit that is not allowed", put("buildTriggerId", ""), FAILED, "resolved", build=pushed),
        ),
    ),
    CaseTable(
        "what may be named by anybody exempts nothing",
        run_deployed,
        _exempting(bucket=_BUCKET),
        SOURCE,
        (
            Spec("a push", same, VERIFIED, "resolved", build=pushed),
            Spec("a bucket alone", same, LOCAL, "no commit is recorded"),
            Spec("a bucket, claims of a push", put("substitutions", pushed()["substitutions"]), LOCAL, "no commit"),
            Spec(
                "a bucket and a tool",
                same,
                LOCAL,
                "no commit",
                policy=_exempting(bucket=_BUCKET, tool="gcloud run deploy --source"),
            ),
            Spec("a bucket and a tag", same, LOCAL, "no commit", policy=_exempting(bucket=_BUCKET, tag="p-run")),
            Spec(
                "a bucket, beside a firm one",
                by_account("x@y"),
                LOCAL,
                "no commit",
                policy=_exempting(bucket=_BUCKET) + _ACCOUNT.replace(ORCHARD, ""),
            ),
        ),
    ),
)
