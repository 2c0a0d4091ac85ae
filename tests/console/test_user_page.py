"""A user's page: five tabs, and all that is changed on them."""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.services.faults import ServiceFault
from tests.console.people import Browser, Console
from tests.console.test_users import aged
from tests.world import ALLOW_ALL, document

READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
TABS = ("permissions", "groups", "credentials", "last-used", "audit")


def call(console: Console, operation: str, **params: Any) -> Any:
    return console.world.call(f"iam:{operation}", **params)


@pytest.fixture
def bob(console: Console) -> Browser:
    """Bob is there, and an administrator is signed in."""
    browser = console.administrator()
    console.user("bob")
    call(console, "CreateGroup", GroupName="Builders")
    return browser


def test_every_tab_is_an_address(bob: Browser, console: Console) -> None:
    for tab in TABS:
        page = bob.get(f"/users/bob/{tab}")
        assert page.status == 200 and page.heading == "bob", (tab, page.words)
        assert page.select(f"//nav[@class='tabs']/a[@aria-current='page'][contains(@href, '{tab}')]")
    page = bob.get("/users/BOB")
    assert page.heading == "bob" and "arn:aws:iam::111122223333:user/bob" in page.words
    page = bob.get("/users/nobody")
    assert page.status == 404 and "The user with name nobody cannot be found." in page.words


