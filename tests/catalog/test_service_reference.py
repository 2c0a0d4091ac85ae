"""catalog: the service authorization reference, against the AWS documentation's pages and the managed policies."""

from __future__ import annotations

import fnmatch
import json
import time

import pytest

from ostiary.catalog import Service, document, expand, managed_policies, service, services


def known(prefix: str) -> Service:
    found = service(prefix)
    assert found is not None, prefix
    return found


def test_there_are_hundreds_of_services_and_tens_of_thousands_of_actions() -> None:
    assert 440 <= len(services()) <= 800
    assert list(services()) == sorted(set(services()))
    assert 20_000 <= len(expand("*")) <= 40_000


def test_s3_get_object_is_as_its_page_says() -> None:
    action = known("s3").actions["GetObject"]
    assert action.access_level == "Read"
    assert {"object", "accesspointobject"} <= {resource.name for resource in action.resources}
    assert "s3:ExistingObjectTag/<key>" in action.condition_keys
    assert known("s3").resource_types["object"].arn == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("s3:ListBucket", "List"),
        ("s3:PutObject", "Write"),
        ("s3:PutBucketPolicy", "Permissions management"),
        ("s3:PutBucketTagging", "Tagging"),
        ("iam:AttachRolePolicy", "Permissions management"),
        ("iam:GetUser", "Read"),
        ("sts:AssumeRole", "Write"),
    ],
)
def test_access_levels_are_the_pages(action: str, level: str) -> None:
    prefix, name = action.split(":")
    assert known(prefix).actions[name].access_level == level


def test_an_action_that_has_no_resource_types_is_asked_on_everything() -> None:
    assert known("s3").actions["ListAllMyBuckets"].resources == ()
    assert known("sts").actions["GetCallerIdentity"].resources == ()


def test_required_resources_are_marked_and_carry_their_condition_keys() -> None:
    resources = {resource.name: resource for resource in known("ec2").actions["RunInstances"].resources}
    assert resources["instance"].required
    assert not resources["key-pair"].required
    assert "ec2:InstanceType" in resources["instance"].condition_keys


def test_dependent_actions_name_what_else_is_needed() -> None:
    assert "iam:PassRole" in known("ec2").actions["RunInstances"].dependent_actions


def test_names_are_found_in_any_case_and_shown_in_awss() -> None:
    actions = known("S3").actions
    assert actions["getobject"].name == "GetObject"
    assert "GETOBJECT" in actions
    assert "GetObject" in list(actions)
    assert len(list(actions)) == len(actions)
    assert actions.get("GetNothing") is None


@pytest.mark.parametrize(
    ("prefix", "written", "meant", "type"),
    [
        ("s3", "s3:prefix", "s3:prefix", "String"),
        ("s3", "S3:PREFIX", "s3:prefix", "String"),
        ("s3", "s3:ExistingObjectTag/team", "s3:ExistingObjectTag/<key>", "String"),
        ("s3", "aws:RequestTag/cost-centre", "aws:RequestTag/${TagKey}", "String"),
        ("iam", "iam:PolicyARN", "iam:PolicyARN", "ARN"),
        ("ec2", "ec2:Public", "ec2:Public", "Bool"),
    ],
)
def test_a_condition_key_is_found_as_policies_write_it(prefix: str, written: str, meant: str, type: str) -> None:
    key = known(prefix).condition_key(written)
    assert key is not None
    assert (key.name, key.type) == (meant, type)


@pytest.mark.parametrize("written", ["s3:ExistingObjectTag/", "s3:ExistingObjectTag", "s3:nothing", ""])
def test_a_condition_key_that_aws_does_not_have_is_not_found(written: str) -> None:
    assert known("s3").condition_key(written) is None


def test_multivalued_keys_are_told_apart() -> None:
    keys = known("s3").condition_keys
    assert keys["aws:TagKeys"].multivalued
    assert not keys["s3:prefix"].multivalued


def test_resource_control_policies_bind_some_services() -> None:
    assert known("s3").resource_control_policies
    assert known("sts").resource_control_policies
    assert not known("iam").resource_control_policies


def test_every_service_can_be_read_and_agrees_with_itself() -> None:
    for prefix in services():
        found = known(prefix)
        assert found.prefix == prefix
        assert found.name
        assert tuple(f"{prefix}:{name}" for name in found.actions) == expand(f"{prefix}:*")
        for action in found.actions.values():
            assert all(resource.name in found.resource_types for resource in action.resources), (prefix, action.name)
        assert all(kind.arn.startswith("arn:") for kind in found.resource_types.values()), prefix


def test_a_service_that_aws_does_not_have_is_not_found() -> None:
    assert service("nothing") is None
    assert service("") is None
    assert service("*") is None


@pytest.mark.parametrize(
    "pattern",
    ["s3:Get*", "s3:*Object", "S3:getobject", "s3:*", "iam:*User*", "iam:?etUser", "ec2:*a*e*i*s", "sts:A**e"],
)
def test_a_pattern_matches_what_a_plain_matcher_says(pattern: str) -> None:
    prefix, name = pattern.lower().split(":")
    plain = [f"{prefix}:{known}" for known in service(prefix).actions if fnmatch.fnmatchcase(known.lower(), name)]  # type: ignore[union-attr]
    assert plain
    assert list(expand(pattern)) == plain


@pytest.mark.parametrize(
    "pattern", ["", "s3", "s3:", "s*:GetObject", "*:*", "s3:Get[A-Z]*", "nothing:*", "s3:GetObject "]
)
def test_other_patterns_match_nothing(pattern: str) -> None:
    assert expand(pattern) == ()


def test_a_malicious_pattern_is_matched_as_quickly_as_another() -> None:
    begun = time.perf_counter()
    assert expand("ec2:" + "*a" * 500 + "!") == ()
    assert expand("ec2:" + "*?" * 200 + "!") == ()
    assert time.perf_counter() - begun < 1


def test_nearly_every_action_in_awss_own_policies_is_known() -> None:
    written: set[str] = set()
    for policy in managed_policies():
        statements = json.loads(document(policy.arn, policy.default_version) or "")["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            actions = statement.get("Action", [])
            written.update([actions] if isinstance(actions, str) else actions)
    unknown = {pattern for pattern in written if not expand(pattern)}
    assert len(written) > 10_000
    assert len(unknown) < len(written) / 20, sorted(unknown)[:20]
