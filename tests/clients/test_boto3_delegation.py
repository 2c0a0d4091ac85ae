"""Service-linked roles, central root access, delegation, role templates and account properties through boto3."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.clients.called import refused, remember
from tests.clients.conftest import Account
from tests.live import BIN, Server

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

SLR = "AWSServiceRoleForECS"
TASK = "arn:aws:iam::aws:policy/root-task/"
TEMPLATE = "arn:aws:iam::aws:role-template/batch.example.com/Worker:1"


def command(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [str(BIN / "ostiary"), "account", *arguments, "--data", str(server.data)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def key_of(client: Any, name: str, policy: dict[str, Any]) -> tuple[str, str]:
    """A new user's key."""
    client.create_user(UserName=name)
    text = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    client.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=text)
    key = client.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_a_service_linked_role(iam: Any) -> None:
    made = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com", Description="ships")["Role"]
    assert made["Path"] == "/aws-service-role/ecs.amazonaws.com/" and made["RoleName"] == SLR
    assert made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": ["ecs.amazonaws.com"]}
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com")
    refused("UnmodifiableEntity", iam.delete_role, RoleName=SLR)
    refused("UnmodifiableEntity", iam.put_role_policy, RoleName=SLR, PolicyName="p", PolicyDocument="{}")
    task = iam.delete_service_linked_role(RoleName=SLR)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    refused("NoSuchEntity", iam.delete_service_linked_role, RoleName=SLR)
    refused("InvalidInput", iam.get_service_linked_role_deletion_status, DeletionTaskId="task/x")


def test_properties_of_the_account(iam: Any) -> None:
    iam.put_account_properties(Properties={"RoleManager/Enabled": "true"})
    assert iam.get_account_properties()["Properties"] == {"RoleManager/Enabled": "true"}
    refused("InvalidInput", iam.put_account_properties, Properties={"A/x": "1", "B/y": "2"})
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2


def test_central_root_access(plain_server: Server, account: Account, iam: Any) -> None:
    management = plain_server.client("iam")
    management.meta.events.register("after-call.iam", remember)
    refused("AccountNotManagementOrDelegatedAdministratorException", iam.list_organizations_features)
    refused("ServiceAccessNotEnabledException", management.list_organizations_features)
    organizations = plain_server.client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    management.enable_organizations_root_credentials_management()
    both = management.enable_organizations_root_sessions()["EnabledFeatures"]
    assert both == management.list_organizations_features()["EnabledFeatures"]
    key = key_of(management, "centraladmin", {"Effect": "Allow", "Action": "sts:AssumeRoot", "Resource": "*"})
    sts = plain_server.client("sts", key)
    sts.meta.events.register("after-call.sts", remember)
    asked = {"TargetPrincipal": account.id, "TaskPolicyArn": {"arn": TASK + "IAMAuditRootUserCredentials"}}
    given = sts.assume_root(**asked, DurationSeconds=60)["Credentials"]
    root = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert plain_server.client("sts", root).get_caller_identity()["Arn"] == f"arn:aws:iam::{account.id}:root"
    auditor = plain_server.client("iam", root)
    assert len(auditor.list_access_keys()["AccessKeyMetadata"]) == 1
    refused("AccessDenied", auditor.create_user, UserName="backdoor")
    refused("AccessDenied", auditor.create_access_key)
    refused("ValidationError", sts.assume_root, **{**asked, "TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/X"}})
    management.disable_organizations_root_credentials_management()
    refused("AccessDenied", sts.assume_root, **asked)
    assert management.disable_organizations_root_sessions()["EnabledFeatures"] == []
    organizations.disable_aws_service_access(ServicePrincipal="iam.amazonaws.com")


