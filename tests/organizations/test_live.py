"""A real server, and boto3: what an administrator of the organization forbids, S3 and IAM refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Server, running
from tests.refusals import refused

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("organizations")]
DENY = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"NoBuckets","Effect":"Deny",'
    '"Action":["s3:CreateBucket","iam:CreateUser"],"Resource":"*"}]}'
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data: Path = tmp_path_factory.mktemp("live") / "data"
    with running(data, "--workers", "2") as made:
        yield made


def denied(call: object, **params: object) -> str:
    """The text of a refusal for want of permission."""
    error = refused(call, **params)["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException")
    message: str = error["Message"]
    return message


def test_an_scp_holds_in_every_service_and_in_every_process_at_once(server: Server) -> None:
    server.wait_for_s3()
    organizations = server.client("organizations")
    root = organizations.list_roots()["Roots"][0]
    status = organizations.create_account(Email="dev@example.com", AccountName="dev")["CreateAccountStatus"]
    account = organizations.describe_create_account_status(CreateAccountRequestId=status["Id"])
    account = account["CreateAccountStatus"]["AccountId"]
    by_command = server.account("ops")
    listed = [
        each["Id"] for page in organizations.get_paginator("list_accounts").paginate() for each in page["Accounts"]
    ]
    assert {account, by_command["account"]} < set(listed)
    iam = server.client("iam")
    iam.create_user(UserName="admin")
    iam.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    given = server.client("sts", (key["AccessKeyId"], key["SecretAccessKey"])).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="s1"
    )["Credentials"]
    session = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    inside, s3 = server.client("iam", session), server.client("s3", session)
    s3.create_bucket(Bucket="before", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    organizations.enable_policy_type(RootId=root["Id"], PolicyType="SERVICE_CONTROL_POLICY")
    unit = organizations.create_organizational_unit(ParentId=root["Id"], Name="locked")["OrganizationalUnit"]["Id"]
    made = organizations.create_policy(Content=DENY, Description="", Name="deny", Type="SERVICE_CONTROL_POLICY")
    policy = made["Policy"]["PolicySummary"]
    organizations.attach_policy(PolicyId=policy["Id"], TargetId=unit)
    for member in (account, by_command["account"]):
        organizations.move_account(AccountId=member, SourceParentId=root["Id"], DestinationParentId=unit)
    told = f"with an explicit deny in a service control policy: {policy['Arn']}"
    for _ in range(4):
        assert told in denied(s3.create_bucket, Bucket="after")
        assert told in denied(inside.create_user, UserName="bob")
    s3.put_object(Bucket="before", Key="k", Body=b"as before")
    of_root = server.client("iam", (by_command["akid"], by_command["secret"]))
    assert told in denied(of_root.create_user, UserName="bob")
    iam.create_user(UserName="not-bound")
    theirs = server.client("organizations", (by_command["akid"], by_command["secret"]))
    assert denied(theirs.list_accounts) == "You don't have permissions to access this resource."
    organizations.detach_policy(PolicyId=policy["Id"], TargetId=unit)
    inside.create_user(UserName="bob")


def test_errors_have_the_classes_that_boto3_knows(server: Server) -> None:
    organizations = server.client("organizations")
    with pytest.raises(organizations.exceptions.AlreadyInOrganizationException):
        organizations.create_organization()
    with pytest.raises(organizations.exceptions.InvalidInputException) as caught:
        organizations.delete_policy(PolicyId="p-FullAWSAccess")
    assert caught.value.response["Reason"] == "IMMUTABLE_POLICY"
    with pytest.raises(organizations.exceptions.TargetNotFoundException) as missing:
        organizations.attach_policy(PolicyId="p-FullAWSAccess", TargetId="ou-zzzz-zzzzzzzz")
    assert missing.value.response["Message"] == "You specified a target that doesn't exist."
