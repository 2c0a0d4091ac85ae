"""Service S3: the permissions of a request, with the bucket's owner and policy.

Source: Amazon S3 User Guide, "How Amazon S3 authorizes a request"; the table is `actions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ostiary.authorization.book import BucketFacts
from ostiary.authorization.judge import Ask
from ostiary.policy import Pool, referenced_condition_keys
from ostiary.services.operation import Call, MustWait
from ostiary.services.s3.actions import BODY_FIRST, S3Ask, asks, with_existing_tags
from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.call import S3Call
from ostiary.services.s3.conditions import BodyFacts, S3Facts, Signature, body_facts
from ostiary.services.s3.engine_calls import read_tags
from ostiary.services.s3.faults import no_such_bucket, of_refusal
from ostiary.store.transaction import Transaction

_TAG_KEY: Final = "s3:existingobjecttag/"


def s3_asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    """Every permission that the request needs.

    Raises:
        ServiceFault: NoSuchBucket; NotImplemented.
        MustWait: the object's tags must be seen, and the caller can't wait here.
    """
    s3: S3Call = call.target
    known = buckets_of(call, s3)
    body = body_facts(call.operation, call.params) if call.operation in BODY_FIRST else None
    return asks_of(call, s3_facts(call, s3, known, body), known)


def asks_of(call: Call, facts: S3Facts, known: Mapping[str, BucketFacts]) -> list[Ask]:
    """The same, its facts known."""
    s3: S3Call = call.target
    try:
        found = asks(s3.request, facts)
    except S3Refusal as refusal:
        raise of_refusal(refusal) from None
    return [ask for each in found for ask in _ask(call, each, known)]


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
        known[name] = found
    return known


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
        owners={name: bucket.record.account for name, bucket in known.items()},
    )


def _ask(call: Call, each: S3Ask, known: Mapping[str, BucketFacts]) -> Iterable[Ask]:
    bucket = known.get(each.bucket) if each.bucket is not None else None
    if each.only_if_tagged is not None:
        name, key, version = each.only_if_tagged
        if not _look(call, name, key, version):
            return
    if each.reads_tags and each.bucket is not None and each.key is not None and _speaks_of_tags(call, bucket):
        each = with_existing_tags(each, _look(call, each.bucket, each.key, each.version_id))
    yield Ask(
        action=each.action,
        resource=each.resource,
        account=bucket.record.account if bucket is not None else None,
        context=each.context,
        resource_policy=bucket.policy if bucket is not None else None,
    )


def _look(call: Call, bucket: str, key: str, version: str | None) -> tuple[tuple[str, str], ...]:
    if not call.patient:
        raise MustWait
    return read_tags(call, bucket, key, version)


def _speaks_of_tags(call: Call, bucket: BucketFacts | None) -> bool:
    """Whether a policy in force has a condition, or a variable, on the tags of objects."""
    policy, owner = (None, None) if bucket is None else (bucket.policy, bucket.record.account)
    in_force = call.house.judge.in_force(call.caller, policy, owner)
    levels = (*(in_force.scp or ()), *(in_force.rcp or ()))
    pools = (in_force.identity, in_force.resource, in_force.boundary, in_force.session, *levels)
    return any(_mentions(pool) for pool in pools if pool is not None)


def _mentions(pool: Pool | Iterable[object]) -> bool:
    if not isinstance(pool, Pool):
        return False
    found = _mentioned.get(id(pool))
    if found is not None and found[0] is pool:
        return found[1]
    answer = any(
        key.lower().startswith(_TAG_KEY) for attached in pool for key in referenced_condition_keys(attached.policy)
    )
    if len(_mentioned) >= 10_000:
        _mentioned.clear()
    _mentioned[id(pool)] = (pool, answer)
    return answer


_mentioned: Final[dict[int, tuple[Pool, bool]]] = {}
"""By identity of the pool, which is held so that the identity stays its own."""
