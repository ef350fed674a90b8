"""Settings come from the environment whole or not at all, and no secret shows in a message or a repr."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.config import VARIABLES, FirestoreLedger, Settings, SqliteLedger, Watched, read_settings
from verifier.errors import SettingsError

TOKEN = "xoxb-" + "made-up-token"
BOT = {"VERIFIER_SLACK_TOKEN": TOKEN, "VERIFIER_SLACK_CHANNEL": "C0123456789"}
HOOK = "https://hooks.slack.com/services/" + "made/up"
PLACES = {"VERIFIER_PROJECTS": "vividly-dev", "VERIFIER_REGIONS": "global"}
LEAST = {**PLACES, **BOT}


def settings(**changes: str) -> Settings:
    return read_settings(LEAST | changes)


def problems(environment: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_projects_regions_and_slack_are_enough() -> None:
    assert settings() == Settings(
        watched=Watched({"vividly-dev": ""}, frozenset({"global"})),
        home_project="vividly-dev",
        policy_path="policy.toml",
        ledger=FirestoreLedger("(default)"),
        slack_token=TOKEN,
        slack_channel="C0123456789",
        slack_webhook="",
        topic="",
        timeout_seconds=60,
        google_endpoint="",
        slack_endpoint="",
        firestore_emulator="",
        pubsub_emulator="",
    )


def test_every_setting_is_read() -> None:
    assert read_settings(
        {
            "VERIFIER_PROJECTS": " vividly-dev=4711, example.com:vividly ,",
            "VERIFIER_REGIONS": "global, us-central1",
            "VERIFIER_POLICY": "/etc/verifier/policy.toml",
            "VERIFIER_LEDGER": "firestore:builds-ledger",
            "VERIFIER_HOME_PROJECT": "vividly-ops",
            "VERIFIER_SLACK_WEBHOOK": "http://127.0.0.1:9001/hook",
            "VERIFIER_TOPIC": "projects/vividly-ops/topics/verdicts",
            "VERIFIER_WORK_TOPIC": "projects/vividly-ops/topics/work",
            "VERIFIER_TIMEOUT": "540",
            "VERIFIER_GOOGLE_ENDPOINT": "127.0.0.1:9000",
            "VERIFIER_SLACK_ENDPOINT": "http://localhost:9001/api/",
            "FIRESTORE_EMULATOR_HOST": "[::1]:8080",
            "PUBSUB_EMULATOR_HOST": "127.8.9.10:65535",
            "VERIFIER_READ_UPLOADS": "true",
            "STORAGE_EMULATOR_HOST": "127.0.0.1:9002",
            "PATH": "/bin",
        }
    ) == Settings(
        watched=Watched({"vividly-dev": "4711", "example.com:vividly": ""}, frozenset({"global", "us-central1"})),
        home_project="vividly-ops",
        policy_path="/etc/verifier/policy.toml",
        ledger=FirestoreLedger("builds-ledger"),
        slack_token="",
        slack_channel="",
        slack_webhook="http://127.0.0.1:9001/hook",
        topic="projects/vividly-ops/topics/verdicts",
        timeout_seconds=540,
        google_endpoint="127.0.0.1:9000",
        slack_endpoint="http://localhost:9001/api/",
        firestore_emulator="[::1]:8080",
        pubsub_emulator="127.8.9.10:65535",
        work_topic="projects/vividly-ops/topics/work",
        reads_uploads=True,
        storage_emulator="127.0.0.1:9002",
    )


def test_an_empty_variable_is_an_unset_one() -> None:
    assert settings(**{name: "" for name in VARIABLES if name not in LEAST}) == settings()


def test_the_line_end_of_a_stored_secret_is_dropped() -> None:
    assert settings(VERIFIER_SLACK_TOKEN=f"{TOKEN}\n").slack_token == TOKEN


def test_secrets_are_not_in_the_repr() -> None:
    hooked = read_settings({**PLACES, "VERIFIER_SLACK_WEBHOOK": HOOK})

    assert hooked.slack_webhook == HOOK
    assert HOOK not in repr(hooked)
    assert TOKEN not in repr(settings())


def test_the_lease_outlives_the_functions_timeout_by_a_minute() -> None:
    assert settings(VERIFIER_TIMEOUT="120").lease_seconds == 180


def test_stand_ins_are_named_for_the_log() -> None:
    local = settings(VERIFIER_GOOGLE_ENDPOINT="127.0.0.1:9000", PUBSUB_EMULATOR_HOST="localhost:8085")

    assert local.loopback == "VERIFIER_GOOGLE_ENDPOINT=127.0.0.1:9000, PUBSUB_EMULATOR_HOST=localhost:8085"
    assert settings().loopback == ""


@pytest.mark.parametrize(
    ("text", "ledger"),
    [
        ("firestore", FirestoreLedger("(default)")),
        ("firestore:(default)", FirestoreLedger("(default)")),
        ("sqlite:/tmp/a:b.db", SqliteLedger("/tmp/a:b.db")),
    ],
)
def test_the_ledger_is_firestore_or_a_file(text: str, ledger: FirestoreLedger | SqliteLedger) -> None:
    assert settings(VERIFIER_LEDGER=text).ledger == ledger


def test_quotas_are_as_documented_and_each_watched_project_pays() -> None:
    found = settings()
    assert (found.logging_quota.of("any"), found.build_quota.of("any"), found.bill_watched) == (60, 300, True)


def test_a_quota_may_be_another_one_in_some_projects_or_none_at_all() -> None:
    found = settings(
        VERIFIER_LOGGING_QUOTA="120, vividly-dev=600, example.com:old = none",
        VERIFIER_BUILD_QUOTA="none,vividly-dev=60",
        VERIFIER_BILL_WATCHED="off",
    )
    assert [found.logging_quota.of(project) for project in ("any", "vividly-dev", "example.com:old")] == [120, 600, 0]
    assert [found.build_quota.of(project) for project in ("any", "vividly-dev")] == [0, 60]
    assert not found.bill_watched


@pytest.mark.parametrize("value", ["-1", "many", "60=60=60", "vividly-dev=", "6e3", "1234567"])
def test_a_quota_that_is_no_number_is_refused(value: str) -> None:
    [problem] = problems(LEAST | {"VERIFIER_LOGGING_QUOTA": value})
    assert problem.startswith("VERIFIER_LOGGING_QUOTA: ")


def test_who_pays_is_on_or_off() -> None:
    [problem] = problems(LEAST | {"VERIFIER_BILL_WATCHED": "yes"})
    assert problem == "VERIFIER_BILL_WATCHED: expected on or off, got 'yes'"


def test_all_problems_are_told_at_once_and_no_secret_with_them() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(
            {
                "VERIFIER_PROJECTS": "Vividly, 4711, vividly-dev=x, vividly-dev=1, vividly-dev=2, vividly-new=1",
                "VERIFIER_REGIONS": "us-central1,EU",
                "VERIFIER_LEDGER": "postgres",
                "VERIFIER_HOME_PROJECT": "a/b",
                "VERIFIER_SLACK_TOKEN": "xoxp-of-a-person",
                "VERIFIER_SLACK_CHANNEL": "#builds",
                "VERIFIER_TOPIC": "verdicts",
                "VERIFIER_READ_UPLOADS": "yes",
                "STORAGE_EMULATOR_HOST": "https://storage.example.com",
                "VERIFIER_TIMEOUT": "600",
                "VERIFIER_GOOGLE_ENDPOINT": "run.example.com:443",
                "VERIFIER_REGION": "global",
                "VERIFIER_COLOUR": "red",
            }
        )

    assert str(caught.value) == (
        "the environment: 17 problems\n"
        "  VERIFIER_PROJECTS: project: expected a project id such as my-project, got 'Vividly'\n"
        "  VERIFIER_PROJECTS: expected a project id, or id=number, got the number '4711' alone\n"
        "  VERIFIER_PROJECTS: expected vividly-dev=NUMBER, the number made of digits, got 'vividly-dev=x'\n"
        "  VERIFIER_PROJECTS: expected every project once, got 'vividly-dev=2' again\n"
        "  VERIFIER_PROJECTS: expected every project once, got 'vividly-new=1' again\n"
        "  VERIFIER_SLACK_TOKEN: expected a bot token (xoxb-...), "
        "got 16 characters of another form (not shown: it is a secret)\n"
        "  VERIFIER_SLACK_CHANNEL: expected a channel's id, such as C0123456789, got '#builds'\n"
        "  VERIFIER_REGIONS: location: expected a location such as us-central1 or global, got 'EU'\n"
        "  VERIFIER_HOME_PROJECT: project: expected a project id such as my-project, got 'a/b'\n"
        "  VERIFIER_LEDGER: expected firestore, firestore:DATABASE or sqlite:/path/to/file, got 'postgres'\n"
        "  VERIFIER_TOPIC: expected projects/PROJECT/topics/TOPIC, got 'verdicts'\n"
        "  VERIFIER_TIMEOUT: expected a whole number of seconds from 60 to 540, got '600'\n"
        "  VERIFIER_GOOGLE_ENDPOINT: expected a loopback address such as 127.0.0.1:8080, got 'run.example.com:443'\n"
        "  VERIFIER_READ_UPLOADS: expected true or false, got 'yes'\n"
        "  STORAGE_EMULATOR_HOST: expected a loopback address such as 127.0.0.1:8080, "
        "got 'https://storage.example.com'\n"
        "  VERIFIER_COLOUR: unknown; expected one of VERIFIER_BILL_WATCHED, VERIFIER_BUILD_QUOTA, "
        "VERIFIER_GOOGLE_ENDPOINT, VERIFIER_HOME_PROJECT, VERIFIER_LEDGER, VERIFIER_LOGGING_QUOTA, VERIFIER_POLICY, "
        "VERIFIER_PROJECTS, VERIFIER_READ_UPLOADS, VERIFIER_REGIONS, VERIFIER_SLACK_CHANNEL, VERIFIER_SLACK_ENDPOINT, "
        "VERIFIER_SLACK_TOKEN, VERIFIER_SLACK_WEBHOOK, VERIFIER_TIMEOUT, VERIFIER_TOPIC, VERIFIER_WORK_TOPIC\n"
        "  VERIFIER_REGION: unknown; did you mean VERIFIER_REGIONS?"
    )


def test_nothing_at_all_lacks_projects_regions_and_slack() -> None:
    projects, slack, regions = problems({})

    assert projects == (
        "VERIFIER_PROJECTS: expected project ids such as my-project or my-project=123456789012, with commas, "
        "got nothing"
    )
    assert (
        regions
        == "VERIFIER_REGIONS: expected the locations that builds run in, such as global,us-central1, got nothing"
    )
    assert slack == (
        "VERIFIER_SLACK_TOKEN: expected a bot token with VERIFIER_SLACK_CHANNEL, or else VERIFIER_SLACK_WEBHOOK, "
        "got neither"
    )


def test_no_list_of_locations_may_come_out_empty() -> None:
    assert problems(LEAST | {"VERIFIER_REGIONS": " , "}) == [
        "VERIFIER_REGIONS: expected the locations that builds run in, such as global,us-central1, got ','"
    ]


@pytest.mark.parametrize(
    ("slack", "problem"),
    [
        (
            {**BOT, "VERIFIER_SLACK_WEBHOOK": HOOK},
            "VERIFIER_SLACK_WEBHOOK: expected either it or VERIFIER_SLACK_TOKEN, got both",
        ),
        (
            {"VERIFIER_SLACK_TOKEN": TOKEN},
            "VERIFIER_SLACK_CHANNEL: expected the id of the channel that the bot posts to, got nothing",
        ),
        (
            {"VERIFIER_SLACK_WEBHOOK": HOOK, "VERIFIER_SLACK_CHANNEL": "C0123"},
            "VERIFIER_SLACK_CHANNEL: expected nothing: a webhook has a channel of its own, got 'C0123'",
        ),
        (
            {"VERIFIER_SLACK_WEBHOOK": HOOK.replace("https", "http")},
            (
                "VERIFIER_SLACK_WEBHOOK: expected an https address such as https://hooks.slack.com/services/..., "
                "got 39 characters of another form (not shown: it is a secret)"
            ),
        ),
        (
            {"VERIFIER_SLACK_WEBHOOK": HOOK, "VERIFIER_SLACK_ENDPOINT": "http://127.0.0.1:9001/api/"},
            (
                "VERIFIER_SLACK_WEBHOOK: expected a loopback address, because VERIFIER_SLACK_ENDPOINT is given, "
                "got 40 characters of another form (not shown: it is a secret)"
            ),
        ),
    ],
)
def test_there_is_exactly_one_way_to_slack(slack: Mapping[str, str], problem: str) -> None:
    assert problems({**PLACES, **slack}) == [problem]


def test_a_secret_in_the_wrong_variable_is_not_shown() -> None:
    [problem] = problems(LEAST | {"VERIFIER_SLACK_CHANNEL": "xoxb-" + "123456789012-abcdef"})

    assert problem == "VERIFIER_SLACK_CHANNEL: expected a channel's id, such as C0123456789, got '[redacted]'"


@pytest.mark.parametrize(
    "address",
    [
        "example.com:443",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1.example.com:80",
        "127.0.0.256:80",
        "128.0.0.1:80",
        "0.0.0.0:80",
        "10.0.0.1:80",
        "[::2]:80",
        "localhost.example.com:80",
        "http://localhost:80",
        "localhost:80/path",
        "localhost:80@example.com:80",
        "localhost:80\nexample.com:80",
        "\udcfflocalhost:80",
    ],
)
@pytest.mark.parametrize("name", ["VERIFIER_GOOGLE_ENDPOINT", "FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"])
def test_no_address_beyond_this_machine_stands_in_for_google(name: str, address: str) -> None:
    [problem] = problems(LEAST | {name: address})

    assert problem.startswith(f"{name}: expected a loopback address such as 127.0.0.1:8080, got ")


@pytest.mark.parametrize(
    "address",
    [
        "https://slack.com/api/",
        "http://127.0.0.1:80@example.com/api/",
        "http://127.0.0.1:80\\@example.com/api/",
        "http://example.com/127.0.0.1:80/api/",
        "http://127.0.0.1:80/api",
        "http://127.0.0.1/api/",
    ],
)
def test_no_address_beyond_this_machine_stands_in_for_slack(address: str) -> None:
    [problem] = problems(LEAST | {"VERIFIER_SLACK_ENDPOINT": address})

    assert problem.startswith("VERIFIER_SLACK_ENDPOINT: expected http://127.0.0.1:PORT/api/, got ")


@pytest.mark.parametrize("text", ["9", "541", "-60", "60.0", "1_0", "\uff16\uff10", "a minute", "0x20"])
def test_the_timeout_is_a_whole_number_within_bounds(text: str) -> None:
    assert len(problems(LEAST | {"VERIFIER_TIMEOUT": text})) == 1


@pytest.mark.parametrize("text", ["sqlite:", "sqlite", "firestore:", "firestore:A", "Firestore", "firestore:/x"])
def test_a_ledger_of_another_form_is_refused(text: str) -> None:
    assert len(problems(LEAST | {"VERIFIER_LEDGER": text})) == 1


def found_in(environment: Mapping[str, str]) -> Settings | None:
    try:
        return read_settings(environment)
    except SettingsError:
        return None


@given(st.dictionaries(st.sampled_from([*VARIABLES, "FIRESTORE_EMULATOR_HOST"]), st.text(max_size=20)))
def test_any_environment_gives_whole_settings_or_their_problems(changes: dict[str, str]) -> None:
    found = found_in(LEAST | changes)

    assert found is None or (found.watched.projects and found.watched.locations and found.home_project)
