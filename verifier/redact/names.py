"""The names under which people keep secrets, in the spellings of all languages: `db_password`, `apiKey`, `API-KEY`."""

from __future__ import annotations

import re2

_PASSWORDS = (
    r"pass[ _-]?word|pass[_-]?wd|passwd|pass[ _-]?phrase|passcode|userpass|storepass|keypass|requirepass|masterauth"
    r"|kennwort|pas{1,2}wort|mot[ _-]?de[ _-]?passe|contrase(?:n|ñ|\\u00f1)a|senha|wachtwoord|lösenord|adgangskode"
    r"|salasana|has[lł]o|heslo|jelszo|jelszó|parola|пароль|密码|密碼|パスワード|비밀번호|_pwd|-pwd|db_?pwd"
)
_KEYS = (
    r"(?:api|access|secret|private|signing|sign|signature|encryption|encrypt|decryption|account|hmac|licen[cs]e|master"
    r"|shared|pre-?shared|storage|deploy|ssh|webhook|cipher|crypto|aes|jwt|cookie|root|subscription|consumer|merchant"
    r"|auth|authorization|client|admin|session|app|service[_-]?account|crypt|instrumentation|ingest(?:ion)?|fernet|rsa|vault)"
    r"[ _.-]?key"
)
_TAILS = (
    r"(?:[_-]?(?:\d{1,3}|base|hash|value|prod|production|staging|stage|dev|test|live|old|new|previous|current|primary"
    r"|secondary|main|backup|plain|plaintext|clear|raw|str|string|text|bytes|b64|base64|hex|enc|encrypted|data|confirm"
    r"|confirmation|again|repeat|json|pem|rw|ro|write|read|key|token|access|salt|pepper|seed))*"
    r"(?:\[\w{0,10}\])?"
)
STRONG = rf"(?:{_PASSWORDS}|secret|token|credentials?|psk|{_KEYS}){_TAILS}"
"""What is called so is a secret, unless the value says otherwise."""

WEAK = (
    r"(?:(?:\b|[_-]|-D|%2[27]|u002[27])(?:pass|pwd|pw|pin|otp|mfa|auth|salt|pat|sid|sessionid|jwt|cookie|creds?|dsn|pepper|nonce)\d{0,2}"
    r"|[a-z](?-i:Pass|Pwd|Pin|Auth|Salt|Cred|Creds)|conn(?:ection)?[_ -]?str(?:ing)?|private[_-]?key[_-]?id"
    r"|(?-i:[A-Z0-9]+_KEY)|[a-z0-9]{2,20}-key|[a-z]+ication_?key|secret[_-]id)(?:\[\w{0,10}\])?"
)
"""What is called so may be something else: only a value that looks random is a secret."""

_IN_A_NAME = re2.compile(rf"(?i:(?:{STRONG}|{WEAK})(?:[_-]|$))")


def names_a_secret(name: str) -> bool:
    """Return whether people keep a secret under this name, which may say more than that: `_DEPLOY_KEY_SHA`."""
    return _IN_A_NAME.search(name) is not None
