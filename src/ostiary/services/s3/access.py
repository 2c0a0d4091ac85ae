"""Service S3: the permissions of a request, with the bucket's owner and policy.

Source: Amazon S3 User Guide, "How Amazon S3 authorizes a request"; the table is `actions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ostiary.authorization.book import BucketFacts
from ostiary.authorization.judge import Ask
from ostiary.policy import InForce, Pool, referenced_condition_keys
from ostiary.services.operation import Call, MustWait
from ostiary.services.s3.acls import OBJECT_ACTIONS, WRITES_NEW, WRITES_OWN
from ostiary.services.s3.actions import BODY_FIRST, MAKES_OBJECTS, S3Ask, arn, asks, with_existing_tags
from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.conditions import BodyFacts, S3Facts, Signature, body_facts
from ostiary.services.s3.engine_calls import read_tags
from ostiary.services.s3.faults import access_denied, no_such_bucket, no_such_key, of_refusal
from ostiary.services.s3.guard import OF_UPLOADS, Guard, guard_of
from ostiary.services.s3.ownership import head, of_head, ownership
from ostiary.store.transaction import Transaction

_TAG_KEY: Final = "s3:existingobjecttag/"


def s3_asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    """Every permission that the request needs.

    Raises:
        ServiceFault: NoSuchBucket; NotImplemented; AccessDenied to who does not pay.
        MustWait: the engine must be asked about the object, and the caller can't wait here.
    """
    s3: S3Call = call.target
    known = buckets_of(call, s3)
    body = body_facts(call.operation, call.params) if call.operation in BODY_FIRST else None
    return asks_of(call, tx, s3_facts(call, s3, known, body), known)


def asks_of(call: Call, tx: Transaction, facts: S3Facts, known: Mapping[str, BucketFacts]) -> list[Ask]:
    """The same, its facts known."""
    s3: S3Call = call.target
    try:
        found = asks(s3.request, facts)
    except S3Refusal as refusal:
        raise of_refusal(refusal) from None
    return [ask for each in found for ask in _ask(call, tx, each, known)]


def may_list(call: Call, bucket: str) -> bool:
    """Whether the caller may list a bucket: then it is told which objects are not there."""
    facts = call.house.book.bucket(bucket)
    if facts is None:
        return True
    ask = Ask(
        action="s3:ListBucket",
        resource=arn(bucket),
        account=facts.record.account,
        resource_policy=guard_of(facts).of_bucket(call.caller),
    )
    return call.house.judge.judge(call.caller, ask, call.facts).allowed


def buckets_of(call: Call, s3: S3Call) -> dict[str, BucketFacts]:
    """The buckets that the request names. Raises NoSuchBucket for one that is not there.

    A bucket that is to be made is the caller's own affair, whoever has the name already.
    """
    if call.operation == "CreateBucket":
        return {}
    names = [name for name in (s3.request.bucket, s3.request.copy_source and s3.request.copy_source.bucket) if name]
    known: dict[str, BucketFacts] = {}
    for name in names:
        found = call.house.book.bucket(name)
        if found is None:
            raise no_such_bucket(name)
        if found.access.requester_pays and not _pays(call, s3, found):
            raise access_denied()
        known[name] = found
    return known


def _pays(call: Call, s3: S3Call, bucket: BucketFacts) -> bool:
    """Whether the bucket's owner pays, or the requester says to."""
    owns = call.account == bucket.record.account
    return owns or (bool(call.account) and s3.request.header("x-amz-request-payer") == "requester")


def s3_facts(call: Call, s3: S3Call, known: Mapping[str, BucketFacts], body: BodyFacts | None) -> S3Facts:
    """What is known of the request beside its head."""
    signature = None
    if s3.style is not None and s3.signed_at is not None:
        presigned = s3.style == "REST-QUERY-STRING"
        age = int((call.facts.at - s3.signed_at).total_seconds() * 1000) if presigned else None
        signature = Signature(kind=s3.style, age=age)
    return S3Facts(
        at=call.facts.at,
        signature=signature,
        body=body,
        tls_version=s3.tls_version,
        owners={name: bucket.record.account for name, bucket in known.items()},
    )


