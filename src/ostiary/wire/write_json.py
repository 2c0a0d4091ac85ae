"""Wire: writing values as JSON (json 1.0, json 1.1, rest-json).

Source: Smithy, "AWS JSON 1.0/1.1 protocol", "AWS restJson1 protocol".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ostiary.wire.scalars import WRITE_TIMESTAMPS, to_epoch, write_blob
from ostiary.wire.shapes import COMPILING, Node
from ostiary.wire.write_xml import ensure_known

Writer = Callable[[Any], Any]
"""From a value of the shape to what JSON has words for."""


def encode(value: Any) -> bytes:
    """A JSON document; a lone surrogate, which no encoding has, becomes U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode("utf-8")


class JsonWriters:
    """Compiles the writers of one service's shapes."""

    def __init__(self, *, use_wire_names: bool) -> None:
        self._use_wire_names = use_wire_names
        self._known: dict[Node, Writer] = {}

    def writer(self, node: Node) -> Writer:
        """A function from a value of the shape to plain JSON data."""
        with COMPILING:
            if node not in self._known:
                self._known[node] = lambda value: self._known[node](value)  # a shape may contain itself
                compilers = {"structure": self._structure, "list": self._list, "map": self._map}
                compile_shape = scalar if node.shape.document else compilers.get(node.type, scalar)
                self._known[node] = compile_shape(node)
            return self._known[node]

    def _structure(self, node: Node) -> Writer:
        fields = [
            (name, (inner.wire_name if self._use_wire_names else None) or name, self.writer(inner))
            for name, inner in node.members()
            if inner.ref.location is None and not inner.streaming
        ]
        elsewhere = frozenset(name for name, inner in node.members() if inner.ref.location or inner.streaming)

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            out = {}
            for name, wire, writer in fields:
                if (found := value.get(name)) is not None:
                    out[wire] = writer(found)
            if len(out) != len(value) and not elsewhere.issuperset(value):
                ensure_known(node, value)
            return out

        return write

    def _list(self, node: Node) -> Writer:
        element = self.writer(node.element)
        return lambda value: [element(item) for item in value]

    def _map(self, node: Node) -> Writer:
        inner = self.writer(node.value)
        return lambda value: {name: inner(item) for name, item in value.items()}


def scalar(node: Node) -> Writer:
    """The writer of a scalar shape."""
    if node.type == "timestamp":
        form = node.timestamp_format
        return to_epoch if form in (None, "unixTimestamp") else WRITE_TIMESTAMPS[form or ""]
    table: dict[str, Writer] = {"blob": write_blob, "float": number, "double": number}
    return table.get(node.type, itself)


def itself(value: Any) -> Any:
    return value


def number(value: float) -> float | str:
    """JSON has no word for what isn't finite; AWS writes it as text."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value
