"""Organizations: their accounts in a tree of organizational units, and the policies attached to it.

Whatever changes in an organization touches `organization:<its id>`; an account that joins or leaves one touches
`organization:<account>` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError

from ostiary.store import tables
from ostiary.store.named import Rows
from ostiary.store.records import (
    AccountCreationRecord,
    AlreadyExists,
    MemberRecord,
    OrganizationalUnitRecord,
    OrganizationPolicyRecord,
    OrganizationRecord,
)


def entity_of(id_: str) -> str:
    """What a change in an organization, or of an account's membership, touches."""
    return f"organization:{id_}"


class Organizations(Rows):
    """Organizations, their units and their accounts."""

    def add(self, record: OrganizationRecord) -> None:
        """Keep a new one. Raises `AlreadyExists` when its management account has one."""
        try:
            self._connection.execute(insert(tables.organizations).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.id) from None
        self._touch(entity_of(record.id))

    def get(self, organization_id: str) -> OrganizationRecord | None:
        """By id."""
        t = tables.organizations
        return self._organization(select(t).where(t.c.id == organization_id))

    def managed_by(self, account: str) -> OrganizationRecord | None:
        """The organization whose management account this is."""
        t = tables.organizations
        return self._organization(select(t).where(t.c.management_account == account))

    def enabled(self, organization_id: str) -> frozenset[str]:
        """The types of policy that are enabled."""
        t = tables.organization_policy_types.c
        return frozenset(self._connection.execute(select(t.type).where(t.organization_id == organization_id)).scalars())

    def enable(self, organization_id: str, policy_type: str) -> None:
        """Enable a type of policy."""
        asked = upsert(tables.organization_policy_types).values(organization_id=organization_id, type=policy_type)
        self._connection.execute(asked.on_conflict_do_nothing())
        self._touch(entity_of(organization_id))

    def disable(self, organization_id: str, policy_type: str) -> None:
        """Disable a type of policy, and detach every policy of it."""
        for t in (tables.organization_policy_types, tables.organization_attachments):
            self._connection.execute(delete(t).where(t.c.organization_id == organization_id, t.c.type == policy_type))
        self._touch(entity_of(organization_id))

    def join(self, record: MemberRecord) -> None:
        """Make an account a member. Raises `AlreadyExists` when it is one of any organization."""
        try:
            self._connection.execute(insert(tables.organization_members).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.account) from None
        self._touch(entity_of(record.organization_id), entity_of(record.account))

    def member(self, account: str) -> MemberRecord | None:
        """An account's place; None when it is in no organization."""
        t = tables.organization_members
        row = self._connection.execute(select(t).where(t.c.account == account)).first()
        return None if row is None else MemberRecord(**row._mapping)

    def members(self, organization_id: str, parent_id: str | None = None) -> Sequence[MemberRecord]:
        """An organization's accounts, or those right under a root or unit, by id."""
        t = tables.organization_members
        asked = select(t).where(t.c.organization_id == organization_id).order_by(t.c.account)
        if parent_id is not None:
            asked = asked.where(t.c.parent_id == parent_id)
        return [MemberRecord(**row._mapping) for row in self._connection.execute(asked)]

    def move(self, member: MemberRecord, parent_id: str) -> None:
        """Put an account under another root or unit."""
        t = tables.organization_members
        self._connection.execute(update(t).where(t.c.account == member.account).values(parent_id=parent_id))
        self._touch(entity_of(member.organization_id))

    def add_unit(self, record: OrganizationalUnitRecord) -> None:
        """Keep a new unit. Raises `AlreadyExists` when its parent has one of this name."""
        try:
            self._connection.execute(insert(tables.organizational_units).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(entity_of(record.organization_id))

    def unit(self, unit_id: str) -> OrganizationalUnitRecord | None:
        """A unit by id."""
        t = tables.organizational_units
        row = self._connection.execute(select(t).where(t.c.id == unit_id)).first()
        return None if row is None else OrganizationalUnitRecord(**row._mapping)

    def units(self, organization_id: str, parent_id: str | None = None) -> Sequence[OrganizationalUnitRecord]:
        """An organization's units, or those right under a root or unit, by id."""
        t = tables.organizational_units
        asked = select(t).where(t.c.organization_id == organization_id).order_by(t.c.id)
        if parent_id is not None:
            asked = asked.where(t.c.parent_id == parent_id)
        return [OrganizationalUnitRecord(**row._mapping) for row in self._connection.execute(asked)]

    def rename_unit(self, record: OrganizationalUnitRecord, name: str) -> None:
        """Rename a unit. Raises `AlreadyExists` when a sibling has the name."""
        t = tables.organizational_units
        try:
            self._connection.execute(update(t).where(t.c.id == record.id).values(name=name))
        except IntegrityError:
            raise AlreadyExists(name) from None
        self._touch(entity_of(record.organization_id))

    def remove_unit(self, record: OrganizationalUnitRecord) -> None:
        """Delete a unit and what is attached to it; nothing may be under it."""
        a, t = tables.organization_attachments, tables.organizational_units
        self._connection.execute(delete(a).where(a.c.target_id == record.id))
        self._connection.execute(delete(t).where(t.c.id == record.id))
        self._touch(entity_of(record.organization_id))

    def lineage(self, parent_id: str) -> tuple[str, ...]:
        """The ids from the root down to this root or unit, both included."""
        found = [parent_id]
        while (unit := self.unit(found[-1])) is not None:
            found.append(unit.parent_id)
        return tuple(reversed(found))

    def note_creation(self, record: AccountCreationRecord) -> None:
        """Keep what became of a request to make an account."""
        self._connection.execute(insert(tables.account_creations).values(**asdict(record)))

    def creations(self, organization_id: str) -> Sequence[AccountCreationRecord]:
        """All requests to make an account, by id."""
        t = tables.account_creations
        asked = select(t).where(t.c.organization_id == organization_id).order_by(t.c.id)
        return [AccountCreationRecord(**row._mapping) for row in self._connection.execute(asked)]

    def _organization(self, asked: Any) -> OrganizationRecord | None:
        row = self._connection.execute(asked).first()
        return None if row is None else OrganizationRecord(**row._mapping)


class OrganizationPolicies(Rows):
    """The policies of organizations. Attached may also be policies of AWS, which are no rows here."""

    def add(self, record: OrganizationPolicyRecord) -> None:
        """Keep a new one. Raises `AlreadyExists` when the organization has one of this type and name."""
        try:
            self._connection.execute(insert(tables.organization_policies).values(**asdict(record)))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(entity_of(record.organization_id))

    def get(self, policy_id: str) -> OrganizationPolicyRecord | None:
        """By id."""
        t = tables.organization_policies
        row = self._connection.execute(select(t).where(t.c.id == policy_id)).first()
        return None if row is None else OrganizationPolicyRecord(**row._mapping)

    def of_organization(self, organization_id: str, policy_type: str) -> Sequence[OrganizationPolicyRecord]:
        """An organization's policies of a type, by id."""
        t = tables.organization_policies
        asked = select(t).where(t.c.organization_id == organization_id, t.c.type == policy_type).order_by(t.c.id)
        return [OrganizationPolicyRecord(**row._mapping) for row in self._connection.execute(asked)]

    def change(self, record: OrganizationPolicyRecord, **values: Any) -> None:
        """Set columns. Raises `AlreadyExists` when a new name is taken."""
        t = tables.organization_policies
        try:
            self._connection.execute(update(t).where(t.c.id == record.id).values(**values))
        except IntegrityError:
            raise AlreadyExists(str(values.get("name"))) from None
        self._touch(entity_of(record.organization_id))

    def remove(self, record: OrganizationPolicyRecord) -> None:
        """Delete; it must be attached nowhere."""
        t = tables.organization_policies
        self._connection.execute(delete(t).where(t.c.id == record.id))
        self._touch(entity_of(record.organization_id))

    def attach(self, organization_id: str, policy_id: str, policy_type: str, target_id: str) -> bool:
        """Attach to a root, a unit or an account; False when it was attached already."""
        asked = upsert(tables.organization_attachments).values(
            target_id=target_id, policy_id=policy_id, organization_id=organization_id, type=policy_type
        )
        done = self._connection.execute(asked.on_conflict_do_nothing())
        self._touch(entity_of(organization_id))
        return done.rowcount == 1

    def detach(self, organization_id: str, policy_id: str, target_id: str) -> None:
        """Detach."""
        t = tables.organization_attachments
        self._connection.execute(delete(t).where(t.c.target_id == target_id, t.c.policy_id == policy_id))
        self._touch(entity_of(organization_id))

    def attached_to(self, target_id: str, policy_type: str) -> Sequence[str]:
        """The ids of the policies of a type attached to a target, sorted."""
        t = tables.organization_attachments.c
        asked = select(t.policy_id).where(t.target_id == target_id, t.type == policy_type).order_by(t.policy_id)
        return list(self._connection.execute(asked).scalars())

    def targets(self, organization_id: str, policy_id: str) -> Sequence[str]:
        """The ids of the targets that a policy is attached to, sorted."""
        t = tables.organization_attachments.c
        asked = select(t.target_id).where(t.organization_id == organization_id, t.policy_id == policy_id)
        return list(self._connection.execute(asked.order_by(t.target_id)).scalars())
