"""Every mutant of a module's source, by mutmut's operators: one small change each, of code outside functions, too.

Text literals are left as they are and where they are, docstrings among them: nothing rests on their exact words. Of the
others, those of a class in `Excluded` are counted and not tried: no test of behaviour could notice them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

from tests.mutation.scope import ROOT

_OPERATORS = [(kind, operator) for kind, operator in mutation_operators if operator is not operator_string]
_UNTOUCHED_CALLS = {"len", "isinstance"}
"""As in mutmut: without their arguments they only fail."""
_TYPE_MAKERS = {"TypeVar", "NewType", "ParamSpec"}
_Text = cst.SimpleString | cst.ConcatenatedString | cst.FormattedString


class Excluded(StrEnum):
    """Why a change is not tried. Each is a place in the code, never a judgement about one mutant."""

    ANNOTATION = "annotations: nothing reads them at run time"
    DECORATOR = "decorators: flags of dataclasses and sizes of caches; mutmut leaves them, too"
    TYPE_NAME = "names of types (`A = B | C`, TypeVar): annotations alone use them"
    TYPE_CHECKING = "`if TYPE_CHECKING`: never runs"


@dataclass(frozen=True, slots=True)
class CodeMutant:
    """A module with one change."""

    module: str
    """The module's path from the root of the repository."""
    line: int
    source: str
    """The whole text of the module, changed."""
    excluded: Excluded | None = None
    """Why it is not tried; None where it is."""

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
    """Return every mutant of the module, those that are not tried among them, in the order of its lines."""
    found = changes_of((ROOT / module).read_text("utf-8"))
    mutants = (CodeMutant(module, line, changed, excluded) for changed, (line, excluded) in found.items())
    return sorted(mutants, key=lambda mutant: mutant.line)


def changes_of(source: str) -> dict[str, tuple[int, Excluded | None]]:
    """Return every text that differs from the source by one change and is Python.

    With each come the line of the change, and why it is not tried.
    """
    return {
        changed: (line, excluded)
        for line, changed, excluded in _changes(source)
        if changed != source and _is_python(changed)
    }


def unchanged(module: str) -> CodeMutant:
    """Return the module as it is: what its tests must pass."""
    return CodeMutant(module, 0, Path(ROOT / module).read_text("utf-8"))


def _is_python(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _changes(source: str) -> Iterator[tuple[int, str, Excluded | None]]:
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    whole = source.encode()
    for line, span, node, changed, excluded in visitor.found:
        if isinstance(node, cst.BaseCompoundStatement):  # its lines are indented: the tree knows how far
            tree = wrapper.module.deep_replace(node, changed)
            assert isinstance(tree, cst.Module)
            yield line, tree.code, excluded
        else:
            new = wrapper.module.code_for_node(changed).encode()
            yield line, (whole[: span.start] + new + whole[span.start + span.length :]).decode(), excluded


class _Visitor(cst.CSTVisitor):
    """Finds what to change, and into what."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, CodeSpan, cst.CSTNode, cst.CSTNode, Excluded | None]] = []
        self._inside: list[tuple[cst.CSTNode, Excluded]] = []
        """The nodes around this one of which nothing is tried, the outermost first."""

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_untouched(node):
            return False
        excluded = _excluded(node)
        if excluded:
            self._inside.append((node, excluded))
        why = self._inside[0][1] if self._inside else None
        for kind, operator in _OPERATORS:
            if isinstance(node, kind):
                line = self.get_metadata(PositionProvider, node).start.line
                span = self.get_metadata(ByteSpanPositionProvider, node)
                changes = (changed for changed in operator(node) if not _takes_text_alone(node, changed))
                self.found += ((line, span, node, changed, why) for changed in changes)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if self._inside and self._inside[-1][0] is original_node:
            self._inside.pop()


def _excluded(node: cst.CSTNode) -> Excluded | None:
    match node:
        case cst.Annotation():
            return Excluded.ANNOTATION
        case cst.Decorator():
            return Excluded.DECORATOR
        case cst.Assign(value=value) if _is_type(value):
            return Excluded.TYPE_NAME
        case cst.If(test=cst.Name(value="TYPE_CHECKING")):
            return Excluded.TYPE_CHECKING
    return None


def _is_type(value: cst.BaseExpression) -> bool:
    """Return whether a name stands for a union of types, or for a type of its own kind."""
    match value:
        case cst.Call(func=cst.Name(value=maker)):
            return maker in _TYPE_MAKERS
        case cst.BinaryOperation(operator=cst.BitOr(), left=left, right=right):
            return all(_is_type(part) or _names_a_type(part) for part in (left, right))
    return False


def _names_a_type(value: cst.BaseExpression) -> bool:
    match value:
        case cst.Name(value=name):
            return name == "None" or (name[:1].isupper() and not name.isupper())
        case cst.Subscript(value=inner):
            return _names_a_type(inner)
    return False


def _is_untouched(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in _UNTOUCHED_CALLS


def _takes_text_alone(node: cst.CSTNode, changed: cst.CSTNode) -> bool:
    """Return whether all that the change takes away is a text literal: an argument, or what a name stands for."""
    left = {id(child) for child in changed.children}
    gone = [child for child in node.children if id(child) not in left]
    return bool(gone) and all(isinstance(child.value if isinstance(child, cst.Arg) else child, _Text) for child in gone)
