"""What PutBucketPolicy refuses, in the words that S3 was heard to use."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.policy_grammar import check_policy

OBJECTS = "arn:aws:s3:::box/*"
WHOLE: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}
NEVER = "Conditions do not apply to combination of actions and resources in statement"


def statement(without: str = "", **more: Any) -> str:
    said = {name: value for name, value in {**WHOLE, **more}.items() if name != without}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def when(key: str, operator: str = "StringEquals", value: Any = "x") -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


def said(text: str) -> str | None:
    """The refusal's message; None where there is none."""
    try:
        check_policy(text, "box", lambda canonical_id: canonical_id == "a" * 64)
    except ServiceFault as fault:
        assert (fault.code, fault.status) == ("MalformedPolicy", 400)
        return fault.message
    return None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        (" {}", "Policies must be valid JSON and the first byte must be '{'"),
        ("{", "Policies must be valid JSON and the first byte must be '{'"),
        ("[" * 50_000, "Policies must be valid JSON and the first byte must be '{'"),
        ('{"Statement": 1}', "Invalid policy syntax."),
        ("{}", "Missing required field Statement"),
        ('{"Statement": []}', "Could not parse the policy: Statement is empty!"),
        ('{"Version": "2020-01-01", "Statement": [{}]}', "The policy must contain a valid version string"),
        ('{"Version": ["2012-10-17"], "Statement": [{}]}', "The policy must contain a valid version string"),
        ('{"Version": {}, "Statement": [{}]}', "The policy must contain a valid version string"),
        ('{"statement": []}', "Unknown field statement"),
        (statement(condition={}), "Unknown field condition"),
        (statement(without="Effect"), "Missing required field Effect"),
        (statement(without="Principal"), "Missing required field Principal"),
        (statement(without="Action"), "Missing required field Action"),
        (statement(without="Resource"), "Missing required field Resource"),
        (statement(Effect="hello"), "Invalid effect: hello"),
        (statement(Action="s3:GetObjekt"), "Policy has invalid action"),
        (statement(Action="iam:CreateUser"), "Policy has invalid action"),
        (statement(Resource="arn:aws:s3:::boxes/*"), "Policy has invalid resource"),
        (statement(Resource="arn:aws:s3:::another"), "Policy has invalid resource"),
        (statement(Principal={"CanonicalUser": "b" * 64}), "Invalid principal in policy"),
        (statement(Principal={"CanonicalUser": "b"}), "Invalid principal in policy"),
        (statement(Resource="arn:aws:s3:::box"), "Action does not apply to any resource(s) in statement"),
        (statement(Action="s3:ListBucket"), "Action does not apply to any resource(s) in statement"),
        (
            statement(Action=["s3:GetObject", "s3:ListBucket"]),
            "Action does not apply to any resource(s) in statement",
        ),
        (statement(**when("s3:nothing")), "Policy has an invalid condition key"),
        (statement(**when("aws:SourceIp", "Equals")), "Invalid Condition type : Equals"),
        (statement(**when("aws:SourceIp", "IpAddress", "here")), "Invalid IP address in Conditions"),
        (statement(**when("s3:prefix")), NEVER),
        # seen by live tests against AWS: each action of a statement must have the key
        (statement(Action="s3:GetObjectRetention", **when("s3:ExistingObjectTag/a")), NEVER),
        (statement(Action="s3:PutObject", **when("s3:ExistingObjectTag/a")), NEVER),
        (statement(Action="s3:DeleteObject", **when("s3:ExistingObjectTag/a")), NEVER),
        (statement(Action="s3:PutObjectAcl", **when("s3:RequestObjectTag/a")), NEVER),
        (statement(Action=["s3:GetObject", "s3:PutObject"], **when("s3:x-amz-acl")), NEVER),
        (statement(Action=["s3:GetObject", "s3:PutObject"], **when("s3:x-amz-copy-source")), NEVER),
        (statement(Action=["s3:PutObjectAcl", "s3:PutObjectTagging"], **when("s3:RequestObjectTag/a")), NEVER),
    ],
)
def test_a_policy_is_refused_in_s3s_words(text: str, message: str) -> None:
    assert said(text) == message


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.sampled_from(["", "*", "s3:*", "Allow", OBJECTS, "aws:SourceIp"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*WHOLE, "Condition", "AWS", "CanonicalUser", "IpAddress"]), inner)
        ),
        max_leaves=12,
    ),
    st.sampled_from([*WHOLE, "Condition", "Sid", "NotPrincipal", "NotAction"]),
)
def test_whatever_stands_in_an_element_is_taken_or_refused(value: Any, element: str) -> None:
    said(statement(**{element: value}))
    said(json.dumps({"Version": value, "Statement": value}))


def test_many_patterns_and_many_keys_are_no_burden() -> None:
    keys = {f"s3:ExistingObjectTag/{number}": "a" for number in range(300)}
    began = time.process_time()
    assert said(statement(Action=["s3:*"] * 700, Condition={"StringEquals": keys})) is None
    assert said(statement(Action="s3:" + "*?" * 2000 + "!")) == "Policy has invalid action"
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        statement(),
        statement(Sid="a rule with spaces"),
        statement(Action="*", Resource=["arn:aws:s3:::box", OBJECTS]),
        statement(Action="s3:*"),
        statement(Action=["s3:GetObject", "s3:ListBucket"], Resource=["arn:aws:s3:::box", OBJECTS]),
        statement(Principal={"CanonicalUser": "a" * 64}),
        statement(Principal={"AWS": "arn:aws:iam::111122223333:root"}),
        statement(without="Action", NotAction="s3:DeleteObject"),
        statement(without="Resource", NotResource=OBJECTS),
        statement(**when("s3:ExistingObjectTag/a")),
        statement(**when("s3:authType")),
        statement(**when("aws:anything")),
        statement(Action="s3:Put*", **when("s3:x-amz-acl")),
        statement(Action="s3:GetObjectAttributes", **when("s3:ExistingObjectTag/a")),
        statement(Action="s3:DeleteObjectTagging", **when("s3:ExistingObjectTag/a")),
        statement(**when("aws:SourceIp", "IpAddress", ["203.0.113.0/24", "2001:db8::1"])),
    ],
)
def test_a_policy_that_aws_takes_is_taken(text: str) -> None:
    assert said(text) is None
