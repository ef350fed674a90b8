"""A policy that is made of the builds of the past: what triggers built is allowed, what people uploaded is not.

Every line says how many builds it rests on. What rests on few, or is a habit rather than a consent, stands commented
out. The text is a policy as it is, and is read back before it is given to anybody.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import TypeVar

import re2

from verifier.checks.build_config import build_config_is_committed
from verifier.checks.by_source import judge_source
from verifier.checks.policy import BuildConfig, Policy
from verifier.checks.policy_advice import DEFAULT_ACCOUNT
from verifier.checks.policy_file import read_policy
from verifier.checks.policy_items import TRIGGER_ID
from verifier.checks.verdict import Outcome, Verdict
from verifier.errors import SettingsError
from verifier.facts.build import Build, Image
from verifier.facts.execution import JobName
from verifier.facts.source import NoSource, Source, Upload, source_of
from verifier.facts.trigger import Trigger, Unread
from verifier.history.policy_evidence import DEFAULT_ACCOUNT_OF_PROJECT, NO_MOMENT, SuggestionBuilder
from verifier.redact import one_line

FEW = 3
"""A line that rests on fewer builds stands commented out."""
MOST_NAMES = 500
"""Of branches, say, that are told of in comments."""
_MOST_TEXT = 120
_WIDTH = 116
_UNKNOWN = "unknown"
_T = TypeVar("_T")
_RED = frozenset({Verdict.LOCAL_SOURCE, Verdict.FAILED})

TriggerOf = Callable[[Build], Trigger | Unread]
"""Reads the trigger that ran a build, or says why not."""


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One line of a list, with how many builds it rests on."""

    value: str
    builds: int
    note: str = ""

    @property
    def is_few(self) -> bool:
        """Whether too few builds say so."""
        return self.builds < FEW

    def text(self, indent: str = "    ") -> str:
        """Return it as an item of a TOML list, commented out where it rests on few builds."""
        said = f"{self.note}: {count(self.builds)}" if self.note else count(self.builds)
        item = f"{quoted(self.value)}, # {said}"
        return f"{indent}# {item}, too few to go by" if self.is_few else f"{indent}{item}"


def quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def count(builds: int) -> str:
    """Return so many builds, in words."""
    return f"{builds:,} build{'' if builds == 1 else 's'}"


def suggested_policy(found: SuggestionBuilder, trigger_of: TriggerOf, what: str) -> str:
    """Return the policy as TOML, with what it would have judged red below. `what`: whose builds they are.

    Raise SettingsError where what was read makes no policy: that is a defect of ours.
    """
    lines = [*_head(found, what), *_lists(found), *_config(found, trigger_of), *_exemptions(found), *_watch(found)]
    lines += _slack()
    text = "\n".join(lines) + "\n"
    policy = read_policy(text.encode(), "the suggested policy")
    if policy.refused:
        raise SettingsError("\n".join(["the suggested policy:", *policy.refused]))
    return text + "\n".join(["", *_reds(found, policy, trigger_of), ""])


def _comment(text: str) -> Iterator[str]:
    """Yield the text as comments of a readable width. It may be from outside, and stays in the comments."""
    plain = " ".join(text.split())
    yield from (f"# {line}" for line in wrap(plain, _WIDTH, break_long_words=False, break_on_hyphens=False))


def _head(found: SuggestionBuilder, what: str) -> Iterator[str]:
    span = f", {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}" if found.first and found.last else ""
    yield from _comment(
        f"A policy suggested from {count(found.builds)} of {one_line(what, _MOST_TEXT)}{span}. Each line says how many "
        "builds it rests on. What stands commented out is for you to decide; docs/first-week.md says what turns red, "
        "why, and what to do."
    )
    if found.by_hand:
        yield from _comment(
            f"{count(found.by_hand)} of a commit, submitted by hand: not accepted, since their steps are the "
            "submitter's own. Run a trigger instead, or set require_trigger = false."
        )
    if found.pull_requests:
        yield from _comment(
            f"{count(found.pull_requests)} of pull requests: none is ever VERIFIED, and none counts here."
        )
    if found.uncertain:
        yield from _comment(f"{count(found.uncertain)} whose commit is not certain: INCONCLUSIVE.")
    yield ""


