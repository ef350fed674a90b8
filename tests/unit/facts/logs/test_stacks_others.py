"""What a stack trace of Go, Ruby, PHP or Rust says, what a line alone names, and how much of a long text is read."""

from __future__ import annotations

import pytest

from verifier.facts.logs.stacks import Stack, Thrown, exception_line, read_stack

GO = """panic: nil map

goroutine 1 [running]:
main.(*Store).load(0x0)
\t/srv/app/store.go:22 +0x2258
main.main()
\t/srv/app/main.go:9"""
OWN = "main.main()\n\t/srv/app/main.go:9"


def stack(type_: str, message: str, line: str, place: str = "") -> Stack:
    return Stack((Thrown(type_, message, line),), 0, place)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GO, stack("panic", "nil map", "panic: nil map", "store.go load")),
        (
            GO.replace("nil map", "nil map [recovered]"),
            stack("panic", "nil map", "panic: nil map [recovered]", "store.go load"),
        ),
        (
            GO.replace("panic:", "2026/11/03 http: panic serving 10.0.0.1:3000:"),
            stack("panic", "nil map", "2026/11/03 http: panic serving 10.0.0.1:3000: nil map", "store.go load"),
        ),
        (
            GO.replace("panic: nil map", "fatal error: all goroutines are asleep"),
            stack(
                "fatal error", "all goroutines are asleep", "fatal error: all goroutines are asleep", "store.go load"
            ),
        ),
        (GO.partition("\n")[2], Stack((), 0, "store.go load")),
        ("panic: at main.go:9 it ended", stack("panic", "at main.go:9 it ended", "panic: at main.go:9 it ended")),
        ("panic: nil map", None),
        ("see main.go:9", None),
    ],
    ids=[
        "a panic",
        "one that was recovered",
        "one of a request",
        "a fatal error",
        "frames alone",
        "a panic without frames",
        "no place",
        "neither",
    ],
)
def test_go_names_its_panic_and_the_innermost_own_frame(text: str, found: Stack | None) -> None:
    assert read_stack(text) == found


@pytest.mark.parametrize(
    "frame",
    [
        "panic(0x1)\n\t/srv/app/x.go:3",
        "runtime.x()\n\t/usr/local/go/x.go:3",
        "runtime.x()\n\t/opt/src/runtime/x.go:3",
        "y.Z()\n\t/root/pkg/mod/y.go:3",
        "y.Z()\n\t/srv/vendor/y.go:3",
        "y.Z()\n\t/usr/lib/go/y.go:3",
        "y.Z()\n\t/home/go/src/y.go:3",
    ],
)
def test_gos_own_frames_and_those_of_modules_are_no_place(frame: str) -> None:
    text = f"panic: nil map\n\ngoroutine 1 [running]:\n{frame}\n{OWN}"
    assert read_stack(text) == stack("panic", "nil map", "panic: nil map", "main.go main")


RUBY = "worker.rb:1:in `load': no tenant (ArgumentError)"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RUBY, stack("ArgumentError", "no tenant", RUBY, "worker.rb load")),
        (f"{RUBY}\n\tfrom main.rb:2:in `<main>'", stack("ArgumentError", "no tenant", RUBY, "worker.rb load")),
        (
            "\n\tfrom ".join(
                [
                    f"/gems/{RUBY}",
                    "/usr/lib/ruby/y.rb:2:in `z'",
                    "<internal:k>:3:in `l'",
                    "/srv/main.rb:2:in 'Shop#run'",
                ]
            ),
            stack("ArgumentError", "no tenant", f"/gems/{RUBY}", "main.rb run"),
        ),
        (f"/gems/{RUBY}", stack("ArgumentError", "no tenant", f"/gems/{RUBY}")),
        ("worker.rb:1:in `load': no tenant", None),
        ("no tenant (ArgumentError)", None),
    ],
    ids=["one line", "with its callers", "inside gems", "inside gems alone", "no class", "no frame"],
)
def test_ruby_names_the_class_and_the_first_own_frame(text: str, found: Stack | None) -> None:
    assert read_stack(text) == found


def php(line: str, *frames: str) -> str:
    return "\n".join([line, "Stack trace:", *(f"#{number} {frame}" for number, frame in enumerate(frames))])


LOAD = "/srv/main.php(9): load()"


