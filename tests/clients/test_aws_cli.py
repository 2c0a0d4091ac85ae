"""The real aws CLI: the life of every noun, as an administrator types it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Account
from tests.live import BIN, clean_environment
from tests.needs import need

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class Cli:
    """`aws`, with a profile that `ostiary configure` wrote."""

    def __init__(self, account: Account, home: Path) -> None:
        need((BIN / "aws").exists(), "the aws CLI is not in the virtual environment")
        self.home, self.environment = home, {**clean_environment(home), "AWS_PROFILE": "joinc"}
        command = [str(BIN / "ostiary"), "configure", "--data", str(account.server.data), "--profile", "joinc"]
        subprocess.run(
            [*command, "--access-key-id", account.key[0], "--region", "ap-northeast-2"],
            input=account.key[1] + "\n",
            text=True,
            check=True,
            capture_output=True,
            env=self.environment,
        )
        self.file("policy.json", POLICY)
        self.file("trust.json", TRUST)

    def file(self, name: str, content: Any) -> None:
        (self.home / name).write_text(json.dumps(content))

    def run(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / "aws"), *line.split()],
            capture_output=True,
            text=True,
            cwd=self.home,
            timeout=60,
            env={**self.environment, **environment},
        )

    def __call__(self, line: str, **environment: str) -> Any:
        """Run; what it printed, read as JSON."""
        done = self.run(line, **environment)
        assert done.returncode == 0, f"aws {line}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def fails(self, line: str, **environment: str) -> str:
        done = self.run(line, **environment)
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture(scope="module")
def aws(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(account, tmp_path_factory.mktemp("home"))


def test_who_am_i(aws: Cli, account: Account) -> None:
    assert aws("sts get-caller-identity")["Arn"] == f"arn:aws:iam::{account.id}:root"


def test_the_life_of_a_user_and_its_keys(aws: Cli, account: Account) -> None:
    assert aws("iam create-user --user-name minsu --tags Key=team,Value=web")["User"]["UserName"] == "minsu"
    assert "EntityAlreadyExists" in aws.fails("iam create-user --user-name minsu")
    key = aws("iam create-access-key --user-name minsu")["AccessKey"]
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    denied = aws.fails("iam list-users", **own)
    assert "(AccessDenied)" in denied and f"arn:aws:iam::{account.id}:user/minsu is not authorized" in denied
    assert "no identity-based policy allows the iam:ListUsers action" in denied
    aws("iam put-user-policy --user-name minsu --policy-name s3 --policy-document file://policy.json")
    assert aws("iam get-user-policy --user-name minsu --policy-name s3")["PolicyDocument"] == POLICY
    aws(f"iam update-access-key --user-name minsu --access-key-id {key['AccessKeyId']} --status Inactive")
    assert "(InvalidClientTokenId)" in aws.fails("sts get-caller-identity", **own)
    aws(f"iam delete-access-key --user-name minsu --access-key-id {key['AccessKeyId']}")
    assert "(DeleteConflict)" in aws.fails("iam delete-user --user-name minsu")
    aws("iam delete-user-policy --user-name minsu --policy-name s3")
    aws("iam delete-user --user-name minsu")


def test_the_life_of_a_group(aws: Cli, account: Account) -> None:
    aws("iam create-group --group-name Admins")
    aws("iam attach-group-policy --group-name Admins --policy-arn arn:aws:iam::aws:policy/AdministratorAccess")
    account.client("iam").create_user(UserName="admin")
    aws("iam add-user-to-group --group-name Admins --user-name admin")
    assert aws("iam get-group --group-name Admins")["Users"][0]["UserName"] == "admin"
    key = account.client("iam").create_access_key(UserName="admin")["AccessKey"]
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    assert aws("iam list-users --query Users[].UserName", **own) == ["admin"]
    aws("iam remove-user-from-group --group-name Admins --user-name admin")
    assert "(AccessDenied)" in aws.fails("iam list-users", **own)
    aws("iam detach-group-policy --group-name Admins --policy-arn arn:aws:iam::aws:policy/AdministratorAccess")
    aws("iam delete-group --group-name Admins")


def test_the_life_of_a_policy(aws: Cli) -> None:
    arn = aws("iam create-policy --policy-name s3 --policy-document file://policy.json")["Policy"]["Arn"]
    aws(f"iam create-policy-version --policy-arn {arn} --policy-document file://policy.json --set-as-default")
    versions = aws(f"iam list-policy-versions --policy-arn {arn} --query Versions[].VersionId")
    assert versions == ["v2", "v1"]
    assert aws(f"iam get-policy-version --policy-arn {arn} --version-id v2")["PolicyVersion"]["Document"] == POLICY
    aws.file("broken.json", {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]})
    broken = aws.fails("iam create-policy --policy-name broken --policy-document file://broken.json")
    assert "(MalformedPolicyDocument)" in broken
    aws(f"iam delete-policy-version --policy-arn {arn} --version-id v1")
    aws(f"iam delete-policy --policy-arn {arn}")
    assert aws("iam list-policies --scope Local")["Policies"] == []


def test_the_life_of_a_role_and_an_instance_profile(aws: Cli) -> None:
    aws("iam create-role --role-name web --assume-role-policy-document file://trust.json")
    assert aws("iam get-role --role-name web")["Role"]["AssumeRolePolicyDocument"] == TRUST
    aws("iam create-instance-profile --instance-profile-name web")
    aws("iam add-role-to-instance-profile --instance-profile-name web --role-name web")
    profile = aws("iam get-instance-profile --instance-profile-name web")["InstanceProfile"]
    assert profile["Roles"][0]["RoleName"] == "web"
    aws("iam wait instance-profile-exists --instance-profile-name web")
    aws("iam remove-role-from-instance-profile --instance-profile-name web --role-name web")
    aws("iam delete-instance-profile --instance-profile-name web")
    aws("iam delete-role --role-name web")


def test_a_profile_with_a_role_is_assumed_by_the_cli_itself(aws: Cli, account: Account) -> None:
    trust = json.dumps(TRUST).replace('"Service": "ec2.amazonaws.com"', f'"AWS": "{account.id}"')
    aws.file("own.json", json.loads(trust))
    aws("iam create-role --role-name night --assume-role-policy-document file://own.json")
    iam = account.client("iam")
    iam.create_user(UserName="walker")
    assume = json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}})
    iam.put_user_policy(UserName="walker", PolicyName="p", PolicyDocument=assume)
    key = iam.create_access_key(UserName="walker")["AccessKey"]
    with (aws.home / ".aws" / "credentials").open("a") as file:
        file.write(
            f"[walker]\naws_access_key_id={key['AccessKeyId']}\naws_secret_access_key={key['SecretAccessKey']}\n"
        )
    with (aws.home / ".aws" / "config").open("a") as file:
        endpoint = f"endpoint_url = {account.server.endpoint}\nregion = ap-northeast-2\n"
        file.write(f"[profile walker]\n{endpoint}")
        file.write(
            f"[profile night]\nrole_arn = arn:aws:iam::{account.id}:role/night\nsource_profile = walker\n{endpoint}"
        )
    arn = aws("sts get-caller-identity", AWS_PROFILE="night")["Arn"]
    assert arn.startswith(f"arn:aws:sts::{account.id}:assumed-role/night/")


def test_pages_are_turned_by_the_cli(aws: Cli, account: Account) -> None:
    for number in range(5):
        account.client("iam").create_group(GroupName=f"g{number}")
    listed = aws("iam list-groups --page-size 2 --query Groups[].GroupName")
    assert [each for each in listed if each.startswith("g")] == [f"g{number}" for number in range(5)]
