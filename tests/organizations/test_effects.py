"""What policies of an organization do to the requests of its members, from the next request on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ostiary.authorization.caller import ANONYMOUS
from ostiary.authorization.judge import Ask
from ostiary.gate.authenticate import key_caller, session_caller
from ostiary.identifiers import root_arn
from ostiary.policy import Attached, PolicyType, Pool, Source, Verdict, compile_policy
from ostiary.services.organizations.founding import join
from ostiary.store.database import Store
from tests.organizations.asking import DENY_IAM, RCP, RCP_DENY_S3, SCP, Organizations
from tests.sts.people import add_role, add_user, caller_of, judged, session_of, trust
from tests.world import ACCOUNT, OTHER, World, document

OBJECT = "arn:aws:s3:::box/key"
FOR_ALL = Pool(
    [
        Attached(
            compile_policy(document("s3:GetObject", OBJECT, Principal="*")),
            Source(type=PolicyType.RESOURCE, name="bucket policy"),
        )
    ]
)


@pytest.fixture
def account(org: Organizations) -> str:
    """A member account, in an organization where SCPs and RCPs are enabled."""
    org.enable(SCP, RCP)
    return org.account()


def test_a_deny_binds_users_and_the_root_user_and_is_named(org: Organizations, account: str) -> None:
    world = org.world
    alice, root = add_user(world, "alice", account=account), world.root(account)
    for caller in (alice, root):
        assert org.refusal("iam:CreateUser", caller, UserName=f"by-{caller.kind}") is None
    policy = org.policy(DENY_IAM, "no-iam", SCP, account)
    arn = org("DescribePolicy", PolicyId=policy)["Policy"]["PolicySummary"]["Arn"]
    for caller in (alice, root):
        told = f"arn:aws:iam::{account}:user/new"
        assert org.refusal("iam:CreateUser", caller, UserName="new") == (
            f"User: {caller.arn} is not authorized to perform: iam:CreateUser on resource: {told}"
            f" with an explicit deny in a service control policy: {arn}"
        )
    assert org.refusal("sts:GetCallerIdentity", root) is None
    org("DetachPolicy", PolicyId=policy, TargetId=account)
    assert org.refusal("iam:CreateUser", alice, UserName="new") is None


@pytest.mark.parametrize("level", ["root", "upper", "lower", "account"])
def test_every_level_may_deny_and_every_level_must_allow(org: Organizations, account: str, level: str) -> None:
    upper = org.unit("upper")
    lower = org.unit("lower", upper)
    org("MoveAccount", AccountId=account, SourceParentId=org.root, DestinationParentId=lower)
    target = {"root": org.root, "upper": upper, "lower": lower, "account": account}[level]
    alice = add_user(org.world, "alice", account=account)
    assert org.refusal("iam:ListUsers", alice) is None
    policy = org.policy(DENY_IAM, "deny", SCP, target)
    assert "explicit deny in a service control policy" in (org.refusal("iam:ListUsers", alice) or "")
    org("DetachPolicy", PolicyId=policy, TargetId=target)
    assert org.refusal("iam:ListUsers", alice) is None
    org.only(document("ec2:*"), target, "only-ec2")
    told = org.refusal("iam:ListUsers", alice) or ""
    assert told.endswith("because no service control policy allows the iam:ListUsers action")
    assert org.refusal("ec2:DescribeInstances", alice) is None


def test_an_allow_list_grants_nothing_by_itself(org: Organizations, account: str) -> None:
    nobody = add_user(org.world, "nobody", None, account=account)
    told = org.refusal("iam:ListUsers", nobody) or ""
    assert told.endswith("because no identity-based policy allows the iam:ListUsers action")


def test_policies_go_with_the_place_of_an_account(org: Organizations, account: str) -> None:
    alice = add_user(org.world, "alice", account=account)
    unit = org.unit("locked")
    org.policy(DENY_IAM, "deny", SCP, unit)
    assert org.refusal("iam:ListUsers", alice) is None
    org("MoveAccount", AccountId=account, SourceParentId=org.root, DestinationParentId=unit)
    assert org.refusal("iam:ListUsers", alice) is not None
    org("MoveAccount", AccountId=account, SourceParentId=unit, DestinationParentId=org.root)
    assert org.refusal("iam:ListUsers", alice) is None


def test_a_changed_document_and_a_disabled_type_hold_at_once(org: Organizations, account: str) -> None:
    alice = add_user(org.world, "alice", account=account)
    policy = org.policy(document("ec2:*", effect="Deny"), "p", SCP, org.root)
    assert org.refusal("iam:ListUsers", alice) is None
    org("UpdatePolicy", PolicyId=policy, Content=DENY_IAM)
    assert org.refusal("iam:ListUsers", alice) is not None
    org("DisablePolicyType", RootId=org.root, PolicyType=SCP)
    assert org.refusal("iam:ListUsers", alice) is None


def test_a_change_by_another_process_holds_for_the_next_request(
    org: Organizations, account: str, tmp_path: Path
) -> None:
    alice = add_user(org.world, "alice", account=account)
    policy = org.policy(DENY_IAM)
    assert org.refusal("iam:ListUsers", alice) is None
    other = Store(tmp_path / "ostiary.db")
    try:
        with other.write() as tx:
            member = tx.organizations.member(account)
            assert member is not None
            tx.organization_policies.attach(member.organization_id, policy, SCP, account)
        assert org.refusal("iam:ListUsers", alice) is not None
        with other.write() as tx:
            tx.organization_policies.detach(member.organization_id, policy, account)
        assert org.refusal("iam:ListUsers", alice) is None
    finally:
        other.close()


def test_an_account_that_joins_is_bound_from_then_on(org: Organizations) -> None:
    """What was remembered of an account outside of every organization is forgotten."""
    org.enable()
    org.policy(DENY_IAM, "deny", SCP, org.root)
    stranger = add_user(org.world, "stranger", account=OTHER)
    assert org.refusal("iam:ListUsers", stranger) is None
    with org.world.house.store.write() as tx:
        organization = tx.organizations.managed_by(ACCOUNT)
        assert organization is not None
        join(tx, organization, OTHER, 0)
    assert org.refusal("iam:ListUsers", stranger) is not None


def test_nobody_in_the_management_account_is_bound(org: Organizations, account: str) -> None:
    world = org.world
    for target in (org.root, ACCOUNT):
        org.only(document("ec2:*"), target, f"only-ec2-{target}")
    admin = add_user(world, "admin")
    add_role(world, "app", trust(f"arn:aws:iam::{ACCOUNT}:user/admin"))
    world.house.book.refresh()
    session = caller_of(
        world, world.call("sts:AssumeRole", by=admin, RoleArn=f"arn:aws:iam::{ACCOUNT}:role/app", RoleSessionName="s1")
    )
    token = caller_of(world, world.call("sts:GetSessionToken", by=admin))
    callers = [
        key_caller(world.house.book, ACCOUNT, ACCOUNT, "AKIA1"),
        key_caller(world.house.book, ACCOUNT, admin.entity_id, "AKIA2"),
        session,
        token,
    ]
    for caller in callers:
        assert caller is not None
        assert getattr(caller.principal, "management_account", None) is True
        found = judged(world, caller, Ask(action="iam:ListUsers"))
        assert (found.allowed, found.in_force.scp) == (True, None)
    member = key_caller(world.house.book, account, account, "AKIA3")
    assert member is not None
    assert getattr(member.principal, "management_account", None) is False
    assert not judged(world, member, Ask(action="iam:ListUsers")).allowed


def test_service_linked_roles_are_not_bound_and_other_sessions_are(org: Organizations, account: str) -> None:
    world = org.world
    alice = add_user(world, "alice", account=account)
    everybody = trust(root_arn(account))
    linked = add_role(world, "linked", everybody, account=account, path="/aws-service-role/x.amazonaws.com/")
    plain = add_role(world, "plain", everybody, account=account)
    given = {arn: world.call("sts:AssumeRole", by=alice, RoleArn=arn, RoleSessionName="s1") for arn in (linked, plain)}
    federated = world.call("sts:GetFederationToken", by=alice, Name="bob", Policy=document("*"))
    org.policy(document("s3:*", effect="Deny"), "no-s3", SCP, account)
    ask = Ask(action="s3:GetObject", resource=OBJECT)
    assert judged(world, caller_of(world, given[linked]), ask).allowed
    for answer in (given[plain], federated):
        decision = judged(world, caller_of(world, answer), ask).decision
        assert (decision.verdict, decision.decided_by) == (Verdict.EXPLICIT_DENY, PolicyType.SCP)


def test_scps_bind_members_elsewhere_and_leave_strangers_alone(org: Organizations, account: str) -> None:
    """They come from the caller's account, whoever owns the resource."""
    world = org.world
    org.policy(document("s3:*", effect="Deny"), "no-s3", SCP, account)
    alice = add_user(world, "alice", account=account)
    stranger = add_user(world, "stranger", account=OTHER)
    there = Ask(action="s3:GetObject", resource=OBJECT, account=OTHER, resource_policy=FOR_ALL)
    assert judged(world, alice, there).decision.decided_by is PolicyType.SCP
    here = Ask(action="s3:GetObject", resource=OBJECT, account=account, resource_policy=FOR_ALL)
    assert judged(world, stranger, here).allowed
    assert judged(world, ANONYMOUS, here).allowed


