"""policy: numbers, moments, booleans, bytes and addresses in condition values.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators"; W3C note "Date and Time Formats". Reading is
strict: a text that is not wholly of the type is None, which matches nothing.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})")
_DATE: Final = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,20}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)
_EPOCH: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_RANGE: Final = re.compile(r"([0-9A-Fa-f:.]{2,45})(?:/([0-9]{1,3}))?")
_LONGEST: Final = 64
"""No date and no address is longer; nothing longer is remembered."""
_LONGEST_NUMBER: Final = 1024
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

Address = tuple[int, int]
"""The family (4 or 6) and the address as a number."""

Network = tuple[int, int, int]
"""The family, how many bits are not compared, and the compared bits as a number."""


def read_number(text: str) -> Decimal | int | None:
    """An integer or decimal, exactly."""
    if len(text) <= 18 and text.isascii() and text.isdigit():
        return int(text)
    return _decimal(text) if len(text) <= _LONGEST_NUMBER else None


@lru_cache(maxsize=1024)
def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def read_moment(text: str) -> Fraction | int | None:
    """Seconds since 1970 in UTC, exactly, of an ISO 8601 date (W3C profile) or of epoch seconds.

    Four digits are a year.
    """
    return _moment(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> Fraction | int | None:
    exact = _fraction(text)
    return int(exact) if exact is not None and exact.denominator == 1 else exact


def _fraction(text: str) -> Fraction | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return Fraction(text) if _EPOCH.fullmatch(text) else None
    whole = [int(found[name] or least) for name, least in _DATE_FIELDS]
    try:
        moment = datetime(whole[0], whole[1], whole[2], whole[3], whole[4], whole[5], tzinfo=UTC) - _BEGINNING
    except ValueError:
        return None
    seconds = moment.days * 86_400 + moment.seconds + Fraction(f"0.{found['fraction'] or 0}")
    zone = found["zone"]
    if zone is None or zone == "Z":
        return seconds
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        return None
    offset = hours * 3600 + minutes * 60
    return seconds - offset if zone[0] == "+" else seconds + offset


_DATE_FIELDS: Final = (("year", 1), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))


def read_boolean(text: str) -> bool | None:
    """`true` or `false`, in any letter case."""
    return _BOOLEANS.get(text.lower())


_BOOLEANS: Final = {"true": True, "false": False}


def read_bytes(text: str) -> bytes | None:
    """Base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def read_address(text: str) -> Address | None:
    """An IPv4 or IPv6 address."""
    return _address(text) if len(text) <= _LONGEST else None


_OCTETS: Final = {str(number): number for number in range(256)}


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    octets = [_OCTETS.get(part, -1) for part in text.split(".", 4)]
    if len(octets) == 4 and min(octets) >= 0:
        return 4, octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if "%" in text else (found.version, int(found))


def read_network(text: str) -> Network | None:
    """A range in CIDR notation, or a single address; host bits are ignored."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    address = read_address(found[1])
    if address is None:
        return None
    family, number = address
    bits = 32 if family == 4 else 128
    length = bits if found[2] is None else int(found[2])
    return (family, bits - length, number >> (bits - length)) if length <= bits else None


def within(address: Address, network: Network) -> bool:
    """Whether an address lies in a range."""
    return address[0] == network[0] and address[1] >> network[1] == network[2]
