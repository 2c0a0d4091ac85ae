"""The policy simulator, held against the vectors and against what enforcement says of the same requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ostiary.authorization.caller import Caller, CallerKind
from ostiary.services.operation import OPERATIONS
from tests.iam.asking import Iam
from tests.iam.having import S3_READ_ONLY, new_policy, new_role
from tests.world import ACCOUNT, OTHER, document

ARN = f"arn:aws:iam::{ACCOUNT}:"
ALICE = f"{ARN}user/alice"
VECTORS = json.loads((Path(__file__).parent.parent / "vectors/simulator/simulator.json").read_text("utf-8"))
SIMULATE = ("SimulateCustomPolicy", "SimulatePrincipalPolicy")


def in_some_order(statements: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in statements)


def one(answer: dict[str, Any]) -> dict[str, Any]:
    """The single result."""
    assert len(answer["EvaluationResults"]) == 1
    result: dict[str, Any] = answer["EvaluationResults"][0]
    return result


def simulate(iam: Iam, action: str, *resources: str, entity: str = ALICE, **more: Any) -> dict[str, Any]:
    """The result of one action of an entity."""
    given = {"ResourceArns": list(resources)} if resources else {}
    return one(iam("SimulatePrincipalPolicy", PolicySourceArn=entity, ActionNames=[action], **given, **more))


def put(iam: Iam, user: str, name: str, text: str) -> None:
    iam("PutUserPolicy", UserName=user, PolicyName=name, PolicyDocument=text)


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["id"])
def test_a_simulator_vector_holds(iam: Iam, entry: dict[str, Any]) -> None:
    expected = entry["expected"]
    if "error" in expected:
        assert iam.fault("SimulateCustomPolicy", **entry["request"])[0] == expected["error"]
        return
    result = one(iam("SimulateCustomPolicy", **entry["request"]))
    for name, value in expected.items():
        if name == "MatchedStatements":
            assert in_some_order(result[name]) == in_some_order(value), entry["description"]
        else:
            assert result[name] == value, entry["description"]


def test_all_the_vectors_are_there() -> None:
    assert len(VECTORS) == 20


def test_a_user_s_groups_and_managed_policies_count_and_are_named(iam: Iam) -> None:
    iam.users("alice")
    iam("CreateGroup", GroupName="team")
    iam("AddUserToGroup", GroupName="team", UserName="alice")
    iam("PutGroupPolicy", GroupName="team", PolicyName="queues", PolicyDocument=document("sqs:*"))
    iam("AttachUserPolicy", UserName="alice", PolicyArn=S3_READ_ONLY)
    put(iam, "alice", "own", document("sns:*"))
    expected = {
        "sqs:SendMessage": "group_team_queues",
        "s3:GetObject": "AmazonS3ReadOnlyAccess",
        "sns:Publish": "user_alice_own",
    }
    for action, source in expected.items():
        result = simulate(iam, action)
        assert result["EvalDecision"] == "allowed"
        assert [each["SourcePolicyId"] for each in result["MatchedStatements"]] == [source]
    assert simulate(iam, "ec2:RunInstances")["EvalDecision"] == "implicitDeny"
    team = simulate(iam, "sqs:SendMessage", entity=f"{ARN}group/team")
    assert [each["SourcePolicyId"] for each in team["MatchedStatements"]] == ["group_team_queues"]


def test_a_role_s_inline_policy_is_named_after_the_role(iam: Iam) -> None:
    role = new_role(iam)
    iam("PutRolePolicy", RoleName="runner", PolicyName="own", PolicyDocument=document("sns:*"))
    result = simulate(iam, "sns:Publish", entity=role)
    assert [each["SourcePolicyId"] for each in result["MatchedStatements"]] == ["role_runner_own"]


def test_documents_that_are_handed_in_come_on_top(iam: Iam) -> None:
    iam.users("alice")
    put(iam, "alice", "own", document("s3:*"))
    more = {"PolicyInputList": [document("s3:DeleteObject", effect="Deny"), document("sqs:*")]}
    assert simulate(iam, "s3:GetObject", **more)["EvalDecision"] == "allowed"
    refused = simulate(iam, "s3:DeleteObject", **more)
    assert refused["EvalDecision"] == "explicitDeny"
    assert [each["SourcePolicyId"] for each in refused["MatchedStatements"]] == ["PolicyInputList.1"]
    assert simulate(iam, "sqs:SendMessage", **more)["EvalDecision"] == "allowed"


def test_the_most_restrictive_resource_gives_the_decision_and_each_has_its_own(iam: Iam) -> None:
    iam.users("alice")
    put(iam, "alice", "own", document("s3:GetObject", "arn:aws:s3:::box/*"))
    put(iam, "alice", "never", document("s3:*", "arn:aws:s3:::vault/*", effect="Deny"))
    inside, outside, vault = "arn:aws:s3:::box/a", "arn:aws:s3:::other/a", "arn:aws:s3:::vault/a"
    result = simulate(iam, "s3:GetObject", inside, outside)
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])
    assert result["EvalResourceName"] == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
    found = [(each["EvalResourceName"], each["EvalResourceDecision"]) for each in result["ResourceSpecificResults"]]
    assert found == [(inside, "allowed"), (outside, "implicitDeny")]
    result = simulate(iam, "s3:GetObject", inside, vault)
    assert result["EvalDecision"] == "explicitDeny"
    assert [each["SourcePolicyId"] for each in result["MatchedStatements"]] == ["user_alice_never"]
    everywhere = simulate(iam, "s3:GetObject")
    assert everywhere["EvalResourceName"] == "*"
    assert not {"ResourceSpecificResults", "EvalDecisionDetails"} & set(everywhere)


def test_an_entity_s_boundary_counts_unless_another_is_handed_in_or_it_is_excluded(iam: Iam) -> None:
    boundary = new_policy(iam, "limit", PolicyDocument=document("sqs:*"))
    iam("CreateUser", UserName="alice", PermissionsBoundary=boundary)
    put(iam, "alice", "own", document("s3:*"))
    result = simulate(iam, "s3:GetObject")
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    wider = simulate(iam, "s3:GetObject", PermissionsBoundaryPolicyInputList=[document("s3:*")])
    assert wider["EvalDecision"] == "allowed"
    assert wider["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    without = simulate(iam, "s3:GetObject", PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    assert without["EvalDecision"] == "allowed"
    assert "PermissionsBoundaryDecisionDetail" not in without


def test_policies_are_excluded_by_type_by_arn_and_by_name(iam: Iam) -> None:
    iam.users("alice")
    mine = new_policy(iam, "mine", PolicyDocument=document("sns:*"))
    iam("AttachUserPolicy", UserName="alice", PolicyArn=mine)
    iam("AttachUserPolicy", UserName="alice", PolicyArn=S3_READ_ONLY)
    put(iam, "alice", "own", document("sqs:*"))
    inline = {"PolicyName": "own", "AttachmentType": "user", "AttachmentName": "al?*"}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"PolicyType": "inline"}, "sqs:SendMessage"),
        ({"PolicyType": "aws-managed"}, "s3:GetObject"),
        ({"PolicyType": "user-managed"}, "sns:Publish"),
        ({"PolicyArn": f"{ARN}policy/mi*"}, "sns:Publish"),
        ({"PolicyArn": S3_READ_ONLY}, "s3:GetObject"),
        ({"InlinePolicyIdentifier": inline}, "sqs:SendMessage"),
    ]
    for exclusion, gone in cases:
        for action in ("sqs:SendMessage", "s3:GetObject", "sns:Publish"):
            result = simulate(iam, action, PolicyExclusionList=[exclusion])
            assert result["EvalDecision"] == ("implicitDeny" if action == gone else "allowed"), (exclusion, action)
    two_stars = [{"PolicyArn": f"{ARN}policy/*i*"}]
    asked = {"PolicySourceArn": ALICE, "ActionNames": ["sns:Publish"], "PolicyExclusionList": two_stars}
    assert iam.fault("SimulatePrincipalPolicy", **asked)[0] == "InvalidInput"


def test_organization_policies_that_are_handed_in_must_allow_at_every_level(iam: Iam) -> None:
    everything, queues = document("*"), document("sqs:*")

    def asked(*levels: list[str]) -> dict[str, Any]:
        ordered = [{"ServiceControlPolicyInputList": level} for level in levels]
        return one(
            iam(
                "SimulateCustomPolicy",
                PolicyInputList=[everything],
                ActionNames=["s3:GetObject"],
                ResourceArns=["arn:aws:s3:::box/a"],
                OrderedOrganizationPolicyInputList=ordered,
            )
        )

    allowed = asked([everything], [everything])
    assert allowed["EvalDecision"] == "allowed"
    assert allowed["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    for levels in ([everything], [queues]), ([queues], [everything]), ([everything], []):
        refused = asked(*levels)
        assert refused["EvalDecision"] == "implicitDeny"
        assert refused["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
        assert refused["MatchedStatements"] == []
        assert not {"ResourceSpecificResults", "EvalDecisionDetails"} & set(refused)
    denied = asked([everything, document("s3:*", effect="Deny")])
    assert (denied["EvalDecision"], denied["MatchedStatements"]) == ("explicitDeny", [])


def test_what_is_known_of_a_user_fills_conditions_and_variables_and_entries_replace_it(iam: Iam) -> None:
    iam("CreateUser", UserName="alice", Tags=[{"Key": "team", "Value": "blue"}])
    own = document("s3:*", "arn:aws:s3:::box/${aws:username}/*")
    put(iam, "alice", "own", own)
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}, "Bool": {"aws:SecureTransport": "true"}}
    put(iam, "alice", "tagged", document("sqs:*", Condition=condition))
    assert simulate(iam, "s3:GetObject", "arn:aws:s3:::box/alice/x")["EvalDecision"] == "allowed"
    assert simulate(iam, "s3:GetObject", "arn:aws:s3:::box/bob/x")["EvalDecision"] == "implicitDeny"
    result = simulate(iam, "sqs:SendMessage")
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["aws:SecureTransport"])
    secure = {"ContextKeyName": "aws:securetransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}
    assert simulate(iam, "sqs:SendMessage", ContextEntries=[secure])["EvalDecision"] == "allowed"
    red = {"ContextKeyName": "AWS:PrincipalTag/TEAM", "ContextKeyType": "string", "ContextKeyValues": ["red"]}
    assert simulate(iam, "sqs:SendMessage", ContextEntries=[secure, red])["EvalDecision"] == "implicitDeny"


def test_somebody_else_may_be_simulated_with_the_same_policies(iam: Iam) -> None:
    iam.users("alice")
    put(iam, "alice", "own", document("s3:*", "arn:aws:s3:::box/${aws:username}/*"))
    bobs = "arn:aws:s3:::box/bob/x"
    assert simulate(iam, "s3:GetObject", bobs, CallerArn=f"{ARN}user/bob")["EvalDecision"] == "allowed"


@pytest.mark.parametrize("kind", ["numeric", "boolean", "ip", "binary", "date"])
def test_a_context_entry_must_be_of_its_type(iam: Iam, kind: str) -> None:
    def asked(values: list[str], kind: str) -> dict[str, Any]:
        entry = {"ContextKeyName": "aws:thing", "ContextKeyType": kind, "ContextKeyValues": values}
        return {"PolicyInputList": [], "ActionNames": ["s3:GetObject"], "ContextEntries": [entry]}

    good = {"numeric": "12.5", "boolean": "TRUE", "ip": "192.0.2.1", "binary": "QUI=", "date": "2026-01-01T00:00:00Z"}
    iam("SimulateCustomPolicy", **asked([good[kind]], kind))
    iam("SimulateCustomPolicy", **asked([good[kind]] * 2, f"{kind}List"))
    iam("SimulateCustomPolicy", **asked([], f"{kind}List"))
    for values, of in (["x!"], kind), ([good[kind]] * 2, kind), ([], kind), ([good[kind], "x!"], f"{kind}List"):
        assert iam.fault("SimulateCustomPolicy", **asked(values, of))[0] == "InvalidInput"


@pytest.mark.parametrize("params", [
    {"ActionNames": ["s3"]},
    {"ActionNames": ["s3:*"]},
    {"ResourceArns": ["box"]},
    {"ResourceOwner": ACCOUNT},
    {"PolicyInputList": ["{}"]},
    {"PermissionsBoundaryPolicyInputList": [document("*"), document("*")]},
    {"ResourcePolicy": document("*", Principal="*")},
    {"ResourcePolicy": document("*", Principal="*"), "CallerArn": f"{ARN}role/r"},
    {"CallerArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"},
    {"ResourceHandlingOption": "EC2-Moon"},
    {"ResourceHandlingOption": "EC2-VPC-EBS", "ResourceArns": [f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/*"]},
    {"ContextEntries": [{"ContextKeyName": "aws:One", "ContextKeyValues": []}] * 2},
], ids=str)  # fmt: skip
def test_what_can_t_be_simulated_is_invalid_input(iam: Iam, params: dict[str, Any]) -> None:
    asked = {"PolicyInputList": [document("*")], "ActionNames": ["s3:GetObject"], **params}
    assert iam.fault("SimulateCustomPolicy", **asked)[0] == "InvalidInput"


def test_the_resources_of_an_ec2_scenario_may_all_be_there(iam: Iam) -> None:
    kinds = ("instance", "image", "security-group", "network-interface", "volume")
    arns = [f"arn:aws:ec2:us-east-1:{ACCOUNT}:{kind}/x" for kind in kinds]
    asked = {"PolicyInputList": [document("ec2:*")], "ActionNames": ["ec2:RunInstances"], "ResourceArns": arns}
    assert one(iam("SimulateCustomPolicy", ResourceHandlingOption="EC2-VPC-EBS", **asked))["EvalDecision"] == "allowed"


def test_only_what_is_somebody_can_be_simulated(iam: Iam) -> None:
    asked = {"ActionNames": ["s3:GetObject"]}
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"
    assert iam.fault("SimulatePrincipalPolicy", PolicySourceArn=session, **asked) == (
        "InvalidInput",
        f"Invalid Entity Arn: {session} does not clearly define entity type and name.",
    )
    for arn in (ALICE, f"arn:aws:iam::{OTHER}:user/alice", f"{ARN}group/g"):
        for name in ("SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy"):
            more = asked if name.startswith("Simulate") else {}
            said = iam.fault(name, PolicySourceArn=arn, **more)
            assert said == ("NoSuchEntity", "Unable to retrieve specified IAM entity.")


def test_long_simulations_come_in_pages_of_bounded_work(iam: Iam) -> None:
    names = [f"s3:Get{number}" for number in range(25)]
    asked = {"PolicyInputList": [document("s3:*")], "ActionNames": names}
    first = iam("SimulateCustomPolicy", MaxItems=10, **asked)
    assert first["IsTruncated"]
    seen, marker = list(first["EvaluationResults"]), first["Marker"]
    while marker:
        answer = iam("SimulateCustomPolicy", MaxItems=10, Marker=marker, **asked)
        seen += answer["EvaluationResults"]
        marker = answer.get("Marker")
    assert [each["EvalActionName"] for each in seen] == names
    wide = iam("SimulateCustomPolicy", ResourceArns=[f"arn:aws:s3:::b/{n}" for n in range(500)], **asked)
    assert (len(wide["EvaluationResults"]), wide["IsTruncated"]) == (2, True)


def test_context_keys_are_those_of_conditions_and_variables_of_groups_too(iam: Iam) -> None:
    iam.users("alice")
    iam("CreateGroup", GroupName="team")
    iam("AddUserToGroup", GroupName="team", UserName="alice")
    own = document("s3:*", "arn:aws:s3:::box/${aws:username}/*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    put(iam, "alice", "own", own)
    inline = document("sqs:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "${aws:userid}"}})
    iam("PutGroupPolicy", GroupName="team", PolicyName="p", PolicyDocument=inline)
    further = document("*", Condition={"IpAddress": {"AWS:securetransport": "1.2.3.4/8", "aws:SourceIp": "1.2.3.4"}})
    custom = iam("GetContextKeysForCustomPolicy", PolicyInputList=[own])
    assert custom["ContextKeyNames"] == ["aws:SecureTransport", "aws:username"]
    keys = iam("GetContextKeysForPrincipalPolicy", PolicySourceArn=ALICE, PolicyInputList=[further])
    assert keys["ContextKeyNames"] == [
        "aws:PrincipalTag/team",
        "aws:SecureTransport",
        "aws:SourceIp",
        "aws:userid",
        "aws:username",
    ]
    assert iam.fault("GetContextKeysForCustomPolicy", PolicyInputList=["{"])[0] == "InvalidInput"


def test_a_key_without_a_policy_is_as_allowed_as_its_account_makes_it(iam: Iam) -> None:
    iam.users("alice")
    put(iam, "alice", "own", document("kms:Decrypt"))
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    result = simulate(iam, "kms:Decrypt", key)
    assert result["EvalDecision"] == "allowed"
    assert [each["SourcePolicyId"] for each in result["MatchedStatements"]] == ["user_alice_own"]
    nobody = document("kms:Decrypt", Principal={"AWS": f"{ARN}user/bob"})
    assert simulate(iam, "kms:Decrypt", key, ResourcePolicy=nobody)["EvalDecision"] == "implicitDeny"


@pytest.mark.parametrize("name", [*SIMULATE, "GetContextKeysForCustomPolicy", "GetContextKeysForPrincipalPolicy"])
def test_the_permission_is_on_the_entity_or_on_everything(iam: Iam, name: str) -> None:
    iam.users("alice", "asker")
    params: dict[str, Any] = {"ActionNames": ["s3:GetObject"]} if name in SIMULATE else {}
    if "Principal" in name:
        params["PolicySourceArn"] = on = ALICE
    else:
        params["PolicyInputList"], on = [document("*")], "*"
    iam(name, by=iam.may("asker", f"iam:{name}", on), **params)
    assert iam.fault(name, by=iam.may("asker", f"iam:{name}", f"{ARN}user/other"), **params)[0] == "AccessDenied"
    others = [each for service, each in OPERATIONS if service == "iam" and each != name]
    assert iam.fault(name, by=iam.may("asker", [f"iam:{each}" for each in others], on), **params)[0] == "AccessDenied"


def test_callers_are_of_the_kinds_that_the_judge_knows(iam: Iam) -> None:
    """The keys that the simulator fills in are those that a request of the same user has."""
    iam.users("alice")
    caller: Caller = iam.world.user("alice")
    assert caller.kind is CallerKind.USER
    for key, value in {"aws:username": "alice", "aws:userid": caller.user_id, "aws:PrincipalArn": ALICE}.items():
        put(iam, "alice", "own", document("sqs:*", Condition={"StringEquals": {key: value}}))
        assert simulate(iam, "sqs:SendMessage")["EvalDecision"] == "allowed", key
