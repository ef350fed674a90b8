"""A policy and settings that were written for 0.1.0 are accepted, and mean what they meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.frozen.compare import FROZEN, frozen
from verifier.checks.policy import Deadlines, Exemption, Greens, Policy, Route, Worker
from verifier.checks.policy_file import read_policy
from verifier.checks.verdict import Verdict
from verifier.config import FirestoreLedger, Settings, SqliteLedger, Watched, read_settings
from verifier.facts.execution import JobName
from verifier.facts.logs import LogRules, Pattern
from verifier.facts.repository import Repository
from verifier.facts.source import Strength

LOST = Pattern("lost its database", "OperationalError")
NOISE = Pattern("DeprecationWarning", "DeprecationWarning")
STARTED = Pattern("started", "started")
POLICY = Policy(
    repositories=frozenset(Repository("github.com", f"vividly/{name}") for name in ("content-worker", "site")),
    branches=("main", "release/*"),
    tags=("v*",),
    strengths=frozenset({Strength.RESOLVED, Strength.REQUESTED, Strength.SERVICE_UPLOAD, Strength.TRIGGERS_WORD}),
    require_trigger=True,
    exemptions=(
        Exemption(
            "Cloud Functions builds its own copies",
            tool="Cloud Functions",
            service_account="functions-builder@vividly-dev.iam.gserviceaccount.com",
        ),
        Exemption(
            "nightly images", bucket="vividly-nightly", tag="nightly", trigger="7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee"
        ),
    ),
    workers=(
        Worker(
            "content-worker-main",
            JobName("", "us-central1", "dev-vividly-content-worker"),
            branches=("main",),
            args=("--once", ""),
            region="global",
            image="us-docker.pkg.dev/vividly-dev/images/content-worker",
            logs=LogRules(
                failures=(LOST, Pattern("out of memory", "out of memory")),
                ignored=(NOISE, Pattern("harmless", "^retrying")),
                expected=(STARTED, Pattern("query ok", "query ok")),
            ),
            deadlines=Deadlines(
                start=timedelta(minutes=5),
                run=timedelta(hours=2),
                logs=timedelta(minutes=20),
                settle=timedelta(seconds=45),
            ),
        ),
        Worker(
            "site",
            JobName("vividly-prod", "europe-west1", "site"),
            logs=LogRules(failures=(LOST,), ignored=(NOISE,), expected=(STARTED,), crash_words=False),
        ),
    ),
    logs=LogRules(failures=(LOST,), ignored=(NOISE,), expected=(STARTED,), crash_words=False),
    posts=frozenset(Verdict),
    verified=Greens.NONE,
    post_failed_builds=False,
    name_submitter=True,
    routes=(
        Route(
            "C0123456789",
            "here",
            verdicts=frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED}),
            triggers=frozenset({"content-worker-main"}),
            projects=frozenset({"vividly-dev"}),
        ),
    ),
    grace=timedelta(minutes=15),
)
WITH_BOT = Settings(
    watched=Watched({"vividly-dev": "402118557731", "vividly-prod": ""}, frozenset({"global", "us-central1"})),
    home_project="vividly-home",
    policy_path="/etc/verifier/policy.toml",
    ledger=FirestoreLedger("build-verifier"),
    slack_token="xoxb-1-2-three",
    slack_channel="C0123456789",
    slack_webhook="",
    topic="projects/vividly-home/topics/build-verifier-verdicts",
    timeout_seconds=120,
    google_endpoint="",
    slack_endpoint="",
    firestore_emulator="",
    pubsub_emulator="",
)
ALONE = Settings(
    watched=Watched({"vividly-dev": ""}, frozenset({"us-central1"})),
    home_project="vividly-dev",
    policy_path="policy.toml",
    ledger=SqliteLedger("/var/lib/verifier/ledger.sqlite"),
    slack_token="",
    slack_channel="",
    slack_webhook="https://hooks.slack.com/services/T0/B0/secret",
    topic="",
    timeout_seconds=60,
    google_endpoint="",
    slack_endpoint="",
    firestore_emulator="",
    pubsub_emulator="",
)


def policy(name: str) -> Policy:
    """Return the frozen policy; its digest is the file's own."""
    return replace(read_policy((FROZEN / name).read_bytes(), name), digest="")


def test_a_policy_with_every_key_means_what_it_meant() -> None:
    assert policy("policy.toml") == POLICY


def test_the_literal_rule_means_what_it_meant() -> None:
    assert policy("policy-repo-source.toml") == Policy(repo_source_only=True)


def test_an_empty_policy_means_what_it_meant_but_for_builds_by_hand() -> None:
    usual = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED, Verdict.INCONCLUSIVE})
    found = replace(read_policy(b""), digest="")
    assert found == Policy(
        strengths=frozenset({Strength.RESOLVED, Strength.REQUESTED, Strength.SERVICE_UPLOAD}),
        repo_source_only=False,
        require_trigger=True,  # by default a build by hand was accepted from a listed repository
        posts=usual,
        verified=Greens.WORKER,
        post_failed_builds=True,
        name_submitter=False,
        grace=timedelta(minutes=10),
    )
    assert (found.repositories, found.branches, found.tags) == (frozenset(), (), ())
    assert (found.exemptions, found.workers, found.routes) == ((), (), ())


def test_the_settings_of_a_bot_mean_what_they_meant() -> None:
    assert read_settings(frozen("settings.json")["with a bot"]) == WITH_BOT


def test_the_settings_of_a_webhook_mean_what_they_meant_and_the_rest_has_its_defaults() -> None:
    assert read_settings(frozen("settings.json")["with a webhook"]) == ALONE


def test_the_settings_of_stand_ins_mean_what_they_meant() -> None:
    assert read_settings(frozen("settings.json")["with stand-ins"]) == replace(
        ALONE,
        ledger=FirestoreLedger("(default)"),
        slack_token="xoxb-1-2-three",
        slack_channel="C0123456789",
        slack_webhook="",
        google_endpoint="127.0.0.1:8081",
        slack_endpoint="http://127.0.0.1:8082/api/",
        firestore_emulator="localhost:8083",
        pubsub_emulator="[::1]:8084",
    )