def _lists(found: SuggestionBuilder) -> Iterator[str]:
    yield "# Repositories that triggers built commits of."
    yield from _list("repositories", [PolicyLine(name, number) for name, number in _most_first(found.repositories)])
    refs = _most_first(found.refs)
    branches = [PolicyLine(name, number) for (kind, name), number in refs if kind == "branch" and _is_plain(name)]
    tags = [PolicyLine(name, number) for (kind, name), number in refs if kind == "tag" and _is_plain(name)]
    yield "# Branches and git tags that they built. With neither, any may be built."
    yield from _list("branches", branches)
    if tags:
        yield from _list("tags", tags)
    yield "# Triggers that built them, by id: whoever may submit builds may also make a trigger."
    triggers = [
        PolicyLine(trigger, number, one_line(found.names.get(trigger, ""), _MOST_TEXT))
        for trigger, number in _most_first(found.triggers)
        if re2.match(TRIGGER_ID, trigger)
    ]
    yield from _list("triggers", triggers)


def _list(key: str, lines: Sequence[PolicyLine]) -> Iterator[str]:
    """Yield a list; one without a line that counts is commented out as a whole, for an empty list allows nothing."""
    shown = [line for at, line in enumerate(lines) if at < MOST_NAMES or not line.is_few]
    dropped = len(lines) - len(shown)
    if any(not line.is_few for line in shown):
        yield f"{key} = ["
        yield from (line.text() for line in shown)
        if dropped:
            yield f"    # and {dropped:,} more that rest on fewer than {FEW} builds each"
        yield "]"
    else:
        yield f"# {key} = [] # nothing that {FEW} builds say"
        yield from (f"#     {quoted(line.value)}, # {count(line.builds)}" for line in shown)
    yield ""


def _config(found: SuggestionBuilder, trigger_of: TriggerOf) -> Iterator[str]:
    """Yield whether the steps of a build have to be in a file of its repository."""
    strict = Policy(build_config=BuildConfig.REPOSITORY)
    triggers = [trigger for trigger, builds in _most_first(found.triggers) if builds >= FEW]
    reasons: list[str] = []
    for trigger in triggers:
        sample = found.samples[trigger]
        finding = build_config_is_committed(sample, source_of(sample), strict, trigger_of(sample))
        if finding.outcome is not Outcome.HOLDS:
            name = one_line(found.names.get(trigger) or trigger, _MOST_TEXT)
            reasons.append(f"{name}: {one_line(finding.seen, _MOST_TEXT)}")
    builds = count(sum(found.triggers[trigger] for trigger in triggers))
    yield "# The steps of a build have to be in a file of its repository."
    if triggers and not reasons:
        yield f'build_config = "repository" # all of these triggers read them from there: {builds}'
    else:
        yield f'# build_config = "repository" # {builds} to decide about:'
        yield from (f"#   {reason}" for reason in reasons[:MOST_NAMES])
    yield ""


def _exemptions(found: SuggestionBuilder) -> Iterator[str]:
    for (service, account), builds in _most_first(found.services):
        yield from _of_service(found, service, account, builds)
        yield ""
    if found.uploads:
        yield from _comment(
            f"What people uploaded is red, and stays so: {count(found.uploads.total())}. A habit is no consent. Where "
            "one is meant to be, say why, and for which project or account alone:"
        )
        for (tool, account), builds in _most_first(found.uploads):
            yield f"#   {count(builds)}: {one_line(tool, _MOST_TEXT)}, as {one_line(account, _MOST_TEXT)}"
        yield from ("# [[exemption]]", '# reason = "the sandbox, where people upload on purpose"')
        yield from ('# projects = ["ID-OF-THE-SANDBOX"]', "")


def _of_service(found: SuggestionBuilder, service: str, account: str, builds: int) -> Iterator[str]:
    """Yield an exemption for what one service built as one account; commented out where others can look like it."""
    rest = found.accounts[account] - builds
    is_default = account == DEFAULT_ACCOUNT_OF_PROJECT or bool(DEFAULT_ACCOUNT.match(account))
    made = f"{service} made {count(builds)} as {one_line(account, _MOST_TEXT)}"
    table = _exemption(service, account)
    if service == _UNKNOWN:
        yield from _comment(
            f"{count(builds)} without a source, as {one_line(account, _MOST_TEXT)}. Cloud Deploy makes such builds; so "
            "does anybody who submits one with --no-source. If they are a service's, and its account is its own:"
        )
    elif is_default or rest:
        why = "a default account" if is_default else f"an account that ran {count(rest)} besides"
        yield from _comment(
            f"{made}, {why}: whoever may use it could make builds that look the same. Give the service a build account "
            "of its own (docs/first-week.md has the commands), then:"
        )
        table = _exemption(service, "ITS-OWN-ACCOUNT")
    elif builds < FEW:
        yield from _comment(f"{made}, too few to go by:")
    else:
        yield from _comment(f"{made}, which built nothing else.")
        yield from table
        return
    yield from (f"# {line}" for line in table)


