"""Which names look like secrets: those that people really keep secrets under, and not their harmless neighbours."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from verifier.facts.upload.secret_names import HARMLESS, ROWS, secret_row

SECRET = """
.env app/.env .env.local .env.production .env-prod prod.env .envrc backend/.ENV
id_rsa keys/id_ed25519 id_ecdsa id_dsa deploy_rsa id_rsa.old putty.ppk
server.pem tls/server.key cert.p12 store.pfx release.jks upload.keystore AuthKey_1.p8
passwords.kdbx .htpasswd .pgpass login.keychain
.npmrc .pypirc .yarnrc.yml home/.cargo/credentials.toml .gem/credentials
.netrc _netrc .git-credentials .git/config .dockercfg .docker/config.json
my-service-account.json service_account.json serviceaccountkey.json worker-firebase-adminsdk-x1.json
client_secret_12.apps.googleusercontent.com.json application_default_credentials.json sa-key.json prod-sa-key.json
.aws/credentials credentials credentials.json gcp-credentials.json credentials.yml .s3cfg office.ovpn
secrets.yaml secret.yml SECRETS.JSON .streamlit/secrets.toml .vault-token
.kube/config kubeconfig prod.kubeconfig
terraform.tfstate terraform.tfstate.backup prod.tfvars prod.auto.tfvars.json
""".split()
PLAIN = """
.env.example .env.sample .env.template .env.dist .env.defaults .envoy.yaml environment.py env.py config/env
id_rsa.pub deploy_rsa.pub src/id_rsa_docs/readme.md keyboard.py monkey keys.go
ca.pem cacert.pem certs/ca-bundle.pem cert.pem fullchain.pem chain.pem public.pem public.key
config.json docker/config.json app/config .git/HEAD kube/config
secrets.py secret_names.py secretary.txt credentials.py credentials/readme.md my.credentials.d/x
terraform.tfvars.example example.tfvars main.tf package.json requirements.txt
node_modules/agent/test/key.pem venv/lib/python3.11/site-packages/x/server.key
""".split()


@pytest.mark.parametrize("path", SECRET)
def test_a_name_under_which_secrets_are_kept_is_told(path: str) -> None:
    assert secret_row(path) is not None


@pytest.mark.parametrize("path", PLAIN)
def test_a_name_beside_them_is_not(path: str) -> None:
    assert secret_row(path) is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_every_row_has_a_source_and_is_what_tells_of_some_name(row: object) -> None:
    assert any(secret_row(path) is row for path in SECRET)
    assert next(known.source for known in ROWS if known is row)


def test_no_harmless_pattern_is_without_use() -> None:
    names = [path.lower().rpartition("/")[2] for path in PLAIN]
    more = ["x-cert.pem", "x.public.pem", "a.pub.key", "sample.env", "example.env"]
    assert [pattern for pattern in HARMLESS if not any(fnmatch(name, pattern) for name in [*names, *more])] == []
