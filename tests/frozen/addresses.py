"""What users of the installer depend on, read from its files: addresses, where they moved, variables and outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

TERRAFORM = Path(__file__).parents[2] / "terraform"
_BLOCK = r"^{kind} {{$(.*?)^}}$"
_RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)" \{', re.MULTILINE)
_MOVED = re.compile(_BLOCK.format(kind="moved"), re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(_BLOCK.format(kind=r'variable "(\w+)"'), re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r'^output "(\w+)" \{', re.MULTILINE)
_TYPE = re.compile(r"^  type += (?:map\()?object\(\{$(.*?)^  \}\)", re.MULTILINE | re.DOTALL)


def resources(text: str) -> set[str]:
    """Return the addresses of the resources in these files, without keys."""
    return {f"{kind}.{name}" for kind, name in _RESOURCE.findall(text)}


def moves(text: str) -> dict[str, str]:
    """Return the new address of each that a `moved` block names."""
    found = dict[str, str]()
    for block in _MOVED.findall(text):
        ends = {name: _end(name, block) for name in ("from", "to")}
        found[ends["from"]] = ends["to"]
    return found


def moved(address: str, where: Mapping[str, str]) -> str:
    """Return where an address is now. A resource that moves takes its keys along, and a module its resources."""
    for old, new in where.items():
        if address == old or address.startswith((f"{old}[", f"{old}.")):
            rest = {name: to for name, to in where.items() if name != old}
            return moved(new + address.removeprefix(old), rest)
    return address


def without_key(address: str) -> str:
    """Return the resource of an address: its type and name, in whatever module."""
    return ".".join(re.sub(r"\[[^\]]*\]", "", address).split(".")[-2:])


def variables(text: str) -> dict[str, list[str]]:
    """Return the attributes of each variable; none of one that is no object."""
    found = dict[str, list[str]]()
    for name, body in _VARIABLE.findall(text):
        attributes = _TYPE.findall(body)
        found[name] = re.findall(r"^    (\w+) +=", attributes[0], re.MULTILINE) if attributes else []
    return found


def required(text: str) -> set[str]:
    """Return the variables without a default, and the attributes that are not optional, as `variable.attribute`."""
    needed = set[str]()
    for name, body in _VARIABLE.findall(text):
        if not re.search(r"^  default +=", body, re.MULTILINE):
            needed.add(name)
        for attribute, kind in re.findall(r"^    (\w+) += (.*)$", "".join(_TYPE.findall(body)), re.MULTILINE):
            if not kind.startswith("optional("):
                needed.add(f"{name}.{attribute}")
    return needed


def outputs(text: str) -> set[str]:
    """Return the names of the outputs."""
    return set(_OUTPUT.findall(text))


def written() -> str:
    """Return the text of all of the installer's files, modules among them."""
    files = [file for file in sorted(TERRAFORM.rglob("*.tf")) if ".terraform" not in file.parts]
    return "\n".join(file.read_text() for file in files)


def _end(name: str, block: str) -> str:
    [address] = re.findall(rf"^  {name} += (.*)$", block, re.MULTILINE)
    return str(address).strip()
