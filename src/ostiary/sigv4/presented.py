"""Room `sigv4`: what a request presents as its proof, read strictly and not yet believed.

Source: IAM User Guide, "AWS Signature Version 4 for API requests"; Amazon S3 API Reference, "Authenticating Requests:
Using the Authorization Header" and "… Using Query Parameters".
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import lru_cache, partial
from typing import Final, NoReturn

import msgspec

from ostiary.sigv4.canonical import ALGORITHM, TERMINATOR, TIME_FORMAT, Headers, decoded, query_pairs, wire
from ostiary.sigv4.faults import Reason, SignatureFault

MAX_EXPIRES: Final = 604_800
"""A week, in seconds: the longest that a presigned URL may live."""

UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"

_DIGITS: Final = re.compile(r"[0-9]+").fullmatch
_BASIC: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z").fullmatch
_NAMES: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+(;[a-z0-9!#$%&'*+.^_`|~-]+)*").fullmatch
_USUAL: Final = re.compile(
    rf"{ALGORITHM} Credential=([^/,=\s]+)/([0-9]{{8}})/([^/,=\s]+)/([^/,=\s]+)/{TERMINATOR}, ?"
    r"SignedHeaders=([a-z0-9-]+(?:;[a-z0-9-]+)*), ?"
).fullmatch
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_WANTED: Final = {
    name: f"Authorization header requires '{name}' parameter." for name in ("Credential", "Signature", "SignedHeaders")
}
_LONGEST_REMEMBERED: Final = 2048
"""Characters of an Authorization header: who knows no key can't fill the memory."""
_MUST_INCLUDE: Final = "AWS query-string parameters must include '{}'."
_REQUIRED: Final = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
_PARAMETERS: Final = frozenset({*_REQUIRED, "X-Amz-Expires", "X-Amz-Security-Token", "X-Amz-Content-Sha256"})
_SIGNATURE_2: Final = frozenset({"AWSAccessKeyId", "Signature"})


class Style(Enum):
    """Where the proof stands in the request."""

    HEADER = "header"
    QUERY = "query"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Scope:
    """The credential scope: the day (YYYYMMDD), region and service that the signature is good for."""

    date: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """A well-formed claim: who signed, what, when. `verify` says whether it is true."""

    style: Style
    akid: str
    scope: Scope
    signed_headers: tuple[str, ...]
    signature: str
    time: datetime
    timestamp: str  # `time` as it stands in the string to sign
    expires: int | None  # seconds; presigned only
    session_token: str | None
    content_sha256: str | None  # the payload declaration, as sent; for S3 see `declaration`

    def __repr__(self) -> str:
        return f"<Presented {self.akid} {self.scope} {self.timestamp}>"


def present(method: str, raw_path: str, raw_query: str, headers: Headers) -> Presented | None:
    """Find the proof that a request carries; None when it is anonymous.

    All text is as received, latin-1 decoded and nothing percent-decoded; header names are lower-case.

    Raises:
        SignatureFault: something is presented that isn't a well-formed SigV4 signature.
    """
    once = dict(headers)
    if len(once) == len(headers):
        only: _Only = partial(_known, once)
        authorizations = [once["authorization"]] if "authorization" in once else []
    else:
        only = partial(_only, headers)
        authorizations = [value for name, value in headers if name == "authorization"]
    if authorizations and not raw_query:
        return _from_header(authorizations[0], only) if len(authorizations) == 1 else _two()
    parameters = _parameters(raw_query)
    in_query = any(name in parameters for name in _REQUIRED)
    old_query = parameters.keys() >= _SIGNATURE_2
    if len(authorizations) + in_query + old_query > 1:
        _two()
    if authorizations:
        return _from_header(authorizations[0], only)
    if old_query:
        raise SignatureFault(Reason.SIGNATURE_VERSION_2)
    return _from_query(parameters, only) if in_query else None


def _two() -> NoReturn:
    raise SignatureFault(Reason.TWO_MECHANISMS)


def _parameters(raw_query: str) -> dict[str, str]:
    """The authentication parameters of a query; the same one twice with different values is refused."""
    found: dict[str, str] = {}
    if not raw_query or ("X-Amz-" not in raw_query and "Signature" not in raw_query):
        return found
    for name, value in query_pairs(raw_query):
        if name in _PARAMETERS or name in _SIGNATURE_2:
            meant = decoded(value).decode("latin-1")
            if found.setdefault(name, meant) != meant:
                raise SignatureFault(Reason.TWO_MECHANISMS)
    return found


