"""Wire: reading JSON bodies (json 1.0, json 1.1, rest-json).

Null is absent; unknown members are ignored; a value of the wrong type is a SerializationException.

Source: Smithy, "AWS JSON 1.0/1.1 protocol"; the wording is that of AWS's recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from ostiary.wire.faults import Malformed
from ostiary.wire.scalars import BITS, NOT_FINITE, TIMESTAMPS, from_epoch, read_blob
from ostiary.wire.shapes import COMPILING, MAX_DEPTH, Node

Reader = Callable[[Any], Any]
EXPECTED: Final = {"integer": "Integer", "long": "Long", "short": "Short", "byte": "Byte", "bigInteger": "BigInteger"}


def decode(body: bytes) -> Any:
    """The JSON value of a body; nothing but white space is the empty object.

    Raises:
        Malformed: not JSON, not UTF-8, or nested too deeply.
    """
    try:
        return msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise Malformed("the body is not JSON") from None


def refuse(found: Any, wanted: str) -> Malformed:
    """What AWS says of a value of the wrong type; the value itself isn't shown."""
    if isinstance(found, dict):
        return Malformed("Start of structure or map found where not expected.")
    if isinstance(found, list):
        return Malformed("Start of list found where not expected")
    kinds = {bool: "TRUE_VALUE" if found else "FALSE_VALUE", str: "STRING_VALUE"}
    token = kinds.get(type(found), "NUMBER_VALUE" if isinstance(found, int) else "DECIMAL_VALUE")
    return Malformed(f"{token} cannot be converted to {wanted}")


class JsonReaders:
    """Compiles the readers of one service's shapes."""

    def __init__(self, *, use_wire_names: bool) -> None:
        self._use_wire_names = use_wire_names
        self._known: dict[Node, Reader] = {}

    def reader(self, node: Node) -> Reader:
        """A function from a decoded JSON value (never null) to the value of the shape."""
        with COMPILING:
            if node not in self._known:
                self._known[node] = lambda found: self._known[node](found)  # a shape may contain itself
                self._known[node] = self._compile(node)
            return self._known[node]

    def _compile(self, node: Node) -> Reader:
        if node.shape.document:
            return document
        compilers = {"structure": self._structure, "list": self._list, "map": self._map}
        return compilers.get(node.type, scalar)(node)

    def fields(self, node: Node) -> list[tuple[str, str, Reader]]:
        """The members in the body: wire name, name, reader."""
        return [
            ((inner.wire_name if self._use_wire_names else None) or name, name, self.reader(inner))
            for name, inner in node.members()
            if inner.ref.location is None and not inner.streaming
        ]

    def _structure(self, node: Node) -> Reader:
        fields = self.fields(node)

        def read(found: Any) -> dict[str, Any]:
            if type(found) is not dict:
                raise refuse(found, node.name)
            out = {}
            name = ""
            try:
                for wire, name, reader in fields:
                    if (value := found.get(wire)) is not None:
                        out[name] = reader(value)
            except Malformed as error:
                raise error.inside(name) from None
            return out

        return read

    def _list(self, node: Node) -> Reader:
        element = self.reader(node.element)

        def read(found: Any) -> list[Any]:
            if type(found) is not list:
                raise refuse(found, "a List") if isinstance(found, dict) else Malformed("Expected list or null")
            return [element(item) for item in found if item is not None]

        return read

    def _map(self, node: Node) -> Reader:
        value = self.reader(node.value)

        def read(found: Any) -> dict[str, Any]:
            if type(found) is not dict:
                raise refuse(found, "a Map") if isinstance(found, list) else Malformed("Expected map or null")
            return {name: value(item) for name, item in found.items() if item is not None}

        return read


def scalar(node: Node) -> Reader:
    """The reader of a scalar shape."""
    kind = node.type
    if kind in BITS:
        return integer(EXPECTED[kind], BITS[kind])
    if kind == "timestamp":
        return timestamp(node.timestamp_format or "unixTimestamp")
    table: dict[str, Reader] = {"boolean": boolean, "blob": blob, "float": number, "double": number}
    return table.get(kind, string)


def document(found: Any, depth: int = 0) -> Any:
    """Any JSON at all, to a bounded depth."""
    if depth > MAX_DEPTH:
        raise Malformed("the body is nested too deeply")
    if isinstance(found, dict):
        return {name: document(item, depth + 1) for name, item in found.items()}
    return [document(item, depth + 1) for item in found] if isinstance(found, list) else found


def string(found: Any) -> str:
    if type(found) is not str:
        raise refuse(found, "String")
    return found


def boolean(found: Any) -> bool:
    if type(found) is not bool:
        raise refuse(found, "Boolean")
    return found


def number(found: Any) -> float:
    if type(found) is str and found in NOT_FINITE:
        return float(found)
    if type(found) not in (int, float):
        raise refuse(found, "Double")
    try:
        return float(found)
    except OverflowError:
        raise refuse(found, "Double") from None


def blob(found: Any) -> bytes:
    if type(found) is not str:
        raise refuse(found, "Blob")
    return read_blob(found)


def integer(wanted: str, bits: int) -> Reader:
    """A reader of whole numbers of so many bits; `1.0` is one, as Java's parser has it."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def read(found: Any) -> int:
        if type(found) is float and found.is_integer():
            found = int(found)
        if type(found) is not int or not low <= found <= high:
            raise refuse(found, wanted)
        return found

    return read


def timestamp(form: str) -> Reader:
    """A reader of timestamps: numbers of seconds, or text in the form the model names."""

    def read(found: Any) -> Any:
        if type(found) is str and form != "unixTimestamp":
            return TIMESTAMPS[form](found)
        if type(found) not in (int, float):
            raise refuse(found, "Date")
        return from_epoch(found)

    return read
