"""Login profiles."""

from __future__ import annotations

import json

import pytest

from ostiary.credentials.passwords import password_matches
from tests.iam.asking import Iam
from tests.world import ACCOUNT, NOW

GOOD = "Correct-horse1"
VIOLATION = ("PasswordPolicyViolation", "Password does not conform to the account password policy.")


def hashed(iam: Iam, user: str = "bob") -> str:
    with iam.world.house.store.read() as tx:
        record = tx.users.get(ACCOUNT, user)
        assert record is not None
        profile = tx.login_profiles.get(record.id)
    assert profile is not None
    return profile.password


def test_a_password_is_kept_as_an_argon2id_hash_only(iam: Iam) -> None:
    iam.users("bob")
    made = iam("CreateLoginProfile", UserName="bob", Password=GOOD)["LoginProfile"]
    assert made == {"UserName": "bob", "CreateDate": NOW, "PasswordResetRequired": False}
    assert iam("GetLoginProfile", UserName="bob")["LoginProfile"] == made
    kept = hashed(iam)
    assert kept.startswith("$argon2id$")
    assert password_matches(kept, GOOD)
    with iam.world.house.store.read() as tx:
        assert GOOD not in json.dumps([event.body for event in tx.events.latest(10)])


def test_a_second_profile_is_refused(iam: Iam) -> None:
    iam.users("bob")
    iam("CreateLoginProfile", UserName="bob", Password=GOOD)
    said = iam.fault("CreateLoginProfile", UserName="bob", Password=GOOD)
    assert said == ("EntityAlreadyExists", "Login Profile for user bob already exists.")


@pytest.mark.parametrize("operation", ["GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"])
def test_a_profile_that_does_not_exist_cannot_be_found(iam: Iam, operation: str) -> None:
    iam.users("bob")
    assert iam.fault(operation, UserName="bob") == ("NoSuchEntity", "Login Profile for User bob cannot be found.")
    said = iam.fault(operation, UserName="nobody")
    assert said == ("NoSuchEntity", "The user with name nobody cannot be found.")


def test_a_new_password_replaces_the_old_one(iam: Iam) -> None:
    iam.users("bob")
    iam("CreateLoginProfile", UserName="bob", Password=GOOD, PasswordResetRequired=True)
    iam("UpdateLoginProfile", UserName="bob", Password="Another-horse2")
    assert password_matches(hashed(iam), "Another-horse2")
    assert not password_matches(hashed(iam), GOOD)
    assert iam("GetLoginProfile", UserName="bob")["LoginProfile"]["PasswordResetRequired"] is True


def test_a_reset_is_demanded_without_touching_the_password(iam: Iam) -> None:
    iam.users("bob")
    iam("CreateLoginProfile", UserName="bob", Password=GOOD)
    iam("UpdateLoginProfile", UserName="bob", PasswordResetRequired=True)
    assert iam("GetLoginProfile", UserName="bob")["LoginProfile"]["PasswordResetRequired"] is True
    assert password_matches(hashed(iam), GOOD)


def test_a_deleted_profile_is_gone(iam: Iam) -> None:
    iam.users("bob")
    iam("CreateLoginProfile", UserName="bob", Password=GOOD)
    iam("DeleteLoginProfile", UserName="bob")
    assert iam.fault("GetLoginProfile", UserName="bob")[0] == "NoSuchEntity"


WEAK = ["Ab1-efg", "abcdefgh", "abcdefg1", "ABCDEFG1", "12345678", "abcdefg-", "Abcdefgh", "Äbcdefg1"]


@pytest.mark.parametrize("password", WEAK)
def test_a_weak_password_is_refused_at_both_doors(iam: Iam, password: str) -> None:
    iam.users("bob", "eve")
    assert iam.fault("CreateLoginProfile", UserName="bob", Password=password) == VIOLATION
    iam("CreateLoginProfile", UserName="eve", Password=GOOD)
    assert iam.fault("UpdateLoginProfile", UserName="eve", Password=password) == VIOLATION
    assert password_matches(hashed(iam, "eve"), GOOD)


@pytest.mark.parametrize("password", ["Abcdefg1", "Abcdefg-", "abcdef1-", "ABCDEF1-", "Ab1-" * 32])
def test_three_classes_of_characters_are_enough(iam: Iam, password: str) -> None:
    iam.users("bob")
    assert iam("CreateLoginProfile", UserName="bob", Password=password)


def test_the_accounts_address_is_no_password(iam: Iam) -> None:
    iam.users("bob")
    assert iam.fault("CreateLoginProfile", UserName="bob", Password="Root-0@example.com") == VIOLATION


def test_a_profile_needs_a_password(iam: Iam) -> None:
    iam.users("bob")
    code, message = iam.fault("CreateLoginProfile", UserName="bob")
    assert (code, "'password'" in message) == ("ValidationError", True)


def test_the_root_user_has_no_login_profile_of_its_own(iam: Iam) -> None:
    for operation in ("CreateLoginProfile", "GetLoginProfile", "DeleteLoginProfile"):
        assert iam.fault(operation)[0] == "ValidationError"
