"""What is kept of the ends of attempts: no more than a job can have, with a word where there were more."""

from __future__ import annotations

from tests.unit.facts.logs.lines import entry
from verifier.facts.logs.ends import Ends
from verifier.facts.logs.entry import SYSTEM_LOG
from verifier.facts.logs.result import Ending

MOST = 60_000


def noted(text: str, task: str = "0", attempt: str = "0", container: str = "", own: str = "") -> tuple[Ends, bool]:
    ends = Ends(own)
    return ends, ends.note(entry(text, log=SYSTEM_LOG, task=task, attempt=attempt, container=container))


def test_as_many_ends_are_kept_as_a_job_can_have_and_it_is_told_when_there_were_more() -> None:
    ends = Ends("")
    for number in range(MOST):
        ends.note(entry("Container called exit(0).", log=SYSTEM_LOG, task=str(number)))
    assert (len(ends.seen()), ends.cut) == (MOST, False)
    ends.note(entry("Container called exit(0).", log=SYSTEM_LOG, task="one more"))
    assert (len(ends.seen()), ends.cut) == (MOST, True)


def test_an_exit_and_a_signal_are_no_errors_themselves_and_the_others_are() -> None:
    assert noted("Container called exit(0).")[1]
    assert noted("Container terminated on signal 9.")[1]
    assert not noted("Application exec likely failed")[1]
    assert not noted("something else")[1]


def test_a_label_is_cut_where_no_platform_writes_so_much() -> None:
    ends, _ = noted("Container called exit(-3).", task="7" * 21, attempt="8" * 21, container="worker")
    assert ends.seen() == {("7" * 20, "8" * 20)}
    assert ends.endings() == (Ending("7" * 20, "8" * 20, "worker", "exit", -3),)


def test_another_containers_end_is_no_error_and_no_end() -> None:
    ends, is_end = noted("Container called exit(1).", container="proxy", own="worker")
    assert (is_end, ends.seen(), ends.endings()) == (True, frozenset(), ())
    assert noted("Container called exit(1).", container="", own="worker")[0].seen() == {("0", "0")}
    assert noted("Container called exit(1).", container="proxy")[0].seen() == {("0", "0")}


def test_ends_are_told_by_task_and_attempt() -> None:
    ends = Ends("")
    for task, attempt, text in (
        ("1", "1", "Container terminated on signal 9."),
        ("1", "0", "Container called exit(2)."),
        ("1", "0", "Container called exit(1)."),
        ("0", "5", "Application exec likely failed"),
        ("1", "0", "Container called exit(0)."),
    ):
        ends.note(entry(text, log=SYSTEM_LOG, task=task, attempt=attempt))
    assert [(end.task, end.attempt, end.how, end.number) for end in ends.endings()] == [
        ("0", "5", "start", 0),
        ("1", "0", "exit", 1),
        ("1", "0", "exit", 2),
        ("1", "1", "signal", 9),
    ]
