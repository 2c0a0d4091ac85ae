"""GetRequestAuthorizationDetails tells how each permission was decided, and by which policies."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from ostiary.audit.authorization_id import request_id
from ostiary.audit.explanation import explained
from ostiary.authorization.judge import Ask, Judgement
from ostiary.policy import Attached, PolicyType, Pool, Source, compile_policy, decide
from ostiary.policy.cases import is_case, read_policies, read_request
from tests.organizations.asking import SCP, Organizations
from tests.sts.people import add_policy, add_role, add_user, assume, trust
from tests.toolbox.asking import Toolbox, effects
from tests.world import ACCOUNT, ALLOW_ALL, OTHER, document

BOX = "arn:aws:s3:::box"
GET = Ask(action="s3:GetObject", resource=f"{BOX}/key")


def bucket_policy(principal: Any, effect: str = "Allow") -> Pool:
    text = document("s3:GetObject", f"{BOX}/*", effect, Principal=principal, Sid="Box")
    source = Source(type=PolicyType.RESOURCE, name="bucket policy", owner=BOX)
    return Pool([Attached(compile_policy(text), source)])


def of_bucket(principal: Any, owner: str = ACCOUNT, effect: str = "Allow") -> Ask:
    return Ask(
        action="s3:GetObject",
        resource=f"{BOX}/key",
        account=owner,
        resource_policy=bucket_policy(principal, effect),
    )


def only(told: dict[str, Any]) -> dict[str, Any]:
    (evaluation,) = told["evaluations"]
    found: dict[str, Any] = evaluation
    return found


def test_a_refusal_for_want_of_an_allow(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice", document("s3:*"))
    told = toolbox.details(toolbox.called("iam:GetUser", alice, UserName="alice"))
    assert only(told) | {"context": {}} == {
        "action": "iam:GetUser",
        "resource": alice.arn,
        "context": {},
        "evaluatedEffect": "IMPLICIT_DENY",
        "matchedPolicies": [],
        "checks": [
            {
                "checkType": "PRINCIPAL",
                "evaluatedEffect": "IMPLICIT_DENY",
                "relevantPolicyTypes": ["IDENTITY_BASED_POLICY"],
                "matchedPolicies": [],
            }
        ],
    }
    assert told["requestContext"]["aws:username"] == "alice"
    (policy,) = told["policies"]
    assert (policy["type"], policy["inline"], policy["attachedTo"]) == (
        "IDENTITY_BASED_POLICY",
        True,
        [{"arn": alice.arn}],
    )
    assert "nextToken" not in told


def test_a_deny_is_told_with_its_policy_and_statement(toolbox: Toolbox) -> None:
    world = toolbox.world
    alice = add_user(world, "alice")
    arn = add_policy(world, "no-reading", document("iam:Get*", effect="Deny", Sid="NoReading"))
    world.call("iam:AttachUserPolicy", UserName="alice", PolicyArn=arn)
    evaluation = only(toolbox.details(toolbox.called("iam:GetUser", alice, UserName="alice")))
    assert evaluation["evaluatedEffect"] == "EXPLICIT_DENY"
    (check,) = evaluation["checks"]
    assert check["evaluatedEffect"] == "EXPLICIT_DENY"
    named = {policy["uri"]: policy["matchedStatements"] for policy in check["matchedPolicies"]}
    assert named[arn] == [{"sid": "NoReading", "evaluatedEffect": "DENY"}]
    assert [{"sid": "Statement1", "evaluatedEffect": "ALLOW"}] in named.values()


def test_requests_that_were_allowed_are_told_too(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice")
    for call in ("iam:GetUser", "iam:CreateAccessKey"):
        evaluation = only(toolbox.details(toolbox.called(call, alice, UserName="alice")))
        assert evaluation["evaluatedEffect"] == "ALLOW"
        assert effects(evaluation) == {"PRINCIPAL": "ALLOW"}


def test_the_request_id_itself_is_understood(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice")
    found = toolbox.called("iam:GetUser", alice, UserName="alice")
    itself = request_id(found)
    assert itself is not None
    assert toolbox.details(uuid.UUID(itself).hex) == toolbox.details(found)


def test_the_command_line_explains_by_either_id(toolbox: Toolbox) -> None:
    found = toolbox.called("iam:GetUser", add_user(toolbox.world, "alice"), UserName="alice")
    toolbox.audit.flush()
    with toolbox.world.house.store.read() as tx:
        (by_id,) = explained(tx, found)
        assert explained(tx, by_id.record["requestID"]) == (by_id,)
        assert explained(tx, "abc") == ()


def test_boundary_and_session_policy_are_checks_of_their_own(toolbox: Toolbox) -> None:
    world = toolbox.world
    boundary = add_policy(world, "limit", document("s3:*"))
    role = add_role(world, "app", trust("*"), boundary=boundary)
    session = assume(world, role, add_user(world, "starter"), Policy=document("iam:*"))
    told = toolbox.details(toolbox.called("iam:ListUsers", session))
    assert effects(only(told)) == {
        "PRINCIPAL": "ALLOW",
        "PERMISSIONS_BOUNDARY": "IMPLICIT_DENY",
        "SESSION": "ALLOW",
    }
    attached = {policy["type"]: (policy["inline"], policy["attachedTo"]) for policy in told["policies"]}
    assert attached == {
        "IDENTITY_BASED_POLICY": (True, [{"arn": role}]),
        "PERMISSIONS_BOUNDARY": (False, [{"arn": role}]),
        "SESSION_POLICY": (True, [{"arn": session.arn}]),
    }


def test_every_level_of_an_organization_is_a_check_with_its_target(toolbox: Toolbox) -> None:
    org = Organizations(toolbox.world)
    org("CreateOrganization")
    org.enable(SCP)
    member = org.account()
    unit = org.unit("locked")
    org("MoveAccount", AccountId=member, SourceParentId=org.root, DestinationParentId=unit)
    org.policy(document("iam:ListUsers", effect="Deny"), "no-listing", SCP, unit)
    alice = add_user(toolbox.world, "alice", account=member)
    found = toolbox.called("iam:ListUsers", alice)
    evaluation = only(toolbox.details(found, toolbox.world.root(member)))
    levels = [check for check in evaluation["checks"] if check["checkType"] == "SERVICE_CONTROL_POLICY"]
    assert [check["evaluatedEffect"] for check in levels] == ["ALLOW", "EXPLICIT_DENY", "ALLOW"]
    assert [check["targetArn"].rsplit("/", 1)[1] for check in levels] == [org.root, unit, member]


def test_a_bucket_policy_of_the_own_account_is_one_more_way_to_be_allowed(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice", None)
    evaluation = only(toolbox.details(toolbox.asked(alice, of_bucket({"AWS": alice.arn}))))
    (check,) = evaluation["checks"]
    assert (check["checkType"], check["evaluatedEffect"]) == ("PRINCIPAL", "ALLOW")
    assert check["relevantPolicyTypes"] == ["IDENTITY_BASED_POLICY", "RESOURCE_BASED_POLICY"]


def test_another_account_must_allow_besides(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice")
    told = {
        ask: effects(only(toolbox.details(toolbox.asked(alice, asked))))
        for ask, asked in {
            "named": of_bucket({"AWS": alice.arn}, OTHER),
            "not named": of_bucket({"AWS": OTHER}, OTHER),
            "no policy": Ask(action="s3:GetObject", resource=f"{BOX}/key", account=OTHER),
        }.items()
    }
    assert told == {
        "named": {"RESOURCE": "ALLOW", "PRINCIPAL": "ALLOW"},
        "not named": {"RESOURCE": "IMPLICIT_DENY", "PRINCIPAL": "ALLOW"},
        "no policy": {"RESOURCE": "IMPLICIT_DENY", "PRINCIPAL": "ALLOW"},
    }


def test_a_trust_policy_that_names_the_caller_is_enough(toolbox: Toolbox) -> None:
    world = toolbox.world
    alice = add_user(world, "alice", None)
    role = add_role(world, "app", trust(alice.arn))
    evaluation = only(toolbox.details(toolbox.called("sts:AssumeRole", alice, RoleArn=role, RoleSessionName="s")))
    assert evaluation["evaluatedEffect"] == "ALLOW"
    assert effects(evaluation) == {"RESOURCE": "ALLOW", "PRINCIPAL": "NO_IMPACT"}


def test_keys_that_differ_between_permissions_stand_with_each(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice")
    asks = [Ask(action="s3:GetObject", resource=f"{BOX}/{n}", context={"s3:x": str(n), "s3:y": "1"}) for n in (1, 2)]
    told = toolbox.details(toolbox.asked(alice, *asks))
    assert [each["context"] for each in told["evaluations"]] == [{"s3:x": "1"}, {"s3:x": "2"}]
    assert told["requestContext"]["s3:y"] == "1"
    assert "s3:x" not in told["requestContext"]


def test_long_answers_come_in_pages(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice")
    found = toolbox.asked(alice, *(Ask(action="s3:GetObject", resource=f"{BOX}/{n}") for n in range(230)))
    pages = [toolbox.details(found)]
    while "nextToken" in pages[-1]:
        pages.append(toolbox.details(found, nextToken=pages[-1]["nextToken"]))
    resources = [each["resource"] for page in pages for each in page["evaluations"]]
    assert resources == [f"{BOX}/{n}" for n in range(230)]
    assert len(pages) == 3
    assert all(page["policies"] == pages[0]["policies"] for page in pages)
    for token in ("300", "-100", "7", "x", ""):
        assert toolbox.fault(found, nextToken=token) == "ValidationException"


def test_what_was_never_decided_has_no_details(toolbox: Toolbox) -> None:
    alice = add_user(toolbox.world, "alice")
    assert toolbox.fault("abc") == "ResourceNotFoundException"
    assert toolbox.fault(toolbox.called("sts:GetCallerIdentity", alice)) == "ResourceNotFoundException"


def test_a_policy_is_shown_as_it_was(toolbox: Toolbox) -> None:
    world = toolbox.world
    before = document("s3:*")
    alice = add_user(world, "alice", before)
    found = toolbox.called("iam:GetUser", alice, UserName="alice")
    (policy,) = toolbox.details(found)["policies"]
    world.call("iam:PutUserPolicy", UserName="alice", PolicyName="own", PolicyDocument=ALLOW_ALL)
    assert toolbox.policy(found, policy["uri"]) == json.loads(before)
    assert toolbox.fault(found, uri="arn:aws:iam::aws:policy/ReadOnlyAccess") == "ResourceNotFoundException"


def test_the_principals_of_a_trust_policy_are_shown_by_arn(toolbox: Toolbox) -> None:
    world = toolbox.world
    alice = add_user(world, "alice")
    role = add_role(world, "app", trust(alice.arn))
    found = toolbox.called("sts:AssumeRole", alice, RoleArn=role, RoleSessionName="s")
    (uri,) = (each["uri"] for each in toolbox.details(found)["policies"] if each["attachedTo"] == [{"arn": role}])
    assert toolbox.policy(found, uri)["Statement"][0]["Principal"] == {"AWS": [alice.arn]}


VECTORS = sorted((Path(__file__).parent.parent / "vectors").glob("*.json"))


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_checks_explain_every_published_decision(toolbox: Toolbox, path: Path) -> None:
    """What the model's documentation promises of `checks` and `evaluatedEffect` holds for every decision vector."""
    caller = toolbox.world.root()
    for entry in json.loads(path.read_text()):
        if not is_case(entry):
            continue
        in_force, request = read_policies(entry["policies"]), read_request(entry["request"])
        decision = decide(in_force, request)
        ask = Ask(action=request.action, resource=request.resource)
        found = toolbox.judged(caller, Judgement(ask=ask, request=request, in_force=in_force, decision=decision))
        evaluation = only(toolbox.details(found))
        told = {check["evaluatedEffect"] for check in evaluation.get("checks", ())}
        match evaluation["evaluatedEffect"]:
            case "EXPLICIT_DENY":
                assert "EXPLICIT_DENY" in told, entry["id"]
            case "IMPLICIT_DENY":
                assert "IMPLICIT_DENY" in told, entry["id"]
                assert "EXPLICIT_DENY" not in told, entry["id"]
            case "ALLOW":
                assert not told & {"EXPLICIT_DENY", "IMPLICIT_DENY"}, entry["id"]
