"""audit: parameters and answers as the record keeps them: without secrets, in JSON's types, named as CloudTrail does.

What is secret is known to `wire`: members that the service model calls sensitive, and those that the models forget. The
forgotten ones are hidden by their names alone too, for values that no model describes.

Source: botocore service models (trait `sensitive`); CloudTrail User Guide, "CloudTrail record contents".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ostiary.wire.models import HIDDEN, SECRET_MEMBERS
from ostiary.wire.models import redacted as without_secrets
from ostiary.wire.shapes import Node

_MAX_TEXT: Final = 20_000
_PRIVATE_KEY: Final = "PRIVATE KEY-----"
"""How a private key in PEM begins: nobody's business, also where a certificate was asked for."""
_SECRET: Final = frozenset(name.lower() for name in SECRET_MEMBERS)


def redacted(value: Any, node: Node | None = None) -> Any:
    """A copy fit for the record.

    Args:
        value: parameters or an answer, as the service model names their members.
        node: their shape in the model; None when there is none.
    """
    return _plain(without_secrets(node, value))


def _plain(value: Any) -> Any:
    """In JSON's types. Texts that are too long for a record are cut."""
    if isinstance(value, Mapping):
        return {_camel(str(key)): _member(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, str):
        if _PRIVATE_KEY in value:
            return HIDDEN
        return value if len(value) <= _MAX_TEXT else value[:_MAX_TEXT] + "…"
    return value if value is None or isinstance(value, bool | int | float) else f"({type(value).__name__})"


def _member(name: str, value: Any) -> Any:
    return HIDDEN if value is not None and name.lower().replace("_", "") in _SECRET else _plain(value)


def _camel(name: str) -> str:
    """CloudTrail's spelling: `UserName` is `userName`."""
    return name[:1].lower() + name[1:]
