"""audit: parameters and answers as the record keeps them: without secrets, in JSON's types, named as CloudTrail does.

What is secret is known to `wire`: members that the service model calls sensitive, and those that the models forget. The
forgotten ones are hidden by their names alone too, for values that no model describes.

Source: botocore service models (trait `sensitive`); CloudTrail User Guide, "CloudTrail record contents".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ostiary.wire.models import HIDDEN, SECRET_MEMBERS, is_sensitive
from ostiary.wire.shapes import Node

_MAX_TEXT: Final = 20_000
_PRIVATE_KEY: Final = "PRIVATE KEY-----"
"""How a private key in PEM begins: nobody's business, also where a certificate was asked for."""
_SECRET: Final = frozenset(name.lower() for name in SECRET_MEMBERS)

Copy = Callable[[Any], Any]
"""From a value, which is not None, to what the record has of it."""


def redacted(value: Any, node: Node | None = None) -> Any:
    """A copy fit for the record.

    Args:
        value: parameters or an answer, as the service model names their members.
        node: their shape in the model; None when there is none.
    """
    if value is None:
        return None
    return _plain(value) if node is None else _copy_of(node)(value)


_copies: Final[dict[int, tuple[Node, Copy]]] = {}
"""By the shape's identity. INVARIANT: each is held as long as its id is the key, so that no other has this id."""


def _copy_of(node: Node) -> Copy:
    known = _copies.get(id(node))
    if known is None:
        known = _copies[id(node)] = (node, _copying(node, None))
    return known[1]


def _copying(node: Node, member: str | None) -> Copy:
    """What copies values of a shape, for the member of this name."""
    if is_sensitive(node, member) or (member is not None and _is_secret(member)):
        return _hidden
    kind = node.type
    if kind == "structure":
        return _Structure(node).copy
    if kind == "list":
        return _list(_copying(node.element, member))
    if kind == "map":
        return _map(_copying(node.value, None))
    return _plain


class _Structure:
    """Copies the members that the model knows. They are looked up when there is a value: shapes may hold themselves."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._members: dict[str, tuple[str, Copy]] | None = None

    def copy(self, value: Any) -> Any:
        if not isinstance(value, dict) and not isinstance(value, Mapping):
            return _plain(value)
        members = self._members
        if members is None:
            members = {name: (_camel(name), _copying(inner, name)) for name, inner in self._node.members()}
            self._members = members
        found: dict[str, Any] = {}
        for name, each in value.items():
            known = members.get(name)
            if known is not None:
                found[known[0]] = None if each is None else known[1](each)
        return found


def _list(element: Copy) -> Copy:
    def copy(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [None if each is None else element(each) for each in value]
        return _plain(value)

    return copy


def _map(inner: Copy) -> Copy:
    def copy(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {_camel(str(name)): _member(str(name), each, inner) for name, each in value.items()}
        return _plain(value)

    return copy


def _hidden(_value: Any) -> Any:
    return HIDDEN


def _plain(value: Any) -> Any:
    """In JSON's types. Texts that are too long for a record are cut."""
    if isinstance(value, str):
        if _PRIVATE_KEY in value:
            return HIDDEN
        return value if len(value) <= _MAX_TEXT else value[:_MAX_TEXT] + "…"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return f"{value.isoformat()[:19]}Z"
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, Mapping):
        return {_camel(str(name)): _member(str(name), each, _plain) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return f"({type(value).__name__})"


def _member(name: str, value: Any, copy: Copy) -> Any:
    if value is None:
        return None
    return HIDDEN if _is_secret(name) else copy(value)


def _is_secret(name: str) -> bool:
    return name.lower().replace("_", "") in _SECRET


def _camel(name: str) -> str:
    """CloudTrail's spelling: `UserName` is `userName`."""
    return name[:1].lower() + name[1:]
