"""The account's password policy: its operations, what it asks of new passwords, whom it lets change theirs, expiry."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ostiary.credentials.passwords import password_matches
from ostiary.services.iam import passwords
from ostiary.services.iam.passwords import PasswordState, password_changed, password_expires, password_state
from tests.iam.asking import Iam
from tests.world import ACCOUNT, NOW, OTHER, document

GOOD = "Correct-horse1"
VIOLATION = ("PasswordPolicyViolation", "Password does not conform to the account password policy.")
REUSED = (
    "PasswordPolicyViolation",
    "Policy constraint violation with password reuse prevention during password change.",
)
CHANGED_MEANWHILE = (
    "EntityTemporarilyUnmodifiable",
    "Login Profile for User bob cannot be modified while login profile is being changed.",
)
DAY = 86_400
# What AWS answers after an update without parameters (aws-cli issue 7265).
DEFAULTS = {
    "MinimumPasswordLength": 6,
    "RequireSymbols": False,
    "RequireNumbers": False,
    "RequireUppercaseCharacters": False,
    "RequireLowercaseCharacters": False,
    "AllowUsersToChangePassword": False,
    "ExpirePasswords": False,
}
STRICT = {
    "MinimumPasswordLength": 12,
    "RequireSymbols": True,
    "RequireNumbers": True,
    "RequireUppercaseCharacters": True,
    "RequireLowercaseCharacters": True,
    "AllowUsersToChangePassword": True,
    "MaxPasswordAge": 90,
    "PasswordReusePrevention": 24,
    "HardExpiry": True,
}


@pytest.fixture
def bob(iam: Iam) -> Iam:
    iam.users("bob", path="/dev/")
    return iam


def policy(iam: Iam, **asked: Any) -> None:
    iam("UpdateAccountPasswordPolicy", **asked)


def state(iam: Iam) -> tuple[PasswordState, int | None]:
    with iam.world.house.store.read() as tx:
        user = tx.users.get(ACCOUNT, "bob")
        assert user is not None
        profile = tx.login_profiles.get(user.id)
        assert profile is not None
        now = int(iam.world.clock.now().timestamp())
        return password_state(tx, ACCOUNT, profile, now), password_expires(tx, ACCOUNT, profile)


def hashed(iam: Iam) -> str:
    with iam.world.house.store.read() as tx:
        user = tx.users.get(ACCOUNT, "bob")
        assert user is not None
        profile = tx.login_profiles.get(user.id)
        assert profile is not None
        return profile.password


def test_an_account_without_a_policy_of_its_own_has_none_to_show_or_delete(iam: Iam) -> None:
    said = iam.fault("GetAccountPasswordPolicy")
    assert said == ("NoSuchEntity", f"The Password Policy with domain name {ACCOUNT} cannot be found.")
    said = iam.fault("DeleteAccountPasswordPolicy")
    assert said == ("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.")


def test_an_update_without_parameters_sets_the_operations_defaults(iam: Iam) -> None:
    policy(iam)
    assert iam("GetAccountPasswordPolicy")["PasswordPolicy"] == DEFAULTS


def test_an_update_sets_the_whole_policy_and_resets_what_it_leaves_out(iam: Iam) -> None:
    policy(iam, **STRICT)
    assert iam("GetAccountPasswordPolicy")["PasswordPolicy"] == {**STRICT, "ExpirePasswords": True}
    policy(iam, RequireNumbers=True, HardExpiry=False)
    expected = {**DEFAULTS, "RequireNumbers": True, "HardExpiry": False}
    assert iam("GetAccountPasswordPolicy")["PasswordPolicy"] == expected


def test_a_policy_is_its_accounts_alone_and_goes(iam: Iam) -> None:
    policy(iam, **STRICT)
    assert iam.fault("GetAccountPasswordPolicy", by=iam.world.root(OTHER))[0] == "NoSuchEntity"
    iam("DeleteAccountPasswordPolicy")
    assert iam.fault("GetAccountPasswordPolicy")[0] == "NoSuchEntity"


@pytest.mark.parametrize(
    ("asked", "weak", "strong"),
    [
        ({}, "abcde", "abcdef"),
        ({"MinimumPasswordLength": 20}, "a" * 19, "a" * 20),
        ({"RequireSymbols": True}, "abcdefä ?", "abcdef'"),
        ({"RequireNumbers": True}, "abcdef-٣", "abcdef1"),
        ({"RequireUppercaseCharacters": True}, "abcdefÄ", "abcdeF"),
        ({"RequireLowercaseCharacters": True}, "ABCDEFß", "ABCDEf"),
    ],
)
def test_a_new_password_has_what_the_policy_asks_for(bob: Iam, asked: dict[str, Any], weak: str, strong: str) -> None:
    policy(bob, **asked)
    assert bob.fault("CreateLoginProfile", UserName="bob", Password=weak) == VIOLATION
    bob("CreateLoginProfile", UserName="bob", Password=strong)
    assert bob.fault("UpdateLoginProfile", UserName="bob", Password=weak) == VIOLATION
    me = bob.may("bob", "iam:ChangePassword")
    assert bob.fault("ChangePassword", by=me, OldPassword=strong, NewPassword=weak) == VIOLATION
    assert password_matches(hashed(bob), strong)


def test_the_latest_passwords_are_not_taken_again(bob: Iam) -> None:
    policy(bob, PasswordReusePrevention=2)
    bob("CreateLoginProfile", UserName="bob", Password="first!")
    me = bob.may("bob", "iam:ChangePassword")
    bob("ChangePassword", by=me, OldPassword="first!", NewPassword="second")
    assert bob.fault("ChangePassword", by=me, OldPassword="second", NewPassword="first!") == REUSED
    assert bob.fault("UpdateLoginProfile", UserName="bob", Password="second") == REUSED
    bob("UpdateLoginProfile", UserName="bob", Password="third!")
    bob("ChangePassword", by=me, OldPassword="third!", NewPassword="first!")
    bob("DeleteLoginProfile", UserName="bob")
    assert bob.fault("CreateLoginProfile", UserName="bob", Password="third!") == REUSED


def test_passwords_before_the_policy_count_as_well(bob: Iam) -> None:
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    bob("UpdateLoginProfile", UserName="bob", Password="Another-horse2")
    policy(bob, PasswordReusePrevention=2)
    assert bob.fault("UpdateLoginProfile", UserName="bob", Password=GOOD) == REUSED


def test_a_user_with_old_passwords_can_be_deleted(bob: Iam) -> None:
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    said = bob.fault("DeleteUser", UserName="bob")
    assert said == ("DeleteConflict", "Cannot delete entity, must delete login profile first.")
    bob("DeleteLoginProfile", UserName="bob")
    bob("DeleteUser", UserName="bob")


def test_users_change_their_own_password_when_the_account_says_so(bob: Iam) -> None:
    bob.users("eve")
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    change = {"OldPassword": GOOD, "NewPassword": "Another-horse2"}
    assert bob.fault("ChangePassword", by=bob.world.user("bob"), **change)[0] == "AccessDenied"
    policy(bob, AllowUsersToChangePassword=True)
    bob("ChangePassword", by=bob.world.user("bob"), **change)
    assert bob("GetAccountPasswordPolicy", by=bob.world.user("bob"))
    for other in ({"UserName": "eve"}, {"UserName": "bob"}):
        assert bob.fault("UpdateLoginProfile", by=bob.world.user("bob"), **other)[0] == "AccessDenied"
    policy(bob)
    again = {"OldPassword": "Another-horse2", "NewPassword": GOOD}
    assert bob.fault("ChangePassword", by=bob.world.user("bob"), **again)[0] == "AccessDenied"


def test_what_the_account_gives_is_capped_by_denies_and_boundaries(bob: Iam) -> None:
    policy(bob, AllowUsersToChangePassword=True)
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    change = {"OldPassword": GOOD, "NewPassword": "Another-horse2"}
    denied = bob.may("bob", "s3:*")
    bob(
        "PutUserPolicy", UserName="bob", PolicyName="only", PolicyDocument=document("iam:ChangePassword", effect="Deny")
    )
    assert bob.fault("ChangePassword", by=denied, **change)[0] == "AccessDenied"
    bob("DeleteUserPolicy", UserName="bob", PolicyName="only")
    boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    bob("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=boundary)
    assert bob.fault("ChangePassword", by=denied, **change)[0] == "AccessDenied"
    bob("DeleteUserPermissionsBoundary", UserName="bob")
    bob("ChangePassword", by=denied, **change)


def test_a_path_with_wildcards_gives_nobody_elses_password(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Path="/*?$/")
    policy(iam, AllowUsersToChangePassword=True)
    iam("CreateLoginProfile", UserName="bob", Password=GOOD)
    iam("ChangePassword", by=iam.world.user("bob"), OldPassword=GOOD, NewPassword="Another-horse2")
    standing = iam.world.house.book.user(iam.world.user("bob").entity_id)
    assert standing is not None
    (given,) = standing.identity
    assert f'"arn:aws:iam::{ACCOUNT}:user/${{*}}${{?}}${{$}}/bob"' in given.policy.text


@pytest.mark.parametrize("hard", [False, True])
def test_a_password_expires_by_its_age(bob: Iam, hard: bool) -> None:
    set_at = int(NOW.timestamp())
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    assert state(bob) == (PasswordState.GOOD, None)
    policy(bob, MaxPasswordAge=90, HardExpiry=hard)
    bob.world.clock.advance(days=89, hours=23)
    assert state(bob) == (PasswordState.GOOD, set_at + 90 * DAY)
    bob.world.clock.advance(hours=1)
    assert state(bob) == (PasswordState.LOCKED if hard else PasswordState.MUST_CHANGE, set_at + 90 * DAY)
    me = bob.may("bob", "iam:ChangePassword")
    bob("ChangePassword", by=me, OldPassword=GOOD, NewPassword="Another-horse2")
    assert state(bob) == (PasswordState.GOOD, set_at + 180 * DAY)


def test_a_reset_that_is_demanded_is_done_with_by_changing_the_password(bob: Iam) -> None:
    bob("CreateLoginProfile", UserName="bob", Password=GOOD, PasswordResetRequired=True)
    assert state(bob)[0] is PasswordState.MUST_CHANGE
    me = bob.may("bob", "iam:ChangePassword")
    bob("ChangePassword", by=me, OldPassword=GOOD, NewPassword="Another-horse2")
    assert state(bob)[0] is PasswordState.GOOD
    assert bob("GetLoginProfile", UserName="bob")["LoginProfile"]["PasswordResetRequired"] is False


def test_it_is_known_since_when_a_password_is_there(bob: Iam) -> None:
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    bob.world.clock.advance(days=3)
    bob("UpdateLoginProfile", UserName="bob", PasswordResetRequired=True)
    for password, days in ((None, 0), ("Another-horse2", 3)):
        if password:
            bob("UpdateLoginProfile", UserName="bob", Password=password)
        with bob.world.house.store.read() as tx:
            profile = tx.login_profiles.get(bob.world.user("bob").entity_id)
            assert profile is not None
            assert password_changed(tx, profile) == int(NOW.timestamp()) + days * DAY
    assert bob("GetLoginProfile", UserName="bob")["LoginProfile"]["CreateDate"] == NOW


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("UpdateLoginProfile", {"UserName": "bob", "Password": "Another-horse2"}),
    ("ChangePassword", {"OldPassword": GOOD, "NewPassword": "Another-horse2"}),
    ("CreateLoginProfile", {"UserName": "eve", "Password": "Another-horse2"}),
]


@pytest.mark.parametrize(("name", "params"), CHANGES, ids=lambda each: each if isinstance(each, str) else "")
def test_nobody_waits_for_a_hash(bob: Iam, name: str, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    bob.users("eve")
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    store, written = bob.world.house.store, threading.Event()

    def write() -> None:
        with store.write() as tx:
            tx.settings.put("somebody", "else")
        written.set()

    def hash_slowly(password: str) -> str:
        threading.Thread(target=write).start()
        assert written.wait(10), "a change of somebody else waits for the hash"
        return "$argon2id$new"

    monkeypatch.setattr(passwords, "hash_password", hash_slowly)
    bob(name, by=bob.may("bob", f"iam:{name}"), **params)
    assert written.is_set()


@pytest.mark.parametrize(("name", "params"), CHANGES, ids=lambda each: each if isinstance(each, str) else "")
def test_nothing_is_hashed_for_who_may_not(
    bob: Iam, name: str, params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bob.users("eve")
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    for module in ("passwords", "change_password"):
        for function in ("hash_password", "password_matches"):
            monkeypatch.setattr(f"ostiary.services.iam.{module}.{function}", None, raising=False)
    assert bob.fault(name, by=bob.may("bob", "s3:*"), **params)[0] == "AccessDenied"


def meanwhile(iam: Iam, monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """While the next password is hashed, somebody makes a change."""
    real = passwords.hash_password

    def hash_and_change(password: str) -> str:
        monkeypatch.setattr(passwords, "hash_password", real)
        change()
        return real(password)

    monkeypatch.setattr(passwords, "hash_password", hash_and_change)


@pytest.mark.parametrize(("name", "params"), CHANGES[:2], ids=lambda each: each if isinstance(each, str) else "")
@pytest.mark.parametrize(
    ("other", "given"),
    [
        ("UpdateLoginProfile", {"UserName": "bob", "Password": "Meanwhile-horse3"}),
        ("UpdateAccountPasswordPolicy", {"MinimumPasswordLength": 100}),
    ],
)
def test_a_password_is_not_set_on_what_changed_meanwhile(
    bob: Iam, name: str, params: Any, other: str, given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob("CreateLoginProfile", UserName="bob", Password=GOOD)
    meanwhile(bob, monkeypatch, lambda: bob(other, **given))
    assert bob.fault(name, by=bob.may("bob", f"iam:{name}"), **params) == CHANGED_MEANWHILE
    assert not password_matches(hashed(bob), "Another-horse2")


def test_a_profile_that_somebody_else_makes_meanwhile_is_not_replaced(
    bob: Iam, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = {"UserName": "bob", "Password": "Another-horse2"}
    meanwhile(bob, monkeypatch, lambda: bob("CreateLoginProfile", UserName="bob", Password=GOOD))
    assert bob.fault("CreateLoginProfile", **mine)[0] == "EntityAlreadyExists"
    assert password_matches(hashed(bob), GOOD)
