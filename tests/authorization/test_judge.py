"""Which policies are in force for whom."""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.authorization.caller import ANONYMOUS
from ostiary.authorization.judge import Ask
from ostiary.policy import Attached, PolicyType, Pool, Source, Verdict, compile_policy
from ostiary.store.records import GroupRecord
from tests.sts.people import MADE, add_policy, add_role, add_user, assume, judged, trust
from tests.world import ACCOUNT, ALLOW_ALL, OTHER, World, document

OBJECT = "arn:aws:s3:::box/key"
GET = Ask(action="s3:GetObject", resource=OBJECT)
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def resource_policy(principal: Any, **more: Any) -> Pool:
    text = document("s3:GetObject", OBJECT, Principal=principal, **more)
    return Pool([Attached(compile_policy(text), Source(type=PolicyType.RESOURCE, name="bucket policy"))])


def test_policies_of_a_user_are_its_own_its_attached_ones_and_those_of_its_groups(world: World) -> None:
    managed = add_policy(world, "managed", document("sqs:SendMessage"))
    alice = add_user(world, "alice", document("s3:GetObject"))
    with world.house.store.write() as tx:
        for number, name in enumerate(("devs", "ops")):
            unique_id = f"AGPA{name.upper():A<17}"
            tx.groups.add(GroupRecord(id=unique_id, account=ACCOUNT, name=name, path="/", created=MADE))
            tx.inline_policies.put(unique_id, f"inline-{name}", document(f"sns:Action{number}"))
            tx.groups.enrol(unique_id, alice.entity_id)
        tx.attachments.attach(alice.entity_id, managed, ACCOUNT, MADE)
        tx.attachments.attach(f"AGPA{'OPS':A<17}", READ_ONLY, ACCOUNT, MADE)
    found = judged(world, alice, GET)
    assert found.allowed
    sources = {(each.source.name, each.source.owner, each.source.arn) for each in found.in_force.identity}
    assert sources == {
        ("own", "user/alice", None),
        ("managed", "user/alice", managed),
        ("inline-devs", "group/devs", None),
        ("inline-ops", "group/ops", None),
        ("AmazonS3ReadOnlyAccess", "group/ops", READ_ONLY),
    }
    assert (found.in_force.boundary, found.in_force.session, found.in_force.resource) == (None, None, None)
    for action in ("sqs:SendMessage", "sns:Action0", "sns:Action1"):
        assert judged(world, alice, Ask(action=action, resource=f"arn:aws:x:::{action}")).allowed


def test_a_deny_of_a_group_wins(world: World) -> None:
    alice = add_user(world, "alice", ALLOW_ALL)
    with world.house.store.write() as tx:
        tx.groups.add(GroupRecord(id="AGPAX", account=ACCOUNT, name="barred", path="/", created=MADE))
        tx.inline_policies.put("AGPAX", "no", document("s3:*", effect="Deny"))
        tx.groups.enrol("AGPAX", alice.entity_id)
    decision = judged(world, alice, GET).decision
    assert decision.verdict is Verdict.EXPLICIT_DENY
    assert [each.source.owner for each in decision.matched] == ["group/barred"]


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_boundary_caps_what_is_allowed_and_grants_nothing(world: World, kind: str) -> None:
    boundary = add_policy(world, "boundary", document(["s3:GetObject", "sqs:SendMessage"]))
    if kind == "user":
        caller = add_user(world, "alice", document("s3:*"))
        with world.house.store.write() as tx:
            tx.users.change(caller.entity_id, boundary=boundary)
    else:
        arn = add_role(world, "app", trust("*"), document("s3:*"), boundary=boundary)
        caller = assume(world, arn, add_user(world, "starter"))
    asks = {
        "s3:GetObject": (Verdict.ALLOWED, PolicyType.IDENTITY),
        "s3:PutObject": (Verdict.IMPLICIT_DENY, PolicyType.BOUNDARY),
        "sqs:SendMessage": (Verdict.IMPLICIT_DENY, PolicyType.IDENTITY),
    }
    for action, (verdict, by) in asks.items():
        decision = judged(world, caller, Ask(action=action, resource=OBJECT)).decision
        assert (decision.verdict, decision.decided_by) == (verdict, by), action


