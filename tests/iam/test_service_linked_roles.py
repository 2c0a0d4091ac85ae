"""Service-linked roles: made and deleted, and changed by nobody."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from ostiary import catalog
from ostiary.catalog.linked_services import LINKED_SERVICES
from tests.iam.asking import MODEL, Iam
from tests.iam.having import EC2, S3_READ_ONLY, is_allowed
from tests.world import ACCOUNT, NOW

ECS = "AWSServiceRoleForECS"
ECS_ARN = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/{ECS}"
SAID = f"Cannot perform the operation on the protected role '{ECS}' - this role is only modifiable by AWS"
SAID_IN_POLICIES = re.compile(r"role/aws-service-role/([a-z0-9.-]+)/(AWSServiceRoleFor[A-Za-z0-9_-]+)\"")


def ecs(iam: Iam) -> dict[str, Any]:
    made: dict[str, Any] = iam("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")["Role"]
    return made


@pytest.mark.parametrize(
    ("service", "role"),
    [
        ("custom-resource.application-autoscaling", "ApplicationAutoScaling_CustomResource"),
        ("docdb-elastic", "DocDB-Elastic"),
        ("replication.ecr", "ECRReplication"),
    ],
)
def test_the_role_has_the_name_that_aws_gives_it(iam: Iam, service: str, role: str) -> None:
    made = iam("CreateServiceLinkedRole", AWSServiceName=f"{service}.amazonaws.com")["Role"]
    assert made["RoleName"] == f"AWSServiceRoleFor{role}"


def test_a_role_has_the_path_the_trust_and_the_policy_of_its_service(iam: Iam) -> None:
    made = ecs(iam)
    assert made == {
        "Path": "/aws-service-role/ecs.amazonaws.com/",
        "RoleName": ECS,
        "RoleId": made["RoleId"],
        "Arn": ECS_ARN,
        "CreateDate": NOW,
        "AssumeRolePolicyDocument": made["AssumeRolePolicyDocument"],
    }
    (statement,) = json.loads(unquote(made["AssumeRolePolicyDocument"]))["Statement"]
    principal = {"Service": ["ecs.amazonaws.com"]}
    assert statement == {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": principal}
    (policy,) = iam("ListAttachedRolePolicies", RoleName=ECS)["AttachedPolicies"]
    assert policy["PolicyArn"] == "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"


def test_the_catalog_has_the_policy_of_every_service() -> None:
    assert len(LINKED_SERVICES) > 80
    for principal, service in LINKED_SERVICES.items():
        assert catalog.managed_policy(service.policy) is not None, principal


def test_the_names_are_those_that_the_policies_of_aws_speak_of() -> None:
    """AWS's managed policies name service-linked roles with their services; the table holds none other for them."""
    known = 0
    for policy in catalog.managed_policies():
        text = catalog.document(policy.arn, policy.default_version) or ""
        for principal, role in SAID_IN_POLICIES.findall(text):
            service = LINKED_SERVICES.get(principal)
            if service is not None:
                assert role == service.role, policy.name
                known += 1
    assert known > 50


