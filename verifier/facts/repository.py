"""A repository by one canonical name, so that two ways to write it compare equal and look-alikes never do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

import re2

_PLAIN = re2.compile(r"^[A-Za-z0-9_.~:/@+-]+$")
_SCP = re2.compile(r"^git@([A-Za-z0-9.-]+):([^/].*)$")
_HOST = re2.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")
_PATH = re2.compile(r"^[A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)+$")
_RESOURCE = re2.compile(
    r"^projects/[^/\s]+/locations/[^/\s]+/connections/[^/\s]+/(repositories|gitRepositoryLinks)/[^/\s]+$"
)
_CLOUD_SOURCE = re2.compile(r"^p/([a-z][a-z0-9-]+)/r/(.+)$")
_DEFAULT_PORTS = {"https": 443, "ssh": 22}
CASE_BLIND_HOSTS = frozenset({"github.com", "gitlab.com", "bitbucket.org"})
SOURCE_REPOSITORIES = "source.developers.google.com"


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository, in canonical form; equal values are the same repository."""

    host: str
    """The host in lower case, or empty for a Cloud Build connection's repository."""
    path: str
    """`owner/name` without `.git`, or the connection's full resource name."""

    def __str__(self) -> str:
        return f"{self.host}/{self.path}" if self.host else self.path

    @property
    def is_proxy(self) -> bool:
        """It is Developer Connect's proxy of a repository, whose path is not the repository's own."""
        return self.host.endswith(".developerconnect.dev")

    @property
    def owner_and_name(self) -> tuple[str, str]:
        """The owner and the name; groups of groups belong to the owner."""
        owner, _, name = self.path.rpartition("/")
        return owner, name


@lru_cache(maxsize=1024)  # the builds of a project name the same few addresses again and again
def parse_repository(text: str) -> Repository | None:
    """Return the repository that an address names, or None when it can't be told for certain.

    Reads https and ssh addresses, `git@host:owner/name`, bare `host/owner/name` and the resource names of
    Cloud Build's connections. User names, passwords, odd ports, escapes, dots segments, white space and characters
    beyond ASCII are refused: an address that needs interpretation could be read differently by somebody else. Plain
    http is refused, too: whoever stands between answers as the host.
    """
    if not (text.isascii() and _PLAIN.match(text)):
        return None
    if _RESOURCE.match(text):
        return Repository("", text)
    scp = _SCP.match(text)
    if scp:
        return _build(scp.group(1), scp.group(2))
    if "://" not in text:
        host, _, path = text.partition("/")
        return _build(host, path)
    try:
        parts = urlsplit(text.removeprefix("git+"))
        port = parts.port
    except ValueError:
        return None
    scheme_is_known = parts.scheme in _DEFAULT_PORTS
    user_is_plain = parts.username is None or (parts.scheme == "ssh" and parts.username == "git")
    port_is_plain = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    if not (scheme_is_known and user_is_plain and port_is_plain) or parts.password is not None:
        return None
    return _build(parts.hostname or "", parts.path.removeprefix("/"))


def source_repository(project: str, name: str) -> Repository | None:
    """Return the Cloud Source Repository of these. Such a name may end in `.git`: it is another's then."""
    if name.endswith(("/", ".git")):
        return None
    return parse_repository(f"{SOURCE_REPOSITORIES}/p/{project}/r/{name}")


def _build(host: str, path: str) -> Repository | None:
    host = host.lower()
    if host in CASE_BLIND_HOSTS:
        path = path.lower()
    path = path.removesuffix("/").removesuffix(".git")
    if host == SOURCE_REPOSITORIES and path.startswith("p/"):
        match = _CLOUD_SOURCE.match(path)
        path = f"{match.group(1)}/{match.group(2)}" if match else ""
    dots = any(part in (".", "..") for part in path.split("/"))
    if not _HOST.match(host) or not _PATH.match(path) or dots or path.endswith(".git"):
        return None
    return Repository(host, path)
