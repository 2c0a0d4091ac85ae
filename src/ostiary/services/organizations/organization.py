"""services/organizations: the organization itself, its root, and the types of policy that are enabled in it.

Source: Organizations API Reference, DescribeOrganization, CreateOrganization, ListRoots, EnablePolicyType,
DisablePolicyType.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.authorization.organization import FULL_ACCESS, PART, SCP, organization_arn
from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on, on_all, policy_type_of
from ostiary.services.organizations.faults import (
    AlreadyInOrganization,
    PolicyTypeAlreadyEnabled,
    PolicyTypeNotAvailable,
    PolicyTypeNotEnabled,
    RootNotFound,
)
from ostiary.services.organizations.founding import found_organization
from ostiary.services.organizations.members import ROOT_NAME, managed, own
from ostiary.services.organizations.paging import page
from ostiary.store.records import OrganizationRecord
from ostiary.store.transaction import Transaction

_ENABLED: Final = "ENABLED"


@operation("organizations", "DescribeOrganization", asks=on_all("DescribeOrganization"))
def describe_organization(call: Call, tx: Transaction) -> dict[str, Any]:
    """The organization of the caller's account; the one call that every member may make."""
    return {"Organization": _shown(tx, own(call, tx))}


@operation("organizations", "CreateOrganization", asks=on_all("CreateOrganization"), changes=True)
def create_organization(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make an organization whose management account is the caller's, always with all features."""
    if tx.organizations.member(call.account) is not None:
        raise AlreadyInOrganization
    if call.params.get("FeatureSet", "ALL") != "ALL":
        raise PolicyTypeNotAvailable
    return {"Organization": _shown(tx, found_organization(tx, call.house.entropy, call.account, call.now))}


@operation("organizations", "ListRoots", asks=on_all("ListRoots"))
def list_roots(call: Call, tx: Transaction) -> dict[str, Any]:
    """The one root there is."""
    organization = managed(call, tx)
    roots, rest = page(call, [_shown_root(tx, organization)], lambda root: str(root["Id"]))
    return {"Roots": list(roots), **rest}


@operation(
    "organizations",
    "EnablePolicyType",
    asks=on("EnablePolicyType", "RootId", context=policy_type_of("PolicyType")),
    changes=True,
)
def enable_policy_type(call: Call, tx: Transaction) -> dict[str, Any]:
    """Enable a type of policy. From now on everything has the policy that allows all, until others take its place."""
    organization, policy_type = _root(call, tx), call.params["PolicyType"]
    if policy_type not in PART:
        raise PolicyTypeNotAvailable
    if policy_type in tx.organizations.enabled(organization.id):
        raise PolicyTypeAlreadyEnabled
    tx.organizations.enable(organization.id, policy_type)
    units = (unit.id for unit in tx.organizations.units(organization.id))
    accounts = (member.account for member in tx.organizations.members(organization.id))
    for target_id in (organization.root_id, *units, *accounts):
        tx.organization_policies.attach(organization.id, FULL_ACCESS[policy_type].id, policy_type, target_id)
    return {"Root": _shown_root(tx, organization)}


@operation(
    "organizations",
    "DisablePolicyType",
    asks=on("DisablePolicyType", "RootId", context=policy_type_of("PolicyType")),
    changes=True,
)
def disable_policy_type(call: Call, tx: Transaction) -> dict[str, Any]:
    """Disable a type of policy; all policies of it are detached from everything, and stay detached."""
    organization, policy_type = _root(call, tx), call.params["PolicyType"]
    if policy_type not in tx.organizations.enabled(organization.id):
        raise PolicyTypeNotEnabled
    tx.organizations.disable(organization.id, policy_type)
    return {"Root": _shown_root(tx, organization)}


def _root(call: Call, tx: Transaction) -> OrganizationRecord:
    organization = managed(call, tx)
    if call.params["RootId"] != organization.root_id:
        raise RootNotFound
    return organization


def _shown(tx: Transaction, organization: OrganizationRecord) -> dict[str, Any]:
    management = tx.accounts.get(organization.management_account)
    assert management is not None
    return {
        "Id": organization.id,
        "Arn": organization_arn(organization, "organization"),
        "FeatureSet": "ALL",
        "MasterAccountArn": organization_arn(organization, "account", management.id),
        "MasterAccountId": management.id,
        "MasterAccountEmail": management.email,
        # AWS lists SCPs here whether or not they are enabled; ListRoots tells
        "AvailablePolicyTypes": [{"Type": SCP, "Status": _ENABLED}],
    }


def _shown_root(tx: Transaction, organization: OrganizationRecord) -> dict[str, Any]:
    enabled = sorted(tx.organizations.enabled(organization.id), reverse=True)
    return {
        "Id": organization.root_id,
        "Arn": organization_arn(organization, "root", organization.root_id),
        "Name": ROOT_NAME,
        "PolicyTypes": [{"Type": policy_type, "Status": _ENABLED} for policy_type in enabled],
    }
