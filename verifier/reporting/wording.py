"""What a person is told about a judgement, as plain lines. `mrkdwn.py` makes them safe, `slack_message.py` sends them.

The first line says it all on a phone; then come the reasons, worst first, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import re2

from verifier.checks.commands import compare_upload, ends_with_command
from verifier.checks.judgement import Judgement
from verifier.checks.verdict import SOURCE_CHECKS, WORKER_CHECKS, Check, Finding, Outcome, Verdict
from verifier.errors import Malformed
from verifier.facts.build import Build
from verifier.facts.claims import unbacked_claims
from verifier.facts.execution import parse_execution_name
from verifier.facts.source import Commit, NoSource, Source, Strength, Unclear, Upload
from verifier.facts.submitter import Submitter
from verifier.redact import excerpt
from verifier.reporting.error_text import error_lines
from verifier.reporting.labels import MOST_NAME, commit, named, subject
from verifier.times import show_span

MARKS = {
    Verdict.LOCAL_SOURCE: "🔴",
    Verdict.FAILED: "🔴",
    Verdict.INCONCLUSIVE: "🟡",
    Verdict.EXEMPT: "⚪",
    Verdict.VERIFIED: "✅",
}

_FAILS = {
    Check.SOURCE_IS_A_COMMIT: "the source is no commit",
    Check.REPOSITORY_IS_ALLOWED: "the repository is not allowed",
    Check.BRANCH_IS_ALLOWED: "the branch is not allowed",
    Check.CLAIMS_ARE_BACKED: "what it claims is not true",
    Check.BUILD_WAS_TRIGGERED: "no trigger ran it",
    Check.BUILD_CONFIG_IS_COMMITTED: "its steps are in no commit",
    Check.WORKER_STARTED: "the worker did not start",
    Check.WORKER_SUCCEEDED: "the worker failed",
    Check.WORKER_RAN_THE_BUILT_IMAGE: "the worker ran another image",
    Check.LOGS_ARE_COMPLETE: "the worker's logs are not complete",
    Check.LOGS_HAVE_NO_ERRORS: "the worker's logs show errors",
    Check.EXPECTED_LINES_WERE_SEEN: "an expected line is absent",
    Check.BUILD_WAS_ANNOUNCED: "no message announced it",
}
_UNKNOWN = {
    Check.SOURCE_IS_A_COMMIT: "the commit is not certain",
    Check.REPOSITORY_IS_ALLOWED: "the repository is not known",
    Check.BRANCH_IS_ALLOWED: "the branch is not settled",
    Check.BUILD_CONFIG_IS_COMMITTED: "where its steps come from is not certain",
    Check.WORKER_STARTED: "no run of the worker could be looked at",
    Check.WORKER_SUCCEEDED: "how the worker's run ended is not known",
    Check.WORKER_RAN_THE_BUILT_IMAGE: "which image ran is not certain",
    Check.LOGS_ARE_COMPLETE: "the worker's logs are not complete",
    Check.LOGS_HAVE_NO_ERRORS: "the worker's logs could not all be read",
}
"""A check that is not here is told by what was seen alone."""

_PROOF = {
    Strength.RESOLVED: "Commit proven by Cloud Build",
    Strength.SERVICE_UPLOAD: "Commit proven by Cloud Build's own upload",
    Strength.REQUESTED: "Commit asked for by its full name, and built",
    Strength.TRIGGERS_WORD: "Commit named by the trigger",
}
_OF_A_RUN = frozenset(
    {
        Check.WORKER_RAN_THE_BUILT_IMAGE,
        Check.LOGS_ARE_COMPLETE,
        Check.LOGS_HAVE_NO_ERRORS,
        Check.EXPECTED_LINES_WERE_SEEN,
    }
)
"""The checks that need a run to look at."""
_HEX = re2.compile(r"(?i)^[0-9a-f]{7,64}$")
_CLEAN = "logs complete and clean"
_MOST_REASONS = 4
_MOST_REMEDIES = 3
_MOST_CLAIMS = 3
_MOST_PRINCIPAL = 100


_SERVE_AT_ONCE = frozenset({"gcloud run deploy --source", "gcloud functions deploy", "gcloud app deploy"})
"""Tools that deploy what they build as a service, in the same step."""
_ORDINALS = "second third fourth fifth sixth seventh eighth ninth tenth".split()


@dataclass(frozen=True, slots=True)
class Further:
    """A red message that is not the first of its kind."""

    count: int
    """Which one it is, from 2."""
    after: timedelta
    """How long after the first one."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that a report is about."""

    build: Build
    source: Source
    judgement: Judgement
    submitter: Submitter | None = None
    """Who submitted the build, where it is known and policy lets it be told."""

    def found(self, outcome: Outcome) -> list[Finding]:
        """Return the findings of this outcome, in the order in which people read them.

        What could not be checked because the worker failed says nothing that its failure does not say.
        """
        order, moot = list(Check), self._moot if outcome is Outcome.COULD_NOT_CHECK else frozenset()
        findings = [one for one in self.judgement.findings if one.outcome is outcome and one.check not in moot]
        return sorted(findings, key=lambda finding: order.index(finding.check))

    @property
    def _moot(self) -> frozenset[Check]:
        if self._fails(Check.WORKER_STARTED):
            return _OF_A_RUN
        return _OF_A_RUN - {Check.WORKER_RAN_THE_BUILT_IMAGE} if self._fails(Check.WORKER_SUCCEEDED) else frozenset()

    def _fails(self, check: Check) -> bool:
        finding = self.judgement.finding(check)
        return finding is not None and finding.outcome is Outcome.FAILS

    def holds(self, check: Check) -> bool:
        """Whether this check was made and holds."""
        finding = self.judgement.finding(check)
        return finding is not None and finding.outcome is Outcome.HOLDS

    def seen(self, check: Check) -> str:
        """Return what was seen when this check was made."""
        finding = self.judgement.finding(check)
        return finding.seen if finding else ""

    @property
    def job(self) -> str:
        """The worker's job, or empty where none ran."""
        try:
            return parse_execution_name(self.judgement.execution)[0].job
        except Malformed:
            return ""


