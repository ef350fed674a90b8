"""JSON values in Firestore's words, and back. Plain protobuf messages: see `firestore_calls.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE
from google.protobuf.timestamp_pb2 import Timestamp

from verifier.errors import Refused
from verifier.services import Document, Stored
from verifier.times import parse_time


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value that this project never writes, such as a timestamp: nothing can be made of it, but it can be put back.

    It is for whoever reads the document to find it wrong: a query's other documents have nothing to do with it.
    """

    value: Any


class Fields(Mapping[str, Any]):
    """A document's fields, each made a JSON value when it is asked for: of most records that are read, few are."""

    __slots__ = ("_values",)

    def __init__(self, values: Any) -> None:
        """Take protobuf's map of them, which nobody changes any more."""
        self._values = values

    def __getitem__(self, field: str) -> Any:
        """Return the field's value. Raise KeyError where there is none."""
        if field not in self._values:
            raise KeyError(field)  # protobuf's map would make one up
        return from_value(self._values[field])

    def __iter__(self) -> Iterator[str]:
        """Yield the fields' names."""
        return iter(self._values)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._values)

    def __repr__(self) -> str:
        """Return what a dictionary of them looks like."""
        return repr(dict(self))


def stored(document: Any) -> Stored:
    """Return Firestore's document as the ledger's."""
    return written(Fields(document.fields), revision(document.update_time))


def written(document: Document, revision: str) -> Stored:
    """Return a document that was written at this revision, which is a moment."""
    return Stored(document, revision, parse_time(revision))


def revision(update_time: Timestamp) -> str:
    """Return it in RFC 3339 with every digit, so that it can be turned back into a precondition."""
    return update_time.ToJsonString()


def fill(fields: Any, document: Mapping[str, Any]) -> None:
    """Write a document's JSON values into protobuf's map of fields.

    Raise `Refused` for what is no JSON value, or what Firestore cannot hold.
    """
    for key, value in document.items():
        try:
            _set(fields[key], value)
        except ValueError as error:
            raise Refused(
                f"expected valid Unicode text and integers of at most 64 bits, got {value!r:.80}: {error}"
            ) from error


def _set(into: Any, value: object) -> None:
    """Write one JSON value into protobuf's `Value`."""
    match value:
        case str():  # most are
            into.string_value = value
        case None:
            into.null_value = NULL_VALUE
        case bool():
            into.boolean_value = value
        case int():
            into.integer_value = value
        case float():
            into.double_value = value
        case dict() | Mapping():
            into.map_value.SetInParent()  # an empty one is one, too
            for key, item in value.items():
                _set(into.map_value.fields[key], item)
        case list() | tuple():
            into.array_value.SetInParent()
            for item in value:
                _set(into.array_value.values.add(), item)
        case Foreign():
            into.CopyFrom(value.value)
        case _:
            raise Refused(
                f"expected a JSON value, got {type(value).__name__}; write it as text, a number, a list or an object"
            )


def from_value(value: Any) -> Any:
    """Return the JSON value of a protobuf `Value`, or `Foreign` for a kind that this project never writes."""
    match kind := value.WhichOneof("value_type"):
        case "null_value":
            return None
        case "boolean_value" | "integer_value" | "double_value" | "string_value":
            return getattr(value, kind)
        case "map_value":
            return {key: from_value(item) for key, item in value.map_value.fields.items()}
        case "array_value":
            return [from_value(item) for item in value.array_value.values]
        case _:
            return Foreign(value)
