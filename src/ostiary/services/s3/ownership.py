"""Service S3: who owns an object, and what its ACL says.

Both are kept only where they are not the usual ones: the bucket's owner, and nothing granted to others. An object in a
bucket that has ACLs carries a marker in the engine, made anew each time it is written; owner and ACL are kept under it.

INVARIANT: what is kept of an object speaks of no other that had, or will have, its key: that one's marker differs.

Source: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.authorization.book import BucketFacts
from ostiary.services.operation import Call, MustWait
from ostiary.services.s3.acls import ANONYMOUS_ID, Acl, private, read_stored
from ostiary.services.s3.addresses import encode
from ostiary.services.s3.engine_calls import ask_engine, engine_of, object_path
from ostiary.services.s3.faults import engine_not_ready
from ostiary.services.s3.requests import MARKER
from ostiary.store.transaction import Transaction

_LONGEST: Final = 128
_NOT_THERE: Final = (400, 404, 405)
"""400: no such version id can be; 405: the version is a delete marker."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """Owner and ACL of one object."""

    account: str
    """Empty: whoever wrote it without a signature."""
    owner: str
    """The account's canonical id."""
    acl: Acl


def usual(facts: BucketFacts) -> Ownership:
    """Of objects of which nothing is kept."""
    return Ownership(facts.record.account, facts.owner, private(facts.owner))


def ownership(call: Call, tx: Transaction, facts: BucketFacts, key: str, version: str | None) -> Ownership:
    """Of the object under a key, or of the one that would be there.

    Raises:
        MustWait: the engine must be asked which object it is, and the caller can't wait here.
    """
    if not tx.object_access.any(facts.record.name, key):
        return usual(facts)
    headers = head(call, facts.record.name, key, version)
    return usual(facts) if headers is None else of_head(call, tx, facts, key, headers)


def of_head(call: Call, tx: Transaction, facts: BucketFacts, key: str, headers: Mapping[str, str]) -> Ownership:
    """Of the object that the engine described."""
    record = tx.object_access.get(facts.record.name, key, marker_of(headers))
    if record is None:
        return usual(facts)
    owner = canonical_id_of(call, record.account)
    return Ownership(record.account, owner, read_stored(record.acl, owner))


def canonical_id_of(call: Call, account: str) -> str:
    """Of an account; empty once there is no such account."""
    if not account:
        return ANONYMOUS_ID
    found = call.house.book.account(account)
    return found.canonical_id if found is not None else ""


def head(call: Call, bucket: str, key: str, version: str | None) -> dict[str, str] | None:
    """What the engine says of an object; None when it is not there. Raises MustWait."""
    if not call.patient:
        raise MustWait
    engine = engine_of(call, bucket)
    if engine is None or engine.unable(key, filled=False):
        return None
    query = "" if version is None else f"versionId={encode(version)}"
    answer = ask_engine(call, "HEAD", object_path(bucket, key), query)
    if answer.status in _NOT_THERE:
        return None
    if answer.status != 200:
        raise engine_not_ready()
    return dict(answer.headers)


def marker_of(headers: Mapping[str, str]) -> str:
    """What an object is known by: its marker; of one that was written while its bucket had no ACLs, how it looks."""
    looks = " ".join(headers.get(name, "") for name in ("etag", "last-modified", "x-amz-version-id"))
    return (headers.get(MARKER) or looks)[:_LONGEST]
