"""Service S3: copies: by the engine that keeps both buckets; between two engines the bytes are carried over here.

Source: Amazon S3 API Reference, CopyObject and UploadPartCopy; Amazon S3 User Guide, "Copying, moving, and renaming
objects" (5 GB at most, metadata and tags of the source unless they are to be replaced).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from msgspec import structs

from ostiary.engines.call import Answer as Given
from ostiary.engines.call import Errand, UpstreamError, transfer
from ostiary.engines.engine import EngineAddress
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Answer, Headers
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.actions import MAKES_OBJECTS
from ostiary.services.s3.addresses import encode
from ostiary.services.s3.bodies import LARGEST_PUT
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.engine_calls import engine_of, object_path, read_tags, refused_by, xml
from ostiary.services.s3.faults import engine_not_ready, no_such_key
from ostiary.services.s3.headers import onward
from ostiary.services.s3.new_objects import KEPT_IN_COPIES, described, made
from ostiary.services.s3.objects import forwarded, refuse_inexact
from ostiary.services.s3.ownership import head
from ostiary.services.s3.refusals import mended
from ostiary.services.s3.requests import MARKER, CopySource
from ostiary.store.transaction import Transaction

_SECONDS: Final = 600
_OF_SOURCE: Final = "x-amz-copy-source"
_ASKED: Final = {
    **{f"{_OF_SOURCE}-{name}": name for name in ("if-match", "if-none-match", "if-modified-since", "range")},
    f"{_OF_SOURCE}-if-unmodified-since": "if-unmodified-since",
    **{
        f"{_OF_SOURCE}-{name}": f"x-amz-{name}"
        for name in (f"server-side-encryption-customer-{word}" for word in ("algorithm", "key", "key-md5"))
    },
}
"""What is asked of the source, by the header of the copy that says it."""
_BARE: Final = re.compile(rb"<ETag>([0-9a-f-]+)</ETag>")
_RANGE: Final = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})", re.ASCII)
_DIRECTIVES: Final = ("x-amz-metadata-directive", "x-amz-tagging-directive")


def _copy(call: Call, tx: Transaction) -> Any:
    """Let the engine copy; carry it over where there are two."""
    s3: S3Call = call.target
    source = s3.request.copy_source
    assert source is not None
    _check_range(s3.request.header(f"{_OF_SOURCE}-range"))
    if engine_of(call, source.bucket) is engine_of(call, s3.request.bucket or ""):
        return structs.replace(forwarded(call, tx), respond=partial(_quoted, call))
    refuse_inexact(call)
    headers = onward(call)
    if call.operation in MAKES_OBJECTS:
        headers = made(call, tx, headers)
    asked = [(_ASKED[name], value) for name, value in headers if name in _ASKED]
    version = "" if source.version_id is None else f"versionId={encode(source.version_id)}"
    reading = Errand(
        address=_address(call, source.bucket),
        method="GET",
        raw_path=object_path(source.bucket, source.key),
        raw_query=version,
        headers=asked,
    )

    def writing(found: Given) -> Errand:
        return Errand(
            address=_address(call, s3.request.bucket or ""),
            method="PUT",
            raw_path=s3.request.forward_path,
            raw_query=s3.request.forward_query,
            headers=_headers(call, source, headers, dict(found.headers)),
        )

    try:
        read, written = transfer(reading, writing, signer=call.house.engine_signer, timeout=_SECONDS)
    except UpstreamError as error:
        raise engine_not_ready(str(error)) from None
    if written is None:
        raise mended(s3.request, _refusal(read, source))
    if written.status != 200:
        raise refused_by(call, written)
    return _done(call, dict(read.headers), written)


for _name in ("CopyObject", "UploadPartCopy"):
    operation("s3", _name, asks=s3_asks, blocking=True)(_copy)


def _check_range(text: str | None) -> None:
    """Refuse what names no range of a part's source: it has a first and a last byte."""
    if text is None:
        return
    found = _RANGE.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        message = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy"
        )
        details = {"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": text}
        raise ServiceFault("InvalidArgument", message, 400, details)


def _quoted(call: Call, headers: Headers, body: bytes) -> Answer:
    """The engine's answer, its ETag in quotation marks: SeaweedFS leaves them out here."""
    return _answer(call, _BARE.sub(rb"<ETag>&#34;\1&#34;</ETag>", body), headers)


def _address(call: Call, bucket: str) -> EngineAddress:
    engine = engine_of(call, bucket)
    address = engine.address() if engine is not None else None
    if address is None:
        raise engine_not_ready(engine.failure if engine is not None else None)
    return address


def _headers(call: Call, source: CopySource, said: Headers, found: Mapping[str, str]) -> Headers:
    """With which the object, or the part, is written."""
    if int(found.get("content-length") or "0") > LARGEST_PUT:
        text = f"The specified copy source is larger than the maximum allowable size for a copy source: {LARGEST_PUT}"
        raise ServiceFault("InvalidRequest", text, 400)
    told = [each for each in said if not each[0].startswith(_OF_SOURCE) and each[0] not in _DIRECTIVES]
    if call.operation != "CopyObject":
        return told
    directives = {name: value.upper() for name, value in said if name in _DIRECTIVES}
    if directives.get("x-amz-metadata-directive") != "REPLACE":
        told = [(n, v) for n, v in told if n not in KEPT_IN_COPIES and (n == MARKER or not n.startswith("x-amz-meta-"))]
        told += described(found)
    if directives.get("x-amz-tagging-directive") != "REPLACE":
        tags = read_tags(call, source.bucket, source.key, source.version_id)
        told = [each for each in told if each[0] != "x-amz-tagging"]
        told += [("x-amz-tagging", urlencode(tags, quote_via=quote_plus))] if tags else []
    return told


def _refusal(read: Given, source: CopySource) -> ServiceFault:
    """Why there is nothing to copy."""
    if read.status in (304, 412):
        return ServiceFault("PreconditionFailed", "", 412)
    if read.status == 404:
        return no_such_key(source.key)
    if read.status == 416:
        text = "The specified copy range is invalid for the source object size"
        return ServiceFault("InvalidRange", text, 416)
    if 400 <= read.status < 500:
        return ServiceFault("InvalidRequest", "The source of a copy request can not be read.", 400)
    return engine_not_ready(f"the engine answers with status {read.status}")


def _done(call: Call, read: Mapping[str, str], written: Given) -> Answer:
    request, headers = call.target.request, dict(written.headers)
    whole = call.operation == "CopyObject"
    there = head(call, request.bucket or "", request.key or "", headers.get("x-amz-version-id")) if whole else None
    changed = there.get("last-modified") if there else None
    at = parsedate_to_datetime(changed) if changed else datetime.fromtimestamp(call.now, UTC)
    name = "CopyObjectResult" if whole else "CopyPartResult"
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<ETag>{xml(headers.get('etag', ''))}</ETag><LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></{name}>"
    )
    more = [("x-amz-copy-source-version-id", read["x-amz-version-id"])] if "x-amz-version-id" in read else []
    kept = [each for each in written.headers if each[0].startswith(("x-amz-version-id", "x-amz-server-side-"))]
    return _answer(call, body.encode(), [("content-type", "application/xml"), *kept, *more])


def _answer(call: Call, body: bytes, headers: Headers) -> Answer:
    kept = [each for each in headers if each[0] == "content-type" or each[0].startswith("x-amz-")]
    kept = [each for each in kept if each[0] not in ("x-amz-request-id", "x-amz-id-2")]
    return Answer(status=200, headers=[*kept, ("x-amz-request-id", call.facts.request_id)], body=body)
