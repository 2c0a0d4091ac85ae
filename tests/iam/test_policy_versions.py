"""Versions of managed policies."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest
from botocore.handlers import decode_quoted_jsondoc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.services.iam.documents import encoded
from tests.iam.asking import Iam
from tests.iam.having import READ, S3_READ_ONLY, everything, is_allowed, new_policy
from tests.world import ACCOUNT, NOW, document


def listed(iam: Iam, arn: str) -> list[tuple[str, bool]]:
    versions = iam("ListPolicyVersions", PolicyArn=arn)["Versions"]
    return [(each["VersionId"], each["IsDefaultVersion"]) for each in versions]


def test_a_document_comes_back_byte_for_byte(iam: Iam) -> None:
    text = READ.replace("s3:Get*", "s3:Get*\\u00e9 ~é%20+&=/")
    arn = new_policy(iam, PolicyDocument=text)
    version = iam("GetPolicyVersion", PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert unquote(version["Document"]) == text
    assert version["Document"].startswith("%7B%22Version%22%3A%20%222012-10-17%22%2C%0A%09")
    assert version == {
        "Document": version["Document"],
        "VersionId": "v1",
        "IsDefaultVersion": True,
        "CreateDate": NOW,
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4))
def test_botocores_decoder_undoes_the_encoding(value: dict[str, str]) -> None:
    for ascii_only in (True, False):
        assert decode_quoted_jsondoc(encoded(json.dumps(value, ensure_ascii=ascii_only))) == value


def test_a_new_version_is_in_force_only_when_asked(iam: Iam) -> None:
    arn = new_policy(iam)
    made = iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ)["PolicyVersion"]
    assert made == {"VersionId": "v2", "IsDefaultVersion": False, "CreateDate": NOW}
    made = iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ, SetAsDefault=True)["PolicyVersion"]
    assert made == {"VersionId": "v3", "IsDefaultVersion": True, "CreateDate": NOW}
    assert listed(iam, arn) == [("v3", True), ("v2", False), ("v1", False)]
    iam("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v1")
    assert listed(iam, arn) == [("v3", False), ("v2", False), ("v1", True)]
    assert iam("GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"


def test_a_policy_has_at_most_five_versions_and_numbers_are_not_used_again(iam: Iam) -> None:
    arn = new_policy(iam)
    for _ in range(4):
        iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ)
    assert iam.fault("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ) == (
        "LimitExceeded",
        "A managed policy can have up to 5 versions. "
        "Before you create a new version, you must delete an existing version.",
    )
    iam("DeletePolicyVersion", PolicyArn=arn, VersionId="v5")
    made = iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ)
    assert made["PolicyVersion"]["VersionId"] == "v6"
    assert [name for name, _ in listed(iam, arn)] == ["v6", "v4", "v3", "v2", "v1"]


def test_the_version_in_force_is_not_deleted(iam: Iam) -> None:
    arn = new_policy(iam)
    said = iam.fault("DeletePolicyVersion", PolicyArn=arn, VersionId="v1")
    assert said == ("DeleteConflict", "Cannot delete the default version of a policy.")


@pytest.mark.parametrize("name", ["GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"])
@pytest.mark.parametrize("policy", ["reader", "none"])
@pytest.mark.parametrize("version", ["v9", "v1.draft"])
def test_a_version_that_is_not_there_is_not_found(iam: Iam, name: str, policy: str, version: str) -> None:
    new_policy(iam)
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{policy}"
    assert iam.fault(name, PolicyArn=arn, VersionId=version) == (
        "NoSuchEntity",
        f"Policy {arn} version {version} does not exist or is not attachable.",
    )


def test_versions_are_listed_the_newest_first_page_by_page(iam: Iam) -> None:
    versions = everything(iam, "ListPolicyVersions", "Versions", PolicyArn=S3_READ_ONLY, MaxItems=1)
    assert [(each["VersionId"], each["IsDefaultVersion"]) for each in versions] == [
        ("v3", True),
        ("v2", False),
        ("v1", False),
    ]
    arn = new_policy(iam)
    for number in range(2, 13):
        iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ, SetAsDefault=True)
        iam("DeletePolicyVersion", PolicyArn=arn, VersionId=f"v{number - 1}")
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=READ)
    assert listed(iam, arn) == [("v13", False), ("v12", True)]


def test_the_version_in_force_decides_the_very_next_request(iam: Iam) -> None:
    arn = new_policy(iam, PolicyDocument=document("iam:ListUsers"))
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=document("iam:ListRoles"))
    iam.users("ann")
    iam("AttachUserPolicy", UserName="ann", PolicyArn=arn)
    ann = iam.world.user("ann")
    assert is_allowed(iam, ann, "ListUsers")
    assert not is_allowed(iam, ann, "ListRoles")
    iam("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v2")
    assert not is_allowed(iam, ann, "ListUsers")
    assert is_allowed(iam, ann, "ListRoles")
