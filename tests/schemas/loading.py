"""The schemas, and how values are held against them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
COMMON, ANY_ENTRY, ANY_MESSAGE = "common.schema.json", "entry.schema.json", "message.schema.json"
LOOSE = (ANY_ENTRY, ANY_MESSAGE)
"""Those that only lead to others."""
ORIGIN = f"{COMMON}#/$defs/origin/"
"""Where it is described where an answer comes from: entries and messages have no such thing."""
SOMETIMES = "only where "
"""What the description of a property says that is not always there."""


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return each schema by its file's name."""
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def problems(name: str, value: Any) -> list[str]:
    """Return what is wrong with a value by this schema: empty when nothing is."""
    return _problems(_validator(name, strict=False), value)


def strict_problems(name: str, value: Any) -> list[str]:
    """Return the same for what this version says: it also has every property that is described, and no other."""
    return _problems(_validator(name, strict=True), value)


def leaf_of(kind: str, loose: str) -> str:
    """Return the schema that this one leads to for a kind."""
    place = "labels" if loose == ANY_ENTRY else "attributes"
    (found,) = [target for kinds, target in leaves(loose, place) if kind in kinds]
    return found


def leaves(loose: str, place: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the kinds of each schema that this one leads to."""
    for rule in schemas()[loose]["allOf"]:
        kind = rule["if"]["properties"][place].get("properties", {}).get("kind", {})
        yield tuple(kind.get("enum", [kind["const"]] if "const" in kind else [])), rule["then"]["$ref"]


def validators_of(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Draft202012Validator]:
    """Return a validator for each of these schemas, which refer to one another by their files' names."""
    resources = [(name, Resource.from_contents(document)) for name, document in documents.items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return {name: Draft202012Validator(document, registry=registry) for name, document in documents.items()}


@cache
def _validators(*, strict: bool) -> dict[str, Draft202012Validator]:
    documents = schemas()
    if strict:
        documents = {name: each if name in LOOSE else strict_form(each) for name, each in documents.items()}
    return validators_of(documents)


def strict_form(schema: Any) -> Any:
    """Return a schema that takes nothing beside what it describes, and wants all of that but what is there sometimes.

    An object that describes no property, as counts by name do, stays as it is.
    """
    if isinstance(schema, list):
        return [strict_form(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: strict_form(value) for name, value in schema.items()}
    if isinstance(schema.get("required"), list):
        described = schema["properties"]
        always = [name for name, each in described.items() if SOMETIMES not in each.get("description", "")]
        changed |= {"required": always, "additionalProperties": False}
    return changed


def _validator(name: str, *, strict: bool) -> Draft202012Validator:
    return _validators(strict=strict)[name]


def _problems(validator: Draft202012Validator, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
