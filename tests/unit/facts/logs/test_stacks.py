"""What a stack trace of Python, Node, Java or .NET says: its chain, what was only being handled, and its own place."""

from __future__ import annotations

import pytest

from verifier.facts.logs.stacks import Stack, Thrown, read_stack

HEAD = "Traceback (most recent call last):"
CAUSED = "\nThe above exception was the direct cause of the following exception:\n"
DURING = "\nDuring handling of the above exception, another exception occurred:\n"


def frame(path: str, function: str = "run") -> str:
    """Return a frame of Python's with its line of code."""
    return f'  File "{path}", line 3, in {function}\n    {function}()'


def python(*frames: str, line: str = "KeyError: 'clip'") -> str:
    """Return a traceback of Python's."""
    return "\n".join([HEAD, *frames, line])


def thrown(type_: str, message: str = "") -> Thrown:
    """Return an exception whose line says its type and its message, and no more."""
    return Thrown(type_, message, f"{type_}: {message}" if message else type_)


def stack(*chain: Thrown, place: str = "", handled: int = 0) -> Stack:
    return Stack(chain, handled, place)


CLIP = thrown("KeyError", "'clip'")
DISK = thrown("OSError", "disk is full")
LOST = thrown("shop.Lost", "row 7")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (python(frame("/app/a.py", "run"), frame("/app/b.py", "load")), stack(CLIP, place="b.py load")),
        (python(frame("/app/a.py"), frame("/venv/site-packages/x.py")), stack(CLIP, place="a.py run")),
        (python(frame("/app/a.py"), frame("/usr/dist-packages/x.py")), stack(CLIP, place="a.py run")),
        (python(frame("/app/a.py"), frame("/usr/lib/python3.11/json.py")), stack(CLIP, place="a.py run")),
        (python(frame("/app/a.py"), frame("/opt/python3/json.py")), stack(CLIP, place="a.py run")),
        (python(frame("/app/a.py"), frame("/root/.pyenv/json.py")), stack(CLIP, place="a.py run")),
        (python(frame("/app/a.py"), frame("<string>", "<module>")), stack(CLIP, place="a.py run")),
        (python(frame("/app/a.py"), frame("C:/<frozen>/b.py")), stack(CLIP, place="a.py run")),
        (python(frame("/usr/lib/python3.11/json.py")), stack(CLIP)),
        (python(frame(r"C:\app\a.py")), stack(CLIP, place="a.py run")),
        (python('  File "/app/a.py", line 3', "    x =", "      ^"), stack(CLIP, place="a.py")),
        (python(frame("a.py"), line="KeyboardInterrupt"), stack(thrown("KeyboardInterrupt"), place="a.py run")),
        (python(line="KeyError: 'clip'"), stack(CLIP)),
        (
            python(frame("/app/a.py"), line="    indented: no\n\n--- : no\n+ no\n| no\n: no\nKeyError: 'clip'"),
            stack(CLIP, place="a.py run"),
        ),
        (python(frame("/app/a.py"), line="one more thing\nKeyError: 'clip'"), stack(CLIP, place="a.py run")),
        (python(frame("/app/a.py"), line="and no exception"), stack(place="a.py run")),
        (python(line="shop.Lost: row 7\nand more of it"), stack(LOST)),
        (
            python(frame("a.py"), line="sub-process [code-7]: no"),
            stack(Thrown("sub-process", "no", "sub-process [code-7]: no"), place="a.py run"),
        ),
    ],
    ids=[
        "the innermost frame",
        "but no package's",
        "but none of Debian's packages",
        "but none of the library",
        "but none of another library",
        "but none of a built Python",
        "but no text's",
        "but nothing that has no file",
        "only the library's",
        "on Windows",
        "a frame without a function",
        "an exception without a message",
        "no frame",
        "lines between that are none",
        "text between",
        "no exception",
        "a message of two lines",
        "a code in brackets",
    ],
)
def test_python_names_the_exception_after_the_frames_and_the_innermost_own_frame(text: str, found: Stack) -> None:
    assert read_stack(text) == found


@pytest.mark.parametrize(
    ("links", "handled"),
    [
        ((CAUSED, CAUSED), 0),
        ((CAUSED, DURING), 2),
        ((DURING, CAUSED), 1),
        ((DURING, DURING), 2),
    ],
)
def test_python_tells_what_was_only_being_handled_from_what_is_a_cause(links: tuple[str, str], handled: int) -> None:
    first = python(frame("/usr/lib/python3.11/os.py"), line="OSError: disk is full")
    second = python(frame("/app/b.py", "load"))
    third = python(frame("/app/c.py", "main"), line="shop.Lost: row 7")
    text = f"{first}\n{links[0]}\n{second}\n{links[1]}\n{third}"
    assert read_stack(text) == stack(DISK, CLIP, LOST, handled=handled, place="b.py load")


