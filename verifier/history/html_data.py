"""The audit as the data that the report's page draws: rows of numbers, with each text that recurs written once.

A build is a row of `COLUMNS`. A number in a column that is said to be an index counts into `texts`, which come last, so
that rows are written as builds go by. Where a finding repeats what its row has already (the commit, the place of an
upload, the claims), a letter of Unicode's private area stands for it: then most findings are the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import re2

from verifier.checks.commands import told
from verifier.checks.verdict import SEVERITY, Finding, Verdict
from verifier.checks.watch.watching import WatchOutcome
from verifier.facts.source import Commit, NoSource, Source, Unclear, Upload
from verifier.history.job_lines import JobLine
from verifier.history.judged_build import JudgedBuild, Run
from verifier.history.summary import BuildGroup, Summary
from verifier.redact import excerpt
from verifier.reporting.links import commit_link

COLUMNS = tuple("id place created took verdict status trigger who source findings images claims compared".split())
"""`place`, `status`, `trigger`, `who` and `compared` are indexes; `verdict` counts into `verdicts`, -1 for none."""
RUN_COLUMNS = ("name", "job", "started", "ended", "succeeded", "digests", "build", "verdict")
"""`job` is an index; `build` is `[place, id]` or null."""
SHA, SHORT_SHA, PLACE, CLAIMS, CLAIMED = "\ue000\ue001\ue002\ue003\ue004"
"""What stands in a text for the row's commit, its first digits, the upload, the claims and the first one's commit."""

_STANDING_IN = str.maketrans(dict.fromkeys(SHA + SHORT_SHA + PLACE + CLAIMS + CLAIMED, "\ufffd"))
_SHORT = 7
_HEX = re2.compile("^[0-9a-f]{7,64}$")
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_MOST_SHOWN = 5
_MOST_WORD = 100
_MOST_TEXT = 600
_MOST_IMAGES = 20


class Rows:
    """Turns builds into rows; `texts` and `findings` are what the rows count into, once all are made."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._findings: dict[tuple[tuple[str, str, int, int], ...], int] = {}

    @property
    def texts(self) -> list[str]:
        """Each text once, in the order of its index."""
        return list(self._texts)

    @property
    def findings(self) -> list[Sequence[Sequence[str | int]]]:
        """Each set of findings once: check, outcome, and the indexes of what was seen and of the remedy."""
        return list(self._findings)

    def row(self, build: JudgedBuild) -> list[Any]:
        """Return one build, in the order of `COLUMNS`."""
        moment = build.created or build.finished
        claims = [_word(claim) for claim in build.unbacked]
        own = {text: sign for text, sign in _own_texts(build.source, claims) if text}
        return [
            _word(build.key.id),
            self._index(_word(f"{build.key.project}/{build.key.location}")),
            _seconds(moment),
            round((build.finished - moment).total_seconds()) if build.finished and moment else None,
            _verdict(build.verdict),
            self._index(_word(build.status)),
            self._index(_word(build.trigger_name or build.trigger_id)),
            self._who(build),
            self._source(build.source),
            self._set(build, own),
            list(self._images(build, own)),
            claims,
            self._index(_text(build.compared.text) if build.compared else ""),
        ]

    def run(self, run: Run) -> list[Any]:
        """Return one execution, in the order of `RUN_COLUMNS`."""
        job, _, name = run.name.partition("/executions/")
        build = [self._index(_word(f"{run.build.project}/{run.build.location}")), run.build.id] if run.build else None
        return [
            _word(name),
            self._index(_word(job)),
            _seconds(run.started),
            _seconds(run.ended),
            run.succeeded,
            sorted(map(_word, run.digests)),
            build,
            _verdict(run.verdict),
        ]

    def _index(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def _who(self, build: JudgedBuild) -> int:
        if build.submitter is None:
            return self._index("")
        return self._index(f"{_word(build.submitter.principal)}\n{_text(build.submitter.user_agent)}")

    def _source(self, source: Source) -> list[Any]:
        match source:
            case Commit():
                repository = self._index(_word(str(source.repository or "")))
                base = self._index(commit_link(source).removesuffix(source.sha))
                return [
                    "commit",
                    source.sha,
                    repository,
                    self._index(source.strength),
                    self._index(_word(source.field)),
                    base,
                ]
            case Upload():
                place = [self._index(_word(source.bucket)), _text(source.object), _word(source.generation)]
                return ["upload", *place, self._index(_word(source.tool)), self._index(_word(source.field))]
            case NoSource():
                return ["none", self._index(_word(source.service)), self._index(_word(source.field))]
            case Unclear():
                return ["unclear", self._index(_text(source.reason)), self._index(_word(source.field))]

    def _images(self, build: JudgedBuild, own: Mapping[str, str]) -> Iterator[list[Any]]:
        """Yield name and digest of each; a digest that is that of the image before it is left out."""
        before = ""
        for image in build.images[:_MOST_IMAGES]:
            name = self._index(_text(_standing_in(image.name, own)))
            yield [name] if image.digest == before else [name, _word(image.digest)]
            before = image.digest

    def _set(self, build: JudgedBuild, own: Mapping[str, str]) -> int:
        findings = tuple(self._finding(finding, own) for finding in build.judgement.findings)
        return self._findings.setdefault(findings, len(self._findings))

    def _finding(self, finding: Finding, own: Mapping[str, str]) -> tuple[str, str, int, int]:
        seen = self._index(_text(_standing_in(finding.seen, own)))
        return str(finding.check), str(finding.outcome), seen, self._index(told(finding.remedy, _MOST_TEXT, excerpt))


def job_row(line: JobLine) -> list[Any]:
    """Return what a job ran: the verdict of what it runs now, null where no listed build made that; and the line.

    Then how that goes: whether it is all right (null where that is not known), and in words, empty where nobody asked.
    """
    outcome = line.watched.outcome if line.watched else None
    goes_well = {WatchOutcome.REGRESSED: False, WatchOutcome.CLEAN: True}.get(outcome) if outcome else None
    return [_verdict(line.verdict) if line.build else None, _text(line.text), goes_well, _text(line.watch_text)]


def escaped_json(value: Any) -> str:
    """Return the value as JSON that can stand anywhere in HTML: plain ASCII, without `<`, `>` and `&`."""
    return json.dumps(value, separators=(",", ":")).translate(_ESCAPED)


def summary_document(summary: Summary) -> dict[str, Any]:
    """Return what the page shows of the summary."""
    return {
        "builds": summary.builds,
        "counts": [summary.verdicts[verdict] for verdict in SEVERITY],
        "notSuccessful": [
            [_word(status), count]
            for counts in (summary.not_successful, summary.unjudged)
            for status, count in counts.items()
        ],
        "first": _seconds(summary.first),
        "last": _seconds(summary.last),
        "groups": [
            [title, list(map(_group, groups[:_MOST_SHOWN])), max(0, len(groups) - _MOST_SHOWN)]
            for title, groups in (
                ("By whom, where no trigger ran them", summary.submitters),
                ("By trigger", summary.triggers),
                ("By image", summary.images),
            )
        ],
        "stretches": [[_word(s.image), _seconds(s.start), _seconds(s.end)] for s in summary.stretches[:_MOST_SHOWN]],
        "unbacked": summary.unbacked,
        "claims": [[_word(name), count] for name, count in list(summary.claims.items())[:_MOST_SHOWN]],
    }


def _own_texts(source: Source, claims: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Return what a row's texts may repeat, the longest first."""
    if isinstance(source, Commit):
        yield source.sha, SHA
        yield source.sha[:_SHORT], SHORT_SHA
    if isinstance(source, Upload):
        yield f"gs://{source.bucket}/{source.object}", PLACE
    if claims:
        yield ", ".join(claims), CLAIMS
        if _HEX.match(claimed := claims[0].partition("=")[2]):
            yield claimed, CLAIMED


def _standing_in(text: str, own: Mapping[str, str]) -> str:
    text = text.translate(_STANDING_IN)
    for repeated, sign in own.items():
        text = text.replace(repeated, sign)
    return text


def _group(group: BuildGroup) -> list[Any]:
    return [_word(group.name), [group.verdicts.get(verdict, 0) for verdict in SEVERITY]]


def _verdict(verdict: Verdict | None) -> int:
    return SEVERITY.index(verdict) if verdict else -1


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


@lru_cache(maxsize=4096)  # names, places and findings recur from build to build
def _word(text: str) -> str:
    return _text(text, _MOST_WORD).replace("\n", " ")


@lru_cache(maxsize=4096)
def _text(text: str, most: int = _MOST_TEXT) -> str:
    return excerpt(text.encode("utf-8", "replace").decode(), most)
