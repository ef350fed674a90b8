"""An error's identity lasts across deployments, and tells apart what are different errors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.facts.logs.lines import lines, read
from verifier.facts.logs import describe

PYTHON = """Traceback (most recent call last):
  File "/app/jobs.py", line 41, in run
    rows = load(7)
  File "/app/store.py", line 12, in load
    return json.loads(text)
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
    raise JSONDecodeError(...)
json.decoder.JSONDecodeError: Expecting value: line 1 column 7 (char 6)"""
CHAIN = """Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py", line 1977, in _exec
    cursor.execute(statement, parameters)
sqlite3.IntegrityError: UNIQUE constraint failed: users.email

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/jobs.py", line 41, in store
    session.commit()
  File "/venv/lib/python3.11/site-packages/sqlalchemy/orm/session.py", line 9, in commit
    flush()
sqlalchemy.exc.IntegrityError: (sqlite3.IntegrityError) UNIQUE constraint failed: users.email
[SQL: insert into users values (?, ?)]
[parameters: (7, 'a@example.com')]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/app/jobs.py", line 3, in gather
  |     raise ExceptionGroup("6 tasks failed", errors)
  | ExceptionGroup: 6 tasks failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: a
    +------------------------------------"""
NODE = """TypeError: Cannot read properties of null (reading 'id')
    at new Promise (<anonymous>)
    at async loadOrder (/srv/app/orders.js:8:91)
    at /srv/app/node_modules/express/lib/router.js:4:5
    at node:internal/main/run_main_module:28:49"""
NODE_CAUSE = """Error: order 17 not shipped
    at ship (/srv/app/ship.js:3:9)
    at node:internal/main/run_main_module:28:49 {
  [cause]: RangeError: no such carrier
      at pick (/srv/app/carrier.js:7:2)
}"""
JAVA = """Exception in thread "main" java.lang.IllegalStateException: startup failed
\tat com.acme.Worker.start(Worker.java:3)
\tat com.acme.Worker.lambda$main$0(Worker.java:9)
Caused by: java.net.ConnectException: Connection refused
\tat java.base/sun.nio.ch.Net.connect(Net.java:5)
\tat com.acme.Store.open(Store.java:14)
\t... 2 more"""
GO = """panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48]

goroutine 1 [running]:
main.(*Store).load(0x0)
\t/srv/app/store.go:22 +0x2258
main.main()
\t/srv/app/main.go:9 +0x1d"""
RUBY = """/srv/app/worker.rb:1:in `load': no tenant (ArgumentError)
\tfrom /srv/app/worker.rb:2:in `<main>'"""
PHP = """PHP Fatal error:  Uncaught RuntimeException: no tenant in /srv/app/worker.php:2
Stack trace:
#0 /srv/app/main.php(9): load()
#1 {main}
  thrown in /srv/app/worker.php on line 2"""
DOTNET = """Unhandled exception. System.AggregateException: One or more errors occurred. (boom)
 ---> System.InvalidOperationException: boom
   at Acme.Worker.Run() in /src/Worker.cs:line 9
   --- End of inner exception stack trace ---
   at Acme.Program.Main() in /src/Program.cs:line 4"""
RUST = """thread 'main' panicked at src/store.rs:5:10:
no tenant
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"""

STACKS = {
    "python": (PYTHON, "JSONDecodeError", "store.py load"),
    "chain": (CHAIN, "IntegrityError", "jobs.py store"),
    "group": (GROUP, "ExceptionGroup", "jobs.py gather"),
    "node": (NODE, "TypeError", "orders.js loadOrder"),
    "node-cause": (NODE_CAUSE, "RangeError", "carrier.js pick"),
    "java": (JAVA, "ConnectException", "Store.open"),
    "go": (GO, "panic", "store.go load"),
    "ruby": (RUBY, "ArgumentError", "worker.rb load"),
    "php": (PHP, "RuntimeException", "worker.php load"),
    "dotnet": (DOTNET, "InvalidOperationException", "Worker.Run"),
    "rust": (RUST, "panic", "store.rs"),
}


@pytest.mark.parametrize(("text", "kind", "place"), STACKS.values(), ids=STACKS)
def test_a_stack_is_known_by_its_first_cause_and_its_own_place(text: str, kind: str, place: str) -> None:
    found = describe(text)
    assert (found.crash, found.type, found.place) == (True, kind, place)


@pytest.mark.parametrize("text", [text for text, *_ in STACKS.values()], ids=STACKS)
def test_lines_folders_and_frames_around_it_do_not_matter(text: str) -> None:
    moved = (
        text.replace("/app/", "/workspace/src/").replace("41", "77").replace(":22", ":93").replace("java:14", "java:3")
    )
    assert describe(moved).identity == describe(text).identity


@pytest.mark.parametrize(
    "text", [text for name, (text, *_) in STACKS.items() if name not in ("group", "node-cause")], ids=str.split
)
def test_as_lines_it_has_the_same_identity(text: str) -> None:
    (error,) = read(lines(*(line for line in text.split("\n") if line))).errors
    assert error.identity == describe(text).identity


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("JSONDecodeError: Expecting value", "JSONDecodeError: Extra data"),
        ("JSONDecodeError", "JSONEncodeError"),
        ("store.py", "shop.py"),
        ("in load", "in keep"),
    ],
)
def test_another_type_message_or_place_is_another_error(before: str, after: str) -> None:
    assert describe(PYTHON.replace(before, after)).identity != describe(PYTHON).identity


def test_sql_parameters_and_the_address_of_the_manual_do_not_matter() -> None:
    other = (
        CHAIN.replace("users values (?, ?)", "users values (?)").replace("(7, 'a@", "(8, 'b@").replace("gkpj", "f405")
    )
    assert describe(other).identity == describe(CHAIN).identity


def test_a_wrapper_around_the_place_does_not_matter() -> None:
    wrapped = PYTHON.replace("  File", '  File "/app/traced.py", line 3, in traced\n    return f()\n  File', 1)
    assert describe(wrapped).identity == describe(PYTHON).identity


def test_an_own_function_between_does() -> None:
    between = PYTHON.replace('  File "/usr', '  File "/app/text.py", line 3, in parse\n    return f()\n  File "/usr')
    assert describe(between).identity != describe(PYTHON).identity


def test_a_first_cause_that_says_little_is_named_with_what_came_of_it() -> None:
    text = CHAIN.replace("sqlite3.IntegrityError: UNIQUE constraint failed: users.email", "KeyError: 'Clip'")
    assert describe(text).name.startswith("KeyError: 'Clip', then sqlalchemy.exc.IntegrityError: ")


def test_text_is_known_by_its_first_line_and_a_structured_entry_by_two() -> None:
    assert describe("no tenant\nrow 7").identity == describe("no tenant\nrow x").identity
    assert describe("no tenant\nrefused", lines=2).identity != describe("no tenant\ndenied", lines=2).identity


def test_an_error_without_text_has_a_name() -> None:
    assert describe(" \n").name == "an entry without text"


@given(st.text(max_size=300))
def test_any_text_has_an_identity_of_sixteen_digits(text: str) -> None:
    assert len(describe(text).identity) == 16