def test_a_second_role_is_refused_and_so_is_a_suffix(iam: Iam) -> None:
    ecs(iam)
    said = iam.fault("CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
    taken = f"Service role name {ECS} has been taken in this account, please try a different suffix."
    assert said == ("InvalidInput", taken)
    said = iam.fault("CreateServiceLinkedRole", AWSServiceName="es.amazonaws.com", CustomSuffix="x")
    assert said == ("InvalidInput", "Custom suffix is not allowed for es.amazonaws.com")
    made = iam("CreateServiceLinkedRole", AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="x")["Role"]
    assert made["RoleName"] == "AWSServiceRoleForAutoScaling_x"


def test_unknown_services_are_refused(iam: Iam) -> None:
    assert iam.fault("CreateServiceLinkedRole", AWSServiceName="ECS.amazonaws.com")[0] == "InvalidInput"
    assert iam.fault("CreateServiceLinkedRole", AWSServiceName="example.com")[0] == "InvalidInput"


CHANGES: dict[str, dict[str, Any]] = {
    "AddRoleToInstanceProfile": {"InstanceProfileName": "box"},
    "AttachRolePolicy": {"PolicyArn": S3_READ_ONLY},
    "DeleteRole": {},
    "DeleteRolePermissionsBoundary": {},
    "DeleteRolePolicy": {"PolicyName": "p"},
    "DetachRolePolicy": {"PolicyArn": "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"},
    "PutRolePermissionsBoundary": {"PermissionsBoundary": S3_READ_ONLY},
    "PutRolePolicy": {"PolicyName": "p", "PolicyDocument": "{}"},
    "RemoveRoleFromInstanceProfile": {"InstanceProfileName": "box"},
    "UpdateAssumeRolePolicy": {"PolicyDocument": EC2},
    "UpdateRole": {"MaxSessionDuration": 7200},
}


@pytest.mark.parametrize("name", CHANGES)
def test_nobody_changes_it(iam: Iam, name: str) -> None:
    ecs(iam)
    iam("CreateInstanceProfile", InstanceProfileName="box")
    assert iam.fault(name, RoleName=ECS, **CHANGES[name]) == ("UnmodifiableEntity", SAID)


def test_the_operations_that_must_refuse_are_those_of_the_model() -> None:
    listed = {
        name
        for name in MODEL.operation_names
        if any(shape.name == "UnmodifiableEntityException" for shape in MODEL.operation_model(name).error_shapes)
    }
    assert listed == set(CHANGES) | {"UpdateRoleDescription"}


def test_its_description_and_tags_may_be_set(iam: Iam) -> None:
    ecs(iam)
    iam("UpdateRole", RoleName=ECS, Description="containers")
    iam("TagRole", RoleName=ECS, Tags=[{"Key": "a", "Value": "b"}])
    shown = iam("GetRole", RoleName=ECS)["Role"]
    assert shown["Description"] == "containers" and shown["Tags"] == [{"Key": "a", "Value": "b"}]
    assert iam("UpdateRoleDescription", RoleName=ECS, Description="ships")["Role"]["Description"] == "ships"


def test_nobody_makes_one_with_create_role(iam: Iam) -> None:
    """SCPs and RCPs do not bind roles of this path."""
    said = iam.fault("CreateRole", RoleName="mine", Path="/aws-service-role/x/", AssumeRolePolicyDocument=EC2)
    assert said[0] == "InvalidInput"


def test_it_is_deleted_by_a_task(iam: Iam) -> None:
    ecs(iam)
    task = iam("DeleteServiceLinkedRole", RoleName=ECS)["DeletionTaskId"]
    assert re.fullmatch(rf"task/aws-service-role/ecs\.amazonaws\.com/{ECS}/[0-9a-f-]{{36}}", task)
    assert iam("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task) == {"Status": "SUCCEEDED"}
    assert iam.fault("GetRole", RoleName=ECS)[0] == "NoSuchEntity"
    assert iam.fault("DeleteServiceLinkedRole", RoleName=ECS)[0] == "NoSuchEntity"
    assert ecs(iam)["RoleName"] == ECS


def test_other_roles_and_other_tasks_are_not_found(iam: Iam) -> None:
    iam("CreateRole", RoleName="own", AssumeRolePolicyDocument=EC2)
    assert iam.fault("DeleteServiceLinkedRole", RoleName="own")[0] == "NoSuchEntity"
    assert iam("GetRole", RoleName="own")
    task = f"task/aws-service-role/ecs.amazonaws.com/{ECS}/00000000-0000-4000-8000-000000000000"
    assert iam.fault("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)[0] == "NoSuchEntity"
    assert iam.fault("GetServiceLinkedRoleDeletionStatus", DeletionTaskId="x")[0] == "InvalidInput"


def test_each_operation_needs_its_action_on_the_role(iam: Iam) -> None:
    iam.users("asker")
    task = ""
    for name in ("CreateServiceLinkedRole", "DeleteServiceLinkedRole", "GetServiceLinkedRoleDeletionStatus"):
        params = {
            "CreateServiceLinkedRole": {"AWSServiceName": "ecs.amazonaws.com"},
            "DeleteServiceLinkedRole": {"RoleName": ECS},
            "GetServiceLinkedRoleDeletionStatus": {"DeletionTaskId": task},
        }[name]
        assert not is_allowed(iam, iam.may("asker", f"iam:{name}", ECS_ARN + "x"), name, **params)
        assert not is_allowed(iam, iam.may("asker", "iam:Other", ECS_ARN), name, **params)
        given = iam(name, by=iam.may("asker", f"iam:{name}", ECS_ARN), **params)
        task = given.get("DeletionTaskId", task)


def test_the_service_is_a_condition_key(iam: Iam) -> None:
    iam.users("asker")
    condition = {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}}
    asker = iam.may("asker", "iam:CreateServiceLinkedRole", Condition=condition)
    assert not is_allowed(iam, asker, "CreateServiceLinkedRole", AWSServiceName="rds.amazonaws.com")
    assert is_allowed(iam, asker, "CreateServiceLinkedRole", AWSServiceName="ecs.amazonaws.com")
