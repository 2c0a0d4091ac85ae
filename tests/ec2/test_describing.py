"""Listings: filters, pages, status, tags."""

from __future__ import annotations

import pytest

from tests.ec2.calling import IMAGE, Ec2


def tagged(ec2: Ec2, **tags: str) -> str:
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    return ec2.run(TagSpecifications=[{"ResourceType": "instance", "Tags": given}])


def ids(ec2: Ec2, name: str, *values: str) -> list[str]:
    found = ec2("DescribeInstances", Filters=[{"Name": name, "Values": list(values)}])["Reservations"]
    return [instance["InstanceId"] for reservation in found for instance in reservation["Instances"]]


def test_filters_choose(ec2: Ec2) -> None:
    arn = ec2.profile()
    web = ec2.run(IamInstanceProfile={"Name": "web"})
    named = tagged(ec2, Name="db-1", Team="blue")
    ended = ec2.run()
    ec2("TerminateInstances", InstanceIds=[ended])
    assert ids(ec2, "instance-id", web, ended) == sorted([web, ended], key=ids(ec2, "image-id", IMAGE).index)
    assert ids(ec2, "instance-state-name", "terminated") == [ended]
    assert set(ids(ec2, "instance-state-code", "16")) == {web, named}
    assert ids(ec2, "iam-instance-profile.arn", arn) == [web]
    assert ids(ec2, "tag:Name", "db-?") == ids(ec2, "tag:Name", "*") == ids(ec2, "tag-key", "Te*") == [named]
    assert ids(ec2, "tag:name", "db-1") == []
    assert ids(ec2, "tag:Name", r"db-\?") == []


def test_all_filters_must_agree(ec2: Ec2) -> None:
    blue, red = tagged(ec2, Team="blue", Tier="1"), tagged(ec2, Team="red", Tier="1")
    both = [{"Name": "tag:Tier", "Values": ["1"]}, {"Name": "tag:Team", "Values": ["blue", "green"]}]
    (reservation,) = ec2("DescribeInstances", Filters=both)["Reservations"]
    assert [each["InstanceId"] for each in reservation["Instances"]] == [blue] != [red]


def test_an_unknown_filter_is_refused(ec2: Ec2) -> None:
    told = ("InvalidParameterValue", "The filter 'colour' is invalid")
    assert ec2.refused("DescribeInstances", Filters=[{"Name": "colour", "Values": ["x"]}]) == told


def test_pages_together_are_the_whole(ec2: Ec2) -> None:
    ec2("RunInstances", ImageId=IMAGE, MinCount=7, MaxCount=7)
    made = [*ids(ec2, "instance-id", "*"), ec2.run()]
    seen: list[str] = []
    more: dict[str, str] = {}
    for _ in range(2):
        page = ec2("DescribeInstances", MaxResults=5, **more)
        seen += [each["InstanceId"] for reservation in page["Reservations"] for each in reservation["Instances"]]
        more = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    assert not more and sorted(seen) == sorted(made) and len(seen) == 8


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"MaxResults": 4}, "InvalidParameterValue"),
        ({"MaxResults": 1001}, "InvalidParameterValue"),
        ({"NextToken": "bm90aGluZyBvZiBvdXJz"}, "InvalidParameterValue"),
        ({"MaxResults": 5, "InstanceIds": ["i-0123456789abcdef0"]}, "InvalidInstanceID.NotFound"),
    ],
)
def test_a_page_that_cannot_be_had_is_refused(ec2: Ec2, params: dict[str, object], code: str) -> None:
    assert ec2.refused("DescribeInstances", **params)[0] == code


def test_ids_and_pages_do_not_go_together(ec2: Ec2) -> None:
    code, _ = ec2.refused("DescribeInstances", InstanceIds=[ec2.run()], MaxResults=5)
    assert code == "InvalidParameterCombination"


def test_status_is_of_running_instances_unless_all_are_wanted(ec2: Ec2) -> None:
    running, ended = ec2.run(), ec2.run()
    ec2("TerminateInstances", InstanceIds=[ended])
    (status,) = ec2("DescribeInstanceStatus")["InstanceStatuses"]
    assert (status["InstanceId"], status["InstanceStatus"]["Status"]) == (running, "ok")
    assert len(ec2("DescribeInstanceStatus", IncludeAllInstances=True)["InstanceStatuses"]) == 2


def test_tags_are_made_replaced_listed_and_removed(ec2: Ec2) -> None:
    instance_id = tagged(ec2, Name="a", name="b")
    ec2("CreateTags", Resources=[instance_id], Tags=[{"Key": "Name", "Value": "c"}, {"Key": "Team", "Value": ""}])

    def held() -> dict[str, str]:
        rows = ec2("DescribeTags", Filters=[{"Name": "resource-id", "Values": [instance_id]}])["Tags"]
        return {row["Key"]: row["Value"] for row in rows}

    assert held() == {"Name": "c", "name": "b", "Team": ""}
    ec2("DeleteTags", Resources=[instance_id], Tags=[{"Key": "Name", "Value": "other"}, {"Key": "name"}])
    assert held() == {"Name": "c", "Team": ""}
    ec2("DeleteTags", Resources=[instance_id])
    assert held() == {}


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"Key": "aws:x", "Value": ""}], "InvalidParameterValue"),
        ([{"Key": "a"}, {"Key": "a"}], "InvalidParameterValue"),
        ([{"Key": "k" * 129}], "InvalidParameterValue"),
        ([{"Key": "k", "Value": "v" * 257}], "InvalidParameterValue"),
        ([{"Key": f"k{number}"} for number in range(51)], "TagLimitExceeded"),
    ],
)
def test_tags_that_break_the_rules_are_refused(ec2: Ec2, tags: list[dict[str, str]], code: str) -> None:
    instance_id = ec2.run()
    assert ec2.refused("CreateTags", Resources=[instance_id], Tags=tags)[0] == code
    assert ec2.shown(instance_id)["Tags"] == []


def test_what_is_no_instance_cannot_be_tagged(ec2: Ec2) -> None:
    told = ("InvalidID", "The ID 'vol-0123456789abcdef0' is not valid")
    assert ec2.refused("CreateTags", Resources=["vol-0123456789abcdef0"], Tags=[{"Key": "a"}]) == told
