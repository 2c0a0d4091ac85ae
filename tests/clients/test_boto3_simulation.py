"""The policy simulator through boto3: every member of the answers as botocore reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.called import refused
from tests.clients.conftest import Account

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]

BOX = "arn:aws:s3:::box/a"


def allowing(action: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_policies_that_are_handed_in(iam: Any, account: Account) -> None:
    text = allowing("s3:*", Condition={"StringEquals": {"s3:prefix": "home"}})
    result = iam.simulate_custom_policy(
        PolicyInputList=[text],
        PermissionsBoundaryPolicyInputList=[allowing("*")],
        OrderedOrganizationPolicyInputList=[{"ServiceControlPolicyInputList": [allowing("*")]}],
        ActionNames=["s3:GetObject"],
        ResourceArns=[BOX],
        ContextEntries=[
            {"ContextKeyName": "s3:prefix", "ContextKeyType": "string", "ContextKeyValues": ["home"]},
            {"ContextKeyName": "aws:TagKeys", "ContextKeyType": "stringList", "ContextKeyValues": []},
        ],
    )["EvaluationResults"]
    where = {"StartPosition": {"Line": 1, "Column": 41}, "EndPosition": {"Line": 1, "Column": len(text) - 1}}
    matched = [{"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy", **where}]
    bounded = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": True}}
    assert result == [
        {
            "EvalActionName": "s3:GetObject",
            "EvalResourceName": "arn:${Partition}:s3:::${BucketName}/${ObjectName}",
            "EvalDecision": "allowed",
            "MatchedStatements": matched,
            "MissingContextValues": [],
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": True},
            **bounded,
            "EvalDecisionDetails": {},
            "ResourceSpecificResults": [
                {
                    "EvalResourceName": BOX,
                    "EvalResourceDecision": "allowed",
                    "MatchedStatements": matched,
                    "MissingContextValues": [],
                    **bounded,
                }
            ],
        }
    ]
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[text])["ContextKeyNames"]
    assert keys == ["s3:prefix"]
    refused("InvalidInput", iam.simulate_custom_policy, PolicyInputList=["{}"], ActionNames=["s3:GetObject"])
    refused("InvalidInput", iam.get_context_keys_for_custom_policy, PolicyInputList=["{}"])


def test_another_account_s_resource(iam: Any, account: Account) -> None:
    arn = f"arn:aws:iam::{account.id}:user/mateo"
    shared = allowing("s3:*", Principal={"AWS": arn}).replace('"Resource": "*"', '"Resource": "arn:aws:s3:::box/*"')
    asked = {"ActionNames": ["s3:GetObject"], "ResourceArns": [BOX], "ResourcePolicy": shared, "CallerArn": arn}
    abroad = {**asked, "ResourceOwner": "arn:aws:iam::999988887777:root"}
    result = iam.simulate_custom_policy(PolicyInputList=[allowing("sqs:*")], **abroad)["EvaluationResults"][0]
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])
    told = {"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}
    assert result["EvalDecisionDetails"] == result["ResourceSpecificResults"][0]["EvalDecisionDetails"] == told
    listed = result["ResourceSpecificResults"][0]["MatchedStatements"]
    assert [each["SourcePolicyType"] for each in listed] == ["Resource Policy"]
    at_home = iam.simulate_custom_policy(PolicyInputList=[allowing("sqs:*")], **asked)["EvaluationResults"][0]
    assert at_home["EvalDecision"] == "allowed"
    del asked["CallerArn"]
    refused("InvalidInput", iam.simulate_custom_policy, PolicyInputList=[], **asked)


def test_an_entity_s_policies(iam: Any, account: Account) -> None:
    iam.create_user(UserName="simulated")
    arn = f"arn:aws:iam::{account.id}:user/simulated"
    text = allowing("s3:Get*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    iam.put_user_policy(UserName="simulated", PolicyName="own", PolicyDocument=text)
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn)["ContextKeyNames"]
    assert keys == ["aws:SecureTransport"]
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=arn,
        ActionNames=["s3:GetObject", "s3:PutObject", "s3:GetBucketPolicy"],
        ContextEntries=[
            {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}
        ],
        PaginationConfig={"PageSize": 1},
    )
    results = [(page, each) for page in pages for each in page["EvaluationResults"]]
    assert [each["EvalDecision"] for _, each in results] == ["allowed", "implicitDeny", "allowed"]
    assert [page["IsTruncated"] for page, _ in results] == [True, True, False]
    excluded = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject"], PolicyExclusionList=[{"PolicyType": "inline"}]
    )["EvaluationResults"][0]
    assert (excluded["EvalDecision"], excluded["MissingContextValues"]) == ("implicitDeny", [])
    assert "ResourceSpecificResults" not in excluded
    nobody = f"arn:aws:iam::{account.id}:user/nobody"
    refused("NoSuchEntity", iam.simulate_principal_policy, PolicySourceArn=nobody, ActionNames=["s3:GetObject"])
    refused("NoSuchEntity", iam.get_context_keys_for_principal_policy, PolicySourceArn=nobody)
    root = f"arn:aws:iam::{account.id}:root"
    refused("InvalidInput", iam.get_context_keys_for_principal_policy, PolicySourceArn=root)
    iam.delete_user_policy(UserName="simulated", PolicyName="own")
    iam.delete_user(UserName="simulated")
