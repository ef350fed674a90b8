"""The table of the rules: each finds its own example, nothing takes its harmless neighbour, and names go all ways."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from tests.unit.made_up import leaks, made_up
from verifier.redact import REDACTED, redact
from verifier.redact.redaction import redacted_by
from verifier.redact.rule import Rule
from verifier.redact.rules import RULES, search_for

NAMES = (
    " password DB_PASSWORD dbPassword PGPASSWORD passwd MYSQL_PWD SMTP_PASS db_pass pass passphrase"
    " Kennwort mot_de_passe secret clientSecret client-secret API_SECRET SECRET_KEY_BASE webhook_secret"
    " signing_secret token access_token accessToken AUTH_TOKEN bot_token NPM_TOKEN apikey api_key apiKey"
    " X-Api-Key APP_KEY encryption_key hmac_key license_key private_key session_key ALGOLIA_ADMIN_KEY"
    " redis_auth _auth salt pin credentials psk jwt_secret"
).split()

SYNTAXES = (
    "{n}={v}",
    "{n} = '{v}'",
    'export {n}="{v}"',
    "{n}: {v}",
    "{n}:{v}",
    "{n}:\t'{v}'",
    '{{"{n}": "{v}"}}',
    "{{'{n}': '{v}', 'x': 1}}",
    '{{"m": "{{\\"{n}\\": \\"{v}\\"}}"}}',
    '\\\\\\"{n}\\\\\\": \\\\\\"{v}\\\\\\"',
    "{{\\u0022{n}\\u0022: \\u0022{v}\\u0022}}",
    "{n}=&quot;{v}&quot;",
    "&lt;{n}&gt;{v}&lt;/{n}&gt;",
    "<{n}>{v}</{n}>",
    '<add key="{n}" value="{v}"/>',
    '{{"name": "{n}", "value": "{v}"}}',
    "- name: {n}\n  value: {v}",
    "--{n}={v}",
    "--{n} {v}",
    "['worker', '--{n}', '{v}']",
    "('{n}', '{v}')",
    "{n} => '{v}'",
    ':{n}=>"{v}"',
    "{n}:={v}",
    "?x=1&{n}={v}&y=2",
    "{n}%3D{v}%26x",
    "%22{n}%22%3A%22{v}%22",
    "{n}: |\n  {v}\n",
    "{n}:\n  {v}\n",
    "| {n} | {v} |",
    "{n}        {v}",
    "user,{n}\napp,{v}\n",
    "ENV {n} {v}",
    "os.environ['{n}'] = '{v}'",
    "Settings({n}='{v}', x=1)",
    "{n}=SecretStr('{v}')",
    "{{{n}: {v}}}",
    "user=app, {n}={v}, host=x",
)
VALUES = ("aZ4xQ81mPw7RtY2k", "Blue2!moon", "c0rrect&h0rse!")

BENIGN = tuple(
    """
