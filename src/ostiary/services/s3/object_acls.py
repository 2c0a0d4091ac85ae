"""Service S3: the ACLs of objects.

Source: Amazon S3 API Reference, GetObjectAcl, PutObjectAcl.
"""

from __future__ import annotations

from typing import Any

from ostiary.authorization.book import BucketFacts
from ostiary.services.operation import Call, operation
from ostiary.services.s3.access import may_list, s3_asks
from ostiary.services.s3.acls import private
from ostiary.services.s3.actions import arn
from ostiary.services.s3.bucket_access import bucket_facts, said_acl
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.faults import access_denied, no_such_key
from ostiary.services.s3.guard import guard_of
from ostiary.services.s3.new_objects import looked_up, not_supported
from ostiary.services.s3.ownership import head, marker_of, of_head
from ostiary.services.s3.public import Block, prevented
from ostiary.store.s3 import ObjectAccessRecord
from ostiary.store.transaction import Transaction


@operation("s3", "GetObjectAcl", asks=s3_asks, blocking=True)
def get_object_acl(call: Call, tx: Transaction) -> dict[str, Any]:
    """What is granted; where ACLs are disabled, everything to the bucket's owner alone."""
    facts = bucket_facts(call)
    headers = _there(call, facts)
    if guard_of(facts).enforced:
        return {"Owner": {"ID": facts.owner}, "Grants": private(facts.owner).shown()}
    found = of_head(call, tx, facts, call.target.request.key or "", headers)
    return {"Owner": {"ID": found.owner}, "Grants": found.acl.shown()}


@operation("s3", "PutObjectAcl", asks=s3_asks, blocking=True)
def put_object_acl(call: Call, tx: Transaction) -> dict[str, Any]:
    """Replace what is granted. The owner stays."""
    facts = bucket_facts(call)
    guard = guard_of(facts)
    if guard.enforced:
        raise not_supported()
    key = call.target.request.key or ""
    headers = _there(call, facts)
    marker, now = marker_of(headers), of_head(call, tx, facts, key, headers)
    acl = looked_up(said_acl(call, now.owner, facts.owner), tx)
    if acl.public and guard.block & Block.BLOCK_PUBLIC_ACLS:
        raise prevented(call, arn(facts.record.name, key), "ACLs", "BlockPublicAcls")
    stored = acl.stored(now.owner)
    with call.house.store.write() as writing:
        if stored is None and now.account == guard.account:
            writing.object_access.remove(facts.record.name, key, marker)
        else:
            record = ObjectAccessRecord(
                bucket=facts.record.name, key=key, marker=marker, account=now.account, acl=stored, at=call.now
            )
            writing.object_access.put(record)
    return {}


def _there(call: Call, facts: BucketFacts) -> dict[str, str]:
    """What the engine says of the object."""
    s3: S3Call = call.target
    key = s3.request.key or ""
    found = head(call, facts.record.name, key, s3.request.version_id)
    if found is None:
        raise no_such_key(key) if may_list(call, facts.record.name) else access_denied()
    return found