def test_a_delegation(plain_server: Server, account: Account, iam: Any) -> None:
    made = plain_server.account("partner")
    key = (made["akid"], made["secret"])
    partner = plain_server.client("iam", key)
    partner.meta.events.register("after-call.iam", remember)
    condition = {"StringEquals": {"aws:PrincipalAccount": "@{owner}"}}
    statement = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": condition}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    template = partner.create_policy(PolicyName="setup", PolicyDocument=text)["Policy"]["Arn"]
    parameters = [{"Name": "owner", "Values": [account.id], "Type": "string"}]
    asked: dict[str, Any] = {
        "Description": "look round",
        "Permissions": {"PolicyTemplateArn": template, "Parameters": parameters},
        "RequestorWorkflowId": "flow-1",
        "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:answers",
        "SessionDuration": 300,
    }
    first = partner.create_delegation_request(**asked, OwnerAccountId=account.id)["DelegationRequestId"]
    refused("EntityAlreadyExists", partner.create_delegation_request, **asked)
    refused("AccessDenied", partner.associate_delegation_request, DelegationRequestId=first)
    refused("ConcurrentModification", iam.accept_delegation_request, DelegationRequestId=first)
    iam.associate_delegation_request(DelegationRequestId=first)
    iam.update_delegation_request(DelegationRequestId=first, Notes="please")
    arn = f"arn:aws:iam::{account.id}:delegation-request/{first}"
    assert "look round" in iam.get_human_readable_summary(EntityArn=arn, Locale="en")["SummaryContent"]
    shown = iam.get_delegation_request(DelegationRequestId=first, DelegationPermissionCheck=True)
    assert shown["DelegationRequest"]["State"] == "PENDING_APPROVAL" and shown["PermissionCheckResult"]
    listed = iam.list_delegation_requests()["DelegationRequests"]
    assert [each["DelegationRequestId"] for each in listed] == [first]
    admin = account.client("iam", key_of(iam, "approver", {"Effect": "Allow", "Action": "*", "Resource": "*"}))
    admin.meta.events.register("after-call.iam", remember)
    admin.accept_delegation_request(DelegationRequestId=first)
    admin.send_delegation_token(DelegationRequestId=first)
    (told,) = json.loads(command(plain_server, "delegations", made["account"], "--json"))
    sts = plain_server.client("sts", key)
    sts.meta.events.register("after-call.sts", remember)
    given = sts.get_delegated_access_token(TradeInToken=told["token"])
    assert given["AssumedPrincipal"].endswith(":user/approver")
    assert 0 < given["Credentials"]["Expiration"].timestamp() - time.time() <= 301
    session = tuple(given["Credentials"][name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    delegated = plain_server.client("iam", session)
    assert "approver" in [each["UserName"] for each in delegated.list_users()["Users"]]
    refused("AccessDenied", delegated.list_roles)
    refused("ValidationError", sts.get_delegated_access_token, TradeInToken="nonsense")
    second = partner.create_delegation_request(**{**asked, "RequestorWorkflowId": "flow-2"})["DelegationRequestId"]
    iam.associate_delegation_request(DelegationRequestId=second)
    iam.reject_delegation_request(DelegationRequestId=second, Notes="no")
    refused("InvalidInput", iam.send_delegation_token, DelegationRequestId=second)
    refused("NoSuchEntity", iam.get_delegation_request, DelegationRequestId="0" * 36)


def test_a_role_template(plain_server: Server, account: Account, iam: Any, tmp_path: Path) -> None:
    refused("NoSuchEntity", iam.get_role_template_version, TemplateArn=TEMPLATE)
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    template = {
        "TemplateArn": TEMPLATE,
        "MinorVersion": 1,
        "RoleNamePattern": "worker-@{team}",
        "AssumeRolePolicyDocumentTemplate": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        "ParametersDefinition": [{"Name": "team", "Type": "String", "IsRequired": True}],
    }
    (tmp_path / "template.json").write_text(json.dumps(template))
    command(plain_server, "role-template", str(tmp_path / "template.json"))
    found = iam.get_role_template_version(TemplateArn=TEMPLATE)["RoleTemplateVersion"]
    assert found["RoleNamePattern"] == "worker-@{team}" and found["ParametersDefinition"][0]["IsRequired"] is True
    made = iam.acquire_role(TemplateArn=TEMPLATE, ReplacementValues={"team": {"Values": ["blue"]}})["Role"]
    assert made["Arn"] == f"arn:aws:iam::{account.id}:role/worker-blue"
    assert iam.get_role(RoleName="worker-blue")["Role"]["SourceRoleTemplate"]["TemplateArn"] == TEMPLATE
    refused("InvalidInput", iam.acquire_role, TemplateArn=TEMPLATE)
