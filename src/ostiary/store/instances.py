"""Instances and the instance profiles they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select, update

from ostiary.store import tables
from ostiary.store.named import Rows
from ostiary.store.records import InstanceRecord, ProfileAssociationRecord


class Instances(Rows):
    def add(self, record: InstanceRecord) -> None:
        """Keep a new instance."""
        self._connection.execute(insert(tables.instances).values(**asdict(record)))
        self._touch(record.id)

    def get(self, instance_id: str) -> InstanceRecord | None:
        """By id."""
        row = self._connection.execute(select(tables.instances).where(tables.instances.c.id == instance_id)).first()
        return None if row is None else InstanceRecord(**row._mapping)

    def of_account(self, account: str) -> Sequence[InstanceRecord]:
        """An account's instances, the oldest first."""
        t = tables.instances
        asked = select(t).where(t.c.account == account).order_by(t.c.launched, t.c.id)
        return [InstanceRecord(**row._mapping) for row in self._connection.execute(asked)]

    def change(self, instance_id: str, **values: Any) -> None:
        """Set columns."""
        t = tables.instances
        self._connection.execute(update(t).where(t.c.id == instance_id).values(**values))
        self._touch(instance_id)


class Associations(Rows):
    """Which profile an instance has, or had."""

    def add(self, record: ProfileAssociationRecord) -> None:
        """Keep a new association."""
        self._connection.execute(insert(tables.profile_associations).values(**asdict(record)))
        self._touch(record.instance_id)

    def get(self, association_id: str) -> ProfileAssociationRecord | None:
        """By id."""
        t = tables.profile_associations
        row = self._connection.execute(select(t).where(t.c.id == association_id)).first()
        return None if row is None else ProfileAssociationRecord(**row._mapping)

    def of_instance(self, instance_id: str) -> Sequence[ProfileAssociationRecord]:
        """An instance's, the oldest first."""
        t = tables.profile_associations
        asked = select(t).where(t.c.instance_id == instance_id).order_by(t.c.at, t.c.id)
        return [ProfileAssociationRecord(**row._mapping) for row in self._connection.execute(asked)]

    def of_account(self, account: str) -> Sequence[ProfileAssociationRecord]:
        """An account's, the oldest first."""
        t = tables.profile_associations
        asked = select(t).where(t.c.account == account).order_by(t.c.at, t.c.id)
        return [ProfileAssociationRecord(**row._mapping) for row in self._connection.execute(asked)]

    def change(self, association: ProfileAssociationRecord, **values: Any) -> None:
        """Set columns."""
        t = tables.profile_associations
        self._connection.execute(update(t).where(t.c.id == association.id).values(**values))
        self._touch(association.instance_id)
