"""Service S3: which of a caller's headers go to the engine.

Source: Amazon S3 API Reference, "Common request headers".
"""

from __future__ import annotations

from typing import Final

from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call
from ostiary.services.outcome import Headers
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.faults import access_denied

ENCRYPTION: Final = "AES256"
"""SSE-S3, the one algorithm with keys of the engine's own."""

_OWNERS: Final = frozenset({"x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"})


def onward(call: Call) -> Headers:
    """The headers to send on: nothing of the signature, nothing of a single hop, nothing that is decided here.

    Raises:
        ServiceFault: a header asks for what is not there (keys of KMS), or names another owner.
    """
    s3: S3Call = call.target
    check_owner(call)
    if s3.request.header("x-amz-server-side-encryption") not in (None, ENCRYPTION):
        raise ServiceFault("NotImplemented", "A header you provided implies functionality that is not implemented", 501)
    return s3.request.forward_headers


def check_owner(call: Call) -> None:
    """Refuse a request that takes a bucket for another account's."""
    s3: S3Call = call.target
    source = s3.request.copy_source
    if _OWNERS.isdisjoint(s3.request.names):
        return
    named = (
        ("x-amz-expected-bucket-owner", s3.request.bucket),
        ("x-amz-source-expected-bucket-owner", source.bucket if source else None),
    )
    for header, bucket in named:
        expected = s3.request.header(header)
        facts = call.house.book.bucket(bucket) if bucket and expected is not None else None
        if facts is not None and facts.record.account != expected:
            raise access_denied()