token expired at 2026-01-02T10:00:00Z
invalid token: signature has expired
password: incorrect
password must contain at least 8 characters
Secret "db-password" not found in namespace prod
pulling secret projects/123/secrets/api-key/versions/latest
API key not valid. Please pass a valid API key.
WWW-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io"
authorization: Bearer <token>
Authorization: Bearer ${TOKEN}
"authorization": "[REDACTED]"
password: ********
'password': None
"token": ""
API_KEY=${API_KEY}
API_KEY=$(gcloud secrets versions access latest --secret=api-key)
--set-secrets=DB_PASSWORD=db-password:latest
password=input("Password: ")
password = os.environ["DB_PASSWORD"]
const token = await getToken();
def f(password: str, token: Optional[str] = None) -> bool:
TypeError: login() missing 1 required positional argument: 'password'
DB_PASSWORD: unbound variable
Access denied for user 'root'@'localhost' (using password: YES)
SELECT id, password_hash, token FROM users WHERE token = $1
INSERT INTO tokens (token, user_id) VALUES (%s, %s)
[parameters: {'token': '?', 'id': 3}]
SyntaxError: Unexpected token 'export'
JSONDecodeError: invalid token at line 1
total_tokens=1204 prompt_tokens=1000 max_new_tokens: 256
eos_token: </s>
rate limit: 100 tokens per minute
page_token=Cg5zb21lLXBhZ2UtdG9rZW4
"nextSyncToken": "CPDAlvWDx70CEPDAlvWDx70CGAU="
"token_uri": "https://oauth2.googleapis.com/token"
auth=scram-sha-256
"auth": {"type": "basic"}
PUBLIC_KEY=abc
ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7v3
CACHE_KEY=job-8xSCDnBhN9FRthu26AWA
idempotency_key=5fd34382-e454-80c6-b5a9-416bc22a0b69
primary_key="user_id" foreign_key: tenant_id
key=jobs/2026/01/part-0001.parquet
encryption key: projects/p/locations/us/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1
GPIO pin=13 set high
--- PASS: TestParseV2 (0.00s)
tests passed=12 failed=0, pass 2 of 3
PWD=/workspace/app OLDPWD=/tmp
sid=5fd34382-e454-80c6-b5a9-416bc22a0b69
sha256:3f0a1c9be2d54f6780aa19d4c7be1f20c33d0d7b1f2ac4e58b6a7d90e1f2c3b4
HEAD is now at 85cffd8f2b1a6c3d4e5f60718293a4b5c6d7e8f9 Merge pull request #12
go: downloading github.com/golang-jwt/jwt/v5 v5.2.0 h1:d/ix8ftRUorsN+5eMIlF4T6J8CAt9rch3My2winC1Jw=
traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
x-goog-hash: crc32c=n03x6A==
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
request req_011CSHoEeqs5C35K2UUqR7Fy failed
image gcr.io/p/worker:v1.2.3-85cffd8 pod content-worker-7d9f8b6c5d-x2x4z
https://storage.googleapis.com/bucket/o?alt=media&generation=1700000000000000
docker run -u 1000:1000 image
ssh -p2222 host; mkdir -pv /a/b; gcc -pthread -pipe -o a a.c
docker login -u _json_key --password-stdin https://gcr.io
connecting to db-prod-01:5432
postgresql://app:***@db:5432/prod and postgresql://${USER}:${PASSWORD}@db/x
jdbc:postgresql://db:5432/app http://localhost:8080/metrics ssh://git@github.com:22/o/r.git
secretName: tls-cert
valueFrom: {secretKeyRef: {name: pg, key: password}}
open /run/secrets/db_password: no such file or directory
credentials file: key.json
known_hosts updated for key SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDK7mV5S1tQm3i7nQg
password_reset_token_ttl=3600 PASSWORD_MIN_LENGTH=12
arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf
password: op://vault/item/password
API_TOKEN=@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)
password = "{{ vault_db_password }}"
api_key="YOUR_API_KEY"
"password": {"type": "string", "format": "password"}
<input type="password" name="password" value="">
Enter passphrase for key '/root/.ssh/id_rsa':
secret version 3 destroyed
Password for 'https://app@github.com':
{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db"}}}
['username', 'password', 'email']
username,password,email
    raise InvalidPassword(password)
google.api_core.exceptions.PermissionDenied: 403 denied for 'projects/p/secrets/db-password/versions/latest'
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk
gs://p_cloudbuild/source/1700000000.123456-3f0a1c9be2d54f6780aa19d4c7be1f20.tgz
model_checkpoint_epoch_12_step_34000_loss_0123.pt
cipher TLS_AES_128_GCM_SHA256
""".strip("\n").splitlines()
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_the_secret_in_its_own_example(rule: Rule) -> None:
    text, secrets = made_up(rule.example)
    alone = redacted_by(search_for((rule,)), text)

    assert secrets
    assert [secret for secret in secrets if leaks(secret, alone) or leaks(secret, redact(text))] == []
    assert alone.replace(REDACTED, "") != ""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_harmless_neighbour_of_an_example_stays(rule: Rule) -> None:
    assert redact(rule.harmless) == rule.harmless


def test_what_stands_around_a_vendors_format_stays() -> None:
    marked = [rule for rule in RULES if rule.example.startswith("a ") and rule.example.endswith(" b")]
    assert len(marked) > 70
    for rule in marked:
        kept = redact(made_up(rule.example)[0])
        assert kept.startswith("a [redacted]"), rule.name
        assert kept.endswith("] b"), rule.name


def test_rules_have_names_sources_and_examples_of_their_own() -> None:
    for field in ("name", "pattern", "example"):
        assert [value for value, count in Counter(getattr(rule, field) for rule in RULES).items() if count > 1] == []
    assert all(": " in rule.source for rule in RULES)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_name_is_known_in_every_syntax(syntax: str) -> None:
    lines = [(f"failed: {syntax.format(n=name, v=value)}", value) for name, value in product(NAMES, VALUES)]

    assert [line for line, value in lines if leaks(value, redact(line))] == []


@pytest.mark.parametrize("text", BENIGN)
def test_a_line_that_only_talks_of_secrets_stays(text: str) -> None:
    assert redact(text) == text


def test_a_second_secret_beside_a_first_or_before_it_goes_too() -> None:
    texts = (
        "docker login -u a --token=aZ4xQ81mPw7RtY2k -p Blue2!moon9 h",
        "password=none token=aZ4xQ81mPw7RtY2k",
        "db_password\n  bad token=aZ4xQ81mPw7RtY2k [type=int, input_value='Blue2!moon9', input_type=str]",
    )

    assert [
        text for text in texts if leaks("aZ4xQ81mPw7RtY2k", redact(text)) or leaks("Blue2!moon9", redact(text))
    ] == []


def test_every_row_of_a_long_table_goes() -> None:
    rows = [made_up("app{2},{16}", seed)[0] for seed in range(60)]
    kept = redact("user,password\n" + "\n".join(rows) + "\n\nthe end")

    assert kept == f"user,password\n{REDACTED}\nthe end"
