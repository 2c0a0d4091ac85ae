"""The tutorial on instances: a role in the place of keys."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clients.tutorial.shell import REGION, Done, Shell, allow, document, managed, trust
from tests.live import BIN
from tests.needs import need

pytestmark = [pytest.mark.client, pytest.mark.server, pytest.mark.xdist_group("tutorial-instances")]

METADATA = "http://169.254.169.254/latest"
Instance = Callable[..., Done]


@pytest.fixture(scope="session")
def role(shell: Shell, bucket: str) -> str:
    """The role ec2_s3_readonly, with the tutorial's policy, in an instance profile of the same name."""
    name = "ec2_s3_readonly"
    readonly = document(allow(["s3:Get*", "s3:List*"]))
    by_ec2 = trust({"Service": "ec2.amazonaws.com"})
    shell.root("iam", "create-role", "--role-name", name, "--assume-role-policy-document", by_ec2)
    shell.root("iam", "put-role-policy", "--role-name", name, "--policy-name", "s3", "--policy-document", readonly)
    shell.root("iam", "create-instance-profile", "--instance-profile-name", name)
    shell.root("iam", "add-role-to-instance-profile", "--instance-profile-name", name, "--role-name", name)
    return name


@pytest.fixture
def instance(shell: Shell, role: str, instance_namespaces: None) -> Instance:
    """Runs a command on a new instance with the role; root has started it."""

    def run(*command: str, options: tuple[str, ...] = ("--profile", "root", "--instance-profile", role)) -> Done:
        data = ("--data", str(shell.server.data))
        return shell.run(str(BIN / "ostiary"), "instance", "run", *data, *options, "--", *command)

    return run


def _curl(instance: Instance, path: str) -> str:
    need(shutil.which("curl"), "curl is not installed")
    done = instance("curl", "-sS", "--fail", METADATA + path)
    assert done.code == 0, done.error
    return done.out


def test_the_instance_knows_its_instance_profile(shell: Shell, instance: Instance, role: str) -> None:
    info = json.loads(_curl(instance, "/meta-data/iam/info"))
    profile = shell.root("iam", "get-instance-profile", "--instance-profile-name", role)["InstanceProfile"]
    assert list(info) == ["Code", "LastUpdated", "InstanceProfileArn", "InstanceProfileId"]
    assert info["Code"] == "Success"
    assert info["InstanceProfileArn"] == f"arn:aws:iam::{shell.account}:instance-profile/ec2_s3_readonly"
    assert info["InstanceProfileId"] == profile["InstanceProfileId"]
    assert re.fullmatch("AIPA[A-Z2-7]{17}", info["InstanceProfileId"])
    assert datetime.strptime(info["LastUpdated"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) <= datetime.now(UTC)


def test_the_metadata_lists_what_a_machine_knows_of_itself(instance: Instance) -> None:
    listed = _curl(instance, "/meta-data/").splitlines()
    assert {"ami-id", "iam/", "instance-id", "local-ipv4", "mac", "placement/", "security-groups"} <= set(listed)


def test_the_metadata_holds_credentials_of_the_role_that_work_outside_too(
    shell: Shell, instance: Instance, role: str
) -> None:
    assert _curl(instance, "/meta-data/iam/security-credentials/").strip() == role
    found: dict[str, Any] = json.loads(_curl(instance, f"/meta-data/iam/security-credentials/{role}"))
    assert list(found) == ["Code", "LastUpdated", "Type", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"]
    assert (found["Code"], found["Type"]) == ("Success", "AWS-HMAC")
    key = {"AccessKeyId": found["AccessKeyId"], "SecretAccessKey": found["SecretAccessKey"]}
    shell.configure("from-metadata", {**key, "SessionToken": found["Token"]})
    assert shell.aws("s3", "ls", profile="from-metadata").code == 0


def test_aws_s3_ls_on_an_instance_lists_the_buckets_with_no_credentials_configured(
    instance: Instance, bucket: str
) -> None:
    done = instance(str(BIN / "aws"), "s3", "ls", "--region", REGION)
    assert done.code == 0, done.error
    lines = [line for line in done.out.splitlines() if line.endswith(bucket)]
    assert len(lines) == 1
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d {re.escape(bucket)}", lines[0])


def test_the_instance_is_a_session_of_the_role_and_may_do_no_more_than_it(
    shell: Shell, instance: Instance, role: str, bucket: str
) -> None:
    identity = instance(str(BIN / "aws"), "sts", "get-caller-identity", "--region", REGION).json
    assert re.fullmatch(rf"arn:aws:sts::{shell.account}:assumed-role/{role}/i-[0-9a-f]{{17}}", identity["Arn"])
    denied = instance(str(BIN / "aws"), "s3", "cp", "file.go", f"s3://{bucket}/from-instance", "--region", REGION)
    assert (denied.code, denied.refused) == (1, "AccessDenied")
    assert instance(str(BIN / "aws"), "iam", "list-users", "--region", REGION).refused == "AccessDenied"


def test_a_change_of_the_role_takes_effect_without_a_change_of_any_instance(
    shell: Shell, instance: Instance, role: str, bucket: str
) -> None:
    policy = ("--role-name", role, "--policy-name", "s3")
    shell.root("iam", "delete-role-policy", *policy)
    try:
        assert instance(str(BIN / "aws"), "s3", "ls", "--region", REGION).refused == "AccessDenied"
    finally:
        shell.root("iam", "put-role-policy", *policy, "--policy-document", document(allow(["s3:Get*", "s3:List*"])))
    assert instance(str(BIN / "aws"), "s3", "ls", "--region", REGION).code == 0


def test_only_those_who_may_pass_the_role_start_instances_with_it(shell: Shell, instance: Instance, role: str) -> None:
    shell.user("launcher", "AmazonEC2FullAccess")
    options = ("--profile", "launcher", "--instance-profile", role)
    refused = instance("true", options=options)
    assert refused.code == 125
    assert "UnauthorizedOperation" in refused.error
    assert "iam:PassRole" in refused.error

    pass_it = document(allow("iam:PassRole", f"arn:aws:iam::{shell.account}:role/{role}"))
    shell.root(
        "iam", "put-user-policy", "--user-name", "launcher", "--policy-name", "pass", "--policy-document", pass_it
    )
    started = instance("true", options=options)
    assert (started.code, started.error) == (0, "")


def test_an_instance_is_listed_while_it_runs_and_its_role_with_it(shell: Shell, instance: Instance, role: str) -> None:
    shell.root("iam", "attach-role-policy", "--role-name", role, "--policy-arn", managed("AmazonEC2ReadOnlyAccess"))
    try:
        states = "Name=instance-state-name,Values=running"
        done = instance(str(BIN / "aws"), "ec2", "describe-instances", "--filters", states, "--region", REGION)
        running = [each for reservation in done.json["Reservations"] for each in reservation["Instances"]]
        assert len(running) == 1
        assert running[0]["IamInstanceProfile"]["Arn"].endswith(f":instance-profile/{role}")
        left = shell.root("ec2", "describe-instances", "--filters", states)
        assert left == {"Reservations": []}
    finally:
        shell.root("iam", "detach-role-policy", "--role-name", role, "--policy-arn", managed("AmazonEC2ReadOnlyAccess"))


def test_the_command_ends_with_its_own_exit_status(instance: Instance) -> None:
    assert instance("sh", "-c", "exit 7").code == 7
