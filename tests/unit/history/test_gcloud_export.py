"""What gcloud printed is read as a stream; what is broken is told with its line, and the rest is read all the same."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Mapping
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.builds import CASES, document
from verifier.history.gcloud_export import read_builds
from verifier.history.summary import Problem

DOCUMENTS = [document(case) for case in CASES]


class Dribbling(io.StringIO):
    """A stream that gives only a few characters at a time."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(size or 0, 7))


def read(text: str) -> tuple[list[Mapping[str, Any]], list[str]]:
    builds: list[Mapping[str, Any]] = []
    problems: list[str] = []
    for item in read_builds(io.StringIO(text), "b.json"):
        if isinstance(item, Problem):
            problems.append(str(item))
        else:
            builds.append(item)
    return builds, problems


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DOCUMENTS),
        json.dumps(DOCUMENTS, indent=2),
        json.dumps(DOCUMENTS, indent=2).replace("\n", "\r\n"),
        "\n".join(map(json.dumps, DOCUMENTS)) + "\n",
        "\n".join(json.dumps(each, indent=2) for each in DOCUMENTS),
        json.dumps(DOCUMENTS[:5]) + "\n" + json.dumps(DOCUMENTS[5:]),
        "\ufeff" + json.dumps(DOCUMENTS),
    ],
    ids=["list", "gcloud", "windows", "lines", "documents", "two lists", "byte order mark"],
)
def test_every_way_to_write_builds_reads_the_same(text: str) -> None:
    assert read(text) == (DOCUMENTS, [])


def test_one_document_is_one_build() -> None:
    assert read(json.dumps(DOCUMENTS[0], indent=2)) == (DOCUMENTS[:1], [])


def test_an_empty_list_is_whole() -> None:
    assert read("[]\n") == ([], [])


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_file_is_no_list(text: str) -> None:
    expected = "b.json: expected what gcloud builds list --format=json prints, got an empty file"
    assert read(text) == ([], [expected])


def test_a_stream_may_come_in_pieces_of_any_size() -> None:
    text = json.dumps(DOCUMENTS[:6], indent=2)
    assert list(read_builds(Dribbling(text))) == DOCUMENTS[:6]


@given(st.integers(min_value=1))
@settings(max_examples=60, deadline=None)
def test_wherever_a_file_is_cut_off_it_is_told_and_the_builds_before_are_read(where: int) -> None:
    text = json.dumps(DOCUMENTS[:4], indent=2)
    builds, problems = read(text[: where % (len(text) - 1) + 1])
    assert builds == DOCUMENTS[: len(builds)]
    assert len(problems) == 1
    assert "cut off" in problems[0]


def test_a_build_that_is_cut_off_is_told_with_its_line() -> None:
    text = json.dumps([{"id": "one"}, {"id": "two"}], indent=2)
    builds, problems = read(text[: text.index("two")])
    assert builds == [{"id": "one"}]
    assert problems == [
        "b.json, line 5: expected a build, but the file was cut off in the midst of it; builds before it: 1"
    ]


def test_after_a_broken_build_the_next_one_is_read() -> None:
    text = json.dumps([{"id": "one", "tags": ["x"]}, {"id": "two"}, {"id": "three"}], indent=2).replace('"x"', "x")
    assert read(text + " " * 100) == (
        [{"id": "two"}, {"id": "three"}],
        ["b.json, line 2: expected a build, got text that is not JSON (Expecting value); builds before it: 0"],
    )


def test_a_broken_line_among_lines_costs_only_itself() -> None:
    lines = [json.dumps(each) for each in DOCUMENTS]
    lines[3] = '{"id": oops}'
    builds, problems = read("\n".join(lines))
    assert builds == DOCUMENTS[:3] + DOCUMENTS[4:]
    assert problems == [
        "b.json, line 4: expected a build, got text that is not JSON (Expecting value); builds before it: 3"
    ]


@pytest.mark.parametrize(("value", "got"), [("7", "int"), ('"text"', "'text'"), ("null", "nothing"), ("true", "bool")])
def test_a_document_that_is_no_build_is_told_and_the_rest_read(value: str, got: str) -> None:
    builds, problems = read(f'[\n{{"id": "one"}},\n{value},\n{{"id": "two"}}]')
    assert builds == [{"id": "one"}, {"id": "two"}]
    assert problems == [f"b.json, line 3: expected a build, got {got}; builds before it: 1"]


@pytest.mark.parametrize("value", ["[" * 100_000, '{"a":' * 100_000, "9" * 10_000], ids=["lists", "objects", "number"])
def test_hostile_json_is_a_problem_and_no_crash(value: str) -> None:
    _, problems = read(f'{{"id": {value}')
    assert problems


def test_a_page_of_html_is_no_list_of_builds() -> None:
    assert read("<html>" * 100)[1] == [
        "b.json, line 1: expected a build, got text that is not JSON (Expecting value); builds before it: 0"
    ]


def test_reading_needs_little_more_memory_than_its_window() -> None:
    text = json.dumps(DOCUMENTS * 60, indent=2)
    stream = io.StringIO(text)
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_builds(stream))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 60 * len(DOCUMENTS)
    assert peak < len(text) / 3


def test_values_that_are_no_builds_are_told_once_with_their_number() -> None:
    builds, problems = read('[1, 2, 3,\n"a", "b", {"id": "one"}, 4]')
    assert builds == [{"id": "one"}]
    assert problems == [
        "b.json, line 1: expected a build, got int and 4 more that are none; builds before it: 0",
        "b.json, line 2: expected a build, got int; builds before it: 1",
    ]


@pytest.mark.parametrize("unit", ["1,", "\n{", '{"a": tru}\n', '"a" ', "[", "{} "])
def test_hostile_text_of_400_kilobytes_costs_at_most_a_second(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    start = process_time()
    read(text)
    assert process_time() - start < 1
