"""What is changed, what is left alone, and what the score counts."""

from __future__ import annotations

import pytest

from tests.mutation.mutants import CodeMutant, Excluded, changes_of
from tests.mutation.scope import modules, stages
from tests.mutation.score import scores, table
from tests.mutation.trial import Fate, Result, Trial


def changed(source: str) -> set[str]:
    return {text for text, (_, excluded) in changes_of(source).items() if not excluded}


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a < b\n", {"a <= b\n"}),
        ("a and b\n", {"a or b\n"}),
        ("not a\n", {"a\n"}),
        ("a[1:]\n", {"a[2:]\n"}),
        ("a = b\n", {"a = None\n"}),
        ("f(a)\n", {"f(None)\n"}),
        ("f(a, b)\n", {"f(None, b)\n", "f(a, None)\n", "f(b)\n", "f(a, )\n"}),
        ("a if b else c\n", {"a if (b) and False else c\n", "a if (b) or True else c\n"}),
        ("@cached(1)\ndef f():\n    return 1\n", {"@cached(1)\ndef f():\n    return 2\n"}),
        ("é = a == b\n", {"é = a != b\n", "é = None\n"}),
    ],
)
def test_each_change_is_a_small_one(source: str, mutants: set[str]) -> None:
    assert changed(source) == mutants


@pytest.mark.parametrize(
    "source",
    [
        '"""A module."""\n',
        'def f() -> int | None:\n    """Return one or two."""\n',
        "a: dict[str, int | None]\n",
        "a = 'text'\n",
        "f('text')\n",
        'f(f"{a}")\n',
        "@dataclass(frozen=True)\nclass A:\n    pass\n",
        "len(a)\n",
    ],
    ids=[
        "a docstring",
        "an annotation",
        "a field",
        "a name for a text",
        "an argument",
        "a formatted one",
        "a decorator",
        "a length",
    ],
)
def test_texts_annotations_and_decorators_are_left_alone(source: str) -> None:
    assert changed(source) == set()


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("def f(a: int | None): ...\n", {"def f(a: int & None): ...\n": Excluded.ANNOTATION}),
        ("@dataclass(frozen=True)\nclass A: ...\n", {"@dataclass(frozen=False)\nclass A: ...\n": Excluded.DECORATOR}),
        ("A = Bee | Cee\n", {"A = Bee & Cee\n": Excluded.TYPE_NAME, "A = None\n": Excluded.TYPE_NAME}),
        ("A = Bee[int] | None\n", {"A = None\n": Excluded.TYPE_NAME}),
        ("A = TypeVar('A', b)\n", {"A = None\n": Excluded.TYPE_NAME}),
        ("if TYPE_CHECKING:\n    a = b\n", {"if TYPE_CHECKING:\n    a = None\n": Excluded.TYPE_CHECKING}),
    ],
)
def test_what_no_test_could_notice_is_told_with_its_reason(source: str, left: dict[str, Excluded]) -> None:
    found = {text: excluded for text, (_, excluded) in changes_of(source).items()}
    assert left.items() <= found.items()
    assert None not in found.values()


@pytest.mark.parametrize("source", ["a = b | c\n", "A = re.M | re.S\n", "A = B.x | C\n", "A = M | S\n", "A = f(b)\n"])
def test_what_only_resembles_a_type_is_changed(source: str) -> None:
    assert changed(source) == set(changes_of(source)) != set()


def test_what_a_text_is_made_of_is_changed() -> None:
    assert changed('f"{a[:80]}"\n') == {'f"{a[:81]}"\n'}


def test_branches_of_a_match_are_left_out_one_by_one() -> None:
    one, two = "        case 1:\n            f()\n", "        case _:\n            g()\n"
    source = f"def f():\n    match a:\n{one}{two}"
    assert {f"def f():\n    match a:\n{one}", f"def f():\n    match a:\n{two}"} <= changed(source)


def test_a_module_has_its_own_tests_first_and_slower_ones_after() -> None:
    own, wider = stages("verifier/controller/ledger.py")
    assert "tests/unit/controller/test_ledger_calls.py" in own
    assert wider == ["tests/contract/test_ledger.py", "tests/properties/test_ledger.py"]


def test_every_module_has_tests() -> None:
    assert [module for module in modules([]) if not stages(module)] == []


def test_a_module_that_is_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected a module or package of verifier/facts, .*, got main\.py$"):
        modules(["main.py"])


def test_what_was_never_a_module_counts_neither_way() -> None:
    def result(module: str, fate: Fate) -> Result:
        return Result(Trial(CodeMutant(module, 1, ""), (), 1), fate, 0.1)

    fates = [Fate.KILLED, Fate.KILLED, Fate.SURVIVED, Fate.STILLBORN]
    results = [*(result("a.py", fate) for fate in fates), result("b.py", Fate.KILLED)]
    text, whole = table(scores(results), {Excluded.TYPE_CHECKING: 2})
    assert [line.split() for line in text.splitlines()[:-1]] == [
        ["module", "tried", "killed", "survived", "score"],
        ["a.py", "3", "2", "1", "66.7%"],
        ["b.py", "1", "1", "0", "100.0%"],
        ["sum", "4", "3", "1", "75.0%"],
    ]
    assert text.splitlines()[-1] == "excluded: 2 of `if TYPE_CHECKING`: never runs"
    assert (whole.tried, whole.killed, whole.share) == (4, 3, 0.75)
