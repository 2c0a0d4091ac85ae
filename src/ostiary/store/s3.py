"""Who may reach buckets and objects beside the bucket policy: ownership, ACLs, public access.

An object is known by its marker, which it carries in the engine: what is kept of one that is gone speaks of no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store import tables
from ostiary.store.link import Prepared, given, records, values_of
from ostiary.store.named import Rows

ENFORCED: Final = "BucketOwnerEnforced"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketAccessRecord:
    """What a bucket says of access, but for its policy. A bucket without a row has these values."""

    bucket: str
    ownership: str | None = ENFORCED
    """None: no ownership controls, which means that who writes an object owns it."""
    acl: str | None = None
    """JSON; None: the owner alone."""
    public_access: int | None = None
    """The switches of the public access block, a bit each; None: there is no configuration."""
    requester_pays: bool = False
    cors: str | None = None
    """JSON; None: there is no configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAccessRecord:
    """Owner and ACL of an object (of one of its versions) that are not the usual ones."""

    bucket: str
    key: str
    marker: str
    account: str
    """Who owns it; empty: whoever wrote it without a signature."""
    acl: str | None = None
    """JSON; None: the owner alone."""
    at: int
    of_upload: bool = False
    """Made for a multipart upload, which may be completed at any time."""


_b: Final = tables.bucket_access.c
_BUCKET: Final = records(tables.bucket_access, BucketAccessRecord, _b.bucket == given("bucket"))
_bucket: Final = upsert(tables.bucket_access)
_CHANGED: Final = ("ownership", "acl", "public_access", "requester_pays", "cors")
_PUT_BUCKET: Final = Prepared(
    _bucket.on_conflict_do_update(index_elements=["bucket"], set_={name: _bucket.excluded[name] for name in _CHANGED}),
    ("bucket", *_CHANGED),
)
_REMOVE_BUCKET: Final = Prepared(delete(tables.bucket_access).where(_b.bucket == given("bucket")))


class BucketAccess(Rows):
    """What buckets say of access, but for their policies."""

    def get(self, bucket: str) -> BucketAccessRecord:
        """By name; the usual values where nothing is kept."""
        return self._link.one(_BUCKET, bucket=bucket) or BucketAccessRecord(bucket=bucket)

    def put(self, record: BucketAccessRecord) -> None:
        """Add or replace."""
        self._link.run(_PUT_BUCKET, **values_of(record))
        self._touch("bucket:" + record.bucket)

    def remove(self, bucket: str) -> None:
        """Forget it."""
        self._link.run(_REMOVE_BUCKET, bucket=bucket)
        self._touch("bucket:" + bucket)


_o: Final = tables.object_access.c
_of_key: Final = (_o.bucket == given("bucket"), _o.key == given("key"))
_one: Final = (*_of_key, _o.marker == given("marker"))
_ANY: Final = Prepared(select(_o.marker).where(*_of_key).limit(1))
_OBJECT: Final = records(tables.object_access, ObjectAccessRecord, *_one)
_object: Final = upsert(tables.object_access)
_SET: Final = ("account", "acl", "at", "of_upload")
_PUT_OBJECT: Final = Prepared(
    _object.on_conflict_do_update(
        index_elements=["bucket", "key", "marker"], set_={name: _object.excluded[name] for name in _SET}
    ),
    ("bucket", "key", "marker", *_SET),
)
_REMOVE_OBJECT: Final = Prepared(delete(tables.object_access).where(*_one))
_REMOVE_OLDER: Final = Prepared(
    delete(tables.object_access).where(
        *_of_key, _o.marker != given("marker"), _o.at < given("before"), _o.of_upload.is_(False)
    )
)
_REMOVE_ALL: Final = Prepared(delete(tables.object_access).where(_o.bucket == given("bucket")))