def test_policies_are_shown_with_where_they_come_from(bob: Browser, console: Console) -> None:
    call(console, "AddUserToGroup", GroupName="Builders", UserName="bob")
    call(console, "AttachGroupPolicy", GroupName="Builders", PolicyArn=READ)
    page = bob.get("/users/bob")
    assert page.rows()[0][:3] == ["AmazonS3ReadOnlyAccess", "Group Builders", "Read only 2 services"]
    assert "Give permissions by groups" not in page.words  # S43: advice where something hangs on the user alone
    call(console, "PutUserPolicy", UserName="bob", PolicyName="own", PolicyDocument=document("sqs:*"))
    call(console, "AttachUserPolicy", UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    page = bob.get("/users/bob")
    assert {row[1] for row in page.rows()} == {"Direct", "Inline", "Group Builders"}
    assert "Give permissions by groups" in page.words and "sqs" in page.words


def test_detaching_and_deleting_inline(bob: Browser, console: Console) -> None:
    call(console, "PutUserPolicy", UserName="bob", PolicyName="own", PolicyDocument=document("sqs:*"))
    call(console, "AttachUserPolicy", UserName="bob", PolicyArn=READ)
    bob.get("/users/bob")
    page = bob.submit("//form[contains(@action, '/detach')]")
    assert "AmazonS3ReadOnlyAccess is detached" in page.words
    page = bob.submit("//form[contains(@action, '/inline/delete')]", typed="wrong")
    assert "nothing was deleted" in page.words
    page = bob.submit("//form[contains(@action, '/inline/delete')]", typed="own")
    assert "No policies: nothing is allowed" in page.words


def test_a_boundary_is_one_policy(bob: Browser, console: Console) -> None:
    call(console, "AttachUserPolicy", UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    bob.get("/users/bob/boundary")
    two = [READ, "arn:aws:iam::aws:policy/AmazonSQSFullAccess"]
    bob.submit(policy=two, find="s3 read", button="find")
    assert bob.submit(button="Set permissions boundary").status == 400
    bob.get("/users/bob/boundary")
    bob.submit(find="AmazonS3ReadOnlyAccess", button="find")
    page = bob.submit(policy=[READ], button="Set permissions boundary")
    assert "The permissions boundary is set" in page.words and "No more than the permissions boundary" in page.words
    aside = page.select("//aside")[0].text_content()
    assert "Read" in aside and "Write" not in aside
    page = bob.submit("//form[contains(@action, '/boundary/remove')]")
    assert "Write" in page.select("//aside")[0].text_content()


def test_tags(bob: Browser, console: Console) -> None:
    bob.get("/users/bob")
    form = "//form[contains(@action, '/tags')]"
    page = bob.submit(form, tag_key=["team", "", "cost"], tag_value=["storage", "", "9"])
    assert "team: storage" in page.words and "cost: 9" in page.words
    page = bob.submit(form, tag_key=["team", "", ""], tag_value=["network", "", ""])
    assert "team: network" in page.words
    tags = call(console, "ListUserTags", UserName="bob")["Tags"]
    assert tags == [{"Key": "team", "Value": "network"}]


def test_groups(bob: Browser, console: Console) -> None:
    bob.get("/users/bob/groups")
    page = bob.submit("//form[contains(@action, '/groups/add')]", group=["Builders"])
    assert "Added to 1 group" in page.words and page.rows()[0][0] == "Builders"
    page = bob.submit("//form[contains(@action, '/groups/remove')]")
    assert "In no group" in page.words


def test_a_key_is_created_switched_and_deleted(bob: Browser, console: Console) -> None:
    bob.get("/users/bob/credentials")
    page = bob.submit("//form[contains(@action, '/keys/create')]")
    secret = page.select("//code[@data-secret]/@data-secret")[0]
    key = page.select("//code[@id='key-id']")[0].text_content()
    assert len(secret) == 40 and page.headers["cache-control"] == "no-store"
    assert f"aws_secret_access_key = {secret}" in page.text and page.select("//a[@download='bob_accessKeys.csv']")
    page = bob.get("/users/bob/credentials")
    assert key in page.words and secret not in page.text
    page = bob.submit("//form[contains(@action, '/keys/status')]")
    assert f"{key} is off" in page.words and "Inactive" in page.rows()[0][1]
    page = bob.submit("//form[contains(@action, '/credentials/delete')]", typed="no")
    assert page.status == 400 and key in page.words
    page = bob.submit("//form[contains(@action, '/credentials/delete')]", typed=key)
    assert "No access keys" in page.words
    assert secret not in str(console.events())


def test_a_third_key_is_refused_in_aws_words(bob: Browser, console: Console) -> None:
    for days in (100, 10):
        aged(console, "bob", days)
    page = bob.get("/users/bob/credentials")
    assert "100 daysCaution" in page.rows()[0][2]
    page = bob.submit("//form[contains(@action, '/keys/create')]")
    assert page.status == 400 and "Cannot exceed quota for AccessKeysPerUser: 2" in page.words


def test_passwords_are_generated_set_and_taken_away(bob: Browser, console: Console) -> None:
    bob.get("/users/bob/credentials")
    page = bob.submit("//form[contains(@action, '/bob/password')]", must_change=None)
    new = page.select("//code[@data-secret]/@data-secret")[0]
    other = console.browser()
    assert other.sign_in("bob", new).path == "/"
    bob.get("/users/bob/credentials")
    page = bob.submit("//form[contains(@action, '/bob/password')]", how="own", password="short")
    assert page.status == 400 and "does not conform to the account password policy" in page.words
    assert "short" not in str(console.events())
    page = bob.submit("//form[contains(@action, '/password/delete')]")
    assert "can't sign in any more" in page.words and "Off: keys only" in page.words
    assert other.get("/").path.startswith("/signin")  # the session ended with the password


def test_renaming_and_deleting(bob: Browser, console: Console) -> None:
    bob.get("/users/bob/edit")
    page = bob.submit(user_name="admin")
    assert page.status == 400 and "User with name admin already exists." in page.words
    page = bob.submit(user_name="robert", path="/people/")
    assert page.heading == "robert" and "user/people/robert" in page.words
    call(console, "AddUserToGroup", GroupName="Builders", UserName="robert")
    bob.get("/users/robert/delete")
    page = bob.submit(typed="bob")
    assert page.status == 400 and "Membership: Builders" in page.words and "Console password" in page.words
    page = bob.submit(typed="robert")
    assert page.path == "/users" and "robert is deleted" in page.words
    with pytest.raises(ServiceFault):
        call(console, "GetUser", UserName="robert")


def test_a_viewer_sees_buttons_greyed_with_the_reason(bob: Browser, console: Console) -> None:
    viewer = console.signed_in("viewer", document(["iam:Get*", "iam:List*"]))
    page = viewer.get("/users/bob/credentials")
    greyed = page.select("//button[@aria-disabled='true']")
    assert any("Create access key" in each.text_content() for each in greyed)
    assert all("not authorized" in (each.get("title") or "") for each in greyed)
    assert viewer.post("/users/bob/keys/create").status in (400, 403)
    assert call(console, "ListAccessKeys", UserName="bob")["AccessKeyMetadata"] == []
    little = console.signed_in("little", document("iam:GetUser"))
    for tab in TABS:
        page = little.get(f"/users/bob/{tab}")
        assert page.status == 200 and "You are not allowed to see this" in page.words, tab


def test_a_user_called_create_has_a_page(console: Console) -> None:
    browser = console.administrator()
    console.user("create", ALLOW_ALL, password=None)
    page = browser.get("/users")
    assert page.select("//a[@href='/users/create/permissions']")
    assert browser.get("/users/create/permissions").heading == "create"
