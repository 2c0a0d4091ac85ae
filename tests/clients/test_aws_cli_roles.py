"""The aws CLI on managed policies, roles and instance profiles, and on what it prints: text, tables, pages, queries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.conftest import Account
from tests.clients.terminal import Terminal

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
S3 = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
EC2 = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module")
def aws(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    made = Terminal.of(account, tmp_path_factory.mktemp("home"))
    made.file("s3.json", S3)
    made.file("ec2.json", EC2)
    yield made
    made.close()


def test_the_life_of_a_policy_and_its_versions(aws: Terminal, account: Account) -> None:
    create = "iam create-policy --policy-name s3 --policy-document file://s3.json"
    made = aws(f"{create} --path /web/ --description 'all of it' --tags Key=a,Value=b")["Policy"]
    arn = f"arn:aws:iam::{account.id}:policy/web/s3"
    assert (made["Arn"], made["DefaultVersionId"], made["AttachmentCount"]) == (arn, "v1", 0)
    aws(f"iam wait policy-exists --policy-arn {arn}")
    code, message = aws.refused(create + " --path /web/")
    assert (code, message) == (
        "EntityAlreadyExists",
        "A policy called s3 already exists. Duplicate names are not allowed.",
    )
    assert aws(f"iam get-policy --policy-arn {arn}")["Policy"]["Description"] == "all of it"
    version = f"iam create-policy-version --policy-arn {arn} --policy-document file://s3.json"
    assert aws(f"{version} --set-as-default")["PolicyVersion"]["VersionId"] == "v2"
    for number in (3, 4, 5):
        assert aws(version)["PolicyVersion"]["VersionId"] == f"v{number}"
    told = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an "
    told += "existing version."
    assert aws.refused(version) == ("LimitExceeded", told)
    listed = aws(f"iam list-policy-versions --policy-arn {arn}")["Versions"]
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in listed] == [
        (f"v{number}", number == 2) for number in (5, 4, 3, 2, 1)
    ]
    assert aws(f"iam get-policy-version --policy-arn {arn} --version-id v2")["PolicyVersion"]["Document"] == S3
    aws(f"iam set-default-policy-version --policy-arn {arn} --version-id v1")
    delete = f"iam delete-policy-version --policy-arn {arn} --version-id"
    assert aws.refused(f"{delete} v1") == ("DeleteConflict", "Cannot delete the default version of a policy.")
    for number in (2, 3, 4, 5):
        aws(f"{delete} v{number}")
    aws(f"iam tag-policy --policy-arn {arn} --tags Key=c,Value=d")
    aws(f"iam untag-policy --policy-arn {arn} --tag-keys a")
    assert aws(f"iam list-policy-tags --policy-arn {arn}")["Tags"] == [{"Key": "c", "Value": "d"}]
    assert [each["Arn"] for each in aws("iam list-policies --scope Local")["Policies"]] == [arn]
    aws("iam create-user --user-name u")
    aws(f"iam attach-user-policy --user-name u --policy-arn {arn}")
    entities = aws(f"iam list-entities-for-policy --policy-arn {arn}")
    assert [each["UserName"] for each in entities["PolicyUsers"]] == ["u"] and entities["PolicyRoles"] == []
    told = "Cannot delete a policy attached to entities."
    assert aws.refused(f"iam delete-policy --policy-arn {arn}") == ("DeleteConflict", told)
    aws(f"iam detach-user-policy --user-name u --policy-arn {arn}")
    aws(f"iam delete-policy --policy-arn {arn}")
    told = f"Policy {arn} was not found."
    assert aws.refused(f"iam get-policy --policy-arn {arn}") == ("NoSuchEntity", told)


def test_the_life_of_a_role(aws: Terminal, account: Account) -> None:
    made = aws("iam create-role --role-name web --assume-role-policy-document file://ec2.json --tags Key=a,Value=b")
    arn = f"arn:aws:iam::{account.id}:role/web"
    assert made["Role"]["Arn"] == arn and made["Role"]["AssumeRolePolicyDocument"] == EC2
    aws("iam wait role-exists --role-name web")
    aws("iam update-role --role-name web --description serves --max-session-duration 7200")
    aws("iam update-role-description --role-name web --description 'serves pages'")
    found = aws("iam get-role --role-name web", but=".Role.RoleLastUsed")["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("serves pages", 7200)
    trust = {**EC2, "Statement": [{**EC2["Statement"][0], "Principal": {"AWS": account.id}}]}  # type: ignore[dict-item]
    aws(f"iam update-assume-role-policy --role-name web --policy-document {aws.file('own.json', trust)}")
    shown = aws("iam get-role --role-name web --query Role.AssumeRolePolicyDocument.Statement[].Principal")
    assert shown == [{"AWS": f"arn:aws:iam::{account.id}:root"}]
    aws(f"iam put-role-permissions-boundary --role-name web --permissions-boundary {READ_ONLY}")
    aws("iam delete-role-permissions-boundary --role-name web")
    aws("iam put-role-policy --role-name web --policy-name s3 --policy-document file://s3.json")
    assert aws("iam list-role-policies --role-name web")["PolicyNames"] == ["s3"]
    assert aws("iam get-role-policy --role-name web --policy-name s3")["PolicyDocument"] == S3
    aws(f"iam attach-role-policy --role-name web --policy-arn {READ_ONLY}")
    assert aws("iam list-attached-role-policies --role-name web")["AttachedPolicies"][0]["PolicyArn"] == READ_ONLY
    aws("iam tag-role --role-name web --tags Key=c,Value=d")
    aws("iam untag-role --role-name web --tag-keys a")
    assert aws("iam list-role-tags --role-name web")["Tags"] == [{"Key": "c", "Value": "d"}]
    assert "web" in [each["RoleName"] for each in aws("iam list-roles")["Roles"]]
    aws(f"iam detach-role-policy --role-name web --policy-arn {READ_ONLY}")
    aws("iam delete-role-policy --role-name web --policy-name s3")
    aws("iam delete-role --role-name web")
    told = "The role with name web cannot be found."
    assert aws.refused("iam get-role --role-name web") == ("NoSuchEntity", told)


def test_the_life_of_an_instance_profile(aws: Terminal, account: Account) -> None:
    aws("iam create-role --role-name disk --assume-role-policy-document file://ec2.json")
    made = aws("iam create-instance-profile --instance-profile-name disk --tags Key=a,Value=b")["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{account.id}:instance-profile/disk" and made["Roles"] == []
    aws("iam wait instance-profile-exists --instance-profile-name disk")
    add = "iam add-role-to-instance-profile --instance-profile-name disk --role-name disk"
    aws(add)
    told = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    assert aws.refused(add) == ("LimitExceeded", told)
    found = aws("iam get-instance-profile --instance-profile-name disk")["InstanceProfile"]
    assert [each["RoleName"] for each in found["Roles"]] == ["disk"]
    assert len(aws("iam list-instance-profiles-for-role --role-name disk")["InstanceProfiles"]) == 1
    assert len(aws("iam list-instance-profiles")["InstanceProfiles"]) == 1
    aws("iam tag-instance-profile --instance-profile-name disk --tags Key=c,Value=d")
    aws("iam untag-instance-profile --instance-profile-name disk --tag-keys a")
    assert aws("iam list-instance-profile-tags --instance-profile-name disk")["Tags"] == [{"Key": "c", "Value": "d"}]
    told = "Cannot delete entity, must remove roles from instance profile first."
    assert aws.refused("iam delete-role --role-name disk") == ("DeleteConflict", told)
    aws("iam remove-role-from-instance-profile --instance-profile-name disk --role-name disk")
    aws("iam delete-instance-profile --instance-profile-name disk")
    aws("iam delete-role --role-name disk")


def test_the_life_of_a_service_linked_role(aws: Terminal) -> None:
    made = aws("iam create-service-linked-role --aws-service-name lex.amazonaws.com --description bots")["Role"]
    assert made["Path"] == "/aws-service-role/lex.amazonaws.com/" and made["RoleName"] == "AWSServiceRoleForLexBots"
    code, message = aws.refused("iam create-service-linked-role --aws-service-name lex.amazonaws.com")
    assert (code, message.split(" has been taken")[0]) == (
        "InvalidInput",
        "Service role name AWSServiceRoleForLexBots",
    ), message
    assert aws.refused("iam delete-role --role-name AWSServiceRoleForLexBots")[0] == "UnmodifiableEntity"
    task = aws("iam delete-service-linked-role --role-name AWSServiceRoleForLexBots")["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/lex.amazonaws.com/AWSServiceRoleForLexBots/")
    assert aws(f"iam get-service-linked-role-deletion-status --deletion-task-id {task}")["Status"] == "SUCCEEDED"


def test_pages_are_turned_and_stopped(aws: Terminal) -> None:
    for number in range(5):
        aws(f"iam create-group --group-name g{number}")
    names = "--query Groups[].GroupName"
    assert aws(f"iam list-groups --page-size 2 {names}") == [f"g{number}" for number in range(5)]
    page = aws("iam list-groups --max-items 2")
    assert [each["GroupName"] for each in page["Groups"]] == ["g0", "g1"]
    page = aws(f"iam list-groups --max-items 2 --starting-token {page['NextToken']}")
    assert [each["GroupName"] for each in page["Groups"]] == ["g2", "g3"]
    page = aws(f"iam list-groups --max-items 2 --starting-token {page['NextToken']}")
    assert [each["GroupName"] for each in page["Groups"]] == ["g4"] and "NextToken" not in page
    page = aws("iam list-groups --no-paginate --max-items 3")
    assert page["IsTruncated"] and [each["GroupName"] for each in page["Groups"]] == ["g0", "g1", "g2"]
    assert aws(f"iam list-groups --no-paginate --marker {page['Marker']} {names}") == ["g3", "g4"]


def test_what_is_printed_as_text_and_as_a_table(aws: Terminal, account: Account) -> None:
    aws("iam create-user --user-name bob")
    assert (
        aws.text("iam get-user --user-name bob --query User.Arn --output text")
        == f"arn:aws:iam::{account.id}:user/bob\n"
    )
    lines = aws.text("iam list-policies --scope AWS --path-prefix /job-function/ --output text").splitlines()
    assert lines and all(line.startswith("POLICIES\tarn:aws:iam::aws:policy/job-function/") for line in lines)
    table = aws.text("iam list-users --query Users[].{Name:UserName,Path:Path} --output table")
    assert "|  bob " in table and "ListUsers" in table.splitlines()[1]


def test_what_the_cli_itself_refuses_never_reaches_the_server(aws: Terminal) -> None:
    done = aws.run("iam create-user")
    assert done.code == 2 and "--user-name" in done.error
    done = aws.run("iam create-user --user-name " + "x" * 65)
    assert "ValidationError" in done.error, done.error


def test_the_whole_account_in_pages(aws: Terminal) -> None:
    aws("iam create-role --role-name whole --assume-role-policy-document file://ec2.json")
    aws("iam put-role-policy --role-name whole --policy-name s3 --policy-document file://s3.json")
    aws("iam create-policy --policy-name whole --policy-document file://s3.json")
    aws("iam put-user-policy --user-name bob --policy-name s3 --policy-document file://s3.json")
    of = "--filter User Role Group LocalManagedPolicy --page-size 3"
    whole = aws(f"iam get-account-authorization-details {of}", but=".RoleDetailList[].RoleLastUsed")
    (role,) = (each for each in whole["RoleDetailList"] if each["RoleName"] == "whole")
    assert role["AssumeRolePolicyDocument"] == EC2
    assert role["RolePolicyList"] == [{"PolicyName": "s3", "PolicyDocument": S3}]
    assert [each["PolicyName"] for each in whole["Policies"]] == ["whole"]
    assert len(whole["GroupDetailList"]) == len(aws("iam list-groups")["Groups"])
    only = aws("iam get-account-authorization-details --filter Group --query UserDetailList")
    assert only == []
