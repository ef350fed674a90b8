"""Where the source came from: what proves a commit, and what only looks like a proof."""

from __future__ import annotations

from tests.conformance.builds import (
    ADDRESS,
    CONNECTED,
    EVIL,
    LINKED,
    OTHER_SHA,
    PROJECT,
    REPO,
    SERVICE_COPY,
    SHA,
    TRIGGER_ID,
    UPLOADED,
    asked_for,
    both,
    by_hand,
    claim,
    copied_by_the_service,
    depends,
    drop,
    from_bucket,
    git_dependency,
    hidden,
    mirrored,
    of_commit,
    pushed,
    put,
    same,
    uploaded,
    without_source,
)
from tests.conformance.case import (
    ANY_BRANCH,
    EMPTY,
    FAILED,
    LOCAL,
    OPEN,
    ORCHARD,
    REPOSITORY,
    SOURCE,
    VERIFIED,
    CaseTable,
    Spec,
)

_UNREADABLE = "https://github.com@evil.example/orchard/press"
_GIT = {"url": ADDRESS, "revision": SHA}
_RESOLVED = "sourceProvenance.resolvedGitSource"
_ODD_REVISIONS = {
    "seven digits": SHA[:7],
    "39 digits": SHA[:39],
    "41 digits": f"{SHA}0",
    "63 digits": "a" * 63,
    "no hex": f"{SHA[:39]}g",
    "a blank before": f" {SHA}",
    "a newline after": f"{SHA}\n",
    "a nul after": f"{SHA}\0",
    "full width": "\uff13" * 40,
    "an algorithm before": f"sha1:{SHA}",
    "a branch": "main",
    "a tag": "v1.2.3",
    "a ref": "refs/heads/main",
    "a pull request's ref": "refs/pull/7/merge",
    "its parent": f"{SHA}^",
    "its ancestor": f"{SHA}~3",
    "HEAD": "HEAD",
    "an option": "--upload-pack=sh",
    "two commits": f"{SHA} {OTHER_SHA}",
    "nothing": "",
    "a zero-width blank": f"{SHA[:20]}\u200b{SHA[20:]}",
}
_ASKED = (
    ("connectedRepository", {"repository": CONNECTED}),
    ("developerConnectConfig", {"gitRepositoryLink": LINKED}),
    ("gitSource", {"url": ADDRESS}),
)
_WRONG_PLACES = (
    "options",
    "results",
    "artifacts",
    "substitutions",
    "provenance",
    "source.storageSource",
    "sourceProvenance.resolvedStorageSource",
)

