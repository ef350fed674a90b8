"""The level of an entry: how loud its own program called it, whatever it says.

Every spelling becomes Cloud Logging's number. A level is looked for in this order: the entry's severity, a structured
entry's level field, the first level word of a line of text. DEBUG to NOTICE are *calm*: they outrank what only looks
like an error. WARNING outranks nothing. ERROR and above is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEBUG, INFO, NOTICE, WARNING, ERROR, CRITICAL, ALERT, EMERGENCY = range(100, 900, 100)
NAMES = {
    0: "",
    DEBUG: "DEBUG",
    INFO: "INFO",
    NOTICE: "NOTICE",
    WARNING: "WARNING",
    ERROR: "ERROR",
    CRITICAL: "CRITICAL",
    ALERT: "ALERT",
    EMERGENCY: "EMERGENCY",
}
"""The names of Cloud Logging's severities by number."""

SPELLINGS: dict[str, int] = {
    word: level
    for level, words in {
        DEBUG: "trace trc trac trce verbose verb vrb silly finest finer fine debug debu dbg dbug deb",
        INFO: "info inf information informational success",
        NOTICE: "notice",
        WARNING: "warning warn wrn",
        ERROR: "error err eror erro severe fail",
        CRITICAL: "critical crit crt fatal ftl fata panic pani dpanic",
        ALERT: "alert",
        EMERGENCY: "emergency emerg",
    }.items()
    for word in words.split()
}
"""How loggers spell a level, in lower case: the words of log4j, logback, slog, zap, zerolog, logrus, pino, winston,
bunyan, Serilog, .NET, java.util.logging, Monolog, Ruby's Logger, Elixir's Logger, syslog and more."""

LEVEL_FIELDS: tuple[tuple[str, str], ...] = (
    ("severity", "Cloud Logging's structured lines"),
    ("level", "zap, zerolog, logrus, slog, structlog, pino, bunyan, winston, logstash-logback-encoder, log4j2"),
    ("levelname", "Python's logging in JSON"),
    ("level_name", "Monolog"),
    ("lvl", "log15, some zap set-ups"),
    ("log.level", "ECS, dotted or nested"),
    ("LogLevel", "Microsoft.Extensions.Logging's JSON console"),
    ("Level", "Serilog's JSON formatter, NLog"),
    ("@l", "Serilog's compact format"),
    ("@level", "hclog: Terraform, Vault, Consul"),
    ("loglevel", "hand-made"),
    ("log_level", "hand-made"),
    ("logLevel", "hand-made"),
    ("log_severity", "hand-made"),
    ("log_level.name", "Twisted"),
    ("severity_text", "OpenTelemetry"),
    ("severityText", "OpenTelemetry"),
    ("SeverityText", "OpenTelemetry"),
    ("record.level.name", "loguru with serialize=True"),
    ("context.logLevel", "roarr"),
    ("s", "MongoDB's server: a letter beside `c` and `ctx`"),
    ("levelno", "Python's logging in JSON, as a number"),
    ("level_value", "logstash-logback-encoder, as a number"),
    ("severity_number", "OpenTelemetry, as a number"),
    ("severityNumber", "OpenTelemetry, as a number"),
)
"""The fields of structured entries that hold a level, the most telling first, each with the logger that writes it."""

_LETTERS = {"F": CRITICAL, "E": ERROR, "W": WARNING, "I": INFO, "D": DEBUG}


def level_of_word(word: str) -> int:
    """Return the level that a logger spells like this (`ERROR`, `eror`, `ERROR+2`, `3`), 0 for no level."""
    folded = word.strip().casefold()
    found = SPELLINGS.get(folded, 0)
    if found or not folded:
        return found
    if folded.isdecimal():
        return level_of_number(int(folded[:6]))
    return SPELLINGS.get(folded.partition("+")[0].partition("(")[0].partition("-")[0], 0)


def level_of_number(number: float, field: str = "level") -> int:
    """Return what a number means in a field: pino's tens, Python's, Monolog's hundreds, logback's thousands."""
    if not 0 < number < 1e9:
        return 0
    if field in ("severity_number", "severityNumber"):  # OpenTelemetry: 1 to 24, four of each
        return (0, DEBUG, DEBUG, INFO, WARNING, ERROR, CRITICAL)[int(number + 3) // 4] if number < 25 else 0
    if number >= 1_000:  # logback and log4j: 10,000 DEBUG to 50,000 FATAL
        return _step(number / 10_000, (DEBUG, DEBUG, INFO, WARNING, ERROR, CRITICAL))
    if number >= 100:  # Monolog: 100 DEBUG, 200 INFO, 250 NOTICE, 300 WARNING, 400 ERROR, 500 CRITICAL
        return _step(number / 100, (DEBUG, DEBUG, INFO, WARNING, ERROR, CRITICAL, EMERGENCY))
    if field == "levelno":  # Python: 10 DEBUG to 50 CRITICAL
        return _step(number / 10, (DEBUG, DEBUG, INFO, WARNING, ERROR, CRITICAL))
    if number >= 10:  # pino, bunyan and roarr: 10 TRACE to 60 FATAL
        return _step(number / 10, (DEBUG, DEBUG, DEBUG, INFO, WARNING, ERROR, CRITICAL))
    return 0


def _step(position: float, levels: tuple[int, ...]) -> int:
    return levels[min(int(position), len(levels) - 1)]


def level_of_silence(payload: Mapping[str, Any]) -> int:
    """Return what it means that a structured entry has no level field: Serilog leaves it out for Information alone."""
    return INFO if "@mt" in payload or "@m" in payload else 0


def level_of_value(payload: Mapping[str, Any], field: str, value: Any) -> int:
    """Return the level that a field's value means in this entry, 0 for none."""
    if field == "s":
        return _LETTERS.get(value, 0) if "ctx" in payload and isinstance(value, str) else 0
    if isinstance(value, bool):
        return 0
    if isinstance(value, int | float):
        if field == "level" and 0 <= value < 8:  # GELF: syslog's numbers
            return _SYSLOG[int(value)] if "short_message" in payload else 0
        return level_of_number(value, field)
    return level_of_word(value) if isinstance(value, str) else 0


_SYSLOG = (EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG)


def level_of_priority(digit: str) -> int:
    """Return the level of syslog's number, 0 EMERGENCY to 7 DEBUG."""
    return _SYSLOG[int(digit)]
