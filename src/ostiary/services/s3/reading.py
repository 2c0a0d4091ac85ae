"""Service S3: GetObject and HeadObject: passed on; by parts and ranges where SeaweedFS would do it otherwise.

To SeaweedFS an object that came in one piece of more than 4 MiB has parts, and its first would be given for the whole;
HeadObject knows no ranges there.

Source: Amazon S3 API Reference, GetObject and HeadObject (`partNumber`, `Range`); RFC 9110, 14.1.2.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from msgspec.structs import replace

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Answer, Forward, Headers
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.objects import forwarded
from ostiary.services.s3.ownership import head
from ostiary.services.s3.requests import MARKER
from ostiary.store.transaction import Transaction

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
_WHOLE: Final = ("range", "bytes=0-")
_TOLD: Final = ("x-amz-", "content-", "cache-control", "etag", "expires", "last-modified", "accept-ranges")
_NOT_TOLD: Final = frozenset({MARKER, "x-amz-request-id", "x-amz-id-2", "content-length", "content-range"})


@operation("s3", "GetObject", asks=s3_asks)
def get_object(call: Call, tx: Transaction) -> Forward:
    """Send it on; a range that ends before it begins is none."""
    s3: S3Call = call.target
    forward = forwarded(call, tx) if s3.request.part_number is None else _part(call, tx)
    wanted = s3.request.header("range")
    if wanted is None or not _backwards(_RANGE.fullmatch(wanted)):
        return forward
    return replace(forward, headers=[each for each in forward.headers if each[0] != "range"])


@operation("s3", "HeadObject", asks=s3_asks)
def head_object(call: Call, tx: Transaction) -> Forward:
    """Send it on; tell the range that is asked for."""
    s3: S3Call = call.target
    forward = forwarded(call, tx) if s3.request.part_number is None else _part(call, tx)
    wanted = next((value for name, value in forward.headers if name == "range"), None)
    found = _RANGE.fullmatch(wanted or "")
    if found is None or found[1] == found[2] == "" or _backwards(found):
        return forward  # no range, so that the whole is asked for
    return replace(forward, respond=partial(_ranged, call, found[1], found[2]))


def _backwards(found: re.Match[str] | None) -> bool:
    return found is not None and bool(found[1] and found[2]) and int(found[1]) > int(found[2])


def _part(call: Call, tx: Transaction) -> Forward:
    """A part of an object; one that came in one piece is its own first part.

    Raises:
        ServiceFault: InvalidPartNumber.
        MustWait: the engine must be asked what the object is, and the caller can't wait here.
    """
    s3: S3Call = call.target
    forward = forwarded(call, tx)
    there = head(call, s3.request.bucket or "", s3.request.key or "", s3.request.version_id)
    if there is None or "-" in there.get("etag", "-"):
        return forward
    if s3.request.part_number != 1:
        details = {"PartNumberRequested": str(s3.request.part_number), "ActualPartCount": "1"}
        raise ServiceFault("InvalidPartNumber", "The requested partnumber is not satisfiable", 416, details)
    query = {name: value for name, value in s3.request.query.items() if name != "partNumber"}
    headers = [each for each in forward.headers if each[0] != "range"]
    headers += [] if there.get("content-length") == "0" else [_WHOLE]
    return replace(forward, raw_query=replace(s3.request, query=query).forward_query, headers=headers)


def _ranged(call: Call, first: str, last: str, headers: Headers, _body: bytes) -> Answer:
    """The head of a range, from the head of the object."""
    said = dict(headers)
    size = int(said.get("content-length") or "0")
    begin = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    kept = [each for each in headers if each[0].startswith(_TOLD) and each[0] not in _NOT_TOLD]
    kept = [each for each in kept if not each[0].startswith("seaweed-")]
    ours = ("x-amz-request-id", call.facts.request_id)
    if begin >= size or (last == "0" and not first):
        return Answer(status=416, headers=[ours, ("content-range", f"bytes */{size}"), ("content-length", "0")])
    told = [("content-range", f"bytes {begin}-{end}/{size}"), ("content-length", str(end - begin + 1))]
    return Answer(status=206, headers=[*kept, *told, ours])