def test_a_link_of_a_chain_without_an_exception_is_left_out() -> None:
    text = f"{python(frame('/app/a.py'), line='')}\n{DURING}\n{python(frame('/app/b.py'))}"
    assert read_stack(text) == stack(CLIP, place="a.py run")


def test_an_exception_group_is_read_without_its_margins() -> None:
    text = """  + Exception Group Traceback (most recent call last):
  |   File "/app/jobs.py", line 3, in gather
  |     raise ExceptionGroup("6 tasks failed", errors)
  | ExceptionGroup: 6 tasks failed (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: a"""
    assert read_stack(text) == stack(
        thrown("ExceptionGroup", "6 tasks failed (2 sub-exceptions)"), place="jobs.py gather"
    )


AT = "Error: boom\n    at "
BOOM = thrown("Error", "boom")


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        ("run (/srv/app/a.js:3:5)", "a.js run"),
        ("async run (/srv/app/a.js:3:5)", "a.js run"),
        ("new Shop (/srv/app/a.js:3:5)", "a.js Shop"),
        ("Shop.run [as callback] (/srv/app/a.js:3:5)", "a.js Shop.run"),
        ("/srv/app/a.js:3:5", "a.js"),
        ("file:///srv/app/a.mjs:3:5", "a.mjs"),
        ("run (file:///srv/app/a.mjs:3:5)", "a.mjs run"),
        ("run (node:fs:3:5)\n    at go (/srv/b.js:1:1)", "b.js go"),
        ("run (internal/fs.js:3:5)\n    at go (/srv/b.js:1:1)", "b.js go"),
        ("run (<anonymous>:3:5)\n    at go (/srv/b.js:1:1)", "b.js go"),
        ("run (/srv/node_modules/x.js:3:5)\n    at go (/srv/b.js:1:1)", "b.js go"),
        ("run (/srv/deps/x.js:3:5)\n    at go (/srv/b.js:1:1)", "b.js go"),
        ("no frame at all\n    at go (/srv/b.js:1:1)", "b.js go"),
        ("run (node:fs:3:5)", ""),
        ("run (/srv/a.js:3:5)\n    at go (/srv/b.js:1:1)", "a.js run"),
    ],
)
def test_nodes_place_is_the_first_frame_that_is_the_programs_own(frames: str, place: str) -> None:
    assert read_stack(f"{AT}{frames}") == stack(BOOM, place=place)


def test_words_after_at_are_no_frame() -> None:
    assert read_stack("Error: boom\n    at the end of the day") is None


OPEN = "\tat com.acme.Store.open(Store.java:14)"


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        ("\tat com.acme.Worker.run(Worker.java:3)", "Worker.run"),
        ("\tat com.acme.Worker$Inner.run(Worker.java:3)", "Worker.run"),
        ("\tat com.acme.Worker.lambda$main$0(Worker.java:3)", "Worker.main"),
        ("\tat com.acme.Worker.run$1(Worker.scala:3)", "Worker.run"),
        ("\tat com.acme.Worker.run$$anonfun(Worker.scala:3)", "Worker.run"),
        ("\tat app//com.acme.Worker.run(Worker.kt)", "Worker.run"),
        ("\tat com.acme.Worker.run(Native Method)", "Worker.run"),
        ("\tat com.acme.Worker.run(Unknown Source)", "Worker.run"),
        ("\tat com.acme.Worker.run(<generated>)", "Worker.run"),
        ("\tat com.acme.Worker.run(Worker.java)", "Worker.run"),
        ("\tat java.base/java.net.Net.connect(Net.java:5)\n" + OPEN, "Store.open"),
        ("\tat org.springframework.web.Servlet.run(Servlet.java:5)\n" + OPEN, "Store.open"),
        ("\tat java.base/java.net.Net.connect(Net.java:5)", ""),
    ],
)
def test_javas_place_is_the_first_frame_that_is_the_programs_own(frames: str, place: str) -> None:
    assert read_stack(f"java.lang.IllegalStateException: boom\n{frames}") == stack(
        thrown("java.lang.IllegalStateException", "boom"), place=place
    )


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        ("   at Acme.Worker.Run() in /src/Worker.cs:line 9", "Worker.Run"),
        ("   at Acme.Worker.Run(String name, Int32 row)", "Worker.Run"),
        ("   at Acme.Worker.<RunAsync>d__3.MoveNext() in /src/Worker.cs:line 9", "Worker.MoveNext"),
        ("   at Acme.Worker.Run()", "Worker.Run"),
        ("   at System.Threading.Thread.Start()\n   at Acme.Worker.Run()", "Worker.Run"),
        ("   at Acme.Worker.<Run>b__0(Row row) in /src/Worker.cs:line 9", "Worker.Run"),
        ("   at Acme.Worker+Inner.Run() in /src/Worker.cs:line 9", "Inner.Run"),
        ("   at Acme.Program.<Main>g__Local|0_0() in /src/Program.cs:line 9", "Program.<Main>g__Local"),
        ("   at System.IO.File.Open(String path)\n   at Acme.Worker.Run(Row row)", "Worker.Run"),
        ("   at Microsoft.Data.Sql.Open(String path)\n   at Acme.Worker.Run(Row row)", "Worker.Run"),
        ("   at System.IO.File.Open(String path)", ""),
    ],
)
def test_dotnets_place_is_the_first_frame_that_is_the_programs_own(frames: str, place: str) -> None:
    assert read_stack(f"System.InvalidOperationException: boom\n{frames}") == stack(
        thrown("System.InvalidOperationException", "boom"), place=place
    )


