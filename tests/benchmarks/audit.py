"""What an audit costs: time for each listed build, memory for many of them, and reading them from a file."""

from __future__ import annotations

import gc
import json
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from hashlib import sha1
from pathlib import Path
from time import process_time
from typing import Any

import psutil

from tests.fixtures.builds import document
from verifier.audit import Problem, Tally
from verifier.build import Build, parse_build
from verifier.builds_file import read_builds
from verifier.judging import judge_listed
from verifier.policy import Policy

Row = tuple[str, float, float, float, float]
"""What was measured, ours, the reference, ours by the reference, and the goal for that."""

_FORMS = ("commit-resolved-git", "upload-builds-submit", "upload-claims-commit-sha", "failure")
_GOAL_MICROSECONDS = 100.0
_GOAL_BYTES = 50 * 1024 * 1024
_GOAL_RATIO = 4.0
_IN_FILE = 20_000
_IN_MEMORY = 100_000


def listed_build_cost() -> Row:
    """Microseconds of processor time to judge and count one build that was listed and decoded, by the goal."""
    builds = [parse_build(each) for each in _documents(2_000)]
    policy, tally = Policy(), Tally()

    def judge_all() -> None:
        for build in builds:
            tally.add(judge_listed(build, policy))

    ours = _quickest(judge_all) / len(builds) * 1e6
    return "judging a listed build (µs)", ours, _GOAL_MICROSECONDS, ours / _GOAL_MICROSECONDS, 1.0


def memory_of_100000() -> Row:
    """Bytes that the process grows by while 100,000 builds are judged and counted, by the goal."""
    policy, tally, process = Policy(), Tally(), psutil.Process()
    for build in _builds(100):
        tally.add(judge_listed(build, policy))
    gc.collect()
    before = most = process.memory_info().rss
    for number, build in enumerate(_builds(_IN_MEMORY)):
        tally.add(judge_listed(build, policy))
        if number % 5_000 == 0:
            most = max(most, process.memory_info().rss)
    ours = float(max(most, process.memory_info().rss) - before)
    return "memory of 100,000 builds (MiB)", ours / 2**20, _GOAL_BYTES / 2**20, ours / _GOAL_BYTES, 1.0


def file_ratio() -> Row:
    """Seconds to read, judge and count 20,000 builds of a file, by the time that `json.load` takes for it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "builds.json")
        file.write_text(json.dumps(list(_documents(_IN_FILE)), indent=2))

        def load() -> None:
            with file.open(encoding="utf-8") as stream:
                json.load(stream)

        def audit() -> None:
            policy, tally = Policy(), Tally()
            with file.open(encoding="utf-8") as stream:
                for item in read_builds(stream):
                    if not isinstance(item, Problem):
                        tally.add(judge_listed(parse_build(item), policy))

        ours, reference = _quickest(audit), _quickest(load)
    return "20,000 builds from a file (s)", ours, reference, ours / reference, _GOAL_RATIO


def _quickest(work: Callable[[], None]) -> float:
    """The processor time of the quickest of three runs."""
    times = []
    for _ in range(3):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


def _builds(count: int) -> Iterator[Build]:
    return map(parse_build, _documents(count))


def _documents(count: int) -> Iterator[dict[str, Any]]:
    """So many builds of the usual forms, each with an id, a commit and digests of its own."""
    forms = [document(form) for form in _FORMS]
    for number in range(count):
        fresh = deepcopy(forms[number % len(forms)])
        sha = sha1(str(number).encode(), usedforsecurity=False).hexdigest()
        fresh["id"] = f"{sha[:8]}-0000-4000-8000-{number:012d}"
        fresh["name"] = f"{fresh['name'].rpartition('/')[0]}/{fresh['id']}"
        for claim in ("COMMIT_SHA", "REVISION_ID"):
            if claim in fresh.get("substitutions", {}):
                fresh["substitutions"][claim] = sha
        for image in fresh.get("results", {}).get("images", []):
            image["digest"] = f"sha256:{sha:0>64}"
        yield fresh
