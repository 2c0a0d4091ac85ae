"""What policies give, in AWS's access levels."""

from __future__ import annotations

import json
import time
from typing import Any

from ostiary import catalog
from ostiary.analysis.summary import LEVELS, effective, gives, summarize

AWS = "arn:aws:iam::aws:policy/"


def managed(name: str) -> str:
    policy = catalog.managed_policy(AWS + name)
    assert policy is not None
    text = catalog.document(policy.arn, policy.default_version)
    assert text is not None
    return text


def written(*statements: dict[str, Any]) -> str:
    filled = [{"Effect": "Allow", "Resource": "*", **each} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": filled})


def test_an_administrator_has_every_level_of_every_service() -> None:
    (row,) = summarize(managed("AdministratorAccess"))
    assert (row.service, row.levels, row.full) == ("*", LEVELS, LEVELS)
    assert row.every_action and row.everywhere
    assert gives(managed("AdministratorAccess")).kind == "full"
    assert len(effective([managed("AdministratorAccess")])) > 400


def test_reading_s3_is_list_and_read() -> None:
    rows = {row.service: row for row in summarize(managed("AmazonS3ReadOnlyAccess"))}
    assert rows["s3"].levels == ("List", "Read") and rows["s3"].name == "Amazon S3"
    assert gives(managed("AmazonS3ReadOnlyAccess")).kind == "read"
    assert gives(managed("AmazonS3FullAccess")).kind == "permissions"


def test_rows_tell_resources_and_conditions_as_written() -> None:
    text = written(
        {"Action": ["s3:GetObject", "S3:PutObject"], "Resource": "arn:aws:s3:::box/*"},
        {"Action": "s3:GetObjectAcl", "Resource": "arn:aws:s3:::box/*"},
        {
            "Action": "ec2:StartInstances",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": ["a", "b"]}, "Bool": {"aws:SecureTransport": True}},
        },
    )
    ec2, s3 = summarize(text)
    assert s3.actions == ("GetObject", "PutObject", "GetObjectAcl") and s3.resources == ("arn:aws:s3:::box/*",)
    assert s3.levels == ("Read", "Write") and not s3.full and not s3.everywhere
    assert ec2.conditions == ("StringEquals aws:ResourceTag/team = a, b", "Bool aws:SecureTransport = true")


def test_a_level_is_full_when_none_of_its_actions_is_left_out() -> None:
    (row,) = summarize(written({"Action": ["sqs:*"]}))
    assert row.every_action and row.levels == row.full
    (row,) = summarize(written({"Action": ["sqs:List*", "sqs:SendMessage"]}))
    assert "Write" in row.levels and "Write" not in row.full
    (row,) = summarize(written({"Action": ["s3-object-lambda:Get*", "s3-object-lambda:List*"]}))
    assert row.levels == ("List", "Read") and not row.every_action


def test_denials_are_rows_of_their_own_and_take_away() -> None:
    text = written({"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:Delete*"})
    allow, deny = summarize(text)
    assert (allow.effect, deny.effect) == ("Allow", "Deny")
    (s3,) = effective([text])
    assert "GetObject" in s3.actions and "DeleteObject" not in s3.actions
    limited = written({"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "arn:aws:s3:::a"})
    assert "DeleteObject" in effective([limited])[0].actions
    assert gives(written({"Effect": "Deny", "Action": "s3:*"})).kind == "deny"


def test_not_action_gives_all_but_what_it_names() -> None:
    text = written({"NotAction": ["iam:*", "s3:DeleteBucket"]})
    (row,) = summarize(text)
    assert row.negated and row.actions == ("iam:*", "s3:DeleteBucket") and not row.every_action
    found = {each.service: each.actions for each in effective([text])}
    assert "iam" not in found and "DeleteBucket" not in found["s3"] and "CreateBucket" in found["s3"]


def test_a_boundary_caps_what_is_given() -> None:
    wide = [managed("AmazonEC2FullAccess"), managed("AmazonS3FullAccess")]
    found = {each.service: each.levels for each in effective(wide, managed("AmazonS3ReadOnlyAccess"))}
    assert found["s3"] == ("List", "Read") and "ec2" not in found
    assert effective([managed("AmazonEC2FullAccess")], written({"Action": "sqs:*"})) == ()


def test_what_can_not_be_read_gives_nothing() -> None:
    for text in ("", "{", "[]", '{"Statement": 7}', '{"Statement": {"Effect": "Allow"}}'):
        assert summarize(text) == () and gives(text).kind == "nothing"
    (row,) = summarize(written({"Action": "nosuch:Thing"}))
    assert row.levels == () and row.name == ""
    assert gives(written({"Action": "nosuch:Thing"})).kind == "nothing"


def test_every_policy_of_aws_has_a_summary_soon() -> None:
    began = time.perf_counter()
    kinds = {policy.name: gives(managed_text(policy)).kind for policy in catalog.managed_policies()}
    assert time.perf_counter() - began < 20
    unknown = {name for name, kind in kinds.items() if kind == "nothing"}
    assert unknown <= {"AWSDeepRacerAccountAdminAccess", "RDSCloudHsmAuthorizationRole"}  # services that are no more
    assert kinds["IAMReadOnlyAccess"] == "read" and kinds["IAMFullAccess"] == "permissions"
    assert kinds["AWSDenyAll"] == "deny" and kinds["AmazonSQSFullAccess"] == "permissions"


def managed_text(policy: catalog.ManagedPolicy) -> str:
    return catalog.document(policy.arn, policy.default_version) or ""
