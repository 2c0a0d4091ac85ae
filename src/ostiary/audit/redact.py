"""Parameters and answers without their secrets.

A member is hidden when the service model calls it sensitive, or when its name is one of those that the models forget.

Source: botocore service models (trait `sensitive`); CloudTrail User Guide, "CloudTrail record contents".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"
_MAX_TEXT: Final = 20_000
_SECRET_NAMES: Final = frozenset(
    {
        "secretaccesskey",
        "sessiontoken",
        "password",
        "newpassword",
        "oldpassword",
        "tokencode",
        "authenticationcode1",
        "authenticationcode2",
        "base32stringseed",
        "qrcodepng",
        "privatekey",
        "samlassertion",
        "webidentitytoken",
        "servicepassword",
        "servicecredentialsecret",
        "userdata",
        "ssecustomerkey",
        "copysourcessecustomerkey",
    }
)


def redacted(value: Any, shape: Any = None) -> Any:
    """A copy fit for the record: secrets hidden, names as CloudTrail writes them, only JSON's types."""
    if isinstance(value, Mapping):
        members = getattr(shape, "members", None) or {}
        inner = getattr(shape, "value", None)
        return {_camel(str(key)): _member(str(key), each, members.get(key, inner)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(each, getattr(shape, "member", None)) for each in value]
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        return value[:_MAX_TEXT] + "…"
    return value


def _member(name: str, value: Any, shape: Any) -> Any:
    sensitive = shape is not None and shape.metadata.get("sensitive")
    if sensitive or name.lower().replace("_", "") in _SECRET_NAMES:
        return HIDDEN
    return redacted(value, shape)


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
