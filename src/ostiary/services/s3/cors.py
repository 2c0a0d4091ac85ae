"""Service S3: the CORS rules of buckets, and what browsers ask before a request to another site.

Source: Amazon S3 API Reference, PutBucketCors and its relatives, "OPTIONS object"; the texts of refusals as AWS was
seen to write them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ostiary.authorization.book import BucketFacts
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.outcome import Answer
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.bucket_access import bucket_facts
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.cors_rules import LARGEST, METHODS, check, told
from ostiary.services.s3.operations import PREFLIGHT, Level
from ostiary.store.transaction import Transaction

_NOT_ALLOWED: Final = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


@operation("s3", "GetBucketCors", asks=s3_asks)
def get_bucket_cors(call: Call, _tx: Transaction) -> dict[str, Any]:
    """The rules, as they were set."""
    facts = bucket_facts(call)
    if facts.access.cors is None:
        extra = {"BucketName": facts.record.name}
        raise ServiceFault("NoSuchCORSConfiguration", "The CORS configuration does not exist", 404, extra)
    return {"CORSRules": json.loads(facts.access.cors)}


@operation("s3", "PutBucketCors", asks=s3_asks, changes=True)
def put_bucket_cors(call: Call, tx: Transaction) -> dict[str, Any]:
    """Replace the rules."""
    facts = bucket_facts(call)
    if len(call.target.body or b"") > LARGEST:
        extra = {"MaxMessageLengthBytes": str(LARGEST)}
        raise ServiceFault("MaxMessageLengthExceeded", "Your request was too large.", 400, extra)
    rules = check((call.params.get("CORSConfiguration") or {}).get("CORSRules") or [])
    tx.bucket_access.put(replace(tx.bucket_access.get(facts.record.name), cors=rules))
    return {}


@operation("s3", "DeleteBucketCors", asks=s3_asks, changes=True)
def delete_bucket_cors(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove the rules, if there are any."""
    tx.bucket_access.put(replace(tx.bucket_access.get(bucket_facts(call).record.name), cors=None))
    return {}


@operation("s3", PREFLIGHT, asks=lambda _call, _tx: (), anonymous=True)
def options_object(call: Call, _tx: Transaction) -> Answer:
    """Tell a browser what it may ask. Everybody may ask this, of any bucket and of any key."""
    s3: S3Call = call.target
    origin, method = s3.request.header("origin"), s3.request.header("access-control-request-method")
    if not origin:
        raise ServiceFault("BadRequest", "Insufficient information. Origin request header needed.", 400)
    facts = call.house.book.bucket(s3.request.bucket or "")
    if facts is None:
        raise _forbidden(method, Level.BUCKET, "CORSResponse: Bucket not found")
    if facts.access.cors is None:
        raise _forbidden(method, Level.BUCKET, "CORSResponse: CORS is not enabled for this bucket.")
    if method not in METHODS:
        raise ServiceFault("BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}", 400)
    found = told(facts.access.cors, "OPTIONS", dict(s3.request.headers))
    if found is None:
        raise _forbidden(method, s3.request.level, _NOT_ALLOWED)
    return Answer(status=200, headers=[*found, ("x-amz-request-id", call.facts.request_id)])


def shared_with(facts: BucketFacts | None, method: str, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the answer to a request from a page of another site says to its browser."""
    rules = None if facts is None else facts.access.cors
    return [] if rules is None else [*(told(rules, method, headers) or ())]


def _forbidden(method: str | None, level: Level, message: str) -> ServiceFault:
    return ServiceFault("AccessForbidden", message, 403, {"Method": method or "OPTIONS", "ResourceType": level.value})
