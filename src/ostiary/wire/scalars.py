"""Wire: numbers, booleans, timestamps and blobs, as text.

Source: Smithy, "timestampFormat trait"; STS API reference, "Common parameters" (R116 of AWS's recorded behaviour:
numbers are signed 32-bit, `+900` and `0900` are 900, everything else is MalformedInput).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from typing import Final

from ostiary.wire.faults import Malformed
from ostiary.wire.shapes import Node

INTEGER: Final = re.compile(r"[+-]?[0-9]{1,40}")
DECIMAL: Final = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?")
ISO8601: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
RFC822: Final = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?"
    r" (?:GMT|UTC|[+-]0000)"
)
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BITS: Final = {"integer": 32, "long": 64, "bigInteger": 256, "short": 16, "byte": 8}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOT_FINITE: Final = {"NaN", "Infinity", "-Infinity"}


def read_integer(text: str, bits: int = 32) -> int:
    """A signed integer of so many bits; a sign and leading zeros are fine, white space is not."""
    if not INTEGER.fullmatch(text):
        raise Malformed("it is not an integer")
    number = int(text)
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise Malformed(f"it is not a {bits}-bit integer")
    return number


def read_double(text: str) -> float:
    """A decimal number."""
    if text in NOT_FINITE:
        return float(text)
    if not DECIMAL.fullmatch(text):
        raise Malformed("it is not a number")
    return float(text)


def read_boolean(text: str) -> bool:
    """`true` or `false`, in any case."""
    known = BOOLEANS.get(text)
    if known is None and (known := BOOLEANS.get(text.lower())) is None:
        raise Malformed("it is neither true nor false")
    return known


BOOLEANS: Final = {"true": True, "false": False}


def read_blob(text: str) -> bytes:
    """Base64, with or without line breaks."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("it is not base64") from None


def read_iso8601(text: str) -> datetime:
    """`2015-02-06T18:40:59Z`, with fractions or an offset, or a date alone; UTC unless it says otherwise."""
    found = ISO8601.fullmatch(text)
    if found is None:
        raise Malformed("it is not a timestamp in ISO 8601 format")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micros, offset(zone)
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed("it is not a timestamp in ISO 8601 format") from None


def offset(zone: str | None) -> timezone:
    """`Z`, `+01:00` or nothing."""
    if zone in (None, "Z"):
        return UTC
    assert zone is not None
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def read_rfc822(text: str) -> datetime:
    """`Fri, 06 Feb 2015 18:40:59 GMT`."""
    found = RFC822.fullmatch(text)
    if found is None or found[2] not in MONTHS:
        raise Malformed("it is not a timestamp in RFC 822 format")
    hour, minute, second = map(int, found.group(4, 5, 6))
    try:
        return datetime(int(found[3]), MONTHS.index(found[2]) + 1, int(found[1]), hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise Malformed("it is not a timestamp in RFC 822 format") from None


def from_epoch(seconds: float | Decimal) -> datetime:
    """Seconds since 1970, to the microsecond."""
    try:
        return EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
    except (OverflowError, ValueError):
        raise Malformed("it is not a timestamp") from None


def read_epoch(text: str) -> datetime:
    """Seconds since 1970 as text."""
    if not DECIMAL.fullmatch(text):
        raise Malformed("it is not a timestamp in seconds")
    return from_epoch(float(text))


TIMESTAMPS: Final[dict[str, Callable[[str], datetime]]] = {
    "iso8601": read_iso8601,
    "rfc822": read_rfc822,
    "unixTimestamp": read_epoch,
}


def read_identity(text: str) -> str:
    return text


def text_reader(node: Node, timestamps: str = "iso8601") -> Callable[[str], object]:
    """How text becomes a value of this scalar shape; `timestamps` is the place's own format."""
    kind = node.type
    if kind in BITS:
        bits = BITS[kind]
        return read_integer if bits == 32 else lambda text: read_integer(text, bits)
    if kind == "timestamp":
        return TIMESTAMPS[node.timestamp_format or timestamps]
    table: dict[str, Callable[[str], object]] = {
        "boolean": read_boolean,
        "blob": read_blob,
        "float": read_double,
        "double": read_double,
        "bigDecimal": read_double,
    }
    return table.get(kind, read_identity)


def write_iso8601(moment: datetime) -> str:
    """`2015-02-06T18:40:59Z`; with milliseconds when there are any."""
    if moment.tzinfo is UTC and not moment.microsecond:
        return moment.isoformat()[:-6] + "Z"  # without its +00:00
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    if plain.microsecond < 1000:
        return plain.isoformat(timespec="seconds") + "Z"
    return plain.isoformat(timespec="milliseconds") + "Z"


def write_rfc822(moment: datetime) -> str:
    """`Fri, 06 Feb 2015 18:40:59 GMT`."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def to_epoch(moment: datetime) -> int | float:
    """Seconds since 1970; with milliseconds when there are any."""
    delta = moment - EPOCH
    seconds = delta.days * 86_400 + delta.seconds
    return seconds + delta.microseconds // 1000 / 1000 if delta.microseconds >= 1000 else seconds


def write_epoch(moment: datetime) -> str:
    return str(to_epoch(moment))


def write_boolean(value: bool) -> str:
    return "true" if value else "false"


def write_blob(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def write_double(value: float) -> str:
    """A number; without a fraction when it has none."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


WRITE_TIMESTAMPS: Final[dict[str, Callable[[datetime], str]]] = {
    "iso8601": write_iso8601,
    "rfc822": write_rfc822,
    "unixTimestamp": write_epoch,
}


def text_writer(node: Node, timestamps: str = "iso8601") -> Callable[..., str]:
    """How a value of this scalar shape becomes text."""
    kind = node.type
    if kind == "timestamp":
        return WRITE_TIMESTAMPS[node.timestamp_format or timestamps]
    table: dict[str, Callable[..., str]] = {
        "boolean": write_boolean,
        "blob": write_blob,
        "float": write_double,
        "double": write_double,
    }
    return table.get(kind, str)
