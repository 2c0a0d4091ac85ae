"""EC2 and instance metadata from a real server: boto3, the aws CLI, curl, and `ostiary instance`."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.credentials import InstanceMetadataProvider
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.utils import InstanceMetadataFetcher

from ostiary.instances.namespace import why_not
from tests.ec2.calling import IMAGE, TRUST_EC2
from tests.live import BIN, Server, clean_environment, running
from tests.needs import need

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("ec2")]

META_DATA = "http://169.254.169.254/latest/meta-data"
ONE: dict[str, Any] = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1}
DESCRIBE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("ec2") / "data", "--no-s3") as started:
        make_profile(started, "web")
        yield started


def make_profile(server: Server, name: str) -> None:
    iam = server.client("iam")
    iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=TRUST_EC2)
    iam.put_role_policy(RoleName=f"{name}-role", PolicyName="describe", PolicyDocument=DESCRIBE)
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=f"{name}-role")


def instance(server: Server, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """`ostiary instance …` as root's key lets."""
    key, secret = server.root
    known = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_ENDPOINT_URL": server.endpoint}
    return subprocess.run(
        [str(BIN / "ostiary"), "instance", *arguments],
        env={**clean_environment(server.data.parent), **known, **extra},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def run_inside(
    server: Server, *command: str, profile: str = "web", options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    reason = why_not()
    need(reason is None, f"network namespaces can't be made here: {reason}")
    return instance(
        server, "run", "--data", str(server.data), "--instance-profile", profile, *options, "--", *command,
        AWS_DEFAULT_REGION="ap-northeast-2",
    )  # fmt: skip


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""


def imds(server: Server) -> dict[str, str] | None:
    """What boto's own metadata client finds on the loopback port."""
    fetcher = InstanceMetadataFetcher(
        timeout=2, num_attempts=1, config={"ec2_metadata_service_endpoint": server.metadata + "/"}
    )
    found = InstanceMetadataProvider(iam_role_fetcher=fetcher).load()
    if found is None:
        return None
    frozen = found.get_frozen_credentials()
    return {"id": frozen.access_key, "secret": frozen.secret_key, "token": frozen.token}


def test_boto3_takes_an_instance_through_its_life(server: Server) -> None:
    ec2 = server.client("ec2")
    named = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "life"}]}]
    options = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    launched = ec2.run_instances(
        **ONE, InstanceType="t3.micro", MetadataOptions=options, TagSpecifications=named, UserData="echo"
    )
    instance_id = launched["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    (reservation,) = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["life"]}])["Reservations"]
    shown = reservation["Instances"][0]
    assert shown["Placement"]["AvailabilityZone"] == "ap-northeast-2a"
    assert shown["MetadataOptions"]["HttpTokens"] == "required"
    made = ec2.associate_iam_instance_profile(InstanceId=instance_id, IamInstanceProfile={"Name": "web"})
    association = made["IamInstanceProfileAssociation"]["AssociationId"]
    chosen = [{"Name": "instance-id", "Values": [instance_id]}]
    (listed,) = ec2.describe_iam_instance_profile_associations(Filters=chosen)["IamInstanceProfileAssociations"]
    assert (listed["AssociationId"], listed["State"]) == (association, "associated")
    assert ec2.disassociate_iam_instance_profile(AssociationId=association)
    ec2.create_tags(Resources=[instance_id], Tags=[{"Key": "Team", "Value": "blue"}])
    rows = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [instance_id]}])["Tags"]
    assert {row["Key"]: row["Value"] for row in rows} == {"Name": "life", "Team": "blue"}
    ec2.terminate_instances(InstanceIds=[instance_id])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 3})


