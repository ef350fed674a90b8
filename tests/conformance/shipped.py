"""Builds that did not succeed: what shipped before is told, what did not is not judged."""

from __future__ import annotations

from tests.conformance.builds import (
    ACCOUNT,
    TRIGGER_ID,
    both,
    by_account,
    by_hand,
    did,
    ended,
    pushed,
    put,
    same,
    uploaded,
    without_source,
)
from tests.conformance.case import LOCAL, ORCHARD, SOURCE, CaseTable, Spec
from verifier.facts.build import NOT_TERMINAL

_FAILS = did("false", name="busybox", status="FAILURE")
_PUSH = did("push", "europe-west4-docker.pkg.dev/orchard-dev/fruit/press:latest", id="push")
_DEPLOY = did(
    "gcloud", "run", "deploy", "press", "--image=x", name="gcr.io/google.com/cloudsdktool/cloud-sdk", id="deploy"
)
_ENDS = ("FAILURE", "CANCELLED", "TIMEOUT", "INTERNAL_ERROR", "EXPIRED")
_GCLOUD, _GSUTIL = "gcr.io/cloud-builders/gcloud", "gcr.io/cloud-builders/gsutil"


def _script(text: str, **more: str) -> dict[str, str]:
    return {"name": "ubuntu", "script": text, "status": "SUCCESS", **more}


SHIPS = {
    "gsutil to a bucket": did("-m", "cp", "-r", "dist", "gs://orchard-web", name=_GSUTIL),
    "gcloud storage to a bucket": did("storage", "rsync", "dist", "gs://orchard-web", name=_GCLOUD),
    "gcloud app deploy": did("app", "deploy", name=_GCLOUD),
    "gcloud beta functions deploy": did("beta", "functions", "deploy", "press", name=_GCLOUD),
    "an entry point": did(
        "run", "deploy", "press", name="gcr.io/google.com/cloudsdktool/cloud-sdk:slim", entrypoint="gcloud"
    ),
    "kubectl apply": did("apply", "-f", "k8s", name="gcr.io/cloud-builders/kubectl"),
    "kubectl in a namespace": _script("kubectl -n fruit apply -f k8s"),
    "terraform apply": did("apply", "-auto-approve", name="hashicorp/terraform:1.9"),
    "crane copy": did("copy", "a", "b", name="gcr.io/go-containerregistry/crane"),
    "skopeo copy": did("-c", "skopeo copy docker://a docker://b", name="quay.io/skopeo/stable", entrypoint="bash"),
    "kaniko": did("--destination=a:b", name="gcr.io/kaniko-project/executor:latest"),
    "buildx": did("buildx", "build", "-t", "a", "--push", "."),
    "helm": did("upgrade", "--install", "press", ".", name="alpine/helm"),
    "npm publish": did("publish", name="node:22", entrypoint="npm"),
    "twine": _script("python -m build\ntwine upload dist/*"),
    "firebase": did("deploy", "--only=hosting", name="firebase"),
    "a nested build": did("builds", "submit", ".", name=_GCLOUD),
    "git push": did("push", "origin", "gh-pages", name="gcr.io/cloud-builders/git"),
    "after other commands": _script("#!/bin/bash\nset -e\nmake test && docker push a; true"),
    "in a pipe": _script("kustomize build . | kubectl apply -f -"),
    "with variables": _script('DOCKER_BUILDKIT=1 docker push "$IMAGE"'),
    "over two lines": _script("gcloud run \\\n  deploy press"),
    "by its id": did("python", "release.py", name="python:3.12", id="Deploy to production"),
    "by its image": did("--all", name="gcr.io/orchard-dev/site-deployer:3"),
    "make deploy": did("deploy", name="gcr.io/cloud-builders/make", entrypoint="make"),
}
SHIPS_NOT = {
    "docker build": did("build", "-t", "push", "."),
    "docker run of a push": did("run", "image", "push"),
    "docker pull": did("pull", "a"),
    "gsutil from a bucket": did("cp", "gs://orchard-web/cache.tgz", ".", name=_GSUTIL),
    "cp": _script("cp -r dist /workspace/out"),
    "gcloud storage from a bucket": did("storage", "cp", "gs://a/b", "b", name=_GCLOUD),
    "gcloud run list": did("run", "services", "list", name=_GCLOUD),
    "describing a function named deploy": did("functions", "describe", "deploy", name=_GCLOUD),
    "kubectl get": did("get", "pods", name="gcr.io/cloud-builders/kubectl"),
    "kubectl apply, dry": did("apply", "--dry-run=client", "-f", "k8s", name="gcr.io/cloud-builders/kubectl"),
    "terraform plan": did("plan", name="hashicorp/terraform:1.9"),
    "kaniko without a push": did("--destination=a:b", "--no-push", name="gcr.io/kaniko-project/executor:latest"),
    "buildx without a push": did("buildx", "build", "-t", "a", "--push=false", "."),
    "helm lint": did("lint", name="alpine/helm"),
    "npm test": did("test", name="node:22", entrypoint="npm"),
    "said": _script("echo docker push a\nprintf 'gcloud run deploy'"),
    "commented out": _script("# docker push a\nmake test # then kubectl apply"),
    "git clone": did("clone", "https://github.com/orchard/press", name="gcr.io/cloud-builders/git"),
    "an id that only mentions it": did("python", "check.py", name="python:3.12", id="check before deploy"),
    "nothing": _script(""),
}

