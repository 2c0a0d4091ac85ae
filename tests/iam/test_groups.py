"""Groups and memberships."""

from __future__ import annotations

import re

import pytest

from tests.iam.asking import Iam
from tests.world import ACCOUNT, NOW, document


def test_a_created_group_is_shown_as_it_was_asked_for(iam: Iam) -> None:
    made = iam("CreateGroup", GroupName="Admins", Path="/ops/")["Group"]
    assert re.fullmatch(r"AGPA[A-Z2-7]{17}", made["GroupId"])
    assert made == {
        "GroupName": "Admins",
        "Path": "/ops/",
        "GroupId": made["GroupId"],
        "Arn": f"arn:aws:iam::{ACCOUNT}:group/ops/Admins",
        "CreateDate": NOW,
    }
    assert iam("GetGroup", GroupName="admins") == {"Group": made, "Users": [], "IsTruncated": False}


def test_names_are_unique_whatever_their_case(iam: Iam) -> None:
    iam("CreateGroup", GroupName="team")
    said = iam.fault("CreateGroup", GroupName="TEAM")
    assert said == ("EntityAlreadyExists", "Group with name TEAM already exists.")


def test_a_user_and_a_group_may_have_one_name(iam: Iam) -> None:
    iam.users("same")
    assert iam("CreateGroup", GroupName="same")["Group"]["GroupName"] == "same"


@pytest.mark.parametrize("operation", ["GetGroup", "DeleteGroup", "UpdateGroup"])
def test_a_group_that_does_not_exist_cannot_be_found(iam: Iam, operation: str) -> None:
    said = iam.fault(operation, GroupName="none")
    assert said == ("NoSuchEntity", "The group with name none cannot be found.")


def test_members_are_shown_page_after_page(iam: Iam) -> None:
    iam("CreateGroup", GroupName="team")
    iam.users("c", "a", "B", "outsider")
    for name in ("c", "a", "B"):
        iam("AddUserToGroup", GroupName="team", UserName=name)
    first = iam("GetGroup", GroupName="team", MaxItems=2)
    rest = iam("GetGroup", GroupName="team", MaxItems=2, Marker=first["Marker"])
    assert [user["UserName"] for page in (first, rest) for user in page["Users"]] == ["a", "B", "c"]
    assert (first["IsTruncated"], rest["IsTruncated"]) == (True, False)


def test_groups_are_listed_by_name_and_path(iam: Iam) -> None:
    for name, path in {"b": "/x/", "A": "/x/y/", "c": "/"}.items():
        iam("CreateGroup", GroupName=name, Path=path)
    assert [group["GroupName"] for group in iam("ListGroups")["Groups"]] == ["A", "b", "c"]
    assert [group["GroupName"] for group in iam("ListGroups", PathPrefix="/x/")["Groups"]] == ["A", "b"]


def test_the_groups_of_a_user_are_listed_page_after_page(iam: Iam) -> None:
    iam.users("bob")
    for name in ("g3", "g1", "g2", "other"):
        iam("CreateGroup", GroupName=name)
    for name in ("g3", "g1", "g2"):
        iam("AddUserToGroup", GroupName=name, UserName="bob")
    first = iam("ListGroupsForUser", UserName="bob", MaxItems=1)
    rest = iam("ListGroupsForUser", UserName="bob", Marker=first["Marker"])
    assert [group["GroupName"] for page in (first, rest) for group in page["Groups"]] == ["g1", "g2", "g3"]


def test_adding_a_member_again_changes_nothing(iam: Iam) -> None:
    iam.users("bob")
    iam("CreateGroup", GroupName="team")
    for _ in range(2):
        iam("AddUserToGroup", GroupName="team", UserName="bob")
    assert len(iam("GetGroup", GroupName="team")["Users"]) == 1


