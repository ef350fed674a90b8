"""The first level word of a line, in the ways in which loggers write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifier.facts.logs.level_words import level_of_text, without_colours
from verifier.facts.logs.levels import CRITICAL, DEBUG, ERROR, INFO, NOTICE, WARNING


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("2026-11-28 04:00:56,856 ERROR worker: Failed to process message 8812", ERROR),
        ("ERROR:worker:could not write batch 17", ERROR),
        ("ERROR:    Error loading ASGI app", ERROR),
        ("[2026-11-28 04:02:56 +0000] [14210] [ERROR] Exception in worker process", ERROR),
        ("[2026-11-28 04:03:21,040: WARNING/MainProcess] No hostname was supplied", WARNING),
        ("2026-11-28 04:01:25.481 | ERROR    | __main__:_:177 - lookup failed", ERROR),
        ("2026-11-28 04:01:21 [error    ] import failed                  tenant=4", ERROR),
        ("[11/28/26 04:01:38] ERROR    invoice 88 not sent", ERROR),
        ("2026-01-02 10:00:00 [scrapy.core.scraper] ERROR: Spider error processing", ERROR),
        ("[E 2026-11-28 04:03:10,989 pycases:435] Could not open static file", ERROR),
        ("\r  0%|          | 0/3 [00:00<?, ?it/s]ERROR: shard 1 unreadable", ERROR),
        ("[2026-11-28 10:00:00,000] {taskinstance.py:1} ERROR - Task failed", ERROR),
        ("time=2026-01-02T10:00:00.000Z level=ERROR msg=x", ERROR),
        ('level=error msg="order not shipped"', ERROR),
        ("ERRO[0000] order 17 not shipped", ERROR),
        ("4:06AM ERR order 17 not shipped", ERROR),
        ("E1128 04:06:09.646694   28134 main.go:41] order 17 not shipped", ERROR),
        ("E20261128 06:43:49.015214 28774 main.cpp:4] feed 4 refused", ERROR),
        ("2026-11-28T04:06:09.538Z\tERROR\tgo/main.go:34\torder 17 not shipped", ERROR),
        ("2026-11-28T04:06:09.538Z\terror\tgo/main.go:34\torder 17 not shipped", ERROR),
        ("SEVERE: order 17 not shipped", ERROR),
        ("04:03:24.576 [main] FATAL com.acme.Worker - no database", CRITICAL),
        ("2026-01-02T10:00:00.000Z ERROR 1 --- [   scheduling-1] o.s.s.s.Task    : x", ERROR),
        ("F, [2026-11-28T04:06:12.317358 #28385] FATAL -- : no database", CRITICAL),
        ("2026-01-02T10:00:00.001Z pid=1 tid=abc class=A jid=0 WARN: x", WARNING),
        ("fail: Worker.Consumer[0]", ERROR),
        ("crit: Worker.Consumer[0]", CRITICAL),
        ("[10:00:00 ERR] Order 17 not shipped", ERROR),
        ("Shop Critical: 9 : no shard is writable", CRITICAL),
        ("error: order 17 not shipped", ERROR),
        ("worker: error: the following arguments are required", ERROR),
        ("npm ERR! code ELIFECYCLE", ERROR),
        ("[2026-01-02T10:00:00+00:00] app.ERROR: no tenant", ERROR),
        ("2026/11/28 04:06:32 [error] 29465#29465: *1 connect() failed", ERROR),
        ("[Sat Nov 28 04:06:32.1 2026] [core:error] [pid 1] AH00037", ERROR),
        ("2026-11-28 04:07:03.438 UTC [30864] ERROR:  relation does not exist", ERROR),
        ("2026-11-28 04:07:03.438 UTC [30864] LOG:  execute: WHERE level = 'ERROR'", INFO),
        ("04:06:22.217 [error] order 17 not shipped", ERROR),
        ("=ERROR REPORT==== 2-Jan-2026::10:00:00 ===", ERROR),
        ("=CRASH REPORT==== 2-Jan-2026::10:00:00 ===", ERROR),
        ("<3>disk is full", ERROR),
        ("[06:43:06] [E] feed 4 refused", ERROR),
        ("2026-11-28 06:40:03,189 E/sync(11167): the token was refused", ERROR),
        ("[0102/120000.123456:ERROR:dbus/bus.cc(407)] Failed to connect", ERROR),
        ("2026-01-02 10:00:00.100000: E external/xla/cuda_driver.cc:152] failed call", ERROR),
        ("INFO:worker:x", INFO),
        ("dbug: Worker.ErrorHandler[0]", DEBUG),
        ("I0102 10:00:00.123456       1 main.go:48] ERROR budget", INFO),
        ("FINE: no fast path", DEBUG),
        ("[notice] 1#1: signal process started", NOTICE),
    ],
)
def test_a_level_word_is_found_where_loggers_write_it(line: str, level: int) -> None:
    assert level_of_text(line).level == level


@pytest.mark.parametrize(
    "line",
    [
        "order;ERROR 404 T-Shirt;19.99",
        "log_level: ERROR",
        "title: ERROR 500 when I log in",
        "mail queued subject='ERROR: your order 17 failed'",
        '"ERROR in quotes" is what it said',
        "one two three four five six seven ERROR eight",
        "{'log_count/ERROR': 1,",
        "result UNKNOWN ERROR (303)",
        "PASS: 12  FAIL: 0  ERROR: 0",
        "ERROR         0",
        "* Fix: error: cannot open file",
        "- alert: HighErrorRate",
        "errors: 0",
        "loading module app.errors",
        "http: panic serving 127.0.0.1:5: boom",
        "",
        "   \n\t",
    ],
)
def test_a_word_in_a_sentence_in_data_or_in_quotes_is_no_level(line: str) -> None:
    assert level_of_text(line).level == 0


def test_a_level_word_stands_among_the_first_seven_words_and_four_hundred_characters() -> None:
    word = "x" * 100
    assert level_of_text(f"{word} {word} {word} ERROR no").level == ERROR
    assert level_of_text(f"{word} {word} {word} {word} ERROR no").level == 0
    assert level_of_text("one two three four five six ERROR no").level == ERROR
    assert level_of_text("one two three four five six seven ERROR no").level == 0
    assert level_of_text(f"{'x' * 119} ERROR no").level == ERROR


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("ERROR no tenant", " no tenant"),
        ("\n\n  2026-11-28 04:00:56 ERROR no tenant\nERROR again", " no tenant\nERROR again"),
        ("E1128 04:06:09.646694 28134 main.go:41] no tenant", ".646694 28134 main.go:41] no tenant"),
        ("<3>disk is full", "disk is full"),
        ("ERRO[0000] no tenant", " no tenant"),
        ("ERROR:worker:ERROR", ""),
    ],
)
def test_the_words_end_is_told(text: str, rest: str) -> None:
    assert text[level_of_text(text).end :] == rest


def test_the_first_level_word_decides() -> None:
    assert level_of_text("2026-01-02 10:00:00 INFO worker: ERROR budget at 40%").level == INFO


def test_colours_are_taken_off_first() -> None:
    line = "\x1b[2m2026-11-28 04:01:21\x1b[0m [\x1b[31m\x1b[1merror    \x1b[0m] \x1b[1mimport failed\x1b[0m"
    assert level_of_text(without_colours(line)).level == ERROR


@given(st.text(alphabet="ERORerorINFO[]|:= \t\n'\"0123456789-", max_size=60))
def test_the_words_end_lies_within_the_text(text: str) -> None:
    found = level_of_text(text)
    assert 0 <= found.end <= len(text)
