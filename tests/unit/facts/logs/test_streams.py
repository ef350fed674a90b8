"""Which entries of one stream belong together: the lines of a trace, the headline above it, the calm line before it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.facts.logs.lines import START
from verifier.facts.logs.judge import ErrorReason
from verifier.facts.logs.streams import Crash, Piece, crashes

REASON = ErrorReason("python-traceback", "")
HEAD, FRAME, LAST = "Traceback (most recent call last):", '  File "/app/a.py", line 3, in run', "KeyError: 'clip'"
PYTHON = [HEAD, FRAME, "    rows = load(path)", LAST]
CAUSED = "The above exception was the direct cause of the following exception:"
DURING = "During handling of the above exception, another exception occurred:"
JAVA = ["java.io.IOException: no", "\tat com.acme.A.b(A.java:3)", "Caused by: a.B: c", "\tat com.acme.C.d(C.java:1)"]


def piece(text: str, milliseconds: float = 0, *, number: int = 0, error: bool = True, calm: bool = False) -> Piece:
    time = START + timedelta(milliseconds=milliseconds)
    return Piece(time, number, text, REASON if error and not calm else None, calm, "0")


def stream(*texts: str) -> list[Piece]:
    """Return these lines, a millisecond apart."""
    return [piece(text, number, number=number) for number, text in enumerate(texts)]


def together(pieces: list[Piece]) -> list[list[str]]:
    """Return the lines of each crash."""
    return [[one.text for one in crash.pieces] for crash in crashes(pieces)]


def only(pieces: list[Piece]) -> Crash:
    (crash,) = crashes(pieces)
    return crash


@pytest.mark.parametrize(
    "lines",
    [
        PYTHON,
        [*PYTHON, CAUSED, *PYTHON],
        [*PYTHON, DURING, *PYTHON],
        [*PYTHON[:-1], "shop.Lost"],
        [HEAD, FRAME, "  [Previous line repeated 3 times]", FRAME, LAST],
        JAVA,
        [JAVA[0], JAVA[1], "\t... 2 more"],
        ['Exception in thread "main" a.B', JAVA[1]],
        ["panic: nil map", "goroutine 1 [running]:", "main.(*Store).load(0x0)", "\t/srv/app/store.go:22 +0x22"],
        ["http: panic serving 10.0.0.1:3000: boom", "goroutine 7 [running]:"],
        ["fatal error: deadlock", "goroutine 7 [running]:", "exit status 2"],
        ["w.rb:1:in `load': no tenant (ArgumentError)", "\tfrom main.rb:2:in `<main>'"],
        ["PHP Fatal error: Uncaught Lost", "Stack trace:", "#0 /srv/main.php(9): load()", "  thrown in /srv/a.php"],
        [
            "Unhandled exception. A.B: c",
            " ---> D.E: f",
            "   at A.B.C()",
            "   --- End of inner exception stack trace ---",
        ],
        ["thread 'main' panicked at src/store.rs:5:10:", "no tenant"],
        ["TypeError: no\n    at run (/srv/a.js:3:5)", "    at go (/srv/b.js:1:1)", "  [cause]: RangeError: no"],
    ],
    ids=lambda lines: lines[0][:20],
)
def test_the_lines_of_one_trace_are_one_crash(lines: list[str]) -> None:
    assert together(stream(*lines)) == [lines]


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (PYTHON, "ValueError: another"),
        (PYTHON, "one more row"),
        (PYTHON, HEAD),
        ([HEAD, FRAME], HEAD),
        ([HEAD, FRAME], "12 rows: no exception"),
        (JAVA, "all is well"),
        (JAVA, JAVA[0]),
        (["thread 'main' panicked at src/store.rs:5:10:", "no tenant"], "note: run it with more"),
        (["thread 'main' panicked at src/store.rs:5:10:\nno tenant"], "note: run it with more"),
        (["\n".join(PYTHON)], "ValueError: another"),
        (["disk is full"], "tape is full"),
    ],
)
def test_what_does_not_go_on_with_a_trace_is_another_crash(lines: list[str], after: str) -> None:
    assert together(stream(*lines, after)) == [lines, [after]]


def test_a_traceback_of_several_lines_in_an_entry_goes_on_until_its_exception() -> None:
    first = "\n".join(PYTHON[:-1])
    assert together(stream(first, LAST, "ValueError: another")) == [[first, LAST], ["ValueError: another"]]
    whole = "\n".join(PYTHON)
    assert together(stream(whole, CAUSED, whole, LAST)) == [[whole, CAUSED, whole], [LAST]]
    assert together(stream(whole, DURING, first, LAST, LAST)) == [[whole, DURING, first, LAST], [LAST]]


def test_a_line_more_than_a_second_later_is_anothers() -> None:
    for later, crash in ((1_000, [[HEAD, FRAME]]), (1_001, [[HEAD], [FRAME]])):
        assert together([piece(HEAD), piece(FRAME, later)]) == crash
    assert together([piece(HEAD), piece(FRAME, 900), piece(LAST, 1_800)]) == [[HEAD, FRAME, LAST]]


@pytest.mark.parametrize(
    ("before", "at", "headline"),
    [
        ("ERROR worker: row 3 lost", 0, True),
        ("ERROR worker: row 3 lost", -19, True),
        ("ERROR worker: row 3 lost", -20, True),
        ("ERROR worker: row 3 lost", -21, False),
    ],
)
def test_an_error_line_right_before_a_trace_is_its_headline(before: str, at: float, headline: bool) -> None:
    found = list(crashes([piece(before, at), *stream(*PYTHON)]))
    assert len(found) == (1 if headline else 2)
    assert found[-1].headline == (piece(before, at) if headline else None)
    assert [one.text for one in found[-1].pieces] == PYTHON


def test_a_line_is_no_headline_of_another_line_nor_a_trace_of_another_trace() -> None:
    assert together(stream("disk is full", "tape is full")) == [["disk is full"], ["tape is full"]]
    assert together(stream(*PYTHON, *PYTHON)) == [PYTHON, PYTHON]
    frames = [piece(FRAME, error=False), piece(FRAME, 1, error=False)]
    assert together([piece("disk is full"), *frames]) == [["disk is full"], [FRAME, FRAME]]


def test_of_two_error_lines_before_a_trace_the_nearer_one_is_its_headline() -> None:
    found = list(crashes(stream("disk is full", "tape is full", *PYTHON, "all is lost")))
    assert [crash.headline.text if crash.headline else "" for crash in found] == ["", "tape is full", ""]
    assert [crash.pieces[0].text for crash in found] == ["disk is full", HEAD, "all is lost"]


def test_a_headline_at_a_streams_end_is_told_as_itself() -> None:
    assert together(stream("disk is full")) == [["disk is full"]]
    assert together([]) == []
    assert only(stream("disk is full", HEAD)).headline == piece("disk is full")


@pytest.mark.parametrize(("at", "announced"), [(0, True), (-20, True), (-21, False)])
def test_a_calm_line_right_before_is_an_announcement(at: float, announced: bool) -> None:
    calm = piece("INFO row 3 is next", at, calm=True)
    assert only([calm, *stream(*PYTHON)]).announcement == (calm if announced else None)
    assert only([calm, *stream("disk is full")]).announcement == (calm if announced else None)


def test_a_calm_line_belongs_to_the_next_line_alone() -> None:
    calm = piece("INFO row 3 is next", calm=True)
    first, second = crashes([calm, *stream("disk is full", "tape is full")])
    assert (first.announcement, second.announcement) == (calm, None)
    (trace,) = crashes([*stream(HEAD), piece("INFO row 3 is next", 1, calm=True), piece(FRAME, 2), piece(LAST, 3)])
    assert [one.text for one in trace.pieces] == [HEAD, FRAME, LAST]


@pytest.mark.parametrize(
    ("story", "lines", "own", "announced"),
    [
        ("INFO trying again after KeyError: 'clip'", PYTHON, [LAST], True),
        ("INFO it says KeyError: 'clip'", [LAST], ["", LAST], True),
        ("INFO row 3 is next", PYTHON, [LAST], False),
        ("INFO row 3 is next", PYTHON, [""], False),
        ("INFO no fast path", PYTHON, [LAST], True),
        ("INFO no fast path", ["\n".join(PYTHON)], [LAST], True),
        ("INFO no fast path", [HEAD], [HEAD], True),
        ("INFO no fast path", [LAST], [LAST], False),
        ("INFO no fast path", ["disk is full"], ["disk is full"], False),
    ],
    ids=[
        "with its own words",
        "with a line's own words",
        "with other words",
        "with nothing of its own",
        "as trouble before a trace",
        "as trouble before a trace in one entry",
        "as trouble before a trace's first line",
        "as trouble before an exception's line alone",
        "as trouble before a line of text",
    ],
)
def test_a_trace_is_announced_by_its_own_words_or_as_trouble(
    story: str, lines: list[str], own: list[str], announced: bool
) -> None:
    assert only([piece(story, calm=True), *stream(*lines)]).announced(own) is announced
    assert only(stream(*lines)).announced(own) is False


def test_a_crash_is_judged_by_its_first_line_that_is_an_error() -> None:
    other = ErrorReason("exception-line", "")
    lines = [piece(HEAD, error=False), piece(FRAME, 1, error=False), piece(LAST, 2)._replace(judged=other)]
    assert only(lines).judged == other
    assert only(lines[:2]).judged is None
    assert only([piece(HEAD), *lines[1:]]).judged == REASON


def test_its_text_is_its_lines_and_its_pieces_are_all_in_order() -> None:
    calm, *lines = [piece("INFO x", calm=True), *stream(*PYTHON)]
    found = only([calm, *lines])
    assert found.text == "\n".join(PYTHON)
    assert found.all_pieces() == [calm, *lines]
    assert only([piece("disk is full", -1), *lines]).all_pieces() == [piece("disk is full", -1), *lines]
    assert only(lines[:1]).text == HEAD


def test_a_long_line_is_known_by_its_beginning() -> None:
    assert together(stream(HEAD, FRAME + "x" * 500, LAST)) == [[HEAD, FRAME + "x" * 500, LAST]]
    far = " " * 5_000 + "panicked at src/a.rs:1:1:"
    assert together(stream(far, "no tenant")) == [[far], ["no tenant"]]
    long = f"{HEAD}\n{'  x' * 3_000}\n{LAST}"
    assert together(stream(long, LAST)) == [[long], [LAST]]
