"""Service S3: lists that say whose each object is: the engine knows one owner of everything, itself.

Source: Amazon S3 API Reference, ListObjects, ListObjectsV2 (`fetch-owner`), ListObjectVersions.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final
from urllib.parse import quote_plus, unquote_to_bytes

from msgspec.structs import replace

from ostiary.services.operation import Call, MustWait, operation
from ostiary.services.outcome import Answer
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.bucket_access import bucket_facts
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.engine_calls import ask_engine, engine_of, refused_by, unescaped, xml
from ostiary.services.s3.guard import Guard, guard_of
from ostiary.services.s3.headers import onward
from ostiary.services.s3.objects import forwarded, refuse_inexact
from ostiary.services.s3.ownership import ownership
from ostiary.services.s3.pages import MOST, emptied, paged, wants_none
from ostiary.store.transaction import Transaction

_OWNER: Final = re.compile(rb"<Owner>.*?</Owner>", re.S)
_ENTRY: Final = re.compile(rb"<(Contents|Version|DeleteMarker)>.*?</\1>", re.S)
_KEY: Final = re.compile(rb"<Key>(.*?)</Key>", re.S)
_ENCODED: Final = b"<EncodingType>url</EncodingType>"
_SAID: Final = {
    "prefix": "Prefix",
    "delimiter": "Delimiter",
    "start-after": "StartAfter",
    "marker": "Marker",
    "key-marker": "KeyMarker",
    "version-id-marker": "VersionIdMarker",
}
"""What a list says again of what was asked."""
_VERSION: Final = re.compile(rb"<VersionId>(.*?)</VersionId>", re.S)


def _list(call: Call, tx: Transaction) -> Any:
    """Send it on; where owners are part of the answer, read it and name them.

    Raises:
        MustWait: it must be read, and the caller can't wait here.
    """
    s3: S3Call = call.target
    request, none = paged(s3.request), wants_none(s3.request)
    engine = engine_of(call, request.bucket or "")
    if engine is not None and engine.unable_to_list(request.query.get("prefix", "")):
        return _empty(s3)
    if call.operation == "ListObjectsV2" and s3.request.query.get("fetch-owner") != "true" and not none:
        return replace(forwarded(call, tx), raw_query=request.forward_query)
    if not call.patient:
        raise MustWait
    refuse_inexact(call)
    guard = guard_of(bucket_facts(call))
    given = ask_engine(call, "GET", request.forward_path, request.forward_query, onward(call))
    if given.status != 200:
        raise refused_by(call, given)
    body = emptied(given.body) if none else given.body
    every = _owner(guard.facts.owner)
    encoded = _ENCODED in body  # as the engine says; it leaves lists of versions as they are
    entry = partial(_own, call, tx, guard, encoded)
    body = _OWNER.sub(every, body) if guard.enforced else _ENTRY.sub(entry, body)
    kept = [each for each in given.headers if each[0] == "content-type"]
    return Answer(status=200, headers=[*kept, ("x-amz-request-id", call.facts.request_id)], body=body)


for _name in ("ListObjects", "ListObjectsV2", "ListObjectVersions"):
    operation("s3", _name, asks=s3_asks)(_list)


def _empty(s3: S3Call) -> dict[str, Any]:
    """The list under a prefix that no key can have where the engine keeps none such."""
    query = s3.request.query
    encoded = query.get("encoding-type") == "url"
    found: dict[str, Any] = {
        member: quote_plus(query[name], safe="/") if encoded else query[name]
        for name, member in _SAID.items()
        if query.get(name)
    }
    size = min(int(query.get("max-keys") or MOST), MOST)
    found |= {"Name": s3.request.bucket, "IsTruncated": False, "MaxKeys": size}
    if encoded:
        found["EncodingType"] = "url"
    if s3.request.operation == "ListObjectsV2":
        found["KeyCount"] = 0
    return found


def _own(call: Call, tx: Transaction, guard: Guard, encoded: bool, found: re.Match[bytes]) -> bytes:
    """An entry with its owner, in a bucket with ACLs."""
    key, version = _KEY.search(found[0]), _VERSION.search(found[0])
    if key is None:
        return found[0]
    name = unescaped(key[1])
    if encoded:
        name = unquote_to_bytes(name.replace("+", " ")).decode("utf-8", "replace")
    owner = ownership(call, tx, guard.facts, name, None if version is None else unescaped(version[1])).owner
    return _OWNER.sub(_owner(owner), found[0])


def _owner(canonical_id: str) -> bytes:
    return f"<Owner><ID>{xml(canonical_id)}</ID></Owner>".encode()
