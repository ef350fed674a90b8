"""A real browser, driven by the W3C's WebDriver protocol over plain HTTP. Specification: "WebDriver", W3C."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from shutil import which
from time import monotonic, sleep
from typing import Any

from tests.busy import LONG_SECONDS

PROGRAMS = ("chromium", "chromedriver")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_OPTIONS = {
    "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"],
}


def missing_programs() -> list[str]:
    """Return what has to be installed before a browser can be driven."""
    return [program for program in PROGRAMS if which(program) is None]


@dataclass(frozen=True, slots=True)
class Browser:
    """One session: a window and what can be done in it."""

    port: int
    session: str

    def open(self, page: Path) -> None:
        """Load a file and wait until it is loaded."""
        self.go(page.as_uri())

    def go(self, address: str) -> None:
        """Load a page and wait until it is loaded."""
        self._call("POST", "url", url=address)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what this body of a function returns in the page."""
        return self._call("POST", "execute/sync", script=script, args=list(arguments))

    def click(self, selector: str) -> None:
        """Click what a person would click; raises when it can't be clicked there."""
        self._call("POST", f"element/{self._find(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self._call("POST", f"element/{self._find(selector)}/value", text=text)

    def press(self, key: str) -> None:
        """Press and release one key, wherever the focus is."""
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._call("POST", "actions", actions=[{"type": "key", "id": "keys", "actions": actions}])

    def text(self, selector: str) -> str:
        """Return the text as it is shown."""
        return str(self._call("GET", f"element/{self._find(selector)}/text"))

    def count(self, selector: str) -> int:
        """Return how many elements there are."""
        return int(self.run("return document.querySelectorAll(arguments[0]).length", selector))

    def messages(self) -> list[str]:
        """Return what the console said since it was last asked: errors, and what the page's policy refused."""
        return [f"{entry['level']}: {entry['message']}" for entry in self._call("POST", "se/log", type="browser")]

    def resize(self, width: int, height: int) -> None:
        """Show the page as on a screen of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._devtools("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, *, scheme: str = "light", medium: str = "screen") -> None:
        """Show the page in `light` or `dark`, on `screen` or in `print`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._devtools("Emulation.setEmulatedMedia", media=medium, features=features)

    def picture(self, file: Path) -> None:
        """Save what the window shows."""
        file.write_bytes(base64.b64decode(self._call("GET", "screenshot")))

    def _devtools(self, command: str, **parameters: Any) -> None:
        self._call("POST", "goog/cdp/execute", cmd=command, params=parameters)

    def _find(self, selector: str) -> str:
        return str(self._call("POST", "element", using="css selector", value=selector)[_ELEMENT])

    def _call(self, method: str, path: str, **body: Any) -> Any:
        return _answer(self.port, method, f"/session/{self.session}/{path}", body if method == "POST" else None)


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """Yield a headless browser for as long as the block lasts, with a profile folder of its own."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(["chromedriver", f"--port={port}"], **quiet) as driver:  # type: ignore[call-overload]  # the stubs do not follow the keywords
        try:
            _await(port)
            options = {
                **_OPTIONS,
                "binary": which("chromium"),
                "args": [*_OPTIONS["args"], f"--user-data-dir={profile}"],
            }
            wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            session = _answer(port, "POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            yield Browser(port, session)
            _answer(port, "DELETE", f"/session/{session}", None)
        finally:
            driver.terminate()


def _await(port: int) -> None:
    until = monotonic() + LONG_SECONDS
    while True:
        try:
            if _answer(port, "GET", "/status", None)["ready"]:
                return
        except OSError:
            if monotonic() > until:
                raise
        sleep(0.05)


def _answer(port: int, method: str, path: str, body: dict[str, Any] | None) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=LONG_SECONDS)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        value = json.loads(connection.getresponse().read())["value"]
    finally:
        connection.close()
    if isinstance(value, dict) and "error" in value:
        raise AssertionError(f"{method} {path}: {value['error']}: {value['message']}")
    return value
