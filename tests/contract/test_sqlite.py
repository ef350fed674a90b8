"""What the SQLite file adds to the contract: several processes at once, and clear words when it cannot serve."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import pytest

from tests.busy import BUSY_SECONDS
from verifier.adapters.sqlite import DUE_BY, QUEUES, SqliteStore
from verifier.errors import Refused, Unavailable

NOBODY = 65_534

CLAIM_ALL = """
import sys
from verifier.adapters.sqlite import SqliteStore
store = SqliteStore(sys.argv[1])
for number in range(50):
    if store.create("builds", str(number), {}, timeout=20):
        print(number)
store.close()
"""


def test_processes_that_open_a_new_file_together_never_win_the_same_create(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLAIM_ALL, str(tmp_path / "ledger.db")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    won = [int(number) for process in processes for number in process.communicate()[0].split()]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    assert sorted(won) == list(range(50))


def test_what_was_written_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "ledger.db")) as store:
        written = store.create("marks", "a", {"state": 1}, timeout=5)
    with closing(SqliteStore(str(tmp_path / "ledger.db"))) as store:
        assert store.read("marks", "a", timeout=5) == written


def test_a_write_waits_no_longer_than_its_timeout_for_another_process(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(SqliteStore(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = monotonic()
        with pytest.raises(Unavailable, match="another process held the ledger") as caught:
            store.create("builds", "a", {}, timeout=0.2)
        assert 0.1 < monotonic() - start < BUSY_SECONDS
        assert not caught.value.ambiguous
        assert store.read("builds", "a", timeout=5) is None
        other.execute("COMMIT")
        assert store.create("builds", "a", {}, timeout=5) is not None


def test_a_write_goes_through_as_soon_as_the_other_process_is_done(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    SqliteStore(path).close()
    holder = (
        "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(0.2); db.execute('COMMIT')"
    )
    with closing(SqliteStore(path)) as store:
        process = subprocess.Popen([sys.executable, "-c", holder, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert store.create("builds", "a", {}, timeout=20) is not None
        assert process.communicate()[0] == ""


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes\n" * 100)
    with pytest.raises(Refused, match=r"notes\.txt: expected a SQLite file .* got: file is not a database"):
        SqliteStore(path)
    assert path.read_text() == "these are notes\n" * 100


@pytest.mark.parametrize("place", ["missing/ledger.db", "."])
def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(Refused, match="unable to open database file"):
        SqliteStore(tmp_path / place)


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """Let the block run as nobody where the tests run as root, who may write read-only files."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_that_cannot_be_written_is_refused_when_it_is_opened() -> None:
    with TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        Path(folder).chmod(0o755)
        path = Path(folder) / "ledger.db"
        SqliteStore(path).close()
        path.chmod(0o444)
        with without_roots_rights(), pytest.raises(Refused, match="readonly"):
            SqliteStore(path)


@pytest.mark.parametrize("field", QUEUES)
def test_a_file_without_the_index_of_a_queue_gets_it_when_it_is_opened(tmp_path: Path, field: str) -> None:
    """The first files knew only due times, and those of version 0.1.0 only Slack's queue beside them."""
    path = tmp_path / "ledger.db"
    with closing(SqliteStore(path)) as store:
        store.create("marks", "a", {field: "2026-01"}, timeout=20)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute(f"DROP INDEX documents_by_{field}")
    with closing(SqliteStore(path)) as store:
        assert [name for name, _ in store.due("marks", "2027", 5, field=field, timeout=20)] == ["a"]
    with closing(sqlite3.connect(path)) as plain:
        assert (f"documents_by_{field}",) in plain.execute("SELECT name FROM sqlite_master").fetchall()


@pytest.mark.parametrize("field", ["due", *QUEUES])
def test_a_queue_is_read_by_its_index_and_not_by_looking_at_all_documents(tmp_path: Path, field: str) -> None:
    with closing(SqliteStore(tmp_path / "ledger.db")):
        pass
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as plain:
        values = {"collection": "marks", "since": "", "now": "2027", "limit": 5}
        plan = plain.execute(f"EXPLAIN QUERY PLAN {DUE_BY[field]}", values).fetchall()
    assert f"documents_by_{field}" in str(plan)
    assert "SCAN" not in str(plan)
