"""Secrets by their place: blocks of keys, headers, cookies and addresses."""

from __future__ import annotations

from verifier.redact.rule import Rule, RuleGroup, SecretValues

_AFTER = r"""\\*["']?\s*[:=,]\s*[\[(]?b?\\*["']?"""
_DATABASE = (
    r"(?:postgres|postgresql|mysql|mariadb|mongodb|rediss?|amqps?|mssql|sqlserver|oracle|clickhouse|neo4j|bolt|cockroachdb"
    r"|cassandra|couchbases?|memcached|nats|mqtts?|ldaps?|snowflake|redshift|vertica|db2|firebird|hive|trino|presto)"
    r"(?:\+\w+)?"
)


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


BLOCKS: tuple[Rule, ...] = (
    _row(
        "private key",
        RuleGroup.VENDOR,
        r"(?:-----|---- )BEGIN(?: |%20|\+)[A-Z0-9 %+]{0,60}PRIVATE(?: |%20|\+)KEY(?:(?: |%20|\+)BLOCK)?(?:-----| ----)"
        r"(?:[^-]|-[^-])*(?:-{4,5} ?END[A-Z0-9 %+]*-{4,5})?",
        "a -----BEGIN RSA PRIVATE KEY-----\n{b64:64}\n{b64:20}==\n-----END RSA PRIVATE KEY----- b",
        "-----BEGIN PUBLIC KEY-----",
        "RFC 7468: Textual encodings of PKIX structures",
    ),
    _row(
        "PuTTY key",
        RuleGroup.VENDOR,
        r"Private-Lines: \d+((?:(?:\r?\n|\\n)[A-Za-z0-9+/=]+)+)",
        "Private-Lines: 1\n{b64:64}\nPrivate-MAC: 1",
        "Public-Lines: 1\nAAAAB3Nza",
        "PuTTY: PPK file format",
    ),
    _row(
        "age key",
        RuleGroup.VENDOR,
        r"AGE-SECRET-KEY-1[A-Z0-9]{20,}",
        "AGE-SECRET-KEY-1{upper:58} b",
        "AGE-SECRET-KEY-1",
        "age: Format specification",
    ),
    _row(
        "part of a JSON web key",
        RuleGroup.VENDOR,
        r"""\\*"(?:d|p|q|dp|dq|qi|k)\\*"\s*:\s*\\*"([\w-]{40,})""",
        """{"kty": "EC", "d": "{43}"}""",
        """{"kty": "EC", "d": "short"}""",
        "RFC 7517: JSON Web Key",
    ),
    _row(
        "words of a recovery phrase",
        RuleGroup.VENDOR,
        r"""(?i:(?:mnemonic|(?:seed|recovery|backup) ?phrase)"""
        r"""["']?\s*[:=]\s*["']?((?:[a-z]{3,8}[ ,]+){11,23}[a-z]{3,8}))""",
        "mnemonic: {word} {word} {word} {word} {word} {word} {word} {word} {word} {word} {word} {word}",
        "mnemonic: a word or two",
        "BIP 39: Mnemonic code",
    ),
)

