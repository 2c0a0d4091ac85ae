"""Service S3: bucket policies: kept and enforced by Ostiary; the engine never sees them.

Source: Amazon S3 API Reference, PutBucketPolicy, GetBucketPolicy, GetBucketPolicyStatus; Amazon S3 User Guide, "Bucket
policies", "The meaning of public".
"""

from __future__ import annotations

import json
from typing import Any, Final

from ostiary.policy import MalformedPolicy, PolicyKind, check
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.principals import UnknownPrincipal, to_shown, to_stored
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.faults import no_such_bucket
from ostiary.services.s3.headers import onward
from ostiary.store.records import BucketRecord
from ostiary.store.transaction import Transaction

_MOST_BYTES: Final = 20 * 1024
_NARROWING: Final = frozenset(
    [
        "aws:sourceip",
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:userid",
        "aws:principalorgid",
        "aws:principalarn",
        "aws:principalaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    ]
)
_POSITIVE: Final = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress")


@operation("s3", "PutBucketPolicy", asks=s3_asks, changes=True)
def put_bucket_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Keep a policy, its principals as unique ids."""
    bucket = _bucket(call, tx)
    text: str = call.params.get("Policy") or ""
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise ServiceFault("PolicyTooLarge", "Your policy is too large: the limit is 20 KB.", 400)
    try:
        check(text, PolicyKind.RESOURCE, size_limit=_MOST_BYTES)
    except MalformedPolicy as malformed:
        raise _malformed(malformed.message) from None
    _check_for_s3(text, bucket.name)
    try:
        stored = to_stored(text, tx)
    except UnknownPrincipal:
        raise _malformed("Invalid principal in policy") from None
    tx.buckets.set_policy(bucket.name, stored)
    return {}


@operation("s3", "GetBucketPolicy", asks=s3_asks)
def get_bucket_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """The policy, with the ARNs that its principals have today."""
    return {"Policy": to_shown(_policy(call, tx), tx)}


@operation("s3", "DeleteBucketPolicy", asks=s3_asks, changes=True)
def delete_bucket_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove the policy, if there is one."""
    tx.buckets.set_policy(_bucket(call, tx).name, None)
    return {}


@operation("s3", "GetBucketPolicyStatus", asks=s3_asks)
def get_bucket_policy_status(call: Call, tx: Transaction) -> dict[str, Any]:
    """Whether the policy makes the bucket public."""
    return {"PolicyStatus": {"IsPublic": is_public(json.loads(_policy(call, tx)))}}


def is_public(document: dict[str, Any]) -> bool:
    """Whether any Allow speaks to everybody without narrowing it to fixed sources."""
    return any(
        statement.get("Effect") == "Allow" and _everybody(statement) and not _narrowed(statement)
        for statement in _list(document.get("Statement"))
    )


def _everybody(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and "*" in _list(principal.get("AWS")))


def _narrowed(statement: dict[str, Any]) -> bool:
    for operator, keys in (statement.get("Condition") or {}).items():
        if operator in _POSITIVE:
            for key, values in keys.items():
                wild = any("*" in str(value) or str(value).endswith("/0") for value in _list(values))
                if key.lower() in _NARROWING and not wild:
                    return True
    return False


def _check_for_s3(text: str, bucket: str) -> None:
    """What S3 refuses beyond the grammar: other services' actions, other buckets' resources."""
    for statement in _list(json.loads(text).get("Statement")):
        actions = _list(statement.get("Action", statement.get("NotAction")))
        if any(action != "*" and not str(action).lower().startswith("s3:") for action in actions):
            raise _malformed("Policy has invalid action")
        resources = statement.get("Resource", statement.get("NotResource"))
        if resources is None:
            raise _malformed("Missing required field Resource")
        own = f"arn:aws:s3:::{bucket}"
        for resource in map(str, _list(resources)):
            if resource != own and not resource.startswith(own + "/") and not _covers(resource, own):
                raise _malformed("Policy has invalid resource")
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise _malformed("Missing required field Principal")


def _covers(pattern: str, own: str) -> bool:
    """Whether a pattern with wildcards before the bucket's end can speak of this bucket."""
    head = pattern.split("*", 1)[0].split("?", 1)[0]
    return head != pattern and own.startswith(head)


def _bucket(call: Call, tx: Transaction) -> BucketRecord:
    onward(call)
    s3: S3Call = call.target
    found = tx.buckets.get(s3.request.bucket or "")
    if found is None:
        raise no_such_bucket(s3.request.bucket or "")
    return found


def _policy(call: Call, tx: Transaction) -> str:
    bucket = _bucket(call, tx)
    if bucket.policy is None:
        message = "The bucket policy does not exist"
        raise ServiceFault("NoSuchBucketPolicy", message, 404, {"BucketName": bucket.name})
    return bucket.policy


def _malformed(message: str) -> ServiceFault:
    return ServiceFault("MalformedPolicy", message, 400)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
