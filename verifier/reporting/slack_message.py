"""A judgement as a Slack message: what people read, and whether they are to read it at all.

`wording.py` says it, `mrkdwn.py` makes it safe, `links.py` knows where to look further.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime

import re2

from verifier import __version__
from verifier.checks.accept import accept_lines
from verifier.checks.judgement import Judgement
from verifier.checks.policy import Greens, Policy
from verifier.checks.verdict import Check, Outcome, Verdict
from verifier.facts.build import Build
from verifier.facts.logs import Repeated
from verifier.facts.source import Commit, Source, source_of
from verifier.facts.submitter import Submitter
from verifier.redact import excerpt, one_line
from verifier.reporting.labels import MOST_NAME, ref, subject
from verifier.reporting.links import archive_link, build_link, commit_link, execution_link, logs_link
from verifier.reporting.mrkdwn import (
    Markup,
    advice,
    bold,
    buttons,
    code_section,
    context,
    fitting,
    mention,
    section,
    shown,
)
from verifier.reporting.note_text import note_lines, over_line
from verifier.reporting.wording import Further, Told, further_line, headline, look_inside, reasons, remedies
from verifier.services import Document, Message
from verifier.times import show_minute, show_second, show_span, show_time

_MOST_EXCERPTS = 3
_MOST_EXCERPT = 700
_MOST_COMMENT = 80
_MOST_READ = 4_000
_MOST_EXAMPLES = 5
_LIKE_OURS = re2.compile(rf"(?i)^[^\pL\pN]*(?:{'|'.join(Verdict)}|local source|not built|sample by)\b")
_SIGNS = frozenset({"So", "Sk", "Mn", "Me", "Cn", "Co"})
"""The kinds of characters that coloured signs are among."""


def is_posted(build: Build, judgement: Judgement, policy: Policy) -> bool:
    """Whether Slack is to hear of it at all.

    Where it is to hear of changes alone, a VERIFIED build may be one: the ledger knows whether a red one came before.
    """
    match judgement.verdict:
        case None:
            return policy.post_failed_builds and policy.worker_for(build) is not None
        case Verdict.VERIFIED if policy.verified is Greens.CHANGES:
            return True
        case Verdict.VERIFIED if judgement.execution and policy.verified is Greens.WORKER:
            return True
        case Verdict.INCONCLUSIVE if _waits_for_its_merge(build, judgement, policy):
            return False
        case verdict:
            return verdict in policy.posts


def verdict_message(
    build: Build,
    source: Source,
    judgement: Judgement,
    policy: Policy,
    default_channel: str = "",
    submitter: Submitter | None = None,
    notes: Sequence[Document] = (),
    further: Further | None = None,
) -> Message:
    """Return the message about a judged build; about one that did not succeed, `failed_build_message`.

    `submitter` is named where the build is LOCAL_SOURCE. `notes` is what became known since, see `note_text.py`: where
    they say that it runs no more, nobody is called, and nothing is to be done any more. `further`: it is not the first
    of its kind, and replies to the first one.
    """
    verdict = judgement.verdict
    if verdict is None:
        return failed_build_message(build, policy)
    told = Told(build, source, judgement, submitter)
    route = policy.route(verdict, build)
    # What was there before calls nobody: people stop reading what they can do nothing new about.
    first, over = headline(told, verdict), over_line(notes, verdict)
    called = mention("" if judgement.known or over else route.mention)
    again = [further_line(told, verdict, further)] if further else []
    why = [shown(line) for line in ([first] if over else []) + again + reasons(told, verdict)]
    blocks = [section([_joined(bold(over or first), called)]), section(why)]
    if known := [shown(line) for line in note_lines(notes)]:
        blocks.append(section(known))
    failing = [error for error in judgement.errors if not error.accepted][:_MOST_EXCERPTS]
    if verdict is Verdict.FAILED and failing:
        blocks.append(code_section("\n\n".join(map(_excerpt, failing))))
    if to_do := [*([] if over else remedies(told, verdict)), *look_inside(told, verdict)]:
        blocks.append(section(map(advice, to_do)))
    if verdict is Verdict.FAILED and not over and (lines := _to_accept(failing, build, judgement, policy)):
        blocks.append(code_section(lines))
    if verdict is not Verdict.VERIFIED:
        blocks.append(context(shown(_small_print(build, judgement))))
    blocks += buttons(_links(told, verdict))
    return Message(
        channel=route.channel or default_channel,
        text=fitting([_joined(shown(over or first), called), *why, *known]),
        blocks=tuple(blocks),
        key=f"{build.key.name}@{verdict}",
    )


def note_saying(
    build: Build, source: Source, judgement: Judgement, notes: Sequence[Document], policy: Policy
) -> tuple[list[str], str]:
    """Return what a message of its own says of these notes, where the build's message can't be edited; and its channel.

    Empty where there is nothing to say.
    """
    verdict = judgement.verdict
    lines = note_lines(notes)
    if verdict is None:
        return lines, policy.route(Verdict.FAILED, build).channel
    first, over = headline(Told(build, source, judgement), verdict), over_line(notes, verdict)
    said = [over, first, *lines] if over else [first, *lines]
    return (said if over or lines else []), policy.route(verdict, build).channel


def said_message(lines: Sequence[str], who: str, key: str) -> Message:
    """Return a message of plain lines, the first of them bold; `who` is called. Commands that end lines are code."""
    first, *rest = lines
    called = mention(who)
    head, more = [_joined(bold(first), called)], [shown(line) for line in rest]
    blocks = [section(head), *([section(map(advice, rest))] if rest else [])]
    return Message(channel="", text=fitting([_joined(shown(first), called), *more]), blocks=tuple(blocks), key=key)


def failed_build_message(build: Build, policy: Policy, notes: Sequence[str] = ()) -> Message:
    """One plain line about a build that did not succeed, to where failures of its trigger go; nobody is called.

    `notes`: lines about what became known since.
    """
    parts = [subject(build), _claimed_commit(build), f"{build.status}{_failure(build)}"]
    lines = [shown(" · ".join(["⚪ NOT BUILT", *filter(None, parts)])), *map(shown, notes)]
    return Message(
        channel=policy.route(Verdict.FAILED, build).channel,
        text=fitting(lines),
        blocks=(section(lines), *buttons([("Build", build_link(build))])),
        key=f"{build.key.name}@{build.status}",
    )


def unconfirmed_message(count: int, examples: Sequence[str], since: datetime, home: str) -> Message:
    """Return the one notice about all messages, since that moment, that named builds which can't be read.

    `home` is the project of the audit trail.
    """
    builds = "1 build that" if count == 1 else f"{count} builds that"
    first = f"🟡 Messages named {builds} Cloud Build does not show, since {show_minute(since)}"
    why = "Either somebody forges messages, or the verifier may not read these builds."
    lines = [shown(why), *(shown(f"For example {name}") for name in examples[:_MOST_EXAMPLES])]
    remedy = f"""Do this: gcloud logging read 'labels.kind="unconfirmed"' --project={home} --freshness=1d"""
    return Message(
        channel="",
        text=fitting([shown(first), *lines]),
        blocks=(section([bold(first)]), section(lines), section([advice(remedy)])),
        key=f"unconfirmed@{show_time(since)}",
    )


def unwatched_message(count: int, examples: Sequence[str], since: datetime, home: str) -> Message:
    """Return the one notice about all places, since that moment, in which builds ran that nobody watches.

    `home` is the project of the audit trail.
    """
    places = "a place that is" if count == 1 else f"places that are (named {count} times)"
    first = f"🟡 Builds ran in {places} not watched, since {show_minute(since)}"
    why = "Nobody judges them. Either a project or region is missing in the settings, or somebody forges messages."
    lines = [shown(why), *(shown(f"For example {place}") for place in examples[:_MOST_EXAMPLES])]
    remedy = f"""Do this: gcloud logging read 'labels.kind="unwatched"' --project={home} --freshness=1d"""
    return Message(
        channel="",
        text=fitting([shown(first), *lines]),
        blocks=(section([bold(first)]), section(lines), section([advice(remedy)])),
        key=f"unwatched@{show_time(since)}",
    )


def away_message(
    since: datetime, until: datetime, red: int, others: int, home: str, kinds: Sequence[str] = ()
) -> Message:
    """Return the one line about all messages that Slack missed between two moments: how many are red, and follow.

    `home` is the project of the audit trail, `kinds` those of its entries that some of them are about beside verdicts.
    """
    follow = "Nothing red follows" if red == 0 else f"{red} {'red follows' if red == 1 else 'reds follow'}"
    line = f"Slack was away for {show_span(until - since)}. {follow}"
    if others:
        line += f"; {others} other {'message is' if others == 1 else 'messages are'} in the audit trail"
    blocks = [section([bold(f"{line}.")])]
    if others:
        span = f'timestamp>="{show_time(since)}" AND timestamp<="{show_time(until)}"'
        told = " OR ".join(f'"{kind}"' for kind in ("verdict", "build-did-not-succeed", *kinds))
        command = f"gcloud logging read 'labels.kind=({told}) AND {span}' --project={home}"
        blocks.append(section([advice(f"Do this: {command}")]))
    return Message(channel="", text=fitting([shown(f"{line}.")]), blocks=tuple(blocks), key=f"away@{show_time(since)}")


def _waits_for_its_merge(build: Build, judgement: Judgement, policy: Policy) -> bool:
    """Nothing is open but that it was built for a pull request: the build of the merge is the one to tell about."""
    unsettled = (Outcome.FAILS, Outcome.COULD_NOT_CHECK)
    open_checks = {finding.check for finding in judgement.findings if finding.outcome in unsettled}
    alone = open_checks == {Check.BRANCH_IS_ALLOWED}
    return bool(judgement.pull_request) and alone and policy.worker_for(build) is None


def _links(told: Told, verdict: Verdict) -> list[tuple[str, str]]:
    build = ("Build", build_link(told.build))
    archive = ("Source archive", archive_link(told.build, told.source))
    commit = ("Commit", commit_link(told.source))
    execution = ("Execution", execution_link(told.judgement.execution))
    logs = ("Logs", logs_link(told.build, told.judgement.execution))
    if not told.judgement.execution:
        return [build, archive, commit]
    match verdict:
        case Verdict.INCONCLUSIVE:
            return [execution, logs]
        case Verdict.VERIFIED:
            return [commit, execution]
        case _:
            return [logs, execution, commit]


def _small_print(build: Build, judgement: Judgement) -> str:
    moment = build.finished or judgement.decided
    trigger = excerpt(build.trigger_name or build.trigger_id, 100)
    account = excerpt(str(build.document.get("serviceAccount", "")).rpartition("/")[2], 100)
    return " · ".join(
        [
            f"Build {build.key.id} in {build.key.project}, {build.key.location}",
            f"{'finished' if build.finished else 'judged'} {show_second(moment)}",
            (f"run by trigger {trigger}" if trigger else "submitted by hand") + (f" as {account}" if account else ""),
            f"Build Verifier {__version__}",
        ]
    )


def _excerpt(error: Repeated) -> str:
    """Return an error as it was logged: its beginning and, because exceptions name themselves last, its end."""
    text = excerpt(error.excerpt, _MOST_READ).strip() or excerpt(error.name, _MOST_EXCERPT)
    if len(text) > _MOST_EXCERPT:
        text = f"{text[: _MOST_EXCERPT // 2]}\n…\n{text[-_MOST_EXCERPT // 2 :]}"
    rule = f", rule {one_line(error.rule, MOST_NAME)}" if error.rule else ""
    first = f"{error.first:%H:%M:%S} UTC, task {one_line(error.task, 20) or '0'}, ×{error.count}{rule}"
    return "\n".join([first, *map(_not_ours, text.split("\n"))])


def _not_ours(line: str) -> str:
    """Return a logged line so that it can't be taken for a verdict's first line, or for the end of what was logged."""
    start = line.lstrip()[:1]
    is_sign = start != "" and unicodedata.category(start) in _SIGNS
    return f"| {line}" if is_sign or _LIKE_OURS.match(unicodedata.normalize("NFKC", line)) else line


def _to_accept(errors: Sequence[Repeated], build: Build, judgement: Judgement, policy: Policy) -> str:
    """Return the lines of policy.toml that would accept these errors; none for those of before errors had names."""
    worker, day = policy.worker_for(build), judgement.decided.date()
    trigger = worker.trigger if worker else ""
    tables = [
        f"# it says: {one_line(error.name, _MOST_COMMENT)}\n{accept_lines(error, trigger, day)}"
        for error in errors
        if error.identity
    ]
    return "\n\n".join(["# in policy.toml, to accept it for a while:", *tables]) if tables else ""


def _claimed_commit(build: Build) -> str:
    """Return the commit, proven or not: the build came to nothing, so nothing rests on it."""
    source = source_of(build)
    sha = source.sha if isinstance(source, Commit) else build.claims.get("COMMIT_SHA", "")
    return f"{excerpt(sha, MOST_NAME)[:7]} {ref(build)}".strip()


def _failure(build: Build) -> str:
    info = build.document.get("failureInfo")
    detail = (info.get("detail") if isinstance(info, dict) else "") or build.document.get("statusDetail") or ""
    return f": {excerpt(str(detail), 200)}" if detail else ""


def _joined(line: Markup, called: Markup) -> Markup:
    return Markup(f"{line} {called}") if called else line
