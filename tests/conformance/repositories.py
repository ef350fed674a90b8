"""Which repository it is: every plain way to write it, and what only looks like it."""

from __future__ import annotations

from tests.conformance.builds import (
    ADDRESS,
    CONNECTED,
    PROJECT,
    SHA,
    asked_for,
    both,
    claim,
    drop,
    mirrored,
    of_address,
    pushed,
    put,
    same,
)
from tests.conformance.case import (
    ANY_BRANCH,
    CLAIMS,
    EMPTY,
    FAILED,
    OPEN,
    REPOSITORY,
    SOURCE,
    VERIFIED,
    CaseTable,
    Spec,
)
from verifier.checks.verdict import Verdict

_SPELLINGS = (
    "https://github.com/orchard/press",
    "https://github.com/orchard/press/",
    "https://github.com/Orchard/Press.git",
    "git+https://github.com/orchard/press.git",
    "ssh://git@github.com/orchard/press.git",
    "git@github.com:orchard/press.git",
    "https://github.com:443/orchard/press.git",
    "https://GitHub.com/orchard/press",
    "github.com/orchard/press",
)
_OTHERS = (
    "https://github.com/orchard/presses",
    "https://github.com/orchard-press/press",
    "https://github.com/orchard/press.git/evil",
    "https://github.com/evil/orchard/press.git",
    "https://github.com/orchard/press.wiki.git",
    "https://github.com/orchard/press/tree/main",
    "https://evil.example/github.com/orchard/press.git",
    "https://www.github.com/orchard/press.git",
    "https://gist.github.com/orchard/press.git",
    "https://gitlab.com/orchard/press.git",
    "https://github.com.evil.example/orchard/press",
    "https://xn--gthub-n4a.com/orchard/press",
    "git@github.com:evil/press.git",
    "https://source.developers.google.com/p/other-project/r/github_orchard_press",
)
_UNREADABLE = (
    "https://github.com@evil.example/orchard/press.git",
    "https://me:pw@github.com/orchard/press.git",
    "https://github.com:8443/orchard/press.git",
    "https://github.com/orchard/../evil/press.git",
    "https://github.com/orchard/press.git?ref=evil",
    "https://github.com/orchard/press.git#evil",
    "https://github.com/orchard/press.git.git",
    "https://github.com\\@evil.example/orchard/press",
    "https://g\u0456thub.com/orchard/press",
    "https://github.com/orchard/pr%65ss",
    "https://github.com/orchard/press\n",
    " https://github.com/orchard/press",
    "file:///github.com/orchard/press",
    "ext::sh -c x github.com/orchard/press",
    "ftp://github.com/orchard/press.git",
    "//github.com/orchard/press.git",
    "https://1/orchard/press.git",
    "https://[::1]/orchard/press.git",
    "ssh://evil@github.com/orchard/press.git",
    "https://github.com/press",
    "",
)
_PLAIN = ("http://github.com/orchard/press", "HTTP://github.com/orchard/press", "git://github.com/orchard/press")
_CONNECTIONS = (
    CONNECTED.replace("europe-west4", "us-central1"),
    CONNECTED.replace("connections/orchard", "connections/evil"),
    CONNECTED.replace(PROJECT, "evil-dev"),
    CONNECTED.upper(),
    f"{CONNECTED}-fork",
)
_NAMED_ELSEWHERE = put("source", {"connectedRepository": {"url": ADDRESS, "repository": "x", "revision": SHA}})
_OWN_HOSTS = {
    "a Bitbucket Data Center": ("git.orchard.example/scm/FRUIT/press", "FRUIT/press"),
    "a Bitbucket Data Center, small letters": ("git.orchard.example/scm/fruit/press", "FRUIT/press"),
    "a GitLab below a folder": ("code.orchard.example/gitlab/fruit/press", "fruit/press"),
    "a GitLab of groups": ("code.orchard.example/fruit/juice/press", "fruit/juice/press"),
    "a GitHub Enterprise": ("ghe.orchard.example/fruit/press", "fruit/press"),
    "Developer Connect's proxy": (f"europe-west4-git.developerconnect.dev/a/{PROJECT}/link/fruit/press", "fruit/press"),
    "the proxy under another name": (f"europe-west4-git.developerconnect.dev/a/{PROJECT}/link/x/y", "fruit/press"),
}
_OF_OTHERS = {
    "GitHub": ("github.com/orchard/press", "orchard/presses"),
    "GitHub, only its end": ("github.com/orchard/press", "press"),
    "GitLab": ("gitlab.com/fruit/juice/press", "juice/press"),
    "an own host": ("code.orchard.example/gitlab/fruit/press", "evil/press"),
    "an own host, half a name": ("code.orchard.example/gitlab/fruit/press", "it/press"),
}


def _full_names(names: dict[str, tuple[str, str]], verdict: Verdict, reason: str) -> tuple[Spec, ...]:
    return tuple(
        Spec(
            name,
            both(of_address(f"https://{address}.git"), claim(REPO_FULL_NAME=full)),
            verdict,
            reason,
            policy=f'repositories = ["{address}"]',
        )
        for name, (address, full) in names.items()
    )


