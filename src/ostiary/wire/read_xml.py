"""Wire: reading XML bodies, safely.

No document type, hence no entities; bounded depth and number of elements. Expat is given nothing to fetch.

Source: XML 1.0 (Fifth Edition); Smithy, "AWS restXml protocol", "XML bindings".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from xml.parsers import expat

from ostiary.wire.faults import Malformed
from ostiary.wire.scalars import text_reader
from ostiary.wire.shapes import COMPILING, MAX_DEPTH, Node

MAX_ELEMENTS: Final = 200_000
Reader = Callable[["Element"], Any]


class MalformedXml(Malformed):
    """The body isn't XML of the shape asked for."""


class Element:
    """An element: local name, attributes by local name, children, text."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def parse_xml(body: bytes) -> Element:
    """The root element of a document in UTF-8.

    Raises:
        MalformedXml: not well-formed, with a document type, nested too deeply, or too large.
    """
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    top = Element("", {})
    open_elements = [top]
    pieces: list[str] = []  # of the innermost element's text; text beside elements means nothing here
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(open_elements) > MAX_DEPTH or count > MAX_ELEMENTS:
            raise MalformedXml("the document is too large")
        element = Element(local(name), {local(k): v for k, v in attributes.items()} if attributes else attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)
        pieces.clear()

    def end(_: str) -> None:
        element = open_elements.pop()
        if not element.children:
            element.text = "".join(pieces)
        pieces.clear()

    def refuse(*_: object) -> int:
        # INVARIANT: no document type is ever processed; so no entity can expand or be fetched.
        raise MalformedXml("a document type is not allowed")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, pieces.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, UnicodeError, ValueError) as error:
        if isinstance(error, MalformedXml):
            raise
        raise MalformedXml("the body is not well-formed XML") from None
    return top.children[0]


class XmlReaders:
    """Compiles the readers of one service's shapes."""

    def __init__(self) -> None:
        self._known: dict[Node, Reader] = {}

    def reader(self, node: Node) -> Reader:
        """A function from an element to the value of the shape."""
        with COMPILING:
            if node not in self._known:
                self._known[node] = lambda element: self._known[node](element)  # a shape may contain itself
                compilers = {"structure": self._structure, "list": self._list, "map": self._map}
                self._known[node] = compilers.get(node.type, scalar)(node)
            return self._known[node]

    def _structure(self, node: Node) -> Reader:
        attributes: list[tuple[str, str, Callable[[str], object]]] = []
        singles: dict[str, tuple[str, Reader]] = {}
        repeated: dict[str, tuple[str, Callable[[list[Element]], Any]]] = {}
        for name, inner in node.members():
            wire = inner.wire_name or name
            if inner.ref.location is not None or inner.streaming:
                continue
            if inner.ref.xml_attribute:
                attributes.append((local(wire), name, text_reader(inner)))
            elif inner.type == "list" and inner.flattened:
                repeated[inner.element.wire_name or wire] = (name, self._elements(inner.element))
            elif inner.type == "map" and inner.flattened:
                repeated[wire] = (name, self._entries(inner))
            else:
                singles[wire] = (name, self.reader(inner))

        def read(element: Element) -> dict[str, Any]:
            out: dict[str, Any] = {}
            gathered: dict[str, list[Element]] = {}
            for wire, name, convert in attributes:
                if wire in element.attributes:
                    out[name] = convert(element.attributes[wire])
            for child in element.children:
                single = singles.get(child.name)
                if single is None:
                    gathered.setdefault(child.name, []).append(child)
                    continue
                name, reader = single
                if name in out:
                    raise MalformedXml("an element is given twice", name)
                try:
                    out[name] = reader(child)
                except Malformed as error:
                    raise error.inside(name) from None
            for wire, elements in gathered.items():
                if wire in repeated:
                    name, collect = repeated[wire]
                    out[name] = collect(elements)
            return out

        return read

    def _elements(self, node: Node) -> Callable[[list[Element]], list[Any]]:
        element = self.reader(node)
        return lambda found: [element(child) for child in found]

    def _list(self, node: Node) -> Reader:
        wire = node.element.wire_name or "member"
        element = self.reader(node.element)
        return lambda found: [element(child) for child in found.children if child.name == wire]

    def _entries(self, node: Node) -> Callable[[list[Element]], dict[str, Any]]:
        key, value = self.reader(node.key), self.reader(node.value)
        key_name, value_name = node.key.wire_name or "key", node.value.wire_name or "value"

        def read(entries: list[Element]) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for entry in entries:
                inside = {child.name: child for child in entry.children}
                if key_name not in inside or value_name not in inside:
                    raise MalformedXml("an entry of a map needs a key and a value")
                out.setdefault(key(inside[key_name]), value(inside[value_name]))
            return out

        return read

    def _map(self, node: Node) -> Reader:
        entries = self._entries(node)
        return lambda found: entries([child for child in found.children if child.name == "entry"])


def scalar(node: Node) -> Reader:
    """The text of an element as the shape has it."""
    convert = text_reader(node)
    plain = node.type == "string"

    def read(element: Element) -> object:
        if element.children:
            raise MalformedXml("text was expected")
        try:
            return convert(element.text if plain else element.text.strip())
        except Malformed as error:
            raise MalformedXml(error.reason) from None

    return read
