"""services/organizations: whose organization a call is about, who may act on it, and what is in its tree.

Source: Organizations API Reference: "You can only call this operation from the management account", of some "or a
member account that is a delegated administrator".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.authorization.organization import organization_arn
from ostiary.services.operation import Call
from ostiary.services.organizations.faults import AccessDenied, NotInUse, OrganizationsFault, TargetNotFound
from ostiary.store.records import OrganizationRecord
from ostiary.store.transaction import Transaction

ROOT, UNIT, ACCOUNT = "ROOT", "ORGANIZATIONAL_UNIT", "ACCOUNT"
ROOT_NAME: Final = "Root"
ARN_KIND: Final[Mapping[str, str]] = {ROOT: "root", UNIT: "ou", ACCOUNT: "account"}
_TYPES: Final = ((ROOT, re.compile(r"r-.*")), (UNIT, re.compile(r"ou-.*")), (ACCOUNT, re.compile(r"[0-9]{12}")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A root, a unit or an account of an organization."""

    id: str
    type: str
    """`ROOT`, `ORGANIZATIONAL_UNIT` or `ACCOUNT`."""
    name: str
    parent_id: str | None
    arn: str


def own(call: Call, tx: Transaction) -> OrganizationRecord:
    """The organization of the caller's account. Raises `NotInUse`."""
    member = tx.organizations.member(call.account)
    organization = None if member is None else tx.organizations.get(member.organization_id)
    if organization is None:
        raise NotInUse
    return organization


def managed(call: Call, tx: Transaction) -> OrganizationRecord:
    """The organization that the caller's account manages. Raises `NotInUse`, `AccessDenied`."""
    organization = own(call, tx)
    if organization.management_account != call.account:
        raise AccessDenied
    return organization


def administered(call: Call, tx: Transaction) -> OrganizationRecord:
    """The organization that the caller's account manages or is a delegated administrator of. Raises as `managed`."""
    organization = own(call, tx)
    administrators = (each.account for each in tx.organization_trust.administrators(organization.id))
    if call.account not in (organization.management_account, *administrators):
        raise AccessDenied
    return organization


def type_of(target_id: str) -> str | None:
    """What an id stands for, by its form."""
    return next((kind for kind, form in _TYPES if form.fullmatch(target_id)), None)


def find(tx: Transaction, organization: OrganizationRecord, target_id: str) -> Target | None:
    """What has this id in the organization's tree."""
    kind = type_of(target_id)
    name, parent = _name(tx, organization, target_id, kind)
    if name is None or kind is None:
        return None
    arn = organization_arn(organization, ARN_KIND[kind], target_id)
    return Target(id=target_id, type=kind, name=name, parent_id=parent, arn=arn)


def get(
    tx: Transaction,
    organization: OrganizationRecord,
    target_id: str,
    missing: type[OrganizationsFault] = TargetNotFound,
    types: tuple[str, ...] = (ROOT, UNIT, ACCOUNT),
) -> Target:
    """The same, of one of these types; else `missing` is raised."""
    found = find(tx, organization, target_id)
    if found is None or found.type not in types:
        raise missing
    return found


def _name(
    tx: Transaction, organization: OrganizationRecord, target_id: str, kind: str | None
) -> tuple[str | None, str | None]:
    if kind == ROOT and target_id == organization.root_id:
        return ROOT_NAME, None
    if kind == UNIT:
        unit = tx.organizations.unit(target_id)
        if unit is not None and unit.organization_id == organization.id:
            return unit.name, unit.parent_id
    if kind == ACCOUNT:
        member, account = tx.organizations.member(target_id), tx.accounts.get(target_id)
        if member is not None and account is not None and member.organization_id == organization.id:
            return account.name, member.parent_id
    return None, None