def further_line(told: Told, verdict: Verdict, further: Further) -> str:
    """Return that there was one before, and how long ago: "Again: the third upload in 53 min"."""
    ordinal = _ORDINALS[further.count - 2] if further.count - 2 < len(_ORDINALS) else f"{further.count}th"
    kind = "upload" if isinstance(told.source, Upload) else f"{verdict} build"
    return f"Again: the {ordinal} {kind} in {show_span(further.after)}."


def headline(told: Told, verdict: Verdict) -> str:
    """Return the first line: emoji, verdict, what was built, and of which commit and branch.

    Where no trigger that policy takes ran a FAILED build, it says so at once: nothing else about it counts for much.
    """
    finding = told.judgement.finding(Check.BUILD_WAS_TRIGGERED)
    why = ""
    if verdict is Verdict.FAILED and finding and finding.outcome is Outcome.FAILS:
        why = f", {_untriggered(told.build)}"
    return f"{MARKS[verdict]} {verdict}{why} · {subject(told.build, told.job)} · {commit(told.build, told.source)}"


def _untriggered(build: Build) -> str:
    return "its trigger is not listed" if build.trigger_id else "no trigger ran it"


def reasons(told: Told, verdict: Verdict) -> list[str]:
    """Why the verdict is what it is, the most important line first."""
    match verdict:
        case Verdict.LOCAL_SOURCE:
            return [*_local(told), *_unannounced(told)]
        case Verdict.FAILED:
            return [*_failed(told), *error_lines(told.judgement), *_unannounced(told)]
        case Verdict.INCONCLUSIVE:
            return [*_inconclusive(told), *_unannounced(told)]
        case Verdict.EXEMPT:
            return [f"{_made(told)}; {_stop(told.seen(Check.SOURCE_IS_A_COMMIT))}"]
        case Verdict.VERIFIED:
            return [_verified(told)]


def remedies(told: Told, verdict: Verdict) -> list[str]:
    """Return what to do, the most important first."""
    found = [*told.found(Outcome.FAILS), *told.found(Outcome.COULD_NOT_CHECK)]
    distinct = list(dict.fromkeys(finding.remedy for finding in found))
    first = "To decide it" if verdict is Verdict.INCONCLUSIVE else "Do this"
    return [
        f"{first if number == 0 else 'Also'}: {_stop_unless_command(remedy)}"
        for number, remedy in enumerate(distinct[:_MOST_REMEDIES])
    ]


def look_inside(told: Told, verdict: Verdict) -> list[str]:
    """Return how to see what was in an upload, where that is the question."""
    source = told.source
    if verdict is not Verdict.LOCAL_SOURCE or not isinstance(source, Upload) or "Manifest" in source.field:
        return []
    try:
        return [f"What was in it: {compare_upload(told.build.key.id)}"]
    except Malformed:
        return []


def _local(told: Told) -> Iterator[str]:
    if isinstance(told.source, Commit | Unclear):
        yield f"{named(told.build)}: {_stop(told.seen(Check.SOURCE_IS_A_COMMIT))}"
        return
    yield f"{_made(told)}; no commit is recorded."
    if told.build.shipped:
        yield f"{_capital(told.build.shipped)}: what that step shipped is out."
    claims = list(_claims(told))
    if claims:
        yield f"It claims {_listed(claims)}: nothing proves that."
    if told.submitter:
        yield _submitted(told.submitter)
    yield " ".join(_consequences(told.build, told.source))


def _made(told: Told) -> str:
    start = named(told.build)
    match told.source:
        case Upload(tool="unknown"):
            return f"{start} was made from uploaded files"
        case Upload(tool=tool):
            return f"{start} was made from files uploaded with {tool}"
        case NoSource(service="unknown"):
            return f"{start} has no source of its own"
        case NoSource(service=service):
            return f"{start} has no source of its own, like builds of {service}"
        case _:
            return f"{start} names a commit"


