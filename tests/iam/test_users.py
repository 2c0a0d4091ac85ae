"""Users."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from ostiary.authorization.caller import Caller, CallerKind
from ostiary.policy import RoleSession
from tests.iam.asking import NAMELESS_ROOT, Iam
from tests.world import ACCOUNT, NOW, OTHER, document

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def role_session(account: str = ACCOUNT) -> Caller:
    role = f"arn:aws:iam::{account}:role/app"
    arn = f"arn:aws:sts::{account}:assumed-role/app/s1"
    principal = RoleSession(arn=arn, account=account, role_arn=role, id="AROAAAAAAAAAAAAAAAAAA")
    return Caller(
        kind=CallerKind.ROLE_SESSION,
        principal=principal,
        account=account,
        arn=arn,
        user_id="AROAAAAAAAAAAAAAAAAAA:s1",
        entity_id="AROAAAAAAAAAAAAAAAAAA",
        name="app",
    )


def test_a_created_user_is_shown_as_it_was_asked_for(iam: Iam) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    made = iam("CreateUser", UserName="Bob", Path="/dev/", Tags=tags, PermissionsBoundary=READ_ONLY)["User"]
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", made.pop("UserId"))
    assert made == {
        "UserName": "Bob",
        "Path": "/dev/",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/dev/Bob",
        "CreateDate": NOW,
        "Tags": tags,
        "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READ_ONLY},
    }


def test_get_user_shows_what_create_user_showed(iam: Iam) -> None:
    made = iam("CreateUser", UserName="bob", Tags=[{"Key": "a", "Value": ""}], PermissionsBoundary=READ_ONLY)
    assert iam("GetUser", UserName="bob") == made


def test_unique_ids_differ(iam: Iam) -> None:
    ids = {iam("CreateUser", UserName=f"u{number}")["User"]["UserId"] for number in range(20)}
    assert len(ids) == 20


def test_names_are_unique_whatever_their_case_and_kept_as_written(iam: Iam) -> None:
    iam.users("Bob")
    said = iam.fault("CreateUser", UserName="bOB", Path="/x/")
    assert said == ("EntityAlreadyExists", "User with name bOB already exists.")
    assert iam("GetUser", UserName="BOB")["User"]["UserName"] == "Bob"


def test_another_account_may_have_the_same_name(iam: Iam) -> None:
    iam.users("bob")
    other = iam("CreateUser", UserName="bob", by=iam.world.root(OTHER))
    assert other["User"]["Arn"] == f"arn:aws:iam::{OTHER}:user/bob"
    assert [user["Arn"] for user in iam("ListUsers")["Users"]] == [f"arn:aws:iam::{ACCOUNT}:user/bob"]


@pytest.mark.parametrize("operation", ["GetUser", "DeleteUser", "UpdateUser", "ListUserTags", "ListGroupsForUser"])
def test_a_user_that_does_not_exist_cannot_be_found(iam: Iam, operation: str) -> None:
    said = iam.fault(operation, UserName="nobody")
    assert said == ("NoSuchEntity", "The user with name nobody cannot be found.")


def test_without_a_name_a_user_gets_itself(iam: Iam) -> None:
    iam.users("bob", path="/dev/")
    bob = iam.may("bob", "iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/dev/bob")
    assert iam("GetUser", by=bob)["User"]["UserName"] == "bob"


def test_without_a_name_the_root_user_gets_its_account(iam: Iam) -> None:
    shown = iam("GetUser", without=NAMELESS_ROOT)["User"]
    assert shown == {"UserId": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root", "CreateDate": NOW}


@pytest.mark.parametrize("operation", ["GetUser", "ListAccessKeys", "CreateAccessKey", "GetLoginProfile"])
def test_a_role_session_must_say_whom_it_means(iam: Iam, operation: str) -> None:
    said = iam.fault(operation, by=role_session())
    assert said == ("ValidationError", "Must specify userName when calling with non-User credentials")


def test_users_are_listed_by_name_page_after_page(iam: Iam) -> None:
    names = [f"User{number:02d}" if number % 2 else f"user{number:02d}" for number in range(7)]
    iam.users(*reversed(names))
    first = iam("ListUsers", MaxItems=3)
    second = iam("ListUsers", MaxItems=3, Marker=first["Marker"])
    third = iam("ListUsers", MaxItems=3, Marker=second["Marker"])
    assert [len(page["Users"]) for page in (first, second, third)] == [3, 3, 1]
    assert [page["IsTruncated"] for page in (first, second, third)] == [True, True, False]
    assert [user["UserName"] for page in (first, second, third) for user in page["Users"]] == names
    assert "Marker" not in third


def test_a_page_holds_a_hundred_unless_told_otherwise(iam: Iam) -> None:
    iam.users(*(f"u{number:03d}" for number in range(101)))
    assert len(iam("ListUsers")["Users"]) == 100
    assert len(iam("ListUsers", MaxItems=1000)["Users"]) == 101


def test_a_full_last_page_is_not_truncated(iam: Iam) -> None:
    iam.users("a", "b")
    assert iam("ListUsers", MaxItems=2)["IsTruncated"] is False


def test_users_are_listed_by_path_prefix(iam: Iam) -> None:
    iam.users("a", path="/division_abc/one/")
    iam.users("b", path="/division_abc/two/")
    iam.users("c", path="/divisionXabc/")
    for prefix, names in {"/division_abc/": ["a", "b"], "/division_abc/o": ["a"], "/": ["a", "b", "c"]}.items():
        assert [user["UserName"] for user in iam("ListUsers", PathPrefix=prefix)["Users"]] == names


def test_listings_leave_tags_and_boundaries_out(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Tags=[{"Key": "a", "Value": "b"}], PermissionsBoundary=READ_ONLY)
    assert set(iam("ListUsers")["Users"][0]) == {"UserName", "UserId", "Path", "Arn", "CreateDate"}


@pytest.mark.parametrize("marker", ["x", "QUFBQUFBQUFBQUFBYWFh", "é", "AAAA", "====", "abc def"])
def test_a_marker_of_ones_own_making_is_refused(iam: Iam, marker: str) -> None:
    assert iam.fault("ListUsers", Marker=marker) == ("ValidationError", "Invalid Marker.")


def test_a_marker_is_good_for_its_listing_and_account_only(iam: Iam) -> None:
    iam.users("a", "b")
    marker = iam("ListUsers", MaxItems=1)["Marker"]
    assert iam("ListUsers", Marker=marker)["Users"][0]["UserName"] == "b"
    assert iam.fault("ListGroups", Marker=marker)[0] == "ValidationError"
    assert iam.fault("ListUsers", Marker=marker, by=iam.world.root(OTHER))[0] == "ValidationError"


def test_a_renamed_user_keeps_its_id_and_what_it_has(iam: Iam) -> None:
    before = iam("CreateUser", UserName="bob", Tags=[{"Key": "a", "Value": "b"}])["User"]
    iam("CreateGroup", GroupName="team")
    iam("AddUserToGroup", GroupName="team", UserName="bob")
    iam("UpdateUser", UserName="bob", NewUserName="robert", NewPath="/new/")
    after = iam("GetUser", UserName="robert")["User"]
    assert after == {**before, "UserName": "robert", "Path": "/new/", "Arn": f"arn:aws:iam::{ACCOUNT}:user/new/robert"}
    assert iam("ListGroupsForUser", UserName="robert")["Groups"][0]["GroupName"] == "team"
    assert iam.fault("GetUser", UserName="bob")[0] == "NoSuchEntity"


def test_a_user_can_not_take_the_name_of_another_but_change_the_case_of_its_own(iam: Iam) -> None:
    iam.users("bob", "alice")
    said = iam.fault("UpdateUser", UserName="bob", NewUserName="ALICE")
    assert said == ("EntityAlreadyExists", "User with name ALICE already exists.")
    iam("UpdateUser", UserName="bob", NewUserName="BOB")
    assert iam("GetUser", UserName="bob")["User"]["UserName"] == "BOB"


def test_a_fault_undoes_what_was_done_before_it(iam: Iam) -> None:
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(3)]
    iam.quota("TagsPerResource", 2)
    assert iam.fault("CreateUser", UserName="bob", Tags=tags)[0] == "LimitExceeded"
    assert iam("ListUsers")["Users"] == []


def test_a_user_is_deleted_only_when_it_has_nothing_left(iam: Iam) -> None:
    iam("CreateUser", UserName="bob", Tags=[{"Key": "a", "Value": "b"}], PermissionsBoundary=READ_ONLY)
    iam("CreateGroup", GroupName="team")
    store = iam.world.house.store
    with store.read() as tx:
        bob = tx.users.get(ACCOUNT, "bob")
    assert bob is not None

    def conflict() -> str:
        code, message = iam.fault("DeleteUser", UserName="bob")
        assert code == "DeleteConflict"
        return message

    iam("CreateLoginProfile", UserName="bob", Password="Correct-horse1")
    assert conflict() == "Cannot delete entity, must delete login profile first."
    key = iam("CreateAccessKey", UserName="bob")["AccessKey"]["AccessKeyId"]
    assert conflict() == "Cannot delete entity, must delete access keys first."
    iam("AddUserToGroup", GroupName="team", UserName="bob")
    assert conflict() == "Cannot delete entity, must remove users from group first."
    with store.write() as tx:
        tx.attachments.attach(bob.id, READ_ONLY, ACCOUNT, 0)
    assert conflict() == "Cannot delete entity, must detach all policies first."
    with store.write() as tx:
        tx.inline_policies.put(bob.id, "inline", document("s3:*"))
    assert conflict() == "Cannot delete entity, must delete policies first."

    with store.write() as tx:
        tx.inline_policies.remove(bob.id, "inline")
        tx.attachments.detach(bob.id, READ_ONLY)
    iam("RemoveUserFromGroup", GroupName="team", UserName="bob")
    iam("DeleteAccessKey", UserName="bob", AccessKeyId=key)
    iam("DeleteLoginProfile", UserName="bob")
    iam("DeleteUser", UserName="bob")
    assert iam.fault("GetUser", UserName="bob")[0] == "NoSuchEntity"
    with store.read() as tx:
        assert tx.tags.of(bob.id) == []


def test_a_new_user_of_an_old_name_is_somebody_else(iam: Iam) -> None:
    first = iam("CreateUser", UserName="bob", Tags=[{"Key": "a", "Value": "b"}])["User"]
    iam("DeleteUser", UserName="bob")
    iam.world.clock.advance(seconds=5)
    second = iam("CreateUser", UserName="bob")["User"]
    assert second["UserId"] != first["UserId"]
    assert "Tags" not in second
    assert second["CreateDate"] == NOW + timedelta(seconds=5)


def test_a_boundary_is_set_replaced_and_taken_away(iam: Iam) -> None:
    iam.users("bob")
    for arn in (READ_ONLY, "arn:aws:iam::aws:policy/AdministratorAccess"):
        iam("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=arn)
        assert iam("GetUser", UserName="bob")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    iam("DeleteUserPermissionsBoundary", UserName="bob")
    assert "PermissionsBoundary" not in iam("GetUser", UserName="bob")["User"]


def test_a_boundary_must_be_a_policy_that_exists(iam: Iam) -> None:
    iam.users("bob")
    missing = f"arn:aws:iam::{ACCOUNT}:policy/missing"
    text = f"Scope ARN: {missing} does not exist or is not attachable."
    assert iam.fault("CreateUser", UserName="eve", PermissionsBoundary=missing) == ("NoSuchEntity", text)
    said = iam.fault("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=missing)
    assert said == ("NoSuchEntity", text)
    not_a_policy = f"arn:aws:iam::{ACCOUNT}:user/bob"
    assert iam.fault("CreateUser", UserName="eve", PermissionsBoundary=not_a_policy)[0] == "InvalidInput"


def test_a_boundary_binds_at_once(iam: Iam) -> None:
    iam.users("bob")
    bob = iam.may("bob", "iam:*")
    iam("CreateUser", UserName="eve", by=bob)
    iam("PutUserPermissionsBoundary", UserName="bob", PermissionsBoundary=READ_ONLY)
    code, message = iam.fault("CreateUser", UserName="mallory", by=bob)
    assert code == "AccessDenied"
    assert message.endswith("because no permissions boundary allows the iam:CreateUser action")