def test_instances_live_in_the_region_that_the_request_is_signed_for(server: Server) -> None:
    seoul, ireland = server.client("ec2"), server.client("ec2", region_name="eu-west-1")
    instance_id = ireland.run_instances(**ONE)["Instances"][0]["InstanceId"]
    assert ireland.describe_instances(InstanceIds=[instance_id])["Reservations"]
    with pytest.raises(ClientError) as raised:
        seoul.describe_instances(InstanceIds=[instance_id])
    assert raised.value.response["Error"] == {
        "Code": "InvalidInstanceID.NotFound",
        "Message": f"The instance ID '{instance_id}' does not exist",
    }
    ireland.terminate_instances(InstanceIds=[instance_id])


def test_a_dry_run_answers_412(server: Server) -> None:
    with pytest.raises(ClientError) as raised:
        server.client("ec2").run_instances(**ONE, DryRun=True)
    assert raised.value.response["Error"]["Code"] == "DryRunOperation"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412


def test_a_command_run_as_an_instance_has_the_role_and_no_keys(server: Server) -> None:
    need(shutil.which("curl"), "curl is not installed")
    done = run_inside(server, "sh", "-c", f"env | grep -c AWS_SECRET; curl -sS {META_DATA}/iam/info")
    assert done.stdout.startswith("0\n"), done
    info = json.loads(done.stdout[2:])
    assert set(info) == {"Code", "LastUpdated", "InstanceProfileArn", "InstanceProfileId"}
    assert info["InstanceProfileArn"].endswith(":instance-profile/web")
    done = run_inside(server, "sh", "-c", f"curl -sS {META_DATA}/instance-id; echo; aws sts get-caller-identity")
    instance_id, identity = done.stdout.split("\n", 1)
    assert json.loads(identity)["Arn"].endswith(f":assumed-role/web-role/{instance_id}"), done
    ended = server.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    assert ended["State"]["Name"] == "terminated"


def test_the_role_of_an_instance_may_do_what_its_policies_say_and_no_more(server: Server) -> None:
    done = run_inside(server, "sh", "-c", "aws ec2 describe-instances --output text && aws iam list-users")
    assert done.returncode != 0 and "i-" in done.stdout
    assert "(AccessDenied) when calling the ListUsers operation" in done.stderr


def test_a_transparent_instance_needs_no_endpoint(server: Server) -> None:
    done = run_inside(
        server, "sh", "-c", "env | grep -c ENDPOINT; aws sts get-caller-identity", options=("--transparent",)
    )
    count, identity = done.stdout.split("\n", 1)
    assert count == "0" and ":assumed-role/web-role/i-" in json.loads(identity)["Arn"], done


def test_an_instance_with_a_profile_that_is_not_there_does_not_start(server: Server) -> None:
    done = run_inside(server, "true", profile="nobody")
    assert done.returncode == 125
    assert "Value (nobody) for parameter iamInstanceProfile.name is invalid" in done.stderr


