"""Service S3: bucket policies: kept and enforced by Ostiary; the engine never sees them.

Source: Amazon S3 API Reference, PutBucketPolicy, GetBucketPolicy, GetBucketPolicyStatus.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.authorization.book import BucketFacts
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.principals import UnknownPrincipal, to_shown, to_stored
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.actions import arn
from ostiary.services.s3.bucket_access import block_of, bucket_facts
from ostiary.services.s3.policy_grammar import check_policy, malformed
from ostiary.services.s3.public import Block, is_public, prevented
from ostiary.store.transaction import Transaction

_MOST_BYTES: Final = 20 * 1024


@operation("s3", "PutBucketPolicy", asks=s3_asks, changes=True)
def put_bucket_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Keep a policy, its principals as unique ids."""
    facts = _own(call)
    name, text = facts.record.name, call.params.get("Policy") or ""
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise ServiceFault("PolicyTooLarge", "Your policy is too large: the limit is 20 KB.", 400)
    check_policy(text, name, lambda canonical_id: tx.accounts.by_canonical_id(canonical_id) is not None)
    try:
        stored = to_stored(text, tx)
    except UnknownPrincipal:
        raise malformed("Invalid principal in policy") from None
    if block_of(facts, tx) & Block.BLOCK_PUBLIC_POLICY and is_public(stored):
        raise prevented(call, arn(name), "policies", "BlockPublicPolicy")
    tx.buckets.set_policy(name, stored)
    return {}


@operation("s3", "GetBucketPolicy", asks=s3_asks)
def get_bucket_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """The policy, with the ARNs that its principals have today."""
    _own(call)
    return {"Policy": to_shown(_policy(call), tx)}


@operation("s3", "DeleteBucketPolicy", asks=s3_asks, changes=True)
def delete_bucket_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove the policy, if there is one."""
    tx.buckets.set_policy(_own(call).record.name, None)
    return {}


@operation("s3", "GetBucketPolicyStatus", asks=s3_asks)
def get_bucket_policy_status(call: Call, _tx: Transaction) -> dict[str, Any]:
    """Whether the policy makes the bucket public."""
    return {"PolicyStatus": {"IsPublic": is_public(_policy(call))}}


def _own(call: Call) -> BucketFacts:
    """The bucket; its policy is its own account's affair, whatever else is allowed to others."""
    facts = bucket_facts(call)
    if facts.record.account != call.account:
        raise ServiceFault("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    return facts


def _policy(call: Call) -> str:
    record = bucket_facts(call).record
    if record.policy is None:
        message = "The bucket policy does not exist"
        raise ServiceFault("NoSuchBucketPolicy", message, 404, {"BucketName": record.name})
    return record.policy
