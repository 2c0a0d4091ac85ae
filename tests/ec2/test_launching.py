"""RunInstances: what it makes, what it refuses, and that asking twice makes once."""

from __future__ import annotations

import base64
import ipaddress
import re
from typing import Any

import pytest

from ostiary.services.ec2 import launch as launching
from tests.ec2.calling import IMAGE, Ec2
from tests.world import ACCOUNT, OTHER

ONE: dict[str, Any] = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1}


def test_a_launch_answers_pending_and_the_instance_runs(ec2: Ec2) -> None:
    answer = ec2("RunInstances", **ONE, InstanceType="t3.micro", KeyName="door")
    (instance,) = answer["Instances"]
    assert (answer["OwnerId"], instance["State"]) == (ACCOUNT, {"Code": 0, "Name": "pending"})
    assert re.fullmatch(r"i-[0-9a-f]{17}", instance["InstanceId"])
    shown = ec2.shown(instance["InstanceId"])
    assert shown["State"] == {"Code": 16, "Name": "running"}
    assert (shown["ImageId"], shown["InstanceType"], shown["KeyName"]) == (IMAGE, "t3.micro", "door")
    assert shown["Placement"]["AvailabilityZone"] == "us-east-1a"


def test_every_instance_has_an_address_of_its_own_and_a_locally_administered_mac(ec2: Ec2) -> None:
    made = ec2("RunInstances", ImageId=IMAGE, MinCount=30, MaxCount=30)["Instances"]
    addresses = {each["PrivateIpAddress"] for each in made}
    assert len(addresses) == 30
    assert all(ipaddress.ip_address(each) in ipaddress.ip_network("10.0.0.0/16") for each in addresses)
    assert [each["AmiLaunchIndex"] for each in made] == list(range(30))
    macs = [each["NetworkInterfaces"][0]["MacAddress"] for each in made]
    assert len(set(macs)) == 30 and all(int(mac[:2], 16) & 3 == 2 for mac in macs)


def test_instances_of_an_account_and_region_share_a_network_that_no_other_has(ec2: Ec2) -> None:
    first, second = ec2.shown(ec2.run()), ec2.shown(ec2.run())
    other = ec2("RunInstances", by=ec2.world.root(OTHER), **ONE)["Instances"][0]
    assert first["VpcId"] == second["VpcId"] != other["VpcId"]
    assert first["SecurityGroups"][0]["GroupName"] == "default"


def test_the_same_client_token_launches_once(ec2: Ec2) -> None:
    first = ec2("RunInstances", **ONE, ClientToken="t")
    again = ec2("RunInstances", **ONE, ClientToken="t")
    assert again["ReservationId"] == first["ReservationId"]
    assert [each["InstanceId"] for each in again["Instances"]] == [each["InstanceId"] for each in first["Instances"]]
    assert len(ec2("DescribeInstances")["Reservations"]) == 1
    code, _ = ec2.refused("RunInstances", **{**ONE, "InstanceType": "t3.large"}, ClientToken="t")
    assert code == "IdempotentParameterMismatch"
    assert ec2("RunInstances", by=ec2.world.root(OTHER), **ONE, ClientToken="t")["OwnerId"] == OTHER


def test_a_launch_with_a_profile_associates_it(ec2: Ec2) -> None:
    arn = ec2.profile()
    shown = ec2.shown(ec2.run(IamInstanceProfile={"Name": "web"}))
    assert shown["IamInstanceProfile"]["Arn"] == arn
    assert shown["IamInstanceProfile"]["Id"].startswith("AIPA")
    assert ec2.shown(ec2.run(IamInstanceProfile={"Arn": arn}))["IamInstanceProfile"]["Arn"] == arn


