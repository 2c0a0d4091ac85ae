"""Service S3: multipart uploads: begun, listed, aborted, completed; who began one, and what it may do for that.

The engine knows nobody but Ostiary: who began an upload is kept here, from when the engine has told its id. Of the
uploads of the root user of the bucket's account nothing need be kept.

Source: Amazon S3 API Reference, the operations named below; Amazon S3 User Guide, "Multipart upload API and
permissions".
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final
from urllib.parse import unquote_plus

from msgspec import structs

from ostiary.authorization.book import BucketFacts
from ostiary.authorization.caller import CallerKind
from ostiary.engines.call import Answer as Given
from ostiary.services.operation import Call, MustWait, operation
from ostiary.services.outcome import Answer, Forward, Headers
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.bucket_access import bucket_facts
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.engine_calls import ask_engine, elements, engine_of, refused_by, text, unescaped, xml
from ostiary.services.s3.headers import onward
from ostiary.services.s3.objects import forwarded, refuse_inexact
from ostiary.services.s3.ownership import canonical_id_of, head
from ostiary.services.s3.pages import emptied, paged, wants_none
from ostiary.services.s3.parts import page_of_parts
from ostiary.store.s3 import ENFORCED, UploadRecord
from ostiary.store.transaction import Transaction

_COMPLETE_SECONDS: Final = 600
_PEOPLE: Final = re.compile(rb"<(Initiator|Owner)>.*?</\1>", re.S)
_UPLOAD: Final = re.compile(rb"<Upload>.*?</Upload>", re.S)
_ID: Final = re.compile(rb"<UploadId>(.*?)</UploadId>", re.S)
_ENCRYPTION: Final = "x-amz-server-side-encryption"
_OF_WHOLE: Final = ("content-type", "etag", "x-amz-version-id", _ENCRYPTION)
_OUR_OWN: Final = ("x-amz-request-id", "x-amz-id-2")


@operation("s3", "CreateMultipartUpload", asks=s3_asks)
def create_multipart_upload(call: Call, tx: Transaction) -> Any:
    """Begin one, and keep who did."""
    facts = bucket_facts(call)
    by_owner = call.caller.kind is CallerKind.ROOT and call.account == facts.record.account
    if by_owner or not call.account:
        return structs.replace(forwarded(call, tx), respond=partial(_begun, call))
    given = _asked(call, forwarded(call, tx))
    upload_id = text(elements(given.body), "UploadId") if given.status == 200 else ""
    if upload_id:
        record = UploadRecord(
            bucket=facts.record.name,
            upload_id=upload_id,
            key=call.target.request.key or "",
            account=call.account,
            user_id=call.caller.user_id,
            arn=call.caller.arn,
        )
        with call.house.store.write() as writing:
            writing.uploads.add(record)
    return _begun(call, given.headers, given.body) if given.status == 200 else _answer(call, given)


def _begun(call: Call, headers: Headers, body: bytes) -> Answer:
    """The engine's answer, with the encryption that was asked for, of which SeaweedFS says nothing here."""
    asked = call.target.request.header(_ENCRYPTION)
    more = [(_ENCRYPTION, asked)] if asked is not None and _ENCRYPTION not in dict(headers) else []
    return _answer(call, Given(200, (*headers, *more), body))


@operation("s3", "AbortMultipartUpload", asks=s3_asks)
def abort_multipart_upload(call: Call, tx: Transaction) -> Any:
    """Send it on, and forget who began it."""
    if _record(call, tx) is None:
        return forwarded(call, tx)
    given = _asked(call, forwarded(call, tx))
    if given.status in (200, 204, 404):
        _forget(call)
    return _answer(call, given)


@operation("s3", "CompleteMultipartUpload", asks=s3_asks, blocking=True)
def complete_multipart_upload(call: Call, tx: Transaction) -> Any:
    """Put the parts together. The engine's answer names the engine's address; ours names the caller's."""
    s3: S3Call = call.target
    refuse_inexact(call)
    where = s3.request.forward_path, s3.request.forward_query
    given = ask_engine(call, s3.request.method, *where, onward(call), s3.body or b"", _COMPLETE_SECONDS)
    if given.status >= 400:
        raise refused_by(call, given)
    engine = engine_of(call, s3.request.bucket or "")
    address = engine.address() if engine is not None else None
    body = given.body
    if address is not None:
        ours = f"{'https' if s3.secure else 'http'}://{s3.request.header('host') or 'localhost'}"
        for scheme in ("http://", "https://"):
            body = body.replace(f"{scheme}{address.authority}".encode(), ours.encode())
    if given.status == 200 and b"<Error>" not in body and _record(call, tx) is not None:
        _forget(call)
    kept = [(n, v) for n, v in given.headers if n.startswith(_OF_WHOLE)]
    if _ENCRYPTION not in dict(kept):
        there = head(call, s3.request.bucket or "", s3.request.key or "", dict(kept).get("x-amz-version-id"))
        kept += [(_ENCRYPTION, there[_ENCRYPTION])] if there and _ENCRYPTION in there else []
    return Answer(status=given.status, headers=[*kept, ("x-amz-request-id", call.facts.request_id)], body=body)


