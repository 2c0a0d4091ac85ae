"""Policies of an organization: what may be saved, and what may be attached to what."""

from __future__ import annotations

import json
import re

import pytest

from tests.organizations.asking import DENY_IAM, MODEL, RCP, RCP_DENY_S3, SCP, Organizations
from tests.world import ACCOUNT, document

FULL, RCP_FULL = "p-FullAWSAccess", "p-RCPFullAWSAccess"


def attached(org: Organizations, target: str, policy_type: str = SCP) -> list[str]:
    given = org("ListPoliciesForTarget", TargetId=target, Filter=policy_type)
    return [policy["Id"] for policy in given["Policies"]]


def test_a_policy_is_kept_as_written_and_changed_at_once(org: Organizations) -> None:
    text = '{ "Version":"2012-10-17",\n "Statement": {"Effect":"Deny","Action":"iam:*","Resource":"*"} }'
    made = org("CreatePolicy", Content=text, Description="no IAM", Name="no-iam", Type=SCP)["Policy"]
    summary = made["PolicySummary"]
    assert made["Content"] == text
    assert re.fullmatch(MODEL.shape_for("PolicyId").metadata["pattern"], summary["Id"])
    assert re.search(MODEL.shape_for("PolicyArn").metadata["pattern"], summary["Arn"])
    assert (summary["Name"], summary["Description"], summary["AwsManaged"]) == ("no-iam", "no IAM", False)
    assert org("DescribePolicy", PolicyId=summary["Id"])["Policy"] == made
    changed = org("UpdatePolicy", PolicyId=summary["Id"], Description="", Content=document("ec2:*", effect="Deny"))
    assert changed["Policy"]["PolicySummary"] == {**summary, "Description": ""}
    assert json.loads(changed["Policy"]["Content"])["Statement"][0]["Action"] == "ec2:*"
    assert [each["Id"] for each in org("ListPolicies", Filter=SCP)["Policies"]] == sorted([FULL, summary["Id"]])
    assert [each["Id"] for each in org("ListPolicies", Filter=RCP)["Policies"]] == [RCP_FULL]
    assert org("ListPolicies", Filter="TAG_POLICY")["Policies"] == []
    org("DeletePolicy", PolicyId=summary["Id"])
    missing = org.fault("DescribePolicy", PolicyId=summary["Id"])
    assert missing == ("PolicyNotFoundException", "You specified a policy that doesn't exist.")


BAD = {
    "no JSON": (SCP, "{"),
    "a principal in an SCP": (SCP, document("iam:*", Principal="*")),
    "no resource in an SCP": (SCP, '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:*"}}'),
    "an RCP that allows": (RCP, document("s3:*", Principal="*")),
    "an RCP without a principal": (RCP, document("s3:*", effect="Deny")),
    "an RCP for one account": (RCP, document("s3:*", effect="Deny", Principal={"AWS": ACCOUNT})),
    "an RCP on every action": (RCP, document("*", effect="Deny", Principal="*")),
}


@pytest.mark.parametrize(("policy_type", "text"), BAD.values(), ids=BAD)
def test_what_is_no_policy_of_its_type_is_not_saved(org: Organizations, policy_type: str, text: str) -> None:
    assert org.fault("CreatePolicy", Content=text, Description="", Name="n", Type=policy_type) == (
        "MalformedPolicyDocumentException",
        "The provided policy document does not meet the requirements of the specified policy type.",
    )
    good = org.policy({SCP: DENY_IAM, RCP: RCP_DENY_S3}[policy_type], "good", policy_type)
    assert org.fault("UpdatePolicy", PolicyId=good, Content=text)[0] == "MalformedPolicyDocumentException"


def test_white_space_counts_for_the_size(org: Organizations) -> None:
    exact = DENY_IAM + " " * (5120 - len(DENY_IAM))
    org.policy(exact, "exact")
    found = org.fault("CreatePolicy", Content=exact + " ", Description="", Name="n", Type=SCP)
    assert found == ("ConstraintViolationException", "POLICY_CONTENT_LIMIT_EXCEEDED")


def test_names_are_unique_within_a_type(org: Organizations) -> None:
    first = org.policy(DENY_IAM, "a")
    org.policy(RCP_DENY_S3, "a", RCP)
    second = org.policy(DENY_IAM, "b")
    for name in ("a", "FullAWSAccess"):
        assert org.fault("UpdatePolicy", PolicyId=second, Name=name)[0] == "DuplicatePolicyException"
        taken = org.fault("CreatePolicy", Content=DENY_IAM, Description="", Name=name, Type=SCP)
        assert taken == ("DuplicatePolicyException", "A policy with the specified name and type already exists.")
    assert org("UpdatePolicy", PolicyId=first, Name="c")["Policy"]["PolicySummary"]["Name"] == "c"


def test_policies_of_aws_can_be_read_and_not_changed(org: Organizations) -> None:
    for policy_id, policy_type in ((FULL, SCP), (RCP_FULL, RCP)):
        shown = org("DescribePolicy", PolicyId=policy_id)["Policy"]
        assert shown["PolicySummary"]["AwsManaged"] is True
        assert shown["PolicySummary"]["Arn"] == f"arn:aws:organizations::aws:policy/{policy_type.lower()}/{policy_id}"
        assert json.loads(shown["Content"])["Statement"][0]["Effect"] == "Allow"
        for name in ("UpdatePolicy", "DeletePolicy"):
            assert org.fault(name, PolicyId=policy_id) == ("InvalidInputException", "IMMUTABLE_POLICY")


