"""Whose quota pays for a call: the project that it is about; and the home project, as long as that one may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.contract.adapters import RESIZER, Google, google_standing, trouble
from tests.contract.standin import START
from verifier.adapters.billing import Billing
from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.cloud_logging import CloudLogging
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.adapters.submitters import CloudSubmitters
from verifier.adapters.triggers import CloudTriggers
from verifier.errors import Denied, RateLimited
from verifier.facts.build import BuildKey

KEY = BuildKey("acme", "europe-west1", "b1")
HOME = "home"
USE = "serviceusage.services.use"


@dataclass
class Payers:
    """The stand-in, what is made of it, and what was told."""

    google: Google
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.google.cloud.quotas.caller = HOME
        self.google.cloud.quotas.put("cloudbuild", 100)
        self.google.cloud.empty_pages = 0

    def billing(self, *, each_its_own: bool = True) -> Billing:
        return Billing(
            HOME,
            each_its_own=each_its_own,
            clock=self.google.clock,
            tell=lambda message, **_: self.told.append(message),
        )

    def paid(self) -> Counter[str]:
        """Return how many calls each project has paid for."""
        return Counter(self.google.cloud.quotas.payers)


@pytest.fixture
def payers() -> Iterator[Payers]:
    with google_standing() as google:
        google.put_job()
        google.cloud.put_build({"id": "b1", "projectId": "acme", "name": KEY.name})
        google.cloud.put_trigger("acme", "europe-west1", {"id": "t1", "filename": "cloudbuild.yaml"})
        yield Payers(google)


READS: dict[str, Callable[[str, Billing], object]] = {
    "a build": lambda address, billing: CloudBuild(address, billing).fetch(KEY, timeout=5),
    "builds": lambda address, billing: CloudBuild(address, billing).finished(
        "acme", "europe-west1", START, START, "", timeout=5
    ),
    "logs": lambda address, billing: list(CloudLogging(HOME, address, billing).read("acme", "", timeout=5)),
    "a trigger": lambda address, billing: CloudTriggers(lambda: START, address, billing).read(
        "acme", "europe-west1", "t1", timeout=5
    ),
    "executions": lambda address, billing: CloudRunJobs(address, billing).started_for(
        RESIZER, "A", "b", START, timeout=5
    ),
    "who submitted": lambda address, billing: CloudSubmitters(address, billing).submitter(KEY, START, timeout=5),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_what_is_read_in_a_project_is_paid_by_it(payers: Payers, read: Callable[[str, Billing], object]) -> None:
    billing = payers.billing()
    assert billing.payer("acme") == HOME  # nobody knows yet
    read(payers.google.address, billing)
    assert payers.paid() == {"acme": 1}
    assert billing.payer("acme") == "acme"


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_where_that_is_not_wanted_the_home_project_pays(payers: Payers, read: Callable[[str, Billing], object]) -> None:
    billing = payers.billing(each_its_own=False)
    read(payers.google.address, billing)
    assert payers.paid() == {HOME: 1}
    assert billing.payer("acme") == HOME


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_while_the_permission_is_missing_the_home_project_pays_and_nothing_fails(
    payers: Payers, read: Callable[[str, Billing], object]
) -> None:
    payers.google.cloud.deny(USE)
    billing = payers.billing()
    for _ in range(3):
        read(payers.google.address, billing)
    assert payers.paid() == {HOME: 3}
    assert billing.payer("acme") == HOME
    assert len(payers.google.faults.calls) == 4  # only the first one was made twice
    [told] = payers.told
    assert "USER_PROJECT_DENIED" in told
    assert "needs serviceusage.services.use on project acme" in told
    assert "grant it with terraform apply, or set VERIFIER_BILL_WATCHED=off" in told


def test_a_permission_that_arrives_is_noticed_some_minutes_later(payers: Payers) -> None:
    payers.google.cloud.deny(USE)
    billing, read = payers.billing(), READS["a build"]
    read(payers.google.address, billing)
    payers.google.cloud.allow(USE)
    read(payers.google.address, billing)
    assert billing.payer("acme") == HOME
    payers.google.clock.advance(timedelta(minutes=5).total_seconds())
    read(payers.google.address, billing)
    assert billing.payer("acme") == "acme"


def test_a_permission_that_is_revoked_is_noticed_at_once(payers: Payers) -> None:
    billing, read = payers.billing(), READS["a build"]
    read(payers.google.address, billing)
    payers.google.cloud.deny(USE)
    read(payers.google.address, billing)
    assert billing.payer("acme") == HOME


def test_the_home_project_is_not_named_where_it_is_watched_itself(payers: Payers) -> None:
    payers.google.cloud.deny(USE)
    list(CloudLogging(HOME, payers.google.address, payers.billing()).read(HOME, "", timeout=5))
    assert len(payers.google.faults.calls) == 1


def test_a_read_that_is_denied_whoever_pays_is_denied_and_says_nothing_of_payers(payers: Payers) -> None:
    payers.google.cloud.deny("cloudbuild.builds.get")
    billing = payers.billing()
    error = trouble(lambda: READS["a build"](payers.google.address, billing))
    assert isinstance(error, Denied)
    assert "cloudbuild.builds.get" in str(error)
    assert payers.told == []


def test_a_used_up_quota_is_that_of_the_project_which_pays(payers: Payers) -> None:
    payers.google.cloud.quotas.put("cloudbuild", 0, "acme")
    billing = payers.billing()
    error = trouble(lambda: READS["a build"](payers.google.address, billing))
    assert isinstance(error, RateLimited)
    assert billing.payer("acme") == "acme"
