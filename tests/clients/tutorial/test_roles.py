"""The tutorial on roles: who may take one, and what it allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.tutorial.shell import Shell, allow, document, managed, trust
from tests.live import BIN

pytestmark = [pytest.mark.client, pytest.mark.server, pytest.mark.xdist_group("tutorial-roles")]

SERVICES = ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]


def _role(shell: Shell, name: str, who_may_take_it: str) -> dict[str, Any]:
    made: dict[str, Any] = shell.root(
        "iam", "create-role", "--role-name", name, "--assume-role-policy-document", who_may_take_it
    )["Role"]
    return made


def test_a_role_for_services_is_taken_by_no_user_not_even_an_administrator(shell: Shell) -> None:
    role = _role(shell, "S3-access", trust({"Service": "ec2.amazonaws.com"}))
    shell.user("eager", "AdministratorAccess")
    take = ("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "mine")
    assert shell.aws(*take, profile="eager").refused == "AccessDenied"
    assert shell.aws(*take, profile="root").refused == "AccessDenied"


def test_the_dynamodb_role_is_for_three_services_and_for_dynamodb_alone(shell: Shell, tmp_path: Path) -> None:
    role = _role(shell, "DynamoDBApp", trust({"Service": SERVICES}))
    policy = managed("AmazonDynamoDBReadOnlyAccess")
    shell.root("iam", "attach-role-policy", "--role-name", "DynamoDBApp", "--policy-arn", policy)
    found = shell.root("iam", "get-role", "--role-name", "DynamoDBApp")["Role"]["AssumeRolePolicyDocument"]
    assert found["Statement"][0]["Principal"]["Service"] == SERVICES

    attached = shell.root("iam", "list-attached-role-policies", "--role-name", "DynamoDBApp")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [policy]
    version = shell.root("iam", "get-policy", "--policy-arn", policy)["Policy"]["DefaultVersionId"]
    body = shell.root("iam", "get-policy-version", "--policy-arn", policy, "--version-id", version)["PolicyVersion"]
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(body["Document"]))

    def decide(action: str, resource: str) -> int:
        """Nobody serves DynamoDB here, so the decision is asked of the command."""
        principal = role["Arn"].replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/i-0123456789abcdef0"
        words = ("--policy", str(file), "--principal", principal, "--action", action, "--resource", resource)
        return shell.run(str(BIN / "ostiary"), "policy", "decide", *words).code

    table = f"arn:aws:dynamodb:ap-northeast-2:{shell.account}:table/Music"
    assert decide("dynamodb:GetItem", table) == 0
    assert decide("dynamodb:PutItem", table) == 1
    assert decide("s3:GetObject", "arn:aws:s3:::storage.joinc.s3/file.go") == 1


def test_a_role_has_neither_keys_nor_a_password(shell: Shell) -> None:
    _role(shell, "keyless", trust({"Service": "ec2.amazonaws.com"}))
    for refused in (
        ("create-access-key", "--user-name", "keyless"),
        ("create-login-profile", "--user-name", "keyless", "--password", "corr3ct-Horse"),
    ):
        assert shell.aws("iam", *refused, profile="root").refused == "NoSuchEntity"


def test_a_user_who_is_trusted_takes_a_role_by_a_profile_and_only_the_role_counts_then(
    shell: Shell, bucket: str
) -> None:
    account = shell.account
    shell.user("developer")
    role = _role(shell, "reader", trust({"AWS": f"arn:aws:iam::{account}:user/developer"}))
    shell.root("iam", "attach-role-policy", "--role-name", "reader", "--policy-arn", managed("AmazonS3ReadOnlyAccess"))
    shell.configure("as-reader", None, role_arn=role["Arn"], source_profile="developer")
    shell.user("stranger", "AdministratorAccess")

    assert shell.aws("s3", "ls", profile="developer").refused == "AccessDenied"
    assert shell.aws("s3", "ls", f"s3://{bucket}", profile="as-reader").code == 0
    assert ":assumed-role/reader/" in shell.aws("sts", "get-caller-identity", profile="as-reader").json["Arn"]
    take = ("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "mine")
    # a user of the same account whom the trust policy does not name
    assert shell.aws(*take, profile="stranger").refused == "AccessDenied"


def test_permission_taken_from_a_role_is_gone_from_sessions_that_exist(shell: Shell, bucket: str) -> None:
    shell.user("worker")
    role = _role(shell, "shrinking", trust({"AWS": shell.account}))
    shell.root(
        *("iam", "put-user-policy", "--user-name", "worker", "--policy-name", "take"),
        *("--policy-document", document(allow("sts:AssumeRole", role["Arn"]))),
    )
    shell.root(
        "iam", "attach-role-policy", "--role-name", "shrinking", "--policy-arn", managed("AmazonS3ReadOnlyAccess")
    )
    take = ("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "long")
    session = shell.aws(*take, profile="worker").json["Credentials"]
    shell.configure("long-session", session)
    assert session["AccessKeyId"].startswith("ASIA")
    assert shell.aws("s3", "ls", profile="long-session").code == 0
    shell.root(
        "iam", "detach-role-policy", "--role-name", "shrinking", "--policy-arn", managed("AmazonS3ReadOnlyAccess")
    )
    assert shell.aws("s3", "ls", profile="long-session").refused == "AccessDenied"


def test_temporary_credentials_are_worth_nothing_without_their_token(shell: Shell) -> None:
    session = shell.root("sts", "get-session-token", "--duration-seconds", "900")["Credentials"]
    shell.configure("whole", session)
    shell.configure("halved", {name: session[name] for name in ("AccessKeyId", "SecretAccessKey")})
    assert shell.aws("s3", "ls", profile="whole").code == 0
    assert shell.aws("s3", "ls", profile="halved").refused == "InvalidAccessKeyId"
    assert shell.aws("sts", "get-caller-identity", profile="halved").refused == "InvalidClientTokenId"