@pytest.mark.parametrize(
    ("line", "frames", "type_", "message", "place"),
    [
        ("PHP Fatal error:  Uncaught PDOException: no in /srv/w.php:2", [LOAD], "PDOException", "no", "w.php load"),
        ("PHP Fatal error:  Uncaught Error: no in /srv/w.php on line 2", [LOAD], "Error", "no", "w.php load"),
        ("Uncaught Exception: no in /srv/w.php:2", ["{main}"], "Exception", "no", "w.php"),
        ("App\\LostException: no", ["[internal function]: go()", LOAD], "App\\LostException", "no", "main.php go"),
        ("TypeError: no", ["{main}"], "TypeError", "no", ""),
    ],
)
def test_php_names_the_class_the_file_and_the_function(
    line: str, frames: list[str], type_: str, message: str, place: str
) -> None:
    assert read_stack(php(line, *frames)) == stack(type_, message, line, place)


def test_a_trace_of_php_without_an_exception_says_nothing() -> None:
    assert read_stack(php("it stopped", LOAD)) is None
    assert read_stack("PHP Fatal error:  Uncaught PDOException: no in /srv/w.php:2") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thread 'main' panicked at src/store.rs:5:10:\nno tenant\nnote: run it with more", "no tenant"),
        ("thread 'main' (7) panicked at src/store.rs:5:10:\nno tenant", "no tenant"),
        ("thread 'main' panicked at 'no tenant', src/store.rs:5:10", "no tenant"),
        ("thread 'main' panicked at src/store.rs:5:10:", ""),
    ],
)
def test_rust_names_the_message_and_the_file(text: str, message: str) -> None:
    assert read_stack(text) == stack("panic", message, text.partition("\n")[0], "store.rs")


def test_text_without_a_stack_has_none() -> None:
    assert read_stack("thread 'main' panicked at nothing") is None
    assert read_stack("KeyError: 'clip'") is None
    assert read_stack("") is None


@pytest.mark.parametrize(
    ("line", "type_", "message"),
    [
        ("KeyError: 'clip'", "KeyError", "'clip'"),
        ("  KeyError  ", "KeyError", ""),
        ("Uncaught TypeError: no", "TypeError", "no"),
        ("[AggregateError: all", "AggregateError", "all"),
        ("Caused by: a.b.C: no", "a.b.C", "no"),
        ("Unhandled exception. System.X: no", "System.X", "no"),
        ("PHP Fatal error:  Uncaught RuntimeException: no", "RuntimeException", "no"),
        ("KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("shop.Lost: row 7", "shop.Lost", "row 7"),
        ("app::LostError: row 7", "app::LostError", "row 7"),
        ("App\\LostError: row 7", "App\\LostError", "row 7"),
        ("TypeError [ERR_X]: no", "TypeError", "no"),
    ],
)
def test_a_line_alone_names_the_exception_that_it_begins_with(line: str, type_: str, message: str) -> None:
    assert exception_line(line) == Thrown(type_, message, line.strip())


@pytest.mark.parametrize("line", ["", "a KeyError: no", "shop.lost: row 7", "Lost: row 7", "KeyError 7"])
def test_another_line_names_none(line: str) -> None:
    assert exception_line(line) is None


def test_of_a_long_line_a_thousand_characters_are_an_exception() -> None:
    found = exception_line(f"KeyError: {'x' * 2_000}")
    assert found == Thrown("KeyError", "x" * 990, f"KeyError: {'x' * 990}")


def test_of_a_long_text_the_ends_are_read_and_of_a_long_line_its_beginning() -> None:
    """Sixteen thousand characters at each end, and a thousand of a line: a traceback has its exception at its end."""
    head, tail = "Traceback (most recent call last):\n", '\n  File "/app/a.py", line 3, in run\nKeyError: 7'
    for filler in ("x\n" * 50, "x\n" * 100_000, "x" * 100_000):
        assert read_stack(f"{head}{filler}{tail}") == stack("KeyError", "7", "KeyError: 7", "a.py run")
    assert read_stack(f"{head}{'  x' * 30}{tail}{'y' * 20_000}") == stack(
        "KeyError", "7" + "y" * 989, "KeyError: 7" + "y" * 989, "a.py run"
    )
    assert read_stack(f"{'x' * 16_000}{head}{'x' * 16_000}{tail}") is None
