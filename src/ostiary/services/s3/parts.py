"""Service S3: the page of an upload's parts, by number.

SeaweedFS lists parts by names of four digits, where 10000 comes before 1000: its pages are put right here. Of an engine
that counts further nothing changes.

Source: Amazon S3 API Reference, ListParts.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from ostiary.engines.call import Answer
from ostiary.services.operation import Call
from ostiary.services.s3.engine_calls import ask_engine
from ostiary.services.s3.headers import onward
from ostiary.services.s3.pages import emptied, paged, wants_none
from ostiary.services.s3.requests import S3Request

_LAST: Final = 10_000
_BEYOND: Final = 1_000
"""From this marker on SeaweedFS has left the last part behind."""
_PART: Final = re.compile(rb"<Part>.*?</Part>", re.S)
_NUMBER: Final = re.compile(rb"<PartNumber>([0-9]+)</PartNumber>")
_OF_PAGE: Final = re.compile(rb"<(IsTruncated|NextPartNumberMarker|MaxParts)>.*?</\1>")
_TRUNCATED: Final = b"<IsTruncated>true</IsTruncated>"


def page_of_parts(call: Call) -> Answer:
    """What the engine answers to ListParts."""
    request: S3Request = paged(call.target.request)
    size = int(request.query["max-parts"])
    given = _ask(call, request, size + 1)
    if given.status != 200:
        return given
    if wants_none(call.target.request):
        return Answer(given.status, given.headers, emptied(given.body))
    after = int(request.query.get("part-number-marker") or "0")
    parts, more = _parts(given.body), _TRUNCATED in given.body and after < _LAST - 1
    if more:
        parts.pop(_LAST, None)  # it comes after all that the engine has not told yet
    elif _BEYOND <= after < _LAST - 1 and _LAST not in parts:
        parts |= _parts(_ask(call, request, 1, after=_LAST - 1).body)
    told = sorted(parts)[:size]
    return Answer(given.status, given.headers, _page(given.body, parts, told, size, more or len(parts) > size))


def _page(body: bytes, parts: dict[int, bytes], told: list[int], size: int, more: bool) -> bytes:
    """The engine's page with these parts."""
    said = b"<MaxParts>%d</MaxParts><IsTruncated>%s</IsTruncated>" % (size, b"true" if more else b"false")
    if more and told:
        said += b"<NextPartNumberMarker>%d</NextPartNumberMarker>" % told[-1]
    frame = _OF_PAGE.sub(b"", _PART.sub(b"", body))
    return frame.replace(b"</ListPartsResult>", said + b"".join(map(parts.__getitem__, told)) + b"</ListPartsResult>")


def _ask(call: Call, request: S3Request, most: int, *, after: int | None = None) -> Answer:
    marker = {} if after is None else {"part-number-marker": str(after)}
    asked = replace(request, query={**request.query, "max-parts": str(most), **marker})
    return ask_engine(call, "GET", asked.forward_path, asked.forward_query, onward(call))


def _parts(body: bytes) -> dict[int, bytes]:
    """The parts of a page, by number."""
    return {int(number[1]): found[0] for found in _PART.finditer(body) if (number := _NUMBER.search(found[0]))}
