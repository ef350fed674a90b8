"""The watch: how runs are counted in it, what they are compared with, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tests.simulation.mutants.planting import mutant, put
from tests.simulation.watches import run_seed_of_watches
from verifier.checks.known_errors import ErrorBook
from verifier.checks.watch import book, ending
from verifier.checks.watch.telling import after_runs
from verifier.checks.watch.watching import Kept, Watch, WatchOutcome
from verifier.controller.watch import count_runs, window, work_watch
from verifier.controller.watch.count_runs import RunToCount
from verifier.controller.watch.outbox import tell_item
from verifier.controller.watch.watch_document import KeptWatch
from verifier.facts.run import EndedRun


@mutant(r"counts \d+, \d+ failed; expected", seeds=run_seed_of_watches)
def a_run_that_is_read_again_counts_again(stack: ExitStack) -> None:
    honest = count_runs.with_runs

    def with_runs(kept: KeptWatch, *rest: Any, **said: Any) -> KeptWatch:
        return honest(replace(kept, watch=replace(kept.watch, counted=())), *rest, **said)

    put(stack, count_runs, "with_runs", with_runs)


@mutant(r"is marked as read before it was counted", seeds=run_seed_of_watches)
def a_run_is_marked_as_read_before_it_is_counted(stack: ExitStack) -> None:
    honest, done = count_runs.count_runs, window._done
    later: dict[str, tuple[Any, ...]] = {}

    def count_later(job: Any, runs: Sequence[RunToCount], *rest: Any) -> None:
        later.update({one.run.execution: (job, [one], *rest) for one in runs})

    def done_before(one: Any, *rest: Any) -> None:
        done(one, *rest)
        honest(*later.pop(one.run.execution))

    put(stack, window, "count_runs", count_later)
    put(stack, window, "_done", done_before)


@mutant(r"was never told", seeds=run_seed_of_watches)
def what_is_to_be_told_is_taken_out_before_it_is_told(stack: ExitStack) -> None:
    def tell(mine: Any, deployment: Any, budget: Any) -> str:
        while mine.kept.outbox:
            first, *rest = mine.kept.outbox
            mine.save(replace(mine.kept, outbox=tuple(rest)))
            tell_item(mine.kept, first, deployment, budget)
        return ""

    put(stack, work_watch, "_tell", tell)


@mutant(r"was read whole before its logs were there", seeds=run_seed_of_watches)
def logs_without_a_last_line_are_taken_for_whole(stack: ExitStack) -> None:
    put(stack, window, "is_whole", lambda *_: True)


@mutant(r"is CLEAN, and \d+ runs could not be read", seeds=run_seed_of_watches)
def unread_is_taken_for_clean(stack: ExitStack) -> None:
    honest = ending._outcome

    def outcome(watch: Watch, *rest: Any) -> WatchOutcome:
        return honest(replace(watch, unread=0), *rest)

    put(stack, ending, "_outcome", outcome)


@mutant(r"are still to be read", seeds=run_seed_of_watches)
def a_checkpoint_waits_for_no_logs(stack: ExitStack) -> None:
    put(stack, work_watch, "_waits_for_logs", lambda *_: False)


@mutant(r"the book has runs of", seeds=run_seed_of_watches)
def the_book_counts_a_run_for_what_runs_now(stack: ExitStack) -> None:
    honest = ErrorBook.with_run

    def with_run(self: ErrorBook, *errors: Any, digest: str, **said: Any) -> ErrorBook:
        return honest(self, *errors, digest=self.digests[-1].digest if self.digests else digest, **said)

    put(stack, ErrorBook, "with_run", with_run)


@mutant(r"is new, expected", seeds=run_seed_of_watches)
def new_needs_no_runs_before(stack: ExitStack) -> None:
    put(stack, book, "LEAST_RUNS", 0)


@mutant(r"is 2 times a regression", seeds=run_seed_of_watches)
def a_regression_is_told_with_every_run(stack: ExitStack) -> None:
    def after(watch: Watch, *rest: Any, **said: Any) -> Any:
        forgotten = tuple(replace(error, told=Kept.NOTHING) for error in watch.errors)
        return after_runs(replace(watch, errors=forgotten), *rest, **said)

    put(stack, count_runs, "after_runs", after)


@mutant(r"began anew|counts \d+, \d+ failed; expected", seeds=run_seed_of_watches)
def going_back_begins_anew(stack: ExitStack) -> None:
    def resumed(watch: Watch) -> Watch:
        assert watch.ended is not None
        return Watch(watch.job, watch.digest, watch.repository, watch.ended, counted=watch.counted, hours=watch.hours)

    put(stack, count_runs, "resumed", resumed)


@mutant(r"goes on, and something else runs|is still WATCHING", seeds=run_seed_of_watches)
def who_takes_a_place_tells_nobody(stack: ExitStack) -> None:
    put(stack, work_watch, "wake", lambda *_: None)


@mutant(r"it runs again|and runs again", seeds=run_seed_of_watches)
def only_a_run_after_the_end_is_a_way_back(stack: ExitStack) -> None:
    honest = count_runs.with_runs

    def with_runs(*given: Any, **said: Any) -> KeptWatch:
        return honest(*given, **{**said, "is_now": False})

    put(stack, count_runs, "with_runs", with_runs)


@mutant(r"runs of another digest|has .* which none of its runs had", seeds=run_seed_of_watches)
def runs_of_a_window_are_counted_for_its_first_digest(stack: ExitStack) -> None:
    honest = window._to_count
    first: list[EndedRun] = []

    def to_count(run: EndedRun, *rest: Any) -> RunToCount:
        first.append(run)
        return honest(replace(run, digest=first[0].digest), *rest)

    put(stack, window, "_to_count", to_count)
