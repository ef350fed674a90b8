"""Secrets among the words of commands, statements and calls; and what is encoded whole."""

from __future__ import annotations

from verifier.redact.rule import Rule, RuleGroup, SecretValues

_PAD = r"[A-Za-z0-9+/_-]"


def _row(
    name: str,
    group: RuleGroup,
    pattern: str,
    example: str,
    harmless: str,
    source: str,
    judge: SecretValues = SecretValues.ALL,
) -> Rule:
    return Rule(name, group, pattern, example, harmless, source, judge)


COMMANDS: tuple[Rule, ...] = (
    _row(
        "user and password of a command",
        RuleGroup.KEY_VALUE,
        r"""(?:^|[\s,\[("'])(?:-u|--user|--proxy-user|--auth|-a)(?:["'],?\s*["']|[ =])"""
        r"""["']?[^\s:"'=/+%]{1,64}:([^\s"'/][^\s"']*)""",
        "curl -u app:{16} https://h",
        "docker run -u 1000:1000 -u node:node x; date -u +%H:%M:%SZ",
        "curl: Command line tool, -u",
        SecretValues.NO_WORD,
    ),
    _row(
        "password stuck to its flag",
        RuleGroup.KEY_VALUE,
        r"""(?:^|[\s"'])-p([^\s"'=:/]{6,})""",
        "mysql -u root -paB3!{12} db",
        "-p8080:80 -pthread -port80 -p5432",
        "MySQL: Using options on the command line",
        SecretValues.STRICT,
    ),
    _row(
        "password of a command",
        RuleGroup.KEY_VALUE,
        r"""(?i:\b(?:sshpass|mysql|mysqldump|(?:docker|podman|az) login|twine|helm|zip|mongo\w{0,8}|openssl enc"""
        r"""|unzip|7z|redis-cli|ldapsearch|mosquitto_pub|mosquitto_sub)\b"""
        r"""[^\r\n]{0,200}?\s-(?:p|a|w|P|k)[ =]["']?([^\s"'-][^\s"']*))""",
        "docker login -u app -p aB3{16} h",
        "mysql -P 3306 -p db, docker login -p",
        "Docker: docker login",
        SecretValues.RANDOM,
    ),
    _row(
        "passphrase of OpenSSL",
        RuleGroup.KEY_VALUE,
        r"""\bpass:([^\s"',;]{4,})""",
        "openssl rsa -passin pass:{16} -in k",
        "-passin pass:${PW} pass:none",
        "OpenSSL: Passphrase options",
        SecretValues.NO_WORD,
    ),
    _row(
        "SQL",
        RuleGroup.KEY_VALUE,
        r"""(?i:\bidentified\s+(?:with\s+\S{1,60}\s+)?(?:by|as)\s+(?:password\s+)?["'`]?([^"'`\s;]+)"""
        r"""|\bsp_addlogin\s+n?'[^']{1,60}',\s*n?'([^'\r\n]+)"""
        r"""|\bpassword(?:\s+|\s*\(\s*)'([^'\r\n]+))""",
        "CREATE USER 'a'@'%' IDENTIFIED BY '{16}'; ALTER ROLE a PASSWORD '{16}'",
        "IDENTIFIED BY '***', password 'missing'",
        "MySQL: CREATE USER; PostgreSQL: ALTER ROLE",
        SecretValues.NO_WORD,
    ),
    _row(
        "user, sign, password",
        RuleGroup.KEY_VALUE,
        r"""(?i:\b(?:login|logon|log in|sign-?in|authentication|auth|credentials?|connect(?:ed|ing|ion)?)\b"""
        r"""[^\r\n/:]{0,30}\s[\w.$#-]{1,40}[/:]([^\s"'/:@]+))""",
        "login failed for app/aB3{13}",
        "login failed for app/worker, connected to db/x2",
        "Oracle: SQL*Plus, logon",
        SecretValues.STRICT,
    ),
    _row(
        "AUTH of Redis",
        RuleGroup.KEY_VALUE,
        r"""\b(?:AUTH|auth)["']? +["']?(?:[a-z]\w{0,20}["']? +["']?)?([^\s"']{6,})""",
        "-> AUTH aB3{16}",
        "AUTH failed, auth backend2 started",
        "Redis: AUTH",
        SecretValues.STRICT,
    ),
    _row(
        "secret in an object's text",
        RuleGroup.KEY_VALUE,
        r"""\b(?:Fernet|HMAC|hmac\.new|AESGCM|Cipher|Signer|URLSafeTimedSerializer|basic_auth"""
        r"""|HTTPBasicAuth)\((?:b?["'][\w.@-]{1,60}["'],\s*)?b?["']([^"'\r\n]{6,})""",
        "Fernet(b'{b64:43}=')",
        "Fernet('missing') HTTPBasicAuth('user', 'password')",
        "cryptography: Fernet",
        SecretValues.NO_WORD,
    ),
    _row(
        "input that did not validate, named after it",
        RuleGroup.ENCODED,
        r"""input_value=["']([^"'\r\n]+)["'], input_type=\w+\]"""
        r"""[^\r\n]{0,60}(?i:password|passwd|secret|token|api_?key|credential)""",
        "input_value='{16}', input_type=str] for password",
        "input_value='abc', input_type=str] for name",
        "Pydantic: Error handling",
        SecretValues.NO_WORD,
    ),
)

ENCODED: tuple[Rule, ...] = (
    _row(
        "JWT or JSON in base64",
        RuleGroup.ENCODED,
        r"eyJ[\w+/-]{17,}=*(?:\.[\w-]*)*|\bew(?:og|0K)[\w+/-]{20,}=*",
        "a eyJ{20}.{30}.{20} b",
        "eyJ",
        "RFC 7519: JSON Web Token",
    ),
    _row(
        "private key in base64",
        RuleGroup.ENCODED,
        rf"LS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0Eg|BFQyBQ|BFQyB|BPUEVOU1NI|BFTkNSWVBU|BEU0Eg|BQR1AgUFJJ){_PAD}*=*",
        "a LS0tLS1CRUdJTiBQUklWQVRF{60} b",
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR",
        "RFC 4648: Base encodings",
    ),
    _row(
        "a secret's name in base64",
        RuleGroup.ENCODED,
        # `password`, `passwd`, `secret`, `token` and `api_key` at each of the three places that base64 knows.
        rf"{_PAD}*(?:cGFzc3dvcm|Bhc3N3b3Jk|wYXNzd29yZ|cGFzc3dk|Bhc3N3Z|wYXNzd2|UEFTU1dPUk|BBU1NXT1JE|QQVNTV09SR"
        rf"|YXBpX2tleT|FwaV9rZXk9|hcGlfa2V5P|X3Rva2Vu|90b2tlb|fdG9rZW|c2VjcmV0P|NlY3JldD|zZWNyZXQ9){_PAD}{{12,}}=*",
        "got cGFzc3dvcmQ9{24} b",
        "cGFzc3dvcmQ",
        "RFC 4648: Base encodings",
    ),
)
