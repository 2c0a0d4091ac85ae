"""Values of condition keys, in the standard library's types: R57 to R61. None: the text is no such value (R63)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def number(text: str) -> Decimal | None:
    """R57: integers and decimals, exact."""
    return Decimal(text) if re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", text) else None


W3C = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)


def instant(text: str) -> Fraction | None:
    """R58: seconds since 1970, exact, from the W3C's profile of ISO 8601 or from epoch seconds."""
    parts = W3C.fullmatch(text)
    if parts is None:
        return Fraction(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) else None
    year, month, day, hour, minute, second = (int(parts[n] or ("1" if n in (2, 3) else "0")) for n in range(1, 7))
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        offset = _offset(parts[8])
    except ValueError:
        return None
    whole = (local - EPOCH) // timedelta(seconds=1) - offset // timedelta(seconds=1)
    return whole + Fraction(int(parts[7] or "0"), 10 ** len(parts[7] or ""))


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if minutes > 59:
        raise ValueError(zone)
    ahead = timedelta(hours=hours, minutes=minutes)
    timezone(ahead)  # ValueError from 24 hours on
    return ahead if zone[0] == "+" else -ahead


def boolean(text: str) -> bool | None:
    """R59: letter case is ignored."""
    return {"true": True, "false": False}.get(text.lower())


def octets(text: str) -> bytes | None:
    """R60: base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def address(text: str) -> IPv4Address | IPv6Address | None:
    """R61: one address, without a zone."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def network(text: str) -> IPv4Network | IPv6Network | None:
    """R61: a range, or a single address for itself; host bits are ignored."""
    if not re.fullmatch(r"[^/%]*(/[0-9]+)?", text):
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