@lru_cache(maxsize=1024)
def _usual(head: str) -> tuple[str, Scope, tuple[str, ...]] | None:
    """What an Authorization header says before its signature, when it is written as every SDK writes it."""
    found = _USUAL(head)
    return found and (found[1], Scope(found[2], found[3], found[4]), _signed_headers(found[5]))


def _from_header(authorization: str, only: _Only) -> Presented:
    """Most headers differ from the last of their key in the signature alone; what stands before it is remembered."""
    head, _, signature = authorization.rpartition("Signature=")
    usual = _usual(head) if len(head) <= _LONGEST_REMEMBERED else None
    if usual is None or not _SIGNATURE(signature):
        return _from_other_header(authorization, only)
    akid, scope, signed = usual
    time, timestamp = _header_time(authorization, only)
    if scope.date != timestamp[:8]:
        return _from_other_header(authorization, only)
    return _presented(akid, scope, signed, signature, time, timestamp, only)


def _from_other_header(authorization: str, only: _Only) -> Presented:
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme != ALGORITHM:
        _refuse_scheme(scheme, authorization)
    components = _components(rest, authorization)
    signed = _signed_headers(components.get("SignedHeaders", ""))
    given = {name for name in _WANTED if components.get(name)} - (set() if signed else {"SignedHeaders"})
    missing = [words for name, words in _WANTED.items() if name not in given]
    if missing:
        raise SignatureFault(Reason.HEADER_COMPONENTS, missing=" ".join(missing), hashed=_hashed(authorization))
    time, timestamp = _header_time(authorization, only)
    akid, scope = _credential(components["Credential"], timestamp, Style.HEADER)
    return _presented(akid, scope, signed, components["Signature"], time, timestamp, only)


def _presented(
    akid: str,
    scope: Scope,
    signed: tuple[str, ...],
    signature: str,
    time: datetime,
    timestamp: str,
    only: _Only,
) -> Presented:
    return Presented(
        style=Style.HEADER,
        akid=akid,
        scope=scope,
        signed_headers=signed,
        signature=signature,
        time=time,
        timestamp=timestamp,
        expires=None,
        session_token=only("x-amz-security-token"),
        content_sha256=only("x-amz-content-sha256"),
    )


def _from_query(parameters: Mapping[str, str], only: _Only) -> Presented:
    algorithm = parameters.get("X-Amz-Algorithm", "")
    if algorithm and algorithm != ALGORITHM:
        raise SignatureFault(Reason.UNSUPPORTED_ALGORITHM, got=algorithm)
    signed = _signed_headers(parameters.get("X-Amz-SignedHeaders", ""))
    given = {name for name in _REQUIRED if parameters.get(name)} - (set() if signed else {"X-Amz-SignedHeaders"})
    missing = [_MUST_INCLUDE.format(name) for name in _REQUIRED if name not in given]
    if missing:
        raise SignatureFault(Reason.QUERY_PARAMETERS, missing=" ".join(missing))
    timestamp = parameters["X-Amz-Date"]
    time = read_basic_time(timestamp)
    if time is None:
        raise SignatureFault(Reason.QUERY_DATE, got=timestamp)
    akid, scope = _credential(parameters["X-Amz-Credential"], timestamp, Style.QUERY)
    return Presented(
        style=Style.QUERY,
        akid=akid,
        scope=scope,
        signed_headers=signed,
        signature=parameters["X-Amz-Signature"],
        time=time,
        timestamp=timestamp,
        expires=_expires(parameters.get("X-Amz-Expires"), scope.service),
        session_token=parameters.get("X-Amz-Security-Token"),
        content_sha256=parameters.get("X-Amz-Content-Sha256") or only("x-amz-content-sha256"),
    )


def _refuse_scheme(scheme: str, authorization: str) -> NoReturn:
    if scheme == "AWS":
        raise SignatureFault(Reason.SIGNATURE_VERSION_2)
    if scheme.startswith("AWS"):
        raise SignatureFault(Reason.UNSUPPORTED_ALGORITHM, got=scheme)
    raise SignatureFault(Reason.UNSUPPORTED_SCHEME, hashed=_hashed(authorization))


