"""Managed policies."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from ostiary import catalog
from tests.iam.asking import Iam
from tests.iam.having import EC2, READ, S3_READ_ONLY, everything, new_policy, new_role, tags_kept
from tests.world import ACCOUNT, NOW, OTHER, document

KEYS_OF_THE_TUTORIAL = {
    "PolicyName",
    "PolicyId",
    "Arn",
    "Path",
    "DefaultVersionId",
    "AttachmentCount",
    "PermissionsBoundaryUsageCount",
    "IsAttachable",
    "Description",
    "CreateDate",
    "UpdateDate",
}


def test_a_created_policy_is_shown_as_aws_shows_it(iam: Iam) -> None:
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "Area", "Value": ""}]
    made = iam(
        "CreatePolicy", PolicyName="Reader", Path="/app/x/", PolicyDocument=READ, Description="reads", Tags=tags
    )["Policy"]
    assert re.fullmatch(r"ANPA[A-Z2-7]{17}", made.pop("PolicyId"))
    assert made == {
        "PolicyName": "Reader",
        "Arn": f"arn:aws:iam::{ACCOUNT}:policy/app/x/Reader",
        "Path": "/app/x/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": NOW,
        "UpdateDate": NOW,
        "Tags": tags,
    }


def test_get_policy_adds_the_description_and_always_tags(iam: Iam) -> None:
    arn = new_policy(iam, Description="reads")
    shown = iam("GetPolicy", PolicyArn=arn)["Policy"]
    assert shown["Description"] == "reads"
    assert shown["Tags"] == []
    assert "Description" not in iam("GetPolicy", PolicyArn=new_policy(iam, "other"))["Policy"]


def test_a_policy_of_aws_has_the_members_of_the_tutorial(iam: Iam) -> None:
    shown = iam("GetPolicy", PolicyArn=S3_READ_ONLY)["Policy"]
    assert set(shown) == KEYS_OF_THE_TUTORIAL | {"Tags"}
    assert shown["CreateDate"] == datetime(2015, 2, 6, 18, 40, 59, tzinfo=UTC)
    assert (shown["PolicyName"], shown["Path"], shown["IsAttachable"]) == ("AmazonS3ReadOnlyAccess", "/", True)
    assert re.fullmatch(r"ANPA[A-Z2-7]{17}", shown["PolicyId"])


def test_the_first_version_of_a_policy_of_aws_is_that_of_the_tutorial(iam: Iam) -> None:
    version = iam("GetPolicyVersion", PolicyArn=S3_READ_ONLY, VersionId="v1")["PolicyVersion"]
    assert version["IsDefaultVersion"] is False
    assert json.loads(unquote(version["Document"])) == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}],
    }


def test_names_are_unique_whatever_their_case_and_path(iam: Iam) -> None:
    new_policy(iam, "Reader")
    assert iam.fault("CreatePolicy", PolicyName="reader", PolicyDocument=READ, Path="/x/") == (
        "EntityAlreadyExists",
        "A policy called reader already exists. Duplicate names are not allowed.",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Syntax errors in policy."),
        (READ.replace("2012-10-17", "2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
        (document("s3"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (document("s3:*", "box"), 'Resource box must be in ARN format or "*".'),
        (document("s3:*", Principal="*"), "Policy document should not specify a principal."),
    ],
)
def test_a_bad_document_is_refused_in_awss_words_and_nothing_is_kept(iam: Iam, text: str, message: str) -> None:
    arn = new_policy(iam)
    said = ("MalformedPolicyDocument", message)
    assert iam.fault("CreatePolicy", PolicyName="bad", PolicyDocument=text) == said
    assert iam.fault("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=text) == said
    assert [each["PolicyName"] for each in iam("ListPolicies", Scope="Local")["Policies"]] == ["reader"]
    assert len(iam("ListPolicyVersions", PolicyArn=arn)["Versions"]) == 1


def test_a_document_may_have_6144_characters_white_space_not_counted(iam: Iam) -> None:
    bare = document("s3:GetObject", ["arn:aws:s3:::box/"]).replace(" ", "")
    full = bare.replace("box/", "box/" + "k" * (6144 - len(bare)))
    new_policy(iam, "full", PolicyDocument=full.replace(":", ": ", 1).replace(",", ",\n\t "))
    assert iam.fault("CreatePolicy", PolicyName="over", PolicyDocument=full.replace("box/", "box/k")) == (
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    )


def test_an_account_has_as_many_policies_as_its_quota(iam: Iam) -> None:
    iam.quota("PoliciesPerAccount", 1)
    new_policy(iam)
    said = iam.fault("CreatePolicy", PolicyName="more", PolicyDocument=READ)
    assert said == ("LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 1")


def test_uses_are_counted_in_the_account_that_asks(iam: Iam) -> None:
    iam.users("ann", "bob")
    iam("CreateGroup", GroupName="crew")
    new_role(iam, PermissionsBoundary=S3_READ_ONLY)
    iam("AttachUserPolicy", UserName="ann", PolicyArn=S3_READ_ONLY)
    iam("AttachGroupPolicy", GroupName="crew", PolicyArn=S3_READ_ONLY)
    iam("AttachRolePolicy", RoleName="runner", PolicyArn=S3_READ_ONLY)
    iam("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=S3_READ_ONLY)
    mine = iam("GetPolicy", PolicyArn=S3_READ_ONLY)["Policy"]
    assert (mine["AttachmentCount"], mine["PermissionsBoundaryUsageCount"]) == (3, 2)
    theirs = iam("GetPolicy", by=iam.world.root(OTHER), PolicyArn=S3_READ_ONLY)["Policy"]
    assert (theirs["AttachmentCount"], theirs["PermissionsBoundaryUsageCount"]) == (0, 0)
    iam("DetachUserPolicy", UserName="ann", PolicyArn=S3_READ_ONLY)
    iam("DeleteRolePermissionsBoundary", RoleName="runner")
    mine = iam("GetPolicy", PolicyArn=S3_READ_ONLY)["Policy"]
    assert (mine["AttachmentCount"], mine["PermissionsBoundaryUsageCount"]) == (2, 1)


@pytest.mark.parametrize("use", ["AttachUserPolicy", "PutUserPermissionsBoundary"])
def test_a_policy_in_use_is_not_deleted(iam: Iam, use: str) -> None:
    arn = new_policy(iam)
    iam.users("ann")
    iam(use, UserName="ann", **{"PolicyArn" if use == "AttachUserPolicy" else "PermissionsBoundary": arn})
    said = iam.fault("DeletePolicy", PolicyArn=arn)
    assert said == ("DeleteConflict", "Cannot delete a policy attached to entities.")


def test_a_policy_with_versions_is_not_deleted_before_them(iam: Iam) -> None:
    arn = new_policy(iam)
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ)
    assert iam.fault("DeletePolicy", PolicyArn=arn) == (
        "DeleteConflict",
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy.",
    )
    iam("DeletePolicyVersion", PolicyArn=arn, VersionId="v2")
    iam("DeletePolicy", PolicyArn=arn)
    assert iam.fault("GetPolicy", PolicyArn=arn) == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_a_policy_made_again_has_nothing_of_the_one_that_was_deleted(iam: Iam) -> None:
    arn = new_policy(iam, Tags=[{"Key": "a", "Value": "1"}])
    before = iam("GetPolicy", PolicyArn=arn)["Policy"]
    iam("DeletePolicy", PolicyArn=arn)
    assert tags_kept(iam, before["PolicyId"]) == 0
    new_policy(iam)
    after = iam("GetPolicy", PolicyArn=arn)["Policy"]
    assert after["PolicyId"] != before["PolicyId"]
    assert after["Tags"] == []


CHANGES: dict[str, dict[str, Any]] = {
    "DeletePolicy": {},
    "CreatePolicyVersion": {"PolicyDocument": READ},
    "DeletePolicyVersion": {"VersionId": "v1"},
    "SetDefaultPolicyVersion": {"VersionId": "v1"},
    "TagPolicy": {"Tags": [{"Key": "a", "Value": "b"}]},
    "UntagPolicy": {"TagKeys": ["a"]},
}


@pytest.mark.parametrize("name", CHANGES)
def test_policies_of_aws_are_nobodys_to_change(iam: Iam, name: str) -> None:
    said = iam.fault(name, PolicyArn=S3_READ_ONLY, **CHANGES[name])
    assert said == ("AccessDenied", "Policy is outside your own account.")


@pytest.mark.parametrize("name", ["GetPolicy", "ListPolicyVersions", "ListEntitiesForPolicy", *CHANGES])
def test_another_accounts_policy_is_refused_even_to_root(iam: Iam, name: str) -> None:
    arn = new_policy(iam)
    code, _ = iam.fault(name, by=iam.world.root(OTHER), PolicyArn=arn, **CHANGES.get(name, {}))
    assert code == "AccessDenied"
    assert iam("GetPolicy", PolicyArn=arn)["Policy"]["Tags"] == []


def test_what_is_no_policy_arn_is_not_valid(iam: Iam) -> None:
    name, entity = "longpolicynamebutnoarn", f"arn:aws:iam::{ACCOUNT}:not_a_policy/x"
    assert iam.fault("GetPolicy", PolicyArn=name) == ("ValidationError", f"ARN {name} is not valid.")
    assert iam.fault("GetPolicy", PolicyArn=entity) == ("InvalidInput", f"ARN {entity} is not valid.")


def test_the_path_belongs_to_the_arn(iam: Iam) -> None:
    new_policy(iam, Path="/app/")
    without = f"arn:aws:iam::{ACCOUNT}:policy/reader"
    assert iam.fault("GetPolicy", PolicyArn=without) == ("NoSuchEntity", f"Policy {without} was not found.")


def test_all_scopes_together_list_every_policy_once(iam: Iam) -> None:
    for number in range(7):
        new_policy(iam, f"own{number}")
    every = everything(iam, "ListPolicies", "Policies", MaxItems=300)
    local = everything(iam, "ListPolicies", "Policies", Scope="Local", MaxItems=3)
    of_aws = everything(iam, "ListPolicies", "Policies", Scope="AWS", MaxItems=1000)
    assert [each["PolicyName"] for each in local] == [f"own{number}" for number in range(7)]
    assert {each["Arn"] for each in of_aws} == {each.arn for each in catalog.managed_policies()}
    assert every == local + of_aws
    assert not any({"Tags", "Description"} & set(each) for each in every)


def test_a_page_has_a_hundred_when_nothing_is_said(iam: Iam) -> None:
    given = iam("ListPolicies")
    assert len(given["Policies"]) == 100
    assert given["IsTruncated"] is True


def test_a_page_of_policies_comes_quickly(iam: Iam) -> None:
    marker = iam("ListPolicies", MaxItems=1000)["Marker"]
    spent = []
    for _ in range(7):
        begun = time.perf_counter()
        iam.world.call("iam:ListPolicies", {"Marker": marker})
        spent.append(time.perf_counter() - begun)
    assert min(spent) < 0.010


def test_policies_are_listed_by_path(iam: Iam) -> None:
    new_policy(iam, "one", Path="/app/x/")
    new_policy(iam, "two", Path="/application/")
    new_policy(iam, "three")

    def listed(**params: Any) -> set[str]:
        return {each["PolicyName"] for each in everything(iam, "ListPolicies", "Policies", **params)}

    assert listed(PathPrefix="/app/") == {"one"}
    assert "SystemAdministrator" in listed(PathPrefix="/job-function/")
    assert listed(PathPrefix="/job-function/", Scope="Local") == set()


def test_used_policies_are_listed_by_how_they_are_used(iam: Iam) -> None:
    idle, held, bound = new_policy(iam, "idle"), new_policy(iam, "held"), new_policy(iam, "bound")
    iam.users("ann")
    for arn in (held, S3_READ_ONLY):
        iam("AttachUserPolicy", UserName="ann", PolicyArn=arn)
    iam("PutUserPermissionsBoundary", UserName="ann", PermissionsBoundary=bound)

    def listed(**params: Any) -> list[str]:
        return [each["Arn"] for each in everything(iam, "ListPolicies", "Policies", MaxItems=1, **params)]

    assert listed(OnlyAttached=True) == [held, S3_READ_ONLY]
    assert listed(OnlyAttached=True, Scope="AWS") == [S3_READ_ONLY]
    assert listed(PolicyUsageFilter="PermissionsPolicy") == [held, S3_READ_ONLY]
    assert listed(PolicyUsageFilter="PermissionsBoundary") == [bound]
    assert listed(Scope="Local") == [bound, held, idle]


def test_a_policy_that_aws_has_retired_works_where_it_is_and_is_not_attached_anew(iam: Iam) -> None:
    retired = next(
        policy
        for arn in ("AWSLambdaFullAccess", "AmazonElasticMapReduceRole", "AWSConfigRole", "AWSMobileHub_FullAccess")
        for path in ("", "service-role/")
        if (policy := catalog.managed_policy(f"arn:aws:iam::aws:policy/{path}{arn}")) is not None and policy.retired
    )
    iam.users("ann")
    with iam.world.house.store.write() as tx:
        owner = tx.users.get(ACCOUNT, "ann")
        assert owner is not None
        tx.attachments.attach(owner.id, retired.arn, ACCOUNT, 0)
    iam.users("bob")
    said = iam.fault("AttachUserPolicy", UserName="bob", PolicyArn=retired.arn)
    assert said == ("NoSuchEntity", f"Policy {retired.arn} does not exist or is not attachable.")
    said = iam.fault("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=retired.arn)
    assert said == ("NoSuchEntity", f"Scope ARN: {retired.arn} does not exist or is not attachable.")
    shown = [each for each in everything(iam, "ListPolicies", "Policies", Scope="AWS") if each["Arn"] == retired.arn]
    assert [each["IsAttachable"] for each in shown] == [False]


def test_tags_are_put_replaced_and_removed(iam: Iam) -> None:
    arn = new_policy(iam, Tags=[{"Key": "a", "Value": "1"}])
    iam("TagPolicy", PolicyArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": ""}])
    both = [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "2"}]
    assert everything(iam, "ListPolicyTags", "Tags", PolicyArn=arn, MaxItems=1) == both
    iam("UntagPolicy", PolicyArn=arn, TagKeys=["a", "unknown"])
    assert iam("ListPolicyTags", PolicyArn=arn) == {"Tags": both[1:], "IsTruncated": False}


def test_a_tag_key_stands_once(iam: Iam) -> None:
    arn, twice = new_policy(iam), [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    said = ("InvalidInput", "Duplicate tag keys found.")
    assert iam.fault("TagPolicy", PolicyArn=arn, Tags=twice) == said
    assert iam.fault("CreatePolicy", PolicyName="new", PolicyDocument=READ, Tags=twice) == said


@pytest.mark.parametrize("name", ["TagPolicy", "UntagPolicy", "ListPolicyTags"])
def test_tags_of_a_policy_that_is_not_there_are_not_found(iam: Iam, name: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/none"
    assert iam.fault(name, PolicyArn=arn, **CHANGES.get(name, {})) == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_entities_that_have_a_policy_are_listed(iam: Iam) -> None:
    arn = new_policy(iam)
    iam.users("Zoe", path="/dev/")
    iam.users("ann", "bob")
    iam("CreateGroup", GroupName="crew")
    new_role(iam, PermissionsBoundary=arn)
    for name in ("Zoe", "ann"):
        iam("AttachUserPolicy", UserName=name, PolicyArn=arn)
    iam("PutUserPermissionsBoundary", UserName="ann", PermissionsBoundary=arn)
    iam("AttachGroupPolicy", GroupName="crew", PolicyArn=arn)

    def names(**params: Any) -> list[str]:
        found: list[str] = []
        given = iam("ListEntitiesForPolicy", PolicyArn=arn, **params)
        while True:
            found += [each["GroupName"] for each in given["PolicyGroups"]]
            found += [each["UserName"] for each in given["PolicyUsers"]]
            found += [each["RoleName"] for each in given["PolicyRoles"]]
            if not given["IsTruncated"]:
                return found
            given = iam("ListEntitiesForPolicy", PolicyArn=arn, Marker=given["Marker"], **params)

    assert names() == names(MaxItems=1) == ["crew", "ann", "Zoe", "runner"]
    assert names(EntityFilter="User") == ["ann", "Zoe"]
    assert names(EntityFilter="Role") == ["runner"]
    assert names(PolicyUsageFilter="PermissionsPolicy") == ["crew", "ann", "Zoe"]
    assert names(PolicyUsageFilter="PermissionsBoundary") == ["ann", "runner"]
    assert names(PathPrefix="/dev/") == ["Zoe"]
    missing = f"arn:aws:iam::{ACCOUNT}:policy/none"
    said = iam.fault("ListEntitiesForPolicy", PolicyArn=missing)
    assert said == ("NoSuchEntity", f"Policy {missing} does not exist or is not attachable.")


def test_a_policy_is_updated_when_it_gets_a_version(iam: Iam) -> None:
    arn = new_policy(iam)
    iam.world.clock.advance(hours=1)
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ)
    shown = iam("GetPolicy", PolicyArn=arn)["Policy"]
    assert (shown["CreateDate"], shown["UpdateDate"]) == (NOW, NOW + timedelta(hours=1))


def test_keys_that_differ_in_case_are_two_tags(iam: Iam) -> None:
    two = [{"Key": "Team", "Value": "1"}, {"Key": "team", "Value": "2"}]
    arn = new_policy(iam, Tags=two)
    assert everything(iam, "ListPolicyTags", "Tags", PolicyArn=arn, MaxItems=1) == two
    iam("UntagPolicy", PolicyArn=arn, TagKeys=["team"])
    assert iam("ListPolicyTags", PolicyArn=arn)["Tags"] == two[:1]
    iam("CreateInstanceProfile", InstanceProfileName="box", Tags=two)
    iam("TagInstanceProfile", InstanceProfileName="box", Tags=[{"Key": "TEAM", "Value": "3"}])
    assert len(iam("ListInstanceProfileTags", InstanceProfileName="box")["Tags"]) == 3
    said = iam.fault("CreateRole", RoleName="r", AssumeRolePolicyDocument=EC2, Tags=two)
    assert said == ("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
