"""GetScopedCredentials: less of the same session."""

from __future__ import annotations

import json

import pytest

from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask
from ostiary.gate.authorize import Refused
from ostiary.services.faults import ServiceFault
from tests.sts.people import add_role, add_user, assume, caller_of, judged, session_of, trust
from tests.world import ACCOUNT, ALLOW_ALL, World, document

BOX, OTHER = "arn:aws:s3:::box/key", "arn:aws:s3:::other/key"
READ = document(["s3:GetObject", "sts:*"])
ANYTHING = document(["s3:*", "sts:*"])
_STS = {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}
BOX_ALONE = json.dumps(
    {"Version": "2012-10-17", "Statement": [_STS, {**_STS, "Action": "s3:*", "Resource": "arn:aws:s3:::box/*"}]}
)


def allowed(world: World, caller: Caller, action: str, resource: str = BOX) -> bool:
    return judged(world, caller, Ask(action=action, resource=resource)).allowed


@pytest.fixture
def session(world: World) -> Caller:
    """A role session that may do everything in S3 and STS."""
    alice = add_user(world, "alice", ALLOW_ALL)
    role = add_role(world, "worker", trust(alice.arn), document(["s3:*", "sts:*"]))
    return assume(world, role, alice)


def test_the_identity_stays_and_the_permissions_shrink(world: World, session: Caller) -> None:
    answer = world.call("sts:GetScopedCredentials", by=session, Policy=READ)
    scoped = caller_of(world, answer)
    assert (scoped.arn, scoped.user_id) == (session.arn, session.user_id)
    assert answer["SessionInfo"] == {"ScopedSessionId": scoped.user_id, "Arn": scoped.arn}
    assert answer["ScopedPoliciesCount"] == 1
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"])
    assert allowed(world, scoped, "s3:GetObject") and not allowed(world, scoped, "s3:PutObject")
    assert not allowed(world, scoped, "iam:ListUsers"), "a scope gives nothing that the session has not"
    assert world.call("sts:GetCallerIdentity", by=scoped)["Arn"] == scoped.arn
    assert session_of(world, answer).expires == session.session.expires


def test_scopes_are_an_intersection_of_three_at_most(world: World, session: Caller) -> None:
    caller = session
    for number, policy in enumerate((READ, BOX_ALONE, ANYTHING), 1):
        answer = world.call("sts:GetScopedCredentials", by=caller, Policy=policy)
        assert answer["ScopedPoliciesCount"] == number
        caller = caller_of(world, answer)
    assert allowed(world, caller, "s3:GetObject", BOX)
    assert not allowed(world, caller, "s3:GetObject", OTHER) and not allowed(world, caller, "s3:PutObject", BOX)
    with pytest.raises(ServiceFault, match="at most 3 scope down policies"):
        world.call("sts:GetScopedCredentials", by=caller, Policy=READ)
    assert world.call("sts:GetScopedCredentials", by=caller, DurationSeconds=60)["ScopedPoliciesCount"] == 3


def test_a_scope_that_leaves_sts_out_ends_the_chain(world: World, session: Caller) -> None:
    scoped = caller_of(world, world.call("sts:GetScopedCredentials", by=session, Policy=document("s3:*")))
    with pytest.raises(Refused, match="no session policy allows the sts:GetScopedCredentials action"):
        world.call("sts:GetScopedCredentials", by=scoped, DurationSeconds=60)


def test_a_denial_of_a_scope_is_told_as_a_session_policys(world: World, session: Caller) -> None:
    both = json.dumps(
        {"Version": "2012-10-17", "Statement": [_STS, {**_STS, "Effect": "Deny", "Action": "s3:DeleteObject"}]}
    )
    scoped = caller_of(world, world.call("sts:GetScopedCredentials", by=session, Policy=both))
    judgement = judged(world, scoped, Ask(action="s3:DeleteObject", resource=BOX))
    assert judgement.decision.verdict.value == "explicitDeny"
    assert judgement.decision.matched[0].source.name == "scope-down policy 1"


def test_a_session_can_be_shortened_and_not_extended(world: World, session: Caller) -> None:
    answer = world.call("sts:GetScopedCredentials", by=session, DurationSeconds=1)
    assert session_of(world, answer).expires == int(world.clock.now().timestamp()) + 1
    assert answer["ScopedPoliciesCount"] == 0
    with pytest.raises(ServiceFault, match="InsufficientSessionLifetime: "):
        world.call("sts:GetScopedCredentials", by=session, DurationSeconds=3601)
    with pytest.raises(ServiceFault, match="At least one of Policy or DurationSeconds"):
        world.call("sts:GetScopedCredentials", by=session)


def test_long_term_keys_cannot_call_it_and_session_tokens_can(world: World) -> None:
    alice = add_user(world, "alice", ALLOW_ALL)
    for caller in (alice, world.root()):
        with pytest.raises(ServiceFault, match="long-term credentials"):
            world.call("sts:GetScopedCredentials", by=caller, DurationSeconds=60)
    for caller in (alice, world.root()):
        token = caller_of(world, world.call("sts:GetSessionToken", by=caller))
        scoped = caller_of(world, world.call("sts:GetScopedCredentials", by=token, Policy=document("s3:GetObject")))
        assert allowed(world, scoped, "s3:GetObject") and not allowed(world, scoped, "s3:PutObject"), caller.arn
    federated = caller_of(world, world.call("sts:GetFederationToken", by=alice, Name="bob", Policy=ALLOW_ALL))
    scoped = caller_of(world, world.call("sts:GetScopedCredentials", by=federated, Policy=document("s3:GetObject")))
    assert scoped.arn == f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert allowed(world, scoped, "s3:GetObject") and not allowed(world, scoped, "s3:PutObject")


def test_wrong_policies_are_refused_as_session_policies_are(world: World, session: Caller) -> None:
    for policy, code in (("{}", "MalformedPolicyDocument"), (document("s3:" + "x" * 2040), "PackedPolicyTooLarge")):
        with pytest.raises(ServiceFault, match=f"{code}: "):
            world.call("sts:GetScopedCredentials", by=session, Policy=policy)


def test_the_permission_is_needed_and_enough(world: World) -> None:
    alice = add_user(world, "alice", ALLOW_ALL)
    for policy, may in ((document("sts:GetScopedCredentials"), True), (document("sts:Get*Token"), False)):
        role = add_role(world, f"r{may}".lower(), trust(alice.arn), policy)
        caller = assume(world, role, alice)
        if may:
            assert world.call("sts:GetScopedCredentials", by=caller, DurationSeconds=5)["Credentials"]
        else:
            with pytest.raises(Refused, match="no identity-based policy allows the sts:GetScopedCredentials action"):
                world.call("sts:GetScopedCredentials", by=caller, DurationSeconds=5)