@operation("s3", "ListParts", asks=s3_asks)
def list_parts(call: Call, tx: Transaction) -> Answer:
    """The parts, and whose upload it is."""
    if not call.patient:
        raise MustWait
    refuse_inexact(call)
    facts, given = bucket_facts(call), page_of_parts(call)
    body = given.body
    if given.status == 200:
        people = _people(call, facts, _record(call, tx))
        body = _PEOPLE.sub(b"", body).replace(b"</ListPartsResult>", people + b"</ListPartsResult>")
    return _answer(call, given, body)


@operation("s3", "ListMultipartUploads", asks=s3_asks)
def list_multipart_uploads(call: Call, tx: Transaction) -> Answer:
    """The uploads, and whose each is."""
    if not call.patient:
        raise MustWait
    refuse_inexact(call)
    facts, request = bucket_facts(call), paged(call.target.request)
    given = ask_engine(call, "GET", request.forward_path, request.forward_query, onward(call))
    body = given.body
    if given.status == 200:
        body = emptied(body) if wants_none(call.target.request) else body
        body = _UPLOAD.sub(partial(_upload, call, tx, facts), _ordered(body))
    return _answer(call, given, body)


def _ordered(body: bytes) -> bytes:
    """A whole list by key, and by time where a key has several; SeaweedFS has it by upload id."""
    if b"<IsTruncated>false</IsTruncated>" not in body:
        return body

    def place(upload: bytes) -> tuple[str, str]:
        found = elements(upload)
        return unquote_plus(text(found, "Key")) if encoded else text(found, "Key"), text(found, "Initiated")

    encoded = b"<EncodingType>url</EncodingType>" in body
    uploads = iter(sorted(_UPLOAD.findall(body), key=place))
    return _UPLOAD.sub(lambda _: next(uploads), body)


def _upload(call: Call, tx: Transaction, facts: BucketFacts, found: re.Match[bytes]) -> bytes:
    """An entry with whose it is."""
    named = _ID.search(found[0])
    record = None if named is None else tx.uploads.get(facts.record.name, unescaped(named[1]))
    told = _PEOPLE.sub(b"", found[0])
    return told.replace(b"</Upload>", _people(call, facts, record) + b"</Upload>")


def _people(call: Call, facts: BucketFacts, record: UploadRecord | None) -> bytes:
    """Who began an upload, and who will own the object."""
    owner = facts.owner
    if record is not None and facts.access.ownership != ENFORCED:
        owner = canonical_id_of(call, record.account)
    began = owner
    if record is not None:
        root = record.user_id == record.account
        began = canonical_id_of(call, record.account) if root else record.arn
    return f"<Initiator><ID>{xml(began)}</ID></Initiator><Owner><ID>{xml(owner)}</ID></Owner>".encode()


def _record(call: Call, tx: Transaction) -> UploadRecord | None:
    request = call.target.request
    return tx.uploads.get(request.bucket or "", request.upload_id or "")


def _forget(call: Call) -> None:
    request = call.target.request
    with call.house.store.write() as writing:
        writing.uploads.remove(request.bucket or "", request.upload_id or "")


def _asked(call: Call, forward: Forward) -> Given:
    """What the engine answers to what would be sent on. Raises MustWait."""
    if not call.patient:
        raise MustWait
    return ask_engine(call, forward.method, forward.raw_path, forward.raw_query, forward.headers, forward.body or b"")


def _answer(call: Call, given: Given, body: bytes | None = None) -> Answer:
    if given.status >= 400:
        raise refused_by(call, given)
    kept = [(n, v) for n, v in given.headers if n == "content-type" or (n.startswith("x-amz-") and n not in _OUR_OWN)]
    headers = [*kept, ("x-amz-request-id", call.facts.request_id)]
    return Answer(status=given.status, headers=headers, body=given.body if body is None else body)
