"""A secret's name and then the secret, in the syntaxes of programs, configurations and logs.

The patterns say what follows the name: one of `names.STRONG`, or of `names.WEAK`, after which only a value that looks
random is a secret.
"""

from __future__ import annotations

from verifier.redact.rule import Rule, RuleGroup, SecretValues

_QUOTE = r"""(?:\\*["'`]|&(?:quot|apos|#0?3[49]|#x2[27]);|\\+u002[27])"""
_SIGN = r"(?:=>|:=|->|::|[:=])"
_BAR = r"(?:\||│|┃|║)"
_TEXT = r"""b?(?:"((?:[^"\\\r\n]|\\.)+)|'((?:[^'\\\r\n]|\\.)+))"""


def _row(
    name: str,
    pattern: str,
    example: str,
    harmless: str,
    source: str,
    judge: SecretValues,
    group: RuleGroup = RuleGroup.KEY_VALUE,
) -> Rule:
    return Rule(name, group, pattern, example, harmless, source, judge, named=True)


KEY_VALUES: tuple[Rule, ...] = (
    _row(
        "name and value apart",
        r"""["'\\]*[\s,;]+["'\\]*value["'\\]*\s*[:=]\s*["'\\]*([^"'\\\r\n,}<>]+)""",
        """<add key="Password" value="{16}"/> - name: DB_PASSWORD\n  value: {16}""",
        """{"name": "DB_PASSWORD", "valueFrom": {}}""",
        "Kubernetes: Define environment variables for a container",
        SecretValues.NO_PLACEHOLDER,
    ),
    _row(
        "list of quoted values",
        rf"""{_QUOTE}?[\])]?\s*{_SIGN}\s*[\[(]\s*((?:[bru]?["'][^"'\\\r\n\[\]()]+["']?[\s,]*)+)""",
        "credentials: ('{16}', '{16}')",
        "credentials: [] token=['***']",
        "Python: Built-in types, sequences",
        SecretValues.QUOTED,
    ),
    _row(
        "quoted value",
        rf"""{_QUOTE}?[\])]?\s*{_SIGN}\s*[\[(]?\s*(?:string\(\d+\)\s*|\w{{1,20}}\()?[bru]{{0,2}}(?:"((?:[^"\\\r\n]|\\.)+)|'((?:[^'\\\r\n]|\\.)+)|`([^`\r\n]+))""",
        """{"client_secret": "a b{16}", "d": 1}""",
        """{"client_secret": "${CLIENT_SECRET}", "password": None}""",
        "RFC 8259: JSON; Python: Literals",
        SecretValues.NO_PLACEHOLDER,
    ),
    _row(
        "value in quoted JSON",
        rf"""(?:\\+["']|\\+u0022)?\s*{_SIGN}\s*(?:\\+["']|\\+u0022)((?:[^"'\\\r\n]|\\+[^"'\\\r\nu])+)""",
        r"""{\"password\": \"a b{16}\", \"d\": 1}""",
        r"""{\"password\": \"\"}""",
        "RFC 8259: JSON, strings",
        SecretValues.NO_PLACEHOLDER,
        RuleGroup.ENCODED,
    ),
    _row(
        "value in HTML",
        rf"{_QUOTE}?\s*{_SIGN}\s*&(?:quot|apos|#0?3[49]|#x2[27]);((?:[^&\r\n]|&[^qa#\r\n])+)",
        "password=&quot;{16}&quot; b",
        "password=&quot;&quot; b",
        "HTML: Character references",
        SecretValues.NO_PLACEHOLDER,
        RuleGroup.ENCODED,
    ),
    _row(
        "URL-encoded pair",
        r"""(?:%(?:25)?2[27])?(?:%20|\+)*%(?:25)?3[ad](?:%20|\+)*(?:%(?:25)?2[27])?((?:[^%\s&"'<>,;]|%(?:[013-9a-f][0-9a-f]|2[013-589a-f]))+)""",
        "x?state=password%3D{16}%26d%3D1",
        "x?state=password%3Dnone",
        "URL standard: Percent-encoded bytes",
        SecretValues.NO_WORD,
        RuleGroup.ENCODED,
    ),
    _row(
        "assignment",
        rf"""{_QUOTE}?[\])]?[ \t]*(?:=>|:=|->|→|<<<|[?+]?=)[ \t]*([^\s&"'`,;=\\>][^\s&"'`,;\\]*)""",
        "DB_PASSWORD={16} SLACK_TOKEN={16}&d=1",
        "DB_PASSWORD=$OTHER token=self.token PASSWORD_FILE=/run/x max_tokens=4096",
        "Bash: Shell parameters; systemd: environment.d",
        SecretValues.NO_PLACEHOLDER,
    ),
    _row(
        "value after a colon",
        rf"""{_QUOTE}?\)?[ \t]*:[ \t]*(?:!!?\w* +)?([^\s&"'`,;\\|>][^\s&"'`,;]*)""",
        "password: {16}\nuser: me {api_key:{16}}",
        "password: incorrect, token: expired; secret: projects/p/secrets/x/versions/3",
        "YAML 1.2: Block mappings",
        SecretValues.NO_WORD,
    ),
    _row(
        "list, tuple or argument after argument",
        rf"""{_QUOTE}\s*,\s*[bru]{{0,2}}\\*["']([^"'\\\r\n]+)""",
        "['worker', '--api-key', '{16}'] ('password', '{16}')",
        "fields ['user', 'password', 'email']",
        "Python: subprocess, converting an argument sequence",
        SecretValues.NO_WORD,
    ),
    _row(
        "XML element",
        r"""["']?(?:\s[^<>\r\n]{0,80})?(?:>|&gt;|</\w{1,20}>\s*<\w{1,20}>)(?:<!\[CDATA\[)?((?:[^<>&\r\n]|&[^l<>\r\n])+)(?:\]\]>)?(?:</|&lt;/)""",
        "<password>{16}</password>",
        "<password></password> <token/>",
        "XML 1.0: Logical structures",
        SecretValues.NO_PLACEHOLDER,
    ),
    _row(
        "call",
        r"""\([bru]{0,2}["']?([^\s"'()]+)""",
        "SecretStr({16})",
        "SecretStr('**********') get_secret('db-password') password(prompt)",
        "Pydantic: Secret types",
        SecretValues.RANDOM,
    ),
    _row(
        "value in a sentence",
        r"""["']?[ \t]+(?:(?:is|was|are|set to|changed to|equals|—)[:=]?"""
        r"""|(?:for|of) [^:=\r\n]{1,60}[:=])[ \t]*["']?([^\s"'`]+)""",
        "Password for user app: aB3{16}",
        "password is required, token was revoked",
        "PostgreSQL: psql, password prompt",
        SecretValues.RANDOM,
    ),
    _row(
        "value after a blank",
        r"""["',]{0,2}[ \t]+["'(\[{]?([^\s"'`|:=<>([{-][^\s"'`|]*)""",
        "run --db-password {16} --verbose",
        "password authentication failed, --token to sign in, token bucket refilled, unexpected token '}'",
        "POSIX: Utility conventions",
        SecretValues.AFTER_BLANK,
    ),
    _row(
        "cell of a table",
        rf"""["']?[ \t]*{_BAR}[ \t]*["']?([^\s"'|│┃║]+)""",
        "| password | {16} |",
        "| password | text |",
        "PostgreSQL: psql, aligned output",
        SecretValues.NO_WORD,
        RuleGroup.ENCODED,
    ),
    _row(
        "block in YAML",
        r"""["']?:[ \t]*[|>][+-]?\d?[ \t]*\r?\n((?:[ \t]+[^\r\n]*(?:\r?\n|$))+)""",
        "password: |\n  {16}\nuser: me",
        "secret: |\nuser: me",
        "YAML 1.2: Block scalar styles",
        SecretValues.ALL,
        RuleGroup.ENCODED,
    ),
    _row(
        "value in the next line",
        r"""["']?:[ \t]*\r?\n[ \t]+(?:- +)?["']?([^\s:"'][^\s:"']*)["']?[ \t]*(?:\r?\n|$)""",
        "password:\n  {16}\n",
        "secret:\n  name: db\n",
        "YAML 1.2: Flow scalar styles",
        SecretValues.NO_WORD,
        RuleGroup.ENCODED,
    ),
    _row(
        "input that did not validate",
        r"""["'\]]?\s{1,20}[^\r\n]{0,300}input_value=(?:"([^"\r\n]+)|'([^'\r\n]+))""",
        "db_password\n  Input should be an integer [type=int_parsing, input_value='{16}', input_type=str]",
        "db_password\n  Field required [type=missing, input_value='', input_type=str]",
        "Pydantic: Error handling",
        SecretValues.NO_WORD,
        RuleGroup.ENCODED,
    ),
    _row(
        "rows below a heading",
        r"""["']?(?:[,;\t][\w ,;\t"'.-]{0,300})?\r?\n((?:[^\r\n]*[,;\t][^\r\n]*(?:\r?\n|$)){1,2})""",
        "user,password\napp,{16}\n",
        "user,password\nfoo, bar\n",
        "RFC 4180: CSV files",
        SecretValues.TABLE,
        RuleGroup.ENCODED,
    ),
)
