"""Two ways to write one repository compare equal; an address made to look like it never does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier.facts.repository import Repository, parse_repository, source_repository

WORKER = Repository("github.com", "vividly/content-worker")

SAME = """
https://github.com/vividly/content-worker
https://github.com/vividly/content-worker.git
https://github.com/vividly/content-worker/
https://github.com/vividly/content-worker.git/
https://github.com/Vividly/Content-Worker
https://github.com/vividly/content-worker.GIT
https://GitHub.com/vividly/content-worker
HTTPS://GITHUB.COM/VIVIDLY/CONTENT-WORKER.git
https://github.com:443/vividly/content-worker
https://github.com:/vividly/content-worker
git+https://github.com/vividly/content-worker
git+https://github.com/vividly/content-worker.git
git+ssh://git@github.com/vividly/content-worker.git
ssh://git@github.com/vividly/content-worker.git
ssh://github.com/vividly/content-worker
ssh://git@github.com:22/vividly/content-worker
git@github.com:vividly/content-worker
git@github.com:vividly/content-worker.git
git@GitHub.com:Vividly/content-worker.git
github.com/vividly/content-worker
github.com/vividly/content-worker.git
GITHUB.com/Vividly/Content-Worker/
""".split()

CANONICAL = {
    "https://gitlab.com/vividly/media/content-worker.git": "gitlab.com/vividly/media/content-worker",
    "https://gitlab.com/Vividly/Media/Content-Worker": "gitlab.com/vividly/media/content-worker",
    "git@bitbucket.org:Vividly/content-worker.git": "bitbucket.org/vividly/content-worker",
    "https://git.vividly.example/Vividly/Content-Worker.git": "git.vividly.example/Vividly/Content-Worker",
    "https://git.vividly.example/~drafts/content_worker.v2": "git.vividly.example/~drafts/content_worker.v2",
    "https://xn--gthub-n4a.com/vividly/content-worker": "xn--gthub-n4a.com/vividly/content-worker",
    "https://source.developers.google.com/p/vividly-dev/r/content-worker": (
        "source.developers.google.com/vividly-dev/content-worker"
    ),
    "ssh://source.developers.google.com:22/p/vividly-dev/r/media/content-worker": (
        "source.developers.google.com/vividly-dev/media/content-worker"
    ),
    "source.developers.google.com/vividly-dev/content-worker": (
        "source.developers.google.com/vividly-dev/content-worker"
    ),
    "projects/vividly-dev/locations/us-central1/connections/github/repositories/content-worker": (
        "projects/vividly-dev/locations/us-central1/connections/github/repositories/content-worker"
    ),
    "projects/vividly-dev/locations/us-central1/connections/scm/gitRepositoryLinks/content-worker": (
        "projects/vividly-dev/locations/us-central1/connections/scm/gitRepositoryLinks/content-worker"
    ),
}

OTHERS = """
https://github.com/vividly/content-worker2
https://github.com/vividly/content-worke
https://github.com/vividly/content_worker
https://github.com/vividly/content-worker.git.io
https://github.com/vividly/content-worker-
https://github.com/vividly/content--worker
https://github.com/vividly/c0ntent-worker
https://github.com/vividIy/content-worker
https://github.com/v1vidly/content-worker
https://github.com/vividly-/content-worker
https://github.com/vividly/content-worker/content-worker
https://github.com/vividly/content-worker/tree/main
https://github.com/evil/vividly/content-worker
https://github.com/content-worker/vividly
https://github.com.evil.example/vividly/content-worker
https://evil.example/github.com/vividly/content-worker
https://www.github.com/vividly/content-worker
https://gist.github.com/vividly/content-worker
https://githuh.com/vividly/content-worker
https://github.co/vividly/content-worker
https://github.community/vividly/content-worker
https://github-com.example/vividly/content-worker
https://gitlab.com/vividly/content-worker
https://bitbucket.org/vividly/content-worker
git@github.com.evil.example:vividly/content-worker
git@evil.example:github.com/vividly/content-worker
git@github.com:22/vividly/content-worker
https://xn--gthub-n4a.com/vividly/content-worker
https://source.developers.google.com/p/vividly-dev/r/github_vividly_content-worker
source.developers.google.com/github.com/vividly/content-worker
projects/github.com/locations/vividly/connections/x/repositories/content-worker
""".split()

REFUSED = [
    "",
    " ",
    "/",
    "//",
    ".",
    "..",
    "github.com",
    "github.com/",
    "github.com/vividly",
    "vividly/content-worker",
    "content-worker",
    "https://",
    "https:///vividly/content-worker",
    "https:/github.com/vividly/content-worker",
    "https:github.com/vividly/content-worker",
    "//github.com/vividly/content-worker",
    "://github.com/vividly/content-worker",
    "https://github.com",
    "https://github.com/vividly",
    "https://github.com/vividly/",
    "https://github.com//vividly/content-worker",
    "https://github.com/vividly//content-worker",
    "https://github.com/vividly/content-worker//",
    "https://github.com/vividly/content-worker.git.git",
    "https://github.com/vividly/.git",
    "https://github.com/vividly/.GIT",
    "https://github.com@evil.example/vividly/content-worker",
    "https://github.com:443@evil.example/vividly/content-worker",
    "https://github.com%40evil.example/vividly/content-worker",
    "https://github.com%2fvividly@evil.example/vividly/content-worker",
    "https://evil.example@github.com/vividly/content-worker",
    "https://git@github.com/vividly/content-worker",
    "https://@github.com/vividly/content-worker",
    "https://git:secret@github.com/vividly/content-worker",
    "https://x-access-token:secret@github.com/vividly/content-worker",
    "ssh://git:@github.com/vividly/content-worker",
    "ssh://git:secret@github.com/vividly/content-worker",
    "ssh://root@github.com/vividly/content-worker",
    "ssh://git@git@github.com/vividly/content-worker",
    "root@github.com:vividly/content-worker",
    "git@github.com:/vividly/content-worker",
    "git@github.com:",
    "git@github.com:vividly",
    "git@evil.example@github.com:vividly/content-worker",
    "git@github.com:vividly/content-worker@evil.example",
    "https://github.com/vividly/content-worker@evil.example/x",
    "https://github.com/vividly/content-worker@main",
    "https://github.com\\@evil.example/vividly/content-worker",
    "https://github.com\\.evil.example/vividly/content-worker",
    "https:\\\\github.com\\vividly\\content-worker",
    "https://github.com/vividly\\content-worker",
    "https://github.com/vividly/..\\content-worker",
    "github.com\\vividly\\content-worker",
    "https://g\u0456thub.com/vividly/content-worker",
    "https://github\u2024com/vividly/content-worker",
    "https://github\u3002com/vividly/content-worker",
    "https://\uff47ithub.com/vividly/content-worker",
    "https://github.com/v\u0456vidly/content-worker",
    "https://github.com/vividly/content\u2010worker",
    "https://github.com/vividly/content-wor\u212aer",
    "bitbuc\u212aet.org/vividly/content-worker",
    "https://github.com\u2044vividly/content-worker",
    "https://github.com\uff0fvividly/content-worker",
    "https://github.com/vividly/content-worker\u200b",
    "\u202ehttps://github.com/vividly/content-worker",
    "\ufeffhttps://github.com/vividly/content-worker",
    "https://github.com/vividly/content-worker\ud800",
    "https://github.com/../vividly/content-worker",
    "https://github.com/vividly/../evil/content-worker",
    "https://github.com/vividly/content-worker/..",
    "https://github.com/vividly/./content-worker",
    "https://github.com/./vividly/content-worker",
    "https://github.com/vividly/..git",
    "https://github.com/vividly/...git",
    "https://github.com./vividly/content-worker",
    "https://.github.com/vividly/content-worker",
    "https://github..com/vividly/content-worker",
    "https://-github.com/vividly/content-worker",
    "https://github-.com/vividly/content-worker",
    "https://git_hub.com/vividly/content-worker",
    "https://localhost/vividly/content-worker",
    "https://[::1]/vividly/content-worker",
    "https://[::1/vividly/content-worker",
    "https://github.com]/vividly/content-worker",
    "https://github.com:8443/vividly/content-worker",
    "https://github.com:80/vividly/content-worker",
    "https://github.com:22/vividly/content-worker",
    "https://github.com:99999/vividly/content-worker",
    "https://github.com:-1/vividly/content-worker",
    "https://github.com:port/vividly/content-worker",
    "http://github.com/vividly/content-worker",
    "http://github.com:80/vividly/content-worker",
    "http://github.com:443/vividly/content-worker",
    "ssh://git@github.com:443/vividly/content-worker",
    "github.com:443/vividly/content-worker",
    "https://github.com/vividly%2fcontent-worker",
    "https://github.com/vividly/content%2dworker",
    "https://github.com/vividly/%2e%2e/content-worker",
    "https://%67ithub.com/vividly/content-worker",
    "https://github.com/vividly/content-worker%00",
    "https://github.com/vividly/content-worker?x=/vividly/content-worker",
    "https://github.com/vividly/content-worker?",
    "https://github.com/vividly/content-worker#main",
    "https://github.com/vividly/content-worker#",
    "https://evil.example#github.com/vividly/content-worker",
    "https://evil.example?github.com/vividly/content-worker",
    "https://github.com;evil.example/vividly/content-worker",
    "https://github.com/vividly/content-worker;x",
    " https://github.com/vividly/content-worker",
    "https://github.com/vividly/content-worker ",
    "https://github.com/vividly/content-worker\n",
    "https://git\nhub.com/vividly/content-worker",
    "https://github.com/viv\tidly/content-worker",
    "https://github.com/vividly/content-worker\r\nhttps://evil.example/a/b",
    "\x00https://github.com/vividly/content-worker",
    "https://github.com/vividly/content worker",
    "git://github.com/vividly/content-worker",
    "file:///github.com/vividly/content-worker",
    "ext::sh -c github.com/vividly/content-worker",
    "ftp://github.com/vividly/content-worker",
    "javascript://github.com/vividly/content-worker",
    "git+git+https://github.com/vividly/content-worker",
    "svn+ssh://git@github.com/vividly/content-worker",
    "https://https://github.com/vividly/content-worker",
    "--upload-pack=touch github.com/vividly/content-worker",
    "gs://vividly-dev_cloudbuild/source/content-worker.tgz",
    "https://source.developers.google.com/p/vividly-dev/content-worker",
    "https://source.developers.google.com/p/vividly-dev/r/",
    "https://source.developers.google.com/p//r/content-worker",
    "https://source.developers.google.com/p/a/b/r/content-worker",
    "https://source.developers.google.com/p/p/r/content-worker",
    "projects/vividly-dev/locations/us-central1/connections/github/repositories/",
    "projects/vividly-dev/locations/us-central1/connections/github/repositories/content-worker/extra",
    "projects/vividly-dev/locations/us-central1/connections/github/repositories/content worker",
    "/projects/vividly-dev/locations/us-central1/connections/github/repositories/content-worker",
    "x/projects/vividly-dev/locations/us-central1/connections/github\n",
]


@pytest.mark.parametrize("address", SAME)
def test_every_plain_way_to_write_the_repository_names_it(address: str) -> None:
    assert parse_repository(address) == WORKER


@pytest.mark.parametrize(("address", "name"), CANONICAL.items())
def test_an_address_has_one_canonical_name(address: str, name: str) -> None:
    assert str(parse_repository(address)) == name


@pytest.mark.parametrize("address", OTHERS)
def test_a_repository_of_another_name_is_another_repository(address: str) -> None:
    repository = parse_repository(address)
    assert repository is not None
    assert repository != WORKER


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_needs_interpretation_is_refused(address: str) -> None:
    assert parse_repository(address) is None


def test_the_owner_is_everything_before_the_name() -> None:
    group = parse_repository("gitlab.com/vividly/media/content-worker")
    assert group is not None
    assert group.owner_and_name == ("vividly/media", "content-worker")
    assert WORKER.owner_and_name == ("vividly", "content-worker")


def test_case_matters_where_the_host_is_not_known_to_ignore_it() -> None:
    one, other = (parse_repository(f"git.vividly.example/vividly/{name}") for name in ("worker", "Worker"))
    assert one is not None
    assert one != other


def test_a_mirrored_repository_is_named_by_its_project_and_name() -> None:
    assert source_repository("vividly-dev", "content-worker") == parse_repository(
        "https://source.developers.google.com/p/vividly-dev/r/content-worker"
    )


@pytest.mark.parametrize(
    ("project", "name"),
    [("", "worker"), ("vividly-dev", ""), ("a/b", "worker"), ("vividly-dev", ".."), ("vividly-dev", "\ud800")],
)
def test_a_mirrored_repository_needs_a_project_and_a_name(project: str, name: str) -> None:
    assert source_repository(project, name) is None


PIECES = st.sampled_from(
    [
        *"https:// ssh:// git+ git@ github.com GitHub.com bitbucket.org source.developers.google.com".split(),
        *"/ // : :443 @ . .. .git .GIT % %2f ? # ~ - p r projects locations vividly content-worker Worker".split(),
        *["\\", "\u0456", "\u212a", "\ud800", "\n", " "],
    ]
)
ADDRESSES = st.lists(PIECES | st.text(max_size=3), max_size=10).map("".join) | st.text(max_size=60)


@settings(deadline=None)
@given(ADDRESSES)
def test_any_text_is_either_refused_or_has_a_canonical_name_that_names_itself(address: str) -> None:
    repository = parse_repository(address)
    assert repository is None or parse_repository(str(repository)) == repository


@settings(deadline=None)
@given(ADDRESSES, ADDRESSES)
def test_any_project_and_name_is_either_refused_or_has_a_canonical_name_that_names_itself(
    project: str, name: str
) -> None:
    repository = source_repository(project, name)
    assert repository is None or parse_repository(str(repository)) == repository


@settings(deadline=None)
@given(ADDRESSES)
def test_what_is_accepted_is_plain_and_has_a_host_or_is_a_connections_resource(address: str) -> None:
    repository = parse_repository(address)
    if repository is not None:
        assert address.isascii()
        assert not set(address) & set("\\%?# \n\t")
        assert repository.host or repository.path.startswith("projects/")