def _components(rest: str, authorization: str) -> dict[str, str]:
    """`Credential=…, SignedHeaders=…, Signature=…`; commas or spaces between, as AWS reads it."""
    found: dict[str, str] = {}
    for piece in rest.replace(",", " ").split():
        name, equals, value = piece.partition("=")
        if not equals:
            raise SignatureFault(Reason.HEADER_PAIR, hashed=_hashed(authorization))
        if found.setdefault(name, value) != value:
            raise SignatureFault(Reason.TWO_MECHANISMS)
    return found


def _credential(credential: str, timestamp: str, style: Style) -> tuple[str, Scope]:
    header = style is Style.HEADER
    parts = credential.split("/")
    if len(parts) != 5 or not parts[0] or not parts[3]:
        raise SignatureFault(Reason.HEADER_CREDENTIAL if header else Reason.QUERY_CREDENTIAL, got=credential)
    akid, date, region, service, terminator = parts
    if terminator != TERMINATOR:
        reason = Reason.HEADER_SCOPE_TERMINATOR if header else Reason.QUERY_SCOPE_TERMINATOR
        raise SignatureFault(reason, got=terminator)
    if not region:
        raise SignatureFault(Reason.HEADER_SCOPE_REGION if header else Reason.QUERY_SCOPE_REGION)
    if date != timestamp[:8]:
        reason = Reason.HEADER_SCOPE_DATE if header else Reason.QUERY_SCOPE_DATE
        raise SignatureFault(reason, got=date, day=timestamp[:8], time=timestamp)
    return akid, Scope(date, region, service)


def _signed_headers(text: str) -> tuple[str, ...]:
    """The names in the canonical order; none when the list isn't names (of any case) between semicolons."""
    names = text.lower()
    return tuple(sorted(set(names.split(";")))) if _NAMES(names) else ()


def _header_time(authorization: str, only: _Only) -> tuple[datetime, str]:
    text = only("x-amz-date") or only("date")
    if not text:
        raise SignatureFault(Reason.DATE_MISSING, hashed=_hashed(authorization))
    time = read_basic_time(text) or _http_time(text)
    if time is None:
        raise SignatureFault(Reason.HEADER_DATE, got=text)
    return time, text if len(text) == 16 and _BASIC(text) else time.strftime(TIME_FORMAT)


def read_basic_time(text: str) -> datetime | None:
    """Read `20150830T123600Z` (by hand: `strptime` would cost more than the signature)."""
    return _read_basic_time(text) if len(text) == 16 else None


@lru_cache(maxsize=1024)
def _read_basic_time(text: str) -> datetime | None:
    found = _BASIC(text)
    if not found:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _http_time(text: str) -> datetime | None:
    """Read `Sun, 30 Aug 2015 12:36:00 GMT`."""
    try:
        time = parsedate_to_datetime(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _expires(text: str | None, service: str) -> int | None:
    """The life of a presigned URL in seconds; S3 wants it said, elsewhere None means the usual 15 minutes."""
    if text is None:
        if service == "s3":
            raise SignatureFault(Reason.QUERY_PARAMETERS, missing=_MUST_INCLUDE.format("X-Amz-Expires"))
        return None
    digits = text.removeprefix("-")
    if not _DIGITS(digits) or len(digits) > 18:
        raise SignatureFault(Reason.EXPIRES_NOT_A_NUMBER)
    expires = int(text)
    if expires < 1:
        raise SignatureFault(Reason.EXPIRES_NEGATIVE)
    if expires > MAX_EXPIRES:
        raise SignatureFault(Reason.EXPIRES_TOO_LONG)
    return expires


_Only = Callable[[str], str | None]
"""Gives the value of a header that may stand in a request once."""


def _known(headers: Mapping[str, str], name: str) -> str | None:
    value = headers.get(name)
    return None if value is None else value.strip()


def _only(headers: Headers, name: str) -> str | None:
    """The value of a header that may stand in a request once."""
    only: str | None = None
    for found, value in headers:
        if found == name:
            value = value.strip()
            if only is not None and only != value:
                raise SignatureFault(Reason.TWO_MECHANISMS)
            only = value
    return only


def _hashed(authorization: str) -> str:
    """AWS repeats a bad Authorization header only hashed, since it may be somebody's password."""
    return base64.b64encode(hashlib.sha256(wire(authorization)).digest()).decode()
