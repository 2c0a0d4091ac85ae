"""Who may call what: botocore's documentation and the service authorization reference are the oracles."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ostiary import catalog
from ostiary.services.catalogue import load_operations
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import OPERATIONS
from tests.organizations.asking import DENY_IAM, MODEL, SCP, Organizations
from tests.sts.people import add_user
from tests.world import ACCOUNT, document

load_operations()
BUILT = sorted(name for service, name in OPERATIONS if service == "organizations")
DENIED = ("AccessDeniedException", "You don't have permissions to access this resource.")


def filled(org: Organizations, name: str) -> dict[str, Any]:
    """Parameters that name what is there."""
    unit = org.unit("unit")
    values = {
        "AccountId": ACCOUNT,
        "AccountName": "new",
        "ChildId": ACCOUNT,
        "ChildType": "ACCOUNT",
        "Content": DENY_IAM,
        "CreateAccountRequestId": "car-aaaaaaaa",
        "Description": "",
        "DestinationParentId": unit,
        "Email": "new@example.com",
        "Filter": SCP,
        "Name": "new",
        "OrganizationalUnitId": unit,
        "ParentId": org.root,
        "PolicyId": org.policy(DENY_IAM),
        "PolicyType": SCP,
        "ResourceId": unit,
        "RootId": org.root,
        "ServicePrincipal": "iam.amazonaws.com",
        "SourceParentId": org.root,
        "TagKeys": ["a"],
        "Tags": [{"Key": "a", "Value": "b"}],
        "TargetId": unit,
        "Type": SCP,
    }
    shape = MODEL.operation_model(name).input_shape
    return {} if shape is None else {member: values[member] for member in shape.required_members}


@pytest.mark.parametrize("name", BUILT)
def test_only_the_management_account_may_call_what_aws_reserves_for_it(org: Organizations, name: str) -> None:
    text = re.sub(r"<[^>]+>", "", MODEL.operation_model(name).documentation)
    reserved = "only call this operation from the management account" in text
    assert reserved is (name not in ("CreateOrganization", "DescribeOrganization"))
    params = filled(org, name)
    if reserved:
        assert org.fault(name, by=org.world.root(org.account("member")), **params) == DENIED


@pytest.mark.parametrize("name", BUILT)
def test_an_operation_asks_for_its_action_on_the_resources_of_the_reference(org: Organizations, name: str) -> None:
    """A user may do it with the action on exactly those resources, and not without."""
    service = catalog.service("organizations")
    assert service is not None
    action = service.actions[name]
    params = filled(org, name)
    patterns = [re.sub(r"\$\{\w+\}", "*", service.resource_types[each.name].arn) for each in action.resources]
    later = {
        "AccountNotRegisteredException",
        "ConstraintViolationException",
        "AlreadyInOrganizationException",
        "CreateAccountStatusNotFoundException",
        "PolicyNotAttachedException",
        "PolicyTypeNotEnabledException",
    }
    may = add_user(org.world, "may", document(f"organizations:{name}", patterns or "*"))
    try:
        assert org.refusal(f"organizations:{name}", may, **params) is None
    except ServiceFault as fault:  # it was permitted, and failed for a later reason
        assert fault.code in later
    if action.resources:
        wrong = "arn:aws:organizations::*:handshake/*"
        not_on_it = add_user(org.world, "notonit", document(f"organizations:{name}", wrong))
        told = org.refusal(f"organizations:{name}", not_on_it, **params) or ""
        assert re.search(rf"organizations:{name} on resource: arn:aws:organizations::{ACCOUNT}:", told)
    else:
        other = add_user(org.world, "other", document("organizations:Other"))
        told = org.refusal(f"organizations:{name}", other, **params) or ""
        assert f"is not authorized to perform: organizations:{name} because no identity-based policy" in told


def test_the_type_of_a_policy_is_a_condition_key(org: Organizations) -> None:
    condition = {"StringEquals": {"organizations:PolicyType": "RESOURCE_CONTROL_POLICY"}}
    only = add_user(org.world, "only", document("organizations:*", Condition=condition))
    policy = org.policy(DENY_IAM)
    assert org.refusal("organizations:DescribePolicy", only, PolicyId=policy) is not None
    assert org.refusal("organizations:DescribePolicy", only, PolicyId="p-RCPFullAWSAccess") is None
    assert org.refusal("organizations:ListPolicies", only, Filter=SCP) is not None
    assert org.refusal("organizations:ListPolicies", only, Filter="RESOURCE_CONTROL_POLICY") is None
    params = {"Content": DENY_IAM, "Description": "", "Name": "n", "Type": SCP}
    assert org.refusal("organizations:CreatePolicy", only, **params) is not None


def test_tags_of_request_and_resource_are_condition_keys(org: Organizations) -> None:
    red, blue = org.unit("red"), org.unit("blue")
    org("TagResource", ResourceId=red, Tags=[{"Key": "team", "Value": "red"}])
    own = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    team = add_user(org.world, "team", document("organizations:*", Condition=own))
    assert org.refusal("organizations:DescribeOrganizationalUnit", team, OrganizationalUnitId=red) is None
    assert org.refusal("organizations:DescribeOrganizationalUnit", team, OrganizationalUnitId=blue) is not None
    asked = {"StringEquals": {"aws:RequestTag/team": "red"}, "ForAllValues:StringEquals": {"aws:TagKeys": "team"}}
    tagger = add_user(org.world, "tagger", document("organizations:*", Condition=asked))
    params = {"ParentId": org.root, "Name": "n"}
    good, more = [{"Key": "team", "Value": "red"}], [{"Key": "team", "Value": "red"}, {"Key": "x", "Value": ""}]
    assert org.refusal("organizations:CreateOrganizationalUnit", tagger, **params, Tags=more) is not None
    assert org.refusal("organizations:CreateOrganizationalUnit", tagger, **params) is not None
    assert org.refusal("organizations:CreateOrganizationalUnit", tagger, **params, Tags=good) is None
