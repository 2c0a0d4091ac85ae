"""saml: XML of strangers, read with care.

No document type, no entities, no processing instructions; UTF-8 only; nothing is fetched; depth and size are bounded.
Comments are dropped: they are never part of what is signed, so the text around them is one text.

Source: OWASP, "XML External Entity Prevention", "SAML Security"; W3C XML Signature Best Practices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from lxml import etree

SAMLP: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
MD: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
XENC: Final = "{http://www.w3.org/2001/04/xmlenc#}"
XENC11: Final = "{http://www.w3.org/2009/xmlenc11#}"

_ID_ATTRIBUTES: Final = frozenset({"ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "AssertionID"})
_MOST_ATTRIBUTES: Final = 100
"""Of one element: the time in which they are canonicalised grows with their square."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,12})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


class BadXml(ValueError):
    """It is not XML, or not of the kind that is taken."""


Element = etree._Element


def parse(data: bytes, *, most_elements: int) -> Element:
    """The root element.

    Args:
        data: UTF-8, as it came; its length is bounded by whoever hands it in.
        most_elements: how many elements are taken.

    Raises:
        BadXml: see there.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadXml("it is not UTF-8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # before the parser sees it
        raise BadXml("it has a document type")
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever its declaration says
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        recover=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadXml("it is not well-formed") from None
    _refuse_surprises(root, most_elements)
    return root


def _refuse_surprises(root: Element, most_elements: int) -> None:
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise BadXml("it has a document type")
    beside = [*root.itersiblings(), *root.itersiblings(preceding=True)]
    for count, node in enumerate([*beside, *root.iter()]):
        if not isinstance(node.tag, str):
            raise BadXml("it has a processing instruction or an entity")
        if count >= most_elements:
            raise BadXml("it has too many elements")
        if len(node.attrib) > _MOST_ATTRIBUTES:
            raise BadXml("an element has too many attributes")


def elements(parent: Element, tag: str) -> list[Element]:
    """The children of this name."""
    return [child for child in parent if child.tag == tag]


def only(parent: Element, tag: str) -> Element | None:
    """The one child of this name, or None when there is none.

    Raises:
        BadXml: there are several.
    """
    found = elements(parent, tag)
    if len(found) > 1:
        raise BadXml(f"there is more than one {etree.QName(tag).localname}")
    return found[0] if found else None


def text_of(element: Element) -> str:
    """The whole text of an element that holds nothing but text, white space around it dropped.

    Raises:
        BadXml: it holds elements.
    """
    if len(element):
        raise BadXml(f"{etree.QName(element).localname} holds more than text")
    return (element.text or "").strip()


def attribute(element: Element, name: str) -> str | None:
    """An attribute without a namespace."""
    found = element.get(name)
    return None if found is None else str(found)


def ids(root: Element) -> Iterator[str]:
    """Everything in a document that could be meant by a reference."""
    for element in root.iter():
        for name, value in element.attrib.items():
            if name in _ID_ATTRIBUTES:
                yield str(value)


def namespaces(element: Element) -> Mapping[str | None, str]:
    """The prefixes in scope."""
    return element.nsmap


def moment(text: str) -> float:
    """An xs:dateTime as seconds since 1970; without a zone it is UTC, as SAML says.

    Raises:
        BadXml: it is none.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise BadXml("a time can't be read")
    try:
        at = datetime.fromisoformat(found[1] + (found[2] or "Z"))
        return at.astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        raise BadXml("a time can't be read") from None
