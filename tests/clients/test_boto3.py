"""Every built operation of IAM and STS through boto3: a life for each noun, and botocore reading every answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.called import names, refused, remember, tags
from tests.clients.conftest import Account

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

TAGS = [{"Key": "team", "Value": "가게"}, {"Key": "stage", "Value": ""}]
READ = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}],
}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def test_a_user(iam: Any, account: Account) -> None:
    made = iam.create_user(UserName="jimin", Path="/team/", Tags=TAGS)["User"]
    assert made["Arn"] == f"arn:aws:iam::{account.id}:user/team/jimin" and made["UserId"].startswith("AIDA")
    found = iam.get_user(UserName="jimin")["User"]
    assert found["CreateDate"] == made["CreateDate"] and tags(found["Tags"]) == {"team": "가게", "stage": ""}
    iam.tag_user(UserName="jimin", Tags=[{"Key": "stage", "Value": "2"}, {"Key": "x", "Value": "y"}])
    iam.untag_user(UserName="jimin", TagKeys=["team"])
    assert tags(iam.list_user_tags(UserName="jimin")["Tags"]) == {"stage": "2", "x": "y"}
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.put_user_permissions_boundary(UserName="jimin", PermissionsBoundary=boundary)
    bounded = iam.get_user(UserName="jimin")["User"]["PermissionsBoundary"]
    assert bounded == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    iam.delete_user_permissions_boundary(UserName="jimin")
    assert "PermissionsBoundary" not in iam.get_user(UserName="jimin")["User"]
    iam.update_user(UserName="jimin", NewUserName="jimin2", NewPath="/")
    assert names(iam.list_users(PathPrefix="/")["Users"], "UserName") == ["jimin2"]
    refused("NoSuchEntity", iam.get_user, UserName="jimin")
    iam.delete_user(UserName="jimin2")
    assert iam.list_users()["Users"] == []


def test_access_keys(iam: Any, account: Account) -> None:
    iam.create_user(UserName="keyed")
    key = iam.create_access_key(UserName="keyed")["AccessKey"]
    assert key["Status"] == "Active" and key["AccessKeyId"].startswith("AKIA") and len(key["SecretAccessKey"]) == 40
    own = account.client("sts", (key["AccessKeyId"], key["SecretAccessKey"]))
    assert own.get_caller_identity()["Arn"].endswith(":user/keyed")
    iam.update_access_key(UserName="keyed", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    listed = iam.list_access_keys(UserName="keyed")["AccessKeyMetadata"]
    assert [(each["AccessKeyId"], each["Status"]) for each in listed] == [(key["AccessKeyId"], "Inactive")]
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == "keyed"
    refused("DeleteConflict", iam.delete_user, UserName="keyed")
    iam.delete_access_key(UserName="keyed", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="keyed")


def test_a_login_profile(iam: Any) -> None:
    iam.create_user(UserName="person")
    made = iam.create_login_profile(UserName="person", Password="Str0ng-enough!", PasswordResetRequired=True)
    assert made["LoginProfile"]["PasswordResetRequired"] is True
    iam.update_login_profile(UserName="person", Password="An0ther-one!!", PasswordResetRequired=False)
    assert iam.get_login_profile(UserName="person")["LoginProfile"]["PasswordResetRequired"] is False
    iam.delete_login_profile(UserName="person")
    refused("NoSuchEntity", iam.get_login_profile, UserName="person")
    iam.delete_user(UserName="person")


def test_a_group(iam: Any) -> None:
    made = iam.create_group(GroupName="crew", Path="/a/")["Group"]
    assert made["GroupId"].startswith("AGPA")
    iam.create_user(UserName="one")
    iam.add_user_to_group(GroupName="crew", UserName="one")
    assert names(iam.get_group(GroupName="crew")["Users"], "UserName") == ["one"]
    assert names(iam.list_groups_for_user(UserName="one")["Groups"], "GroupName") == ["crew"]
    iam.update_group(GroupName="crew", NewGroupName="crew2", NewPath="/b/")
    assert names(iam.list_groups(PathPrefix="/b/")["Groups"], "Arn")[0].endswith(":group/b/crew2")
    refused("DeleteConflict", iam.delete_group, GroupName="crew2")
    iam.remove_user_from_group(GroupName="crew2", UserName="one")
    iam.delete_group(GroupName="crew2")
    iam.delete_user(UserName="one")


@pytest.mark.parametrize("noun", ["user", "group", "role"])
def test_inline_and_attached_policies(iam: Any, noun: str) -> None:
    who = {f"{noun.title()}Name": f"holder-{noun}"}
    trust = {"AssumeRolePolicyDocument": json.dumps(TRUST)} if noun == "role" else {}
    getattr(iam, f"create_{noun}")(**who, **trust)
    getattr(iam, f"put_{noun}_policy")(**who, PolicyName="inline", PolicyDocument=json.dumps(READ))
    got = getattr(iam, f"get_{noun}_policy")(**who, PolicyName="inline")
    assert got["PolicyDocument"] == READ and got["PolicyName"] == "inline"
    assert getattr(iam, f"list_{noun}_policies")(**who)["PolicyNames"] == ["inline"]
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    getattr(iam, f"attach_{noun}_policy")(**who, PolicyArn=arn)
    attached = getattr(iam, f"list_attached_{noun}_policies")(**who)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": arn}]
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert names(entities[f"Policy{noun.title()}s"], f"{noun.title()}Name") == [f"holder-{noun}"]
    getattr(iam, f"detach_{noun}_policy")(**who, PolicyArn=arn)
    getattr(iam, f"delete_{noun}_policy")(**who, PolicyName="inline")
    getattr(iam, f"delete_{noun}")(**who)


def test_a_managed_policy_and_its_versions(iam: Any, account: Account) -> None:
    made = iam.create_policy(
        PolicyName="reader", Path="/p/", PolicyDocument=json.dumps(READ), Description="읽기", Tags=TAGS
    )["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{account.id}:policy/p/reader" and made["PolicyId"].startswith("ANPA")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Description"] == "읽기"
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(WRITE), SetAsDefault=False)
    assert second["PolicyVersion"]["VersionId"] == "v2"
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"] == WRITE
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in versions] == [("v2", True), ("v1", False)]
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v2")
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "more", "Value": "1"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["stage"])
    assert tags(iam.list_policy_tags(PolicyArn=arn)["Tags"]) == {"team": "가게", "more": "1"}
    assert arn in names(iam.list_policies(Scope="Local")["Policies"], "Arn")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=arn)


def test_the_managed_policies_of_aws_are_there(iam: Any) -> None:
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 500})
    found = {policy["PolicyName"] for page in pages for policy in page["Policies"]}
    assert len(found) > 1_000 and {"AdministratorAccess", "ReadOnlyAccess", "PowerUserAccess"} <= found


def test_a_role(iam: Any) -> None:
    made = iam.create_role(
        RoleName="app",
        Path="/svc/",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        Description="d",
        MaxSessionDuration=7200,
        Tags=TAGS,
    )["Role"]
    assert made["RoleId"].startswith("AROA") and made["AssumeRolePolicyDocument"] == TRUST
    assert iam.get_role(RoleName="app")["Role"]["MaxSessionDuration"] == 7200
    iam.update_role(RoleName="app", Description="e", MaxSessionDuration=3600)
    assert iam.update_role_description(RoleName="app", Description="f")["Role"]["Description"] == "f"
    other = json.loads(json.dumps(TRUST).replace("ec2", "lambda"))
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=json.dumps(other))
    assert iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"] == other
    iam.tag_role(RoleName="app", Tags=[{"Key": "n", "Value": "1"}])
    iam.untag_role(RoleName="app", TagKeys=["team", "stage"])
    assert tags(iam.list_role_tags(RoleName="app")["Tags"]) == {"n": "1"}
    iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess")
    assert "PermissionsBoundary" in iam.get_role(RoleName="app")["Role"]
    iam.delete_role_permissions_boundary(RoleName="app")
    assert names(iam.list_roles(PathPrefix="/svc/")["Roles"], "RoleName") == ["app"]
    iam.delete_role(RoleName="app")
    refused("NoSuchEntity", iam.get_role, RoleName="app")


def test_an_instance_profile(iam: Any) -> None:
    made = iam.create_instance_profile(InstanceProfileName="box", Path="/i/", Tags=TAGS)["InstanceProfile"]
    assert made["InstanceProfileId"].startswith("AIPA") and made["Roles"] == []
    iam.create_role(RoleName="boxed", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="boxed")
    found = iam.get_instance_profile(InstanceProfileName="box")["InstanceProfile"]
    assert names(found["Roles"], "RoleName") == ["boxed"]
    assert len(iam.list_instance_profiles(PathPrefix="/i/")["InstanceProfiles"]) == 1
    for_role = iam.list_instance_profiles_for_role(RoleName="boxed")["InstanceProfiles"]
    assert names(for_role, "InstanceProfileName") == ["box"]
    iam.tag_instance_profile(InstanceProfileName="box", Tags=[{"Key": "n", "Value": "1"}])
    iam.untag_instance_profile(InstanceProfileName="box", TagKeys=["team", "stage"])
    assert tags(iam.list_instance_profile_tags(InstanceProfileName="box")["Tags"]) == {"n": "1"}
    refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="box")
    iam.remove_role_from_instance_profile(InstanceProfileName="box", RoleName="boxed")
    iam.delete_instance_profile(InstanceProfileName="box")
    iam.delete_role(RoleName="boxed")


def test_the_account(iam: Any, account: Account) -> None:
    alias = f"shop-{account.id}"
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    iam.delete_account_alias(AccountAlias=alias)
    iam.create_user(UserName="counted")
    assert iam.get_account_summary()["SummaryMap"]["Users"] == 1
    details = iam.get_account_authorization_details(Filter=["User"])
    assert names(details["UserDetailList"], "UserName") == ["counted"] and details["RoleDetailList"] == []
    iam.delete_user(UserName="counted")


def test_pages(iam: Any) -> None:
    for number in range(7):
        iam.create_user(UserName=f"page{number}")
    paginator = iam.get_paginator("list_users")
    pages = [names(page["Users"], "UserName") for page in paginator.paginate(PaginationConfig={"PageSize": 3})]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [each for page in pages for each in page] == [f"page{number}" for number in range(7)]
    for number in range(7):
        iam.delete_user(UserName=f"page{number}")


def test_waiters_come_to_an_end(iam: Any) -> None:
    iam.create_user(UserName="awaited")
    iam.get_waiter("user_exists").wait(UserName="awaited", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    iam.delete_user(UserName="awaited")


def test_tokens(iam: Any, sts: Any, account: Account) -> None:
    assert sts.get_caller_identity()["Account"] == account.id
    iam.create_user(UserName="asker")
    key = iam.create_access_key(UserName="asker")["AccessKey"]
    assert sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == account.id
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    iam.put_user_policy(UserName="asker", PolicyName="all", PolicyDocument=json.dumps(everything))
    trust = json.dumps(TRUST).replace('"Service": "ec2.amazonaws.com"', f'"AWS": "{account.id}"')
    role = iam.create_role(RoleName="stage", AssumeRolePolicyDocument=trust)["Role"]
    own = account.client("sts", (key["AccessKeyId"], key["SecretAccessKey"]))
    own.meta.events.register("after-call.sts", remember)
    given = own.assume_role(RoleArn=role["Arn"], RoleSessionName="night", DurationSeconds=900)
    assert given["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:night"
    wanted = f"arn:aws:sts::{account.id}:assumed-role/stage/night"
    assert who(account, given) == given["AssumedRoleUser"]["Arn"] == wanted
    assert who(account, own.get_session_token()).endswith(":user/asker")
    federated = own.get_federation_token(Name="guest", Policy=json.dumps(READ))
    assert who(account, federated) == federated["FederatedUser"]["Arn"]
    assert federated["PackedPolicySize"] > 0


def who(account: Account, given: dict[str, Any]) -> str:
    made = given["Credentials"]
    session = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
    return str(account.client("sts", session).get_caller_identity()["Arn"])


def test_less_of_a_session(account: Account) -> None:
    token = account.client("sts").get_session_token()["Credentials"]
    sts = account.client("sts", (token["AccessKeyId"], token["SecretAccessKey"], token["SessionToken"]))
    sts.meta.events.register("after-call.sts", remember)
    given = sts.get_scoped_credentials(
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"},
            }
        ),
        DurationSeconds=600,
    )
    assert given["ScopedPoliciesCount"] == 1
    key = given["Credentials"]
    scoped = account.client("sts", (key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]))
    assert scoped.get_caller_identity()["Arn"] == given["SessionInfo"]["Arn"]
    refused("AccessDenied", scoped.get_scoped_credentials, DurationSeconds=60)
