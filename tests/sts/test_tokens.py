"""GetSessionToken, GetFederationToken, GetCallerIdentity, GetAccessKeyInfo, and the limits of what they give (R106)."""

from __future__ import annotations

import itertools

import pytest

from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask
from ostiary.authorization.temporary import refusal
from ostiary.gate.authenticate import session_caller
from ostiary.gate.authorize import Refused
from ostiary.policy import Attached, PolicyType, Pool, Source, compile_policy
from ostiary.services.faults import ServiceFault
from ostiary.wire.models import operations
from tests.sts.people import add_role, add_user, assume, caller_of, judged, session_of, trust
from tests.world import ACCOUNT, ALLOW_ALL, World, document

DENY_ALL = document("*", effect="Deny")
OBJECT = "arn:aws:s3:::box/key"
FOR_TOKENS = {"AssumeRole", "GetCallerIdentity", "GetScopedCredentials"}


def test_get_session_token_can_t_be_denied_and_acts_as_its_user(world: World) -> None:
    alice = add_user(world, "alice", DENY_ALL)
    same = caller_of(world, world.call("sts:GetSessionToken", by=alice))
    assert (same.kind, same.arn, same.user_id, same.principal.arn) == (
        alice.kind,
        alice.arn,
        alice.user_id,
        alice.principal.arn,
    )
    assert same.access_key_id.startswith("ASIA")
    assert not judged(world, same, Ask(action="s3:GetObject", resource=OBJECT)).allowed
    assert world.call("sts:GetCallerIdentity", by=same)["Arn"] == alice.arn


def test_the_session_of_a_removed_user_is_dead(world: World) -> None:
    alice = add_user(world, "alice", None)
    answer = world.call("sts:GetSessionToken", by=alice)
    with world.house.store.write() as tx:
        tx.users.remove(alice.entity_id)
    world.house.book.refresh()
    assert session_caller(world.house.book, session_of(world, answer)) is None


