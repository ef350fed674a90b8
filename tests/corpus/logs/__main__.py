"""`python -m tests.corpus.logs run PLACE` runs the programs anew; `… score` tells how they are judged."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.corpus.logs.programs import Program, programs
from tests.corpus.logs.running import Unbuilt, is_there, run
from tests.corpus.logs.runtimes import DEBIAN_PACKAGES, NODE_PACKAGES, PYTHON_PACKAGES, runtime_of
from tests.corpus.logs.score import alarm_table, false_alarms, score, table
from tests.corpus.logs.sequences import SEQUENCES, Sequence, read, row_of, sequences


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.logs", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="run the programs whose runtimes are there, and rewrite their sequences")
    running.add_argument("place", type=Path, help="a folder with a virtual environment `py` and node packages in `js`")
    running.add_argument("--only", default="", help="programs whose file or name begins so")
    commands.add_parser("needs", help="print the packages of which a machine needs those that it wants to run")
    scoring = commands.add_parser("score", help="tell how the corpus is judged")
    scoring.add_argument("--by", choices=("language", "logger", "kind"), default="language")
    scoring.add_argument("--wrong", action="store_true", help="name what is judged wrong")
    scoring.add_argument("--successful", type=Path, help="a folder of successful runs' output, instead of the corpus")
    chosen = parser.parse_args()
    if chosen.command == "run":
        _run(chosen.place.resolve(), chosen.only)
    elif chosen.command == "needs":
        print(f"Debian: {' '.join(DEBIAN_PACKAGES)}\npip: {' '.join(PYTHON_PACKAGES)}\nnpm: {' '.join(NODE_PACKAGES)}")
    elif chosen.successful:
        print(alarm_table(false_alarms(chosen.successful)))
    else:
        print(table(score(sequences()), chosen.by, wrong=chosen.wrong))


def _run(place: Path, only: str) -> None:
    by_language: dict[str, list[Program]] = {}
    for program in programs():
        by_language.setdefault(program.language, []).append(program)
    for language, all_of_it in by_language.items():
        if not any(_is_meant(program, only) for program in all_of_it):
            continue
        file = SEQUENCES / f"{language}.jsonl"
        kept = {sequence.id: sequence for sequence in read(file)} if file.exists() else {}
        there = [_sequence(program, place, only, kept.get(program.id)) for program in all_of_it]
        file.write_text("".join(f"{row_of(sequence)}\n" for sequence in there if sequence), encoding="utf-8")


def _sequence(program: Program, place: Path, only: str, kept: Sequence | None) -> Sequence | None:
    """Return what the program writes now, or what was kept of it."""
    if not _is_meant(program, only):
        return kept
    if not is_there(runtime_of(program.part), place):
        print(f"{program.id}: its runtime is not here", flush=True)
        return kept
    try:
        new = run(program, place)
    except Unbuilt as error:
        print(f"{program.id}: it does not build: {error}", flush=True)
        return kept
    print(f"{program.id}: {len(new.lines)} lines, exit {new.exit}", flush=True)
    return new


def _is_meant(program: Program, only: str) -> bool:
    return program.part.startswith(only) or program.id.startswith(only)


if __name__ == "__main__":
    main()
