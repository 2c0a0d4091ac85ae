"""Service S3: the operations that the engine does: authorized here, forwarded, streamed.

Source: Amazon S3 API Reference; Amazon S3 User Guide, "How Amazon S3 authorizes a request"; GetObject, "Permissions"
(a missing object is 403 for those who may not list the bucket).
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Answer, Forward
from ostiary.services.s3.access import may_list, s3_asks
from ostiary.services.s3.actions import MAKES_OBJECTS
from ostiary.services.s3.bodies import check_length
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.engine_calls import ask_engine, engine_of, refused_by
from ostiary.services.s3.faults import access_denied
from ostiary.services.s3.headers import onward
from ostiary.services.s3.new_objects import made
from ostiary.services.s3.operations import FORWARDED, filled
from ostiary.services.s3.ownership import head, marker_of
from ostiary.store.transaction import Transaction

_READS_ONE: Final = frozenset({"GetObject", "HeadObject", "GetObjectAttributes", "GetObjectTagging"})
_LISTS: Final = ("prefix", "marker", "start-after", "key-marker", "continuation-token")
_BEGINS_ONE: Final = frozenset({"PutObject", "CreateMultipartUpload"})
_ANY_CONTENT: Final = ("content-type", "binary/octet-stream")
"""What S3 says of an object whose type nobody told; SeaweedFS would guess from the key."""
_ELSEWHERE: Final = frozenset(
    {"DeleteObject", "DeleteObjects", "ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads"}
    | {"CreateMultipartUpload", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts"}
    | {"CopyObject", "UploadPartCopy", "PutObjectTagging", "PutBucketTagging"}
    | {"GetObject", "HeadObject", "DeleteBucketEncryption", "PutBucketLifecycleConfiguration"}
)


def forwarded(call: Call, tx: Transaction) -> Forward:
    """Send the request on, written anew from what was understood and authorized."""
    s3: S3Call = call.target
    refuse_inexact(call)
    if s3.body is None and s3.request.method == "PUT":
        check_length(s3)
    headers = onward(call)
    if call.operation in MAKES_OBJECTS:
        headers = made(call, tx, headers)
    if call.operation in _BEGINS_ONE and not s3.request.header("content-type"):
        headers = [*(each for each in headers if each[0] != "content-type"), _ANY_CONTENT]
    return Forward(
        method=s3.request.method,
        raw_path=s3.request.forward_path,
        raw_query=s3.request.forward_query,
        headers=headers,
        body=s3.body,
        missing=_hidden(call) if call.operation in _READS_ONE else None,
    )


for _name in sorted(FORWARDED - _ELSEWHERE):
    operation("s3", _name, asks=s3_asks)(forwarded)


@operation("s3", "DeleteObject", asks=s3_asks)
def delete_object(call: Call, tx: Transaction) -> Any:
    """Send it on; what is kept of the object is forgotten once the engine has deleted it."""
    s3: S3Call = call.target
    bucket, key = s3.request.bucket or "", s3.request.key or ""
    if not tx.object_access.any(bucket, key):
        return forwarded(call, tx)
    refuse_inexact(call)
    headers = onward(call)
    there = head(call, bucket, key, s3.request.version_id)
    given = ask_engine(call, "DELETE", s3.request.forward_path, s3.request.forward_query, headers)
    if given.status >= 400:
        raise refused_by(call, given)
    answered = dict(given.headers)
    marked = "x-amz-delete-marker" in answered and s3.request.version_id is None
    if there is not None and not marked:
        with call.house.store.write() as writing:
            writing.object_access.remove(bucket, key, marker_of(there))
    kept = [(n, v) for n, v in given.headers if n == "content-type" or n.startswith(("x-amz-version", "x-amz-delete"))]
    return Answer(status=given.status, headers=[*kept, ("x-amz-request-id", call.facts.request_id)], body=given.body)


def refuse_inexact(call: Call) -> None:
    """Refuse what the engine would confuse with something else.

    Raises:
        ServiceFault: NoSuchKey for a read, since no such object can be there; NotImplemented for the rest.
    """
    s3: S3Call = call.target
    engine = engine_of(call, s3.request.bucket or "")
    if engine is None:
        raise ServiceFault("NotImplemented", "This server guards no S3 engine.", 501)
    key, source = s3.request.key, s3.request.copy_source
    keeps = engine_of(call, source.bucket) if source is not None else None
    more = filled(call.operation, empty=_empty(s3))
    if key is not None and (why := engine.unable(key, filled=more)):
        if call.operation in _READS_ONE:
            hidden = _hidden(call)()
            raise hidden or ServiceFault("NoSuchKey", "The specified key does not exist.", 404, {"Key": key})
        raise ServiceFault("NotImplemented", why, 501)
    if source is not None and keeps is not None and keeps.unable(source.key, filled=more):
        raise ServiceFault("NoSuchKey", "The specified key does not exist.", 404, {"Key": source.key})
    if key is None:
        for name in _LISTS:
            if why := engine.unable_to_list(s3.request.query.get(name, "")):
                raise ServiceFault("NotImplemented", why, 501)


def _empty(s3: S3Call) -> bool:
    """Whether the request has no body."""
    if s3.body is not None:
        return not s3.body
    length = s3.request.header("x-amz-decoded-content-length") or s3.request.header("content-length")
    return length in (None, "0")


def _hidden(call: Call) -> Any:
    """AccessDenied in the place of NoSuchKey, for callers who may not list the bucket."""
    s3: S3Call = call.target
    bucket = s3.request.bucket or ""
    return lambda: None if may_list(call, bucket) else access_denied()
