"""ChangePassword: who may, with which old password."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from ostiary.credentials.passwords import password_matches
from ostiary.services.iam.wrong_passwords import LOCKED_AFTER, LOCKED_SECONDS, may_try
from tests.iam.asking import Iam
from tests.sts.people import add_role, assume, caller_of, trust
from tests.world import ACCOUNT, ALLOW_ALL, document

OLD, NEW = "Correct-horse1", "Another-horse2"
CHANGE = {"OldPassword": OLD, "NewPassword": NEW}


@pytest.fixture
def bob(iam: Iam) -> Iam:
    iam.users("bob", path="/dev/")
    iam("CreateLoginProfile", UserName="bob", Password=OLD)
    return iam


def is_password(iam: Iam, password: str) -> bool:
    with iam.world.house.store.read() as tx:
        profile = tx.login_profiles.get(iam.world.user("bob").entity_id)
    assert profile is not None
    return password_matches(profile.password, password)


def test_a_user_changes_its_own_password(bob: Iam) -> None:
    me = bob.may("bob", "iam:ChangePassword", f"arn:aws:iam::{ACCOUNT}:user/dev/bob")
    assert bob("ChangePassword", by=me, **CHANGE) == {}
    assert (is_password(bob, NEW), is_password(bob, OLD)) == (True, False)


def test_the_permission_is_asked_on_the_user_itself(bob: Iam) -> None:
    for allowed in (["iam:UpdateLoginProfile"], []):
        me = bob.may("bob", [*allowed, "s3:*"])
        code, message = bob.fault("ChangePassword", by=me, **CHANGE)
        assert code == "AccessDenied"
        assert f"iam:ChangePassword on resource: arn:aws:iam::{ACCOUNT}:user/dev/bob because" in message
    me = bob.may("bob", "iam:ChangePassword", f"arn:aws:iam::{ACCOUNT}:user/bob")
    assert bob.fault("ChangePassword", by=me, **CHANGE)[0] == "AccessDenied"
    tagged = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    me = bob.may("bob", "iam:ChangePassword", Condition=tagged)
    assert bob.fault("ChangePassword", by=me, **CHANGE)[0] == "AccessDenied"
    bob("TagUser", UserName="bob", Tags=[{"Key": "team", "Value": "blue"}])
    bob("ChangePassword", by=me, **CHANGE)


def test_a_wrong_old_password_changes_nothing(bob: Iam) -> None:
    me = bob.may("bob", "iam:ChangePassword")
    for wrong in (NEW, OLD + " ", OLD.upper()):
        said = bob.fault("ChangePassword", by=me, OldPassword=wrong, NewPassword=NEW)
        assert said == ("AccessDenied", "The old password was incorrect.")
    assert is_password(bob, OLD)


def test_the_same_password_is_no_change(bob: Iam) -> None:
    said = bob.fault("ChangePassword", by=bob.may("bob", "iam:ChangePassword"), OldPassword=OLD, NewPassword=OLD)
    assert said[0] == "PasswordPolicyViolation"


def test_without_a_password_there_is_none_to_change(bob: Iam) -> None:
    bob("DeleteLoginProfile", UserName="bob")
    said = bob.fault("ChangePassword", by=bob.may("bob", "iam:ChangePassword"), **CHANGE)
    assert said == ("NoSuchEntity", "Login Profile for User bob cannot be found.")


def test_root_users_roles_and_federated_users_have_no_password_to_change_here(bob: Iam) -> None:
    world = bob.world
    me = bob.may("bob", "*")
    role = assume(world, add_role(world, "app", trust("*")), me)
    federated = caller_of(world, world.call("sts:GetFederationToken", by=me, Name="fed", Policy=ALLOW_ALL))
    for caller in (world.root(), role, federated):
        said = bob.fault("ChangePassword", by=caller, **CHANGE)
        assert said == ("InvalidUserType", "Only IAM Users can change their own password.")


def test_the_record_has_the_change_and_no_password(bob: Iam) -> None:
    me = bob.may("bob", "iam:ChangePassword")
    bob("ChangePassword", by=me, **CHANGE)
    with bob.world.house.store.read() as tx:
        bodies = [event.body for event in tx.events.latest(5)]
    assert json.loads(bodies[0])["eventName"] == "ChangePassword"
    assert not [body for body in bodies if OLD in body or NEW in body]


def test_a_boundary_and_a_deny_hold_for_ones_own_password_too(bob: Iam) -> None:
    me = bob.may("bob", "iam:ChangePassword")
    bob("PutUserPolicy", UserName="bob", PolicyName="no", PolicyDocument=document("iam:*", effect="Deny"))
    assert bob.fault("ChangePassword", by=me, **CHANGE)[0] == "AccessDenied"


def test_passwords_are_not_guessed(bob: Iam) -> None:
    me = bob.may("bob", "iam:ChangePassword")
    wrong = ("AccessDenied", "The old password was incorrect.")
    for number in range(LOCKED_AFTER):
        assert bob.fault("ChangePassword", by=me, OldPassword=f"guess {number}", NewPassword=NEW) == wrong
    assert bob.fault("ChangePassword", by=me, **CHANGE) == wrong
    bob.world.clock.advance(seconds=LOCKED_SECONDS)
    bob("ChangePassword", by=me, **CHANGE)
    assert is_password(bob, NEW)


def test_the_right_password_forgives_the_wrong_ones(bob: Iam) -> None:
    me = bob.may("bob", "iam:ChangePassword")
    for old, new in ((OLD, NEW), (NEW, OLD)):
        for number in range(LOCKED_AFTER - 1):
            bob.fault("ChangePassword", by=me, OldPassword=f"guess {number}", NewPassword=new)
        bob("ChangePassword", by=me, OldPassword=old, NewPassword=new)


def test_guesses_at_once_are_no_more_than_guesses_in_a_row(bob: Iam) -> None:
    house, user = bob.world.house, bob.world.user("bob").entity_id
    with ThreadPoolExecutor(8) as threads:
        tried = list(threads.map(lambda _: may_try(house, user, 1000), range(40)))
    assert tried.count(True) == LOCKED_AFTER