TABLES = (
    CaseTable(
        "a resolved commit",
        pushed,
        ORCHARD,
        SOURCE,
        (
            Spec("a push", same, VERIFIED, "resolved"),
            Spec("capitals", of_commit(SHA.upper()), VERIFIED, SHA),
            Spec(
                "64 digits",
                both(
                    of_commit("ab" * 32),
                    drop("substitutions.COMMIT_SHA", "substitutions.REVISION_ID", "substitutions.SHORT_SHA"),
                ),
                VERIFIED,
                "ab" * 32,
            ),
            Spec("a branch asked for", put("source.gitSource.revision", "main"), VERIFIED, "resolved"),
            Spec("a folder of it", put("source.gitSource.dir", "press"), VERIFIED, "resolved"),
            Spec("an unknown field at the top", put("attestation", {"commit": OTHER_SHA}), VERIFIED, "resolved"),
            Spec(
                "resolved twice, alike",
                put("sourceProvenance.resolvedConnectedRepository", {"repository": CONNECTED, "revision": SHA}),
                VERIFIED,
                "resolved",
            ),
            Spec("a mirror", same, VERIFIED, "resolvedRepoSource", build=mirrored),
            Spec(
                "repoSource's own commit",
                both(put("source", {"repoSource": {**REPO, "commitSha": SHA}}), put("sourceProvenance", {})),
                VERIFIED,
                "source.repoSource.commitSha",
                build=mirrored,
                policy=ANY_BRANCH,
            ),
            *(
                Spec(f"revision: {name}", of_commit(text), OPEN, "expected a full commit")
                for name, text in _ODD_REVISIONS.items()
            ),
            Spec("revision: a number", of_commit(42), OPEN, "expected a full commit"),
            Spec("revision: none", of_commit(None), OPEN, "expected a full commit"),
        ),
    ),
    CaseTable(
        "two sources at once",
        pushed,
        ORCHARD,
        SOURCE,
        (
            Spec("one, named twice", put("source.gitSource", _GIT), VERIFIED, "resolved"),
            Spec(
                "storage, and a resolved commit",
                put("source", {"storageSource": UPLOADED}),
                OPEN,
                "both an uploaded file",
            ),
            Spec("storage beside git", put("source.storageSource", UPLOADED), OPEN, "both an uploaded file"),
            Spec(
                "a resolved file beside git", put("sourceProvenance.resolvedStorageSource", UPLOADED), OPEN, "both an"
            ),
            Spec("a manifest beside git", put("source.storageSourceManifest", UPLOADED), OPEN, "both an uploaded file"),
            Spec("another commit asked for", put("source.gitSource.revision", OTHER_SHA), OPEN, "another commit"),
            Spec("another repository asked for", put("source.gitSource.url", EVIL), OPEN, "another repository"),
            Spec("good asked for, another resolved", put(f"{_RESOLVED}.url", EVIL), OPEN, "another repository"),
            Spec("asked of what can't be read", put("source.gitSource.url", _UNREADABLE), OPEN, "names no repository"),
            Spec(
                "asked of an odd mirror",
                put("source.repoSource.repoName", "github_orchard_press/"),
                OPEN,
                "names no repository",
                build=mirrored,
            ),
            Spec(
                "resolved to no object", put("sourceProvenance.resolvedGitSource", ADDRESS), OPEN, "expected an object"
            ),
            Spec("asked of no object", put("source.gitSource", SHA), OPEN, "expected an object"),
            Spec(
                "two resolved commits",
                put("sourceProvenance.resolvedRepoSource", {**REPO, "commitSha": OTHER_SHA}),
                OPEN,
                "another commit",
            ),
            Spec(
                "two resolved repositories",
                put("sourceProvenance.resolvedRepoSource", {**REPO, "commitSha": SHA}),
                OPEN,
                "another repository",
            ),
            Spec(
                "git and a connection, unresolved",
                both(
                    put("source.connectedRepository", {"repository": CONNECTED, "revision": SHA}),
                    drop("sourceProvenance"),
                ),
                OPEN,
                "another source",
            ),
            Spec(
                "another object resolved",
                put("sourceProvenance.resolvedStorageSource.object", "source/x.tgz"),
                OPEN,
                "another file",
                build=uploaded,
            ),
            Spec(
                "another bucket resolved",
                put("sourceProvenance.resolvedStorageSource.bucket", "x"),
                OPEN,
                "another file",
                build=uploaded,
            ),
            Spec(
                "another generation resolved",
                put("sourceProvenance.resolvedStorageSource.generation", "7"),
                OPEN,
                "another file",
                build=uploaded,
            ),
        ),
    ),
    CaseTable(
        "asked for, not resolved",
        asked_for,
        ANY_BRANCH,
        SOURCE,
        (
            *(
                Spec(
                    f"a full commit of {kind}",
                    put("source", {kind: {**where, "revision": SHA}}),
                    VERIFIED,
                    "(requested)",
                )
                for kind, where in _ASKED
            ),
            *(
                Spec(
                    f"a branch of {kind}",
                    put("source", {kind: {**where, "revision": "main"}}),
                    OPEN,
                    "expected a full commit",
                )
                for kind, where in _ASKED
            ),
            *(
                Spec(
                    f"half a commit of {kind}",
                    put("source", {kind: {**where, "revision": SHA[:12]}}),
                    OPEN,
                    "expected a full commit",
                )
                for kind, where in _ASKED
            ),
            Spec("another commit than claimed", claim(COMMIT_SHA=OTHER_SHA), FAILED, "requested"),
            Spec("nothing asked for", put("source", {"connectedRepository": {}}), OPEN, "substitutions.COMMIT_SHA"),
            Spec(
                "a branch of a mirror",
                put("source", {"repoSource": {**REPO, "branchName": "main"}}),
                OPEN,
                "no commit was resolved",
            ),
        ),
    ),
    CaseTable(
        "kinds that this version does not know",
        pushed,
        ORCHARD,
        SOURCE,
        (
            Spec("beside the source, not in it", put("sourceOfSomeKind", {"revision": SHA}), VERIFIED, "resolved"),
            *(
                Spec(f"source.{kind}", put("source", {kind: {"revision": SHA}}), OPEN, "does not know this kind")
                for kind in ("ociSource", "svnSource", "#1000", "git_source", "gitsource", "GitSource")
            ),
            *(
                Spec(f"beside it, {kind}", put(f"source.{kind}", {}), OPEN, "does not know this kind")
                for kind in ("ociSource", "#7")
            ),
            *(
                Spec(f"resolved: {kind}", put(f"sourceProvenance.{kind}", {"revision": SHA}), OPEN, "does not know")
                for kind in ("resolvedOciSource", "resolved_git_source", "resolvedDeveloperConnect", "#9")
            ),
        ),
    ),
    CaseTable(
        "uploads",
        uploaded,
        ORCHARD,
        SOURCE,
        (
            Spec("a push", same, VERIFIED, "resolved", build=pushed),
            Spec("gcloud builds submit", same, LOCAL, "no commit is recorded"),
            Spec("by a trigger", put("buildTriggerId", TRIGGER_ID), LOCAL, "no commit is recorded"),
            Spec("not resolved", drop("sourceProvenance"), LOCAL, "no commit is recorded"),
            Spec(
                "an object named like a commit",
                both(put("source.storageSource.object", f"{SHA}-x.tar.gz"), drop("sourceProvenance")),
                LOCAL,
                "no commit",
            ),
            Spec("a bucket named like a repository", from_bucket("github.com-orchard-press"), LOCAL, "no commit"),
            Spec(
                "a manifest",
                both(put("source", {"storageSourceManifest": UPLOADED}), drop("sourceProvenance")),
                LOCAL,
                "no commit",
            ),
            Spec("hashes of a commit", put("sourceProvenance.fileHashes", {SHA: {}}), LOCAL, "no commit"),
            *(
                Spec(
                    f"a commit in {place}",
                    put(f"{place}.resolvedGitSource", _GIT if place != "substitutions" else SHA),
                    LOCAL,
                    "no commit",
                )
                for place in _WRONG_PLACES
            ),
            Spec(
                "a name with a dot", put("sourceProvenance.resolvedGitSource\u2024revision", SHA), OPEN, "does not know"
            ),
            Spec("no source", same, LOCAL, "no source is recorded", build=without_source),
            Spec(
                "no source, by a trigger", put("buildTriggerId", TRIGGER_ID), LOCAL, "no source", build=without_source
            ),
            Spec("a null source", put("source", None), LOCAL, "no source", build=without_source),
            Spec("an empty source", put("source", {}), OPEN, "recorded but empty", build=without_source),
            Spec("too much to be kept", put("source.storageSource.pad", "x" * 600_000), OPEN, "larger than the"),
        ),
    ),
    CaseTable(
        "the service's own copy",
        copied_by_the_service,
        EMPTY,
        SOURCE,
        (
            Spec("of the commit", same, VERIFIED, "service-upload"),
            Spec("by hand", drop("buildTriggerId"), OPEN, "Cloud Build made itself"),
            Spec("no claim", claim(COMMIT_SHA=None, REVISION_ID=None), OPEN, "Cloud Build made itself"),
            Spec("another commit claimed", claim(COMMIT_SHA=OTHER_SHA), OPEN, "Cloud Build made itself"),
            Spec("capitals claimed", claim(COMMIT_SHA=SHA.upper()), OPEN, "Cloud Build made itself"),
            Spec("half a commit claimed", claim(COMMIT_SHA=SHA[:12]), OPEN, "Cloud Build made itself"),
            Spec(
                "in a folder",
                both(put("source.storageSource.object", f"x/{SHA}-y.tgz"), drop("sourceProvenance")),
                OPEN,
                "made itself",
            ),
            Spec(
                "of a longer name",
                both(put("source.storageSource.object", f"{SHA}0-y.tgz"), drop("sourceProvenance")),
                OPEN,
                "made itself",
            ),
            Spec(
                "an export that left out the trigger",
                both(drop("buildTriggerId"), put("substitutions", {})),
                OPEN,
                "made itself",
            ),
            *(
                Spec(f"the bucket {bucket!r}", from_bucket(bucket), LOCAL, "no commit is recorded")
                for bucket in (
                    f"{PROJECT}.cloudbuild-source.googleusercontent.com",
                    f"{SERVICE_COPY['bucket']}.example.com",
                    f"x{SERVICE_COPY['bucket']}",
                    f"{SERVICE_COPY['bucket']}\n",
                    SERVICE_COPY["bucket"].replace("googleusercontent", "googleusercontents"),
                    SERVICE_COPY["bucket"].upper(),
                )
            ),
            Spec("it names no repository", same, OPEN, "names no repository", policy=ANY_BRANCH, check=REPOSITORY),
        ),
    ),
    CaseTable(
        "the trigger's word",
        hidden,
        'evidence = ["resolved", "requested", "service-upload", "triggers-word"]',
        SOURCE,
        (
            Spec("accepted where policy says so", same, VERIFIED, "triggers-word"),
            Spec("not by default", same, OPEN, "only triggers-word", policy=EMPTY),
            Spec("by hand", drop("buildTriggerId"), OPEN, "no trigger names a commit"),
            Spec("half a commit", claim(COMMIT_SHA=SHA[:7]), OPEN, "no trigger names a commit"),
            Spec("no claim", claim(COMMIT_SHA=None), OPEN, "no trigger names a commit"),
            Spec("a branch claimed as one", claim(COMMIT_SHA="main"), OPEN, "no trigger names a commit"),
        ),
    ),
    CaseTable(
        "the literal rule",
        mirrored,
        f'evidence = "repo-source"\n{ORCHARD}',
        SOURCE,
        (
            Spec("repoSource resolved", same, VERIFIED, "resolvedRepoSource"),
            Spec("git", same, LOCAL, "counts only repoSource", build=pushed),
            Spec("asked for", same, LOCAL, "counts only repoSource", build=asked_for),
            Spec("an upload", same, LOCAL, "no commit", build=uploaded),
        ),
    ),
    CaseTable(
        "what else was fetched",
        pushed,
        ANY_BRANCH,
        SOURCE,
        (
            Spec("nothing", depends(), VERIFIED, "resolved"),
            Spec("a commit of a listed repository", depends(git_dependency(ADDRESS, OTHER_SHA)), VERIFIED, "resolved"),
            Spec("a branch of a listed repository", depends(git_dependency(ADDRESS, "main")), OPEN, "dependencies[1]"),
            Spec("half a commit", depends(git_dependency(ADDRESS, SHA[:10])), OPEN, "expected a full commit"),
            Spec(
                "a commit of another",
                depends(git_dependency(EVIL, OTHER_SHA)),
                FAILED,
                "not on the policy's list",
                check=REPOSITORY,
            ),
            Spec("a branch of another", depends(git_dependency(EVIL, "main")), FAILED, "dependencies[1]"),
            Spec(
                "the second is another's",
                depends(git_dependency(ADDRESS, SHA), git_dependency(EVIL, SHA)),
                FAILED,
                "not on",
                check=REPOSITORY,
            ),
            Spec(
                "an address that can't be read",
                depends(git_dependency("https://github.com@evil.example/a/b", SHA)),
                OPEN,
                "no repository",
            ),
            Spec("plain http", depends(git_dependency(ADDRESS.replace("https", "http"), SHA)), OPEN, "no repository"),
            Spec(
                "a linked repository's branch",
                depends({"gitSource": {"repository": {"developerConnect": LINKED}, "revision": "main"}}),
                OPEN,
                "full commit",
            ),
            Spec(
                "a linked repository's commit",
                depends({"gitSource": {"repository": {"developerConnect": LINKED}, "revision": SHA}}),
                VERIFIED,
                "resolved",
            ),
            Spec(
                "an artifact",
                depends({"genericArtifact": {"resource": "projects/evil/x", "destPath": "."}}),
                OPEN,
                "genericArtifact",
            ),
            Spec("an unknown kind", depends({"#3": {}}), OPEN, "#3"),
            Spec("an empty entry", depends({}), OPEN, "its kind is no commit"),
            Spec("a text", depends("https://github.com/orchard/press"), OPEN, "str is no commit"),
            Spec("no source", depends({"empty": True}), OPEN, "was not fetched"),
            Spec("no source, as text", depends({"empty": "true"}), OPEN, "was not fetched"),
            Spec("no source, as a number", depends({"empty": 1}), OPEN, "was not fetched"),
            Spec("not empty", depends({"empty": False, **git_dependency(ADDRESS, SHA)}), VERIFIED, "resolved"),
            Spec(
                "empty and a commit", depends({"empty": True, **git_dependency(ADDRESS, SHA)}), OPEN, "was not fetched"
            ),
            Spec(
                "of a hundred the last is empty",
                depends(*(git_dependency(ADDRESS, f"{at:040x}") for at in range(99)), {"empty": True}),
                OPEN,
                "was not fetched",
            ),
            Spec(
                "a hundred",
                depends(*(git_dependency(ADDRESS, f"{at:040x}") for at in range(100))),
                OPEN,
                "more than are kept",
            ),
            Spec(
                "a proxy of the submitter's",
                put("gitConfig", {"http": {"proxySecretVersionName": "x"}}),
                OPEN,
                "put a proxy",
                build=by_hand,
            ),
        ),
    ),
)