def test_other_types_of_policy_are_not_available(org: Organizations) -> None:
    code = "PolicyTypeNotAvailableForOrganizationException"
    assert org.fault("EnablePolicyType", RootId=org.root, PolicyType="TAG_POLICY")[0] == code
    assert org.fault("CreatePolicy", Content="{}", Description="", Name="n", Type="TAG_POLICY")[0] == code


def test_enabling_a_type_attaches_the_policy_that_allows_all_everywhere(org: Organizations) -> None:
    unit, account = org.unit("u"), org.account()
    policy = org.policy(DENY_IAM)
    refused = org.fault("AttachPolicy", PolicyId=policy, TargetId=unit)
    text = "This operation can be performed only for enabled policy types."
    assert refused == ("PolicyTypeNotEnabledException", text)
    assert org.fault("DisablePolicyType", RootId=org.root, PolicyType=SCP)[0] == "PolicyTypeNotEnabledException"
    shown = org("EnablePolicyType", RootId=org.root, PolicyType=SCP)["Root"]
    assert shown["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    assert org("ListRoots")["Roots"] == [shown]
    assert org.fault("EnablePolicyType", RootId=org.root, PolicyType=SCP)[0] == "PolicyTypeAlreadyEnabledException"
    later = [org.unit("later"), org.account("later")]
    everything = [org.root, unit, account, ACCOUNT, *later]
    for target in everything:
        assert attached(org, target) == [FULL]
        assert attached(org, target, RCP) == []
    targets = org("ListTargetsForPolicy", PolicyId=FULL)["Targets"]
    assert sorted(target["TargetId"] for target in targets) == sorted(everything)
    assert {target["Type"] for target in targets} == {"ROOT", "ORGANIZATIONAL_UNIT", "ACCOUNT"}
    org("AttachPolicy", PolicyId=policy, TargetId=unit)
    assert org("DisablePolicyType", RootId=org.root, PolicyType=SCP)["Root"]["PolicyTypes"] == []
    assert org("ListTargetsForPolicy", PolicyId=policy)["Targets"] == []
    org.enable()
    assert attached(org, unit) == [FULL], "what was attached before is not attached again"


def test_a_policy_that_is_attached_can_not_be_deleted(org: Organizations) -> None:
    org.enable()
    unit = org.unit("u")
    policy = org.policy(DENY_IAM, "p", SCP, unit)
    assert attached(org, unit) == sorted([FULL, policy])
    assert org.fault("DeletePolicy", PolicyId=policy)[0] == "PolicyInUseException"
    assert org.fault("AttachPolicy", PolicyId=policy, TargetId=unit)[0] == "DuplicatePolicyAttachmentException"
    org("DetachPolicy", PolicyId=policy, TargetId=unit)
    assert org.fault("DetachPolicy", PolicyId=policy, TargetId=unit)[0] == "PolicyNotAttachedException"
    org("DeletePolicy", PolicyId=policy)
    other = org.policy(DENY_IAM, "other", SCP, unit)
    org("DeleteOrganizationalUnit", OrganizationalUnitId=unit)
    assert org("ListTargetsForPolicy", PolicyId=other)["Targets"] == []


def test_targets_and_policies_must_be_there(org: Organizations) -> None:
    org.enable()
    for target in ("r-zzzz", "999999999999", "ou-zzzz-zzzzzzzz"):
        missing = ("TargetNotFoundException", "You specified a target that doesn't exist.")
        assert org.fault("AttachPolicy", PolicyId=FULL, TargetId=target) == missing
        assert org.fault("DetachPolicy", PolicyId=FULL, TargetId=target) == missing
        assert org.fault("ListPoliciesForTarget", TargetId=target, Filter=SCP) == missing
    for name in ("AttachPolicy", "DetachPolicy"):
        assert org.fault(name, PolicyId="p-aaaaaaaa", TargetId=org.root)[0] == "PolicyNotFoundException"
    assert org.fault("ListTargetsForPolicy", PolicyId="p-aaaaaaaa")[0] == "PolicyNotFoundException"


def test_a_target_has_one_to_five_policies_of_a_type(org: Organizations) -> None:
    org.enable(SCP, RCP)
    for number in range(4):
        org.policy(DENY_IAM, f"p{number}", SCP, org.root)
    fifth = org.policy(DENY_IAM, "p4")
    assert org.fault("AttachPolicy", PolicyId=fifth, TargetId=org.root) == (
        "ConstraintViolationException",
        "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
    )
    org.policy(RCP_DENY_S3, "r", RCP, org.root)
    for policy_id in attached(org, org.root)[:-1]:
        org("DetachPolicy", PolicyId=policy_id, TargetId=org.root)
    [last] = attached(org, org.root)
    assert org.fault("DetachPolicy", PolicyId=last, TargetId=org.root) == (
        "ConstraintViolationException",
        "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
    )
    immovable = org.fault("DetachPolicy", PolicyId=RCP_FULL, TargetId=org.root)
    assert immovable == ("InvalidInputException", "NON_DETACHABLE_POLICY")
