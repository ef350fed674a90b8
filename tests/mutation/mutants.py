"""Every mutant of a module's source, by mutmut's operators: one small change each, of code outside functions, too.

Text literals are left as they are and where they are, docstrings among them: nothing rests on their exact words. So are
annotations and, as in mutmut, decorators.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

from tests.mutation.scope import ROOT

_OPERATORS = [(kind, operator) for kind, operator in mutation_operators if operator is not operator_string]
_UNTOUCHED_CALLS = {"len", "isinstance"}
"""As in mutmut: without their arguments they only fail."""
_Text = cst.SimpleString | cst.ConcatenatedString | cst.FormattedString


@dataclass(frozen=True, slots=True)
class CodeMutant:
    """A module with one change."""

    module: str
    """The module's path from the root of the repository."""
    line: int
    source: str
    """The whole text of the module, changed."""

    @property
    def name(self) -> str:
        """The module's name."""
        return self.module.removesuffix(".py").replace("/", ".")

    def shown(self) -> str:
        """Return where it is and what it changes."""
        before = (ROOT / self.module).read_text("utf-8").splitlines()
        diff = difflib.unified_diff(before, self.source.splitlines(), n=0, lineterm="")
        changed = [line for line in diff if not line.startswith(("---", "+++", "@@"))]
        return "\n".join([f"{self.module}:{self.line}", *(f"    {line}" for line in changed)])


def mutants_of(module: str) -> list[CodeMutant]:
    """Return every mutant of the module, in the order of its lines."""
    found = changes_of((ROOT / module).read_text("utf-8"))
    return sorted(
        (CodeMutant(module, line, changed) for changed, line in found.items()), key=lambda mutant: mutant.line
    )


def changes_of(source: str) -> dict[str, int]:
    """Return every text that differs from the source by one change and is Python, with the line of the change."""
    return {changed: line for line, changed in _changes(source) if changed != source and _is_python(changed)}


def unchanged(module: str) -> CodeMutant:
    """Return the module as it is: what its tests must pass."""
    return CodeMutant(module, 0, Path(ROOT / module).read_text("utf-8"))


def _is_python(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _changes(source: str) -> Iterator[tuple[int, str]]:
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    whole = source.encode()
    for line, span, node, changed in visitor.found:
        if isinstance(node, cst.BaseCompoundStatement):  # its lines are indented: the tree knows how far
            tree = wrapper.module.deep_replace(node, changed)
            assert isinstance(tree, cst.Module)
            yield line, tree.code
        else:
            new = wrapper.module.code_for_node(changed).encode()
            yield line, (whole[: span.start] + new + whole[span.start + span.length :]).decode()


class _Visitor(cst.CSTVisitor):
    """Finds what to change, and into what."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, CodeSpan, cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator) or _is_untouched(node):
            return False
        for kind, operator in _OPERATORS:
            if isinstance(node, kind):
                line = self.get_metadata(PositionProvider, node).start.line
                span = self.get_metadata(ByteSpanPositionProvider, node)
                changes = (changed for changed in operator(node) if not _takes_text_alone(node, changed))
                self.found += ((line, span, node, changed) for changed in changes)
        return True


def _is_untouched(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _UNTOUCHED_CALLS


def _takes_text_alone(node: cst.CSTNode, changed: cst.CSTNode) -> bool:
    """Return whether all that the change takes away is a text literal: an argument, or what a name stands for."""
    left = {id(child) for child in changed.children}
    gone = [child for child in node.children if id(child) not in left]
    return bool(gone) and all(isinstance(child.value if isinstance(child, cst.Arg) else child, _Text) for child in gone)
