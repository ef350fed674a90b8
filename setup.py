"""Put what is deployed, `main.py`, into the wheel as well: the demo starts it. All else is in `pyproject.toml`."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithMain(build_py):  # type: ignore[misc]  # setuptools ships no types
    """Build the packages, with a copy of the function's entry point beside the stand-in's."""

    def run(self) -> None:
        """Copy it where an installed package finds it; an editable one has the checkout's."""
        super().run()
        if not self.editable_mode:
            self.copy_file("main.py", str(Path(self.build_lib) / "verifier" / "standin" / "deployed_main.py"))


setup(cmdclass={"build_py": BuildWithMain})
