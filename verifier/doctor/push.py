"""The push subscriptions, and what must hold of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import re2

from verifier.doctor.function import DeployedFunction
from verifier.doctor.messages import Subscription
from verifier.doctor.rows import APPLY, Need, Row, fails, holds, unknown, waiting

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


def at_path(subscriptions: Iterable[Subscription], deployment: DeployedFunction, path: str) -> list[Subscription]:
    """Return the subscriptions that push to this path of the function."""
    return [one for one in subscriptions if one.endpoint and deployment.path_of(one.endpoint) == path]


def push_row(need: Need, subscription: Subscription, deployment: DeployedFunction) -> Row:
    """Whether a subscription delivers as the function needs it, all that is wrong at once."""
    short = subscription.name.rpartition("/")[2]
    if not subscription.is_active:
        key = short.removeprefix(f"{deployment.name.service_id}-")
        remedy = f"terraform apply -replace='google_pubsub_subscription.push[\"{key}\"]'"
        return fails(need, short, "it is not active: its last pushes were refused, or it was detached", remedy)
    passes = need in (Need.SWEEPS_ARE_PUSHED, Need.WORK_IS_PUSHED)  # what is lost is sent again
    wrong = [*_wrong_way(subscription, deployment), *_wrong_pace(subscription, kept=_SHORTEST if passes else _WEEK)]
    if not passes and not (subscription.dead_letters and subscription.attempts >= _LEAST_ATTEMPTS):
        wrong.append("what can't be delivered is dropped: no dead-letter topic")
    if wrong:
        return fails(need, short, "; ".join(wrong), APPLY)
    topic = subscription.topic.removeprefix("projects/").replace("/topics/", "/")
    return holds(need, short, f"from {topic}, signed by {subscription.account}")


def filter_row(subscription: Subscription) -> Row:
    """Whether a subscription's filter lets the end of every build through."""
    short = subscription.name.rpartition("/")[2]
    need = Need.BUILDS_ARE_PUSHED
    if not subscription.filter:
        return holds(need, short, "every status passes, also those that the function does not need")
    named = frozenset(_STATUS.findall(subscription.filter))
    if _PASSES.match(subscription.filter):
        missing = sorted(TERMINAL - named)
    elif _HOLDS_BACK.match(subscription.filter):
        missing = sorted(TERMINAL & named)
    else:
        return unknown(need, short, f"its filter is of a form that is not known here: {subscription.filter}", APPLY)
    if missing:
        return fails(need, short, f"its filter holds {', '.join(missing)} back", APPLY)
    return holds(need, short, "its filter lets every status through that ends a build")


def caller_row(need: Need, subscription: Subscription, deployment: DeployedFunction) -> Row:
    """Whether the account that signs the pushes may call the function."""
    short, member = subscription.name.rpartition("/")[2], f"serviceAccount:{subscription.account}"
    if deployment.invokers is None:
        (row,) = waiting([need], short, Need.FUNCTION_IS_PRIVATE)
        return row
    if member in deployment.invokers:
        return holds(need, short, f"{subscription.account} may call the function")
    return fails(need, short, f"{member} may not call the function: roles/run.invoker is not bound there", APPLY)


def no_push(need: Need, about: str, path: str, deployment: DeployedFunction) -> Row:
    """Return the row where no subscription pushes to a path."""
    return fails(need, about, f"no subscription pushes to {deployment.addresses[0].rstrip('/')}{path}", APPLY)


def _wrong_way(subscription: Subscription, deployment: DeployedFunction) -> Iterator[str]:
    if not subscription.account:
        yield "its pushes are not signed (no OIDC token)"
    elif not deployment.takes_audience(subscription.audience):
        yield f"its token's audience is {subscription.audience or 'absent'}, not the function's address"
    if subscription.is_nameless:
        yield "its pushes are unwrapped and without metadata, so what can't be read has neither id nor time"


def _wrong_pace(subscription: Subscription, kept: float) -> Iterator[str]:
    ack, (shortest, longest) = subscription.ack_seconds, subscription.backoff
    if ack != _ACK_SECONDS:
        yield f"its acknowledgement deadline is {ack} s, so what takes longer is delivered again meanwhile"
    if (shortest, longest) != _BACKOFF:
        yield f"its backoff is {shortest:g} to {longest:g} s"
    if subscription.kept_seconds < kept:
        yield f"messages are kept for {subscription.kept_seconds / 3600:g} hours only"
    if subscription.expires:
        yield "it expires when it is not used for a while"