@pytest.mark.parametrize(
    ("profile", "code", "message"),
    [
        (
            {"Name": "nobody"},
            "InvalidParameterValue",
            "Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        (
            {"Arn": f"arn:aws:iam::{OTHER}:instance-profile/web"},
            "InvalidParameterValue",
            f"Value (arn:aws:iam::{OTHER}:instance-profile/web) for parameter iamInstanceProfile.arn is invalid. "
            "Invalid IAM Instance Profile ARN",
        ),
        (
            {"Name": "empty"},
            "InvalidParameterValue",
            f'IAM Instance Profile "arn:aws:iam::{ACCOUNT}:instance-profile/empty" has no associated IAM Roles',
        ),
        (
            {"Name": "web", "Arn": "arn:aws:iam::1:instance-profile/web"},
            "InvalidParameterCombination",
            "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
        ),
        ({}, "MissingParameter", None),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused(
    ec2: Ec2, profile: dict[str, str], code: str, message: str | None
) -> None:
    ec2.profile()
    ec2.profile("empty", role=None)
    refused = ec2.refused("RunInstances", **ONE, IamInstanceProfile=profile)
    assert refused[0] == code
    assert message is None or refused[1] == message
    assert ec2("DescribeInstances")["Reservations"] == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ImageId": "ubuntu"}, "InvalidAMIID.Malformed"),
        ({"ImageId": ""}, "MissingParameter"),
        ({"MinCount": 2, "MaxCount": 1}, "InvalidParameterCombination"),
        ({"MinCount": 0}, "InvalidParameterValue"),
        ({"InstanceType": "large"}, "InvalidParameterValue"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"SecurityGroups": ["web"]}, "InvalidGroup.NotFound"),
        ({"SecurityGroups": [f"web-{number}" for number in range(17)]}, "SecurityGroupsPerInterfaceLimitExceeded"),
        ({"KeyName": "k" * 256}, "InvalidParameterValue"),
        ({"Placement": {"AvailabilityZone": "eu-west-1a"}}, "InvalidParameterValue"),
        ({"Placement": {"Tenancy": "dedicated"}}, "UnsupportedOperation"),
        ({"LaunchTemplate": {"LaunchTemplateName": "x"}}, "UnsupportedOperation"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/sda1"}]}, "UnsupportedOperation"),
        ({"UserData": "not base64!"}, "InvalidParameterValue"),
        ({"UserData": base64.b64encode(bytes(16_385)).decode()}, "InvalidParameterValue"),
        ({"MetadataOptions": {"HttpTokens": "perhaps"}}, "InvalidParameterValue"),
        ({"MetadataOptions": {"HttpPutResponseHopLimit": 65}}, "InvalidParameterValue"),
        ({"MetadataOptions": {"HttpProtocolIpv6": "enabled"}}, "UnsupportedOperation"),
        ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}, "InvalidParameterValue"),
    ],
)
def test_what_cannot_be_done_is_refused(ec2: Ec2, params: dict[str, Any], code: str) -> None:
    assert ec2.refused("RunInstances", **{**ONE, **params})[0] == code
    assert ec2("DescribeInstances")["Reservations"] == []


def test_the_default_group_may_be_named(ec2: Ec2) -> None:
    first = ec2.shown(ec2.run())
    named = {"SecurityGroupIds": [first["SecurityGroups"][0]["GroupId"]], "SubnetId": first["SubnetId"]}
    assert ec2.shown(ec2.run(**named))["SubnetId"] == first["SubnetId"]
    assert ec2.run(SecurityGroups=["default"])


def test_an_account_can_run_only_so_many(ec2: Ec2, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "MOST_RUNNING", 3)
    assert len(ec2("RunInstances", ImageId=IMAGE, MinCount=1, MaxCount=9)["Instances"]) == 3
    assert ec2.refused("RunInstances", **ONE)[0] == "InstanceLimitExceeded"


def test_a_dry_run_says_so_and_makes_nothing(ec2: Ec2) -> None:
    told = ("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    assert ec2.refused("RunInstances", **ONE, DryRun=True) == told
    assert ec2("DescribeInstances")["Reservations"] == []


def test_termination_ends_an_instance_and_is_seen_for_an_hour(ec2: Ec2) -> None:
    ec2.profile()
    instance_id = ec2.run(IamInstanceProfile={"Name": "web"})
    (change,) = ec2("TerminateInstances", InstanceIds=[instance_id])["TerminatingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "shutting-down")
    (again,) = ec2("TerminateInstances", InstanceIds=[instance_id])["TerminatingInstances"]
    assert (again["PreviousState"]["Name"], again["CurrentState"]["Name"]) == ("terminated", "terminated")
    shown = ec2.shown(instance_id)
    assert shown["State"] == {"Code": 48, "Name": "terminated"}
    assert "IamInstanceProfile" not in shown and "PrivateIpAddress" not in shown
    ec2.world.clock.advance(seconds=3600)
    assert ec2.refused("DescribeInstances", InstanceIds=[instance_id])[0] == "InvalidInstanceID.NotFound"
    assert ec2("DescribeInstances")["Reservations"] == []


def test_when_one_of_several_is_missing_none_is_terminated(ec2: Ec2) -> None:
    instance_id = ec2.run()
    code, message = ec2.refused("TerminateInstances", InstanceIds=[instance_id, "i-0123456789abcdef0"])
    assert (code, message) == ("InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist")
    assert ec2.shown(instance_id)["State"]["Name"] == "running"


@pytest.mark.parametrize(
    "malformed", ["x", "i-", "i-0123456789ABCDEF0", "i-0123456789abcdef01", "i-0123456789abcdef0\n"]
)
def test_a_malformed_id_is_told_apart_from_an_unknown_one(ec2: Ec2, malformed: str) -> None:
    told = ("InvalidInstanceID.Malformed", f'Invalid id: "{malformed}"')
    assert ec2.refused("TerminateInstances", InstanceIds=[malformed]) == told
    assert ec2.refused("DescribeInstances", InstanceIds=[malformed]) == told


def test_another_account_sees_and_ends_nothing(ec2: Ec2) -> None:
    instance_id = ec2.run()
    other = ec2.world.root(OTHER)
    assert ec2("DescribeInstances", by=other)["Reservations"] == []
    for operation in ("DescribeInstances", "TerminateInstances"):
        assert ec2.refused(operation, by=other, InstanceIds=[instance_id])[0] == "InvalidInstanceID.NotFound"
    assert ec2.shown(instance_id)["State"]["Name"] == "running"
