"""A build as JSON, made into the message that the service would send, with the fields that the client cannot know.

The production service is ahead of every client library: it sends Developer Connect sources, step results and more, and
a client finds them as unknown fields on the wire. A field that the library's message lacks is encoded as just that.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from verifier.standin.messages import Build, BuildTrigger, Pb

_FIRST_UNKNOWN = 1000
"""Field numbers from here on are defined by no message of the client."""

_Path = tuple[str | int, ...]
_Unknown = list[tuple[_Path, bytes]]


def parse_build(document: Mapping[str, Any]) -> Pb:
    """Return the Build message for what `gcloud builds describe --format=json` prints.

    Raise ValueError when a known field has a value of the wrong kind.
    """
    return _parsed(document, Build, "a build")


def parse_trigger(document: Mapping[str, Any]) -> Pb:
    """Return the BuildTrigger message for what `gcloud builds triggers describe --format=json` prints.

    Raise ValueError when a known field has a value of the wrong kind.
    """
    return _parsed(document, BuildTrigger, "a trigger")


def _parsed(document: Mapping[str, Any], message: Pb, what: str) -> Pb:
    unknown: _Unknown = []
    known = _known(document, message.DESCRIPTOR, (), unknown)
    try:
        parsed = json_format.ParseDict(known, message())
    except json_format.ParseError as error:
        raise ValueError(f"expected {what} as gcloud prints it, got {document.get('id')!r}: {error}") from error
    for path, encoded in unknown:
        _follow(parsed, path).MergeFromString(encoded)
    return parsed


def _known(document: Mapping[str, Any], descriptor: Pb, path: _Path, unknown: _Unknown) -> dict[str, Any]:
    known: dict[str, Any] = {}
    strange: list[Any] = []
    for key, value in document.items():
        field = descriptor.fields_by_camelcase_name.get(key) or descriptor.fields_by_name.get(key)
        if field is not None:
            known[key] = _known_value(value, field, (*path, field.name), unknown)
        elif not key.startswith("@"):
            strange.append(value)
    if strange:
        unknown.append((path, _encode_all(strange, _FIRST_UNKNOWN)))
    return known


def _known_value(value: Any, field: Pb, path: _Path, unknown: _Unknown) -> Any:
    nested = field.message_type
    if nested is None or nested.GetOptions().map_entry or nested.full_name.startswith("google.protobuf."):
        return value
    if isinstance(value, list):
        return [_known_value(item, field, (*path, index), unknown) for index, item in enumerate(value)]
    return _known(value, nested, path, unknown) if isinstance(value, Mapping) else value


def _follow(message: Pb, path: _Path) -> Pb:
    for step in path:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    return message


def _encode_all(values: list[Any], first: int) -> bytes:
    return b"".join(_encode(number, value) for number, value in enumerate(values, first))


def _encode(number: int, value: Any) -> bytes:
    match value:
        case None:
            return b""
        case bool() | int():
            return _varint(number << 3) + _varint(value & (2**64 - 1))
        case float():
            return _varint(number << 3 | 1) + struct.pack("<d", value)
        case str():
            return _delimited(number, value.encode())
        case Mapping():
            return _delimited(number, _encode_all(list(value.values()), 1))
        case _:
            return b"".join(_encode(number, item) for item in value)


def _delimited(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    septets = bytearray()
    while value > 0x7F:
        septets.append(value & 0x7F | 0x80)
        value >>= 7
    septets.append(value)
    return bytes(septets)