STARTED = thrown("java.lang.IllegalStateException", "startup failed")
REFUSED = thrown("java.net.ConnectException", "refused")
JAVA = """java.lang.IllegalStateException: startup failed
\tat com.acme.Worker.start(Worker.java:3)
Caused by: java.net.ConnectException: refused
\tat java.base/sun.nio.Net.connect(Net.java:5)
\tat com.acme.Store.open(Store.java:14)
\t... 2 more"""
LIBRARY = JAVA.replace("com.acme.Store", "java.net.Store")
TWICE = """Error: boom {
    at run (/srv/a.js:3:5) {
  [cause]: RangeError: no such carrier {
      at pick (/srv/c.js:7:2)
}"""
INNER = """System.AggregateException: boom
 ---> System.IO.IOException: disk is full
   at Acme.Store.Open(String path)
   --- End of inner exception stack trace ---
   at Acme.Worker.Run()"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (JAVA, stack(REFUSED, STARTED, place="Store.open")),
        (LIBRARY, stack(REFUSED, STARTED, place="Worker.start")),
        (JAVA.replace("Caused", "\tWrapped"), stack(REFUSED, STARTED, place="Store.open")),
        (TWICE, stack(thrown("RangeError", "no such carrier"), BOOM, place="c.js pick")),
        (
            INNER,
            stack(
                thrown("System.IO.IOException", "disk is full"),
                thrown("System.AggregateException", "boom"),
                place="Store.Open",
            ),
        ),
        ("Caused by: a.B: c\n\tat com.acme.A.b(A.java:1)", stack(thrown("a.B", "c"), place="A.b")),
    ],
    ids=["Java", "a cause below the library", "Java's other word", "Node", ".NET", "no more than a cause"],
)
def test_a_cause_comes_first_with_its_own_place(text: str, found: Stack) -> None:
    assert read_stack(text) == found


@pytest.mark.parametrize(
    ("above", "head"),
    [
        ("java.io.IOException: no", thrown("java.io.IOException", "no")),
        ("ERROR worker\njava.io.IOException: no", thrown("java.io.IOException", "no")),
        ("IOError: 1\nIOError: 2", thrown("IOError", "2")),
        ("IOError: no\n\n   \nit was so", thrown("IOError", "no")),
        ("10:00 ERROR worker IOError: no", Thrown("IOError", "no", "10:00 ERROR worker IOError: no")),
        ("  IOError", thrown("IOError")),
        ("com.acme.Lost: row 7", thrown("com.acme.Lost", "row 7")),
        ("com.acme.Lost {", thrown("com.acme.Lost")),
        ('Exception in thread "main" com.acme.Lost: row 7', thrown("com.acme.Lost", "row 7")),
        ("the job has stopped\nat once", Thrown("", "the job has stopped", "the job has stopped")),
        (
            'Exception in thread "main" java.io.IOException: no',
            Thrown("java.io.IOException", "no", 'Exception in thread "main" java.io.IOException: no'),
        ),
    ],
)
def test_above_the_first_frame_the_nearest_line_that_names_an_exception_is_the_head(above: str, head: Thrown) -> None:
    assert read_stack(f"{above}\n\tat com.acme.A.b(A.java:1)") == stack(head, place="A.b")


def test_frames_alone_have_a_place_and_no_chain() -> None:
    assert read_stack("    at run (/srv/a.js:3:5)") == stack(place="a.js run")
