"""The browser that these tests share; each worker of a parallel run has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.absence import absent
from tests.browser.webdriver import PROGRAMS, Browser, browsing, missing_programs


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Yield a headless Chromium. Without one the tests are skipped, but never in continuous integration."""
    if missing := missing_programs():
        absent(f"expected {' and '.join(PROGRAMS)} on PATH, no {' and no '.join(missing)}; install both")
    with browsing(tmp_path_factory.mktemp("profile")) as browser:
        yield browser
