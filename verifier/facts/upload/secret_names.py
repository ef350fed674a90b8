"""Names under which people keep what nobody else should have. A name proves nothing; it says where to look first.

Each row has its source: what writes such a file and says that it is secret, or a scanner's table that has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A kind of file that holds secrets."""

    what: str
    """What such a file holds."""
    names: tuple[str, ...]
    """Patterns of its name in lower case, or of its folder and name."""
    source: str


ROWS = (
    SecretRow(
        "settings of the environment",
        (".env", ".env[._-]*", "*.env", ".envrc"),
        "12factor.net/config; dotenv, 'Should I commit my .env file?'; direnv(1)",
    ),
    SecretRow(
        "a private SSH key",
        ("*_rsa", "*_dsa", "*_ecdsa", "*_ed25519", "id_rsa.*", "id_dsa.*", "id_ecdsa.*", "id_ed25519.*", "*.ppk"),
        "ssh-keygen(1), FILES; PuTTY manual, 8.2; gitrob, core/signatures.go",
    ),
    SecretRow(
        "a private key or a store of keys",
        ("*.pem", "*.key", "*.p12", "*.pfx", "*.pkcs12", "*.jks", "*.keystore", "*.bks", "*.p8"),
        "gitleaks, pkcs12-file; gitrob, core/signatures.go; earlybird, filename.json",
    ),
    SecretRow(
        "a store of passwords",
        ("*.kdbx", "*.kdb", "*.agilekeychain", "*.keychain", ".htpasswd", ".pgpass", ".my.cnf"),
        "gitrob, core/signatures.go; htpasswd(1); PostgreSQL manual, 'The Password File'",
    ),
    SecretRow(
        "a token for a registry of packages",
        (".npmrc", ".pypirc", ".yarnrc.yml", ".gem/credentials", ".cargo/credentials", ".cargo/credentials.toml"),
        "npm docs, npmrc, 'Auth related configuration'; PyPA, 'The .pypirc file'; The Cargo Book, 'Configuration'",
    ),
    SecretRow(
        "a password for a host",
        (".netrc", "_netrc", ".git-credentials", ".git/config", ".dockercfg", ".docker/config.json"),
        "netrc(5); git-credential-store(1); git-config(1), url; docker login, 'Credential stores'",
    ),
    SecretRow(
        "a key of a Google account",
        (
            "*service[-_]account*.json",
            "*serviceaccount*.json",
            "sa[-_]key*.json",
            "*[-_]sa[-_]key*.json",
            "*firebase-adminsdk*.json",
            "client_secret*.json",
            "application_default_credentials.json",
            ".boto",
        ),
        "Google Cloud, IAM, 'Create and delete service account keys'; Firebase, 'Add the Firebase Admin SDK'",
    ),
    SecretRow(
        "credentials",
        ("credentials", "credentials*.json", "credentials*.y*ml", "*credentials.json", ".s3cfg", "*.ovpn"),
        "AWS CLI User Guide, 'Configuration and credential file settings'; gitrob, core/signatures.go",
    ),
    SecretRow(
        "secrets, by its own name",
        ("secret.y*ml", "secrets.y*ml", "secret*.json", "secrets.toml", "secret*.properties", ".vault-token"),
        "Streamlit docs, 'secrets.toml'; Vault, 'Token helpers'; earlybird, filename.json",
    ),
    SecretRow("access to a cluster", (".kube/config", "kubeconfig", "*.kubeconfig"), "Kubernetes docs, kubeconfig"),
    SecretRow(
        "Terraform's state or variables",
        ("*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json"),
        "Terraform docs, 'Sensitive Data in State'; github/gitignore, Terraform.gitignore",
    ),
)
HARMLESS = (
    "*.pub",
    "*[._-]example*",
    "*[._-]sample*",
    "*[._-]template*",
    "*[._-]dist",
    "*[._-]defaults*",
    "example[._-]*",
    "sample[._-]*",
    "ca.pem",
    "ca[-_]*.pem",
    "cacert*.pem",
    "cert.pem",
    "*[-_.]cert.pem",
    "chain.pem",
    "fullchain.pem",
    "public*.pem",
    "*[-_.]public.pem",
    "public*.key",
    "*.pub.key",
)
"""Patterns of names that look so and hold no secret: examples, public keys and certificates."""
OTHERS_FOLDERS = frozenset(("node_modules", "site-packages", ".terraform"))
"""Folders with what others published: keys for their tests, and nobody's secret."""


def _like(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)")


_ROWS = tuple(
    (row, _like(name for name in row.names if "/" not in name), _like(name for name in row.names if "/" in name))
    for row in ROWS
)
_HARMLESS = _like(HARMLESS)


def secret_row(path: str) -> SecretRow | None:
    """Return the row of the secrets that a file with this path may hold, or None. Letter case does not matter."""
    parts = path.lower().split("/")
    name, with_folder = parts[-1], "/".join(parts[-2:])
    if _HARMLESS.match(name) or not OTHERS_FOLDERS.isdisjoint(parts[:-1]):
        return None
    return next((row for row, alone, in_folder in _ROWS if alone.match(name) or in_folder.match(with_folder)), None)
