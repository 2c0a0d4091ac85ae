"""Role templates, and the roles that are made from them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from ostiary.services.iam.template_files import add_template
from tests.iam.asking import Iam
from tests.iam.having import S3_READ_ONLY, is_allowed, new_role
from tests.live import BIN
from tests.world import ACCOUNT, NOW, World

ARN = "arn:aws:iam::aws:role-template/batch.example.com/Worker:1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "@{service}"}, "Action": "sts:AssumeRole"}],
}
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "@{objects}"}],
}
TEMPLATE: dict[str, Any] = {
    "TemplateArn": ARN,
    "MinorVersion": 1,
    "Description": "works",
    "RoleNamePattern": "worker-@{team}",
    "RolePathPattern": "/batch/",
    "RoleDescriptionPattern": "Worker of @{team}",
    "AssumeRolePolicyDocumentTemplate": json.dumps(TRUST),
    "InlinePolicyTemplates": [{"PolicyName": "read", "PolicyDocument": json.dumps(READ)}],
    "ManagedPolicyArns": [S3_READ_ONLY],
    "PermissionBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess",
    "ParametersDefinition": [
        {"Name": "team", "Type": "String", "IsRequired": True},
        {"Name": "service", "Type": "String", "DefaultValue": "ec2.amazonaws.com"},
        {"Name": "objects", "Type": "ArnList", "IsRequired": True},
    ],
    "RoleTagsTemplate": [{"Key": "team", "Value": "@{team}"}],
    "MaxSessionDuration": 7200,
}
OBJECTS = ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]
VALUES = {"team": {"Values": ["blue"]}, "objects": {"Values": OBJECTS}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/batch/worker-blue"


def add(iam: Iam, **changed: Any) -> None:
    with iam.world.house.store.write() as tx:
        add_template(tx, json.dumps({**TEMPLATE, **changed}), int(NOW.timestamp()))


def acquire(iam: Iam, **more: Any) -> Any:
    return iam("AcquireRole", **{"TemplateArn": ARN, "ReplacementValues": VALUES, **more})["Role"]


def test_a_role_is_made_as_its_template_says(iam: Iam) -> None:
    add(iam)
    made = acquire(iam)
    assert (made["Arn"], made["MaxSessionDuration"]) == (ROLE, 7200)
    assert made["SourceRoleTemplate"] == {"TemplateArn": ARN, "TemplateMinorVersion": 1}
    shown = iam("GetRole", RoleName="worker-blue")["Role"]
    assert {**shown, "RoleLastUsed": {}} == {**made, "RoleLastUsed": {}}
    assert shown["Description"] == "Worker of blue" and shown["Tags"] == [{"Key": "team", "Value": "blue"}]
    trust = json.loads(unquote(shown["AssumeRolePolicyDocument"]))
    assert trust["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    inline = iam("GetRolePolicy", RoleName="worker-blue", PolicyName="read")["PolicyDocument"]
    assert json.loads(unquote(inline))["Statement"][0]["Resource"] == OBJECTS
    attached = iam("ListAttachedRolePolicies", RoleName="worker-blue")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [S3_READ_ONLY]


def test_a_role_of_a_template_goes_like_any_other(iam: Iam) -> None:
    add(iam, InlinePolicyTemplates=[], ManagedPolicyArns=[])
    acquire(iam)
    iam("DeleteRole", RoleName="worker-blue")
    assert acquire(iam)["Arn"] == ROLE


def test_names_that_are_taken(iam: Iam) -> None:
    add(iam)
    acquire(iam)
    asked = {"TemplateArn": ARN, "ReplacementValues": VALUES}
    assert iam.fault("AcquireRole", **asked)[0] == "EntityAlreadyExists"
    new_role(iam, "worker-red")
    asked["ReplacementValues"] = {**VALUES, "team": {"Values": ["red"]}}
    assert iam.fault("AcquireRole", **asked)[0] == "NameConflict"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"team": {"Values": ["blue"]}},
        {**VALUES, "other": {"Values": ["x"]}},
        {**VALUES, "team": {"Values": ["a", "b"]}},
        {**VALUES, "objects": {"Values": ["not an arn"]}},
    ],
)
def test_values_that_do_not_fit_are_refused(iam: Iam, values: dict[str, Any]) -> None:
    add(iam)
    assert iam.fault("AcquireRole", TemplateArn=ARN, ReplacementValues=values)[0] == "InvalidInput"


@pytest.mark.parametrize("switch", ["Enabled", "VersionEnabled"])
def test_a_disabled_template_makes_nothing(iam: Iam, switch: str) -> None:
    add(iam, **{switch: False})
    said = iam.fault("AcquireRole", TemplateArn=ARN, ReplacementValues=VALUES)
    assert said[0] == "RoleTemplateDisabled"


def test_nobody_reaches_the_path_of_service_linked_roles(iam: Iam) -> None:
    add(iam, RolePathPattern="/aws-service-role/x/")
    assert iam.fault("AcquireRole", TemplateArn=ARN, ReplacementValues=VALUES)[0] == "InvalidInput"


def test_a_version_is_shown(iam: Iam) -> None:
    add(iam)
    add(iam, MinorVersion=2, Description="newer")
    found = iam("GetRoleTemplateVersion", TemplateArn=ARN)["RoleTemplateVersion"]
    assert found["Description"] == "newer"
    found = iam("GetRoleTemplateVersion", TemplateArn=ARN, MinorVersion=1)["RoleTemplateVersion"]
    numbers = {"MajorVersion": 1, "DefaultMinorVersion": 2, "TemplateName": "Worker"}
    assert found == {**TEMPLATE, **numbers, "CreateTimestamp": NOW, "UpdateTimestamp": NOW}


@pytest.mark.parametrize("name", ["GetRoleTemplateVersion", "AcquireRole"])
def test_a_template_that_is_not_there_is_not_found(iam: Iam, name: str) -> None:
    assert iam.fault(name, TemplateArn=ARN)[0] == "NoSuchEntity"
    assert iam.fault(name, TemplateArn="arn:aws:iam::aws:policy/ReadOnlyAccess")[0] == "InvalidInput"


def test_a_role_needs_the_permissions_of_its_parts(iam: Iam) -> None:
    add(iam)
    iam.users("asker")
    asked = {"TemplateArn": ARN, "ReplacementValues": VALUES}
    needed = ["CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary", "TagRole"]
    for left_out in needed:
        some = [f"iam:{each}" for each in needed if each != left_out]
        assert not is_allowed(iam, iam.may("asker", some, ROLE), "AcquireRole", **asked)
    every = [f"iam:{each}" for each in needed]
    condition = {"ArnEquals": {"iam:RoleTemplateARN": ARN + "0"}}
    assert not is_allowed(iam, iam.may("asker", every, ROLE, Condition=condition), "AcquireRole", **asked)
    condition = {"ArnEquals": {"iam:RoleTemplateARN": ARN}}
    assert is_allowed(iam, iam.may("asker", every, ROLE, Condition=condition), "AcquireRole", **asked)
    assert is_allowed(
        iam, iam.may("asker", "iam:GetRoleTemplateVersion", ARN), "GetRoleTemplateVersion", TemplateArn=ARN
    )
    wrong = iam.may("asker", "iam:GetRoleTemplateVersion", ARN + "0")
    assert not is_allowed(iam, wrong, "GetRoleTemplateVersion", TemplateArn=ARN)


def run(data: Path, file: Path) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "ostiary"), "account", "role-template", str(file), "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True)


def test_an_operator_adds_a_template(tmp_path: Path) -> None:
    iam, file = Iam(World(tmp_path)), tmp_path / "template.json"
    file.write_text(json.dumps(TEMPLATE))
    assert run(tmp_path, file).returncode == 0
    assert acquire(iam)["Arn"] == ROLE
    for wrong in ("[]", "{", json.dumps({**TEMPLATE, "Other": 1}), json.dumps({**TEMPLATE, "TemplateArn": "x"})):
        file.write_text(wrong)
        done = run(tmp_path, file)
        assert done.returncode == 1 and "Traceback" not in done.stderr


@pytest.mark.parametrize("team", ["a/b", "a*", "${aws:username}", "é", "x" * 60])
def test_a_name_is_a_roles_name(iam: Iam, team: str) -> None:
    add(iam)
    values = {**VALUES, "team": {"Values": [team]}}
    code, message = iam.fault("AcquireRole", TemplateArn=ARN, ReplacementValues=values)
    assert (code, message) == ("InvalidInput", f"The name worker-{team} can't be a role's.")


def test_who_may_make_no_role_learns_nothing_of_a_templates_parameters(iam: Iam) -> None:
    add(iam)
    iam.users("bob")
    me = iam.may("bob", ["iam:Get*"])
    for values in ({}, {"unknown": {"Values": ["x"]}}, VALUES):
        assert iam.fault("AcquireRole", by=me, TemplateArn=ARN, ReplacementValues=values)[0] == "AccessDenied"