def test_rcps_bind_whoever_wants_a_member_s_resource(org: Organizations, account: str) -> None:
    world = org.world
    stranger, alice = add_user(world, "stranger", account=OTHER), add_user(world, "alice", account=account)
    callers = (stranger, alice, world.root(account), world.root(), ANONYMOUS)
    here = Ask(action="s3:GetObject", resource=OBJECT, account=account, resource_policy=FOR_ALL)
    for caller in callers:
        assert judged(world, caller, here).allowed
    org.policy(RCP_DENY_S3, "no-s3", RCP, org.root)
    for caller in callers:
        found = judged(world, caller, here)
        assert (found.decision.verdict, found.decision.decided_by) == (Verdict.EXPLICIT_DENY, PolicyType.RCP)
    of_management = Ask(action="s3:GetObject", resource=OBJECT, account=ACCOUNT, resource_policy=FOR_ALL)
    elsewhere = Ask(action="s3:GetObject", resource=OBJECT, account=OTHER, resource_policy=FOR_ALL)
    for ask in (of_management, elsewhere):
        assert judged(world, alice, ask).allowed
    assert judged(world, alice, of_management).request.resource_in_management_account
    assert judged(world, alice, Ask(action="ec2:DescribeInstances")).allowed


def test_an_rcp_protects_a_role_from_outside(org: Organizations, account: str) -> None:
    world = org.world
    stranger = add_user(world, "stranger", account=OTHER)
    arn = add_role(world, "open", trust(root_arn(OTHER)), account=account)
    assert org.refusal("sts:AssumeRole", stranger, RoleArn=arn, RoleSessionName="s1") is None
    own = org("DescribeOrganization")["Organization"]["Id"]
    condition = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": own}}
    text = document("sts:AssumeRole", effect="Deny", Principal="*", Condition=condition)
    org.policy(text, "perimeter", RCP, account)
    assert org.refusal("sts:AssumeRole", stranger, RoleArn=arn, RoleSessionName="s1") is not None
    admin = add_user(world, "admin")
    inside = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    assert org.refusal("sts:AssumeRole", admin, RoleArn=inside, RoleSessionName="s1") is None