TABLES = (
    CaseTable(
        "an upload that did not succeed",
        uploaded,
        ORCHARD,
        SOURCE,
        (
            *(
                Spec(
                    f"shipped, then {end}",
                    ended(end, _PUSH, _DEPLOY, _FAILS),
                    LOCAL,
                    f"it ended {end} after its step 'push' had succeeded",
                )
                for end in _ENDS
            ),
            *(Spec(f"shipped nothing, then {end}", ended(end, _FAILS), None, "upload") for end in _ENDS),
            *(
                Spec(f"shipped by {name}", ended("FAILURE", step, _FAILS), LOCAL, "after its step")
                for name, step in SHIPS.items()
            ),
            *(
                Spec(f"shipped nothing by {name}", ended("FAILURE", step, _FAILS), None, "upload")
                for name, step in SHIPS_NOT.items()
            ),
            *(
                Spec(f"its push ended {end}", ended("FAILURE", {**_PUSH, "status": end}), None, "upload")
                for end in (*_ENDS, "QUEUED", "WORKING")
            ),
            Spec(
                "its push has no status",
                ended("FAILURE", {"name": "gcr.io/cloud-builders/docker", "args": ["push"]}),
                None,
                "upload",
            ),
            Spec(
                "by its trigger", both(ended("FAILURE", _PUSH), put("buildTriggerId", TRIGGER_ID)), LOCAL, "step 'push'"
            ),
            Spec("without a source", ended("FAILURE", _DEPLOY), LOCAL, "step 'deploy'", build=without_source),
            Spec("without a source, shipped nothing", ended("FAILURE"), None, "no-source", build=without_source),
            Spec(
                "exempt",
                both(ended("FAILURE", _PUSH), by_account(ACCOUNT)),
                None,
                "upload",
                policy=f'{ORCHARD}[[exemption]]\nreason="x"\nservice_account="{ACCOUNT}"',
            ),
            Spec("a commit", ended("FAILURE", _PUSH), None, "commit", build=pushed),
            Spec("a commit by hand", ended("FAILURE", _PUSH), None, "commit", build=by_hand),
            Spec("succeeded", same, LOCAL, "no commit is recorded"),
            *(Spec(f"not ended, {status}", ended(status, _PUSH), None, "upload") for status in sorted(NOT_TERMINAL)),
            *(
                Spec(f"an unknown status {status!r}", ended(status, _PUSH), None, "upload")
                for status in ("", "DONE", "success", "SUCCESS\n", "SUCCEEDED")
            ),
        ),
    ),
)
NEVER_PASS = ("an upload that did not succeed",)
"""Rules of which nothing passes: the other side is a build that is not judged."""
