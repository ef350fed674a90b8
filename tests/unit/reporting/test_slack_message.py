"""What people read about a build: whole texts for each situation, and which of them are posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.builders import (
    BUILD_ID,
    DECIDED,
    POLICY,
    SHA,
    WORKER,
    judged,
    logged,
    pushed,
    ran,
    tried,
    uploaded,
)
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Exemption, Greens, Policy, Route
from verifier.checks.verdict import Check, Finding, Outcome, Verdict
from verifier.checks.worker import not_started
from verifier.facts.build import Build
from verifier.facts.execution import Completion
from verifier.facts.logs import Repeated
from verifier.facts.repository import Repository
from verifier.facts.source import Source, source_of
from verifier.facts.submitter import Submitter
from verifier.reporting.slack_message import (
    failed_build_message,
    is_posted,
    unconfirmed_message,
    verdict_message,
)
from verifier.services import Message
from verifier.standin.dates import with_plain_dates as undated

KEY = f"projects/vividly-dev/locations/us-central1/builds/{BUILD_ID}"
PLACE = "--region=us-central1 --project=vividly-dev"
BY_HAND = (
    f"Build {BUILD_ID} in vividly-dev, us-central1 · finished 2026-11-23 02:00:12 UTC · "
    "submitted by hand as builder@vividly-dev.iam.gserviceaccount.com · Build Verifier 0.1.0"
)
BUILD = "Build 4e841fcb (2026-11-23 02:00 UTC)"
BY_TRIGGER = BY_HAND.replace("submitted by hand", "run by trigger content-worker-main")
MAPPERS = Repeated(
    name="One or more mappers failed to initialize",
    count=14,
    first=datetime(2026, 11, 23, 2, 21, 7, tzinfo=UTC),
    task="0",
    excerpt="Traceback (most recent call last):\n  File \"/app/run.py\"\nInvalidRequestError: Mapper 'Lesson' <broken>",
)
KEY_ERROR = Repeated("KeyError: 'lesson'", 2, datetime(2026, 11, 23, 2, 22, 9, tzinfo=UTC), "3", "KeyError: 'lesson'")
EXEMPTION = Exemption("sandbox images are made by hand", tool="gcloud builds submit")


def read(message: Message) -> str:
    """Return the message as lines: texts as they are, small print in parentheses, buttons in brackets."""
    lines = []
    for block in message.blocks:
        match block["type"]:
            case "section":
                lines.append(block["text"]["text"])
            case "context":
                lines.append(f"({block['elements'][0]['text']})")
            case "actions":
                lines.append(" ".join(f"[{button['text']['text']}]" for button in block["elements"]))
    return undated("\n".join(lines))


def links(message: Message) -> dict[str, str]:
    return {button["text"]["text"]: button["url"] for block in message.blocks for button in _buttons(block)}


def _buttons(block: Any) -> list[Any]:
    return list(block["elements"]) if block["type"] == "actions" else []


def posted(build: Build, source: Source, judgement: Judgement, *, policy: Policy = POLICY) -> str:
    return read(verdict_message(build, source, judgement, policy))


def test_an_upload_is_told_with_its_tool_its_unproven_claim_its_consequence_and_the_right_command() -> None:
    assert posted(*judged(uploaded())) == (
        "*🔴 LOCAL_SOURCE · vividly/content-worker:latest · no commit*\n"
        f"{BUILD} was made from files uploaded with gcloud builds submit; no commit is recorded.\n"
        "It claims COMMIT_SHA 85cffd8: nothing proves that.\n"
        "A git push does not change it. The next run of a job on this tag uses it.\n"
        f"Do this: `gcloud builds triggers run content-worker-main --branch=main {PLACE}`\n"
        "What was in it: `verifier compare 4e841fcb --fix YOUR_COMMIT`\n"
        f"({BY_HAND})\n"
        "[Build] [Source archive]"
    )


def test_who_submitted_it_is_told_where_it_is_given() -> None:
    ana = Submitter("ana@vividly.example", "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit")
    text = read(verdict_message(*judged(uploaded()), POLICY, submitter=ana))
    assert text.splitlines()[3] == "Submitted by ana@vividly.example with gcloud builds submit."
    silent = read(verdict_message(*judged(uploaded()), POLICY, submitter=Submitter("<!here>", "")))
    assert silent.splitlines()[3] == "Submitted by &lt;!here&gt;."


def test_errors_in_the_logs_are_told_first_and_then_quoted() -> None:
    assert posted(*tried(pushed(), logged(MAPPERS))) == (
        "*🔴 FAILED · content-worker-main · 85cffd8 main*\n"
        "Right commit, right image; the worker's logs show errors:\n"
        '"One or more mappers failed to initialize" ×14, first at 2026-11-23 02:21:07 UTC (task 0)\n'
        "```\n"
        "02:21:07 UTC, task 0, ×14\n"
        "Traceback (most recent call last):\n"
        '  File "/app/run.py"\n'
        "InvalidRequestError: Mapper 'Lesson' &lt;broken&gt;\n"
        "```\n"
        "Do this: fix it and push; if the line is harmless, add it to `ignore` in policy.toml.\n"
        f"({BY_TRIGGER})\n"
        "[Logs] [Execution] [Commit]"
    )


def test_an_error_that_has_a_name_is_told_with_its_rule_and_the_lines_that_would_accept_it() -> None:
    named_error = replace(KEY_ERROR, name="KeyError: `lesson`\n", identity="0123456789abcdef", rule="fail-pattern")
    text = posted(*tried(pushed(), logged(MAPPERS, named_error)))
    assert "02:22:09 UTC, task 3, ×2, rule fail-pattern\nKeyError: 'lesson'\n```\n" in text
    assert (
        "```\n"
        "# in policy.toml, to accept it for a while:\n"
        "\n"
        "# it says: KeyError: \u02cblesson\u02cb\n"
        "[[accept]]\n"
        f'worker = "{WORKER.trigger}"\n'
        'error = "0123456789abcdef"\n'
        'reason = "WHY"\n'
        "until = 2026-12-23\n"
        "```\n"
    ) in text


def test_an_error_that_earlier_builds_had_is_told_as_such_and_calls_nobody() -> None:
    calling = replace(POLICY, routes=(Route(mention="here"),))
    build, source, judgement = tried(pushed(), logged(KEY_ERROR))
    known = replace(judgement, known="not new: on 6 builds since 12 Nov")
    assert "<!here>" in verdict_message(build, source, judgement, calling).text
    message = verdict_message(build, source, known, calling)
    assert "<!here>" not in message.text + read(message)
    assert read(message).splitlines()[:4] == [
        "*🔴 FAILED · content-worker-main · 85cffd8 main*",
        "Right commit, right image; the worker's logs show errors:",
        "\"KeyError: 'lesson'\" ×2, first at 2026-11-23 02:22:09 UTC (task 3)",
        "Not new: on 6 builds since 12 Nov. Nobody is called.",
    ]
    assert "Nobody is called." in message.text


def test_a_verified_run_with_nothing_but_accepted_errors_names_them() -> None:
    accepted = replace(KEY_ERROR, accepted="until 2026-12-31: the import is rewritten")
    assert posted(*tried(pushed(), logged(accepted))) == (
        "*✅ VERIFIED · content-worker-main · 85cffd8 main*\n"
        "Commit proven by Cloud Build; dev-vividly-content-worker ran this image: "
        "1/1 tasks, logs complete, and nothing in them but what is accepted "
        '("KeyError: \'lesson\'" ×2 is accepted until 2026-12-31: the import is rewritten), "query ok" seen.\n'
        "[Commit] [Execution]"
    )


def test_of_accepted_errors_beside_others_none_is_quoted() -> None:
    accepted = replace(KEY_ERROR, excerpt="this is accepted", accepted="until 2026-12-31: the import is rewritten")
    text = posted(*tried(pushed(), logged(accepted, MAPPERS)))
    assert "this is accepted" not in text
    assert "KeyError: 'lesson'\" ×2 is accepted until 2026-12-31: the import is rewritten" in text


def test_a_verified_run_takes_two_quiet_lines() -> None:
    assert posted(*tried(pushed(), logged())) == (
        "*✅ VERIFIED · content-worker-main · 85cffd8 main*\n"
        "Commit proven by Cloud Build; dev-vividly-content-worker ran this image: "
        '1/1 tasks, logs complete and clean, "query ok" seen.\n'
        "[Commit] [Execution]"
    )


def test_an_idle_run_is_told_with_what_would_decide_it() -> None:
    assert posted(*tried(pushed(), logged(seen=()))) == (
        "*🟡 INCONCLUSIVE · content-worker-main · 85cffd8 main*\n"
        'Right commit, right image, exit 0, but "query ok" was never logged: an idle worker proves nothing.\n'
        "To decide it: run the job with work waiting, or drop `expect` for it in policy.toml.\n"
        f"({BY_TRIGGER})\n"
        "[Execution] [Logs]"
    )


def test_a_crashed_run_is_told_before_its_logs_and_every_kind_of_error_is_quoted() -> None:
    crashed = ran(
        completion=Completion.FALSE, succeeded=0, failed=1, exited=True, message="The container exited with an error."
    )
    text = posted(*tried(pushed(), logged(MAPPERS, KEY_ERROR), crashed))
    assert text.splitlines()[1:3] == [
        "Right commit, right image; the worker failed: 0/1 tasks succeeded: The container exited with an error.",
        "The worker's logs show errors:",
    ]
    assert (
        "\n\n02:22:09 UTC, task 3, ×2\nKeyError: 'lesson'\n```\nDo this: fix the worker and push; see `gcloud " in text
    )
    assert "`\nAlso: fix it and push; if the line is harmless, add it to `ignore` in policy.toml.\n" in text


def test_a_worker_that_may_not_be_started_is_told_with_what_to_grant() -> None:
    grant = "gcloud run jobs add-iam-policy-binding dev-vividly-content-worker --role=roles/run.developer"
    assert posted(*judged(pushed(), not_started("run.jobs.run is denied", grant))) == (
        "*🟡 INCONCLUSIVE · content-worker-main · 85cffd8 main*\n"
        "Right commit, but no run of the worker could be looked at: run.jobs.run is denied.\n"
        f"To decide it: `{grant}`\n"
        f"({BY_TRIGGER})\n"
        "[Build] [Commit]"
    )


def test_required_checks_without_an_answer_are_named() -> None:
    assert "\nRight commit, but these checks have no answer: worker_started, worker_succeeded, " in posted(
        *judged(pushed(), ())
    )


def test_an_unclear_source_is_told_with_the_contradiction() -> None:
    assert posted(*judged(pushed(buildTriggerId="", source={}, sourceProvenance={}))) == (
        "*🟡 INCONCLUSIVE · vividly/content-worker:latest · commit unclear*\n"
        "The commit is not certain: source: it is recorded but empty, and no trigger names a commit.\n"
        "To decide it: look at the build's source in Cloud Build, and build the commit again through its trigger.\n"
        f"({BY_HAND})\n"
        "[Build]"
    )


def test_a_commit_submitted_by_hand_is_told_with_both_ways_out() -> None:
    lenient = replace(POLICY, require_trigger=False)
    assert posted(*judged(pushed(buildTriggerId="", substitutions={}), policy=lenient), policy=lenient) == (
        "*🔴 FAILED, no trigger ran it · vividly/content-worker:latest · 85cffd8*\n"
        "No trigger ran it: submitted by hand; anybody may submit any public repository.\n"
        f"Do this: `gcloud builds triggers run content-worker-main --branch=main {PLACE}`; "
        "or list the repository under `repositories` in policy.toml.\n"
        f"({BY_HAND})\n"
        "[Build] [Commit]"
    )


@pytest.mark.parametrize(
    ("failed", "image"),
    [(Check.WORKER_STARTED, False), (Check.WORKER_SUCCEEDED, True)],
)
def test_what_could_not_be_checked_of_a_run_that_failed_is_not_told(failed: Check, image: bool) -> None:
    """Which image failed is worth knowing, where one ran."""
    unknown = [
        Finding(check, Outcome.COULD_NOT_CHECK, f"{check} is open", f"settle {check}")
        for check in (Check.WORKER_RAN_THE_BUILT_IMAGE, Check.LOGS_ARE_COMPLETE, Check.EXPECTED_LINES_WERE_SEEN)
    ]
    text = posted(*judged(pushed(), [Finding(failed, Outcome.FAILS, "it failed", "fix it"), *unknown]))
    assert "it failed" in text
    assert ("worker_ran_the_built_image is open" in text) is image
    assert "logs_are_complete" not in text
    assert "expected_lines_were_seen" not in text


def test_more_reasons_than_people_read_are_counted() -> None:
    strict = replace(
        POLICY,
        repositories=frozenset({Repository("github.com", "vividly/other")}),
        branches=("release",),
        require_trigger=True,
        workers=(),
    )
    build = pushed(buildTriggerId="", substitutions={"COMMIT_SHA": "1" * 40})
    stopped = [
        Finding(Check.WORKER_STARTED, Outcome.FAILS, "it had not started", "see why"),
        Finding(Check.WORKER_SUCCEEDED, Outcome.COULD_NOT_CHECK, "not looked at", "look at it"),
    ]
    field = "sourceProvenance.resolvedGitSource.revision"
    assert posted(*judged(build, stopped, policy=strict), policy=strict).splitlines()[1:6] == [
        "The repository is not allowed: github.com/vividly/content-worker is not on the policy's list.",
        f"What it claims is not true: contradicted by {field}: COMMIT_SHA={'1' * 40}.",
        "No trigger ran it: submitted by hand: whatever commit it names, its steps are the submitter's own.",
        "The worker did not start: it had not started.",
        "And 2 more findings: see the audit trail.",
    ]


def test_a_build_without_source_names_the_service_that_is_known_for_it() -> None:
    build = pushed(
        buildTriggerId="", source=None, sourceProvenance={}, substitutions={}, tags=["t-function"], results={}
    )
    assert posted(*judged(build)).splitlines()[:3] == [
        "*🔴 LOCAL_SOURCE · build 4e841fcb · no commit*",
        f"{BUILD} has no source of its own, like builds of Cloud Functions; no commit is recorded.",
        "A git push does not change it.",
    ]


def test_a_commit_that_policy_does_not_count_is_no_upload() -> None:
    literal = replace(POLICY, repo_source_only=True)
    field = "sourceProvenance.resolvedGitSource.revision"
    assert posted(*judged(pushed(), policy=literal), policy=literal).splitlines()[:2] == [
        "*🔴 LOCAL_SOURCE · content-worker-main · 85cffd8 main*",
        f"Build 4e841fcb (2026-11-23 02:00 UTC): policy counts only repoSource's commit; {field} says {SHA}.",
    ]


def test_many_claims_are_counted_and_repetitions_left_out() -> None:
    claims = {"COMMIT_SHA": SHA, "SHORT_SHA": SHA[:7], "BRANCH_NAME": "main", "REPO_NAME": "x", "TAG_NAME": "v1"}
    text = posted(*judged(uploaded(substitutions=claims)))
    assert "\nIt claims COMMIT_SHA 85cffd8, BRANCH_NAME main and 2 more: nothing proves that.\n" in text


def test_a_build_that_nobody_announced_says_so() -> None:
    text = posted(*judged(uploaded(), announced=False))
    said = (
        "No message announced it that could be read: it was found by listing; its notifications went elsewhere or were"
    )
    assert f"\n{said} quarantined.\nDo this: " in text


def test_a_build_verified_by_its_source_alone_says_that_nothing_ran() -> None:
    assert posted(*judged(pushed())) == (
        "*✅ VERIFIED · content-worker-main · 85cffd8 main*\n"
        "Commit proven by Cloud Build; no worker is configured for what built it.\n"
        "[Build] [Commit]"
    )


def test_an_exempt_build_is_told_with_the_reason() -> None:
    policy = replace(POLICY, exemptions=(EXEMPTION,))
    assert posted(*judged(uploaded(), policy=policy), policy=policy) == (
        "*⚪ EXEMPT · vividly/content-worker:latest · no commit*\n"
        "Build 4e841fcb (2026-11-23 02:00 UTC) was made from files uploaded with gcloud builds submit; "
        "exempt: sandbox images are made by hand.\n"
        f"({BY_HAND})\n"
        "[Build] [Source archive]"
    )


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({"TRIGGER_NAME": "t", "TAG_NAME": "v1.2", "REF_NAME": "v1.2"}, "85cffd8 tag v1.2"),
        ({"TRIGGER_NAME": "t", "_PR_NUMBER": "12", "BRANCH_NAME": "feature"}, "85cffd8 pull request 12"),
        ({"TRIGGER_NAME": "t", "BRANCH_NAME": "main", "REF_NAME": "other"}, "85cffd8"),
    ],
)
def test_the_first_line_names_the_ref_as_far_as_the_build_tells(claims: dict[str, str], shown: str) -> None:
    first, _, _ = posted(*judged(pushed(substitutions=claims))).partition("\n")
    assert first.endswith(f" · t · {shown}*")


def test_the_notification_is_the_first_line_and_the_reasons() -> None:
    message = verdict_message(*tried(pushed(), logged(MAPPERS)), POLICY)
    assert undated(message.text) == (
        "🔴 FAILED · content-worker-main · 85cffd8 main\n"
        "Right commit, right image; the worker's logs show errors:\n"
        '"One or more mappers failed to initialize" ×14, first at 2026-11-23 02:21:07 UTC (task 0)'
    )
    assert message.key == f"{KEY}@FAILED"


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        ("U012AB3CD", " <@U012AB3CD>"),
        ("W012AB3CD", " <@W012AB3CD>"),
        ("S012AB3CD", " <!subteam^S012AB3CD>"),
        ("here", " <!here>"),
        ("channel", " <!channel>"),
        ("", ""),
        ("everyone", ""),
        ("U1> <!channel", ""),
    ],
)
def test_the_route_decides_the_channel_and_who_is_called(who: str, shown: str) -> None:
    policy = replace(POLICY, routes=(Route(channel="C0RED", mention=who, verdicts=frozenset({Verdict.LOCAL_SOURCE})),))
    message = verdict_message(*judged(uploaded()), policy, "C0DEFAULT")
    first = "🔴 LOCAL_SOURCE · vividly/content-worker:latest · no commit"
    assert message.channel == "C0RED"
    assert message.text.splitlines()[0] == first + shown
    assert read(message).splitlines()[0] == f"*{first}*{shown}"
    assert verdict_message(*judged(pushed()), policy, "C0DEFAULT").channel == "C0DEFAULT"


def test_buttons_lead_to_the_console_and_to_the_commit() -> None:
    console = "https://console.cloud.google.com"
    query = (
        "resource.type%3D%22cloud_run_job%22%0A"
        "resource.labels.job_name%3D%22dev-vividly-content-worker%22%0A"
        "resource.labels.location%3D%22us-central1%22%0A"
        "labels.%22run.googleapis.com%2Fexecution_name%22%3D%22dev-vividly-content-worker-x7k2p%22%0A"
        "timestamp%3E%3D%222026-11-23T02%3A00%3A12.000000Z%22"
    )
    assert links(verdict_message(*judged(uploaded()), POLICY)) == {
        "Build": f"{console}/cloud-build/builds;region=us-central1/{BUILD_ID}?project=vividly-dev",
        "Source archive": (
            f"{console}/storage/browser/_details/vividly-dev_cloudbuild/source/"
            "1795399190.512345-0123456789abcdef0123456789abcdef.tgz?project=vividly-dev"
        ),
    }
    assert links(verdict_message(*tried(pushed(), logged(MAPPERS)), POLICY)) == {
        "Logs": f"{console}/logs/query;query={query}?project=vividly-dev",
        "Execution": (
            f"{console}/run/jobs/executions/details/us-central1/dev-vividly-content-worker-x7k2p/tasks"
            "?project=vividly-dev"
        ),
        "Commit": f"https://github.com/vividly/content-worker/commit/{SHA}",
    }


@pytest.mark.parametrize(
    ("address", "commit"),
    [
        ("https://gitlab.com/vividly/apps/worker.git", f"https://gitlab.com/vividly/apps/worker/-/commit/{SHA}"),
        ("https://bitbucket.org/vividly/worker", f"https://bitbucket.org/vividly/worker/commits/{SHA}"),
        ("https://git.example.org/vividly/worker", None),
    ],
)
def test_commits_are_linked_at_known_hosts_only(address: str, commit: str | None) -> None:
    provenance = {"resolvedGitSource": {"url": address, "revision": SHA}}
    message = verdict_message(*judged(pushed(source=None, sourceProvenance=provenance)), POLICY)
    assert links(message).get("Commit") == commit


@pytest.mark.parametrize("name", ["../../../../evil", "a/./b", "a//b", "", "x" * 3_000])
def test_an_object_that_would_leave_the_template_gets_no_link(name: str) -> None:
    build = uploaded(source={"storageSource": {"bucket": "b", "object": name}}, sourceProvenance={})
    assert "Source archive" not in links(verdict_message(*judged(build), POLICY))


def test_a_build_that_did_not_succeed_is_one_plain_line() -> None:
    detail = 'Build step failure: build step 1 "pytest" failed'
    build = pushed(status="FAILURE", sourceProvenance={}, failureInfo={"type": "USER_BUILD_STEP", "detail": detail})
    message = failed_build_message(build, replace(POLICY, routes=(Route(channel="C0RED", mention="here"),)))
    line = f"⚪ NOT BUILT · content-worker-main · 85cffd8 main · FAILURE: {detail}"
    assert read(message) == f"{line}\n[Build]"
    assert message.text == line
    assert (message.channel, message.key) == ("C0RED", f"{KEY}@FAILURE")
    assert verdict_message(build, source_of(build), Judgement(None, (), DECIDED), POLICY).text == line


def test_the_collective_notice_counts_builds_that_nobody_knows() -> None:
    names = [f"projects/p/locations/global/builds/{number}" for number in range(7)]
    message = unconfirmed_message(14, names, DECIDED, "vividly-home")
    assert read(message) == (
        "*🟡 Messages named 14 builds that Cloud Build does not show, since 2026-11-23 02:23 UTC*\n"
        "Either somebody forges messages, or the verifier may not read these builds.\n"
        + "".join(f"For example {name}\n" for name in names[:5])
        + """Do this: `gcloud logging read 'labels.kind="unconfirmed"' --project=vividly-home --freshness=1d`"""
    )
    assert (message.channel, message.key) == ("", "unconfirmed@2026-11-23T02:23:40.000000Z")


OTHER_TRIGGER = {"TRIGGER_NAME": "docs", "COMMIT_SHA": SHA, "BRANCH_NAME": "main"}
PULL_REQUEST = OTHER_TRIGGER | {"_PR_NUMBER": "12"}
EVERY = replace(POLICY, posts=frozenset(Verdict))
NONE = replace(POLICY, posts=frozenset(), verified=Greens.NONE, post_failed_builds=False)
NOT_BUILT = Judgement(None, (), DECIDED)


def for_pull_request(case: tuple[Build, Source, Judgement], number: str = "12") -> tuple[Build, Source, Judgement]:
    """Return the same, where the build's trigger was read and is one for pull requests."""
    build, source, judgement = case
    return build, source, replace(judgement, pull_request=number)