HEADERS: tuple[Rule, ...] = (
    _row(
        "authorization header with parameters",
        RuleGroup.HEADER,
        r"""(?i:authorization\s*:\s*(?:digest|oauth|signature|hawk|mac|hmac[\w-]*|aws4-[\w-]+|negotiate|ntlm)"""
        r""" +([^\r\n]+))""",
        """> Authorization: Digest username="a", response="{hex:32}"\nok""",
        "Authorization: Digest\nok",
        "RFC 7616: HTTP Digest access authentication",
    ),
    _row(
        "authorization header",
        RuleGroup.HEADER,
        rf"""(?i:authorization{_AFTER}(?:[a-z0-9-]{{2,20}} +)?([^\r\n"'\\]+))""",
        "-H 'Authorization: Token {24}' https://h",
        "Authorization: none",
        "RFC 9110: HTTP semantics, authorization",
        SecretValues.NO_WORD,
    ),
    _row(
        "authorization header, URL-encoded",
        RuleGroup.ENCODED,
        r"""(?i:authorization(?:%22|%27)?%(?:25)?3a(?:%20|%2520|\+|%22|%27)*(?:[a-z]{2,20}(?:%20|%2520|\+))?([^\s&"']+))""",
        "h=Authorization%3A%20Bearer%20{24}&b",
        "h=Authorization%3A%20none",
        "URL standard: Percent-encoded bytes",
        SecretValues.NO_WORD,
    ),
    _row(
        "cookie header",
        RuleGroup.HEADER,
        rf"""(?i:\bcookie{_AFTER}([^\s"'=]{{1,60}}=[^\r\n"'\\]+))""",
        "Cookie: session={24}; theme=dark\nok",
        "the cookie of a browser, cookie: none",
        "RFC 6265: HTTP state management",
    ),
    _row(
        "cookies in a dictionary",
        RuleGroup.HEADER,
        r"""(?i:\bcookies?\\*["']?\s*[:=]\s*\{([^}\r\n]+))""",
        "cookies={'sessionid': '{32}'}",
        "cookies={}",
        "Requests: Cookies",
    ),
    _row(
        "cookie of a jar or an option",
        RuleGroup.HEADER,
        r"""(?i:<cookie [^\s=<>]{1,60}=([^\s<>]+)|\s(?:-b|--cookie)[ =]["']?[^\s"'=/]{1,60}=([^\s"']+)"""
        r"""|\b(?:jsessionid|phpsessid|sessionid|connect\.sid"""
        r"""|asp\.net_sessionid|_gitlab_session|laravel_session)=([^\s;"'&]+))""",
        "<Cookie sid={32} for h/>",
        "<Cookie> and -b main",
        "Python: http.cookiejar",
    ),
    _row(
        "header of a signature or a session",
        RuleGroup.HEADER,
        rf"""(?i:\bx-[a-z-]{{0,40}}(?:auth|signature|session|user|sid){_AFTER}([^\s"',;\\]+))""",
        "x-hub-signature: sha1={hex:40} ok",
        "x-user: ada, x-auth: missing",
        "GitHub: Validating webhook deliveries",
        SecretValues.RANDOM,
    ),
    _row(
        "bearer token",
        RuleGroup.HEADER,
        r"(?i:\bbearer(?:\s|%20|\+)+([a-z0-9._~+/=-]{8,}))",
        "sent bearer {24} ok",
        "no bearer token was sent",
        "RFC 6750: OAuth 2.0 bearer token usage",
        SecretValues.RANDOM,
    ),
    _row(
        "basic credentials",
        RuleGroup.HEADER,
        r"(?i:\bbasic(?:\s|%20|\+)+([a-z0-9+/]{24,}={0,2}|[a-z0-9+/]{6,}={1,2}|[a-z0-9+/]{12,}))",
        "sent Basic {b64:24}== ok",
        "basic auth is off, basic settings",
        "RFC 7617: Basic HTTP authentication",
        SecretValues.RANDOM,
    ),
)