TABLES = (
    CaseTable(
        "the listed repository",
        pushed,
        ANY_BRANCH,
        REPOSITORY,
        (
            *(
                Spec(f"spelled {address}", of_address(address), VERIFIED, "github.com/orchard/press")
                for address in _SPELLINGS
            ),
            Spec(
                "listed with http",
                same,
                VERIFIED,
                "github.com/orchard/press",
                policy='repositories = ["http://github.com/orchard/press"]',
            ),
            *(
                Spec(f"another, {address}", of_address(address), FAILED, "is not on the policy's list")
                for address in _OTHERS
            ),
            *(
                Spec(f"not to be read, {address!r}", of_address(address), OPEN, "names no repository")
                for address in _UNREADABLE
            ),
            *(
                Spec(f"not encrypted, {address}", of_address(address), OPEN, "plain http", check=SOURCE)
                for address in _PLAIN
            ),
            *(
                Spec(
                    f"not encrypted, any may build, {address}",
                    of_address(address),
                    OPEN,
                    "plain http",
                    check=SOURCE,
                    policy=EMPTY,
                )
                for address in _PLAIN
            ),
            Spec(
                "asked for over http",
                put("source.gitSource.url", ADDRESS.replace("https", "http")),
                OPEN,
                "names no repository",
                check=SOURCE,
            ),
        ),
    ),
    CaseTable(
        "the listed connection",
        asked_for,
        ANY_BRANCH,
        REPOSITORY,
        (
            Spec("its own", same, VERIFIED, CONNECTED),
            *(
                Spec(
                    f"another, {name}",
                    put("source.connectedRepository.repository", name),
                    FAILED if name != name.upper() else OPEN,
                    "",
                )
                for name in _CONNECTIONS
            ),
            Spec(
                "with a path after it",
                put("source.connectedRepository.repository", f"{CONNECTED}/x"),
                OPEN,
                "names no repository",
            ),
            Spec(
                "with a host before it",
                put("source.connectedRepository.repository", f"github.com/{CONNECTED}"),
                FAILED,
                "not on",
            ),
            Spec("named by another's field", _NAMED_ELSEWHERE, OPEN, "names no repository"),
            Spec("none", put("source.connectedRepository.repository", ""), OPEN, "names no repository"),
        ),
    ),
    CaseTable(
        "the listed mirror",
        mirrored,
        ANY_BRANCH,
        REPOSITORY,
        (
            Spec("its own", same, VERIFIED, "github_orchard_press"),
            Spec(
                "the build's project is meant",
                drop("source.repoSource.projectId", "sourceProvenance.resolvedRepoSource.projectId"),
                VERIFIED,
                PROJECT,
            ),
            *(
                Spec(
                    f"{field} {value!r}",
                    both(
                        put(f"source.repoSource.{field}", value),
                        put(f"sourceProvenance.resolvedRepoSource.{field}", value),
                    ),
                    verdict,
                    "",
                )
                for field, value, verdict in (
                    ("projectId", "evil-dev", FAILED),
                    ("repoName", "github_orchard_presses", FAILED),
                    ("repoName", "GitHub_Orchard_Press", FAILED),
                    ("repoName", "github_orchard_press/x", FAILED),
                    ("repoName", "github orchard press", OPEN),
                    ("repoName", "", OPEN),
                    ("repoName", "github_orchard_press/", OPEN),
                    ("repoName", "github_orchard_press.git", OPEN),
                    ("projectId", f"x/../{PROJECT}", OPEN),
                )
            ),
        ),
    ),
    CaseTable(
        "REPO_FULL_NAME against the address",
        pushed,
        ANY_BRANCH,
        CLAIMS,
        (
            *_full_names(_OWN_HOSTS, VERIFIED, "no claim goes beyond"),
            *_full_names(_OF_OTHERS, FAILED, "contradicted"),
            Spec(
                "a link resolved to the proxy",
                both(
                    put(
                        "source",
                        {
                            "developerConnectConfig": {
                                "gitRepositoryLink": "projects/p/locations/l/connections/c/gitRepositoryLinks/g",
                                "revision": SHA,
                            }
                        },
                    ),
                    put(
                        "sourceProvenance.resolvedGitSource.url",
                        "https://europe-west4-git.developerconnect.dev/a/p/c/g.git",
                    ),
                ),
                VERIFIED,
                "no claim",
                policy='repositories = ["europe-west4-git.developerconnect.dev/a/p/c/g"]',
            ),
            Spec(
                "an address resolved to the proxy",
                both(
                    put(
                        "sourceProvenance.resolvedGitSource.url",
                        "https://europe-west4-git.developerconnect.dev/a/p/c/orchard/press.git",
                    )
                ),
                VERIFIED,
                "no claim",
                policy='repositories = ["europe-west4-git.developerconnect.dev/a/p/c/orchard/press"]',
            ),
        ),
    ),
)
