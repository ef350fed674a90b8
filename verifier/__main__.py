"""`python -m verifier`, and the command `verifier`: what it lacks is said in a sentence."""

from __future__ import annotations

import sys
from importlib.util import find_spec

OF_THE_EXTRA = ("click", "google.cloud.scheduler_v1", "google.cloud.secretmanager_v1", "rich", "yaml")
"""The modules that `pip install .` may leave out: the function does without them, some commands do not."""
_INCOMPLETE = 2


def main() -> None:
    """Run the command line; exit with 2 where this command's modules are not installed."""
    try:
        from verifier.cli import main as command_line

        command_line()
    except ImportError as error:
        missing = [name for name in OF_THE_EXTRA if find_spec(name) is None]
        if error.name not in {*missing, "google.cloud"} or not missing:
            raise
        named = ", ".join(missing)
        sys.stderr.write(
            f"verifier: expected the modules of this command, found no {named}: they are the extra `cli`.\n"
            "Do this, in a clone: pip install '.[cli]'\n"
        )
        sys.exit(_INCOMPLETE)


if __name__ == "__main__":
    main()
