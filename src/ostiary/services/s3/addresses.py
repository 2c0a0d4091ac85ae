"""Service S3: which bucket and key a request is addressed to, in path style or by virtual host.

Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets", "General purpose bucket naming rules",
"Naming Amazon S3 objects".
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec


class S3Refusal(Exception):
    """A request that S3 refuses before it asks who sent it."""

    def __init__(self, code: str, status: int, message: str, **details: str) -> None:
        super().__init__(message)
        self.code, self.status, self.message, self.details = code, status, message, details


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The names under which this server is S3: `BUCKET.name` is a virtual host, `name` itself is path style.

    Names that are neither here nor AWS's own are path style.
    """

    names: tuple[str, ...] = ("localhost", "s3.localhost")


class Address(msgspec.Struct, frozen=True):
    """What a request is addressed to."""

    bucket: str | None
    key: str | None
    virtual_host: bool


_REGION: Final = r"[a-z]{2,3}(?:-[a-z]+)+-\d+"
_S3_HOST: Final = re.compile(
    rf"(?:(?P<bucket>.+)\.)?"
    rf"(?:s3(?:-fips)?(?:\.dualstack)?\.{_REGION}|s3-{_REGION}|s3-external-1|s3-accelerate(?:\.dualstack)?|s3)"
    rf"\.amazonaws\.com(?:\.cn)?"
)
_AWS_HOST: Final = re.compile(r"(?:.+\.)?(?:amazonaws\.com(?:\.cn)?|aws|api\.aws)")
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_NEW_BUCKET: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_RESERVED_STARTS: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9\-_.~]*").fullmatch
_UNRESERVED_PATH: Final = re.compile(r"[A-Za-z0-9\-_.~/]*").fullmatch
_LONGEST_HOST: Final = 255
LONGEST_KEY: Final = 1024


def read_address(host: str, raw_path: str, endpoints: Endpoints) -> Address:
    """Bucket and key by host and path. The key is decoded once and otherwise kept as it is.

    Raises `S3Refusal`: InvalidURI, InvalidBucketName, KeyTooLongError, NotImplemented (another kind of S3 endpoint).
    """
    if not raw_path.startswith("/"):
        raise _invalid_uri(raw_path)
    bucket = _host_bucket(host, endpoints) if len(host) <= _LONGEST_HOST else _host_bucket.__wrapped__(host, endpoints)
    if bucket is not None:
        key = decode(raw_path[1:])
        return Address(_checked(bucket), _checked_key(key) if key else None, virtual_host=True)
    first, _, rest = raw_path[1:].partition("/")
    if not first and not rest and raw_path == "/":
        return Address(None, None, virtual_host=False)
    key = decode(rest)
    return Address(_checked(decode(first)), _checked_key(key) if key else None, virtual_host=False)


def decode(text: str) -> str:
    """Percent-decode once, strictly. Raises `S3Refusal` InvalidURI for what is no UTF-8 or a broken escape."""
    if "%" not in text and text.isascii():
        return text
    if _BAD_PERCENT.search(text):
        raise _invalid_uri(text)
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        raise _invalid_uri(text) from None


def encode(text: str, keep: str = "") -> str:
    """AWS's UriEncode of text: the only way of writing it that every server signs alike."""
    if _UNRESERVED(text) or (keep == "/" and _UNRESERVED_PATH(text)):
        return text
    return quote_from_bytes(text.encode("utf-8"), safe="-_.~" + keep)


def creatable(bucket: str) -> bool:
    """Whether a new bucket may have this name."""
    if _NEW_BUCKET.fullmatch(bucket) is None or _is_ip(bucket):
        return False
    return not bucket.startswith(_RESERVED_STARTS) and not bucket.endswith(_RESERVED_ENDS)


@lru_cache(maxsize=1024)
def _host_bucket(host: str, endpoints: Endpoints) -> str | None:
    """The bucket that the host names; None for path style."""
    name = _without_port(host.lower())
    if _is_ip(name.strip("[]")) or name in endpoints.names:
        return None
    for base in sorted(endpoints.names, key=len, reverse=True):
        if name.endswith("." + base):
            return name.removesuffix("." + base)
    found = _S3_HOST.fullmatch(name)
    if found is not None:
        return found["bucket"]
    if _AWS_HOST.fullmatch(name):
        raise S3Refusal("NotImplemented", 501, f"the endpoint `{name}` is of a kind of S3 that is not served here")
    return None


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _checked(bucket: str) -> str:
    if _BUCKET.fullmatch(bucket) is None:
        raise S3Refusal("InvalidBucketName", 400, "The specified bucket is not valid.", BucketName=bucket)
    return bucket


def _checked_key(key: str) -> str:
    size = len(key.encode("utf-8"))
    if size > LONGEST_KEY:
        details = {"Size": str(size), "MaxSizeAllowed": str(LONGEST_KEY)}
        raise S3Refusal("KeyTooLongError", 400, "Your key is too long", **details)
    return key


def _invalid_uri(text: str) -> S3Refusal:
    return S3Refusal("InvalidURI", 400, "Couldn't parse the specified URI.", URI=text)