@pytest.mark.parametrize("operation", ["AddUserToGroup", "RemoveUserFromGroup"])
def test_a_membership_needs_a_group_and_a_user(iam: Iam, operation: str) -> None:
    iam.users("bob")
    iam("CreateGroup", GroupName="team")
    missing_group = iam.fault(operation, GroupName="none", UserName="bob")
    assert missing_group == ("NoSuchEntity", "The group with name none cannot be found.")
    missing_user = iam.fault(operation, GroupName="team", UserName="nobody")
    assert missing_user == ("NoSuchEntity", "The user with name nobody cannot be found.")


@pytest.mark.parametrize("operation", ["AddUserToGroup", "RemoveUserFromGroup"])
def test_of_a_group_and_a_user_that_are_missing_the_user_is_named(iam: Iam, operation: str) -> None:
    said = iam.fault(operation, GroupName="none", UserName="nobody")
    assert said == ("NoSuchEntity", "The user with name nobody cannot be found.")


def test_removing_who_is_no_member_changes_nothing(iam: Iam) -> None:
    iam.users("bob", "eve")
    iam("CreateGroup", GroupName="team")
    iam("AddUserToGroup", GroupName="team", UserName="eve")
    iam("RemoveUserFromGroup", GroupName="team", UserName="bob")
    assert [user["UserName"] for user in iam("GetGroup", GroupName="team")["Users"]] == ["eve"]


def test_what_a_group_may_its_members_may_while_they_are_members(iam: Iam) -> None:
    iam.users("bob")
    group = iam("CreateGroup", GroupName="team")["Group"]
    with iam.world.house.store.write() as tx:
        tx.inline_policies.put(group["GroupId"], "list", document("iam:ListUsers"))
    bob = iam.world.user("bob")
    assert iam.fault("ListUsers", by=bob)[0] == "AccessDenied"
    iam("AddUserToGroup", GroupName="team", UserName="bob")
    assert iam("ListUsers", by=bob)["Users"]
    iam("RemoveUserFromGroup", GroupName="team", UserName="bob")
    assert iam.fault("ListUsers", by=bob)[0] == "AccessDenied"


def test_a_renamed_group_keeps_its_members(iam: Iam) -> None:
    iam.users("bob")
    before = iam("CreateGroup", GroupName="team")["Group"]
    iam("AddUserToGroup", GroupName="team", UserName="bob")
    iam("UpdateGroup", GroupName="team", NewGroupName="crew", NewPath="/sea/")
    after = iam("GetGroup", GroupName="crew")
    assert after["Group"]["GroupId"] == before["GroupId"]
    assert after["Group"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/sea/crew"
    assert [user["UserName"] for user in after["Users"]] == ["bob"]


def test_a_group_can_not_take_the_name_of_another(iam: Iam) -> None:
    iam("CreateGroup", GroupName="a")
    iam("CreateGroup", GroupName="b")
    said = iam.fault("UpdateGroup", GroupName="a", NewGroupName="B")
    assert said == ("EntityAlreadyExists", "Group with name B already exists.")


def test_a_group_is_deleted_only_when_it_has_nothing_left(iam: Iam) -> None:
    iam.users("bob")
    group = iam("CreateGroup", GroupName="team")["Group"]["GroupId"]
    policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    store = iam.world.house.store
    iam("AddUserToGroup", GroupName="team", UserName="bob")
    said = iam.fault("DeleteGroup", GroupName="team")
    assert said == ("DeleteConflict", "Cannot delete entity, must remove users from group first.")
    with store.write() as tx:
        tx.attachments.attach(group, policy, ACCOUNT, 0)
    said = iam.fault("DeleteGroup", GroupName="team")
    assert said == ("DeleteConflict", "Cannot delete entity, must detach all policies first.")
    with store.write() as tx:
        tx.inline_policies.put(group, "inline", document("s3:*"))
    said = iam.fault("DeleteGroup", GroupName="team")
    assert said == ("DeleteConflict", "Cannot delete entity, must delete policies first.")
    with store.write() as tx:
        tx.inline_policies.remove(group, "inline")
        tx.attachments.detach(group, policy)
    iam("RemoveUserFromGroup", GroupName="team", UserName="bob")
    iam("DeleteGroup", GroupName="team")
    assert iam("ListGroups")["Groups"] == []