def _ask(call: Call, tx: Transaction, each: S3Ask, known: Mapping[str, BucketFacts]) -> Iterable[Ask]:
    if each.only_if_tagged is not None:
        name, key, version = each.only_if_tagged
        if not _look(call, name, key, version):
            return
    bucket = known.get(each.bucket) if each.bucket is not None else None
    if bucket is None:
        yield Ask(action=each.action, resource=each.resource, context=each.context)
        return
    guard = guard_of(bucket)
    owner, pool = (guard.account, guard.policy) if guard.enforced else _by_acls(call, tx, each, guard)
    if each.action in OF_UPLOADS:
        pool = _by_initiator(call, tx, each, guard, pool)
    if each.reads_tags and each.key is not None and _speaks_of_tags(call, pool, guard.account):
        each = with_existing_tags(each, _look(call, bucket.record.name, each.key, each.version_id))
    yield Ask(
        action=each.action,
        resource=each.resource,
        account=owner,
        container=None if owner == guard.account else guard.account,
        context=each.context,
        resource_policy=pool,
    )


def _by_acls(call: Call, tx: Transaction, each: S3Ask, guard: Guard) -> tuple[str, Pool | None]:
    """Who owns what is asked for in a bucket with ACLs, and what is in force on it."""
    caller = call.caller
    if each.key is None or (each.action not in OBJECT_ACTIONS and each.action not in WRITES_OWN):
        return guard.account, guard.of_bucket(caller)
    if each.action not in OBJECT_ACTIONS:
        return guard.account, guard.of_bucket(caller, _writes(call, tx, each, guard))
    if call.operation in MAKES_OBJECTS and each.action == "s3:PutObjectAcl":
        return call.account, guard.policy if call.account == guard.account else guard.denies
    there = _told_there(call, each, guard)
    if there is None:
        found = ownership(call, tx, guard.facts, each.key, each.version_id)
    else:
        found = of_head(call, tx, guard.facts, each.key, there)
    return found.account, guard.of_object(caller, found.account, found.acl)


def _told_there(call: Call, each: S3Ask, guard: Guard) -> Mapping[str, str] | None:
    """An object that is not there grants nothing: whom the bucket's ACL allows to list is told that it is not there.

    Returns:
        what the engine says of it; None when it was not asked.

    Raises:
        ServiceFault: NoSuchKey.
        MustWait: the engine must be asked, and the caller can't wait here.
    """
    name, key = guard.facts.record.name, each.key or ""
    strange = guard.acl is not None and each.action == "s3:GetObject" and call.account != guard.account
    if not strange or not may_list(call, name):
        return None
    there = head(call, name, key, None)
    if there is None:
        raise no_such_key(key)
    return there


def _writes(call: Call, tx: Transaction, each: S3Ask, guard: Guard) -> tuple[str, ...]:
    """What WRITE in a bucket's ACL allows under a key: to make an object, or whatever its owner may."""
    if each.key is None or guard.acl is None or call.account == guard.account:
        return ()
    if head(call, guard.facts.record.name, each.key, each.version_id) is None:
        return WRITES_NEW
    return WRITES_OWN if ownership(call, tx, guard.facts, each.key, None).account == call.account else ()


def _by_initiator(call: Call, tx: Transaction, each: S3Ask, guard: Guard, pool: Pool | None) -> Pool | None:
    """What is in force on an upload: whoever began it may list its parts and abort it, if nothing says otherwise."""
    began = tx.uploads.get(guard.facts.record.name, call.target.request.upload_id or "")
    if began is None or began.key != each.key or began.account != call.account:
        return pool
    itself = began.user_id == call.caller.user_id
    return guard.of_upload(pool, call.caller, itself=itself, resource=each.resource)


def _look(call: Call, bucket: str, key: str, version: str | None) -> tuple[tuple[str, str], ...]:
    if not call.patient:
        raise MustWait
    return read_tags(call, bucket, key, version)


def _speaks_of_tags(call: Call, policy: Pool | None, owner: str) -> bool:
    """Whether a policy in force has a condition, or a variable, on the tags of objects."""
    in_force = call.house.judge.in_force(call.caller, policy, owner)
    found = _mentioned.get(id(in_force))
    if found is not None and found[0] is in_force:
        return found[1]
    levels = (*(in_force.scp or ()), *(in_force.rcp or ()))
    pools = (in_force.identity, in_force.resource, in_force.boundary, in_force.session, *levels)
    answer = any(_mentions(pool) for pool in pools if pool is not None)
    if len(_mentioned) >= 10_000:
        _mentioned.clear()
    _mentioned[id(in_force)] = (in_force, answer)
    return answer


_mentioned: Final[dict[int, tuple[InForce, bool]]] = {}
"""By identity of what is in force, which is held so that the identity stays its own."""


def _mentions(pool: Pool) -> bool:
    return any(
        key.lower().startswith(_TAG_KEY) for attached in pool for key in referenced_condition_keys(attached.policy)
    )
