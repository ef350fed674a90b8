"""What a policy may say: the rest is refused with the right spelling, by `verifier policy` and not at a start."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conformance.builds import ACCOUNT, TRIGGER, TRIGGER_ID
from verifier.checks.policy_file import read_policy
from verifier.cli import main
from verifier.errors import SettingsError

WORKER = f'[[worker]]\ntrigger = "{TRIGGER_ID}"\njob = "europe-west4/press"\n'
RESPELLED = [
    ('branches = ["^main$"]', 'branches[1]: expected a name in which only * has a meaning, such as "main"'),
    ('branches = ["main$"]', 'such as "main"'),
    ('branches = ["^main"]', 'such as "main"'),
    ('branches = ["^release/.*$"]', 'such as "release/*"'),
    ('branches = ["^v1\\\\.2$"]', 'such as "v1.2"'),
    ('branches = ["refs/heads/main"]', 'such as "main"'),
    ('branches = ["^refs/heads/main$"]', 'such as "main"'),
    ('branches = ["main", "refs/heads/release/*"]', "branches[2]: expected a name in which only"),
    ('tags = ["refs/tags/v*"]', 'tags[1]: expected a name in which only * has a meaning, such as "v*"'),
    ('tags = ["^v.+$"]', 'such as "v*"'),
    (f'{WORKER}branches = ["^main$"]', "worker[1].branches[1]: expected a name in which only"),
]
TAKEN = [
    'branches = ["main"]',
    'branches = ["release/*", "heads/main", "refs-of-mine"]',
    'tags = ["v*", "v1.*", "2026.10"]',
    f'{WORKER}branches = ["main"]',
    f'triggers = ["{TRIGGER_ID}"]',
    'build_config = "repository"',
    'build_config = "any"',
    f'[[exemption]]\nreason = "x"\nservice_account = "{ACCOUNT}"',
    f'[[exemption]]\nreason = "x"\ntrigger = "{TRIGGER_ID}"\nbucket = "b"',
    '[[exemption]]\nreason = "x"\nprojects = ["team-dev"]',
]
SOFT = [
    '[[exemption]]\nreason = "x"\nbucket = "b"',
    '[[exemption]]\nreason = "x"\nbucket = "b"\ntool = "gcloud run deploy --source"',
    '[[exemption]]\nreason = "x"\nbucket = "b"\ntag = "p-run"',
]
WRONG = [
    (f'triggers = ["{TRIGGER}"]', "triggers[1]: expected a trigger's id such as"),
    ("triggers = []", "triggers: expected a list with at least one item"),
    (f'triggers = "{TRIGGER_ID}"', "triggers: expected a list"),
    ('build_config = "inline"', "build_config: expected one of any, repository"),
    ("build_config = true", "build_config: expected one of any, repository"),
    ('[[exemption]]\nreason = "x"\ntool = "Cloud Functions"', "exemption[1]: expected at least one of service_account"),
    ('[[exemption]]\nreason = "x"\ntag = "p-gcf"', "exemption[1]: expected at least one of service_account"),
    ('[[exemption]]\nreason = "x"\nprojects = ["Team Dev"]', "projects[1]: expected a project's id such as team-dev"),
    ('[[exemption]]\nreason = "x"\nprojects = ["731204958811"]', "projects[1]: expected a project's id"),
]


def asked(text: str, folder: Path) -> Result:
    file = folder / "policy.toml"
    file.write_text(text)
    return CliRunner().invoke(main, ["policy", str(file)])


@pytest.mark.parametrize(("text", "sentence"), RESPELLED)
def test_a_pattern_that_matches_no_name_is_refused_with_its_right_spelling(
    text: str, sentence: str, tmp_path: Path
) -> None:
    result = asked(text, tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert len(read_policy(text.encode()).refused) == 1


@pytest.mark.parametrize("text", TAKEN)
def test_what_is_spelled_right_is_taken(text: str, tmp_path: Path) -> None:
    assert asked(text, tmp_path).exit_code == 0
    assert (read_policy(text.encode()).refused, read_policy(text.encode()).warnings) == ((), ())


@pytest.mark.parametrize("text", SOFT)
def test_an_exemption_that_anybody_could_claim_stops_no_start_exempts_nothing_and_is_refused_with_the_way_out(
    text: str, tmp_path: Path
) -> None:
    policy = read_policy(text.encode())
    assert (policy.exemptions, len(policy.soft_exemptions)) == ((), 1)
    result = asked(text, tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "it exempts nothing. Add the service_account that these builds run as" in result.stderr


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_what_was_never_taken_stops_a_start(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_policy(text.encode())
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "account",
    [
        "731204958811-compute@developer.gserviceaccount.com",
        "731204958811@cloudbuild.gserviceaccount.com",
        "orchard-dev@appspot.gserviceaccount.com",
    ],
)
def test_an_exemption_of_a_default_account_is_warned_of(account: str, tmp_path: Path) -> None:
    result = asked(f'[[exemption]]\nreason = "x"\nservice_account = "{account}"', tmp_path)
    assert result.exit_code == 0
    assert f"names {account}, a default account, which anybody's builds may run as" in result.stdout


def test_a_worker_that_no_listed_trigger_runs_is_warned_of(tmp_path: Path) -> None:
    other = TRIGGER_ID.replace("5a4b3c2d", "00000000")
    assert f"{TRIGGER_ID} never runs" in asked(f'triggers = ["{other}"]\n{WORKER}', tmp_path).stdout
