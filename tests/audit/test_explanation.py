"""A recorded decision is taken again, as it was, and told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from ostiary.audit.explanation import EventExplained, explained
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import ANONYMOUS, Caller
from ostiary.authorization.judge import Ask
from ostiary.policy import Attached, InForce, PolicyType, Pool, Source, compile_policy, decide
from ostiary.store.link import Prepared
from ostiary.store.records import TagRecord
from ostiary.store.tables import documents
from tests.audit.recording import happened, recorded_call
from tests.sts.people import add_policy, add_role, add_user, assume, caller_of, judged, trust
from tests.world import ACCOUNT, ALLOW_ALL, World, document

OBJECT = "arn:aws:s3:::box/key"
GET = Ask(action="s3:GetObject", resource=OBJECT, context={"aws:TagKeys": ("a", "b")})


def explain(world: World, audit: AuditWriter, request_id: str) -> EventExplained:
    audit.flush()
    with world.house.store.read() as tx:
        (found,) = explained(tx, request_id)
    return found


def granting(principal: Any) -> Ask:
    text = document("s3:GetObject", OBJECT, Principal=principal)
    pool = Pool([Attached(compile_policy(text), Source(type=PolicyType.RESOURCE, name="bucket policy"))])
    return Ask(action="s3:GetObject", resource=OBJECT, account=ACCOUNT, resource_policy=pool)


def role(world: World) -> Caller:
    boundary = add_policy(world, "boundary", document("s3:*"))
    arn = add_role(world, "app", trust("*"), boundary=boundary, tags={"Team": "red"})
    return assume(world, arn, add_user(world, "starter"), Policy=document("s3:GetObject"), SourceIdentity="x")


def federated(world: World) -> Caller:
    return caller_of(world, world.call("sts:GetFederationToken", Name="bob", Policy=ALLOW_ALL))


CALLERS: dict[str, tuple[Callable[[World], Caller], Ask]] = {
    "user": (lambda world: add_user(world, "alice", document("s3:PutObject")), GET),
    "role session": (role, GET),
    "federated user": (federated, GET),
    "root": (lambda world: world.root(), GET),
    "root and a bucket policy": (lambda world: world.root(), granting({"AWS": "*"})),
    "anonymous": (lambda _: ANONYMOUS, granting("*")),
    "anonymous, refused": (lambda _: ANONYMOUS, granting({"AWS": ACCOUNT})),
}


@pytest.mark.parametrize(("make", "ask"), CALLERS.values(), ids=CALLERS)
def test_the_decision_taken_again_is_the_one_that_was_taken(
    world: World, audit: AuditWriter, make: Callable[[World], Caller], ask: Ask
) -> None:
    caller = make(world)
    then = judged(world, caller, ask)
    audit.note(happened(world, "r1", caller, then))
    (told,) = explain(world, audit, "r1").asks
    assert told.explanation is not None
    assert told.agrees
    assert told.explanation.decision == then.decision
    assert (told.action, told.resource, told.recorded) == (ask.action, OBJECT, then.decision.verdict.value)
    json.dumps(told.as_dict())


def test_it_is_told_as_it_was_although_everything_has_changed_since(world: World, audit: AuditWriter) -> None:
    alice = add_user(world, "alice", document("s3:GetObject", Condition={"StringEquals": {"aws:username": "alice"}}))
    audit.note(happened(world, "r1", alice, judged(world, alice, GET)))
    audit.flush()
    with world.house.store.write() as tx:
        tx.inline_policies.put(alice.entity_id, "own", document("*", effect="Deny"))
        tx.users.change(alice.entity_id, name="alicia")
        tx.tags.put(alice.entity_id, [TagRecord(key="a", value="b")])
    found = explain(world, audit, "r1")
    assert found.allowed is True
    (told,) = found.asks
    assert told.explanation is not None
    (because,) = told.explanation.decision.matched
    assert json.loads(told.text_of(because))["Condition"] == {"StringEquals": {"aws:username": "alice"}}


def test_the_text_of_a_statement_is_the_author_s_own(world: World, audit: AuditWriter) -> None:
    statements = ['{"Sid": "One", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}']
    statements += ['{ "Sid":"Two","Effect":"Deny",\n "Action":["s3:*"], "Resource":"*" }']
    text = '{"Version":"2012-10-17","Statement":[\n  ' + " ,\n  ".join(statements) + "\n]}"
    alice = add_user(world, "alice", text)
    audit.note(happened(world, "r1", alice, judged(world, alice, GET)))
    (told,) = explain(world, audit, "r1").asks
    assert told.explanation is not None
    (because,) = told.explanation.decision.matched
    assert because.sid == "Two"
    assert told.text_of(because) == statements[1]
    identity = next(each for each in told.explanation.types if each.type is PolicyType.IDENTITY)
    assert [told.text_of(one.statement) for one in identity.statements] == statements
    as_json = told.as_dict()
    assert [each["text"] for each in as_json["because"]] == [statements[1]]


def test_a_refused_call_tells_what_is_missing_and_what_would_help(world: World, audit: AuditWriter) -> None:
    wants = {"StringEquals": {"iam:ResourceTag/Team": "red"}}
    carl = add_user(world, "carl", document("iam:GetUser", Condition=wants))
    add_user(world, "bob", None)
    assert recorded_call(world, audit, "r1", "iam:GetUser", carl, UserName="bob") == "AccessDenied"
    found = explain(world, audit, "r1")
    assert found.allowed is False
    assert found.record["errorCode"] == "AccessDenied"
    assert "ostiary" not in found.record
    (told,) = found.asks
    assert told.explanation is not None
    assert told.explanation.missing_keys == ("iam:ResourceTag/Team",)
    statements = [one for report in told.explanation.types for one in report.statements]
    assert [one.failed for one in statements] == [("condition",)]
    assert told.explanation.suggestions


def test_a_change_asked_for_in_several_steps_has_each_of_them(world: World, audit: AuditWriter) -> None:
    alice = add_user(world, "alice")
    arn = add_role(world, "app", trust(alice.arn, actions="sts:AssumeRole"))
    tags = [{"Key": "Team", "Value": "blue"}]
    code = recorded_call(world, audit, "r1", "sts:AssumeRole", alice, RoleArn=arn, RoleSessionName="s1", Tags=tags)
    assert code == "AccessDenied"
    asks = explain(world, audit, "r1").asks
    assert [(ask.action, ask.recorded) for ask in asks] == [
        ("sts:AssumeRole", "allowed"),
        ("sts:TagSession", "implicitDeny"),
    ]
    assert all(ask.agrees for ask in asks)


def test_an_event_without_a_question_has_no_verdict(world: World, audit: AuditWriter) -> None:
    audit.note(happened(world, "r1", None, claimed_key="AKIAX", error=("InvalidClientTokenId", "no")))
    found = explain(world, audit, "r1")
    assert (found.allowed, found.asks) == (None, ())
    assert found.as_dict()["event"]["userIdentity"]["accessKeyId"] == "AKIAX"


def test_a_request_that_nobody_made_has_no_events(world: World) -> None:
    with world.house.store.read() as tx:
        assert explained(tx, "nobody") == ()


def test_a_policy_text_that_is_gone_is_said_to_be(world: World, audit: AuditWriter) -> None:
    alice = add_user(world, "alice")
    audit.note(happened(world, "r1", alice, judged(world, alice, GET)))
    audit.flush()
    with world.house.store.write() as tx:
        tx._link.run(Prepared(delete(documents)))
    (told,) = explain(world, audit, "r1").asks
    assert told.explanation is None
    assert told.as_dict()["recorded_decision"] == "allowed"


@pytest.mark.parametrize("in_management_account", [False, True])
def test_the_levels_of_an_organization_come_back_as_they_were(
    world: World, audit: AuditWriter, in_management_account: bool
) -> None:
    """An RCP that denies everything, but nothing in the management account; an SCP level without any policy."""
    alice = add_user(world, "alice")
    then = judged(world, alice, GET)

    def pool(kind: PolicyType, *texts: str) -> Pool:
        return Pool(Attached(compile_policy(text), Source(type=kind, name=str(n))) for n, text in enumerate(texts))

    request = replace(then.request, resource_in_management_account=in_management_account)
    in_force = InForce(
        identity=then.in_force.identity,
        scp=[pool(PolicyType.SCP, ALLOW_ALL), pool(PolicyType.SCP)],
        rcp=[pool(PolicyType.RCP, ALLOW_ALL, document("s3:*", effect="Deny"))],
        endpoint=pool(PolicyType.ENDPOINT, ALLOW_ALL),
    )
    decision = decide(in_force, request)
    assert decision.decided_by is (PolicyType.SCP if in_management_account else PolicyType.RCP)
    audit.note(
        happened(
            world, "r1", alice, msgspec.structs.replace(then, request=request, in_force=in_force, decision=decision)
        )
    )
    (told,) = explain(world, audit, "r1").asks
    assert told.explanation is not None
    assert told.explanation.decision == decision
    assert {report.type for report in told.explanation.types} >= {PolicyType.SCP, PolicyType.RCP, PolicyType.ENDPOINT}
