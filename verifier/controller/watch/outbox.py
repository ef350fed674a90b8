"""What is to be told of a watch: decided once and saved with it, then told item by item.

| told | audit trail, topic | build's message | a reply |
|---|---|---|---|
| once | | | quiet, in the build's thread |
| regressed | yes | edited | calls; in the build's thread and the channel, where both are one |
| checkpoint | yes | edited | where it got worse, or where policy wants all |
| recovered | | the old build's is edited | in the old build's thread and the channel |
| watch-ended | yes | edited, unless its checkpoint has said it | |

An item is told in this order, but for the topic, which comes last: where that takes nothing, people are told all the
same, and what is to be published stays here. Then the item is taken out. Each step of it has a key of its own: made
again after a crash, it is the same thing. Where policy wants Slack to hear nothing, the audit trail and the topic do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from verifier.checks.policy import Published
from verifier.checks.watch.book import ErrorStanding
from verifier.checks.watch.rules import TellWatch
from verifier.checks.watch.telling import NewsKind, WatchNews
from verifier.checks.watch.watching import Red, Watch, WatchOutcome
from verifier.checks.watch.way_back import way_back
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.ledger import BUILDS
from verifier.controller.notes import note_on
from verifier.controller.notify import write_audit
from verifier.controller.says import Saying, say
from verifier.controller.watch.watch_document import KeptWatch
from verifier.errors import Malformed
from verifier.facts.build import BuildKey, parse_build_name
from verifier.reporting.audit_entry import AuditEntry
from verifier.reporting.entry_kind import EntryKind
from verifier.reporting.note_text import OVER, WORSE
from verifier.reporting.watch_entry import watch_announcement, watch_entry, watch_payload
from verifier.reporting.watch_text import (
    checkpoint_sentence,
    ended_sentence,
    once_lines,
    recovered_lines,
    regressed_lines,
    regressed_sentence,
    watch_subject,
)
from verifier.services import Document
from verifier.times import parse_time, show_time

_NOTED = "watch"
"""Kinds of notes: how it goes, and that it got worse, which stays."""


def with_news(
    kept: KeptWatch,
    news: Sequence[WatchNews],
    deployment: Deployment,
    now: datetime,
    absent: Sequence[ErrorStanding] = (),
) -> KeptWatch:
    """Return the watch with these things to be told; `absent`: what was there before and no run had."""
    items = [_item(kept.watch, one, deployment, now, absent) for one in news]
    return replace(kept, outbox=(*kept.outbox, *items))


def with_end(kept: KeptWatch, successor: str, now: datetime) -> KeptWatch:
    """Return the watch that has ended, with that to be told; `successor`: what people know its successor by."""
    watch, said = kept.watch, ""
    by_itself = watch.outcome in (WatchOutcome.INCONCLUSIVE, WatchOutcome.NOT_RUN)
    by_another = watch.outcome in (WatchOutcome.REPLACED, WatchOutcome.ROLLED_BACK) and _is_known(watch)
    if not watch.found and (by_itself or by_another):
        said = ended_sentence(watch, successor)
    item = _plain_item(str(EntryKind.WATCH_ENDED), "ended", now)
    item |= {"payload": watch_payload(watch, "ended"), "note": said}
    return replace(kept, outbox=(*kept.outbox, item))


def _is_known(watch: Watch) -> bool:
    """Return whether people have heard of the watch by a checkpoint."""
    return any(name.startswith(("after-", "runs-")) for name in watch.told)


def _plain_item(kind: str, key: str, now: datetime) -> dict[str, Any]:
    at = show_time(now)
    return {"kind": kind, "key": key, "at": at, "payload": None, "note": "", "lines": [], "calls": False, "reds": []}


def _item(
    watch: Watch, news: WatchNews, deployment: Deployment, now: datetime, absent: Sequence[ErrorStanding]
) -> Document:
    item = _plain_item(str(news.kind), news.key, now)
    match news.kind:
        case NewsKind.ONCE:
            assert news.error is not None  # it is about one
            item["lines"] = once_lines(watch, news.error, more=news.more) if news.replies else []
        case NewsKind.REGRESSED:
            item |= {"payload": watch_payload(watch, news.key), "note": regressed_sentence(watch), "calls": True}
            item["lines"] = regressed_lines(watch, news, way_back(watch), now) if news.replies else []
        case NewsKind.CHECKPOINT:
            planned = None if news.by_runs else _planned(news.key)
            said = checkpoint_sentence(watch, news.after, absent, planned=planned)
            wants_all = deployment.policy.watch.tell is TellWatch.ALL
            item |= {"payload": watch_payload(watch, news.key, absent), "note": said}
            item["lines"] = [said] if news.replies or wants_all else []
        case NewsKind.RECOVERED:
            item["lines"] = recovered_lines(watch, news.reds)
            item["reds"] = [_red(watch, red) for red in news.reds]
    return item


def _planned(key: str) -> timedelta:
    return timedelta(seconds=int(key.removeprefix("after-").removesuffix("s")))


def _red(watch: Watch, red: Red) -> Document:
    """Return what the message about an earlier build says once it is over."""
    began, ended = show_time(red.since), show_time(watch.since)
    over = {"commit": watch_subject(watch), "since": ended, "began": began, "ended": ended, "was": red.what}
    return {"build": red.build, "over": over if red.what == WatchOutcome.REGRESSED else None}


def tell_item(kept: KeptWatch, item: Document, deployment: Deployment, budget: Budget) -> None:
    """Tell one item, but for the topic. Raises ServiceError, Malformed and Stopping: made again, it is the same."""
    if item["payload"] is not None:
        write_audit(deployment, _entry(item), budget.seconds(CALL_SECONDS))
    if deployment.policy.watch.tell is TellWatch.NOTHING:
        return
    watch, key = kept.watch, _key(kept.watch.build)
    if item["note"] and key is not None:
        kind = WORSE if item["kind"] == EntryKind.REGRESSED else _NOTED
        note = {"kind": kind, "key": f"{kind}/{watch.job.resource}", "said": item["note"]}
        note_on(deployment, key, note, budget)
    reds = [(old, red) for red in item["reds"] if (old := _key(red["build"])) is not None]
    for old, red in reds:
        if red["over"] is not None:
            note_on(deployment, old, {"kind": OVER, "key": f"over/{watch.job.resource}", **red["over"]}, budget)
    if item["lines"]:
        about = reds[-1][0] if reds else key
        _say(watch, item, about, deployment, budget)


def publish_item(item: Document, deployment: Deployment, budget: Budget) -> None:
    """Publish one item, where policy wants that. Raises ServiceError and Stopping: subscribers may get it twice."""
    announcer = deployment.services.announcer
    if item["payload"] is not None and announcer is not None and Published.WATCH in deployment.policy.publishes:
        payload, attributes = watch_announcement(_entry(item))
        announcer.publish(payload, attributes, timeout=budget.seconds(CALL_SECONDS))


def _entry(item: Document) -> AuditEntry:
    """Return the entry about an item. Raises Malformed for a kind that a later version wrote."""
    try:
        kind = EntryKind(item["kind"])
    except ValueError as error:
        raise Malformed(f"expected a kind of entry that this version knows, got {item['kind']!r}") from error
    return watch_entry(kind, item["payload"], parse_time(item["at"]))


def _say(watch: Watch, item: Document, about: BuildKey | None, deployment: Deployment, budget: Budget) -> None:
    route = deployment.policy.route_of_regression(watch.job)
    is_loud = item["kind"] in (EntryKind.REGRESSED, NewsKind.RECOVERED)
    lines, channel = list(item["lines"]), route.channel or deployment.channel
    if about is not None and is_loud and not _stands_in(channel, about, deployment, budget):
        lines.append(f"Its build: {about.id} in {about.project}, {about.location}.")
        about = None
    saying = Saying(
        key=f"{watch.job.resource}@{watch.digest}/{item['key']}",
        channel=route.channel,
        lines=tuple(lines),
        about=about,
        broadcast=is_loud and about is not None,
        mention=route.mention if item["calls"] else "",
    )
    say(deployment, saying, budget)


def _stands_in(channel: str, key: BuildKey, deployment: Deployment, budget: Budget) -> bool:
    """Return whether the build's message stands in this channel."""
    stored = deployment.services.store.read(BUILDS, key.digest, timeout=budget.seconds(LEDGER_SECONDS))
    return stored is not None and bool(stored.document.get("ts")) and stored.document.get("channel") == channel


def _key(build: str) -> BuildKey | None:
    try:
        return BuildKey(*parse_build_name(build))
    except Malformed:
        return None
