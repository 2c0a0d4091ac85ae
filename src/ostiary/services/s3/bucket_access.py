"""Service S3: who may reach a bucket, beside its policy: ACL, object ownership, public access block, who pays.

Source: Amazon S3 API Reference, PutBucketAcl, PutBucketOwnershipControls, PutPublicAccessBlock,
PutBucketRequestPayment and their relatives; Amazon S3 User Guide, "Troubleshooting" (of object ownership).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ostiary.authorization.book import BucketFacts
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.s3.access import s3_asks
from ostiary.services.s3.acls import Acl, of_body, of_headers, private, read_stored
from ostiary.services.s3.actions import arn
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.faults import malformed_xml, no_such_bucket
from ostiary.services.s3.headers import check_owner
from ostiary.services.s3.new_objects import looked_up, not_supported
from ostiary.services.s3.public import Block, prevented, read_switches, shown_switches
from ostiary.store.s3 import ENFORCED
from ostiary.store.transaction import Transaction


def bucket_facts(call: Call) -> BucketFacts:
    """The bucket that the request names, which is the expected owner's."""
    check_owner(call)
    s3: S3Call = call.target
    found = call.house.book.bucket(s3.request.bucket or "")
    if found is None:
        raise no_such_bucket(s3.request.bucket or "")
    return found


def block_of(facts: BucketFacts, tx: Transaction) -> int:
    """The switches of a bucket and its account together, as they are in this transaction."""
    own = tx.bucket_access.get(facts.record.name).public_access or 0
    return own | (tx.account_public_access.get(facts.record.account) or 0)


def with_object_ownership() -> ServiceFault:
    """An ACL that grants to others, and the setting that there be none, exclude each other."""
    text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    return ServiceFault("InvalidBucketAclWithObjectOwnership", text, 400)


def said_acl(call: Call, owner: str, bucket_owner: str | None = None) -> Acl:
    """The ACL that a request says in its headers or in its body, by exactly one of the two."""
    s3: S3Call = call.target
    told, document = of_headers(s3.request, owner, bucket_owner), call.params.get("AccessControlPolicy")
    if told is not None and document is not None:
        raise ServiceFault("UnexpectedContent", "This request does not support content", 400)
    if document is not None:
        return of_body(document, owner)
    if told is None:
        extra = {"MissingHeaderName": "x-amz-acl"}
        raise ServiceFault("MissingSecurityHeader", "Your request was missing a required header", 400, extra)
    return told


@operation("s3", "GetBucketAcl", asks=s3_asks)
def get_bucket_acl(call: Call, _tx: Transaction) -> dict[str, Any]:
    """What is granted; where ACLs are disabled, everything to the owner alone."""
    facts = bucket_facts(call)
    enforced = facts.access.ownership == ENFORCED
    acl = private(facts.owner) if enforced else read_stored(facts.access.acl, facts.owner)
    return {"Owner": {"ID": facts.owner}, "Grants": acl.shown()}


@operation("s3", "PutBucketAcl", asks=s3_asks, changes=True)
def put_bucket_acl(call: Call, tx: Transaction) -> dict[str, Any]:
    """Replace what is granted."""
    facts = bucket_facts(call)
    now = tx.bucket_access.get(facts.record.name)
    if now.ownership == ENFORCED:
        raise not_supported()
    acl = looked_up(said_acl(call, facts.owner), tx)
    if acl.public and block_of(facts, tx) & Block.BLOCK_PUBLIC_ACLS:
        raise prevented(call, arn(facts.record.name), "ACLs", "BlockPublicAcls")
    tx.bucket_access.put(replace(now, acl=acl.stored(facts.owner)))
    return {}


@operation("s3", "GetBucketOwnershipControls", asks=s3_asks)
def get_bucket_ownership_controls(call: Call, _tx: Transaction) -> dict[str, Any]:
    """Who owns the objects that others write."""
    facts = bucket_facts(call)
    if facts.access.ownership is None:
        extra = {"BucketName": facts.record.name}
        text = "The bucket ownership controls were not found"
        raise ServiceFault("OwnershipControlsNotFoundError", text, 404, extra)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": facts.access.ownership}]}}


@operation("s3", "PutBucketOwnershipControls", asks=s3_asks, changes=True)
def put_bucket_ownership_controls(call: Call, tx: Transaction) -> dict[str, Any]:
    """Say who owns them. ACLs are disabled only where the bucket's own grants nothing to others."""
    facts = bucket_facts(call)
    rules = (call.params.get("OwnershipControls") or {}).get("Rules") or []
    if len(rules) != 1:
        raise malformed_xml()
    now = tx.bucket_access.get(facts.record.name)
    wanted = rules[0]["ObjectOwnership"]
    if wanted == ENFORCED and read_stored(now.acl, facts.owner) != private(facts.owner):
        raise with_object_ownership()
    tx.bucket_access.put(replace(now, ownership=wanted))
    return {}


@operation("s3", "DeleteBucketOwnershipControls", asks=s3_asks, changes=True)
def delete_bucket_ownership_controls(call: Call, tx: Transaction) -> dict[str, Any]:
    """Say nothing: then whoever writes an object owns it."""
    facts = bucket_facts(call)
    tx.bucket_access.put(replace(tx.bucket_access.get(facts.record.name), ownership=None))
    return {}


@operation("s3", "GetPublicAccessBlock", asks=s3_asks)
def get_public_access_block(call: Call, _tx: Transaction) -> dict[str, Any]:
    """The bucket's own switches, whatever its account says."""
    facts = bucket_facts(call)
    if facts.access.public_access is None:
        extra = {"BucketName": facts.record.name}
        text = "The public access block configuration was not found"
        raise ServiceFault("NoSuchPublicAccessBlockConfiguration", text, 404, extra)
    return {"PublicAccessBlockConfiguration": shown_switches(facts.access.public_access)}


@operation("s3", "PutPublicAccessBlock", asks=s3_asks, changes=True)
def put_public_access_block(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set all four switches; one that is not named is off."""
    facts = bucket_facts(call)
    switches = read_switches(call.params.get("PublicAccessBlockConfiguration") or {})
    tx.bucket_access.put(replace(tx.bucket_access.get(facts.record.name), public_access=switches))
    return {}


@operation("s3", "DeletePublicAccessBlock", asks=s3_asks, changes=True)
def delete_public_access_block(call: Call, tx: Transaction) -> dict[str, Any]:
    """Block nothing."""
    facts = bucket_facts(call)
    tx.bucket_access.put(replace(tx.bucket_access.get(facts.record.name), public_access=None))
    return {}


@operation("s3", "GetBucketRequestPayment", asks=s3_asks)
def get_bucket_request_payment(call: Call, _tx: Transaction) -> dict[str, Any]:
    """Who pays."""
    return {"Payer": "Requester" if bucket_facts(call).access.requester_pays else "BucketOwner"}


@operation("s3", "PutBucketRequestPayment", asks=s3_asks, changes=True)
def put_bucket_request_payment(call: Call, tx: Transaction) -> dict[str, Any]:
    """Say who pays: requests of others must then agree to it."""
    facts = bucket_facts(call)
    payer = (call.params.get("RequestPaymentConfiguration") or {}).get("Payer")
    tx.bucket_access.put(replace(tx.bucket_access.get(facts.record.name), requester_pays=payer == "Requester"))
    return {}
