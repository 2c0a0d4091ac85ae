"""What may be saved, and in which words it is refused.

The wordings were recorded from IAM's CreatePolicy and CreateRole (published error messages).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostiary.policy import (
    DOCUMENT_LIMIT,
    MalformedPolicy,
    PolicyKind,
    check,
    compile_policy,
    map_principals,
    policy_size,
    referenced_condition_keys,
)
from tests.policy.build import ACCOUNT, allow, document

PUT: dict[str, Any] = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::example_bucket"}


def policy(*statements: Any, **more: Any) -> str:
    listed = list(statements) if len(statements) > 1 else statements[0]
    return json.dumps({"Version": "2012-10-17", "Statement": listed, **more})


def put(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**PUT, **changes}.items() if value is not None}


SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"
OLD = "Policy document must be version 2012-10-17 or greater."

RECORDED: list[tuple[str, str]] = [
    ("no json", SYNTAX),
    (json.dumps({"Statement": PUT}), OLD),
    (policy(PUT, Version="2013-10-17"), SYNTAX),
    (json.dumps({"Version": "2012-10-17"}), SYNTAX),
    (policy([]), SYNTAX),
    (policy(["text"]), SYNTAX),
    (policy(put(Effect="invalid")), SYNTAX),
    (policy(put(Effect="denY")), LEGACY),
    (policy(put(Effect=None)), SYNTAX),
    (policy(put(Action="invalid")), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (policy(put(Action="a a:ListBucket")), "Vendor a a is not valid"),
    (policy(put(Action="s3:List:Bucket")), "Actions/Condition can contain only one colon."),
    (policy(put(Resource="invalid resource")), 'Resource invalid resource must be in ARN format or "*".'),
    (policy(put(Resource="")), 'Resource  must be in ARN format or "*".'),
    (policy(put(Action="s:3:ListBucket", Resource="sdf")), 'Resource sdf must be in ARN format or "*".'),
    (policy(put(Resource="a:bsd")), 'Partition "bsd" is not valid for resource "arn:bsd:*:*:*:*".'),
    (policy(put(Resource="a:b:c:d:e:f:g:h")), 'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".'),
    (
        policy(put(Resource="aws:s3:::example_bucket")),
        'Partition "s3" is not valid for resource "arn:s3:::example_bucket:*".',
    ),
    (policy(put(Resource=None)), "Policy statement must contain resources."),
    (policy(put(Resource=None, Action="invalid")), "Policy statement must contain resources."),
    (policy({"Effect": "Allow"}), "Policy statement must contain actions."),
    (policy(put(Action=[])), "Policy statement must contain actions."),
    (policy(put(Resource=[])), "Policy statement must contain resources."),
    (policy(put(Resource="arn:aws:s3::example_bucket")), LEGACY),
    (policy(put(Action=None, Resource="arn:aws:s3::example_bucket")), LEGACY),
    (policy(put(Resource="arn:aws::::example_bucket")), LEGACY),
    (policy(put(Resource="arn:aws")), "Resource vendor must be fully qualified and cannot contain regexes."),
    (policy(put(Resource={"a": "b"})), SYNTAX),
    (policy(put(Resource=["adf", {}])), SYNTAX),
    (policy(put(NotResource="*")), SYNTAX),
    (policy(put(Action=[[]])), SYNTAX),
    (policy(put(NotAction="s3:*")), SYNTAX),
    (policy(put(Condition=[])), SYNTAX),
    (policy(put(Condition={"DateGreaterThan": "b"})), SYNTAX),
    (policy(put(Condition={"DateGreaterThan": {"a": {}}})), SYNTAX),
    (policy(put(Condition={"x": {"a": "1"}})), SYNTAX),
    (policy(put(Condition={"ForAnyValue::StringEqualsIfExists": {"a": "b"}})), SYNTAX),
    (policy(put(Condition={"DateGreaterThan": {"a": "sdfdsf"}})), LEGACY),
    (policy(put(Condition={"DateLessThanEquals": {"a": "234-13"}})), LEGACY),
    (policy(put(Condition={"DateLessThanEquals": {"a": "2016-12-13t2:00:00.593194+1"}})), LEGACY),
    (policy(put(Condition={"DateLessThan": {"a": "9223372036854775808"}})), LEGACY),
    (policy(put(Condition={"DateGreaterThan": {"a": "x"}}, Resource="arn:error:s3:::b")), LEGACY),
    (policy(put(Sid=[])), SYNTAX),
    (policy(put(Sid="a"), {"Sid": "a", "Effect": "Allow"}), "Statement IDs (SID) in a single policy must be unique."),
    (policy(put(Sid="a", Effect="aLLow"), {"Sid": "a", "Effect": "Allow"}), LEGACY),
    (json.dumps({"Statement": [put(Sid="a"), {"Sid": "a", "Effect": "Allow"}]}), OLD),
    (
        policy(put(Resource="arn:aws:iam:us-east-1::example_bucket")),
        "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information.",
    ),
    (
        policy(put(Resource="arn:aws:s3:us-east-1::example_bucket")),
        "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information.",
    ),
    (
        policy(put(Resource="arn:aws:iam:::example_bucket")),
        'IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, '
        "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, "
        "access-report/.",
    ),
]


@pytest.mark.parametrize(("text", "message"), RECORDED)
def test_a_managed_policy_is_refused_in_iams_words(text: str, message: str) -> None:
    with pytest.raises(MalformedPolicy) as refusal:
        check(text, PolicyKind.MANAGED)
    assert refusal.value.code == "MalformedPolicyDocument"
    assert refusal.value.message == message


ACCEPTED = [
    put(Action="iam: asdf safdsf af "),
    put(Action="*"),
    put(Action="service-prefix:action-name"),
    put(Action="s3.s:ListBucket"),
    put(Resource=["arn:aws:s3:::example_bucket", "*"]),
    put(Resource="arn:aws:iam:::user/example_bucket"),
    put(Resource="arn:aws:invalid-service:us-east-1::example_bucket"),
    put(Resource="arn:aws:rds:region:*:*"),
    put(Resource=f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"),
    put(Resource="arn:aws:s3:us-east-1:111122223333:accesspoint/ap/object/*"),
    put(Resource="arn:aws:sqs:us-east-1:*"),
    put(Resource=None, NotResource="*"),
    put(Condition={}),
    put(Condition={"DateGreaterThan": {}}),
    put(Condition={"DateGreaterThan": {"a": []}}),
    put(Condition={"a": {}}),
    put(Condition={"DateGreaterThan": {"a": "01T"}}),
    put(Condition={"DateLessThanEquals": {"a": "2016-12-13t2:00:00.593194+23"}}),
    put(Condition={"DateLessThan": {"a": "-292275054"}}),
    put(Condition={"ForAnyValue:StringEqualsIfExists": {"a": "asf"}}),
]


@pytest.mark.parametrize("statement", ACCEPTED)
def test_what_iam_accepts_is_accepted(statement: dict[str, Any]) -> None:
    assert check(policy(statement), PolicyKind.MANAGED).kind is PolicyKind.MANAGED


@pytest.mark.parametrize("kind", [PolicyKind.MANAGED, PolicyKind.USER_INLINE, PolicyKind.SESSION, PolicyKind.TRUST])
def test_a_document_may_have_an_id(kind: PolicyKind) -> None:
    trust = put(Action="sts:AssumeRole", Resource=None, Principal="*")
    assert check(policy(trust if kind is PolicyKind.TRUST else PUT, Id="shared-2026"), kind).kind is kind


@pytest.mark.parametrize("kind", [PolicyKind.SCP, PolicyKind.RCP])
def test_a_control_policy_has_no_id(kind: PolicyKind) -> None:
    with pytest.raises(MalformedPolicy):
        check(policy({**PUT, "Effect": "Deny", "Principal": "*"}, Id="shared-2026"), kind)


def test_a_resource_policy_may_list_nothing() -> None:
    check(policy(put(Action=[], Resource=[], Principal="*")), PolicyKind.RESOURCE)


def test_two_empty_statement_ids_are_not_the_same() -> None:
    check(policy(put(Sid=""), put(Sid="")), PolicyKind.MANAGED)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (PolicyKind.TRUST, "{", "This policy contains invalid Json"),
        (PolicyKind.TRUST, policy(put(Action="sts:AssumeRole", Principal="*")), "Has prohibited field Resource"),
        (
            PolicyKind.TRUST,
            policy(put(Action="sts:AssumeRole", Resource=None, Principal={"AWS": "bob"})),
            'Invalid principal in policy: "AWS":"bob"',
        ),
        (
            PolicyKind.TRUST,
            policy(put(Resource=None, Principal="*")),
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (PolicyKind.TRUST, policy(put(Action="sts:AssumeRole", Resource=None)), "Missing required field Principal"),
        (PolicyKind.IDENTITY, policy(put(Principal="*")), "Policy document should not specify a principal."),
        (
            PolicyKind.SCP,
            policy(put(Principal="*")),
            "The provided policy document does not meet the requirements of the specified policy type.",
        ),
    ],
)
def test_each_kind_refuses_in_its_own_words(kind: PolicyKind, text: str, message: str) -> None:
    with pytest.raises(MalformedPolicy) as refusal:
        check(text, kind)
    assert refusal.value.message == message


@pytest.mark.parametrize(
    "action", ["sts:InvalidAction", "sts:TagSessions", "sts:GetCallerIdentity", "*", ["sts:AssumeRole", "sts:Assume"]]
)
def test_a_trust_policy_speaks_of_assuming_the_role_alone(action: Any) -> None:
    """The first was recorded by LocalStack, the second by a user of Terraform."""
    with pytest.raises(MalformedPolicy) as refusal:
        check(policy(put(Action=action, Resource=None, Principal="*")), PolicyKind.TRUST)
    assert refusal.value.message == "AssumeRole policy may only specify STS AssumeRole actions."


@pytest.mark.parametrize(
    "action",
    [
        ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"],
        ["sts:AssumeRoleWithSAML", "STS:assumeRoleWithWebIdentity"],
        "sts:*",
        "sts:AssumeRole*",
    ],
)
def test_all_that_belongs_to_assuming_a_role_may_be_in_a_trust_policy(action: Any) -> None:
    check(policy(put(Action=action, Resource=None, Principal="*")), PolicyKind.TRUST)


def test_a_duplicate_key_is_found_where_it_stands() -> None:
    text = (
        '{"Version":"2012-10-17",\n "Statement":[{"Effect":"Allow",\n  "Effect":"Deny","Action":"*","Resource":"*"}]}'
    )
    for read in (lambda: check(text, PolicyKind.IDENTITY), lambda: compile_policy(text)):
        with pytest.raises(MalformedPolicy) as refusal:
            read()
        assert (refusal.value.line, refusal.value.column) == (3, 3)
        assert refusal.value.pointer == "/Statement/0/Effect"


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"Statement":['])
def test_deep_nesting_is_malformed_and_no_crash(opening: str) -> None:
    for text in (opening * 10_000, opening * 10_000 + "]" * 10_000):
        with pytest.raises(MalformedPolicy):
            compile_policy(text)
        with pytest.raises(MalformedPolicy):
            check(text, PolicyKind.IDENTITY)


@pytest.mark.parametrize(
    "text",
    ["", "nul\0", "NaN", '{"Version":"2012-10-17","Statement":[],"x":Infinity}', "\ufeff{}", "\ud800", "9" * 5000],
)
def test_what_is_no_json_text_is_malformed(text: str) -> None:
    with pytest.raises(MalformedPolicy):
        check(text, PolicyKind.IDENTITY)
    with pytest.raises(MalformedPolicy):
        compile_policy(text)


def test_a_number_in_a_condition_is_read_as_its_text() -> None:
    text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":%s}}'
    compiled = compile_policy(text % '{"NumericEquals":{"svc:n":[10, 1.50]},"Bool":{"svc:b":true}}')
    assert [test.values for test in compiled.statements[0].tests] == [("10", "1.50"), ("true",)]


def test_the_size_leaves_white_space_out_except_for_scps() -> None:
    text = document(allow("ec2:*"))
    loose = text.replace(" ", " " * 400)
    assert policy_size(loose) == policy_size(text) == len(text.replace(" ", ""))
    check(loose, PolicyKind.MANAGED, size_limit=policy_size(text))
    with pytest.raises(MalformedPolicy) as refusal:
        check(loose, PolicyKind.SCP, size_limit=policy_size(text))
    assert refusal.value.code == "LimitExceeded"
    with pytest.raises(MalformedPolicy):
        check(text + " " * DOCUMENT_LIMIT, PolicyKind.MANAGED)


def test_renaming_principals_changes_nothing_else() -> None:
    text = (
        '{ "Version": "2012-10-17", "Id": "arn:a",\n "Statement": [ {"Effect":"Deny", "NotPrincipal": {"AWS" : '
        '[ "arn:a", "arn:b" ], "Service": "arn:a"}, "Action": "arn:a", "Condition": {"StringLike": {"AWS": "arn:a"}} },'
        ' {"Effect":"Allow","Principal":{"AWS":"arn:a"},"Action":"*"} ] }'
    )
    names = {"arn:a": "AIDAEXAMPLE", "arn:b": "AROAEXAMPLE"}
    renamed = map_principals(text, lambda name: names.get(name, name))
    assert renamed == (
        text.replace('[ "arn:a", "arn:b" ]', '[ "AIDAEXAMPLE", "AROAEXAMPLE" ]').replace(
            '"Principal":{"AWS":"arn:a"}', '"Principal":{"AWS":"AIDAEXAMPLE"}'
        )
    )
    back = {new: old for old, new in names.items()}
    assert map_principals(renamed, lambda name: back.get(name, name)) == text
    assert map_principals('{"Statement":{"Principal":"*"}}', str.lower) == '{"Statement":{"Principal":"*"}}'


def test_the_condition_keys_of_a_policy_are_those_of_conditions_and_variables() -> None:
    compiled = compile_policy(
        document(
            allow(
                resource="arn:aws:s3:::b/${aws:PrincipalTag/team}",
                condition={"StringEquals": {"aws:SourceVpc": "${aws:userid}"}, "Bool": {"AWS:SecureTransport": "true"}},
            )
        )
    )
    keys = {"aws:principaltag/team", "aws:SourceVpc", "aws:userid", "AWS:SecureTransport"}
    assert referenced_condition_keys(compiled) == keys


def test_what_decides_is_read_strictly() -> None:
    for broken in (put(Conditon={}), put(Effect="allow"), put(Principal="bob"), put(NotAction="s3:*"), put(Action=1)):
        with pytest.raises(MalformedPolicy):
            compile_policy(policy(broken))
