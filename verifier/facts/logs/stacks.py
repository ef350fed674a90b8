"""What a stack trace says: the exceptions of its chain, and the innermost place that is the program's own.

Python, Java and its kin, Node, .NET, Go, Ruby, PHP and Rust; as one entry or as lines that were put together again.
Nothing here depends on line numbers, folders or the length of a stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Thrown(NamedTuple):
    """One exception of a chain."""

    type: str
    """Its class, with its package."""
    message: str
    """The first line of what it says."""
    line: str
    """Its own line, as it stands in the log."""


class Stack(NamedTuple):
    """A chain of exceptions, the first cause first."""

    chain: tuple[Thrown, ...]
    handled: int
    """How many of the chain were being handled when the last one was raised: they are none of its causes."""
    place: str
    """File and function of the innermost frame that is the program's own, or empty."""


_MOST = 16_000
_MOST_LINE = 1_000
_LONG_LINE = re.compile(rf"[^\n]{{{_MOST_LINE + 1}}}")
_EXCEPTION = re.compile(r"^([A-Za-z_][\w.$<>+`-]*?)(?: \[[\w-]+\])?(?:: (.*))?$")
_NAMED_EXCEPTION = re.compile(
    r"(?:^|[\s\"(\[])(?:Uncaught |Unhandled exception\. |Unhandled exception: )?"
    r"((?:[A-Za-z_][\w$]*(?:\.|::|\\))*[A-Z]\w*(?:Error|Exception|Throwable|Rejection"
    r"|Fault))(?: \[[\w-]+\])?(?:: (.*))?$"
)

# --- Python ----------------------------------------------------------------------------------------------------------

_PYTHON_HEAD = "Traceback (most recent call last)"
_GROUP_SIGNS = re.compile(r"^[ ]*[|+>][ |+>-]*", re.MULTILINE)
_LINK = re.compile(r"(The above exception was the direct cause|During handling of the above exception)[^\n]*")
_PYTHON_FRAME = re.compile(r'^[ \t]*>?[ \t]*File "([^"\n]+)", line \d+(?:, in (.+))?$', re.MULTILINE)
_FOREIGN_PYTHON = ("site-packages", "dist-packages", "/lib/python", "/python3", "/.pyenv/", "<")


def _python(text: str) -> Stack | None:
    if _PYTHON_HEAD not in text:
        return None
    if "+ Exception Group" in text:
        text = _GROUP_SIGNS.sub("", text)
    pieces = _LINK.split(text)
    chain: list[Thrown] = []
    handled, place = 0, ""
    for number, block in enumerate(pieces[::2]):
        if number and pieces[2 * number - 1].startswith("During"):
            handled = len(chain)
        frames = list(_PYTHON_FRAME.finditer(block))
        after = frames[-1].end() if frames else block.find(_PYTHON_HEAD) + len(_PYTHON_HEAD) + 1
        thrown = _python_exception(block[after:])
        if thrown:
            chain.append(thrown)
        place = place or _python_place(frames)
    return Stack(tuple(chain), handled, place)


def _python_exception(text: str) -> Thrown | None:
    for line in text.split("\n"):
        if line and not line[0].isspace() and line[0] not in ":-+|":
            match = _EXCEPTION.match(line)
            if match:
                return Thrown(match[1], match[2] or "", line)
    return None


def _python_place(frames: Sequence[re.Match[str]]) -> str:
    for frame in reversed(frames):
        path = frame[1]
        if not path.startswith("<") and not any(sign in path for sign in _FOREIGN_PYTHON):
            return f"{_file(path)} {frame[2] or ''}".strip()
    return ""


