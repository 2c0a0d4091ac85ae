"""Service S3: whose a new object is, and whom its ACL grants anything.

In a bucket whose owner owns everything there is nothing to keep, and nothing is asked or written here. In one with ACLs
the object gets its marker (`ownership.py`); owner and ACL are kept, where they are not the usual ones, before the
engine gets the object, so that it is never there without them.

Source: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket"; PutObject,
CopyObject, CreateMultipartUpload.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ostiary.authorization.book import BucketFacts
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, MustWait
from ostiary.services.outcome import Headers
from ostiary.services.s3.acls import OWNERS_OWN, Acl, check_grantees, of_headers, private, sets_acl
from ostiary.services.s3.actions import arn
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.conditions import header_tags
from ostiary.services.s3.faults import no_such_bucket, no_such_key
from ostiary.services.s3.guard import Guard, guard_of
from ostiary.services.s3.ownership import canonical_id_of, head, marker_of
from ostiary.services.s3.public import Block, prevented
from ostiary.services.s3.requests import MARKER, S3Request
from ostiary.services.s3.tags import check_object_tags
from ostiary.store.s3 import ObjectAccessRecord
from ostiary.store.transaction import Transaction

_PREFERRED: Final = "BucketOwnerPreferred"
_WITHOUT_ACLS: Final = frozenset({"private", "bucket-owner-read", OWNERS_OWN})
"""What AWS was seen to take from writers where ACLs are disabled."""
_FORGOTTEN_AFTER: Final = 7 * 86_400
"""Seconds; longer than an upload may take."""
KEPT_IN_COPIES: Final = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"}
)


def made(call: Call, tx: Transaction, headers: Headers) -> Headers:
    """The headers with which the engine makes the object.

    Raises:
        ServiceFault: the tags can't be; the bucket has no ACLs, the ACL can't be, or is public where that is blocked.
        MustWait: something must be written, and the caller can't wait here.
    """
    s3: S3Call = call.target
    if s3.request.header("x-amz-tagging") is not None:
        check_object_tags(header_tags(s3.request))
    facts = call.house.book.bucket(s3.request.bucket or "")
    if facts is None:
        raise no_such_bucket(s3.request.bucket or "")
    guard = guard_of(facts)
    if guard.enforced:
        check_none(s3.request)
        return headers
    account, acl = _claimed(call, tx, guard)
    marker = call.house.entropy.draw(16).hex()
    owner = facts.owner if account == guard.account else canonical_id_of(call, account)
    if account != guard.account or acl != private(owner):
        _keep(call, tx, facts, marker, account, acl.stored(owner))
    if call.operation == "CopyObject":
        headers = _spelled_out(call, headers)
    return [*(each for each in headers if each[0] != MARKER), (MARKER, marker)]


def check_none(request: S3Request) -> None:
    """Refuse what sets an ACL where the owner owns everything; to say what is so anyway is none."""
    name = request.header("x-amz-acl")
    if sets_acl(request) and (name is None or name not in _WITHOUT_ACLS):
        raise not_supported()


def not_supported() -> ServiceFault:
    """The bucket has no ACLs."""
    return ServiceFault("AccessControlListNotSupported", "The bucket does not allow ACLs", 400)


def looked_up(acl: Acl, tx: Transaction) -> Acl:
    """The ACL, its ids those of accounts that are here."""
    ids = {grant.grantee for grant in acl.grants}
    return check_grantees(acl, [each for each in ids if tx.accounts.by_canonical_id(each) is not None])


def _claimed(call: Call, tx: Transaction, guard: Guard) -> tuple[str, Acl]:
    """The account that will own the object, and the ACL that the request says."""
    request: S3Request = call.target.request
    facts, account = guard.facts, call.account
    if facts.access.ownership == _PREFERRED and request.header("x-amz-acl") == OWNERS_OWN:
        account = guard.account
    owner = facts.owner if account == guard.account else canonical_id_of(call, account)
    acl = of_headers(request, owner, facts.owner)
    if acl is None:
        return account, private(owner)
    if acl.public and guard.block & Block.BLOCK_PUBLIC_ACLS:
        raise prevented(call, arn(request.bucket, request.key), "ACLs", "BlockPublicAcls")
    return account, acl if request.header("x-amz-acl") is not None else looked_up(acl, tx)


def _keep(call: Call, tx: Transaction, facts: BucketFacts, marker: str, account: str, acl: str | None) -> None:
    if not call.patient:
        raise MustWait
    request: S3Request = call.target.request
    bucket, key = facts.record.name, request.key or ""
    record = ObjectAccessRecord(
        bucket=bucket,
        key=key,
        marker=marker,
        account=account,
        acl=acl,
        at=call.now,
        of_upload=call.operation == "CreateMultipartUpload",
    )
    now = head(call, bucket, key, None) if tx.object_access.any(bucket, key) else None
    with call.house.store.write() as writing:
        writing.object_access.put(record)
        if now is not None and now.get("x-amz-version-id", "null") == "null":
            before = call.now - _FORGOTTEN_AFTER
            writing.object_access.remove_older(bucket, key, but=marker_of(now), before=before)


def _spelled_out(call: Call, headers: Headers) -> Headers:
    """A copy that says its metadata itself: the engine would copy the source's marker with the rest."""
    request: S3Request = call.target.request
    source = request.copy_source
    assert source is not None
    if (request.header("x-amz-metadata-directive") or "").upper() == "REPLACE":
        return headers
    itself = (source.bucket, source.key, source.version_id) == (request.bucket, request.key, None)
    if itself and request.header("x-amz-storage-class") is None:
        text = (
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )
        raise ServiceFault("InvalidRequest", text, 400)
    found = head(call, source.bucket, source.key, source.version_id)
    if found is None:
        raise no_such_key(source.key)
    told = [(n, v) for n, v in headers if n not in KEPT_IN_COPIES and not n.startswith("x-amz-meta")]
    return [*told, *described(found), ("x-amz-metadata-directive", "REPLACE")]


def described(headers: Mapping[str, str]) -> Headers:
    """What of an object's headers a copy keeps, unless it has its own."""
    return [
        (name, value)
        for name, value in headers.items()
        if (name in KEPT_IN_COPIES or name.startswith("x-amz-meta-")) and name != MARKER
    ]