def test_a_boundary_whose_policy_is_gone_allows_nothing(world: World) -> None:
    alice = add_user(world, "alice", ALLOW_ALL)
    with world.house.store.write() as tx:
        tx.users.change(alice.entity_id, boundary=f"arn:aws:iam::{ACCOUNT}:policy/gone")
    found = judged(world, alice, GET)
    assert found.in_force.boundary == Pool()
    assert found.decision.decided_by is PolicyType.BOUNDARY


def test_session_policies_of_all_kinds_are_one_pool(world: World) -> None:
    managed = add_policy(world, "m", document("s3:PutObject"))
    arn = add_role(world, "app", trust("*"), document("s3:*"))
    inline = document("s3:GetObject")
    session = assume(world, arn, add_user(world, "a"), Policy=inline, PolicyArns=[{"arn": managed}])
    found = judged(world, session, GET)
    assert found.in_force.session is not None
    assert [each.source.type for each in found.in_force.session] == [PolicyType.SESSION] * 2
    allowed = [
        action
        for action in ("GetObject", "PutObject", "DeleteObject")
        if judged(world, session, Ask(action=f"s3:{action}", resource=OBJECT)).allowed
    ]
    assert allowed == ["GetObject", "PutObject"]
    assert judged(world, assume(world, arn, add_user(world, "b")), GET).in_force.session is None


def test_the_root_user_needs_no_policy_at_home_and_a_grant_elsewhere(world: World) -> None:
    root = world.root()
    assert judged(world, root, GET).allowed
    assert judged(world, root, GET).in_force.identity == Pool()
    elsewhere = Ask(action="s3:GetObject", resource=OBJECT, account=OTHER, resource_policy=Pool())
    assert not judged(world, root, elsewhere).allowed
    granted = resource_policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    ask = Ask(action="s3:GetObject", resource=OBJECT, account=OTHER, resource_policy=granted)
    assert judged(world, root, ask).allowed
    denied = resource_policy("*", effect="Deny")
    ask = Ask(action="s3:GetObject", resource=OBJECT, account=ACCOUNT, resource_policy=denied)
    assert judged(world, root, ask).decision.verdict is Verdict.EXPLICIT_DENY


def test_another_account_s_resource_needs_both_sides(world: World) -> None:
    grant = resource_policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    for name, own, pool, allowed in (
        ("both", ALLOW_ALL, grant, True),
        ("grant", None, grant, False),
        ("own", ALLOW_ALL, Pool(), False),
        ("nopolicy", ALLOW_ALL, None, False),
    ):
        caller = add_user(world, name, own)
        ask = Ask(action="s3:GetObject", resource=OBJECT, account=OTHER, resource_policy=pool)
        found = judged(world, caller, ask)
        assert found.allowed is allowed, name
        assert found.request.context["aws:ResourceAccount"] == OTHER


def test_the_anonymous_caller_has_what_is_granted_to_everybody(world: World) -> None:
    for principal, allowed in (("*", True), ({"AWS": "*"}, True), ({"AWS": ACCOUNT}, False)):
        pool = resource_policy(principal)
        ask = Ask(action="s3:GetObject", resource=OBJECT, account=ACCOUNT, resource_policy=pool)
        assert judged(world, ANONYMOUS, ask).allowed is allowed
    assert not judged(world, ANONYMOUS, Ask(action="s3:GetObject", resource=OBJECT, account=ACCOUNT)).allowed


def test_a_caller_whose_user_is_gone_has_nothing(world: World) -> None:
    alice = add_user(world, "alice", None)
    with world.house.store.write() as tx:
        tx.users.remove(alice.entity_id)
    assert not judged(world, alice, GET).allowed


def test_keys_of_the_ask_come_last(world: World) -> None:
    alice = add_user(world, "alice")
    ask = Ask(action="s3:GetObject", resource=OBJECT, account=OTHER, context={"s3:prefix": "a", "aws:TagKeys": ("x",)})
    context = judged(world, alice, ask).request.context
    assert (context["s3:prefix"], context["aws:TagKeys"], context["aws:ResourceAccount"]) == ("a", ("x",), OTHER)