def _exemption(service: str, account: str) -> list[str]:
    tool = [] if service == _UNKNOWN else [f"tool = {quoted(service)}"]
    name = "a service" if service == _UNKNOWN else service
    reason = f"reason = {quoted(f'{name} makes these builds of its own copies of the source')}"
    return ["[[exemption]]", reason, *tool, f"service_account = {quoted(account)}"]


def _watch(found: SuggestionBuilder) -> Iterator[str]:
    """Yield the jobs that triggers deploy: looking at them is harmless, and running them is not."""
    by_job: dict[JobName, Counter[str]] = {}
    for (trigger, job), builds in found.jobs.items():
        by_job.setdefault(job, Counter())[trigger] += builds
    lines = [
        PolicyLine(_job_text(job), triggers.total(), f"deployed by {_trigger_names(found, triggers)}")
        for job, triggers in sorted(by_job.items())
    ]
    if not lines:
        yield "# No step of these builds deploys a Cloud Run job by name. The jobs that run your images can be watched:"
        yield "# [watch]"
        yield '# jobs = ["REGION/JOB"] # gcloud run jobs list shows them'
        yield ""
        return
    if any(not line.is_few for line in lines):
        yield "# Jobs that these builds deploy. Each is only looked at: what it runs, and how that goes."
        yield "[watch]"
        yield from _list("jobs", lines)
    for job, triggers in sorted(by_job.items()):
        trigger = triggers.most_common(1)[0][0]
        yield f"# This RUNS the job {_job_text(job)} after every build of the trigger, with the job's own permissions:"
        yield "# [[worker]]"
        yield f"# trigger = {quoted(trigger)}"
        yield f"# job = {quoted(_job_text(job))}"
        if image := found.images.get(trigger):
            yield f"# image = {quoted(Image(image, '').untagged)}"
        yield ""


def _slack() -> Iterator[str]:
    """Yield the line of the day: a sign of life on days on which nothing is red."""
    yield "# One line a day in Slack about the day before: its builds, and what watched jobs ran."
    yield "[slack]"
    yield 'daily = "09:00"'
    yield '# time_zone = "Europe/Berlin" # your own; without it, in UTC'
    yield '# daily_channel = "C0123456789" # without it, in the default channel'
    yield ""


def _trigger_names(found: SuggestionBuilder, triggers: Mapping[str, int]) -> str:
    return ", ".join(sorted(one_line(found.names.get(one) or one, _MOST_TEXT) for one in triggers))


def _job_text(job: JobName) -> str:
    return "/".join(part for part in (job.project, job.location, job.job) if part)


def _reds(found: SuggestionBuilder, policy: Policy, trigger_of: TriggerOf) -> Iterator[str]:
    """Yield, as comments, what would have been red under this policy, by week."""
    all_builds, reds, reasons = Counter[date](), Counter[date](), dict[date, Counter[str]]()
    for kind in found.kinds.values():
        all_builds.update(kind.weeks)
        judged = judge_source(kind.sample, kind.source, policy, decided=NO_MOMENT, trigger=trigger_of(kind.sample))
        if judged.verdict in _RED:
            reds.update(kind.weeks)
            reason = _reason(judged.verdict, kind.source)
            for week, builds in kind.weeks.items():
                reasons.setdefault(week, Counter())[reason] += builds
    could_be = count(all_builds.total())
    yield f"# What would have been red under it: {reds.total():,} of {could_be} that could be deployed."
    if found.others:
        yield f"# {count(found.others)} of further kinds were not weighed."
    if reds:
        yield "# week of     builds  red"
    for week in sorted(reds, reverse=True):
        shown = "not known " if week == date.min else f"{week:%Y-%m-%d}"
        why = ", ".join(f"{reason} ×{number:,}" for reason, number in reasons[week].most_common(3))
        yield f"# {shown}  {all_builds[week]:>6,}  {reds[week]:>3,}  {why}"


def _reason(verdict: Verdict | None, source: Source) -> str:
    match source:
        case Upload():
            what = source.tool
        case NoSource():
            what = source.service if source.service != _UNKNOWN else "no source"
        case _:
            what = "a commit that this policy does not admit"
    return f"{verdict} ({one_line(what, _MOST_TEXT)})"


def _most_first(counts: Counter[_T]) -> list[tuple[_T, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))


def _is_plain(name: str) -> bool:
    return name.isprintable() and not set(name) & set("\"'\\*")
