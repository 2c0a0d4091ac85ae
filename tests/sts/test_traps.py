"""Traps of sessions, each a real bug somewhere. The numbers are names only."""

from __future__ import annotations

import pytest

from ostiary.authorization.judge import Ask
from ostiary.gate.authenticate import session_caller
from ostiary.gate.authorize import Refused
from ostiary.services.faults import ServiceFault
from tests.sts.people import add_role, add_user, assume, caller_of, judged, sent, session_of, trust
from tests.world import ACCOUNT, ALLOW_ALL, OTHER, World, document

READ = document("s3:GetObject")
LIST = Ask(action="s3:ListAllMyBuckets")


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("iam:CreateAccessKey", {"UserName": "admin"}),
        ("iam:CreateLoginProfile", {"UserName": "admin", "Password": "Aa1!aaaaaaaa"}),
        ("iam:PutRolePolicy", {"RoleName": "app", "PolicyName": "p", "PolicyDocument": ALLOW_ALL}),
        ("iam:UpdateAssumeRolePolicy", {"RoleName": "app", "PolicyDocument": trust("*")}),
        ("sts:AssumeRole", {"RoleArn": f"arn:aws:iam::{OTHER}:role/wide", "RoleSessionName": "s2"}),
    ],
)
def test_t5_a_limited_session_makes_no_unlimited_credentials(
    world: World, operation: str, params: dict[str, str]
) -> None:
    """The role may do everything; the session was opened to read objects."""
    admin = add_user(world, "admin")
    role = add_role(world, "app", trust("*"))
    add_role(world, "wide", trust(f"arn:aws:iam::{ACCOUNT}:root"), account=OTHER)
    limited = assume(world, role, admin, Policy=READ)
    with pytest.raises(Refused) as refused:
        world.call(operation, params, by=limited)
    assert refused.value.code == "AccessDenied"
    world.call(operation, params, by=assume(world, role, admin))  # it is the session policy that refused


@pytest.mark.parametrize(("operation", "params"), [("GetSessionToken", {}), ("GetFederationToken", {"Name": "bob"})])
def test_t5_a_session_asks_for_no_other_session(world: World, operation: str, params: dict[str, str]) -> None:
    role = add_role(world, "app", trust("*"))
    alice = add_user(world, "alice")
    for session in (assume(world, role, alice), caller_of(world, world.call("sts:GetSessionToken", by=alice))):
        with pytest.raises(ServiceFault) as refused:
            sent(world, f"sts:{operation}", params, session)
        assert refused.value.code == "AccessDenied"
    assert sent(world, f"sts:{operation}", params, alice)["Credentials"]


def test_t5_a_federated_user_has_no_more_than_was_passed_on(world: World) -> None:
    alice = add_user(world, "alice")
    read = Ask(action="s3:GetObject", resource="arn:aws:s3:::b/k")
    for passed, may in (({}, [False, False]), ({"Policy": READ}, [True, False])):
        session = caller_of(world, world.call("sts:GetFederationToken", passed, by=alice, Name="bob"))
        assert [judged(world, session, ask).allowed for ask in (read, LIST)] == may


def test_t37_a_session_is_judged_by_the_policies_of_now_and_not_of_its_issue(world: World) -> None:
    role = add_role(world, "app", trust("*"), document("s3:ListAllMyBuckets"))
    session = assume(world, role, add_user(world, "alice"))
    assert judged(world, session, LIST).allowed
    world.call("iam:DeleteRolePolicy", RoleName="app", PolicyName="own")
    assert not judged(world, session, LIST).allowed
    world.call("iam:PutRolePolicy", RoleName="app", PolicyName="new", PolicyDocument=document("s3:*"))
    assert judged(world, session, LIST).allowed


def test_t37_a_role_made_again_revives_no_session(world: World) -> None:
    alice = add_user(world, "alice")

    def make() -> None:
        world.call("iam:CreateRole", RoleName="app", AssumeRolePolicyDocument=trust(alice.arn))
        world.call("iam:PutRolePolicy", RoleName="app", PolicyName="own", PolicyDocument=ALLOW_ALL)

    make()
    asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/app", "RoleSessionName": "s1"}
    answer = world.call("sts:AssumeRole", asked, by=alice)
    session = caller_of(world, answer)
    world.call("iam:DeleteRolePolicy", RoleName="app", PolicyName="own")
    world.call("iam:DeleteRole", RoleName="app")
    make()
    world.house.book.refresh()
    assert session_caller(world.house.book, session_of(world, answer)) is None
    assert not judged(world, session, LIST).allowed
    with pytest.raises(ServiceFault):
        world.call("iam:ListUsers", by=session)
    assert judged(world, caller_of(world, world.call("sts:AssumeRole", asked, by=alice)), LIST).allowed
