"""The documents, held against AWS's documented and recorded ones."""

from __future__ import annotations

import json

import pytest

from ostiary.doors.metadata import Failure, MetadataOptions, Profile

from .conftest import CREDENTIALS, NOW, WEB_1, Door

# Printed by `curl http://169.254.169.254/latest/meta-data/iam/info` on an EC2 instance.
IAM_INFO = """{
  "Code" : "Success",
  "LastUpdated" : "2019-03-06T14:12:50Z",
  "InstanceProfileArn" : "arn:aws:iam::522373083963:instance-profile/ec2_s3_readonly",
  "InstanceProfileId" : "AIPAJW55WPXT3IYBGJ46W"
}"""

# EC2 User Guide, "Retrieve security credentials from instance metadata", with other values.
ROLE_CREDENTIALS = """{
  "Code" : "Success",
  "LastUpdated" : "2019-03-06T14:13:05Z",
  "Type" : "AWS-HMAC",
  "AccessKeyId" : "ASIAIOSFODNN7EXAMPLE",
  "SecretAccessKey" : "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "Token" : "the-session-token/+=",
  "Expiration" : "2099-05-17T15:09:54Z"
}"""

# The body an EC2 instance sends for a path that does not exist, as recorded.
NOT_FOUND = (
    '<?xml version="1.0" encoding="iso-8859-1"?>\n'
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n'
    '\t\t "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
    '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n'
    " <head>\n  <title>404 - Not Found</title>\n </head>\n"
    " <body>\n  <h1>404 - Not Found</h1>\n </body>\n</html>\n"
)


def test_iam_info_is_printed_as_an_instance_prints_it(door: Door) -> None:
    answer = door.get("/latest/meta-data/iam/info")
    assert (answer.status, answer.text) == (200, IAM_INFO)
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Last-Modified"] == "Wed, 06 Mar 2019 14:12:50 GMT"
    assert answer.headers["Accept-Ranges"] == "none"
    assert answer.headers.get_all("Server") == ["EC2ws"]


def test_iam_info_has_the_recorded_length_of_two_hundred_bytes(door: Door) -> None:
    # An instance sent `Content-Length: 200` for a profile of this name and id.
    recorded = Profile(
        arn="arn:aws:iam::123456789010:instance-profile/S3AdminAccess",
        id="AIPAVMQT32F2Q43IXV2TC",
        role_name="S3AdminAccess",
        last_updated=NOW,
    )
    door.instances.change(profile=recorded)
    assert door.get("/latest/meta-data/iam/info").headers["Content-Length"] == "200"


def test_the_role_is_listed_and_its_credentials_are_printed_as_documented(door: Door) -> None:
    assert door.get("/latest/meta-data/iam/security-credentials/").text == "ec2_s3_readonly"
    answer = door.get("/latest/meta-data/iam/security-credentials/ec2_s3_readonly")
    assert answer.text == ROLE_CREDENTIALS
    assert answer.headers["Content-Type"] == "text/plain"
    assert door.get("/latest/meta-data/iam/security-credentials/another").status == 404


def test_an_instance_without_a_profile_has_no_iam(door: Door) -> None:
    door.instances.change(profile=None)
    for path in ("iam/", "iam/info", "iam/security-credentials/", "iam/security-credentials/ec2_s3_readonly"):
        assert door.get(f"/latest/meta-data/{path}").status == 404
    assert "iam/" not in door.get("/latest/meta-data/").text.split("\n")


def test_a_profile_without_a_role_has_info_but_no_credentials(door: Door) -> None:
    assert isinstance(WEB_1.profile, Profile)
    empty = Profile(arn=WEB_1.profile.arn, id=WEB_1.profile.id, role_name=None, last_updated=NOW)
    door.instances.change(profile=empty)
    assert door.get("/latest/meta-data/iam/").text == "info"
    assert door.get("/latest/meta-data/iam/security-credentials/").status == 404


def test_a_role_that_ec2_may_not_assume_says_so_with_status_200(door: Door) -> None:
    door.instances.held[WEB_1.instance_id] = Failure(
        code="AssumeRoleUnauthorizedAccess", message="EC2 cannot assume the role ec2_s3_readonly.", last_updated=NOW
    )
    answer = door.get("/latest/meta-data/iam/security-credentials/ec2_s3_readonly")
    assert answer.status == 200
    assert answer.text == (
        '{\n  "Code" : "AssumeRoleUnauthorizedAccess",\n'
        '  "Message" : "EC2 cannot assume the role ec2_s3_readonly.",\n'
        '  "LastUpdated" : "2019-03-06T15:00:00Z"\n}'
    )


def test_a_deleted_profile_is_named_in_info(door: Door) -> None:
    door.instances.change(
        profile=Failure(code="InstanceProfileNotFound", message="Instance Profile … cannot be found.", last_updated=NOW)
    )
    assert json.loads(door.get("/latest/meta-data/iam/info").body)["Code"] == "InstanceProfileNotFound"
    assert door.get("/latest/meta-data/iam/security-credentials/").status == 404


