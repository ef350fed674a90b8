"""The push subscriptions, and what must hold of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import re2

from verifier.doctor.function import Deployment
from verifier.doctor.messages import Subscription
from verifier.doctor.rows import Need, Row, fails, holds, unknown, waiting

TERMINAL = frozenset({"SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"})
"""The statuses that end a build: messages with them must pass a subscription's filter."""

_ACK_SECONDS = 600
_BACKOFF = (10.0, 600.0)
_WEEK = 7 * 24 * 3600.0
_SHORTEST = 600.0
_LEAST_ATTEMPTS = 5
_STATUSES = r'attributes\.status ?= ?"[A-Z_]+"( OR attributes\.status ?= ?"[A-Z_]+")*'
_PASSES = re2.compile(rf"^\(?{_STATUSES}\)?$")
_HOLDS_BACK = re2.compile(rf"^NOT ?\({_STATUSES}\)$")
_STATUS = re2.compile(r'"([A-Z_]+)"')


@dataclass(frozen=True, slots=True)
class Usual:
    """What a subscription that lacks something gets in the command that mends it."""

    account: str
    """Who signs pushes."""
    dead_letters: str


@dataclass(slots=True)
class _Faults:
    """What is wrong with one subscription, and the options of the command that mends it."""

    seen: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    def check(self, is_right: bool, seen: str, *options: str) -> None:
        if not is_right:
            self.seen.append(seen)
            self.options += options


def at_path(subscriptions: Iterable[Subscription], deployment: Deployment, path: str) -> list[Subscription]:
    """The subscriptions that push to this path of the function."""
    return [one for one in subscriptions if one.endpoint and deployment.path_of(one.endpoint) == path]


def usual(subscriptions: Iterable[Subscription], deployment: Deployment) -> Usual:
    """What most of these go by; the names that Terraform gives where none tells."""
    known, project = list(subscriptions), deployment.name.project
    name = deployment.name.service.rpartition("/")[2]
    account, topic = f"{name}-push@{project}.iam.gserviceaccount.com", f"projects/{project}/topics/{name}-dead-letters"
    return Usual(
        next((one.account for one in known if one.account), account),
        next((one.dead_letters for one in known if one.dead_letters), topic),
    )


def push_row(need: Need, subscription: Subscription, deployment: Deployment, others: Usual) -> Row:
    """Whether a subscription delivers as the function needs it, all that is wrong at once."""
    found = _Faults()
    is_sweep = need is Need.SWEEPS_ARE_PUSHED
    _check_way(found, subscription, deployment, others.account)
    _check_pace(found, subscription, kept=_SHORTEST if is_sweep else _WEEK)
    if not is_sweep:
        has_dead_letters = subscription.dead_letters and subscription.attempts >= _LEAST_ATTEMPTS
        option = f"--dead-letter-topic={others.dead_letters} --max-delivery-attempts=100"
        found.check(bool(has_dead_letters), "what can't be delivered is dropped: no dead-letter topic", option)
    short = subscription.name.rpartition("/")[2]
    if not found.seen:
        topic = subscription.topic.removeprefix("projects/").replace("/topics/", "/")
        return holds(need, short, f"from {topic}, signed by {subscription.account}")
    project = subscription.name.split("/")[1]
    options = " ".join([f"--project={project}", *dict.fromkeys(found.options)])
    return fails(need, short, "; ".join(found.seen), f"gcloud pubsub subscriptions update {short} {options}")


def filter_row(subscription: Subscription) -> Row:
    """Whether a subscription's filter lets the end of every build through."""
    short = subscription.name.rpartition("/")[2]
    need = Need.BUILDS_ARE_PUSHED
    address = f'google_pubsub_subscription.push["builds-{subscription.topic.split("/")[1]}"]'
    remedy = f"terraform apply -replace='{address}', because the filter of a subscription can't be changed"
    if not subscription.filter:
        return holds(need, short, "every status passes, also those that the function does not need")
    named = frozenset(_STATUS.findall(subscription.filter))
    if _PASSES.match(subscription.filter):
        missing = sorted(TERMINAL - named)
    elif _HOLDS_BACK.match(subscription.filter):
        missing = sorted(TERMINAL & named)
    else:
        return unknown(need, short, f"its filter is of a form that is not known here: {subscription.filter}", remedy)
    if missing:
        return fails(need, short, f"its filter holds {', '.join(missing)} back", remedy)
    return holds(need, short, "its filter lets every status through that ends a build")


def caller_row(need: Need, subscription: Subscription, deployment: Deployment) -> Row:
    """Whether the account that signs the pushes may call the function."""
    short, member = subscription.name.rpartition("/")[2], f"serviceAccount:{subscription.account}"
    if deployment.invokers is None:
        (row,) = waiting([need], short, Need.FUNCTION_IS_PRIVATE)
        return row
    if member in deployment.invokers:
        return holds(need, short, f"{subscription.account} may call the function")
    name = deployment.name
    remedy = (
        f"gcloud run services add-iam-policy-binding {name.service.rpartition('/')[2]} --region={name.region} "
        f"--project={name.project} --member={member} --role=roles/run.invoker"
    )
    return fails(need, short, f"{member} may not call the function: roles/run.invoker is not bound there", remedy)


def no_push(need: Need, about: str, path: str, deployment: Deployment) -> Row:
    """The row where no subscription pushes to a path."""
    address = f"{deployment.addresses[0].rstrip('/')}{path}"
    remedy = "terraform apply, which makes the subscription"
    return fails(need, about, f"no subscription pushes to {address}", remedy)


def _check_way(found: _Faults, subscription: Subscription, deployment: Deployment, usual_account: str) -> None:
    audience = deployment.addresses[0]
    account = subscription.account or usual_account
    signing = (f"--push-auth-service-account={account}", f"--push-auth-token-audience={audience}")
    push = f"--push-endpoint={subscription.endpoint}"
    found.check(subscription.is_active, "it is not active: its last pushes were refused or it was detached", push)
    found.check(bool(subscription.account), "its pushes are not signed (no OIDC token)", push, *signing)
    if subscription.account:
        seen = f"its token's audience is {subscription.audience or 'absent'}, not the function's address"
        found.check(deployment.takes_audience(subscription.audience), seen, push, *signing)


def _check_pace(found: _Faults, subscription: Subscription, kept: float) -> None:
    ack, (shortest, longest) = subscription.ack_seconds, subscription.backoff
    seen = f"its acknowledgement deadline is {ack} s, so what takes longer is delivered again meanwhile"
    found.check(ack == _ACK_SECONDS, seen, f"--ack-deadline={_ACK_SECONDS}")
    found.check(
        (shortest, longest) == _BACKOFF,
        f"its backoff is {shortest:g} to {longest:g} s",
        "--min-retry-delay=10s --max-retry-delay=600s",
    )
    seen = f"messages are kept for {subscription.kept_seconds / 3600:g} hours only"
    found.check(subscription.kept_seconds >= kept, seen, f"--message-retention-duration={kept:g}s")
    found.check(not subscription.expires, "it expires when it is not used for a while", "--expiration-period=never")
