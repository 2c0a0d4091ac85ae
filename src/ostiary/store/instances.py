"""Instances and the instance profiles they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ostiary.store.link import adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import InstanceRecord, ProfileAssociationRecord
from ostiary.store.tables import instances, profile_associations

_i: Final = instances.c
_ADD: Final = adding(instances, InstanceRecord)
_GET: Final = records(instances, InstanceRecord, _i.id == given("id"))
_OF_ACCOUNT: Final = records(instances, InstanceRecord, _i.account == given("account"), order_by=(_i.launched, _i.id))

_p: Final = profile_associations.c
_oldest_first: Final = (_p.at, _p.id)
_ASSOCIATE: Final = adding(profile_associations, ProfileAssociationRecord)
_ASSOCIATION: Final = records(profile_associations, ProfileAssociationRecord, _p.id == given("id"))
_OF_INSTANCE: Final = records(
    profile_associations, ProfileAssociationRecord, _p.instance_id == given("instance_id"), order_by=_oldest_first
)
_ASSOCIATIONS_OF_ACCOUNT: Final = records(
    profile_associations, ProfileAssociationRecord, _p.account == given("account"), order_by=_oldest_first
)


class Instances(Rows):
    def add(self, record: InstanceRecord) -> None:
        """Keep a new instance."""
        self._link.run(_ADD, **values_of(record))
        self._touch(record.id)

    def get(self, instance_id: str) -> InstanceRecord | None:
        """By id."""
        return self._link.one(_GET, id=instance_id)

    def of_account(self, account: str) -> Sequence[InstanceRecord]:
        """An account's instances, the oldest first."""
        return self._link.all(_OF_ACCOUNT, account=account)

    def change(self, instance_id: str, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(instances, tuple(values)), row=instance_id, **values)
        self._touch(instance_id)


class Associations(Rows):
    """Which profile an instance has, or had."""

    def add(self, record: ProfileAssociationRecord) -> None:
        """Keep a new association."""
        self._link.run(_ASSOCIATE, **values_of(record))
        self._touch(record.instance_id)

    def get(self, association_id: str) -> ProfileAssociationRecord | None:
        """By id."""
        return self._link.one(_ASSOCIATION, id=association_id)

    def of_instance(self, instance_id: str) -> Sequence[ProfileAssociationRecord]:
        """An instance's, the oldest first."""
        return self._link.all(_OF_INSTANCE, instance_id=instance_id)

    def of_account(self, account: str) -> Sequence[ProfileAssociationRecord]:
        """An account's, the oldest first."""
        return self._link.all(_ASSOCIATIONS_OF_ACCOUNT, account=account)

    def change(self, association: ProfileAssociationRecord, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(profile_associations, tuple(values)), row=association.id, **values)
        self._touch(association.instance_id)
