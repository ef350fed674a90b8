"""The deployment's settings, from environment variables. All that is wrong is said at once, and no secret is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import re2

from verifier.errors import Malformed
from verifier.facts.build_key import BuildKey, checked_key
from verifier.problems import Problems, shown

VARIABLES = (
    "VERIFIER_PROJECTS",
    "VERIFIER_REGIONS",
    "VERIFIER_POLICY",
    "VERIFIER_LEDGER",
    "VERIFIER_HOME_PROJECT",
    "VERIFIER_SLACK_TOKEN",
    "VERIFIER_SLACK_CHANNEL",
    "VERIFIER_SLACK_WEBHOOK",
    "VERIFIER_TOPIC",
    "VERIFIER_WORK_TOPIC",
    "VERIFIER_READ_UPLOADS",
    "VERIFIER_TIMEOUT",
    "VERIFIER_LOGGING_QUOTA",
    "VERIFIER_BUILD_QUOTA",
    "VERIFIER_BILL_WATCHED",
    "VERIFIER_GOOGLE_ENDPOINT",
    "VERIFIER_SLACK_ENDPOINT",
)
"""Every variable of our own. An unknown one that starts like them is a typing error, and refused."""

_LEASE_MARGIN = 60
"""An invocation that was frozen at its timeout must not find its lease still its own when it wakes up."""

_LOOPBACK = (
    r"(localhost|\[::1\]|127(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3})"
    r":(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
)
_ADDRESS = rf"^{_LOOPBACK}$"
_SLACK_API = rf"^http://{_LOOPBACK}/api/$"
_LOCAL_WEBHOOK = rf"^https?://{_LOOPBACK}/[!-~]*$"
_WEBHOOK = r"^https://[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]+$"
_CHANNEL = r"^[CDG][A-Z0-9]+$"
_TOPIC = r"^projects/[a-z0-9.:-]+/topics/[A-Za-z][\w.~+%-]{2,254}$"
_DATABASE = r"^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$"


@dataclass(frozen=True, slots=True)
class Watched:
    """The builds that this deployment looks after."""

    projects: Mapping[str, str]
    """Project ids, each with the project's number, or with empty text where nobody told it."""
    locations: frozenset[str] = frozenset()
    """Regions and `global`; empty: every one."""

    def project(self, name: str) -> str:
        """Return the id of the project that this id or number names; the name itself when the number is not known."""
        return next((project for project, number in self.projects.items() if number == name), name)

    def covers(self, key: BuildKey) -> bool:
        """Whether the build is among them."""
        return key.project in self.projects and (not self.locations or key.location in self.locations)


@dataclass(frozen=True, slots=True)
class QuotaLimit:
    """How many calls a minute an API takes that one project pays for. 0: as many as one likes."""

    default: int
    projects: Mapping[str, int] = field(default_factory=dict)
    """Projects with another limit."""

    def of(self, project: str) -> int:
        """Return the limit of what this project pays for."""
        return self.projects.get(project, self.default)


LOGGING_QUOTA = 60
"""Reads of Cloud Logging a minute, if a project has no other quota; documentation: "Cloud Logging quotas"."""
BUILD_QUOTA = 300
"""Gets and lists of Cloud Build. New projects have less; a refusal says how much, and is heeded."""


@dataclass(frozen=True, slots=True)
class FirestoreLedger:
    """The ledger is a Firestore database in the home project."""

    database: str = "(default)"


@dataclass(frozen=True, slots=True)
class SqliteLedger:
    """The ledger is a file on this machine."""

    path: str


Ledger = FirestoreLedger | SqliteLedger


