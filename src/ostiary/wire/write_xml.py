"""Wire: writing values as XML (query, ec2, rest-xml).

Source: Smithy, "XML bindings", "AWS query protocol", "AWS EC2 query protocol"; XML 1.0 (Fifth Edition), 2.2 "Char".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ostiary.wire.scalars import text_writer
from ostiary.wire.shapes import COMPILING, Node

# What can't stand in a document as it is; that which XML 1.0 has no way to write becomes U+FFFD.
SPECIAL: Final = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]')
ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}

Writer = Callable[[Any, list[str]], None]
"""Adds the text of a value, with its element, to the pieces."""


def entity(found: re.Match[str]) -> str:
    """One special character, made harmless."""
    char = found[0]
    if "\x7f" <= char <= "\x9f":
        return f"&#{ord(char)};"
    return ENTITIES.get(char, "\ufffd")


def escape(text: str) -> str:
    """Text as the content of an element or of an attribute in double quotes."""
    return SPECIAL.sub(entity, text) if SPECIAL.search(text) else text


def attribute(text: str) -> str:
    """Text as an attribute in double quotes, white space kept."""
    return escape(text).replace("\n", "&#10;").replace("\t", "&#9;")


class UnknownMember(ValueError):
    """A service answered with a member its model doesn't have."""


def ensure_known(node: Node, value: Mapping[str, Any]) -> None:
    """Refuse an output with a misspelled member, which would vanish without a word.

    Raises:
        UnknownMember: there is one.
    """
    for name, found in value.items():
        if found is not None and name not in node.shape.members:
            raise UnknownMember(f"`{node.name}` has no member `{name}`")


class XmlWriters:
    """Compiles the writers of one service's shapes."""

    def __init__(self, *, ec2: bool = False) -> None:
        self._ec2 = ec2
        self._known: dict[tuple[str, Node], Writer] = {}

    def element(self, tag: str, node: Node) -> Writer:
        """A writer of values of this shape as an element of this name."""
        key = (tag, node)
        with COMPILING:
            if key not in self._known:
                self._known[key] = lambda value, out: self._known[key](value, out)  # a shape may contain itself
                compilers = {"structure": self.structure, "list": self._list, "map": self._map}
                self._known[key] = compilers.get(node.type, scalar)(tag, node)
            return self._known[key]

    def fields(self, node: Node) -> list[tuple[str, Writer]]:
        """The writers of the members that are elements."""
        return [
            (name, self._member(name, inner))
            for name, inner in node.members()
            if inner.ref.location is None and not inner.ref.xml_attribute and not inner.streaming
        ]

    def _member(self, name: str, node: Node) -> Writer:
        wire = node.wire_name or name
        if node.type == "list" and node.flattened:
            return self._repeated(node.element.wire_name or wire, node.element)
        if node.type == "map" and node.flattened:
            return self._entries(wire, node)
        return self.element(wire, node)

    def structure(self, tag: str, node: Node) -> Writer:
        """A writer of a structure as an element, with its attributes and namespace."""
        fields = self.fields(node)
        namespace = declaration(node)
        closing = f"</{tag}>"
        attributes = [
            (name, inner.wire_name or name, text_writer(inner))
            for name, inner in node.members()
            if inner.ref.xml_attribute
        ]
        elsewhere = frozenset(name for name, inner in node.members() if inner.ref.location or inner.streaming)

        def write(value: Mapping[str, Any], out: list[str]) -> None:
            count = 0
            opening = f"<{tag}{namespace}"
            for name, wire, text in attributes:
                if (found := value.get(name)) is not None:
                    opening += f' {wire}="{attribute(text(found))}"'
                    count += 1
            out.append(opening + ">")
            for name, writer in fields:
                if (found := value.get(name)) is not None:
                    writer(found, out)
                    count += 1
            if count != len(value) and not elsewhere.issuperset(value):
                ensure_known(node, value)
            out.append(closing)

        return write

    def _list(self, tag: str, node: Node) -> Writer:
        # EC2 names the elements of its lists `item` in the model itself.
        element = self.element(node.element.wire_name or "member", node.element)
        opening, closing = f"<{tag}{declaration(node)}>", f"</{tag}>"

        def write(value: list[Any], out: list[str]) -> None:
            out.append(opening)
            for item in value:
                element(item, out)
            out.append(closing)

        return write

    def _repeated(self, tag: str, node: Node) -> Writer:
        element = self.element(tag, node)

        def write(value: list[Any], out: list[str]) -> None:
            for item in value:
                element(item, out)

        return write

    def _entries(self, tag: str, node: Node) -> Writer:
        key = self.element(node.key.wire_name or "key", node.key)
        inner = self.element(node.value.wire_name or "value", node.value)

        def write(value: Mapping[str, Any], out: list[str]) -> None:
            for name, item in value.items():
                out.append(f"<{tag}>")
                key(name, out)
                inner(item, out)
                out.append(f"</{tag}>")

        return write

    def _map(self, tag: str, node: Node) -> Writer:
        entries = self._entries("entry", node)
        opening, closing = f"<{tag}{declaration(node)}>", f"</{tag}>"

        def write(value: Mapping[str, Any], out: list[str]) -> None:
            out.append(opening)
            entries(value, out)
            out.append(closing)

        return write


def declaration(node: Node) -> str:
    """The namespace a shape is declared in, ready for its tag."""
    namespace = node.namespace
    if namespace is None:
        return ""
    prefix = f":{namespace.prefix}" if namespace.prefix else ""
    return f' xmlns{prefix}="{escape(namespace.uri)}"'


def scalar(tag: str, node: Node) -> Writer:
    """An element that holds text."""
    opening, closing = f"<{tag}{declaration(node)}>", f"</{tag}>"
    if node.type == "string":
        return lambda value, out: out.append(
            f"{opening}{SPECIAL.sub(entity, value) if SPECIAL.search(value) else value}{closing}"
        )
    text = text_writer(node)
    return lambda value, out: out.append(f"{opening}{text(value)}{closing}")
