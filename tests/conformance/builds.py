"""The builds of an invented team, and the changes that the tables make to them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]
Change = Callable[[Document], None]

PROJECT, NUMBER, REGION = "orchard-dev", "731204958811", "europe-west4"
SHA = "3d5f0b7c9e1a24680bdf13579ace02468bdf1357"
OTHER_SHA = "f00dfeed00112233445566778899aabbccddeeff"
TRIGGER, TRIGGER_ID = "press-main", "5a4b3c2d-1e0f-4a9b-8c7d-6e5f4a3b2c1d"
OTHER_TRIGGER_ID = "aa11bb22-cc33-4d44-8e55-ff6677889900"
ADDRESS = "https://github.com/orchard/press.git"
EVIL = "https://github.com/orchard-press/press.git"
IMAGE = f"{REGION}-docker.pkg.dev/{PROJECT}/fruit/press"
DIGEST = "sha256:" + "7c" * 32
ACCOUNT = f"deployer@{PROJECT}.iam.gserviceaccount.com"
UPLOADED = {
    "bucket": f"{PROJECT}_cloudbuild",
    "object": "source/1790012345.678901-00112233445566778899aabbccddeeff.tgz",
    "generation": "1790012346000001",
}
SERVICE_COPY = {
    "bucket": f"{NUMBER}.cloudbuild-source.googleusercontent.com",
    "object": f"{SHA}-8d0c2b1a-0000-4000-8000-123456789abc.tar.gz",
}
REPO = {"projectId": PROJECT, "repoName": "github_orchard_press"}
CONNECTED = f"projects/{PROJECT}/locations/{REGION}/connections/orchard/repositories/orchard-press"
LINKED = f"projects/{PROJECT}/locations/{REGION}/connections/orchard-scm/gitRepositoryLinks/orchard-press"


def pushed() -> Document:
    """Return the build that the trigger makes of a push to main."""
    git = {"url": ADDRESS, "revision": SHA}
    return _built(
        source={"gitSource": dict(git)},
        sourceProvenance={"resolvedGitSource": dict(git)},
        buildTriggerId=TRIGGER_ID,
        substitutions={
            "BRANCH_NAME": "main",
            "COMMIT_SHA": SHA,
            "REF_NAME": "main",
            "REPO_FULL_NAME": "orchard/press",
            "REPO_NAME": "press",
            "REVISION_ID": SHA,
            "SHORT_SHA": SHA[:7],
            "TRIGGER_BUILD_CONFIG_PATH": "cloudbuild.yaml",
            "TRIGGER_NAME": TRIGGER,
        },
        tags=[f"trigger-{TRIGGER_ID}"],
    )


def by_hand() -> Document:
    """Return a build of the repository's commit that somebody submitted, with steps of their own."""
    git = {"url": ADDRESS, "revision": SHA}
    return _built(source={"gitSource": dict(git)}, sourceProvenance={"resolvedGitSource": dict(git)})


def uploaded() -> Document:
    """Return what `gcloud builds submit` makes of a folder."""
    return _built(source={"storageSource": dict(UPLOADED)}, sourceProvenance={"resolvedStorageSource": dict(UPLOADED)})


def run_deployed() -> Document:
    """Return what `gcloud run deploy --source` makes, by an account of its own."""
    place = UPLOADED | {"bucket": f"run-sources-{PROJECT}-{REGION}", "object": "services/press/1790012345.5-ab.zip"}
    return _built(
        source={"storageSource": dict(place)},
        sourceProvenance={"resolvedStorageSource": dict(place)},
        serviceAccount=f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}",
        tags=["p-run", "service_press"],
    )


def without_source() -> Document:
    """Return a build that has no source at all."""
    return _built()


def mirrored() -> Document:
    """Return a build of a Cloud Source Repository by its trigger, on main."""
    return _built(
        source={"repoSource": {**REPO, "branchName": "main"}},
        sourceProvenance={"resolvedRepoSource": {**REPO, "commitSha": SHA}},
        buildTriggerId=TRIGGER_ID,
    )


def copied_by_the_service() -> Document:
    """Return a build of a GitHub App trigger of 2020: the service stored the source under the commit's name."""
    return _built(
        source={"storageSource": dict(SERVICE_COPY)},
        sourceProvenance={"resolvedStorageSource": {**SERVICE_COPY, "generation": "1790012346000002"}},
        buildTriggerId=TRIGGER_ID,
        substitutions={"COMMIT_SHA": SHA, "REVISION_ID": SHA, "BRANCH_NAME": "main", "REPO_NAME": "press"},
    )


