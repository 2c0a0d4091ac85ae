"""Wire: reading REST requests: path, query string, headers, body (rest-json and rest-xml).

Source: Smithy, "HTTP bindings", "AWS restJson1 protocol", "AWS restXml protocol".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ostiary.wire import read_json
from ostiary.wire.faults import Malformed, MalformedHeader
from ostiary.wire.read_xml import MalformedXml, XmlReaders, parse_xml
from ostiary.wire.scalars import read_blob, text_reader
from ostiary.wire.shapes import Node

Query = Mapping[str, list[str]]
Headers = Mapping[str, str]
Getter = Callable[[Mapping[str, str], Query, Headers], Any]
BodyReader = Callable[[bytes], dict[str, Any]]

HEADER_ITEM: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",]*))\s*(?:,|$)')
# An HTTP date holds a comma of its own.
HEADER_DATES: Final = re.compile(r"\s*([^,]+,[^,]+)(?:,|$)")


def header_items(text: str, pattern: re.Pattern[str] = HEADER_ITEM) -> list[str]:
    """The items of a header that is a list; quotes protect commas."""
    found, at = [], 0
    while at < len(text):
        item = pattern.match(text, at)
        if item is None or item.end() == at:
            raise Malformed("it is not a list")
        quoted, plain = (item.group(1), item.groups()[-1])
        found.append(
            re.sub(r"\\(.)", r"\1", quoted) if quoted is not None and pattern is HEADER_ITEM else plain.strip()
        )
        at = item.end()
    return found


def from_path(name: str, node: Node) -> Getter:
    """A label of the path."""
    wire, convert = node.wire_name or name, text_reader(node)
    return lambda path, query, headers: convert(path[wire]) if wire in path else None


def from_query(name: str, node: Node) -> Getter:
    """A parameter of the URL; a map takes all of them."""
    wire = node.wire_name or name
    if node.type == "map":
        many = node.value.type == "list"
        return lambda path, query, headers: {k: list(v) if many else v[0] for k, v in query.items()} or None
    if node.type == "list":
        element = text_reader(node.element)
        return lambda path, query, headers: [element(v) for v in query[wire]] if wire in query else None
    convert = text_reader(node)
    return lambda path, query, headers: convert(query[wire][0]) if wire in query else None


def from_header(name: str, node: Node) -> Getter:
    """A header."""
    wire = (node.wire_name or name).lower()
    if node.ref.jsonvalue:
        return lambda path, query, headers: read_json.decode(read_blob(headers[wire])) if wire in headers else None
    if node.type == "list":
        element = text_reader(node.element, "rfc822")
        dates = node.element.type == "timestamp" and (node.element.timestamp_format or "rfc822") == "rfc822"
        pattern = HEADER_DATES if dates else HEADER_ITEM
        return lambda path, query, headers: (
            [element(item) for item in header_items(headers[wire], pattern)] if wire in headers else None
        )
    convert = text_reader(node, "rfc822")
    return lambda path, query, headers: convert(headers[wire]) if wire in headers else None


def from_headers(name: str, node: Node) -> Getter:
    """All headers of a prefix, as a map."""
    prefix = (node.wire_name or "").lower()
    start = len(prefix)
    return lambda path, query, headers: {k[start:]: v for k, v in headers.items() if k.startswith(prefix)} or None


GETTERS: Final[dict[str, Callable[[str, Node], Getter]]] = {
    "uri": from_path,
    "querystring": from_query,
    "header": from_header,
    "headers": from_headers,
}


def xml_body(readers: XmlReaders, node: Node, root_names: frozenset[str]) -> Callable[[bytes], Any]:
    """A reader of a document whose root must have one of these names."""
    reader = readers.reader(node)

    def read(body: bytes) -> Any:
        root = parse_xml(body)
        if root.name not in root_names:
            raise MalformedXml("the document's element has another name")
        return reader(root)

    return read


def json_body(readers: read_json.JsonReaders, node: Node) -> Callable[[bytes], Any]:
    """A reader of a JSON document."""
    reader = readers.reader(node)
    return lambda body: reader(read_json.decode(body))


def text_body(body: bytes) -> str:
    """A payload that is text."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None


def payload_reader(name: str, node: Node, document: Callable[[Node], Callable[[bytes], Any]]) -> BodyReader | None:
    """The reader of a body that is one member; None when the door streams it."""
    if node.streaming:
        return None
    if node.type == "blob":
        return lambda body: {name: body} if body else {}
    if node.type == "string":
        return lambda body: {name: text_body(body)} if body else {}
    read = document(node)

    def payload(body: bytes) -> dict[str, Any]:
        try:
            return {name: read(body)} if body.strip() else {}
        except Malformed as error:
            raise error.inside(name) from None

    return payload


class RestReader:
    """Reads the requests of one operation."""

    def __init__(self, node: Node, readers: XmlReaders | read_json.JsonReaders, *, lenient_dates: bool) -> None:
        self._getters = [
            (name, GETTERS[inner.ref.location](name, inner), lenient_dates and is_http_date(inner))
            for name, inner in node.members()
            if inner.ref.location in GETTERS
        ]
        self._body = body_reader(node, readers)

    def __call__(self, path: Mapping[str, str], query: Query, headers: Headers, body: bytes) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, get, lenient in self._getters:
            try:
                if (value := get(path, query, headers)) is not None:
                    out[name] = value
            except Malformed as error:
                if not lenient:
                    raise MalformedHeader(error.reason, name) from None
        if self._body is not None:
            out.update(self._body(body))
        return out


def is_http_date(node: Node) -> bool:
    """A header such as If-Modified-Since: RFC 9110 says to ignore one that can't be read."""
    plain = node.ref.location == "header" and node.type == "timestamp"
    return plain and (node.timestamp_format or "rfc822") == "rfc822"


def body_reader(node: Node, readers: XmlReaders | read_json.JsonReaders) -> BodyReader | None:
    """The reader of the body of an operation's requests; None: there is nothing in it for us."""
    payload = node.shape.payload
    if payload is not None:
        inner = dict(node.members())[payload]

        def document(of: Node) -> Callable[[bytes], Any]:
            if isinstance(readers, XmlReaders):
                return xml_body(readers, of, frozenset({of.wire_name or of.name, of.name}))
            return json_body(readers, of)

        return payload_reader(payload, inner, document)
    if all(inner.ref.location is not None for _, inner in node.members()):
        return None
    if isinstance(readers, read_json.JsonReaders):
        return json_body(readers, node)
    read = xml_body(readers, node, frozenset({node.wire_name or node.name, node.name}))
    return lambda body: read(body) if body.strip() else {}
