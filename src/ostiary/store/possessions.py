"""What entities have: attached and inline policies, tags; and the flat tables of buckets and settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from ostiary.store import tables
from ostiary.store.named import Rows
from ostiary.store.records import AlreadyExists, BucketRecord, TagRecord


class Attachments(Rows):
    """Managed policies attached to users, groups and roles."""

    def of(self, owner_id: str) -> Sequence[str]:
        """The ARNs attached to an entity, sorted."""
        a = tables.attachments.c
        asked = select(a.policy_arn).where(a.owner_id == owner_id).order_by(a.policy_arn)
        return list(self._connection.execute(asked).scalars())

    def attach(self, owner_id: str, policy_arn: str, account: str, at: int) -> bool:
        """Attach; False when it was attached already."""
        asked = upsert(tables.attachments).values(owner_id=owner_id, policy_arn=policy_arn, account=account, at=at)
        done = self._connection.execute(asked.on_conflict_do_nothing())
        self._touch(owner_id)
        return done.rowcount == 1

    def detach(self, owner_id: str, policy_arn: str) -> bool:
        """Detach; False when it was not attached."""
        a = tables.attachments
        done = self._connection.execute(delete(a).where(a.c.owner_id == owner_id, a.c.policy_arn == policy_arn))
        self._touch(owner_id)
        return done.rowcount == 1

    def holders(self, account: str, policy_arn: str) -> Sequence[str]:
        """The unique ids of an account's entities that have the policy."""
        a = tables.attachments.c
        asked = select(a.owner_id).where(a.account == account, a.policy_arn == policy_arn).order_by(a.owner_id)
        return list(self._connection.execute(asked).scalars())

    def counts(self, account: str) -> Mapping[str, int]:
        """How often each policy is attached in an account."""
        a = tables.attachments.c
        asked = select(a.policy_arn, func.count()).where(a.account == account).group_by(a.policy_arn)
        return {arn: count for arn, count in self._connection.execute(asked)}

    def boundary_counts(self, account: str) -> Mapping[str, int]:
        """How often each policy is a permissions boundary in an account."""
        found: dict[str, int] = {}
        for t in (tables.users.c, tables.roles.c):
            asked = select(t.boundary, func.count()).where(t.account == account, t.boundary.is_not(None))
            for arn, count in self._connection.execute(asked.group_by(t.boundary)):
                found[arn] = found.get(arn, 0) + count
        return found


class InlinePolicies(Rows):
    """Policies embedded in a user, group or role."""

    def of(self, owner_id: str) -> Mapping[str, str]:
        """Name and document of each, by name."""
        i = tables.inline_policies.c
        asked = select(i.name, i.document).where(i.owner_id == owner_id).order_by(i.name)
        return {name: document for name, document in self._connection.execute(asked)}

    def get(self, owner_id: str, name: str) -> str | None:
        """One document."""
        i = tables.inline_policies.c
        asked = select(i.document).where(i.owner_id == owner_id, i.name == name)
        return self._connection.execute(asked).scalar()

    def put(self, owner_id: str, name: str, document: str) -> None:
        """Add or replace."""
        asked = upsert(tables.inline_policies).values(owner_id=owner_id, name=name, document=document)
        replaced = asked.on_conflict_do_update(index_elements=["owner_id", "name"], set_={"document": document})
        self._connection.execute(replaced)
        self._touch(owner_id)

    def remove(self, owner_id: str, name: str) -> bool:
        """Delete; False when there was none."""
        i = tables.inline_policies
        done = self._connection.execute(delete(i).where(i.c.owner_id == owner_id, i.c.name == name))
        self._touch(owner_id)
        return done.rowcount == 1


class Tags(Rows):
    """Tags of anything that has an id. Keys are unique without regard to case; they are stored as written."""

    def of(self, owner_id: str) -> Sequence[TagRecord]:
        """All tags, by key."""
        t = tables.tags.c
        asked = select(t.key, t.value).where(t.owner_id == owner_id).order_by(t.folded)
        return [TagRecord(key=key, value=value) for key, value in self._connection.execute(asked)]

    def put(self, owner_id: str, tags: Iterable[TagRecord]) -> None:
        """Add or replace."""
        for tag in tags:
            asked = upsert(tables.tags).values(owner_id=owner_id, folded=tag.key.lower(), key=tag.key, value=tag.value)
            new = {"key": tag.key, "value": tag.value}
            self._connection.execute(asked.on_conflict_do_update(index_elements=["owner_id", "folded"], set_=new))
        self._touch(owner_id)

    def remove(self, owner_id: str, keys: Iterable[str] | None = None) -> None:
        """Delete these keys, or all."""
        t = tables.tags
        asked = delete(t).where(t.c.owner_id == owner_id)
        if keys is not None:
            asked = asked.where(t.c.folded.in_([key.lower() for key in keys]))
        self._connection.execute(asked)
        self._touch(owner_id)


class Buckets(Rows):
    """Who owns which bucket, and its policy."""

    def add(self, record: BucketRecord) -> None:
        """Raises `AlreadyExists`: bucket names are one namespace for all accounts."""
        try:
            self._connection.execute(insert(tables.buckets).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch("bucket:" + record.name)

    def get(self, name: str) -> BucketRecord | None:
        """By name."""
        row = self._connection.execute(select(tables.buckets).where(tables.buckets.c.name == name)).first()
        return None if row is None else BucketRecord(**row._mapping)

    def of_account(self, account: str) -> Sequence[BucketRecord]:
        """An account's buckets, by name."""
        b = tables.buckets
        asked = select(b).where(b.c.account == account).order_by(b.c.name)
        return [BucketRecord(**row._mapping) for row in self._connection.execute(asked)]

    def set_policy(self, name: str, policy: str | None) -> None:
        """Keep, or remove, the bucket policy."""
        b = tables.buckets
        self._connection.execute(update(b).where(b.c.name == name).values(policy=policy))
        self._touch("bucket:" + name)

    def remove(self, name: str) -> None:
        """Forget the bucket."""
        self._connection.execute(delete(tables.buckets).where(tables.buckets.c.name == name))
        self._touch("bucket:" + name)


class Settings(Rows):
    """Names and values of the whole installation."""

    def get(self, name: str) -> str | None:
        """The value, or None."""
        s = tables.settings.c
        return self._connection.execute(select(s.value).where(s.name == name)).scalar()

    def put(self, name: str, value: str | None) -> None:
        """Set, or with None remove."""
        if value is None:
            self._connection.execute(delete(tables.settings).where(tables.settings.c.name == name))
        else:
            asked = upsert(tables.settings).values(name=name, value=value)
            self._connection.execute(asked.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
        self._touch("setting:" + name)