ADDRESSES: tuple[Rule, ...] = (
    _row(
        "webhook",
        RuleGroup.ADDRESS,
        r"""(?i:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/+-]+)"""
        r"""|discord(?:app)?\.com/api/(?:v\d+/)?webhooks/([\w/-]+)"""
        r"""|webhook\.office(?:365)?\.com/webhookb2/([^\s"'<>]+)|outlook\.office(?:365)?\.com/webhook/([^\s"'<>]+)"""
        r"""|hooks\.zapier\.com/hooks/catch/([\w/-]+)|hook\.[a-z0-9.]*make\.com/([\w-]+)|maker\.ifttt\.com/[\w/-]*/with/key/([\w-]+)"""
        r"""|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v\d/hook/([\w-]+)|events\.pagerduty\.com/integration/([\w-]+)|hc-ping\.com/([\w-]+)"""
        r"""|/hooks/([a-z0-9]{26})\b|(?:infura\.io/v3|alchemy\.com/v2)/([\w-]{20,})"""
        r"""|qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([\w-]+))""",
        "https://hooks.slack.com/services/T0/B0/{24} b",
        "https://hooks.slack.com/ https://discord.com/developers",
        "Slack: Sending messages using incoming webhooks",
    ),
    _row(
        "database address",
        RuleGroup.ADDRESS,
        rf"""(?i:\b{_DATABASE}:\\?/\\?/[^\s/:@"']*:(?:((?:/?[^\s"'<>/])+)@|([^\r\n/@]{{1,80}})@[\w.\[-]))""",
        "postgresql+psycopg://app:p/w@{16}@db:5432/prod b",
        "postgresql://app@db:5432/prod mysql://app:***@db/x",
        "SQLAlchemy: Database URLs",
        SecretValues.NO_MASK,
    ),
    _row(
        "password in an address",
        RuleGroup.ADDRESS,
        r"""(?::|=|\b)\\?/\\?/[^\s/?#:@"']*:([^\s/"'<>]+)@""",
        "https://me:{16}@host/x?mail=a@b",
        "http://localhost:8080/metrics git@github.com:vividly/worker.git https://me:${TOKEN}@h",
        "RFC 3986: URI, user information",
        SecretValues.NO_MASK,
    ),
    _row(
        "token in an address",
        RuleGroup.ADDRESS,
        r"""//([^\s/?#:@"'<>]{16,})(?::x-oauth-basic)?:?@""",
        "https://{24}@host/x",
        "https://somebody-with-a-long-name@host/x",
        "GitHub: Cloning with HTTPS",
        SecretValues.NO_WORD,
    ),
    _row(
        "password in an address, URL-encoded",
        RuleGroup.ENCODED,
        r"""(?i:%3a%2f%2f[^\s%/:@"']{1,80}%3a((?:[^\s%"'&]|%(?:[0-14-9a-f][0-9a-f]|2[0-9a-e]|3[0-9b-f]))+)%40)""",
        "u=postgres%3A%2F%2Fapp%3A{16}%40db%2Fx",
        "u=https%3A%2F%2Fhost%2Fx",
        "URL standard: Percent-encoded bytes",
    ),
    _row(
        "password in a thin address",
        RuleGroup.ADDRESS,
        r"""(?i:jdbc:oracle:\w+:[^\s/@"']{1,60}/([^\s@"']{1,100})@|\bsqlplus\s+(?:-\w+\s+)*[\w$#]{1,40}/([^\s@"']+))""",
        "jdbc:oracle:thin:app/{16}@db:1521:x",
        "jdbc:oracle:thin:@db:1521:x",
        "Oracle: JDBC, data sources and URLs",
    ),
    _row(
        "password before a host",
        RuleGroup.ADDRESS,
        r"""\b[\w.-]{1,40}(?::([^\s"'@/]{1,100})@(?:tcp|unix)\(|/([^\s"'@/:]{6,60})@[\w.-]{1,60}:\d{2,5}\b)""",
        "app:aB3{13}@tcp(db:3306)/x",
        "vividly/worker@sha256:12345 packages/name2@host:80",
        "Go: MySQL driver, data source name",
        SecretValues.STRICT,
    ),
    _row(
        "signed address",
        RuleGroup.ADDRESS,
        r"""(?i:(?:[?&;]|&amp;|\b)(?:x-(?:goog|amz)-(?:signature|credential|security-token)|sig|signature|hmac)=([^\s&"']+))""",
        "https://h/o?a=1&X-Goog-Signature={hex:64}&b=2",
        "sig=none signature=valid",
        "Cloud Storage: Signed URLs",
        SecretValues.RANDOM,
    ),
    _row(
        "key in an address",
        RuleGroup.ADDRESS,
        r"""(?i:[?&](?:key|code|auth|api|hash|k)=([^\s&"']{16,}))""",
        "https://h/o?key={24}&b=2",
        "https://h/o?key=jobs/2026/part-0001.parquet",
        "Google Cloud: Using API keys",
        SecretValues.RANDOM,
    ),
    _row(
        "line of a password file",
        RuleGroup.ADDRESS,
        r"""(?:^|\s)[\w.*-]{1,80}:(?:\d{2,5}|\*):[\w*-]{1,40}:[\w-]{1,40}:([^\s:"']{6,})""",
        "db.example.com:5432:prod:app:aB3{16}",
        "10:00:00:123:456 a.b:80:x:y:z",
        "PostgreSQL: The password file",
        SecretValues.RANDOM,
    ),
)
