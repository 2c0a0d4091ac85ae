"""What EC2 operations ask for: the resources, the condition keys, and above all the passing of roles."""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.authorization.caller import Caller
from tests.ec2.calling import IMAGE, INSTANCES, REGION, Ec2, allow
from tests.world import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/web-role"
LAUNCH = allow("ec2:RunInstances")
ONE: dict[str, Any] = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1}
WITH_PROFILE: dict[str, Any] = {**ONE, "IamInstanceProfile": {"Name": "web"}}


def denied(ec2: Ec2, by: Caller, operation: str, **params: Any) -> str:
    code, message = ec2.refused(operation, by=by, **params)
    assert code == "UnauthorizedOperation"
    assert message.startswith("You are not authorized to perform this operation. User: ")
    return message


def test_a_role_can_only_be_given_by_whoever_may_pass_it(ec2: Ec2) -> None:
    ec2.profile()
    by = ec2.user("starter", LAUNCH)
    assert ec2.run(by=by)
    message = denied(ec2, by, "RunInstances", **WITH_PROFILE)
    assert f"is not authorized to perform: iam:PassRole on resource: {ROLE}" in message
    passer = ec2.user("passer", LAUNCH, allow("iam:PassRole", ROLE))
    assert ec2.run(by=passer, IamInstanceProfile={"Name": "web"})


@pytest.mark.parametrize(
    ("condition", "may"),
    [
        ({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, True),
        ({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}, False),
        ({"ArnLike": {"iam:AssociatedResourceArn": f"arn:aws:ec2:*:{ACCOUNT}:instance/*"}}, True),
        ({"ArnLike": {"iam:AssociatedResourceArn": f"arn:aws:lambda:*:{ACCOUNT}:function:*"}}, False),
    ],
)
def test_passing_knows_the_service_and_the_resource(ec2: Ec2, condition: dict[str, Any], may: bool) -> None:
    ec2.profile()
    by = ec2.user("passer", LAUNCH, allow("iam:PassRole", ROLE, **condition))
    if may:
        assert ec2.run(by=by, IamInstanceProfile={"Name": "web"})
    else:
        denied(ec2, by, "RunInstances", **WITH_PROFILE)


def test_associating_and_replacing_pass_the_role_too(ec2: Ec2) -> None:
    ec2.profile()
    ec2.profile("admin", "admin-role")
    by = ec2.user("operator", allow("ec2:*"), allow("iam:PassRole", ROLE))
    instance_id = ec2.run(by=by)
    asked = {"InstanceId": instance_id, "IamInstanceProfile": {"Name": "admin"}}
    assert "iam:PassRole" in denied(ec2, by, "AssociateIamInstanceProfile", **asked)
    given = ec2("AssociateIamInstanceProfile", by=by, InstanceId=instance_id, IamInstanceProfile={"Name": "web"})
    held = given["IamInstanceProfileAssociation"]["AssociationId"]
    replacing = {"AssociationId": held, "IamInstanceProfile": {"Name": "admin"}}
    assert "role/admin-role" in denied(ec2, by, "ReplaceIamInstanceProfileAssociation", **replacing)
    assert ec2.shown(instance_id)["IamInstanceProfile"]["Arn"].endswith("/web")


@pytest.mark.parametrize(
    "missing", ["instance/*", f"image/{IMAGE}", "network-interface/*", "security-group/*", "subnet/*"]
)
def test_a_launch_needs_every_resource_that_the_reference_requires(ec2: Ec2, missing: str) -> None:
    kinds = ["instance/*", f"image/{IMAGE}", "network-interface/*", "security-group/*", "subnet/*"]
    arns = {kind: f"arn:aws:ec2:{REGION}:{'' if kind.startswith('image') else ACCOUNT}:{kind}" for kind in kinds}
    able = ec2.user("able", allow("ec2:RunInstances", list(arns.values())))
    assert ec2.run(by=able)
    unable = ec2.user("unable", allow("ec2:RunInstances", [arn for kind, arn in arns.items() if kind != missing]))
    message = denied(ec2, unable, "RunInstances", **ONE)
    assert f"ec2:RunInstances on resource: {arns[missing].removesuffix('*')}" in message


def test_tagging_at_launch_is_a_permission_of_its_own(ec2: Ec2) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "blue"}]}]
    by = ec2.user("starter", LAUNCH)
    assert "ec2:CreateTags" in denied(ec2, by, "RunInstances", **ONE, TagSpecifications=tags)
    condition = {"StringEquals": {"ec2:CreateAction": "RunInstances", "aws:RequestTag/team": "blue"}}
    tagger = ec2.user("tagger", LAUNCH, allow("ec2:CreateTags", INSTANCES + "*", **condition))
    instance_id = ec2.run(by=tagger, TagSpecifications=tags)
    assert ec2.shown(instance_id)["Tags"] == [{"Key": "team", "Value": "blue"}]
    denied(ec2, tagger, "CreateTags", Resources=[instance_id], Tags=[{"Key": "team", "Value": "blue"}])


