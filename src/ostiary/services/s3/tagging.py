"""Service S3: tags of objects and buckets: looked at here, kept by the engine.

Source: Amazon S3 API Reference, PutObjectTagging, PutBucketTagging.
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Answer, Forward, Headers
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.objects import forwarded
from ostiary.services.s3.tags import Tags, check_bucket_tags, check_object_tags
from ostiary.store.transaction import Transaction


@operation("s3", "PutObjectTagging", asks=s3_asks)
def put_object_tagging(call: Call, tx: Transaction) -> Forward:
    """Send it on, if these can be an object's tags."""
    check_object_tags(_told(call))
    return forwarded(call, tx)


@operation("s3", "PutBucketTagging", asks=s3_asks)
def put_bucket_tagging(call: Call, tx: Transaction) -> Forward:
    """Send it on, if these can be a bucket's tags. S3 answers with 204, the engine with 200."""
    check_bucket_tags(_told(call))
    return replace(forwarded(call, tx), respond=partial(_done, call))


def _told(call: Call) -> Tags:
    tags: list[dict[str, str]] = (call.params.get("Tagging") or {}).get("TagSet") or []
    return [(tag["Key"], tag["Value"]) for tag in tags]


def _done(call: Call, _headers: Headers, _body: bytes) -> Answer:
    return Answer(status=204, headers=[("x-amz-request-id", call.facts.request_id)])
