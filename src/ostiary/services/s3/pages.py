"""Service S3: how much of a list is told at once: a thousand entries, or less where less is asked for.

Source: Amazon S3 API Reference, ListObjects (`max-keys`), ListMultipartUploads (`max-uploads`), ListParts
(`max-parts`).
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.requests import S3Request

MOST: Final = 1000
_SIZES: Final = {
    **dict.fromkeys(("ListObjects", "ListObjectsV2", "ListObjectVersions"), ("max-keys", "maxKeys")),
    "ListMultipartUploads": ("max-uploads", "max-uploads"),
    "ListParts": ("max-parts", "max-parts"),
}
"""The parameter, and what AWS calls it when it is below zero."""
_MARKER: Final = "part-number-marker"
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_LARGEST: Final = 2**31 - 1
_ENTRIES: Final = re.compile(rb"<(Contents|Version|DeleteMarker|CommonPrefixes|Upload|Part)>.*?</\1>", re.S)
_NEXT: Final = re.compile(rb"<(Next[A-Za-z]+)>.*?</\1>", re.S)
_TRUNCATED: Final = re.compile(rb"<IsTruncated>.*?</IsTruncated>")
_SIZE: Final = re.compile(rb"<(Max(?:Keys|Uploads|Parts))>.*?</\1>")


def paged(request: S3Request) -> S3Request:
    """The request with the size of its page said, and no larger than a page is. Raises `S3Refusal`."""
    name, called = _SIZES[request.operation]
    size = _number(request, name, called)
    if _MARKER in request.query:
        _number(request, _MARKER, _MARKER)
    most = MOST if size is None else min(size, MOST)
    return replace(request, query={**request.query, name: str(most or 1)})


def wants_none(request: S3Request) -> bool:
    """Whether the page is to hold nothing. Engines do not all understand that: ask for one entry, and `emptied`."""
    text = request.query.get(_SIZES[request.operation][0])
    return bool(text) and int(text or "1") == 0


def emptied(body: bytes) -> bytes:
    """An engine's page without entries, as if none had been asked for."""
    body = _NEXT.sub(b"", _ENTRIES.sub(b"", body))
    return _SIZE.sub(rb"<\1>0</\1>", _TRUNCATED.sub(b"<IsTruncated>false</IsTruncated>", body))


def _number(request: S3Request, name: str, called: str) -> int | None:
    text = request.query.get(name)
    if not text:
        return None
    number = int(text) if _INTEGER.fullmatch(text) else _LARGEST + 1
    if -_LARGEST - 1 <= number <= _LARGEST:
        if number >= 0:
            return number
        message = f"Argument {called} must be an integer between 0 and {_LARGEST}"
    else:
        message = f"Provided {name} not an integer or within integer range"
    raise S3Refusal("InvalidArgument", 400, message, ArgumentName=name, ArgumentValue=text)
