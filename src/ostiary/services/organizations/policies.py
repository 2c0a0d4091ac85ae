"""services/organizations: the policies themselves, attached or not.

Source: Organizations API Reference, CreatePolicy and its relatives; Organizations User Guide, "Quotas" (R135).
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.authorization.organization import AWS, FULL_ACCESS, OF_AWS, PART, RCP, SCP, policy_arn
from ostiary.policy import MalformedPolicy, PolicyKind, check
from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on, on_all, on_new_policy, policy_type_of
from ostiary.services.organizations.faults import (
    ConstraintViolation,
    DuplicatePolicy,
    InvalidInput,
    MalformedPolicyDocument,
    PolicyInUse,
    PolicyNotFound,
    PolicyTypeNotAvailable,
)
from ostiary.services.organizations.founding import new_id
from ostiary.services.organizations.members import managed
from ostiary.services.organizations.paging import page
from ostiary.services.organizations.tags import put_tags
from ostiary.store.records import AlreadyExists, OrganizationPolicyRecord, OrganizationRecord
from ostiary.store.transaction import Transaction

MOST: Final = 1000
"""Policies of each type."""
_KIND: Final = {SCP: PolicyKind.SCP, RCP: PolicyKind.RCP}
_TOO_LONG: Final = "LimitExceeded"


@operation("organizations", "CreatePolicy", asks=on_new_policy, changes=True)
def create_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add a policy; it does nothing before it is attached."""
    organization, params = managed(call, tx), call.params
    policy_type = params["Type"]
    if policy_type not in PART:
        raise PolicyTypeNotAvailable
    if len(tx.organization_policies.of_organization(organization.id, policy_type)) >= MOST:
        raise ConstraintViolation("POLICY_NUMBER_LIMIT_EXCEEDED", "You have exceeded the number of policies allowed.")
    if params["Name"] == FULL_ACCESS[policy_type].name:
        raise DuplicatePolicy
    record = OrganizationPolicyRecord(
        id=new_id(call.house.entropy, "p-", 10),
        organization_id=organization.id,
        type=policy_type,
        name=params["Name"],
        description=params["Description"],
        document=_accepted(params["Content"], policy_type),
    )
    try:
        tx.organization_policies.add(record)
    except AlreadyExists:
        raise DuplicatePolicy from None
    put_tags(tx, record.id, params.get("Tags"))
    return {"Policy": _shown(organization, record)}


@operation(
    "organizations",
    "UpdatePolicy",
    asks=on("UpdatePolicy", "PolicyId", context=policy_type_of("PolicyId")),
    changes=True,
)
def update_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Change name, description or document; what it is attached to has the new document at once."""
    organization, params = managed(call, tx), call.params
    record = _own(call, tx, organization)
    given = {"name": params.get("Name"), "description": params.get("Description")}
    new = {column: value for column, value in given.items() if value is not None}
    if params.get("Content") is not None:
        new["document"] = _accepted(params["Content"], record.type)
    if new.get("name") == FULL_ACCESS[record.type].name:
        raise DuplicatePolicy
    if new:
        try:
            tx.organization_policies.change(record, **new)
        except AlreadyExists:
            raise DuplicatePolicy from None
    return {"Policy": _shown(organization, get_policy(call, tx, organization))}


@operation(
    "organizations",
    "DeletePolicy",
    asks=on("DeletePolicy", "PolicyId", context=policy_type_of("PolicyId")),
    changes=True,
)
def delete_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a policy that is attached nowhere."""
    organization = managed(call, tx)
    record = _own(call, tx, organization)
    if tx.organization_policies.targets(organization.id, record.id):
        raise PolicyInUse
    tx.organization_policies.remove(record)
    tx.tags.remove(record.id)
    return {}


@operation("organizations", "DescribePolicy", asks=on("DescribePolicy", "PolicyId", context=policy_type_of("PolicyId")))
def describe_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """A policy with its document."""
    organization = managed(call, tx)
    return {"Policy": _shown(organization, get_policy(call, tx, organization))}


@operation("organizations", "ListPolicies", asks=on_all("ListPolicies", policy_type_of("Filter")))
def list_policies(call: Call, tx: Transaction) -> dict[str, Any]:
    """The policies of a type, AWS's own with them."""
    organization, policy_type = managed(call, tx), call.params["Filter"]
    found = list(tx.organization_policies.of_organization(organization.id, policy_type))
    if policy_type in FULL_ACCESS:
        found.append(FULL_ACCESS[policy_type])
    policies, rest = page(call, found, lambda record: record.id)
    return {"Policies": [summary(organization, record) for record in policies], **rest}


def get_policy(call: Call, tx: Transaction, organization: OrganizationRecord) -> OrganizationPolicyRecord:
    """The policy that `PolicyId` names, AWS's own included. Raises `PolicyNotFound`."""
    found = find_policy(tx, organization, call.params["PolicyId"])
    if found is None:
        raise PolicyNotFound
    return found


def find_policy(tx: Transaction, organization: OrganizationRecord, policy_id: str) -> OrganizationPolicyRecord | None:
    """A policy that can be attached in this organization."""
    found = OF_AWS.get(policy_id) or tx.organization_policies.get(policy_id)
    return found if found is not None and found.organization_id in (organization.id, AWS) else None


def summary(organization: OrganizationRecord, record: OrganizationPolicyRecord) -> dict[str, Any]:
    """A policy without its document."""
    return {
        "Id": record.id,
        "Arn": policy_arn(organization, record.type, record.id),
        "Name": record.name,
        "Description": record.description,
        "Type": record.type,
        "AwsManaged": record.organization_id == AWS,
    }


def _own(call: Call, tx: Transaction, organization: OrganizationRecord) -> OrganizationPolicyRecord:
    """The policy that is to be changed. Raises `PolicyNotFound`, `InvalidInput`: it is AWS's."""
    found = get_policy(call, tx, organization)
    if found.organization_id == AWS:
        raise InvalidInput("IMMUTABLE_POLICY", "You specified a policy that is managed by AWS and can't be modified.")
    return found


def _accepted(text: str, policy_type: str) -> str:
    """The text, if it may be saved. Raises `MalformedPolicyDocument`, `ConstraintViolation`: it is too long."""
    try:
        check(text, _KIND[policy_type])
    except MalformedPolicy as malformed:
        if malformed.code == _TOO_LONG:
            raise ConstraintViolation(
                "POLICY_CONTENT_LIMIT_EXCEEDED", "You have exceeded the maximum policy size."
            ) from None
        raise MalformedPolicyDocument from None
    return text


def _shown(organization: OrganizationRecord, record: OrganizationPolicyRecord) -> dict[str, Any]:
    return {"PolicySummary": summary(organization, record), "Content": record.document}
