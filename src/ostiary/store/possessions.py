"""What entities have: attached and inline policies, tags; and the flat tables of buckets and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store import tables
from ostiary.store.link import IntegrityError, Prepared, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import AlreadyExists, BucketRecord, TagRecord

_a: Final = tables.attachments.c
_ATTACHED: Final = Prepared(select(_a.policy_arn).where(_a.owner_id == given("owner_id")).order_by(_a.policy_arn))
_ATTACH: Final = Prepared(
    upsert(tables.attachments).on_conflict_do_nothing(), ("owner_id", "policy_arn", "account", "at")
)
_DETACH: Final = Prepared(
    delete(tables.attachments).where(_a.owner_id == given("owner"), _a.policy_arn == given("arn"))
)
_HOLDERS: Final = Prepared(
    select(_a.owner_id).where(_a.account == given("account"), _a.policy_arn == given("arn")).order_by(_a.owner_id)
)
_COUNTS: Final = Prepared(
    select(_a.policy_arn, func.count()).where(_a.account == given("account")).group_by(_a.policy_arn)
)
_BOUNDARY_COUNTS: Final = tuple(
    Prepared(
        select(t.c.boundary, func.count())
        .where(t.c.account == given("account"), t.c.boundary.is_not(None))
        .group_by(t.c.boundary)
    )
    for t in (tables.users, tables.roles)
)


class Attachments(Rows):
    """Managed policies attached to users, groups and roles."""

    def of(self, owner_id: str) -> Sequence[str]:
        """The ARNs attached to an entity, sorted."""
        return self._link.column(_ATTACHED, owner_id=owner_id)

    def attach(self, owner_id: str, policy_arn: str, account: str, at: int) -> bool:
        """Attach; False when it was attached already."""
        done = self._link.run(_ATTACH, owner_id=owner_id, policy_arn=policy_arn, account=account, at=at)
        self._touch(owner_id)
        return done == 1

    def detach(self, owner_id: str, policy_arn: str) -> bool:
        """Detach; False when it was not attached."""
        done = self._link.run(_DETACH, owner=owner_id, arn=policy_arn)
        self._touch(owner_id)
        return done == 1

    def holders(self, account: str, policy_arn: str) -> Sequence[str]:
        """The unique ids of an account's entities that have the policy."""
        return self._link.column(_HOLDERS, account=account, arn=policy_arn)

    def counts(self, account: str) -> Mapping[str, int]:
        """How often each policy is attached in an account."""
        return dict(self._link.rows(_COUNTS, account=account))

    def boundary_counts(self, account: str) -> Mapping[str, int]:
        """How often each policy is a permissions boundary in an account."""
        found: dict[str, int] = {}
        for asked in _BOUNDARY_COUNTS:
            for arn, count in self._link.rows(asked, account=account):
                found[arn] = found.get(arn, 0) + count
        return found


_i: Final = tables.inline_policies.c
_INLINE: Final = Prepared(select(_i.name, _i.document).where(_i.owner_id == given("owner_id")).order_by(_i.name))
_one_inline: Final = (_i.owner_id == given("owner"), _i.name == given("called"))
_DOCUMENT: Final = Prepared(select(_i.document).where(*_one_inline))
_REMOVE_INLINE: Final = Prepared(delete(tables.inline_policies).where(*_one_inline))
_inline: Final = upsert(tables.inline_policies)
_PUT_INLINE: Final = Prepared(
    _inline.on_conflict_do_update(index_elements=["owner_id", "name"], set_={"document": _inline.excluded.document}),
    ("owner_id", "name", "document"),
)


class InlinePolicies(Rows):
    """Policies embedded in a user, group or role."""

    def of(self, owner_id: str) -> Mapping[str, str]:
        """Name and document of each, by name."""
        return dict(self._link.rows(_INLINE, owner_id=owner_id))

    def get(self, owner_id: str, name: str) -> str | None:
        """One document."""
        found: str | None = self._link.value(_DOCUMENT, owner=owner_id, called=name)
        return found

    def put(self, owner_id: str, name: str, document: str) -> None:
        """Add or replace."""
        self._link.run(_PUT_INLINE, owner_id=owner_id, name=name, document=document)
        self._touch(owner_id)

    def remove(self, owner_id: str, name: str) -> bool:
        """Delete; False when there was none."""
        done = self._link.run(_REMOVE_INLINE, owner=owner_id, called=name)
        self._touch(owner_id)
        return done == 1