class ObjectAccess(Rows):
    """Owners and ACLs of objects, where they are not the usual ones."""

    def any(self, bucket: str, key: str) -> bool:
        """Whether anything is kept under this key."""
        return bool(self._link.rows(_ANY, bucket=bucket, key=key))

    def get(self, bucket: str, key: str, marker: str) -> ObjectAccessRecord | None:
        """Of the object with this marker."""
        return self._link.one(_OBJECT, bucket=bucket, key=key, marker=marker)

    def put(self, record: ObjectAccessRecord) -> None:
        """Add or replace."""
        self._link.run(_PUT_OBJECT, **values_of(record))

    def remove(self, bucket: str, key: str, marker: str) -> None:
        """Forget one."""
        self._link.run(_REMOVE_OBJECT, bucket=bucket, key=key, marker=marker)

    def remove_older(self, bucket: str, key: str, *, but: str, before: int) -> None:
        """Forget what is kept since before a moment under a key that has no versions, but for the object it is."""
        self._link.run(_REMOVE_OLDER, bucket=bucket, key=key, marker=but, before=before)

    def remove_all(self, bucket: str) -> None:
        """Forget everything in a bucket."""
        self._link.run(_REMOVE_ALL, bucket=bucket)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRecord:
    """Who began a multipart upload, where it is not the root user of the bucket's account."""

    bucket: str
    upload_id: str
    key: str
    account: str
    user_id: str
    """As `aws:userid`."""
    arn: str


_u: Final = tables.uploads.c
_this: Final = (_u.bucket == given("bucket"), _u.upload_id == given("upload_id"))
_UPLOAD: Final = records(tables.uploads, UploadRecord, *_this)
_ADD_UPLOAD: Final = Prepared(insert(tables.uploads), ("bucket", "upload_id", "key", "account", "user_id", "arn"))
_REMOVE_UPLOAD: Final = Prepared(delete(tables.uploads).where(*_this))
_REMOVE_UPLOADS: Final = Prepared(delete(tables.uploads).where(_u.bucket == given("bucket")))


class Uploads(Rows):
    """Multipart uploads that are under way, and who began them."""

    def get(self, bucket: str, upload_id: str) -> UploadRecord | None:
        """By id."""
        return self._link.one(_UPLOAD, bucket=bucket, upload_id=upload_id)

    def add(self, record: UploadRecord) -> None:
        """Add one."""
        self._link.run(_ADD_UPLOAD, **values_of(record))

    def remove(self, bucket: str, upload_id: str) -> None:
        """Forget one."""
        self._link.run(_REMOVE_UPLOAD, bucket=bucket, upload_id=upload_id)

    def remove_all(self, bucket: str) -> None:
        """Forget those of a bucket."""
        self._link.run(_REMOVE_UPLOADS, bucket=bucket)


_p: Final = tables.account_public_access.c
_ACCOUNT: Final = Prepared(select(_p.public_access).where(_p.account == given("account")))
_account: Final = upsert(tables.account_public_access)
_PUT_ACCOUNT: Final = Prepared(
    _account.on_conflict_do_update(index_elements=["account"], set_={"public_access": _account.excluded.public_access}),
    ("account", "public_access"),
)
_REMOVE_ACCOUNT: Final = Prepared(delete(tables.account_public_access).where(_p.account == given("account")))


def public_access_of(account: str) -> str:
    """What others remember an account's public access block by."""
    return "public-access:" + account


class AccountPublicAccess(Rows):
    """The public access blocks of whole accounts."""

    def get(self, account: str) -> int | None:
        """The switches, a bit each; None: there is no configuration."""
        found: Any = self._link.value(_ACCOUNT, account=account)
        return None if found is None else int(found)

    def put(self, account: str, public_access: int | None) -> None:
        """Set, or with None remove."""
        if public_access is None:
            self._link.run(_REMOVE_ACCOUNT, account=account)
        else:
            self._link.run(_PUT_ACCOUNT, account=account, public_access=public_access)
        self._touch(public_access_of(account))