def test_listings_name_directories_with_a_slash_and_end_without_a_line(door: Door) -> None:
    listing = door.get("/latest/meta-data/").text
    assert not listing.endswith("\n")
    assert listing.split("\n") == [
        "ami-id", "ami-launch-index", "ami-manifest-path", "hostname", "iam/", "instance-action", "instance-id",
        "instance-life-cycle", "instance-type", "local-hostname", "local-ipv4", "mac", "network/", "placement/",
        "profile", "reservation-id", "security-groups", "services/",
    ]  # fmt: skip
    assert door.get("/latest/meta-data/network/interfaces/macs/").text == "06:5a:f2:97:7d:7c/"


def test_the_root_lists_versions_and_every_version_shows_the_tree(door: Door) -> None:
    versions = door.get("/").text.split("\n")
    assert versions[0] == "1.0" and versions[-1] == "latest" and "2009-04-04" in versions
    for version in versions:
        assert door.get(f"/{version}/meta-data/instance-id").text == WEB_1.instance_id
    assert door.get("/latest/").text == "dynamic\nmeta-data"
    assert door.get("/2000-01-01/meta-data/").status == 404


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ami-id", "ami-0bcc92a4e661446c1"),
        ("ami-launch-index", "0"),
        ("hostname", "ip-10-10-0-9.ap-northeast-2.compute.internal"),
        ("instance-life-cycle", "on-demand"),
        ("instance-type", "t3.micro"),
        ("local-ipv4", "10.10.0.9"),
        ("mac", "06:5a:f2:97:7d:7c"),
        ("placement/availability-zone", "ap-northeast-2a"),
        ("placement/availability-zone/", "ap-northeast-2a"),
        ("placement/region", "ap-northeast-2"),
        ("profile", "default-hvm"),
        ("reservation-id", "r-09c36d1789058249f"),
        ("security-groups", "web\nssh"),
        ("services/domain", "amazonaws.com"),
        ("services/partition", "aws"),
        ("network/interfaces/macs/06:5a:f2:97:7d:7c/owner-id", "522373083963"),
        ("network/interfaces/macs/06:5a:f2:97:7d:7c/security-group-ids", "sg-05235c7b888d72f2c\nsg-1"),
    ],
)
def test_a_category_answers_its_value(door: Door, path: str, text: str) -> None:
    answer = door.get(f"/latest/meta-data/{path}")
    assert (answer.status, answer.text) == (200, text)


def test_a_public_address_appears_only_when_there_is_one(door: Door) -> None:
    assert door.get("/latest/meta-data/public-ipv4").status == 404
    door.instances.change(public_ipv4="203.0.113.25", public_hostname="ec2-203-0-113-25.compute-1.amazonaws.com")
    assert door.get("/latest/meta-data/public-ipv4").text == "203.0.113.25"
    associations = "/latest/meta-data/network/interfaces/macs/06:5a:f2:97:7d:7c/ipv4-associations/203.0.113.25"
    assert door.get(associations).text == "10.10.0.9"


def test_tags_are_shown_when_the_instance_allows_it(door: Door) -> None:
    door.instances.change(tags={"Name": "web-1", "stage": "prod"})
    assert door.get("/latest/meta-data/tags/instance/").status == 404
    door.instances.change(options=MetadataOptions(instance_metadata_tags="enabled"))
    assert door.get("/latest/meta-data/tags/instance/").text == "Name\nstage"
    assert door.get("/latest/meta-data/tags/instance/Name").text == "web-1"


def test_the_identity_document_has_the_documented_members(door: Door) -> None:
    answer = door.get("/latest/dynamic/instance-identity/document")
    assert answer.headers["Content-Type"] == "application/json"
    document = json.loads(answer.body)
    # EC2 User Guide, "Instance identity documents", the example's keys.
    assert set(document) == {
        "devpayProductCodes", "marketplaceProductCodes", "availabilityZone", "privateIp", "version", "instanceId",
        "billingProducts", "instanceType", "accountId", "imageId", "pendingTime", "architecture", "kernelId",
        "ramdiskId", "region",
    }  # fmt: skip
    assert (document["accountId"], document["pendingTime"]) == ("522373083963", "2019-03-06T14:12:00Z")
    assert door.get("/latest/dynamic/instance-identity/signature").status == 404


def test_user_data_is_given_as_it_is_or_not_found(door: Door) -> None:
    assert door.get("/latest/user-data").status == 404
    door.instances.change(user_data=b"#!/bin/sh\n\xff\x00")
    answer = door.get("/latest/user-data")
    assert (answer.body, answer.headers["Content-Type"]) == (b"#!/bin/sh\n\xff\x00", "application/octet-stream")


@pytest.mark.parametrize(
    "path", ["/nothing", "/latest/meta-data/nothing", "/latest//meta-data", "/latest/meta-data/mac/x"]
)
def test_an_unknown_path_answers_the_recorded_page(door: Door, path: str) -> None:
    answer = door.get(path)
    assert (answer.status, answer.text) == (404, NOT_FOUND)
    assert answer.headers["Content-Type"] == "text/html"


def test_credentials_are_fetched_from_the_provider_each_time_and_only_when_asked_for(door: Door) -> None:
    del door.instances.held[WEB_1.instance_id]
    assert door.get("/latest/meta-data/iam/security-credentials/").status == 200
    assert door.get("/latest/meta-data/iam/security-credentials/ec2_s3_readonly").status == 404
    door.instances.held[WEB_1.instance_id] = CREDENTIALS
    assert door.get("/latest/meta-data/iam/security-credentials/ec2_s3_readonly").status == 200
