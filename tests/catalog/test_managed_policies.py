"""catalog: AWS-managed policies, against what AWS documents about them and botocore's model of an answer."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime

import botocore.loaders
import pytest

from ostiary.catalog import ManagedPolicy, document, managed_policies, managed_policy

AWS = "arn:aws:iam::aws:policy"


def known(arn: str) -> ManagedPolicy:
    policy = managed_policy(arn)
    assert policy is not None, arn
    return policy


def test_the_list_is_as_long_as_awss() -> None:
    assert 1_490 <= len(managed_policies()) <= 2_500
    assert sum(len(policy.versions) for policy in managed_policies()) > 6_000


def test_s3_read_only_access_is_awss_from_its_first_version_to_todays() -> None:
    policy = known(f"{AWS}/AmazonS3ReadOnlyAccess")
    assert policy.name == "AmazonS3ReadOnlyAccess"
    assert policy.path == "/"
    assert policy.description == "Provides read only access to all buckets via the AWS Management Console."
    assert policy.created == datetime(2015, 2, 6, 18, 40, 59, tzinfo=UTC)
    assert policy.default_version == policy.versions[0].id
    assert policy.versions[-1].id == "v1"
    assert policy.versions[-1].created == policy.created
    first = document(policy.arn, "v1")
    assert first == (
        '{\n    "Version": "2012-10-17",\n    "Statement": [\n        {\n            "Effect": "Allow",\n'
        '            "Action": [\n                "s3:Get*",\n                "s3:List*"\n            ],\n'
        '            "Resource": "*"\n        }\n    ]\n}'
    )
    (statement,) = json.loads(document(policy.arn, policy.default_version) or "")["Statement"]
    assert set(statement["Action"]) > {"s3:Get*", "s3:List*", "s3:Describe*"}


def test_administrator_access_allows_everything() -> None:
    policy = known(f"{AWS}/AdministratorAccess")
    assert policy.created == datetime(2015, 2, 6, 18, 39, 46, tzinfo=UTC)
    assert json.loads(document(policy.arn, "v1") or "") == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }


@pytest.mark.parametrize(
    "arn",
    [
        f"{AWS}/job-function/ViewOnlyAccess",
        f"{AWS}/service-role/AWSLambdaBasicExecutionRole",
        f"{AWS}/aws-service-role/AWSSupportServiceRolePolicy",
    ],
)
def test_a_policys_path_stands_in_its_arn(arn: str) -> None:
    policy = known(arn)
    assert f"{AWS}{policy.path}{policy.name}" == arn


def test_every_version_of_every_policy_is_a_policy_document() -> None:
    for policy in managed_policies():
        for version in policy.versions:
            text = document(policy.arn, version.id)
            assert text is not None, (policy.arn, version.id)
            parsed = json.loads(text)
            assert parsed["Version"] in {"2012-10-17", "2008-10-17"}
            assert parsed["Statement"]
            assert json.dumps(parsed, indent=4, ensure_ascii=False) == text


def test_every_policy_has_the_document_of_its_default_version() -> None:
    for policy in managed_policies():
        assert policy.default_version in {version.id for version in policy.versions}
        assert document(policy.arn, policy.default_version)


def test_versions_stand_newest_first_and_their_dates_agree_with_that() -> None:
    for policy in managed_policies():
        numbers = [int(version.id.removeprefix("v")) for version in policy.versions]
        assert numbers == sorted(set(numbers), reverse=True)
        dates = [version.created for version in policy.versions if version.created]
        assert dates == sorted(dates, reverse=True), policy.arn
        assert policy.created <= policy.updated
        assert all(policy.created <= date <= policy.updated for date in dates), policy.arn


def test_a_date_that_no_source_recorded_is_left_open() -> None:
    versions = {version.id: version for version in known(f"{AWS}/PowerUserAccess").versions}
    assert versions["v2"].created == datetime(2016, 12, 6, 18, 11, 16, tzinfo=UTC)
    assert versions["v6"].created is None


def test_the_list_is_sorted_by_name_and_has_nobody_twice() -> None:
    listed = managed_policies()
    assert [policy.name for policy in listed] == sorted(policy.name for policy in listed)
    assert len({policy.arn for policy in listed}) == len({policy.name for policy in listed}) == len(listed)


def test_names_ids_and_paths_are_such_as_iam_takes() -> None:
    shapes = botocore.loaders.create_loader().load_service_model("iam", "service-2")["shapes"]
    ids = set()
    for policy in managed_policies():
        assert re.fullmatch(shapes["policyNameType"]["pattern"], policy.name)
        assert re.fullmatch(shapes["policyPathType"]["pattern"], policy.path)
        assert re.fullmatch(r"ANPA[A-Z2-7]{17}", policy.id)
        assert shapes["arnType"]["min"] <= len(policy.arn) <= shapes["arnType"]["max"]
        assert len(policy.description or "") <= shapes["policyDescriptionType"]["max"]
        assert all(re.fullmatch(shapes["policyVersionIdType"]["pattern"], version.id) for version in policy.versions)
        ids.add(policy.id)
    assert len(ids) == len(managed_policies())


def test_an_id_never_changes() -> None:
    assert known(f"{AWS}/AmazonS3ReadOnlyAccess").id == "ANPAQ5BXIUXVMDBU7G7AK"


def test_nearly_every_policy_is_described() -> None:
    silent = [policy.name for policy in managed_policies() if not policy.description]
    assert len(silent) < len(managed_policies()) // 100


def test_a_retired_policy_is_not_listed_and_still_found() -> None:
    policy = known(f"{AWS}/AWSOpsWorks_FullAccess")
    assert policy.retired
    assert policy not in managed_policies()
    assert document(policy.arn, policy.default_version)


@pytest.mark.parametrize(
    "arn",
    ["", "AdministratorAccess", f"{AWS}/administratoraccess", "arn:aws:iam::123456789012:policy/AdministratorAccess"],
)
def test_what_aws_does_not_have_is_not_found(arn: str) -> None:
    assert managed_policy(arn) is None
    assert document(arn, "v1") is None


@pytest.mark.parametrize("version", ["", "v0", "v999", "1", "V1"])
def test_a_version_that_is_not_known_has_no_document(version: str) -> None:
    assert document(f"{AWS}/AdministratorAccess", version) is None


def test_the_oldest_version_of_the_longest_policy_is_read_quickly() -> None:
    policy = known(f"{AWS}/ReadOnlyAccess")
    assert len(policy.versions) > 100
    document.cache_clear()
    begun = time.perf_counter()
    assert document(policy.arn, "v1")
    assert time.perf_counter() - begun < 0.3
