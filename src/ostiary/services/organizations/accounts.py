"""services/organizations: the accounts of an organization: ListAccounts, DescribeAccount, MoveAccount.

Source: Organizations API Reference, the operations of the same names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ostiary.authorization.organization import organization_arn
from ostiary.services.iam.names import moment
from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on, on_all
from ostiary.services.organizations.faults import (
    AccountNotFound,
    DestinationParentNotFound,
    DuplicateAccount,
    ParentNotFound,
    SourceParentNotFound,
)
from ostiary.services.organizations.members import ROOT, UNIT, get, managed
from ostiary.services.organizations.paging import page
from ostiary.store.records import MemberRecord, OrganizationRecord
from ostiary.store.transaction import Transaction

_PARENTS = (ROOT, UNIT)


@operation("organizations", "ListAccounts", asks=on_all("ListAccounts"))
def list_accounts(call: Call, tx: Transaction) -> dict[str, Any]:
    """All accounts."""
    organization = managed(call, tx)
    return _listed(call, tx, organization, tx.organizations.members(organization.id))


@operation("organizations", "ListAccountsForParent", asks=on("ListAccountsForParent", "ParentId"))
def list_accounts_for_parent(call: Call, tx: Transaction) -> dict[str, Any]:
    """The accounts right under a root or unit."""
    organization = managed(call, tx)
    parent = get(tx, organization, call.params["ParentId"], ParentNotFound, _PARENTS)
    return _listed(call, tx, organization, tx.organizations.members(organization.id, parent.id))


@operation("organizations", "DescribeAccount", asks=on("DescribeAccount", "AccountId"))
def describe_account(call: Call, tx: Transaction) -> dict[str, Any]:
    """One account."""
    organization = managed(call, tx)
    return {"Account": _shown(tx, organization, _member(tx, organization, call.params["AccountId"]))}


@operation(
    "organizations",
    "MoveAccount",
    asks=on("MoveAccount", "AccountId", "SourceParentId", "DestinationParentId"),
    changes=True,
)
def move_account(call: Call, tx: Transaction) -> dict[str, Any]:
    """Put an account under another root or unit. The policies attached to itself stay."""
    organization, params = managed(call, tx), call.params
    member = _member(tx, organization, params["AccountId"])
    source = get(tx, organization, params["SourceParentId"], SourceParentNotFound, _PARENTS)
    destination = get(tx, organization, params["DestinationParentId"], DestinationParentNotFound, _PARENTS)
    if member.parent_id == destination.id:
        raise DuplicateAccount
    if member.parent_id != source.id:
        raise SourceParentNotFound
    tx.organizations.move(member, destination.id)
    return {}


def _member(tx: Transaction, organization: OrganizationRecord, account: str) -> MemberRecord:
    found = tx.organizations.member(account)
    if found is None or found.organization_id != organization.id:
        raise AccountNotFound
    return found


def _listed(
    call: Call, tx: Transaction, organization: OrganizationRecord, members: Iterable[MemberRecord]
) -> dict[str, Any]:
    found, rest = page(call, members, lambda member: member.account)
    return {"Accounts": [_shown(tx, organization, member) for member in found], **rest}


def _shown(tx: Transaction, organization: OrganizationRecord, member: MemberRecord) -> dict[str, Any]:
    account = tx.accounts.get(member.account)
    assert account is not None
    lineage = tx.organizations.lineage(member.parent_id)
    return {
        "Id": account.id,
        "Arn": organization_arn(organization, "account", account.id),
        "Email": account.email,
        "Name": account.name,
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "Paths": ["/".join((organization.id, *lineage, account.id, ""))],
        "JoinedMethod": "INVITED" if account.id == organization.management_account else "CREATED",
        "JoinedTimestamp": moment(member.joined),
    }
