"""What makes a bucket policy public: Amazon S3 User Guide, "The meaning of public"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostiary.services.s3.public import EVERYTHING, is_public, read_switches, shown_switches


def policy(*conditions: dict[str, Any], **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", **more}
    if conditions:
        statement["Condition"] = {key: value for each in conditions for key, value in each.items()}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


NARROW = {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}


@pytest.mark.parametrize(
    ("text", "public"),
    [
        # the examples of the page
        (policy({"StringLike": {"aws:SourceVpc": "vpc-*"}}), True),
        (policy({"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}), False),
        (policy({"StringLike": {"aws:SourceVpc": ["vpc-91237329", "vpc-*"]}}), True),
        (policy({"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}), False),
        (policy({"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:*:accesspoint/a"}}), True),
        (policy({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), False),
        (policy({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}), True),
        (policy({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), True),
        (policy({"IpAddress": {"aws:SourceIp": "11.0.0.0/7"}}), True),
        (policy({"IpAddress": {"aws:SourceIp": "172.16.0.0/12"}}), False),
        (policy({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}), False),
        (policy({"IpAddress": {"aws:SourceIp": "2000::/3"}}), True),
        (policy({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}), True),
        # who
        (policy(), True),
        (policy(Principal={"AWS": "*"}), True),
        (policy(Principal={"AWS": ["123456789012", "*"]}), True),
        (policy(Principal={"AWS": "arn:aws:iam::123456789012:user/a"}), False),
        (policy(Principal={"Service": "logging.s3.amazonaws.com"}), False),
        (policy(Effect="Deny"), False),
        # conditions that bind nobody
        (policy({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), False),
        (policy({"StringEquals": {"AWS:PRINCIPALORGID": "o-1"}}), False),
        (policy({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}), True),
        (policy({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), True),
        (policy({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}), True),
        (policy({"StringEquals": {"aws:PrincipalOrgID": []}}), True),
        (policy({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-1"}}), True),
        (policy({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-1/r-1/"}}), False),
        (policy({"StringEquals": {"aws:userid": "AROAEXAMPLE:*"}}), True),
        (policy({"StringEquals": {"s3:authType": "REST-HEADER"}}), True),
        (policy({"Bool": {"aws:SecureTransport": "true"}}), True),
        (policy({"Bool": {"aws:SecureTransport": "true"}}, NARROW), False),
    ],
    ids=lambda each: str(each)[70:170],
)
def test_a_policy_is_public_by_the_meaning_of_public(text: str, public: bool) -> None:
    assert is_public(text) is public


def test_one_public_statement_among_others_is_enough() -> None:
    narrow, wide = (json.loads(policy(*each))["Statement"][0] for each in ((NARROW,), ()))
    assert is_public(json.dumps({"Statement": [narrow, wide]}))
    assert not is_public(json.dumps({"Statement": narrow}))


def test_switches_are_kept_as_bits_and_shown_by_name() -> None:
    assert shown_switches(EVERYTHING) == dict.fromkeys(shown_switches(0), True)
    for name in shown_switches(0):
        assert [each for each, on in shown_switches(read_switches({name: True})).items() if on] == [name]
