"""Organizations: their accounts in a tree of organizational units, and the policies attached to it.

Whatever changes in an organization touches `organization:<its id>`; an account that joins or leaves one touches
`organization:<account>` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store import tables
from ostiary.store.link import IntegrityError, Prepared, adding, changing, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import (
    AccountCreationRecord,
    AlreadyExists,
    MemberRecord,
    OrganizationalUnitRecord,
    OrganizationPolicyRecord,
    OrganizationRecord,
)

_o: Final = tables.organizations.c
_ADD: Final = adding(tables.organizations, OrganizationRecord)
_GET: Final = records(tables.organizations, OrganizationRecord, _o.id == given("id"))
_MANAGED_BY: Final = records(tables.organizations, OrganizationRecord, _o.management_account == given("account"))

_y: Final = tables.organization_policy_types.c
_ENABLED: Final = Prepared(select(_y.type).where(_y.organization_id == given("organization")))
_ENABLE: Final = Prepared(
    upsert(tables.organization_policy_types).on_conflict_do_nothing(), ("organization_id", "type")
)
_DISABLE: Final = tuple(
    Prepared(delete(t).where(t.c.organization_id == given("organization"), t.c.type == given("kind")))
    for t in (tables.organization_policy_types, tables.organization_attachments)
)

_m: Final = tables.organization_members.c
_JOIN: Final = adding(tables.organization_members, MemberRecord)
_MEMBER: Final = records(tables.organization_members, MemberRecord, _m.account == given("account"))
_in_organization: Final = _m.organization_id == given("organization")
_MEMBERS: Final = records(tables.organization_members, MemberRecord, _in_organization, order_by=(_m.account,))
_MEMBERS_UNDER: Final = records(
    tables.organization_members,
    MemberRecord,
    _in_organization,
    _m.parent_id == given("parent"),
    order_by=(_m.account,),
)

_u: Final = tables.organizational_units.c
_ADD_UNIT: Final = adding(tables.organizational_units, OrganizationalUnitRecord)
_UNIT: Final = records(tables.organizational_units, OrganizationalUnitRecord, _u.id == given("id"))
_of_organization: Final = _u.organization_id == given("organization")
_UNITS: Final = records(tables.organizational_units, OrganizationalUnitRecord, _of_organization, order_by=(_u.id,))
_UNITS_UNDER: Final = records(
    tables.organizational_units,
    OrganizationalUnitRecord,
    _of_organization,
    _u.parent_id == given("parent"),
    order_by=(_u.id,),
)
_REMOVE_UNIT: Final = Prepared(delete(tables.organizational_units).where(_u.id == given("id")))

_c: Final = tables.account_creations.c
_NOTE_CREATION: Final = adding(tables.account_creations, AccountCreationRecord)
_CREATIONS: Final = records(
    tables.account_creations,
    AccountCreationRecord,
    _c.organization_id == given("organization"),
    order_by=(_c.id,),
)

_p: Final = tables.organization_policies.c
_ADD_POLICY: Final = adding(tables.organization_policies, OrganizationPolicyRecord)
_POLICY: Final = records(tables.organization_policies, OrganizationPolicyRecord, _p.id == given("id"))
_POLICIES: Final = records(
    tables.organization_policies,
    OrganizationPolicyRecord,
    _p.organization_id == given("organization"),
    _p.type == given("kind"),
    order_by=(_p.id,),
)
_REMOVE_POLICY: Final = Prepared(delete(tables.organization_policies).where(_p.id == given("id")))

_t: Final = tables.organization_attachments.c
_ATTACH: Final = Prepared(
    upsert(tables.organization_attachments).on_conflict_do_nothing(),
    ("target_id", "policy_id", "organization_id", "type"),
)
_DETACH: Final = Prepared(
    delete(tables.organization_attachments).where(_t.target_id == given("target"), _t.policy_id == given("policy"))
)
_DETACH_ALL: Final = Prepared(delete(tables.organization_attachments).where(_t.target_id == given("target")))
_ATTACHED_TO: Final = Prepared(
    select(_t.policy_id).where(_t.target_id == given("target"), _t.type == given("kind")).order_by(_t.policy_id)
)
_TARGETS: Final = Prepared(
    select(_t.target_id)
    .where(_t.organization_id == given("organization"), _t.policy_id == given("policy"))
    .order_by(_t.target_id)
)


def entity_of(id_: str) -> str:
    """What a change in an organization, or of an account's membership, touches."""
    return f"organization:{id_}"


