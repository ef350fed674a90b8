"""policy.toml becomes a policy whole or not at all, and every mistake in it is told with its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import verifier
from verifier.checks.accept import Accept
from verifier.checks.day import Daily
from verifier.checks.policy import Deadlines, Exemption, Late, Policy, Route, Worker
from verifier.checks.policy_file import MOST_PATTERNS, read_policy
from verifier.checks.verdict import Verdict
from verifier.checks.watch.rules import Benign, TellWatch, WatchRules
from verifier.errors import SettingsError
from verifier.facts.execution import JobName
from verifier.facts.logs import LogRules, Pattern
from verifier.facts.repository import Repository
from verifier.facts.source import Strength

EXAMPLE = Path(verifier.__path__[0], "policy.example.toml").read_bytes()
WORKER = '[[worker]]\ntrigger = "main"\njob = "us-central1/worker"\n'


def policy(text: str) -> Policy:
    return read_policy(text.encode())


def worker(text: str) -> Worker:
    [found] = policy(WORKER + text).workers
    return found


def test_a_workers_own_container_can_be_named() -> None:
    assert worker('container = "query-1"').container == "query-1"
    assert worker("").container == ""
    (problem,) = problems(WORKER + 'container = "Query 1"')
    assert problem.startswith("worker[1].container: expected a container's name, such as worker, got ")


def test_expected_lines_can_be_expected_in_certain_logs_alone() -> None:
    assert worker('expect_logs = ["stdout", "projects-own"]').expect_logs == ("stdout", "projects-own")
    (problem,) = problems(WORKER + 'expect_logs = [""]')
    assert problem.startswith("worker[1].expect_logs[1]: expected a log, such as stdout or stderr, got ")


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        policy(text)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_an_empty_file_is_the_default_policy() -> None:
    assert read_policy(b"") == Policy(digest=sha256(b"").hexdigest())


def test_the_digest_is_the_files_own() -> None:
    assert read_policy(EXAMPLE).digest == sha256(EXAMPLE).hexdigest()


def test_the_example_reads_whole() -> None:
    mine = Pattern("lost its database", "OperationalError.*server closed the connection")

    assert replace(read_policy(EXAMPLE), digest="") == Policy(
        repositories=frozenset({Repository("github.com", "vividly/content-worker")}),
        branches=("main", "release/*"),
        tags=("v*",),
        triggers=frozenset({"7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee"}),
        exemptions=(
            Exemption(
                reason="Cloud Functions makes these builds of its own copies of the source",
                tool="Cloud Functions",
                service_account="functions-builder@vividly-dev.iam.gserviceaccount.com",
            ),
        ),
        workers=(
            Worker(
                trigger="content-worker-main",
                job=JobName("", "us-central1", "dev-vividly-content-worker"),
                branches=("main",),
                args=("--once",),
                region="us-central1",
                image="us-docker.pkg.dev/vividly-dev/images/content-worker",
                expect_logs=("stdout", "stderr"),
                logs=LogRules(
                    failures=(mine,),
                    ignored=(Pattern("DeprecationWarning", "DeprecationWarning"),),
                    expected=(Pattern("query ok", "query ok"),),
                    off=frozenset({"test-runner", "leptonica"}),
                ),
            ),
        ),
        logs=LogRules(failures=(mine,), ignored=(Pattern("DeprecationWarning", "DeprecationWarning"),)),
        accepts=(
            Accept(
                error="^KeyError: 'lesson'",
                reason="the import is being rewritten",
                until=date(2025, 12, 31),
                worker="content-worker-main",
            ),
        ),
        daily=Daily(time(9), ZoneInfo("Europe/Berlin"), "C0123456789"),
        jobs=(JobName("", "us-central1", "dev-vividly-nightly-report"),),
        routes=(
            Route(
                "C0123456789",
                "here",
                frozenset({Verdict.LOCAL_SOURCE}),
                frozenset({"content-worker-main"}),
                frozenset({"vividly-dev"}),
            ),
        ),
    )


ACCEPT = '[[accept]]\nerror = "0123456789abcdef"\nreason = "known"\nuntil = '


@pytest.mark.parametrize("until", ["2026-11-27", "2026-11-28", '"2026-12-31"', "2027-02-26"])
def test_an_error_is_accepted_until_a_day_at_most_90_days_away_or_long_ago(until: str) -> None:
    [one] = read_policy(f"{ACCEPT}{until}".encode(), today=date(2026, 11, 28)).accepts
    assert one.until == date.fromisoformat(until.strip('"'))


@pytest.mark.parametrize("until", ["2027-02-27", "9999-12-31", '"soon"', "2026-11-28T00:00:00Z", "3"])
def test_an_error_is_accepted_until_no_other_day(until: str) -> None:
    with pytest.raises(SettingsError, match=r"accept.*until.*90 days away"):
        read_policy(f"{ACCEPT}{until}".encode(), today=date(2026, 11, 28))


def test_nobody_is_named_unless_policy_says_so() -> None:
    assert policy("").name_submitter is False
    assert policy("[slack]\nname_submitter = true").name_submitter is True
    assert problems('[slack]\nname_submitter = "yes"') != []


def test_after_slack_was_away_only_what_is_still_red_follows_unless_policy_says_so() -> None:
    assert policy("").late is Late.REDS
    assert policy('[slack]\nlate = "all"').late is Late.ALL
    assert problems('[slack]\nlate = "none"') != []


def test_what_the_example_calls_the_default_is_the_default() -> None:
    lines = [line.partition("#")[0] for line in EXAMPLE.decode().splitlines() if "# the default" in line]
    of_worker = [line for line in lines if "_deadline " in line or line.startswith(("settle", "watch"))]
    of_sweep = [line for line in lines if line.startswith("grace")]
    of_slack = [line for line in lines if line.startswith(("post", "verified", "name", "late", "fold"))]
    of_logs = [line for line in lines if line.startswith(("default_patterns", "noise"))]
    of_slo = [line for line in lines if line.startswith("verdict ")]
    of_watch = [line for line in lines if line.startswith(("checkpoints", "tell", "benign"))]
    of_tables = [*of_worker, *of_slack, *of_logs, *of_sweep, *of_slo, *of_watch]
    of_all = [line for line in lines if line not in of_tables]
    tables = ["[slack]", *of_slack, "[logs]", *of_logs, "[sweep]", *of_sweep, "[slo]", *of_slo, "[watch]", *of_watch]
    tables += [WORKER, *of_worker]

    said = policy("\n".join([*of_all, *tables]))

    assert len(lines) == 23
    assert replace(said, digest="") == replace(policy(WORKER), digest="")


@pytest.mark.parametrize(("given", "found"), [("2h", timedelta(hours=2)), ("0", timedelta())])
def test_for_how_long_reds_fold_is_read(given: str, found: timedelta) -> None:
    assert policy(f'[slack]\nfold = "{given}"\n').fold == found


def test_waits_are_read_where_they_belong() -> None:
    found = policy(f'[sweep]\ngrace = "2s"\n[slo]\nverdict = "3m"\n{WORKER}\nsettle = "1s"')

    assert found.grace == timedelta(seconds=2)
    assert found.objective == timedelta(minutes=3)
    assert found.workers[0].deadlines.settle == timedelta(seconds=1)


def test_jobs_are_watched_wherever_they_are_named() -> None:
    found = policy('[watch]\njobs = ["us-central1/report", "vividly-prod/europe-west1/import"]\n' + WORKER)

    assert found.jobs == (JobName("", "us-central1", "report"), JobName("vividly-prod", "europe-west1", "import"))
    assert found.watched_jobs == (JobName("", "us-central1", "worker"), *found.jobs)
    assert found.watches(JobName("any-project", "us-central1", "report"))
    assert found.watches(JobName("vividly-prod", "europe-west1", "import"))
    assert not found.watches(JobName("vividly-dev", "europe-west1", "import"))
    assert not found.watches(JobName("any-project", "europe-west1", "report"))


def test_a_workers_job_is_watched_unless_its_worker_says_otherwise() -> None:
    assert policy(WORKER).watched_jobs == (JobName("", "us-central1", "worker"),)
    assert policy(WORKER + "watch = false").watched_jobs == ()
    assert problems(WORKER + 'watch = "no"') == ["worker[1].watch: expected true or false, got 'no'"]


def test_only_verdicts_are_published_unless_policy_says_otherwise() -> None:
    assert policy("").publishes == {"verdict"}
    assert policy('publish = ["verdict", "running"]').publishes == {"verdict", "running"}
    assert policy('publish = ["running"]').publishes == {"running"}
    assert problems('publish = ["verdicts"]') == ["publish[1]: expected one of verdict, running, watch, got 'verdicts'"]


@pytest.mark.parametrize(
    "job",
    ["report", "us-central1/", "projects/p/locations/us-central1/jobs/report", "us-central1/report:latest", "", 5, "*"],
)
def test_a_watched_job_is_named_with_its_region(job: object) -> None:
    [problem] = problems(f"[watch]\njobs = [{job!r}]")
    assert problem.startswith('watch.jobs[1]: expected "REGION/JOB" or "PROJECT/REGION/JOB", got ')


def test_evidence_is_a_list_of_strengths() -> None:
    found = policy('evidence = ["resolved", "triggers-word"]')

    assert found.strengths == {Strength.RESOLVED, Strength.TRIGGERS_WORD}
    assert not found.repo_source_only


def test_evidence_may_be_the_literal_rule() -> None:
    assert policy('evidence = "repo-source"').repo_source_only


def test_a_job_may_be_in_another_project() -> None:
    text = '[[worker]]\ntrigger = "main"\njob = "vividly-prod/us-central1/worker"'

    assert policy(text).workers[0].job == JobName("vividly-prod", "us-central1", "worker")


@pytest.mark.parametrize(
    ("text", "span"),
    [("90s", timedelta(seconds=90)), ("15m", timedelta(minutes=15)), ("24h", timedelta(hours=24))],
)
def test_durations_are_seconds_minutes_or_hours(text: str, span: timedelta) -> None:
    assert worker(f'logs_deadline = "{text}"').deadlines == Deadlines(logs=span)


def test_a_workers_patterns_are_added_to_those_for_all_and_the_defaults() -> None:
    found = policy(
        f"""
        logs.fail = ["a+b"]
        logs.ignore = ["c"]
        logs.expect = ["d"]
        {WORKER}
        fail = [{{ name = "trouble", pattern = "e" }}]
        ignore = ["f"]
        expect = ["g"]
        """
    )

    assert found.workers[0].logs == LogRules(
        failures=(Pattern("a+b", "a+b"), Pattern("trouble", "e")),
        ignored=(Pattern("c", "c"), Pattern("f", "f")),
        expected=(Pattern("d", "d"), Pattern("g", "g")),
    )


@pytest.mark.parametrize(
    ("for_all", "own", "are_on"),
    [
        ("", "", True),
        ("", "= false", False),
        ("= false", "", False),
        ("= false", "= true", True),
        ("= true", "= false", False),
    ],
)
def test_crash_words_and_noise_can_be_left_out_for_all_or_for_one(for_all: str, own: str, are_on: bool) -> None:
    for key in ("default_patterns", "noise"):
        usual, mine = f"logs.{key} {for_all}" * bool(for_all), f"{key} {own}" * bool(own)
        logs = policy(f"{usual}\n{WORKER}{mine}").workers[0].logs
        assert logs == LogRules(crash_words=are_on or key == "noise", noise=are_on or key != "noise")


def test_all_problems_are_told_at_once_each_with_its_place() -> None:
    with pytest.raises(SettingsError) as caught:
        policy(
            """
            repositories = ["github.com/vividly/content-worker", "https://me:pw@github.com/a/b"]
            brnches = ["main"]
            tags = []
            evidence = ["resolvd"]
            require_trigger = "yes"

            [[exemption]]
            tool = "Cloud Functions"

            [[exemption]]
            reason = "because"

            [[worker]]
            trigger = "main"
            job = "worker"
            args = ["--once", 5]
            image = "us-docker.pkg.dev/vividly-dev/images/worker:latest"
            start_deadline = "2h"
            expect = "query ok"

            [[worker]]
            trigger = "main"
            job = "us-central1/worker"
            run_deadline = "forever"
            fail = ["(", "x*", { name = "y", patern = "z" }]

            [slack]
            post = ["ALL"]

            [[slack.route]]
            channel = "#builds"
            mention = "everyone"
            """
        )

    assert str(caught.value) == (
        "policy.toml: 22 problems\n"
        "  evidence[1]: expected one of resolved, service-upload, requested, triggers-word, got 'resolvd'\n"
        "  repositories[2]: expected a repository such as github.com/owner/name, "
        "got 'https://me:[redacted]@github.com/a/b'\n"
        "  tags: expected a list with at least one item (leave it out to allow any), got an empty list\n"
        "  require_trigger: expected true or false, got 'yes'\n"
        "  exemption[1].reason: expected the reason why such builds need no commit, got nothing\n"
        "  exemption[1]: expected at least one of service_account, trigger, projects: "
        "whoever submits a build can imitate the others, got 'tool'\n"
        "  exemption[2]: expected at least one of service_account, trigger, projects: "
        "whoever submits a build can imitate the others, got nothing\n"
        '  worker[1].job: expected "REGION/JOB" or "PROJECT/REGION/JOB", got \'worker\'\n'
        "  worker[1].args[2]: expected text, got 5\n"
        "  worker[1].image: expected an image's name without tag or digest, "
        "got 'us-docker.pkg.dev/vividly-dev/images/worker:latest'\n"
        "  worker[1].expect: expected a list, such as [\"query ok\"], got 'query ok'\n"
        "  worker[1].run_deadline: expected no less than start_deadline (2:00:00), got '1:00:00'\n"
        "  worker[2].fail[1]: expected a regular expression that RE2 takes (missing ): (), got '('\n"
        "  worker[2].fail[2]: expected a pattern that does not match the empty text, got 'x*'\n"
        "  worker[2].fail[3].pattern: expected text, got nothing\n"
        "  worker[2].fail[3].patern: unknown; did you mean pattern?\n"
        '  worker[2].run_deadline: expected a duration such as "90s", "15m" or "2h", at most 168h, got \'forever\'\n'
        "  worker[2].trigger: expected one worker for each trigger, got 'main'\n"
        "  slack.post[1]: expected one of LOCAL_SOURCE, FAILED, INCONCLUSIVE, EXEMPT, VERIFIED, got 'ALL'\n"
        "  slack.route[1].channel: expected a channel's id, such as C0123456789, got '#builds'\n"
        "  slack.route[1].mention: expected a user's id (U...), a group's (S...), here or channel, got 'everyone'\n"
        "  brnches: unknown; did you mean branches?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"branches = [\n", "policy.toml: expected TOML in UTF-8, got an error: Invalid value (at end of document)"),
        (b"\nx = \n", "policy.toml: expected TOML in UTF-8, got an error: Invalid value (at line 2, column 5)"),
        (b"\xff", "policy.toml: expected TOML in UTF-8, got an error: 'utf-8' codec can't decode byte 0xff"),
        (b"x = " + b"[" * 100_000, "policy.toml: expected TOML, got it nested too deeply"),
    ],
)
def test_text_that_is_no_toml_is_told_by_its_line(text: bytes, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_policy(text)

    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("repositories = []", "repositories"),
        ("branches = []", "branches"),
        ("evidence = []", "evidence"),
        ("exemption = []", "exemption"),
        ("worker = []", "worker"),
        (WORKER + "branches = []", "worker[1].branches"),
        (WORKER + "args = []", "worker[1].args"),
        (WORKER + "expect = []", "worker[1].expect"),
        ("logs.fail = []", "logs.fail"),
        ("slack.post = []", "slack.post"),
        ("publish = []", "publish"),
        ("watch.jobs = []", "watch.jobs"),
        ("slack.route = []", "slack.route"),
        ("[[slack.route]]\nverdicts = []", "slack.route[1].verdicts"),
    ],
)
def test_an_empty_list_is_never_taken_for_any(text: str, place: str) -> None:
    [problem] = problems(text)

    assert problem.startswith(f"{place}: expected ")
    assert problem.endswith("got an empty list")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('branches = "main"', "branches"),
        ("branches = [1]", "branches[1]"),
        ('branches = [""]', "branches[1]"),
        ('evidence = "resolved"', "evidence"),
        ('evidence = ["repo-source"]', "evidence[1]"),
        ("require_trigger = 1", "require_trigger"),
        ("exemption = 2026-11-23", "exemption"),
        ('[worker]\ntrigger = "main"', "worker"),
        ("worker = [1]", "worker"),
        ("logs = 1.5", "logs"),
        ("[[logs]]", "logs"),
        ('[[worker]]\njob = "us-central1/worker"', "worker[1].trigger"),
        ('[[worker]]\ntrigger = "main"', "worker[1].job"),
        ('[[worker]]\ntrigger = " "\njob = "us-central1/worker"', "worker[1].trigger"),
        (WORKER + "image = 1", "worker[1].image"),
        (WORKER + 'image = "a/b@sha256:0a"', "worker[1].image"),
        (WORKER + "logs_deadline = 90", "worker[1].logs_deadline"),
        (WORKER + 'logs_deadline = "0s"', "worker[1].logs_deadline"),
        (WORKER + 'logs_deadline = "-5m"', "worker[1].logs_deadline"),
        (WORKER + 'logs_deadline = "1d"', "worker[1].logs_deadline"),
        (WORKER + 'start_deadline = "25h"\nrun_deadline = "48h"', "worker[1].start_deadline"),
        (WORKER + 'run_deadline = "169h"', "worker[1].run_deadline"),
        (WORKER + 'run_deadline = "14m"', "worker[1].run_deadline"),
        (WORKER + 'expect = [""]', "worker[1].expect[1]"),
        (WORKER + 'expect = [{ pattern = "ok" }]', "worker[1].expect[1].name"),
        (WORKER + 'expect = ["ok", { name = "ok", pattern = "fine" }]', "worker[1].expect"),
        ('logs.expect = ["ok"]\n' + WORKER + 'expect = ["ok"]', "worker[1].expect"),
        ("[[slack.route]]\nchannel = 5", "slack.route[1].channel"),
        ('[[slack.route]]\ntriggers = ["", "a"]', "slack.route[1].triggers[1]"),
        ("[colour]", "colour"),
        ("watch = true", "watch"),
        ('watch.jobs = "us-central1/report"', "watch.jobs"),
        ("watch.job = []", "watch.job"),
    ],
)
def test_a_wrong_value_is_told_by_its_place(text: str, place: str) -> None:
    [problem] = problems(text)

    assert problem.startswith(f"{place}: ")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)b", "invalid perl operator"),
        (r"(a)\1", "invalid escape sequence"),
        ("((a{0,100}){0,100}){0,100}", "invalid repetition size"),
        (r"[\p{L}]{1000}", "pattern too large"),
        (r"\Qopen", "missing )"),
        ("a|", "does not match the empty text"),
        ("(?i)", "does not match the empty text"),
        ("^$", "does not match the empty text"),
    ],
)
def test_a_pattern_that_could_harm_or_says_nothing_is_refused(pattern: str, why: str) -> None:
    [problem] = problems(f"{WORKER}fail = ['{pattern}']")

    assert problem.startswith("worker[1].fail[1]: expected ")
    assert why in problem


def test_patterns_that_are_too_much_for_re2_together_are_refused() -> None:
    patterns = [rf"'{number}[\p{{L}}]{{30}}'" for number in range(15)]

    assert len(worker(f"fail = [{', '.join(patterns[:2])}]").logs.failures) == 2
    assert problems(f"{WORKER}fail = [{', '.join(patterns)}]") == [
        "worker[1]: expected patterns that RE2 can look for together, got 'failed to compile Set'"
    ]


def test_there_is_a_most_of_patterns_for_one_worker() -> None:
    patterns = [f"p{number}" for number in range(MOST_PATTERNS)]

    assert len(worker(f"ignore = {patterns}").logs.ignored) == MOST_PATTERNS
    assert problems(f"{WORKER}ignore = {[*patterns, 'more']}") == [
        "worker[1]: expected at most 64 patterns, those for every worker among them, got 65"
    ]


def test_a_log_query_that_would_be_too_long_is_refused() -> None:
    [problem] = problems(f"{WORKER}fail = ['{'long ' * 3000}']")

    assert problem.startswith("worker[1]: expected patterns that fit into a log query of 20000 characters, got ")


def test_rules_are_switched_off_for_every_worker_and_for_one() -> None:
    found = policy(f'logs.off = ["go-panic"]\n{WORKER}off = ["leptonica"]')

    assert found.logs.off == {"go-panic"}
    assert found.workers[0].logs.off == {"go-panic", "leptonica"}


def test_known_noise_is_switched_off_for_every_worker_or_for_one_and_on_again() -> None:
    assert policy("").logs.noise is True
    assert policy(f"logs.noise = false\n{WORKER}").workers[0].logs.noise is False
    assert policy(f"logs.noise = false\n{WORKER}noise = true").workers[0].logs.noise is True
    assert worker("noise = false").logs.noise is False


def test_a_rule_that_does_not_exist_is_refused_with_the_nearest() -> None:
    expected = "expected the name of a rule, as docs/logs.md lists them"

    assert problems('logs.off = ["go-panics", "qqqq"]') == [
        f"logs.off[1]: {expected}; the nearest: go-panic, rust-panic, got 'go-panics'",
        f"logs.off[2]: {expected}, got 'qqqq'",
    ]


ACCEPTED_ERROR = '[[accept]]\nerror = "KeyError: "\nreason = "known"\nuntil = 2027-02-26\n'
TODAY = date(2026, 11, 28)


def test_an_accepted_error_is_of_a_worker_of_a_job_or_of_any() -> None:
    whose = [
        policy(ACCEPTED_ERROR + text).accepts[0] for text in ("", 'worker = "main"', 'job = "p-1/us-central1/worker"')
    ]

    assert whose == [
        Accept("KeyError: ", "known", date(2027, 2, 26)),
        Accept("KeyError: ", "known", date(2027, 2, 26), worker="main"),
        Accept("KeyError: ", "known", date(2027, 2, 26), job=JobName("p-1", "us-central1", "worker")),
    ]


def test_an_error_is_accepted_for_90_days_at_the_most() -> None:
    last, later = ACCEPTED_ERROR.encode(), ACCEPTED_ERROR.replace("02-26", "02-27").encode()

    assert read_policy(last, today=TODAY).accepts[0].until == date(2027, 2, 26)
    assert read_policy(later).accepts[0].until == date(2027, 2, 27)
    with pytest.raises(SettingsError, match=r"accept\[1\]\.until: expected a date .*90 days away at the most, got"):
        read_policy(later, today=TODAY)


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ('error = "KeyError: "\n', "", "accept[1].error"),
        ('"KeyError: "', "'(('", "accept[1].error"),
        ('"KeyError: "', "'a|'", "accept[1].error"),
        ('reason = "known"\n', "", "accept[1].reason"),
        ("until = 2027-02-26\n", "", "accept[1].until"),
        ("2027-02-26", "'next week'", "accept[1].until"),
        ("2027-02-26", "2027-02-26T10:00:00Z", "accept[1].until"),
        ("[[accept]]\n", '[[accept]]\njob = "worker"\n', "accept[1].job"),
        ("[[accept]]\n", '[[accept]]\njob = "us-central1/worker"\nworker = "main"\n', "accept[1].job"),
        ("[[accept]]\n", "[[accept]]\nuntill = 1\n", "accept[1]"),
    ],
)
def test_what_is_wrong_with_an_accepted_error_is_told_with_its_place(right: str, wrong: str, place: str) -> None:
    [problem] = problems(ACCEPTED_ERROR.replace(right, wrong))

    assert problem.startswith(place)


def found_in(text: str) -> Policy | None:
    try:
        return policy(text)
    except SettingsError:
        return None


_LINES = st.sampled_from([*EXAMPLE.decode().splitlines(), "[logs", "x = 1", "job = []", "expect = ['']", "[worker]"])


@given(st.lists(_LINES, max_size=40).map("\n".join))
def test_any_text_gives_a_policy_that_can_run_or_its_problems(text: str) -> None:
    found = found_in(text)

    assert found is None or all(one.trigger and one.job.location and one.job.job for one in found.workers)


@given(st.text(max_size=60))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    assert isinstance(found_in(text), Policy | None)


def test_a_team_says_when_it_is_looked_how_what_it_deployed_goes_and_what_is_told() -> None:
    found = policy('[watch]\ncheckpoints = ["30m", "4h", "48h"]\ntell = "all"\nbenign = ["switch"]').watch
    assert found == WatchRules(
        (timedelta(minutes=30), timedelta(hours=4), timedelta(hours=48)), TellWatch.ALL, frozenset({Benign.SWITCH})
    )
    assert policy("").watch == WatchRules(
        (timedelta(hours=4), timedelta(hours=24)), TellWatch.CHANGES, frozenset(Benign)
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('checkpoints = ["4h", "2h"]', "watch.checkpoints: expected at most 5 moments, each later than the one before"),
        ('checkpoints = ["4h", "4h"]', "watch.checkpoints: expected at most 5 moments, each later than the one before"),
        ('checkpoints = ["1h","2h","3h","4h","5h","6h"]', "watch.checkpoints: expected at most 5 moments"),
        ('checkpoints = ["4 hours"]', 'watch.checkpoints[1]: expected a duration such as "4h", at most 168h, got'),
        ('checkpoints = ["169h"]', 'watch.checkpoints[1]: expected a duration such as "4h", at most 168h, got'),
        ("checkpoints = []", "watch.checkpoints: expected a list with at least one item"),
        ('tell = "some"', "watch.tell: expected one of changes, all, nothing, got 'some'"),
        ('benign = ["oom"]', "watch.benign[1]: expected one of platform, cancelled, switch, quota, got 'oom'"),
    ],
)
def test_a_mistake_about_watches_is_told_with_its_place(line: str, problem: str) -> None:
    [found] = problems(f"[watch]\n{line}")
    assert found.startswith(problem)


def test_a_route_may_be_for_what_got_worse() -> None:
    [alone, both] = policy(
        '[[slack.route]]\nverdicts = ["REGRESSED"]\n[[slack.route]]\nverdicts = ["FAILED", "REGRESSED"]'
    ).routes
    assert (alone.regressed, alone.verdicts) == (True, frozenset())
    assert (both.regressed, both.verdicts) == (True, frozenset({Verdict.FAILED}))
    [problem] = problems('[[slack.route]]\nverdicts = ["WORSE"]')
    assert problem.startswith(
        "slack.route[1].verdicts[1]: expected one of LOCAL_SOURCE, FAILED, INCONCLUSIVE, EXEMPT, "
    )
