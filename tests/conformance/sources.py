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
    ConformanceRow,
    ConformanceTable,
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
    ConformanceTable(
        "a resolved commit",
        pushed,
        ORCHARD,
        SOURCE,
        (
            ConformanceRow("a push", same, VERIFIED, "resolved"),
            ConformanceRow("capitals", of_commit(SHA.upper()), VERIFIED, SHA),
            ConformanceRow(
                "64 digits",
                both(
                    of_commit("ab" * 32),
                    drop("substitutions.COMMIT_SHA", "substitutions.REVISION_ID", "substitutions.SHORT_SHA"),
                ),
                VERIFIED,
                "ab" * 32,
            ),
            ConformanceRow("a branch asked for", put("source.gitSource.revision", "main"), VERIFIED, "resolved"),
            ConformanceRow("a folder of it", put("source.gitSource.dir", "press"), VERIFIED, "resolved"),
            ConformanceRow(
                "an unknown field at the top", put("attestation", {"commit": OTHER_SHA}), VERIFIED, "resolved"
            ),
            ConformanceRow(
                "resolved twice, alike",
                put("sourceProvenance.resolvedConnectedRepository", {"repository": CONNECTED, "revision": SHA}),
                VERIFIED,
                "resolved",
            ),
            ConformanceRow("a mirror", same, VERIFIED, "resolvedRepoSource", build=mirrored),
            ConformanceRow(
                "repoSource's own commit",
                both(put("source", {"repoSource": {**REPO, "commitSha": SHA}}), put("sourceProvenance", {})),
                VERIFIED,
                "source.repoSource.commitSha",
                build=mirrored,
                policy=ANY_BRANCH,
            ),
            *(
                ConformanceRow(f"revision: {name}", of_commit(text), OPEN, "expected a full commit")
                for name, text in _ODD_REVISIONS.items()
            ),
            ConformanceRow("revision: a number", of_commit(42), OPEN, "expected a full commit"),
            ConformanceRow("revision: none", of_commit(None), OPEN, "expected a full commit"),
        ),
    ),
    ConformanceTable(
        "two sources at once",
        pushed,
        ORCHARD,
        SOURCE,
        (
            ConformanceRow("one, named twice", put("source.gitSource", _GIT), VERIFIED, "resolved"),
            ConformanceRow(
                "storage, and a resolved commit",
                put("source", {"storageSource": UPLOADED}),
                OPEN,
                "both an uploaded file",
            ),
            ConformanceRow("storage beside git", put("source.storageSource", UPLOADED), OPEN, "both an uploaded file"),
            ConformanceRow(
                "a resolved file beside git", put("sourceProvenance.resolvedStorageSource", UPLOADED), OPEN, "both an"
            ),
            ConformanceRow(
                "a manifest beside git", put("source.storageSourceManifest", UPLOADED), OPEN, "both an uploaded file"
            ),
            ConformanceRow(
                "another commit asked for", put("source.gitSource.revision", OTHER_SHA), OPEN, "another commit"
            ),
            ConformanceRow(
                "another repository asked for", put("source.gitSource.url", EVIL), OPEN, "another repository"
            ),
            ConformanceRow(
                "good asked for, another resolved", put(f"{_RESOLVED}.url", EVIL), OPEN, "another repository"
            ),
            ConformanceRow(
                "asked of what can't be read", put("source.gitSource.url", _UNREADABLE), OPEN, "names no repository"
            ),
            ConformanceRow(
                "asked of an odd mirror",
                put("source.repoSource.repoName", "github_orchard_press/"),
                OPEN,
                "names no repository",
                build=mirrored,
            ),
            ConformanceRow(
                "resolved to no object", put("sourceProvenance.resolvedGitSource", ADDRESS), OPEN, "expected an object"
            ),
            ConformanceRow("asked of no object", put("source.gitSource", SHA), OPEN, "expected an object"),
            ConformanceRow(
                "two resolved commits",
                put("sourceProvenance.resolvedRepoSource", {**REPO, "commitSha": OTHER_SHA}),
                OPEN,
                "another commit",
            ),
            ConformanceRow(
                "two resolved repositories",
                put("sourceProvenance.resolvedRepoSource", {**REPO, "commitSha": SHA}),
                OPEN,
                "another repository",
            ),
            ConformanceRow(
                "git and a connection, unresolved",
                both(
                    put("source.connectedRepository", {"repository": CONNECTED, "revision": SHA}),
                    drop("sourceProvenance"),
                ),
                OPEN,
                "another source",
            ),
            ConformanceRow(
                "another object resolved",
                put("sourceProvenance.resolvedStorageSource.object", "source/x.tgz"),
                OPEN,
                "another file",
                build=uploaded,
            ),
            ConformanceRow(
                "another bucket resolved",
                put("sourceProvenance.resolvedStorageSource.bucket", "x"),
                OPEN,
                "another file",
                build=uploaded,
            ),
            ConformanceRow(
                "another generation resolved",
                put("sourceProvenance.resolvedStorageSource.generation", "7"),
                OPEN,
                "another file",
                build=uploaded,
            ),
        ),
    ),
    ConformanceTable(
        "asked for, not resolved",
        asked_for,
        ANY_BRANCH,
        SOURCE,
        (
            *(
                ConformanceRow(
                    f"a full commit of {kind}",
                    put("source", {kind: {**where, "revision": SHA}}),
                    VERIFIED,
                    "(requested)",
                )
                for kind, where in _ASKED
            ),
            *(
                ConformanceRow(
                    f"a branch of {kind}",
                    put("source", {kind: {**where, "revision": "main"}}),
                    OPEN,
                    "expected a full commit",
                )
                for kind, where in _ASKED
            ),
            *(
                ConformanceRow(
                    f"half a commit of {kind}",
                    put("source", {kind: {**where, "revision": SHA[:12]}}),
                    OPEN,
                    "expected a full commit",
                )
                for kind, where in _ASKED
            ),
            ConformanceRow("another commit than claimed", claim(COMMIT_SHA=OTHER_SHA), FAILED, "requested"),
            ConformanceRow(
                "nothing asked for", put("source", {"connectedRepository": {}}), OPEN, "substitutions.COMMIT_SHA"
            ),
            ConformanceRow(
                "a branch of a mirror",
                put("source", {"repoSource": {**REPO, "branchName": "main"}}),
                OPEN,
                "no commit was resolved",
            ),
        ),
    ),
    ConformanceTable(
        "kinds that this version does not know",
        pushed,
        ORCHARD,
        SOURCE,
        (
            ConformanceRow(
                "beside the source, not in it", put("sourceOfSomeKind", {"revision": SHA}), VERIFIED, "resolved"
            ),
            *(
                ConformanceRow(
                    f"source.{kind}", put("source", {kind: {"revision": SHA}}), OPEN, "does not know this kind"
                )
                for kind in ("ociSource", "svnSource", "#1000", "git_source", "gitsource", "GitSource")
            ),
            *(
                ConformanceRow(f"beside it, {kind}", put(f"source.{kind}", {}), OPEN, "does not know this kind")
                for kind in ("ociSource", "#7")
            ),
            *(
                ConformanceRow(
                    f"resolved: {kind}", put(f"sourceProvenance.{kind}", {"revision": SHA}), OPEN, "does not know"
                )
                for kind in ("resolvedOciSource", "resolved_git_source", "resolvedDeveloperConnect", "#9")
            ),
        ),
    ),
    ConformanceTable(
        "uploads",
        uploaded,
        ORCHARD,
        SOURCE,
        (
            ConformanceRow("a push", same, VERIFIED, "resolved", build=pushed),
            ConformanceRow("gcloud builds submit", same, LOCAL, "no commit is recorded"),
            ConformanceRow("by a trigger", put("buildTriggerId", TRIGGER_ID), LOCAL, "no commit is recorded"),
            ConformanceRow("not resolved", drop("sourceProvenance"), LOCAL, "no commit is recorded"),
            ConformanceRow(
                "an object named like a commit",
                both(put("source.storageSource.object", f"{SHA}-x.tar.gz"), drop("sourceProvenance")),
                LOCAL,
                "no commit",
            ),
            ConformanceRow(
                "a bucket named like a repository", from_bucket("github.com-orchard-press"), LOCAL, "no commit"
            ),
            ConformanceRow(
                "a manifest",
                both(put("source", {"storageSourceManifest": UPLOADED}), drop("sourceProvenance")),
                LOCAL,
                "no commit",
            ),
            ConformanceRow("hashes of a commit", put("sourceProvenance.fileHashes", {SHA: {}}), LOCAL, "no commit"),
            *(
                ConformanceRow(
                    f"a commit in {place}",
                    put(f"{place}.resolvedGitSource", _GIT if place != "substitutions" else SHA),
                    LOCAL,
                    "no commit",
                )
                for place in _WRONG_PLACES
            ),
            ConformanceRow(
                "a name with a dot", put("sourceProvenance.resolvedGitSource\u2024revision", SHA), OPEN, "does not know"
            ),
            ConformanceRow("no source", same, LOCAL, "no source is recorded", build=without_source),
            ConformanceRow(
                "no source, by a trigger", put("buildTriggerId", TRIGGER_ID), LOCAL, "no source", build=without_source
            ),
            ConformanceRow("a null source", put("source", None), LOCAL, "no source", build=without_source),
            ConformanceRow("an empty source", put("source", {}), OPEN, "recorded but empty", build=without_source),
            ConformanceRow(
                "too much to be kept", put("source.storageSource.pad", "x" * 600_000), OPEN, "larger than the"
            ),
        ),
    ),
    ConformanceTable(
        "the service's own copy",
        copied_by_the_service,
        EMPTY,
        SOURCE,
        (
            ConformanceRow("of the commit", same, VERIFIED, "service-upload"),
            ConformanceRow("by hand", drop("buildTriggerId"), OPEN, "Cloud Build made itself"),
            ConformanceRow("no claim", claim(COMMIT_SHA=None, REVISION_ID=None), OPEN, "Cloud Build made itself"),
            ConformanceRow("another commit claimed", claim(COMMIT_SHA=OTHER_SHA), OPEN, "Cloud Build made itself"),
            ConformanceRow("capitals claimed", claim(COMMIT_SHA=SHA.upper()), OPEN, "Cloud Build made itself"),
            ConformanceRow("half a commit claimed", claim(COMMIT_SHA=SHA[:12]), OPEN, "Cloud Build made itself"),
            ConformanceRow(
                "in a folder",
                both(put("source.storageSource.object", f"x/{SHA}-y.tgz"), drop("sourceProvenance")),
                OPEN,
                "made itself",
            ),
            ConformanceRow(
                "of a longer name",
                both(put("source.storageSource.object", f"{SHA}0-y.tgz"), drop("sourceProvenance")),
                OPEN,
                "made itself",
            ),
            ConformanceRow(
                "an export that left out the trigger",
                both(drop("buildTriggerId"), put("substitutions", {})),
                OPEN,
                "made itself",
            ),
            *(
                ConformanceRow(f"the bucket {bucket!r}", from_bucket(bucket), LOCAL, "no commit is recorded")
                for bucket in (
                    f"{PROJECT}.cloudbuild-source.googleusercontent.com",
                    f"{SERVICE_COPY['bucket']}.example.com",
                    f"x{SERVICE_COPY['bucket']}",
                    f"{SERVICE_COPY['bucket']}\n",
                    SERVICE_COPY["bucket"].replace("googleusercontent", "googleusercontents"),
                    SERVICE_COPY["bucket"].upper(),
                )
            ),
            ConformanceRow(
                "it names no repository", same, OPEN, "names no repository", policy=ANY_BRANCH, check=REPOSITORY
            ),
        ),
    ),
    ConformanceTable(
        "the trigger's word",
        hidden,
        'evidence = ["resolved", "requested", "service-upload", "triggers-word"]',
        SOURCE,
        (
            ConformanceRow("accepted where policy says so", same, VERIFIED, "triggers-word"),
            ConformanceRow("not by default", same, OPEN, "only triggers-word", policy=EMPTY),
            ConformanceRow("by hand", drop("buildTriggerId"), OPEN, "no trigger names a commit"),
            ConformanceRow("half a commit", claim(COMMIT_SHA=SHA[:7]), OPEN, "no trigger names a commit"),
            ConformanceRow("no claim", claim(COMMIT_SHA=None), OPEN, "no trigger names a commit"),
            ConformanceRow("a branch claimed as one", claim(COMMIT_SHA="main"), OPEN, "no trigger names a commit"),
        ),
    ),
    ConformanceTable(
        "the literal rule",
        mirrored,
        f'evidence = "repo-source"\n{ORCHARD}',
        SOURCE,
        (
            ConformanceRow("repoSource resolved", same, VERIFIED, "resolvedRepoSource"),
            ConformanceRow("git", same, LOCAL, "counts only repoSource", build=pushed),
            ConformanceRow("asked for", same, LOCAL, "counts only repoSource", build=asked_for),
            ConformanceRow("an upload", same, LOCAL, "no commit", build=uploaded),
        ),
    ),
    ConformanceTable(
        "what else was fetched",
        pushed,
        ANY_BRANCH,
        SOURCE,
        (
            ConformanceRow("nothing", depends(), VERIFIED, "resolved"),
            ConformanceRow(
                "a commit of a listed repository", depends(git_dependency(ADDRESS, OTHER_SHA)), VERIFIED, "resolved"
            ),
            ConformanceRow(
                "a branch of a listed repository", depends(git_dependency(ADDRESS, "main")), OPEN, "dependencies[1]"
            ),
            ConformanceRow("half a commit", depends(git_dependency(ADDRESS, SHA[:10])), OPEN, "expected a full commit"),
            ConformanceRow(
                "a commit of another",
                depends(git_dependency(EVIL, OTHER_SHA)),
                FAILED,
                "not on the policy's list",
                check=REPOSITORY,
            ),
            ConformanceRow("a branch of another", depends(git_dependency(EVIL, "main")), FAILED, "dependencies[1]"),
            ConformanceRow(
                "the second is another's",
                depends(git_dependency(ADDRESS, SHA), git_dependency(EVIL, SHA)),
                FAILED,
                "not on",
                check=REPOSITORY,
            ),
            ConformanceRow(
                "an address that can't be read",
                depends(git_dependency("https://github.com@evil.example/a/b", SHA)),
                OPEN,
                "no repository",
            ),
            ConformanceRow(
                "plain http", depends(git_dependency(ADDRESS.replace("https", "http"), SHA)), OPEN, "no repository"
            ),
            ConformanceRow(
                "a linked repository's branch",
                depends({"gitSource": {"repository": {"developerConnect": LINKED}, "revision": "main"}}),
                OPEN,
                "full commit",
            ),
            ConformanceRow(
                "a linked repository's commit",
                depends({"gitSource": {"repository": {"developerConnect": LINKED}, "revision": SHA}}),
                VERIFIED,
                "resolved",
            ),
            ConformanceRow(
                "an artifact",
                depends({"genericArtifact": {"resource": "projects/evil/x", "destPath": "."}}),
                OPEN,
                "genericArtifact",
            ),
            ConformanceRow("an unknown kind", depends({"#3": {}}), OPEN, "#3"),
            ConformanceRow("an empty entry", depends({}), OPEN, "its kind is no commit"),
            ConformanceRow("a text", depends("https://github.com/orchard/press"), OPEN, "str is no commit"),
            ConformanceRow("no source", depends({"empty": True}), OPEN, "was not fetched"),
            ConformanceRow("no source, as text", depends({"empty": "true"}), OPEN, "was not fetched"),
            ConformanceRow("no source, as a number", depends({"empty": 1}), OPEN, "was not fetched"),
            ConformanceRow(
                "not empty", depends({"empty": False, **git_dependency(ADDRESS, SHA)}), VERIFIED, "resolved"
            ),
            ConformanceRow(
                "empty and a commit", depends({"empty": True, **git_dependency(ADDRESS, SHA)}), OPEN, "was not fetched"
            ),
            ConformanceRow(
                "of a hundred the last is empty",
                depends(*(git_dependency(ADDRESS, f"{at:040x}") for at in range(99)), {"empty": True}),
                OPEN,
                "was not fetched",
            ),
            ConformanceRow(
                "a hundred",
                depends(*(git_dependency(ADDRESS, f"{at:040x}") for at in range(100))),
                OPEN,
                "more than are kept",
            ),
            ConformanceRow(
                "a proxy of the submitter's",
                put("gitConfig", {"http": {"proxySecretVersionName": "x"}}),
                OPEN,
                "put a proxy",
                build=by_hand,
            ),
        ),
    ),
)