_t: Final = tables.tags.c
_TAGS: Final = records(tables.tags, TagRecord, _t.owner_id == given("owner_id"), order_by=(_t.folded,), lasting=True)
_tag: Final = upsert(tables.tags)
_PUT_TAG: Final = Prepared(
    _tag.on_conflict_do_update(
        index_elements=["owner_id", "folded"], set_={"key": _tag.excluded.key, "value": _tag.excluded.value}
    ),
    ("owner_id", "folded", "key", "value"),
)
_REMOVE_TAG: Final = Prepared(delete(tables.tags).where(_t.owner_id == given("owner"), _t.folded == given("tag")))
_REMOVE_TAGS: Final = Prepared(delete(tables.tags).where(_t.owner_id == given("owner")))


_FOLDED: Final = ("AIDA", "AROA")
"""What the ids of users and roles begin with: their tag keys are unique without regard to case, all others' with it."""


class Tags(Rows):
    """Tags of anything that has an id. Keys are stored as written."""

    def of(self, owner_id: str) -> Sequence[TagRecord]:
        """All tags, by key."""
        return self._link.all(_TAGS, owner_id=owner_id)

    def put(self, owner_id: str, tags: Iterable[TagRecord]) -> None:
        """Add or replace."""
        fold = _folding(owner_id)
        rows = ({"owner_id": owner_id, "folded": fold(tag.key), "key": tag.key, "value": tag.value} for tag in tags)
        self._link.run_each(_PUT_TAG, rows)
        self._touch(owner_id)

    def remove(self, owner_id: str, keys: Iterable[str] | None = None) -> None:
        """Delete these keys, or all."""
        if keys is None:
            self._link.run(_REMOVE_TAGS, owner=owner_id)
        else:
            fold = _folding(owner_id)
            self._link.run_each(_REMOVE_TAG, ({"owner": owner_id, "tag": fold(key)} for key in keys))
        self._touch(owner_id)


def tags_fold(owner_id: str) -> bool:
    """Whether two tag keys of this entity that differ in case alone are one."""
    return owner_id.startswith(_FOLDED)


def _folding(owner_id: str) -> Callable[[str], str]:
    return str.lower if tags_fold(owner_id) else str


_b: Final = tables.buckets.c
_ADD_BUCKET: Final = adding(tables.buckets, BucketRecord)
_BUCKET: Final = records(tables.buckets, BucketRecord, _b.name == given("name"))
_BUCKETS: Final = records(tables.buckets, BucketRecord, _b.account == given("account"), order_by=(_b.name,))
_REMOVE_BUCKET: Final = Prepared(delete(tables.buckets).where(_b.name == given("name")))


class Buckets(Rows):
    """Who owns which bucket, and its policy."""

    def add(self, record: BucketRecord) -> None:
        """Raises `AlreadyExists`: bucket names are one namespace for all accounts."""
        try:
            self._link.run(_ADD_BUCKET, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch("bucket:" + record.name)

    def get(self, name: str) -> BucketRecord | None:
        """By name."""
        return self._link.one(_BUCKET, name=name)

    def of_account(self, account: str) -> Sequence[BucketRecord]:
        """An account's buckets, by name."""
        return self._link.all(_BUCKETS, account=account)

    def set_policy(self, name: str, policy: str | None) -> None:
        """Keep, or remove, the bucket policy."""
        self._link.run(changing(tables.buckets, ("policy",)), row=name, policy=policy)
        self._touch("bucket:" + name)

    def remove(self, name: str) -> None:
        """Forget the bucket."""
        self._link.run(_REMOVE_BUCKET, name=name)
        self._touch("bucket:" + name)


_s: Final = tables.settings.c
_SETTING: Final = Prepared(select(_s.value).where(_s.name == given("name")))
_UNSET: Final = Prepared(delete(tables.settings).where(_s.name == given("name")))
_set: Final = upsert(tables.settings)
_SET: Final = Prepared(
    _set.on_conflict_do_update(index_elements=["name"], set_={"value": _set.excluded.value}), ("name", "value")
)


class Settings(Rows):
    """Names and values of the whole installation."""

    def get(self, name: str) -> str | None:
        """The value, or None."""
        found: str | None = self._link.value(_SETTING, name=name)
        return found

    def put(self, name: str, value: str | None) -> None:
        """Set, or with None remove."""
        if value is None:
            self._link.run(_UNSET, name=name)
        else:
            self._link.run(_SET, name=name, value=value)
        self._touch("setting:" + name)
