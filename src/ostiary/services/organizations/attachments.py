"""services/organizations: which policies are attached to what.

Source: Organizations API Reference, AttachPolicy and its relatives; Organizations User Guide, "Quotas": at most five of
a type on a target, and at least one SCP.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.authorization.organization import FULL_ACCESS, RCP, SCP
from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on, policy_type_of
from ostiary.services.organizations.faults import (
    ConstraintViolation,
    DuplicatePolicyAttachment,
    InvalidInput,
    PolicyNotAttached,
    PolicyTypeNotEnabled,
)
from ostiary.services.organizations.members import find, get, managed
from ostiary.services.organizations.paging import page
from ostiary.services.organizations.policies import find_policy, get_policy, summary
from ostiary.store.transaction import Transaction

MOST: Final = 5
_LAST: Final = (
    "You cannot remove the last policy attached to the specified target. You should have at least one attached at all "
    "times."
)


@operation(
    "organizations",
    "AttachPolicy",
    asks=on("AttachPolicy", "PolicyId", "TargetId", context=policy_type_of("PolicyId")),
    changes=True,
)
def attach_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Attach a policy to a root, a unit or an account."""
    organization = managed(call, tx)
    policy = get_policy(call, tx, organization)
    target = get(tx, organization, call.params["TargetId"])
    if policy.type not in tx.organizations.enabled(organization.id):
        raise PolicyTypeNotEnabled
    attached = tx.organization_policies.attached_to(target.id, policy.type)
    if policy.id in attached:
        raise DuplicatePolicyAttachment
    if len(attached) >= MOST:
        raise ConstraintViolation(
            "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            "You have attached the maximum number of policies to the specified target.",
        )
    tx.organization_policies.attach(organization.id, policy.id, policy.type, target.id)
    return {}


@operation(
    "organizations",
    "DetachPolicy",
    asks=on("DetachPolicy", "PolicyId", "TargetId", context=policy_type_of("PolicyId")),
    changes=True,
)
def detach_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Detach a policy; a target keeps at least one SCP, and the RCP that allows all."""
    organization = managed(call, tx)
    policy = get_policy(call, tx, organization)
    target = get(tx, organization, call.params["TargetId"])
    attached = tx.organization_policies.attached_to(target.id, policy.type)
    if policy.id not in attached:
        raise PolicyNotAttached
    if policy.id == FULL_ACCESS[RCP].id:
        raise InvalidInput("NON_DETACHABLE_POLICY", "You can't detach this AWS Managed Policy.")
    if policy.type == SCP and len(attached) == 1:
        raise ConstraintViolation("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", _LAST)
    tx.organization_policies.detach(organization.id, policy.id, target.id)
    return {}


@operation(
    "organizations",
    "ListPoliciesForTarget",
    asks=on("ListPoliciesForTarget", "TargetId", context=policy_type_of("Filter")),
)
def list_policies_for_target(call: Call, tx: Transaction) -> dict[str, Any]:
    """The policies of a type attached to a root, a unit or an account; not those above it."""
    organization = managed(call, tx)
    target = get(tx, organization, call.params["TargetId"])
    ids, rest = page(call, tx.organization_policies.attached_to(target.id, call.params["Filter"]), str)
    found = (find_policy(tx, organization, policy_id) for policy_id in ids)
    return {"Policies": [summary(organization, policy) for policy in found if policy is not None], **rest}


@operation(
    "organizations",
    "ListTargetsForPolicy",
    asks=on("ListTargetsForPolicy", "PolicyId", context=policy_type_of("PolicyId")),
)
def list_targets_for_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """What a policy is attached to."""
    organization = managed(call, tx)
    policy = get_policy(call, tx, organization)
    ids, rest = page(call, tx.organization_policies.targets(organization.id, policy.id), str)
    found = (find(tx, organization, target_id) for target_id in ids)
    shown = [
        {"TargetId": target.id, "Arn": target.arn, "Name": target.name, "Type": target.type}
        for target in found
        if target is not None
    ]
    return {"Targets": shown, **rest}