class Organizations(Rows):
    """Organizations, their units and their accounts."""

    def add(self, record: OrganizationRecord) -> None:
        """Keep a new one. Raises `AlreadyExists` when its management account has one."""
        try:
            self._link.run(_ADD, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.id) from None
        self._touch(entity_of(record.id))

    def get(self, organization_id: str) -> OrganizationRecord | None:
        """By id."""
        return self._link.one(_GET, id=organization_id)

    def managed_by(self, account: str) -> OrganizationRecord | None:
        """The organization whose management account this is."""
        return self._link.one(_MANAGED_BY, account=account)

    def enabled(self, organization_id: str) -> frozenset[str]:
        """The types of policy that are enabled."""
        return frozenset(self._link.column(_ENABLED, organization=organization_id))

    def enable(self, organization_id: str, policy_type: str) -> None:
        """Enable a type of policy."""
        self._link.run(_ENABLE, organization_id=organization_id, type=policy_type)
        self._touch(entity_of(organization_id))

    def disable(self, organization_id: str, policy_type: str) -> None:
        """Disable a type of policy, and detach every policy of it."""
        for asked in _DISABLE:
            self._link.run(asked, organization=organization_id, kind=policy_type)
        self._touch(entity_of(organization_id))

    def join(self, record: MemberRecord) -> None:
        """Make an account a member. Raises `AlreadyExists` when it is one of any organization."""
        try:
            self._link.run(_JOIN, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.account) from None
        self._touch(entity_of(record.organization_id), entity_of(record.account))

    def member(self, account: str) -> MemberRecord | None:
        """An account's place; None when it is in no organization."""
        return self._link.one(_MEMBER, account=account)

    def members(self, organization_id: str, parent_id: str | None = None) -> Sequence[MemberRecord]:
        """An organization's accounts, or those right under a root or unit, by id."""
        if parent_id is None:
            return self._link.all(_MEMBERS, organization=organization_id)
        return self._link.all(_MEMBERS_UNDER, organization=organization_id, parent=parent_id)

    def move(self, member: MemberRecord, parent_id: str) -> None:
        """Put an account under another root or unit."""
        self._link.run(changing(tables.organization_members, ("parent_id",)), row=member.account, parent_id=parent_id)
        self._touch(entity_of(member.organization_id))

    def add_unit(self, record: OrganizationalUnitRecord) -> None:
        """Keep a new unit. Raises `AlreadyExists` when its parent has one of this name."""
        try:
            self._link.run(_ADD_UNIT, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(entity_of(record.organization_id))

    def unit(self, unit_id: str) -> OrganizationalUnitRecord | None:
        """A unit by id."""
        return self._link.one(_UNIT, id=unit_id)

    def units(self, organization_id: str, parent_id: str | None = None) -> Sequence[OrganizationalUnitRecord]:
        """An organization's units, or those right under a root or unit, by id."""
        if parent_id is None:
            return self._link.all(_UNITS, organization=organization_id)
        return self._link.all(_UNITS_UNDER, organization=organization_id, parent=parent_id)

    def rename_unit(self, record: OrganizationalUnitRecord, name: str) -> None:
        """Rename a unit. Raises `AlreadyExists` when a sibling has the name."""
        try:
            self._link.run(changing(tables.organizational_units, ("name",)), row=record.id, name=name)
        except IntegrityError:
            raise AlreadyExists(name) from None
        self._touch(entity_of(record.organization_id))

    def remove_unit(self, record: OrganizationalUnitRecord) -> None:
        """Delete a unit and what is attached to it; nothing may be under it."""
        self._link.run(_DETACH_ALL, target=record.id)
        self._link.run(_REMOVE_UNIT, id=record.id)
        self._touch(entity_of(record.organization_id))

    def lineage(self, parent_id: str) -> tuple[str, ...]:
        """The ids from the root down to this root or unit, both included."""
        found = [parent_id]
        while (unit := self.unit(found[-1])) is not None:
            found.append(unit.parent_id)
        return tuple(reversed(found))

    def note_creation(self, record: AccountCreationRecord) -> None:
        """Keep what became of a request to make an account."""
        self._link.run(_NOTE_CREATION, **values_of(record))

    def creations(self, organization_id: str) -> Sequence[AccountCreationRecord]:
        """All requests to make an account, by id."""
        return self._link.all(_CREATIONS, organization=organization_id)


class OrganizationPolicies(Rows):
    """The policies of organizations. Attached may also be policies of AWS, which are no rows here."""

    def add(self, record: OrganizationPolicyRecord) -> None:
        """Keep a new one. Raises `AlreadyExists` when the organization has one of this type and name."""
        try:
            self._link.run(_ADD_POLICY, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(entity_of(record.organization_id))

    def get(self, policy_id: str) -> OrganizationPolicyRecord | None:
        """By id."""
        return self._link.one(_POLICY, id=policy_id)

    def of_organization(self, organization_id: str, policy_type: str) -> Sequence[OrganizationPolicyRecord]:
        """An organization's policies of a type, by id."""
        return self._link.all(_POLICIES, organization=organization_id, kind=policy_type)

    def change(self, record: OrganizationPolicyRecord, **values: Any) -> None:
        """Set columns. Raises `AlreadyExists` when a new name is taken."""
        try:
            self._link.run(changing(tables.organization_policies, tuple(values)), row=record.id, **values)
        except IntegrityError:
            raise AlreadyExists(str(values.get("name"))) from None
        self._touch(entity_of(record.organization_id))

    def remove(self, record: OrganizationPolicyRecord) -> None:
        """Delete; it must be attached nowhere."""
        self._link.run(_REMOVE_POLICY, id=record.id)
        self._touch(entity_of(record.organization_id))

    def attach(self, organization_id: str, policy_id: str, policy_type: str, target_id: str) -> bool:
        """Attach to a root, a unit or an account; False when it was attached already."""
        done = self._link.run(
            _ATTACH, target_id=target_id, policy_id=policy_id, organization_id=organization_id, type=policy_type
        )
        self._touch(entity_of(organization_id))
        return done == 1

    def detach(self, organization_id: str, policy_id: str, target_id: str) -> None:
        """Detach."""
        self._link.run(_DETACH, target=target_id, policy=policy_id)
        self._touch(entity_of(organization_id))

    def attached_to(self, target_id: str, policy_type: str) -> Sequence[str]:
        """The ids of the policies of a type attached to a target, sorted."""
        return self._link.column(_ATTACHED_TO, target=target_id, kind=policy_type)

    def targets(self, organization_id: str, policy_id: str) -> Sequence[str]:
        """The ids of the targets that a policy is attached to, sorted."""
        return self._link.column(_TARGETS, organization=organization_id, policy=policy_id)