def test_federation_needs_the_permission_on_the_federated_user(world: World) -> None:
    only = document("sts:GetFederationToken", f"arn:aws:sts::{ACCOUNT}:federated-user/b*")
    alice = add_user(world, "alice", only)
    answer = world.call("sts:GetFederationToken", by=alice, Name="bob")
    assert answer["FederatedUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    with pytest.raises(Refused, match=r"GetFederationToken on resource: arn:aws:sts::\d+:federated-user/eve because"):
        world.call("sts:GetFederationToken", by=alice, Name="eve")
    with pytest.raises(Refused, match="sts:TagSession"):
        world.call("sts:GetFederationToken", by=alice, Name="bob", Tags=[{"Key": "k", "Value": "v"}])


def test_a_federated_user_has_what_both_its_issuer_and_its_session_policy_allow(world: World) -> None:
    alice = add_user(world, "alice", document(["sts:*", "s3:GetObject", "s3:PutObject"]))
    given = world.call(
        "sts:GetFederationToken", by=alice, Name="bob", Policy=document(["s3:GetObject", "s3:DeleteObject"])
    )
    bob = caller_of(world, given)
    actions = ("GetObject", "PutObject", "DeleteObject")
    allowed = [action for action in actions if judged(world, bob, Ask(action=f"s3:{action}", resource=OBJECT)).allowed]
    assert allowed == ["GetObject"]


def bucket_policy(principal: str) -> Pool:
    text = document("s3:GetObject", OBJECT, Principal={"AWS": principal})
    return Pool([Attached(compile_policy(text), Source(type=PolicyType.RESOURCE, name="bucket policy"))])


def test_without_a_session_policy_a_federated_user_has_only_what_names_it(world: World) -> None:
    alice = add_user(world, "alice", ALLOW_ALL)
    bob = caller_of(world, world.call("sts:GetFederationToken", by=alice, Name="bob"))
    plain = Ask(action="s3:GetObject", resource=OBJECT, account=ACCOUNT)
    assert not judged(world, bob, plain).allowed
    for principal, allowed in ((bob.arn, True), (alice.arn, False), (f"arn:aws:iam::{ACCOUNT}:root", False)):
        ask = Ask(action="s3:GetObject", resource=OBJECT, account=ACCOUNT, resource_policy=bucket_policy(principal))
        assert judged(world, bob, ask).allowed is allowed, principal


def test_a_federated_user_of_the_root_user_has_what_its_session_policy_allows(world: World) -> None:
    given = world.call("sts:GetFederationToken", Name="bob", Policy=document("s3:GetObject"))
    bob = caller_of(world, given)
    assert judged(world, bob, Ask(action="s3:GetObject", resource=OBJECT)).allowed
    assert not judged(world, bob, Ask(action="s3:PutObject", resource=OBJECT)).allowed
    none = caller_of(world, world.call("sts:GetFederationToken", Name="bob"))
    assert not judged(world, none, Ask(action="s3:GetObject", resource=OBJECT)).allowed


@pytest.fixture
def callers(world: World) -> dict[str, Caller]:
    alice = add_user(world, "alice")
    token = world.call("sts:GetSessionToken", by=alice)
    return {
        "user": alice,
        "root": world.root(),
        "role": assume(world, add_role(world, "app", trust("*")), alice),
        "session token": caller_of(world, token),
        "session token with MFA": caller_of(world, token, mfa_at=session_of(world, token).issued),
        "root session token": caller_of(world, world.call("sts:GetSessionToken")),
        "federated": caller_of(world, world.call("sts:GetFederationToken", by=alice, Name="bob", Policy=ALLOW_ALL)),
    }


# What each kind of credentials can't call of STS and IAM. Source: IAM User Guide, "Compare AWS STS credentials" (R106).
CLOSED: dict[str, tuple[set[str], bool]] = {
    "user": (set(), False),
    "root": (set(), False),
    "role": ({"GetSessionToken", "GetFederationToken"}, False),
    "session token": (set(operations("sts")) - FOR_TOKENS, True),
    "session token with MFA": (set(operations("sts")) - FOR_TOKENS, False),
    "root session token": (set(operations("sts")) - FOR_TOKENS, True),
    "federated": (set(operations("sts")) - FOR_TOKENS | {"AssumeRole"}, True),
}


def test_temporary_credentials_can_t_call_what_the_comparison_says(callers: dict[str, Caller]) -> None:
    assert set(CLOSED) == set(callers)
    for kind, (closed, no_iam) in CLOSED.items():
        refused = {name: refusal(callers[kind], "sts", name) for name in operations("sts")}
        assert {name for name, told in refused.items() if told} == closed, kind
        for name in closed:
            assert refused[name] == ("AccessDenied", f"Cannot call {name} with session credentials")
        told = {refusal(callers[kind], "iam", name) for name in operations("iam")}
        invalid = ("InvalidClientTokenId", "The security token included in the request is invalid.")
        assert told == {invalid if no_iam else None}, kind
        for service, name in itertools.product(("s3", "ec2"), ("GetObject", "RunInstances")):
            assert refusal(callers[kind], service, name) is None


def test_get_caller_identity_answers_everybody_under_every_deny(world: World, callers: dict[str, Caller]) -> None:
    with world.house.store.write() as tx:
        for owner in (callers["user"].entity_id, callers["role"].entity_id):
            tx.inline_policies.put(owner, "own", DENY_ALL)
    for caller in callers.values():
        told = world.call("sts:GetCallerIdentity", by=caller)
        assert told == {"UserId": caller.user_id, "Account": ACCOUNT, "Arn": caller.arn}


def test_get_access_key_info_answers_for_keys_that_aws_made_and_refuses_what_tells_no_account(world: World) -> None:
    assert world.call("sts:GetAccessKeyInfo", AccessKeyId="ASIAY34FZKBOKMUTVV7A") == {"Account": "609629065308"}
    with pytest.raises(ServiceFault) as refused:
        world.call("sts:GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    assert (refused.value.code, refused.value.status) == ("ValidationError", 400)
    with pytest.raises(Refused):
        world.call("sts:GetAccessKeyInfo", by=add_user(world, "bob", None), AccessKeyId="ASIAY34FZKBOKMUTVV7A")


def test_a_session_policy_that_is_no_policy_is_refused(world: World) -> None:
    for wrong in ("{}", "allow all", document("s3:*", Principal={"AWS": "*"})):
        with pytest.raises(ServiceFault) as refused:
            world.call("sts:GetFederationToken", Name="bob", Policy=wrong)
        assert (refused.value.code, refused.value.status) == ("MalformedPolicyDocument", 400)
