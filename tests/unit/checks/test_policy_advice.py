"""What a policy says that does not do what it seems to: refused with the right spelling, or warned of."""

from __future__ import annotations

import pytest

from verifier.checks.policy import Exemption, Policy, Worker
from verifier.checks.policy_advice import advised
from verifier.facts.execution import JobName

JOB = JobName("", "us-central1", "worker")
FIRST, SECOND = "7d4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee", "0a4bb5b1-90f0-4be7-a6f6-2ad1c1f7c2ee"


@pytest.mark.parametrize(
    ("pattern", "spelling"),
    [
        ("^main$", "main"),
        ("^main", "main"),
        ("main$", "main"),
        ("^release/.*$", "release/*"),
        ("^release/.+$", "release/*"),
        (r"^v\.1$", "v.1"),
        ("refs/heads/main", "main"),
        ("^refs/heads/main$", "main"),
        ("^$", "main"),
        ("refs/heads/", "main"),
    ],
)
def test_an_expression_and_a_refs_full_name_are_refused_with_the_right_spelling(pattern: str, spelling: str) -> None:
    def refused(place: str, given: str) -> str:
        return (
            f'{place}: expected a name in which only * has a meaning, such as "{spelling}", got "{given}", '
            "which is no name that a build can have"
        )

    workers = (Worker("w", JOB), Worker("w", JOB, branches=("dev", pattern)))
    of_tag = pattern.replace("heads", "tags")
    found = advised(Policy(branches=("dev", pattern), tags=(of_tag,), workers=workers)).refused
    assert found == (
        refused("branches[2]", pattern),
        refused("tags[1]", of_tag),
        refused("worker[2].branches[2]", pattern),
    )


@pytest.mark.parametrize("pattern", ["main", "release/*", "*", "v1.2", "refs", "heads/main", "a.*b", "refs/tags/main"])
def test_a_name_and_a_star_are_branches_as_they_stand(pattern: str) -> None:
    assert advised(Policy(branches=(pattern,))).refused == ()


SOFT = "which whoever submits a build may name: it exempts nothing. Add the service_account that these builds run as"


@pytest.mark.parametrize(
    ("exemption", "given"),
    [
        (Exemption("why", bucket="b"), "bucket"),
        (Exemption("why", tool="t"), "tool"),
        (Exemption("why", tag="g"), "tag"),
        (Exemption("why", bucket="b", tool="t", tag="g"), "bucket and tool and tag"),
        (Exemption("why"), "its reason"),
    ],
)
def test_an_exemption_that_whoever_submits_a_build_can_meet_is_refused_and_exempts_nothing(
    exemption: Exemption, given: str
) -> None:
    firm = Exemption("firm", trigger=FIRST)
    found = advised(Policy(exemptions=(firm, exemption)))
    assert found.refused == (
        f'exemption[2] ("why"): expected service_account, trigger or projects beside {given}, {SOFT}',
    )
    assert (found.exemptions, found.soft_exemptions) == ((firm,), (exemption,))


@pytest.mark.parametrize(
    "account",
    [
        "402118557731-compute@developer.gserviceaccount.com",
        "402118557731@cloudbuild.gserviceaccount.com",
        "vividly-dev@appspot.gserviceaccount.com",
    ],
)
def test_an_exemption_by_a_default_account_alone_is_warned_of(account: str) -> None:
    alone = Exemption("why", service_account=account)
    assert advised(Policy(exemptions=(alone,))).warnings == (
        (
            f'the exemption "why" names {account}, a default account, which anybody\'s builds may run as: '
            "give these builds an account of their own"
        ),
    )
    for more in (
        Exemption("why", service_account=account, trigger=FIRST),
        Exemption("why", service_account=account, projects=frozenset({"vividly-dev"})),
        Exemption("why", service_account=f"own-{account.replace('@', '-')}@vividly-dev.iam.gserviceaccount.com"),
        Exemption("why", trigger=FIRST),
    ):
        assert advised(Policy(exemptions=(more,))).warnings == ()


@pytest.mark.parametrize(
    ("trigger", "triggers", "never_runs"),
    [
        (SECOND, {FIRST}, True),
        (SECOND.upper(), {FIRST}, True),
        (FIRST, {FIRST}, False),
        (FIRST.upper(), {FIRST}, False),
        (FIRST, set(), False),
        ("content-worker-main", {FIRST}, False),
    ],
)
def test_a_worker_of_a_trigger_that_may_not_build_is_warned_of(
    trigger: str, triggers: set[str], never_runs: bool
) -> None:
    policy = Policy(triggers=frozenset(triggers), workers=(Worker(trigger, JOB),))
    warning = f"the worker of trigger {trigger} never runs: `triggers` does not list it"
    assert advised(policy).warnings == ((warning,) if never_runs else ())


@pytest.mark.parametrize(
    ("jobs", "watch", "is_said"), [((JOB,), False, True), ((JOB,), True, False), ((), False, False)]
)
def test_a_worker_that_is_not_watched_while_its_job_is_is_warned_of(
    jobs: tuple[JobName, ...], watch: bool, is_said: bool
) -> None:
    policy = Policy(workers=(Worker("main", JOB, watch=watch),), jobs=jobs)
    warning = (
        "the worker of trigger main says watch = false, and [watch] jobs names its job: the runs of that job are seen"
    )
    assert advised(policy).warnings == ((warning,) if is_said else ())
