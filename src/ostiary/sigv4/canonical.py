"""Room `sigv4`: the canonical request, the string to sign and the signing key.

Text that came over the wire (path, query, header values) is latin-1, as in WSGI and ASGI: one character is one byte.

Source: IAM User Guide, "Create a signed AWS API request"; Amazon S3 API Reference, "Signature calculations for the
Authorization header". Steps are numbered as in the first.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"
EMPTY_SHA256: Final = hashlib.sha256(b"").hexdigest()
TIME_FORMAT: Final = "%Y%m%dT%H%M%SZ"

Headers = Sequence[tuple[str, str]]
"""Lower-case names with their values, in the order received, repeats kept."""

_UNRESERVED: Final = "-_.~"
_LONGEST_REMEMBERED: Final = 256
_SPACES: Final = re.compile(r"[ \t\n\r\x0b\x0c]+")
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-_.~]*").fullmatch


def wire(text: str) -> bytes:
    """The bytes that `text` was on the wire (latin-1; text with characters beyond that is taken as UTF-8)."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def encode(raw: bytes, *, keep: str = "") -> str:
    """AWS's UriEncode: unreserved characters and those in `keep` stay, every other byte becomes `%XX`."""
    return quote_from_bytes(raw, safe=_UNRESERVED + keep)


def sha256_hex(data: bytes) -> str:
    """The hash of a body, as the last line of the canonical request wants it."""
    return hashlib.sha256(data).hexdigest()


def canonical_path(raw_path: str, *, s3: bool) -> str:
    """The path as AWS signs it: S3 verbatim; elsewhere `.`, `..` and empty segments resolved, encoded a second time."""
    if raw_path in ("", "/"):
        return "/"
    if s3:
        return _one_line(raw_path)
    kept: list[str] = []
    for segment in raw_path.split("/"):
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    path = "/" + "/".join(kept)
    if kept and raw_path.endswith("/"):
        path += "/"
    return encode(wire(path), keep="/")


def ends_in_directory(raw_path: str) -> bool:
    """Whether a path ends in `/.` or `/..`: RFC 3986 (5.2.4) resolves that to a path with a slash at its end, most
    SDKs to one without.
    """
    return raw_path.endswith(("/.", "/.."))


def _one_line(text: str) -> str:
    # INVARIANT: nothing but us breaks a line of the canonical request, whatever the HTTP server lets through.
    return text.replace("\n", "%0A") if "\n" in text else text


def reencoded_path(raw_path: str) -> str:
    """An S3 path with every segment in AWS's own encoding: `/a(%c3` and `/a%28%C3` name the same key."""
    return "/".join(encode(unquote_to_bytes(wire(segment))) for segment in raw_path.split("/")) or "/"


def query_pairs(raw_query: str) -> Iterator[tuple[str, str]]:
    """The name=value pairs as they stand in the query, nothing decoded."""
    for piece in raw_query.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            yield name, value


def decoded(text: str) -> bytes:
    """What an encoded name or value in a query means; `+` is a space, as in the form encoding."""
    return unquote_to_bytes(wire(text.replace("+", " ")))


def _respelled(text: str) -> str:
    return _remembered_spelling(text) if len(text) <= _LONGEST_REMEMBERED else _spelling(text)


def _spelling(text: str) -> str:
    return text if _PLAIN(text) else encode(decoded(text))


_remembered_spelling: Final = lru_cache(maxsize=4096)(_spelling)


def canonical_query(raw_query: str, *, without: str | None = None, verbatim: bool = False) -> str:
    """The query sorted, in AWS's own encoding (or, `verbatim`, in the client's), without the parameter `without`."""
    if not raw_query:
        return ""
    pairs = (pair for pair in query_pairs(_one_line(raw_query)) if pair[0] != without)
    if not verbatim:
        pairs = ((_respelled(name), _respelled(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_headers(headers: Headers, signed: Iterable[str]) -> str:
    """The signed headers, a line each: spaces folded, repeats joined with commas; an absent one is empty."""
    names = sorted(signed)
    once = dict(headers)
    if len(once) == len(headers):
        lines = "".join([f"{name}:{once.get(name, '').strip(' ')}\n" for name in names])
        if lines.count("\n") == len(names) and "  " not in lines and lines.replace("\n", "").isprintable():
            return lines
    found: dict[str, str | None] = dict.fromkeys(names)
    for name, value in headers:
        if name in found:
            if "  " in value or not value.isprintable():  # printable has no white space but the space
                value = _SPACES.sub(" ", value)
            before, value = found[name], value.strip(" ")
            found[name] = value if before is None else f"{before},{value}"
    return "".join([f"{name}:{value or ''}\n" for name, value in found.items()])


def canonical_request(
    method: str, path: str, query: str, headers: Headers, signed: Sequence[str], payload_hash: str
) -> str:
    """SigV4 step 1: `path` and `query` are canonical already, `payload_hash` is a hash or one of S3's words."""
    lines = canonical_headers(headers, signed)
    return f"{method}\n{path}\n{query}\n{lines}\n{';'.join(signed)}\n{payload_hash}"


def string_to_sign(time: str, scope: str, canonical: str) -> str:
    """SigV4 steps 2 and 3: `time` in ISO 8601 basic format, `scope` is date/region/service/aws4_request."""
    return f"{ALGORITHM}\n{time}\n{scope}\n{sha256_hex(wire(canonical))}"


def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """SigV4 step 4, first half: the key that is good for one day, region and service."""
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, wire(part), "sha256")
    return key


def signature(key: bytes, text: str) -> str:
    """SigV4 step 4, second half: the signature of a string to sign, in lower-case hexadecimal."""
    return hmac.digest(key, wire(text), "sha256").hex()