def test_the_loopback_port_speaks_for_the_chosen_instance(server: Server) -> None:
    assert get(server.metadata + "/latest/meta-data/") == (404, "")
    done = instance(server, "local", "--data", str(server.data), "--instance-profile", "web")
    assert done.returncode == 0, done
    assert f"AWS_EC2_METADATA_SERVICE_ENDPOINT={server.metadata}/" in done.stdout
    instance_id = done.stdout.split()[1]
    assert get(server.metadata + "/latest/meta-data/instance-id") == (200, instance_id)
    found = imds(server)
    assert found is not None
    sts = server.client("sts", (found["id"], found["secret"], found["token"]))
    assert sts.get_caller_identity()["Arn"].endswith(f":assumed-role/web-role/{instance_id}")
    environment = {
        **clean_environment(server.data.parent),
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.metadata + "/",
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    cli = subprocess.run(
        [str(BIN / "aws"), "sts", "get-caller-identity"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert json.loads(cli.stdout)["Arn"].endswith(f":assumed-role/web-role/{instance_id}"), cli
    # the profile goes: no new credentials from that moment, those already given work until their end
    ec2 = server.client("ec2", region_name="us-east-1")
    chosen = [{"Name": "instance-id", "Values": [instance_id]}]
    (held,) = ec2.describe_iam_instance_profile_associations(Filters=chosen)["IamInstanceProfileAssociations"]
    ec2.disassociate_iam_instance_profile(AssociationId=held["AssociationId"])
    assert imds(server) is None
    assert sts.get_caller_identity()
    assert instance(server, "local", "--data", str(server.data), "--instance-profile", "web").stdout.split()[1] == (
        instance_id
    )
    assert imds(server) is not None
    done = instance(server, "local", "--data", str(server.data), "--clear")
    assert done.stdout == f"{instance_id} is terminated\n"
    assert get(server.metadata + "/latest/meta-data/") == (404, "")


def test_version_2_only_is_obeyed_on_the_loopback_port(server: Server) -> None:
    instance(server, "local", "--data", str(server.data), "--instance-profile", "web", "--v2-only")
    mac = server.metadata + "/latest/meta-data/mac"
    assert get(mac)[0] == 401
    token_url = server.metadata + "/latest/api/token"
    status, token = get(token_url, "PUT", X_aws_ec2_metadata_token_ttl_seconds="60")
    assert status == 200 and get(mac, X_aws_ec2_metadata_token=token)[0] == 200
    instance(server, "local", "--data", str(server.data), "--clear")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--instance-profile", "nobody"), "has no instance profile `nobody`"),
        (("--instance-profile", "web", "--account", "999999999999"), "there is no account `999999999999`"),
        (("--instance-profile", "web", "--clear"), "either --instance-profile or --clear"),
        ((), "either --instance-profile or --clear"),
    ],
)
def test_a_local_instance_that_cannot_be_had_is_explained(
    server: Server, arguments: tuple[str, ...], told: str
) -> None:
    done = instance(server, "local", "--data", str(server.data), *arguments)
    assert done.returncode != 0 and told in " ".join(done.stderr.split()).replace(" │ │ ", " ")
    assert "Traceback" not in done.stderr


def test_new_credentials_come_before_the_old_end_whichever_worker_answers(tmp_path: Path) -> None:
    with running(
        tmp_path / "data", "--no-s3", "--workers", "2", environment={"OSTIARY_INSTANCE_SESSION_SECONDS": "4"}
    ) as started:
        make_profile(started, "web")
        instance(started, "local", "--data", str(started.data), "--instance-profile", "web")
        url = started.metadata + "/latest/meta-data/iam/security-credentials/web-role"
        seen: dict[str, dict[str, str]] = {}
        end = time.monotonic() + 6
        while time.monotonic() < end:
            held = json.loads(get(url)[1])
            seen[held["AccessKeyId"]] = held
            key = (held["AccessKeyId"], held["SecretAccessKey"], held["Token"])
            assert started.client("sts", key).get_caller_identity()["Arn"].split("/")[1] == "web-role"
            time.sleep(0.3)
        assert len(seen) >= 2
        # after the end they are refused
        first = min(seen.values(), key=lambda each: each["Expiration"])
        key = (first["AccessKeyId"], first["SecretAccessKey"], first["Token"])
        with pytest.raises(ClientError, match="ExpiredToken"):
            started.client("sts", key).get_caller_identity()


def test_a_data_directory_may_have_a_longer_path_than_a_socket_address(tmp_path: Path) -> None:
    with running(tmp_path / ("d" * 100) / "data", "--no-s3") as started:
        make_profile(started, "web")
        assert ":assumed-role/web-role/i-" in run_inside(started, "aws", "sts", "get-caller-identity").stdout


def test_a_session_length_that_is_none_keeps_the_server_from_starting(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="OSTIARY_INSTANCE_SESSION_SECONDS must be a whole number"):
        Server.start(tmp_path / "data", "--no-s3", environment={"OSTIARY_INSTANCE_SESSION_SECONDS": "soon"})


def test_without_an_instance_a_program_finds_no_credentials(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in clean_environment(server.data.parent).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.metadata + "/")
    assert imds(server) is None
    with pytest.raises(NoCredentialsError):
        boto3.session.Session().client(
            "sts", endpoint_url=server.endpoint, region_name="us-east-1"
        ).get_caller_identity()
