"""Wire: reading the parameters of the query and ec2 protocols.

Flat names (`Tags.member.1.Key`) become a tree once; readers compiled per shape walk it. Unknown names are ignored.

Source: Smithy, "AWS query protocol" and "AWS EC2 query protocol".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ostiary.wire.faults import Malformed
from ostiary.wire.scalars import text_reader
from ostiary.wire.shapes import COMPILING, MAX_DEPTH, Node

Tree = dict[str, Any]
"""Names to text or to a tree; a name that is both keeps its text under the empty name."""
Reader = Callable[[Any], Any]


def tree(form: Mapping[str, str]) -> Tree:
    """Arrange dotted names as a tree.

    Raises:
        Malformed: a name with too many dots.
    """
    root: Tree = {}
    for name, value in form.items():
        if "." not in name:
            found = root.setdefault(name, value)
            if type(found) is dict:
                found.setdefault("", value)
            continue
        *path, last = name.split(".")
        if len(path) >= 2 * MAX_DEPTH:
            raise Malformed("a parameter is nested too deeply")
        here = root
        for part in path:
            below = here.get(part)
            if type(below) is not dict:
                below = here[part] = {} if below is None else {"": below}
            here = below
        found = here.setdefault(last, value)
        if type(found) is dict:
            found.setdefault("", value)
    return root


def numbered(found: Any) -> list[Any]:
    """The children of a tree by their number, gaps closed."""
    if type(found) is not dict:
        return []
    rows: dict[int, Any] = {}
    for name, value in found.items():
        if name.isascii() and name.isdigit() and len(name) < 10:
            rows.setdefault(int(name), value)
    return [rows[number] for number in sorted(rows)]


class QueryReaders:
    """Compiles the readers of one service's shapes."""

    def __init__(self, *, ec2: bool = False) -> None:
        self._ec2 = ec2
        self._known: dict[Node, Reader] = {}

    def reader(self, node: Node) -> Reader:
        """A function from text or tree to the value; None when the parameter isn't there in that form."""
        with COMPILING:
            if node not in self._known:
                self._known[node] = lambda found: self._known[node](found)  # a shape may contain itself
                compilers = {"structure": self._structure, "list": self._list, "map": self._map}
                self._known[node] = compilers.get(node.type, scalar)(node)
            return self._known[node]

    def wire_name(self, name: str, node: Node) -> str:
        """What a member is called on the wire."""
        if self._ec2:
            if node.ref.query_name:
                return node.ref.query_name
            wire = node.wire_name
            return wire[0].upper() + wire[1:] if wire else name
        if node.type == "list" and node.flattened and node.element.wire_name:
            return node.element.wire_name
        return node.wire_name or name

    def _structure(self, node: Node) -> Reader:
        fields = [(self.wire_name(name, inner), name, self.reader(inner)) for name, inner in node.members()]

        def read(found: Any) -> dict[str, Any] | None:
            if type(found) is not dict:
                return None
            out = {}
            name = ""
            try:
                for wire, name, reader in fields:
                    if wire in found and (value := reader(found[wire])) is not None:
                        out[name] = value
            except Malformed as error:
                raise error.inside(name) from None
            return out

        return read

    def _list(self, node: Node) -> Reader:
        element = self.reader(node.element)
        inside = None if self._ec2 or node.flattened else node.element.wire_name or "member"

        def read(found: Any) -> list[Any] | None:
            if type(found) is not dict:
                return [] if found == "" else None  # `Tags=` is an empty list
            rows = numbered(found if inside is None else found.get(inside))
            values = [value for row in rows if (value := element(row)) is not None]
            return values if values or rows or found.get("") == "" else None

        return read

    def _map(self, node: Node) -> Reader:
        key, value = self.reader(node.key), self.reader(node.value)
        key_name, value_name = node.key.wire_name or "key", node.value.wire_name or "value"
        inside = None if node.flattened else "entry"

        def read(found: Any) -> dict[str, Any] | None:
            if type(found) is not dict:
                return {} if found == "" else None
            out: dict[str, Any] = {}
            for row in numbered(found if inside is None else found.get(inside)):
                if type(row) is not dict:
                    continue
                name, inner = key(row.get(key_name, "")), value(row.get(value_name, ""))
                if name is not None and inner is not None:
                    out.setdefault(name, inner)
            return out

        return read


def scalar(node: Node) -> Reader:
    """Text as the shape has it; a tree where text should be counts as absent."""
    convert = text_reader(node)

    def read(found: Any) -> Any:
        while type(found) is dict:  # `UserName.` is the empty name, and `UserName..` that of the empty name
            found = found.get("")
        return None if found is None else convert(found)

    return read
