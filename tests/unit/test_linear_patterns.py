"""Expressions that run in Python's `re`, which may take a text's length squared: each is shown to take none.

Everything that people configure runs in RE2. What runs in `re` is here with the way in which it is used, and reads a
text of 100,000 characters made to be tried at each place and refused at the end: squared, that is minutes or hours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pkgutil import walk_packages

import pytest

import verifier.checks
import verifier.facts
from verifier.checks import commands, remedies
from verifier.controller import events
from verifier.facts import build_document, build_key, claims, dependencies, shipping, source
from verifier.facts.upload import ignore, names, secret_names

LENGTH = 100_000
_FORMS = {kind.name: commands.form(kind).fullmatch for kind in commands.Kind}
TEXTS = {
    "build_key._PROJECT": build_key._PROJECT,
    "build_key._LOCATION": build_key._LOCATION,
    "build_key._ID": build_key._ID,
    "events._STATUS": events._STATUS,
    "events._WORD": events._WORD,
}
"""Those that are compiled when they are first used."""
USES: dict[str, Callable[[str], object]] = {
    **{name: re.compile(text).fullmatch for name, text in TEXTS.items()},
    **{f"commands.{name}": use for name, use in _FORMS.items()},
    "remedies._NOT_IN_A_NAME": lambda text: remedies._NOT_IN_A_NAME.sub("-", text),
    "build_document._PLACE": build_document._PLACE.findall,
    "claims._HEX": claims._HEX.fullmatch,
    "dependencies._SHA": dependencies._SHA.fullmatch,
    "shipping._ASSIGNMENT": shipping._ASSIGNMENT.match,
    "shipping._BUILDER": shipping._BUILDER.search,
    "shipping._STEP_ID": shipping._STEP_ID.match,
    "source._SHA": source._SHA.fullmatch,
    "source._SERVICE_BUCKET": source._SERVICE_BUCKET.fullmatch,
    "source._PLAIN": source._PLAIN.match,
    "source._SUBMITTED": source._SUBMITTED.fullmatch,
    "source._STAGED": source._STAGED.fullmatch,
    "commands._LONG_ID": commands._LONG_ID.fullmatch,
    "ignore._ESCAPED": lambda text: ignore._ESCAPED.sub(r"\1", text),
    "ignore._TOKEN": ignore._TOKEN.findall,
    "ignore._OPEN_END": ignore._OPEN_END.search,
    "names._UNSAFE": lambda text: names._UNSAFE.sub("?", text),
    "secret_names._HARMLESS": secret_names._HARMLESS.match,
}
UNITS = (
    *("a", "A", "0", "-", "_", ".", "/", "=", " ", "\n", "\t", "a-", "a.", "a/", "a:", "0.", "a\n", "é", "\u2028"),
    *("gs://", "gs:/", "git+", "git+http", "http:", "push", "-push", "deploy.", "deploye", "publish", "source/"),
    *(
        "source/1.",
        "1.cloudbuild-source.",
        "0123456789abcdef",
        "ab-",
        "A_",
        "{",
        "\\",
        "\\a",
        "\udcff",
        "$",
        "${",
        "$A",
        "${A",
    ),
)
"""What long texts are made of."""
BEGINNINGS = ("", "a", "A", "_", "source/1.1-0123456789abcdef0123456789abcdef.", "git+", "gs://", "1")
ENDS = ("", "!")


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_no_long_text_makes_an_expression_go_back_over_it(use: Callable[[str], object]) -> None:
    for unit in UNITS:
        middle = unit * (LENGTH // len(unit))
        for beginning in BEGINNINGS:
            for end in ENDS:
                use(f"{beginning}{middle}{end}")


def test_every_expression_of_facts_and_checks_that_runs_in_re_is_shown() -> None:
    """Those of `facts.logs` are shown beside its rules."""
    found = set[str]()
    for package in (verifier.facts, verifier.checks):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.startswith("verifier.facts.logs"):
                continue
            values = vars(import_module(module.name))
            short = module.name.rpartition(".")[2]
            found |= {f"{short}.{name}" for name, value in values.items() if isinstance(value, re.Pattern)}
    assert found == USES.keys() - TEXTS.keys() - {f"commands.{kind.name}" for kind in commands.Kind}


@pytest.mark.parametrize("text", ["main\n", "main\n\n", "ma\nin", "main\x00", "máin", "\udcff"])
def test_what_is_read_whole_takes_no_line_end_and_no_other_alphabet(text: str) -> None:
    assert [name for name in _FORMS if _FORMS[name](text)] == []
    assert [name for name in TEXTS if USES[name](text)] == []
    assert not claims._HEX.fullmatch(f"abcdef0{text}")


@pytest.mark.parametrize("text", ["a" * 40 + "\n", "\u0660" * 40, "a" * 41, "a" * 39, "\u212a" + "a" * 39, "a" * 63])
def test_what_is_no_commit_in_re2_is_none_in_re(text: str) -> None:
    assert not source._SHA.fullmatch(text)
    assert not dependencies._SHA.fullmatch(text)