def asked_for() -> Document:
    """Return a build of a connected repository whose commit was asked for, and of which nothing was resolved."""
    document = pushed()
    document["source"] = {"connectedRepository": {"repository": CONNECTED, "revision": SHA}}
    document["sourceProvenance"] = {}
    return document


def hidden() -> Document:
    """Return a build of a GitHub App trigger of 2022, which shows nothing of its source."""
    return pushed() | {"source": {}, "sourceProvenance": {}}


def _built(**parts: Any) -> Document:
    build_id = "b0b1b2b3-c4c5-4d6d-8e7e-0f1f2f3f4f5f"
    return {
        "id": build_id,
        "name": f"projects/{NUMBER}/locations/{REGION}/builds/{build_id}",
        "projectId": PROJECT,
        "status": "SUCCESS",
        "createTime": "2026-10-05T08:00:00.000000001Z",
        "finishTime": "2026-10-05T08:03:20.5Z",
        "steps": [{"name": "gcr.io/cloud-builders/docker", "id": "build", "args": ["build", "."], "status": "SUCCESS"}],
        "images": [f"{IMAGE}:latest"],
        "results": {"images": [{"name": f"{IMAGE}:latest", "digest": DIGEST}]},
        **parts,
    }


def put(path: str, value: Any) -> Change:
    """Return the change that puts a value at this place, such as `source.gitSource.url`; what is above it is made."""

    def change(document: Document) -> None:
        *above, last = path.split(".")
        place = document
        for name in above:
            place = place.setdefault(name, {})
        place[last] = copy.deepcopy(value)

    return change


def drop(*paths: str) -> Change:
    """Return the change that takes these away."""

    def change(document: Document) -> None:
        for path in paths:
            *above, last = path.split(".")
            place = document
            for name in above:
                place = place.get(name, {})
            place.pop(last, None)

    return change


def claim(**claims: str | None) -> Change:
    """Return the change of these substitutions; None takes one away."""

    def change(document: Document) -> None:
        said = document.setdefault("substitutions", {})
        for name, value in claims.items():
            if value is None:
                said.pop(name, None)
            else:
                said[name] = value

    return change


def of_commit(revision: object, address: object = ADDRESS) -> Change:
    """Return the change to another revision and address, asked for and resolved alike."""

    def change(document: Document) -> None:
        git = {"url": address, "revision": revision}
        document["source"], document["sourceProvenance"] = {"gitSource": dict(git)}, {"resolvedGitSource": dict(git)}

    return change


def of_address(address: str) -> Change:
    """Return the change to another address of the same commit; the claim of a repository's name goes."""
    return both(of_commit(SHA, address), claim(REPO_FULL_NAME=None))


def on(kind: str, name: str, ref: str | None = "") -> Change:
    """Return the change to another branch or tag. `ref` is REF_NAME: empty is the same, None is none."""
    claims: dict[str, str | None] = {"BRANCH_NAME": None, "TAG_NAME": None, "REF_NAME": name if ref == "" else ref}
    return claim(**{**claims, f"{kind.upper()}_NAME": name})


def from_bucket(bucket: str) -> Change:
    """Return the change to another bucket, asked for and resolved alike."""
    return both(
        put("source.storageSource.bucket", bucket), put("sourceProvenance.resolvedStorageSource.bucket", bucket)
    )


def by_account(email: str) -> Change:
    """Return the change to another service account."""
    return put("serviceAccount", f"projects/{PROJECT}/serviceAccounts/{email}")


def depends(*entries: Any) -> Change:
    """Return the change to these further sources."""
    return put("dependencies", list(entries))


def git_dependency(address: str, revision: str) -> Mapping[str, Any]:
    """Return a further source: a repository at a revision."""
    return {"gitSource": {"repository": {"url": address}, "revision": revision, "destPath": "vendor"}}


def ended(status: str, *steps: Mapping[str, Any]) -> Change:
    """Return the change to a build that ended so, after these steps."""

    def change(document: Document) -> None:
        document["status"], document["steps"] = status, [dict(step) for step in steps]
        document.pop("results", None)

    return change


def did(
    *args: str, name: str = "gcr.io/cloud-builders/docker", status: str = "SUCCESS", **more: Any
) -> Mapping[str, Any]:
    """Return a step that ran these arguments."""
    return {"name": name, "args": list(args), "status": status, **more}


def both(*changes: Change) -> Change:
    """Return the change that makes all of these."""

    def change(document: Document) -> None:
        for one in changes:
            one(document)

    return change


def same(_: Document) -> None:
    """Change nothing."""