def test_a_damaged_document_denies_everything(org: Organizations, account: str) -> None:
    policy = org.policy(document("sqs:*", effect="Deny"), "p", SCP, account)
    assert org.refusal("iam:ListUsers", org.world.root(account)) is None
    with org.world.house.store.write() as tx:
        record = tx.organization_policies.get(policy)
        assert record is not None
        tx.organization_policies.change(record, document="{")
    assert org.refusal("iam:ListUsers", org.world.root(account)) is not None


def test_members_have_the_keys_of_their_organization(org: Organizations, account: str) -> None:
    world = org.world
    unit = org.unit("u")
    org("MoveAccount", AccountId=account, SourceParentId=org.root, DestinationParentId=unit)
    own, root = org("DescribeOrganization")["Organization"]["Id"], org.root
    alice, stranger = add_user(world, "alice", account=account), add_user(world, "stranger", account=OTHER)

    def keys(caller: object, owner: str) -> dict[str, object]:
        ask = Ask(action="s3:GetObject", resource=OBJECT, account=owner, resource_policy=FOR_ALL)
        context = judged(world, caller, ask).request.context  # type: ignore[arg-type]
        return {key: value for key, value in context.items() if "Org" in key}

    of_alice = {"aws:PrincipalOrgID": own, "aws:PrincipalOrgPaths": (f"{own}/{root}/{unit}/",)}
    assert keys(alice, OTHER) == of_alice
    at_root = {"aws:ResourceOrgID": own, "aws:ResourceOrgPaths": (f"{own}/{root}/",)}
    assert keys(alice, ACCOUNT) == of_alice | at_root
    assert keys(stranger, ACCOUNT) == at_root
    assert keys(ANONYMOUS, ACCOUNT) == at_root
    assert keys(stranger, OTHER) == {}


def test_nothing_is_read_twice_while_nothing_changes(
    org: Organizations, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = org.world
    asked = ((add_user(world, "alice", account=account), account), (add_user(world, "stranger", account=OTHER), OTHER))
    first = [judged(world, caller, Ask(action="iam:ListUsers")).in_force.scp for caller, _ in asked]
    reads: list[None] = []
    read = Store.read
    monkeypatch.setattr(Store, "read", lambda store: reads.append(None) or read(store))  # type: ignore[func-returns-value]
    for _ in range(3):
        again = [judged(world, caller, Ask(action="iam:ListUsers")).in_force.scp for caller, _ in asked]
        assert again[0] is not None
        assert first[0] is not None
        assert all(pool is kept for pool, kept in zip(again[0], first[0], strict=True))
        assert again[1] is None
    assert reads == []


def test_a_session_that_was_given_before_is_judged_by_what_is_in_force_now(world: World) -> None:
    org = Organizations(world)
    org("CreateOrganization")
    account = org.account()
    alice = add_user(world, "alice", account=account)
    answer = world.call("sts:GetSessionToken", by=alice)
    org.enable()
    org.policy(document("s3:*", effect="Deny"), "no-s3", SCP, account)
    world.house.book.refresh()
    session = msgspec.structs.replace(session_of(world, answer))
    caller = session_caller(world.house.book, session)
    assert caller is not None
    assert judged(world, caller, Ask(action="s3:GetObject", resource=OBJECT)).decision.decided_by is PolicyType.SCP