@pytest.mark.parametrize(
    ("condition", "params", "may"),
    [
        ({"StringEquals": {"ec2:InstanceType": "t3.micro"}}, {"InstanceType": "t3.micro"}, True),
        ({"StringEquals": {"ec2:InstanceType": "t3.micro"}}, {"InstanceType": "m5.large"}, False),
        (
            {"StringEquals": {"ec2:MetadataHttpTokens": "required"}},
            {"MetadataOptions": {"HttpTokens": "required"}},
            True,
        ),
        ({"StringEquals": {"ec2:MetadataHttpTokens": "required"}}, {}, False),
        ({"NumericLessThan": {"ec2:MetadataHttpPutResponseHopLimit": "2"}}, {}, True),
        ({"StringEquals": {"ec2:Region": REGION}}, {}, True),
        ({"StringEquals": {"ec2:Region": "eu-west-1"}}, {}, False),
        ({"Null": {"aws:RequestTag/team": "false"}}, {}, False),
    ],
)
def test_launches_are_held_to_conditions(
    ec2: Ec2, condition: dict[str, Any], params: dict[str, Any], may: bool
) -> None:
    rest = [f"arn:aws:ec2:*:*:{kind}/*" for kind in ("image", "network-interface", "security-group", "subnet")]
    conditional = allow("ec2:RunInstances", INSTANCES + "*", **condition)
    by = ec2.user("starter", allow("ec2:RunInstances", rest), conditional)
    if may:
        assert ec2.run(by=by, **params)
    else:
        assert f"on resource: {INSTANCES}" in denied(ec2, by, "RunInstances", **{**ONE, **params})


def test_an_instance_is_ended_by_whoever_its_tags_name(ec2: Ec2) -> None:
    def tagged(owner: str) -> str:
        return ec2.run(TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Owner", "Value": owner}]}])

    condition = {"StringEquals": {"ec2:ResourceTag/Owner": "${aws:username}"}}
    by = ec2.user("alice", allow("ec2:TerminateInstances", **condition))
    mine, theirs = tagged("alice"), tagged("bob")
    message = denied(ec2, by, "TerminateInstances", InstanceIds=[mine, theirs])
    assert INSTANCES + theirs in message
    assert ec2("TerminateInstances", by=by, InstanceIds=[mine])


def test_the_profile_an_instance_has_and_gets_are_condition_keys(ec2: Ec2) -> None:
    web, admin = ec2.profile(), ec2.profile("admin", "admin-role")
    instance_id = ec2.run(IamInstanceProfile={"Name": "web"})
    association = ec2("DescribeIamInstanceProfileAssociations")["IamInstanceProfileAssociations"][0]["AssociationId"]
    condition = {"ArnEquals": {"ec2:InstanceProfile": web, "ec2:NewInstanceProfile": admin}}
    able = ec2.user("able", allow("ec2:Replace*", **condition), allow("iam:PassRole"))
    swapped = {"ArnEquals": {"ec2:InstanceProfile": admin, "ec2:NewInstanceProfile": web}}
    unable = ec2.user("unable", allow("ec2:Replace*", **swapped), allow("iam:PassRole"))
    asked = {"AssociationId": association, "IamInstanceProfile": {"Name": "admin"}}
    denied(ec2, unable, "ReplaceIamInstanceProfileAssociation", **asked)
    assert ec2("ReplaceIamInstanceProfileAssociation", by=able, **asked)
    assert ec2.shown(instance_id)["IamInstanceProfile"]["Arn"] == admin


def test_a_dry_run_without_permission_is_unauthorized(ec2: Ec2) -> None:
    denied(ec2, ec2.user("nobody", allow("s3:*")), "RunInstances", **ONE, DryRun=True)


def test_whoever_may_do_nothing_does_not_learn_whether_an_instance_exists(ec2: Ec2) -> None:
    by = ec2.user("nobody", allow("s3:*"))
    there, not_there = ec2.run(), "i-0123456789abcdef0"
    messages = [denied(ec2, by, "TerminateInstances", InstanceIds=[each]) for each in (there, not_there)]
    assert messages[0].replace(there, not_there) == messages[1]