def _file(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


# --- Java, Node and .NET: frames that begin with "at" -----------------------------------------------------------------

_AT = re.compile(r"^[ \t]+at (?:async |new )?(.+?)\s*$", re.MULTILINE)
_NODE_FRAME = re.compile(r"^(?:(.+?) \()?(?:file://)?([^()\s]+):\d+:\d+\)?$")
_JVM_FRAME = re.compile(r"^(?:[\w.@/-]*/)?([\w.$<>]+)\.([\w$<>]+)\(([^()]*)\)")
_NET_FRAME = re.compile(r"^(?:[\w`]+ )?([\w.`+<>$\[\],]+)\.([\w`<>$|\[\],.]+)\(.*?\)(?: in (.+):line \d+)?")
_FOREIGN_JVM = (
    "java.", "javax.", "jdk.", "sun.", "com.sun.", "kotlin.", "kotlinx.", "scala.", "groovy.", "clojure.", "jakarta.",
    "org.springframework.", "org.apache.", "org.hibernate.", "org.postgresql.", "com.zaxxer.", "com.google.",
    "com.mysql.",
    "io.netty.", "io.grpc.", "io.micronaut.", "io.quarkus.", "reactor.", "okhttp3.", "com.fasterxml.", "org.junit.",
    "org.eclipse.", "org.jboss.", "ch.qos.", "org.slf4j.", "rx.", "akka.",
)  # fmt: skip
_FOREIGN_NET = ("System.", "Microsoft.", "Newtonsoft.", "Npgsql.", "Grpc.", "Google.", "Polly.", "Serilog.")
_CAUSE = re.compile(r"^[ \t]*(?:Caused by: |Wrapped by: |---> ?|\[cause\]: |-+> )", re.MULTILINE)
_GENERATED = re.compile(r"^lambda\$(\w+)\$\d+$|\$\$.*$|^<(.+)>b__.*$|\$\d+$|^(.+)\|\d+_\d+$")
_JVM_HEAD = re.compile(r'^.*?Exception in thread "[^"]*" ')


def _at_frames(text: str) -> Stack | None:
    frames = list(_AT.finditer(text))
    parsed = [(frame.start(), _at_frame(frame[1])) for frame in frames]
    if not any(found for _, found in parsed):
        return None
    causes = list(_CAUSE.finditer(text))
    heads = [_head_before(text, frames[0].start())]
    heads += [_thrown(text[match.end() :].partition("\n")[0]) for match in causes]
    chain = tuple(head for head in reversed(heads) if head)
    root = causes[-1].start() if causes else 0
    ours = [(start, found) for start, found in parsed if found and found[1]]
    place = next((found[0] for start, found in ours if start >= root), ours[0][1][0] if ours else "")
    return Stack(chain, 0, place)


def _at_frame(text: str) -> tuple[str, bool] | None:
    """Return a frame's place, and whether it is the program's own."""
    node = _NODE_FRAME.match(text)
    if node:
        path = node[2]
        own = not (path.startswith(("node:", "internal/", "<")) or "node_modules" in path or "/deps/" in path)
        return f"{_file(path)} {(node[1] or '').partition(' [as ')[0]}".strip(), own
    jvm = _JVM_FRAME.match(text)
    if jvm and (jvm[3].endswith((".java", "Method", "Source", ">")) or ":" in jvm[3] or "." in jvm[3]):
        kind = jvm[1].rpartition(".")[2].partition("$")[0]
        return f"{kind}.{_written(jvm[2])}", not jvm[1].startswith(_FOREIGN_JVM)
    net = _NET_FRAME.match(text)
    if net:
        kind = re.split(r"[.+]", net[1])
        name = next((part for part in reversed(kind) if part and not part.startswith("<")), net[1])
        return f"{name}.{_written(net[2])}", not net[1].startswith(_FOREIGN_NET)
    return None


def _written(name: str) -> str:
    """Return a function's name without what a compiler made of it."""
    match = _GENERATED.search(name)
    if not match:
        return name
    return next((part for part in match.groups() if part), "") or name[: match.start()] or name


def _head_before(text: str, end: int) -> Thrown | None:
    """Return the exception whose line stands before the first frame, the nearest that names one."""
    lines = [line for line in text[:end].split("\n") if line.strip()]
    for line in reversed(lines):
        if _CAUSE.match(line):
            continue
        match = _NAMED_EXCEPTION.search(line)
        if match:
            return Thrown(match[1], match[2] or "", line.strip())
    lines = [line for line in lines if not _CAUSE.match(line)]
    return _thrown(_JVM_HEAD.sub("", lines[0])) if lines else None


def _thrown(line: str) -> Thrown | None:
    line = line.strip().removesuffix(" {")
    match = _NAMED_EXCEPTION.search(line) or _EXCEPTION.match(line)
    return Thrown(match[1], match[2] or "", line) if match else (Thrown("", line, line) if line else None)


# --- Go --------------------------------------------------------------------------------------------------------------

_GO_FRAME = re.compile(r"^[ \t]*([\w./*()\[\]-]+?)(?:\([^()\n]*\))?\n[ \t]+(\S+\.go):\d+", re.MULTILINE)
_GO_PANIC = re.compile(r"^(?:.*?\b)?(panic|fatal error|http: panic serving [^:\s]*:\d+): (.*)$", re.MULTILINE)
_FOREIGN_GO = ("/usr/local/go/", "/src/runtime/", "/pkg/mod/", "/vendor/", "/lib/go", "/go/src/")


def _go(text: str) -> Stack | None:
    if ".go:" not in text:
        return None
    frames = list(_GO_FRAME.finditer(text))
    panic = _GO_PANIC.search(text)
    if not frames and not panic:
        return None
    place = ""
    for frame in frames:
        if not any(sign in frame[2] for sign in _FOREIGN_GO) and frame[1] != "panic":
            place = f"{_file(frame[2])} {_file(frame[1]).rpartition('.')[2]}"
            break
    if panic is None:
        return Stack((), 0, place)
    kind = "panic" if "panic" in panic[1] else panic[1]
    message = panic[2].removesuffix(" [recovered]")
    return Stack((Thrown(kind, message, panic[0]),), 0, place)


# --- Ruby, PHP, Rust --------------------------------------------------------------------------------------------------

_RUBY = re.compile(r"^([^\s:]+):\d+:in [`'](.+?)': (.*?)(?: \(([A-Z][\w:]*)\))?$", re.MULTILINE)
_RUBY_FROM = re.compile(r"^\s+from ([^\s:]+):\d+:in [`'](.+?)'$", re.MULTILINE)
_FOREIGN_RUBY = ("/gems/", "/lib/ruby/", "<internal:")


def _ruby(text: str) -> Stack | None:
    match = _RUBY.search(text)
    if match is None or not match[4]:
        return None
    frames = [(match[1], match[2]), *((frame[1], frame[2]) for frame in _RUBY_FROM.finditer(text))]
    own = (frame for frame in frames if not any(sign in frame[0] for sign in _FOREIGN_RUBY))
    place = next((f"{_file(path)} {name.rpartition('#')[2]}" for path, name in own), "")
    return Stack((Thrown(match[4], match[3], match[0]),), 0, place)


_PHP = re.compile(
    r"^(?:.*?error:\s+|.*?)(?:Uncaught )?((?:[A-Za-z_\\][\w\\]*)?(?:Exception|Error)\w*): (.*?)(?: in (\S+?)(?::"
    r"| on line )\d+)?$",
    re.MULTILINE,
)
_PHP_FRAME = re.compile(r"^#\d+ (?:(\S+?)\(\d+\)|\[internal function\]): (\S+?)\(", re.MULTILINE)


def _php(text: str) -> Stack | None:
    if "Stack trace:\n#" not in text:
        return None
    match = _PHP.search(text)
    if match is None:
        return None
    frames = list(_PHP_FRAME.finditer(text))
    caller = frames[0][2] if frames else ""
    path = match[3] or next((frame[1] for frame in frames if frame[1]), "")
    return Stack((Thrown(match[1], match[2], match[0]),), 0, f"{_file(path)} {caller}".strip())


_RUST = re.compile(r"^thread '.*?'(?: \(\d+\))? panicked at (?:'(.*)', )?(\S+?\.rs):\d+:\d+:?(?:\n(.*))?", re.MULTILINE)


def _rust(text: str) -> Stack | None:
    match = _RUST.search(text)
    if match is None:
        return None
    message = match[1] or match[3] or ""
    return Stack((Thrown("panic", message, match[0].partition("\n")[0]),), 0, _file(match[2]))


_READERS: tuple[Callable[[str], Stack | None], ...] = (_python, _php, _go, _rust, _at_frames, _ruby)


def read_stack(text: str) -> Stack | None:
    """Return what the stack trace in this text says; None where there is none. Of a long text the ends are read."""
    if len(text) > 2 * _MOST:
        text = f"{text[:_MOST]}\n{text[-_MOST:]}"
    if _LONG_LINE.search(text):
        text = "\n".join(line[:_MOST_LINE] for line in text.split("\n"))
    for read in _READERS:
        found = read(text)
        if found is not None:
            return found
    return None


def exception_line(line: str) -> Thrown | None:
    """Return the exception that a line alone names, as runtimes print it at the line's beginning; None for none."""
    line = line.strip()[:_MOST_LINE]
    match = _LONE.match(line)
    return Thrown(match[1], match[2] or "", line) if match else None


_LONE = re.compile(
    r"^(?:\[|Uncaught |Caused by: |Unhandled exception\. |PHP Fatal error:  Uncaught )?"
    r"((?:[A-Za-z_][\w$]*(?:\.|::|\\))*[A-Z]\w*(?:Error|Exception|Interrupt|Timeout|Fault)"
    r"|(?:[A-Za-z_]\w*\.)+[A-Z]\w*)(?: \[[\w-]+\])?(?:: (.*))?$"
)
