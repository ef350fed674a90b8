"""Count the boxes, levels and import arrows of `verifier/`: `python -m tests.tree`.

A box is a package, or a module beside the packages; an arrow is one box that imports another, wherever in a file the
import stands. A box's level is one above the highest that it imports.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1] / "verifier"


def box_of(file: Path, root: Path = ROOT) -> str:
    """Return the name of the box that the file lies in: its first part below the root."""
    return file.relative_to(root).parts[0].removesuffix(".py")


def imported(file: Path) -> set[str]:
    """Return the boxes that the file imports, by the first name below `verifier` in each import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "verifier":
            found |= set(node.module.split(".")[1:2] or [alias.name for alias in node.names])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("verifier.")}
    return found - {"__version__"}


def arrows(root: Path = ROOT) -> dict[str, set[str]]:
    """Return each box with the boxes that it imports."""
    found: dict[str, set[str]] = {}
    for file in sorted(root.rglob("*.py")):
        if not file.name.startswith("__") or file.parent != root:
            box = box_of(file, root)
            found.setdefault(box, set()).update(imported(file) - {box})
    return found


def levels(found: Mapping[str, set[str]]) -> list[set[str]]:
    """Return the boxes, level by level, the lowest first. Raise ValueError where they import each other in a circle."""
    rest, done, result = {box: set(below) for box, below in found.items()}, set[str](), list[set[str]]()
    while rest:
        free = {box for box, below in rest.items() if below & found.keys() <= done}
        if not free:
            raise ValueError(f"a circle among {', '.join(sorted(rest))}")
        result.append(free)
        done |= free
        rest = {box: below for box, below in rest.items() if box not in free}
    return result


def main() -> int:
    """Print the boxes by level and the counts."""
    found = arrows()
    try:
        order = levels(found)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for number, boxes in enumerate(order, start=1):
        print(f"{number:2} {' '.join(sorted(boxes))}")
    print(f"{len(found)} boxes on {len(order)} levels, {sum(len(below) for below in found.values())} import arrows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