def _submitted(submitter: Submitter) -> str:
    tool = excerpt(submitter.tool, MOST_NAME)
    return f"Submitted by {excerpt(submitter.principal, _MOST_PRINCIPAL)}{f' with {tool}' if tool else ''}."


def _claims(told: Told) -> Iterator[str]:
    """Return the claims that people might be taken in by, without those that only repeat another."""
    told_shas: list[str] = []
    for claim in unbacked_claims(told.build, told.source):
        value = claim.shown_value
        if _HEX.match(value):
            value = value[:7]
            if value in told_shas:
                continue
            told_shas.append(value)
        yield f"{excerpt(claim.shown_name, MOST_NAME)} {excerpt(value, 40)}"


def _consequences(build: Build, source: Source) -> Iterator[str]:
    yield "A git push does not change it."
    if isinstance(source, Upload) and source.tool in _SERVE_AT_ONCE:
        yield "What was deployed from it serves it at once."
        return
    tagged = [image for image in build.images if ":" in image.name.rpartition("/")[2]]
    if tagged:
        yield f"The next run of a job on {'this tag' if len(tagged) == 1 else 'these tags'} uses it."


def _failed(told: Told) -> Iterator[str]:
    words = {**_FAILS, Check.BUILD_WAS_TRIGGERED: _untriggered(told.build)}
    said = [_said(finding, words) for finding in told.found(Outcome.FAILS)]
    said += [_said(finding, _UNKNOWN) for finding in told.found(Outcome.COULD_NOT_CHECK)]
    right = ", ".join(_right(told))
    for number, (first, *rest) in enumerate(said[:_MOST_REASONS]):
        yield _capital(f"{right}; {first}" if right and number == 0 else first)
        yield from rest
    if len(said) > _MOST_REASONS:
        yield f"And {len(said) - _MOST_REASONS} more findings: see the audit trail."


def _inconclusive(told: Told) -> Iterator[str]:
    said = [line for finding in told.found(Outcome.COULD_NOT_CHECK) for line in _said(finding, _UNKNOWN)]
    if not said:
        answered = {finding.check for finding in told.judgement.findings}
        open_checks = [check for check in Check if check in (SOURCE_CHECKS | WORKER_CHECKS) - answered]
        said = [f"these checks have no answer: {', '.join(open_checks)}."]
    right = ", ".join([*_right(told), *(["exit 0"] if told.holds(Check.WORKER_SUCCEEDED) else [])])
    yield _capital(f"{right}, but {said[0]}" if right else said[0])
    yield from map(_capital, said[1:_MOST_REASONS])


def _right(told: Told) -> Iterator[str]:
    """Return what is in order in spite of it all."""
    open_findings = [*told.found(Outcome.FAILS), *told.found(Outcome.COULD_NOT_CHECK)]
    if told.holds(Check.SOURCE_IS_A_COMMIT) and not any(finding.check in SOURCE_CHECKS for finding in open_findings):
        yield "right commit"
    if told.holds(Check.WORKER_RAN_THE_BUILT_IMAGE):
        yield "right image"


def _said(finding: Finding, words: Mapping[Check, str]) -> list[str]:
    lead = words.get(finding.check)
    if finding.check is Check.LOGS_HAVE_NO_ERRORS and finding.outcome is Outcome.FAILS:
        return [f"{lead}:", finding.seen]
    return [f"{lead}: {_stop(finding.seen)}" if lead else _stop(finding.seen)]


def _verified(told: Told) -> str:
    proof = _PROOF[told.source.strength] if isinstance(told.source, Commit) else "Commit proven"
    if not told.holds(Check.LOGS_ARE_COMPLETE):
        return f"{proof}; {_stop(told.seen(Check.WORKER_STARTED) or 'no worker ran')}"
    accepted = told.seen(Check.LOGS_HAVE_NO_ERRORS) if told.judgement.errors else ""
    clean = f"logs complete, and nothing in them but what is accepted ({accepted})" if accepted else _CLEAN
    tasks = told.seen(Check.WORKER_SUCCEEDED).removesuffix(" succeeded")
    expected = [told.seen(Check.EXPECTED_LINES_WERE_SEEN)] if told.holds(Check.EXPECTED_LINES_WERE_SEEN) else []
    return f"{proof}; {told.job} ran this image: {', '.join([tasks, clean, *expected])}."


def _unannounced(told: Told) -> Iterator[str]:
    finding = told.judgement.finding(Check.BUILD_WAS_ANNOUNCED)
    if finding and finding.outcome is not Outcome.HOLDS:
        yield (
            "No message announced it that could be read: it was found by listing; "
            "its notifications went elsewhere or were quarantined."
        )


def _listed(items: Sequence[str]) -> str:
    shown = list(items[:_MOST_CLAIMS])
    if len(items) > _MOST_CLAIMS:
        shown = [*shown[:-1], f"{len(items) - len(shown) + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _stop_unless_command(remedy: str) -> str:
    return remedy if ends_with_command(remedy) else _stop(remedy)