@pytest.mark.parametrize(
    ("case", "default", "every", "none"),
    [
        (judged(uploaded()), True, True, False),
        (tried(pushed(), logged(MAPPERS)), True, True, False),
        (tried(pushed(), logged(seen=())), True, True, False),
        (tried(pushed(), logged()), True, True, False),
        (judged(pushed()), False, True, False),
        (judged(uploaded(), policy=replace(POLICY, exemptions=(EXEMPTION,))), False, True, False),
        (for_pull_request(judged(pushed(substitutions=PULL_REQUEST))), False, False, False),
        (judged(pushed(substitutions=PULL_REQUEST)), True, True, False),
        (
            for_pull_request(judged(pushed(substitutions=PULL_REQUEST), not_started("denied", "grant"))),
            True,
            True,
            False,
        ),
        (
            for_pull_request(judged(pushed(substitutions=PULL_REQUEST | {"TRIGGER_NAME": WORKER.trigger}))),
            True,
            True,
            False,
        ),
        ((pushed(status="FAILURE"), None, NOT_BUILT), True, True, False),
        ((pushed(status="FAILURE", substitutions=OTHER_TRIGGER), None, NOT_BUILT), False, False, False),
        ((uploaded(status="FAILURE"), None, NOT_BUILT), False, False, False),
    ],
    ids=[
        "an upload",
        "a run with errors",
        "an inconclusive run",
        "a verified run",
        "verified by its source alone",
        "exempt",
        "a pull request of a trigger without worker",
        "what only says that it is a pull request's",
        "a pull request with something else open",
        "a pull request of a worker's trigger",
        "a worker's trigger did not build",
        "another trigger did not build",
        "a build by hand did not build",
    ],
)
def test_policy_decides_what_is_posted(case: Any, default: bool, every: bool, none: bool) -> None:
    build, _, judgement = case
    assert [is_posted(build, judgement, policy) for policy in (POLICY, EVERY, NONE)] == [default, every, none]
