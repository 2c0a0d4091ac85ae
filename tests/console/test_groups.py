"""User groups (S9, S12, S26): the list, a group's tabs, making one for a job, renaming and deleting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.people import Browser, Console
from tests.world import ACCOUNT, document

READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def call(console: Console, operation: str, **params: Any) -> Any:
    return console.world.call(f"iam:{operation}", **params)


@pytest.fixture
def browser(console: Console) -> Browser:
    return console.administrator()


def test_the_list_has_members_policies_and_activity(browser: Browser, console: Console) -> None:
    assert "There are no groups yet" in browser.get("/groups").words
    for name in ("Readers", "Writers"):
        call(console, "CreateGroup", GroupName=name)
    console.user("bob", password=None)
    call(console, "AddUserToGroup", GroupName="Readers", UserName="bob")
    call(console, "AttachGroupPolicy", GroupName="Readers", PolicyArn=READ)
    page = browser.get("/groups?sort=members&order=desc")
    assert [row[:4] for row in page.rows()] == [
        ["Readers", "1", "AmazonS3ReadOnlyAccess", "Never"],
        ["Writers", "0", "None", "Never"],
    ]
    assert [row[0] for row in browser.get("/groups?find=WRI").rows()] == ["Writers"]
    assert "No group is like this" in browser.get("/groups?find=zzz").words


def test_the_latest_activity_of_any_member_is_told(browser: Browser, console: Console) -> None:
    call(console, "CreateGroup", GroupName="Readers")
    call(console, "CreateGroup", GroupName="Others")
    for name, days in (("bob", 5), ("carol", 3), ("dave", None)):
        console.user(name, password=None)
        call(console, "AddUserToGroup", GroupName="Readers", UserName=name)
        with console.house.store.write() as tx:
            user = tx.users.get(ACCOUNT, name)
            assert user is not None
            used = None if days is None else int(console.house.clock.now().timestamp()) - days * 86_400
            tx.users.change(user.id, password_used=used)
    rows = browser.get("/groups?sort=activity&order=desc").rows()
    assert [(row[0], row[3]) for row in rows] == [("Readers", "3 days ago"), ("Others", "Never")]


def test_a_group_is_made_for_a_job_with_more_policies(browser: Browser, console: Console) -> None:
    browser.get("/groups/create")
    page = browser.submit(job="s3-work", button="job")
    assert page.select("//input[@id='name']/@value") == ["S3-Writers"] and "WorkOnObjects" in page.words
    assert "aws iam put-group-policy" in page.words
    browser.submit(find="s3 read", button="find")
    browser.submit(policy=[READ], name="Writers", button="find")
    page = browser.post("/groups/create/make", dict(_fields(browser)))
    assert page.path == "/groups/Writers" and "The group is created" in page.words
    assert call(console, "ListGroupPolicies", GroupName="Writers")["PolicyNames"] == ["WorkOnObjects"]
    assert call(console, "ListAttachedGroupPolicies", GroupName="Writers")["AttachedPolicies"][0]["PolicyArn"] == READ
    page = browser.get("/groups/Writers/permissions")
    assert {row[0] for row in page.rows()} == {"AmazonS3ReadOnlyAccess", "WorkOnObjects"}
    page = browser.post("/groups/create/make", {"name": "Writers"})
    assert page.status == 400 and "Group with name Writers already exists." in page.words


def _fields(browser: Browser) -> list[tuple[str, str]]:
    assert browser.page is not None
    return [pair for pair in browser.page.select("//main//form")[0].form_values() if pair[0] != "token"]


def test_members_come_and_go(browser: Browser, console: Console) -> None:
    call(console, "CreateGroup", GroupName="Readers")
    console.user("bob", password=None)
    assert "Nobody is a member" in browser.get("/groups/Readers").words
    browser.get("/groups/Readers/users?add=bo")
    page = browser.submit("//form[contains(@action, '/users/add')]", user=["bob"])
    assert "1 user is added" in page.words and page.rows()[0][0] == "bob"
    page = browser.submit("//form[contains(@action, '/users/remove')]")
    assert "bob is no member any more" in page.words


def test_policies_are_attached_and_detached(browser: Browser, console: Console) -> None:
    call(console, "CreateGroup", GroupName="Readers")
    browser.get("/groups/Readers/attach")
    browser.submit(find="s3 read", button="find")
    page = browser.submit(policy=[READ], button="Attach policies")
    assert page.path == "/groups/Readers/permissions" and "AmazonS3ReadOnlyAccess" in page.words
    page = browser.submit("//form[contains(@action, '/detach')]")
    assert "is detached" in page.words and "nothing is allowed" in page.words


def test_renaming_and_deleting(browser: Browser, console: Console) -> None:
    call(console, "CreateGroup", GroupName="Readers")
    call(console, "AttachGroupPolicy", GroupName="Readers", PolicyArn=READ)
    console.user("bob", password=None)
    call(console, "AddUserToGroup", GroupName="Readers", UserName="bob")
    browser.get("/groups/Readers/edit")
    assert browser.submit(user_name="People").heading == "People"
    browser.get("/groups/People/delete")
    page = browser.submit(typed="Readers")
    assert page.status == 400 and "Membership: bob" in page.words
    page = browser.submit(typed="People")
    assert page.path == "/groups" and "People is deleted" in page.words
    assert call(console, "GetUser", UserName="bob")["User"]["UserName"] == "bob"


def test_last_used_and_what_is_not_there(browser: Browser, console: Console) -> None:
    call(console, "CreateGroup", GroupName="Readers")
    assert browser.get("/groups/Readers/last-used").status == 200
    page = browser.get("/groups/nothing")
    assert page.status == 404 and "The group with name nothing cannot be found." in page.words


def test_a_viewer_sees_what_they_may(browser: Browser, console: Console) -> None:
    call(console, "CreateGroup", GroupName="Readers")
    console.user("bob", password=None)
    viewer = console.signed_in("viewer", document(["iam:ListGroups", "iam:GetGroup"]))
    assert [row[1:4] for row in viewer.get("/groups").rows()] == [["0", "Not allowed", "Not allowed"]]
    page = viewer.get("/groups/Readers/users")
    assert "Nobody is a member" in page.words  # and not everybody, though the viewer may not filter the list of users
    call(console, "AddUserToGroup", GroupName="Readers", UserName="bob")
    page = viewer.get("/groups/Readers/users")
    assert page.rows()[0][0] == "bob" and page.select("//button[@aria-disabled='true'][contains(., 'Remove')]")
    page = viewer.get("/groups/Readers/permissions")
    assert "You are not allowed to see this" in page.words
    nobody = console.signed_in("nobody")
    assert "You are not allowed to see this" in nobody.get("/groups").words
    assert nobody.get("/groups/Readers").status == 403