@dataclass(frozen=True, slots=True)
class Settings:
    """How this deployment is set up. Exactly one of `slack_token` and `slack_webhook` is given."""

    watched: Watched
    """Its locations are never empty: each is listed by the sweep."""
    home_project: str
    """The project of the ledger and the audit trail."""
    policy_path: str
    ledger: Ledger
    slack_token: str = field(repr=False)
    slack_channel: str
    """The default channel's id; empty with a webhook."""
    slack_webhook: str = field(repr=False)
    topic: str
    """The full name of the topic that verdicts are published to, or empty."""
    timeout_seconds: int
    """The function's own timeout."""
    google_endpoint: str
    """Where a stand-in for Google's services listens; empty: the real ones. So for the three that follow."""
    slack_endpoint: str
    firestore_emulator: str
    pubsub_emulator: str
    work_topic: str = ""
    """The full name of the topic by which the function gives itself work, or empty: then its sweeps do all of it."""
    reads_uploads: bool = False
    """Whether the archives of LOCAL_SOURCE builds are read."""
    storage_emulator: str = ""
    """Where a stand-in of Cloud Storage listens; empty: the real one."""
    logging_quota: QuotaLimit = field(default_factory=lambda: QuotaLimit(LOGGING_QUOTA))
    build_quota: QuotaLimit = field(default_factory=lambda: QuotaLimit(BUILD_QUOTA))
    bill_watched: bool = True
    """Each watched project pays, with its quota, for what is read in it."""

    @property
    def lease_seconds(self) -> int:
        """For how long a record is leased to one invocation."""
        return self.timeout_seconds + _LEASE_MARGIN

    @property
    def loopback(self) -> str:
        """The stand-ins in use, as `VARIABLE=address` and separated by commas, for the log; empty in production."""
        stand_ins = {
            "VERIFIER_GOOGLE_ENDPOINT": self.google_endpoint,
            "VERIFIER_SLACK_ENDPOINT": self.slack_endpoint,
            "FIRESTORE_EMULATOR_HOST": self.firestore_emulator,
            "PUBSUB_EMULATOR_HOST": self.pubsub_emulator,
            "STORAGE_EMULATOR_HOST": self.storage_emulator,
        }
        return ", ".join(f"{name}={address}" for name, address in stand_ins.items() if address)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in these variables; an empty one is unset. Raise SettingsError with every problem."""
    reading = _Reading(environment)
    projects = reading.projects()
    slack_endpoint = reading.text("VERIFIER_SLACK_ENDPOINT", _SLACK_API, "http://127.0.0.1:PORT/api/")
    token, channel, webhook = reading.slack(loopback=bool(slack_endpoint))
    settings = Settings(
        watched=Watched(projects, reading.locations()),
        home_project=reading.project("VERIFIER_HOME_PROJECT", next(iter(projects), "")),
        policy_path=reading.text("VERIFIER_POLICY", default="policy.toml"),
        ledger=reading.ledger(),
        slack_token=token,
        slack_channel=channel,
        slack_webhook=webhook,
        topic=reading.text("VERIFIER_TOPIC", _TOPIC, "projects/PROJECT/topics/TOPIC"),
        work_topic=reading.text("VERIFIER_WORK_TOPIC", _TOPIC, "projects/PROJECT/topics/TOPIC"),
        timeout_seconds=reading.seconds("VERIFIER_TIMEOUT", 60, 60, 540),
        google_endpoint=reading.address("VERIFIER_GOOGLE_ENDPOINT"),
        slack_endpoint=slack_endpoint,
        firestore_emulator=reading.address("FIRESTORE_EMULATOR_HOST"),
        pubsub_emulator=reading.address("PUBSUB_EMULATOR_HOST"),
        reads_uploads=reading.text("VERIFIER_READ_UPLOADS", "^(true|false)$", "true or false") == "true",
        storage_emulator=reading.address("STORAGE_EMULATOR_HOST"),
        logging_quota=reading.quota("VERIFIER_LOGGING_QUOTA", LOGGING_QUOTA),
        build_quota=reading.quota("VERIFIER_BUILD_QUOTA", BUILD_QUOTA),
        bill_watched=reading.switch("VERIFIER_BILL_WATCHED", default=True),
    )
    reading.end()
    return settings


def loopback_address(name: str, environment: Mapping[str, str]) -> str:
    """Return the loopback address in this variable, or empty text. Raise SettingsError when it is another address."""
    reading = _Reading({name: environment.get(name, "")})
    address = reading.address(name)
    reading.end()
    return address


class _Reading:
    """Reads variables one by one; what is wrong is noted, and reading goes on with a value that does no harm."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems = Problems()

    def value(self, name: str) -> str:
        return self._environment.get(name, "").encode("utf-8", "replace").decode().strip()

    def wrong(self, name: str, expected: str, got: str) -> None:
        self._problems.add(name, f"expected {expected}, got {got}")

    def text(self, name: str, form: str = "", expected: str = "", default: str = "") -> str:
        value = self.value(name) or default
        if value and form and not re2.match(form, value):
            self.wrong(name, expected, shown(value))
        return value

    def address(self, name: str) -> str:
        return self.text(name, _ADDRESS, "a loopback address such as 127.0.0.1:8080")

    def secret(self, name: str, form: str, expected: str) -> str:
        value = self.value(name)
        if value and not re2.match(form, value):
            self.wrong(name, expected, f"{len(value)} characters of another form (not shown: it is a secret)")
        return value

    def items(self, name: str) -> list[str]:
        return [item.strip() for item in self.value(name).split(",") if item.strip()]

    def seconds(self, name: str, default: int, least: int, most: int) -> int:
        value = self.value(name) or str(default)
        if not re2.match(r"^[0-9]{1,4}$", value) or not least <= int(value) <= most:
            self.wrong(name, f"a whole number of seconds from {least} to {most}", shown(value))
            return default
        return int(value)

    def quota(self, name: str, default: int) -> QuotaLimit:
        """Read a number of calls a minute, or none; and PROJECT=NUMBER where a project has another one."""
        limit, others = default, dict[str, int]()
        for item in self.items(name):
            project, sign, number = item.rpartition("=")
            calls = 0 if number.strip() == "none" else self.calls(name, number.strip())
            if calls is None:
                return QuotaLimit(default)
            if not sign:
                limit = calls
            elif self.is_sound(name, project.strip(), "global"):
                others[project.strip()] = calls
        return QuotaLimit(limit, others)

    def calls(self, name: str, number: str) -> int | None:
        if re2.match("^[0-9]{1,6}$", number):
            return int(number)
        self.wrong(name, "calls a minute such as 60, none, or 60,my-project=600", shown(self.value(name)))
        return None

    def switch(self, name: str, *, default: bool) -> bool:
        value = self.value(name)
        if value not in ("", "on", "off"):
            self.wrong(name, "on or off", shown(value))
        return value == "on" if value in ("on", "off") else default

    def projects(self) -> dict[str, str]:
        name, found = "VERIFIER_PROJECTS", dict[str, str]()
        for item in self.items(name):
            project, sign, number = (part.strip() for part in item.partition("="))
            if sign and not re2.match("^[0-9]{1,20}$", number):
                self.wrong(name, f"{project}=NUMBER, the number made of digits", shown(item))
            elif project in found or (number and number in found.values()):
                self.wrong(name, "every project once", f"{shown(item)} again")
            elif self.is_sound(name, project, "global"):
                found[project] = number
        if not self.items(name):
            self.wrong(name, "project ids such as my-project or my-project=123456789012, with commas", "nothing")
        return found

    def project(self, name: str, default: str) -> str:
        value = self.value(name) or default
        if value:
            self.is_sound(name, value, "global")
        return value

    def locations(self) -> frozenset[str]:
        name = "VERIFIER_REGIONS"
        if not self.items(name):
            got = shown(self.value(name)) if self.value(name) else "nothing"
            self.wrong(name, "the locations that builds run in, such as global,us-central1", got)
        return frozenset(item for item in self.items(name) if self.is_sound(name, "any-project", item))

    def is_sound(self, name: str, project: str, location: str) -> bool:
        """Whether a build could have this project id and location; notes the problem when not."""
        if project.isdecimal():
            self.wrong(name, "a project id, or id=number", f"the number {shown(project)} alone")
            return False
        try:
            checked_key(project, location, "any")
        except Malformed as error:
            self._problems.add(name, str(error))
            return False
        return True

    def ledger(self) -> Ledger:
        name = "VERIFIER_LEDGER"
        kind, sign, place = self.value(name).partition(":")
        match kind, sign, place:
            case (("" | "firestore"), "", ""):
                return FirestoreLedger()
            case "firestore", ":", _ if re2.match(_DATABASE, place):
                return FirestoreLedger(place)
            case "sqlite", ":", _ if place:
                return SqliteLedger(place)
        self.wrong(name, "firestore, firestore:DATABASE or sqlite:/path/to/file", shown(self.value(name)))
        return FirestoreLedger()

    def slack(self, *, loopback: bool) -> tuple[str, str, str]:
        """Read the token, the channel and the webhook: a bot with its channel, or a webhook alone."""
        token = self.secret("VERIFIER_SLACK_TOKEN", r"^xoxb-[!-~]+$", "a bot token (xoxb-...)")
        channel = self.text("VERIFIER_SLACK_CHANNEL", _CHANNEL, "a channel's id, such as C0123456789")
        form, expected = _WEBHOOK, "an https address such as https://hooks.slack.com/services/..."
        if loopback:
            form, expected = _LOCAL_WEBHOOK, "a loopback address, because VERIFIER_SLACK_ENDPOINT is given"
        webhook = self.secret("VERIFIER_SLACK_WEBHOOK", form, expected)
        if token and webhook:
            self.wrong("VERIFIER_SLACK_WEBHOOK", "either it or VERIFIER_SLACK_TOKEN", "both")
        elif webhook and channel:
            self.wrong("VERIFIER_SLACK_CHANNEL", "nothing: a webhook has a channel of its own", shown(channel))
        elif token and not channel:
            self.wrong("VERIFIER_SLACK_CHANNEL", "the id of the channel that the bot posts to", "nothing")
        elif not token and not webhook:
            expected = "a bot token with VERIFIER_SLACK_CHANNEL, or else VERIFIER_SLACK_WEBHOOK"
            self.wrong("VERIFIER_SLACK_TOKEN", expected, "neither")
        return token, channel, webhook

    def end(self) -> None:
        for name in sorted(self._environment):
            if name.startswith("VERIFIER_") and name not in VARIABLES:
                self._problems.unknown(name, name, VARIABLES)
        self._problems.check("the environment")
