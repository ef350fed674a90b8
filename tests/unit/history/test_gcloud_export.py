"""What gcloud printed is read as a stream; what is broken is told with its line, and the rest is read all the same."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.builds import CASES, document
from verifier.history.gcloud_export import MOST_BROKEN, Document, read_documents
from verifier.history.summary import Notice, Problem

DOCUMENTS = [document(case) for case in CASES]


class DribblingExport(io.StringIO):
    """A stream that gives only a few characters at a time."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(size or 0, 7))


def read(text: str) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the documents, and what is wrong."""
    items = list(read_documents(io.StringIO(text), "b.json"))
    documents = [item.value for item in items if isinstance(item, Document)]
    return documents, [str(item) for item in items if isinstance(item, Problem)]


def notices(text: str) -> list[str]:
    return [str(item) for item in read_documents(io.StringIO(text), "b.json") if isinstance(item, Notice)]


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
        json.dumps([DOCUMENTS[:5], DOCUMENTS[5:]]),
        json.dumps({"builds": DOCUMENTS}, indent=2),
        json.dumps({"builds": DOCUMENTS, "nextPageToken": ""}),
        json.dumps({"nextPageToken": "", "entries": DOCUMENTS}),
        json.dumps({"builds": DOCUMENTS[:5]}) + "\n" + json.dumps({"builds": DOCUMENTS[5:]}),
        json.dumps([{"builds": DOCUMENTS[:5]}, {"builds": DOCUMENTS[5:]}]),
        "WARNING: The following filter keys were not present in any resource: x\n\n" + json.dumps(DOCUMENTS, indent=2),
    ],
    ids=[
        "list",
        "gcloud",
        "windows",
        "lines",
        "documents",
        "two lists",
        "byte order mark",
        "list of lists",
        "page",
        "last page",
        "page with its token first",
        "two pages",
        "list of pages",
        "a warning before it",
    ],
)
def test_every_way_to_write_builds_reads_the_same(text: str) -> None:
    assert read(text) == (DOCUMENTS, [])


def test_one_document_is_one_build() -> None:
    assert read(json.dumps(DOCUMENTS[0], indent=2)) == (DOCUMENTS[:1], [])


@pytest.mark.parametrize("text", ["[]\n", "[[]]", '{"builds": []}', '[{"entries": []}]'])
def test_an_empty_list_is_whole_and_told(text: str) -> None:
    assert read(text) == ([], [])
    assert notices(text) == ["b.json: an empty list"]


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_file_is_no_list(text: str) -> None:
    expected = "b.json: expected what gcloud ... list --format=json prints, got an empty file"
    assert read(text) == ([], [expected])


def test_a_stream_may_come_in_pieces_of_any_size() -> None:
    text = json.dumps(DOCUMENTS[:6], indent=2)
    assert [item.value for item in read_documents(DribblingExport(text)) if isinstance(item, Document)] == DOCUMENTS[:6]


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
        "b.json, line 5: expected a document, but the file was cut off in the midst of it; documents before it: 1"
    ]


def test_after_a_broken_build_the_next_one_is_read() -> None:
    text = json.dumps([{"id": "one", "tags": ["x"]}, {"id": "two"}, {"id": "three"}], indent=2).replace('"x"', "x")
    assert read(text + " " * 100) == (
        [{"id": "two"}, {"id": "three"}],
        ["b.json, line 2: expected a document, got text that is not JSON (Expecting value); documents before it: 0"],
    )


def test_a_broken_line_among_lines_costs_only_itself() -> None:
    lines = [json.dumps(each) for each in DOCUMENTS]
    lines[3] = '{"id": oops}'
    builds, problems = read("\n".join(lines))
    assert builds == DOCUMENTS[:3] + DOCUMENTS[4:]
    assert problems == [
        "b.json, line 4: expected a document, got text that is not JSON (Expecting value); documents before it: 3"
    ]


@pytest.mark.parametrize(("value", "got"), [("7", "int"), ('"text"', "'text'"), ("null", "nothing"), ("true", "bool")])
def test_a_value_that_is_no_document_is_told_and_the_rest_read(value: str, got: str) -> None:
    builds, problems = read(f'[\n{{"id": "one"}},\n{value},\n{{"id": "two"}}]')
    assert builds == [{"id": "one"}, {"id": "two"}]
    assert problems == [f"b.json, line 3: expected an object, got {got}; documents before it: 1"]


@pytest.mark.parametrize("value", ["[" * 100_000, '{"a":' * 100_000, "9" * 10_000], ids=["lists", "objects", "number"])
def test_hostile_json_is_a_problem_and_no_crash(value: str) -> None:
    _, problems = read(f'{{"id": {value}')
    assert problems


def test_many_values_that_are_no_documents_are_one_problem() -> None:
    assert read("1," * 200_000) == (
        [],
        ["b.json, line 1: expected an object, got int and 199999 more that are none; documents before it: 0"],
    )


def test_reading_stops_after_many_documents_that_are_no_json() -> None:
    documents, problems = read("{x}\n" * 5_000 + '{"id": "one"}')
    assert documents == []
    assert len(problems) == MOST_BROKEN + 1
    assert problems[-1].endswith("documents are no JSON, so the rest is not read; documents before it: 0")


def test_what_is_no_json_is_told_by_what_it_looks_like() -> None:
    looks = "this looks like a web page or XML: save what gcloud prints with --format=json"
    assert read("<html>" * 100) == ([], [f"b.json, line 1: expected JSON; {looks}"])


def test_an_error_of_gcloud_before_the_json_is_a_problem_and_the_json_is_read() -> None:
    documents, problems = read("ERROR: (gcloud.builds.list) PERMISSION_DENIED\n" + json.dumps(DOCUMENTS, indent=2))
    assert documents == DOCUMENTS
    assert len(problems) == 1
    assert "PERMISSION_DENIED" in problems[0]


def test_a_warning_before_the_json_is_told() -> None:
    assert notices('WARNING: odd\n[{"id": "one"}]') == ["b.json: before the JSON stands: WARNING: odd"]


def test_the_end_of_a_document_whose_beginning_is_missing_is_never_passed_over() -> None:
    documents, problems = read('WARNING", "id": "one"}\n{"id": "two"}')
    assert documents == [{"id": "two"}]
    assert len(problems) == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"builds": [{"id": "one"}], "nextPageToken": "abc"}',
        '{"nextPageToken": "abc", "builds": [{"id": "one"}]}',
        '[{"builds": [{"id": "one"}], "nextPageToken": "abc"}]',
        '{"entries": [{"id": "one"}], "nextPageToken": "abc"}',
    ],
)
def test_a_page_that_is_not_the_last_says_that_more_exist(text: str) -> None:
    documents, problems = read(text)
    assert documents == [{"id": "one"}]
    assert len(problems) == 1
    assert "more pages exist" in problems[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"builds": [{"id": "one"}], "unreachable": ["us-east1"]}',
        '{"builds": [{"id": "one"}], "builds": [{"id": "two"}]}',
        '{"builds": [{"id": "one"}], "entries": {"id": "two"}}',
        '{"builds": [{"id": "one"}], "nextPageToken"',
        '{"builds": [{"id": "one"}], 7: 8}',
        '{"builds": [{"id": "one"}]',
        '{"builds": [{"id": "one"}',
    ],
)
def test_whatever_else_is_in_a_page_or_missing_from_it_is_told(text: str) -> None:
    documents, problems = read(text)
    assert documents == [{"id": "one"}]
    assert len(problems) == 1


def test_a_build_with_a_field_of_a_listing_is_a_build() -> None:
    build = {"id": "one", "builds": [{"id": "two"}]}
    assert read(json.dumps(build)) == ([build], [])


def test_documents_know_their_place() -> None:
    places = [
        item.place
        for item in read_documents(io.StringIO('[{"id": 1}, {"id": 2}]'), "b.json")
        if isinstance(item, Document)
    ]
    assert places == ["b.json, document 1", "b.json, document 2"]


@pytest.mark.parametrize(
    "shape",
    [lambda builds: json.dumps(builds, indent=2), lambda builds: json.dumps({"builds": builds}, indent=2)],
    ids=["list", "page"],
)
def test_reading_needs_little_more_memory_than_its_window(shape: Callable[[list[Any]], str]) -> None:
    text = shape(DOCUMENTS * 60)
    stream = io.StringIO(text)
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_documents(stream))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 60 * len(DOCUMENTS)
    assert peak < len(text) / 3
