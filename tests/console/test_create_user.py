"""The wizard that creates users (S20-S27), without JavaScript: five steps, three ways, nothing before the last one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.console.people import PASSWORD, Browser, Console, Page
from tests.world import ALLOW_ALL, document

READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
CREATE = "Create user"


def call(console: Console, operation: str, **params: Any) -> Any:
    return console.world.call(f"iam:{operation}", **params)


def users(console: Console) -> list[str]:
    return [each["UserName"] for each in call(console, "ListUsers")["Users"]]


def third(browser: Browser, names: str = "testuser", **access: Any) -> Page:
    """To the step of the permissions."""
    browser.get("/users/create")
    browser.submit(names=names, button="2")
    return browser.submit(**(access or {"programmatic": "1"}), button="3")


@pytest.fixture
def browser(console: Console) -> Browser:
    return console.administrator()


def test_a_key_with_a_policy_attached_directly(browser: Browser, console: Console) -> None:
    page = third(browser)
    assert "How should testuser get permissions?" in page.words
    browser.submit(way="attach", find="s3 read", button="find")
    page = browser.submit(policy=[READ], button="4")
    assert "AmazonS3ReadOnlyAccess" in page.words and "aws iam create-access-key --user-name testuser" in page.words
    assert "A whole service on all resources" not in page.words  # it is a narrow grant
    assert users(console) == ["admin"]  # S24: nothing is there before the button
    page = browser.submit(button=CREATE)
    assert "testuser is created" in page.words and page.headers["cache-control"] == "no-store"
    secret = page.select("//code[@data-secret]/@data-secret")[0]
    key = call(console, "ListAccessKeys", UserName="testuser")["AccessKeyMetadata"][0]["AccessKeyId"]
    assert f"aws_access_key_id = {key}\naws_secret_access_key = {secret}" in page.text
    assert [
        each["PolicyArn"] for each in call(console, "ListAttachedUserPolicies", UserName="testuser")["AttachedPolicies"]
    ] == [READ]
    assert secret not in str(console.events()) and secret not in browser.get("/users/testuser/credentials").text


def test_several_users_with_passwords_in_a_group_made_for_a_job(browser: Browser, console: Console) -> None:
    third(browser, "ann\nbob\n\nann", console="1", must_change="1")
    page = browser.submit(new_group="Writers", job="s3-work", more="AmazonSQSReadOnlyAccess", button="4")
    assert "Writers: AmazonSQSReadOnlyAccess, WorkOnObjects" in page.words and "ann, bob" in page.words
    page = browser.submit(button=CREATE)
    assert "2 users are created" in page.words
    passwords = page.select("//code[@data-secret]/@data-secret")
    assert len(set(passwords)) == 2 and all(len(each) == 20 for each in passwords)
    members = [each["UserName"] for each in call(console, "GetGroup", GroupName="Writers")["Users"]]
    assert members == ["ann", "bob"]
    own = console.browser()
    assert own.sign_in("ann", passwords[0]).path == "/password"
    assert passwords[0] not in str(console.events())
    simulated = {"PolicySourceArn": "arn:aws:iam::111122223333:user/ann", "ResourceArns": ["arn:aws:s3:::box/a"]}
    actions = ["s3:PutObject", "s3:DeleteBucket", "ec2:StopInstances"]
    found = call(console, "SimulatePrincipalPolicy", **simulated, ActionNames=actions)["EvaluationResults"]
    assert [each["EvalDecision"] for each in found] == ["allowed", "implicitDeny", "implicitDeny"]  # S27


def test_copying_takes_groups_attached_inline_and_boundary(browser: Browser, console: Console) -> None:
    console.user("model", document("sqs:*"), password=None)
    call(console, "CreateGroup", GroupName="Builders")
    call(console, "AddUserToGroup", GroupName="Builders", UserName="model")
    call(console, "AttachUserPolicy", UserName="model", PolicyArn=READ)
    call(
        console,
        "PutUserPermissionsBoundary",
        UserName="model",
        PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess",
    )
    third(browser)
    page = browser.submit(way="copy", copy_from="model", button="copy")
    assert "Builders" in page.words and "AmazonS3ReadOnlyAccess" in page.words and "test" in page.words
    browser.submit(button="4")
    page = browser.submit(button=CREATE)
    assert "testuser is created" in page.words, page.words
    user = call(console, "GetUser", UserName="testuser")["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("PowerUserAccess")
    assert call(console, "ListGroupsForUser", UserName="testuser")["Groups"][0]["GroupName"] == "Builders"
    assert call(console, "ListUserPolicies", UserName="testuser")["PolicyNames"] == ["test"]
    assert call(console, "ListAttachedUserPolicies", UserName="testuser")["AttachedPolicies"][0]["PolicyArn"] == READ


def test_what_was_copied_changed_meanwhile_is_looked_at_again(browser: Browser, console: Console) -> None:
    console.user("model", document("sqs:*"), password=None)
    third(browser)
    browser.submit(way="copy", copy_from="model", button="4")
    call(console, "AttachUserPolicy", UserName="model", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    page = browser.submit(button=CREATE)
    assert (
        page.status == 400 and "has changed since you looked" in page.words and "This is an administrator" in page.words
    )
    assert "testuser" not in users(console)
    assert "testuser is created" in browser.submit(button=CREATE).words


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"names": ""}, "Write at least one user name"),
        ({"names": "a b"}, "The specified value for userName is invalid"),
        ({"names": "admin"}, "User with name admin already exists."),
        ({"names": "ok", "path": "x"}, "The specified value for path is invalid"),
    ],
)
def test_details_are_held_against_aws_rules(browser: Browser, fields: dict[str, str], told: str) -> None:
    browser.get("/users/create")
    page = browser.submit(**fields, button="2")
    assert page.status == 400 and told in page.words
    assert page.select("//textarea[@name='names'][@aria-invalid='true']")


def test_access_must_be_chosen_and_a_password_must_be_good(browser: Browser) -> None:
    browser.get("/users/create")
    browser.submit(names="x", button="2")
    page = browser.submit(button="3")
    assert page.status == 400 and "Choose at least one way to sign in" in page.words
    page = browser.submit(console="1", how="own", password="weak", button="3")
    assert page.status == 400 and "Password does not conform to the account password policy." in page.words
    assert browser.submit(password="Str0ng-enough", button="3").status == 200


def test_permissions_are_held_against_what_there_is(browser: Browser, console: Console) -> None:
    call(console, "CreateGroup", GroupName="Builders")
    third(browser)
    assert "already exists" in browser.submit(new_group="Builders", button="4").words
    assert "There is no policy Nonsense" in browser.submit(new_group="X", more="Nonsense", button="4").words
    assert "Choose whom to copy from" in browser.submit(new_group="", more="", way="copy", button="4").words
    assert "was not found" in browser.submit(way="group", boundary="arn:aws:iam::aws:policy/No", button="4").words


def test_going_back_loses_nothing(browser: Browser, console: Console) -> None:
    browser.get("/users/create")
    browser.submit(names="a\nb", path="/x/", tag_key=["team", ""], tag_value=["one", ""], button="2")
    browser.submit(programmatic="1", button="3")
    browser.submit(way="attach", find="s3 read", button="find")
    browser.submit(policy=[READ], button="4")
    page = browser.submit(button="1")
    assert page.select("//textarea")[0].text.strip() == "a\nb"
    browser.submit(button="2")
    browser.submit(button="3")
    page = browser.submit(button="4")
    assert "team: one" in page.words and "AmazonS3ReadOnlyAccess" in page.words and "/x/" in page.words
    browser.submit(button=CREATE)
    assert users(console) == ["a", "admin", "b"]
    assert call(console, "ListUserTags", UserName="b")["Tags"] == [{"Key": "team", "Value": "one"}]


def test_what_stops_half_way_is_told_exactly(console: Console) -> None:
    creating = document(["iam:List*", "iam:Get*", "iam:CreateUser", "iam:CreateAccessKey"])
    browser = console.signed_in("maker", creating)
    call(console, "CreateGroup", GroupName="Builders")
    third(browser)
    page = browser.submit(group=["Builders"], button="4")
    assert "not authorized to perform: iam:AddUserToGroup" in page.words  # told before, too
    page = browser.submit(button=CREATE)
    assert page.status == 403 and "It stopped half way" in page.words
    done, left = (each.text_content() for each in page.select("//pre")[:2])
    assert done.splitlines() == ["aws iam create-user --user-name testuser"]
    assert left.splitlines()[0].startswith("aws iam add-user-to-group") and "create-access-key" in left
    assert users(console) == ["maker", "testuser"]


def test_a_viewer_sees_the_wizard_and_why_not(console: Console) -> None:
    viewer = console.signed_in("viewer", document(["iam:List*", "iam:Get*"]))
    page = viewer.get("/users/create")
    assert "You are not allowed to create users" in page.words and "iam:CreateUser" in page.words
    console.user("other", ALLOW_ALL)
    third(viewer)
    page = viewer.submit(button="4")
    assert page.select("//button[@aria-disabled='true'][contains(., 'Create user')]")


def test_the_password_is_asked_for_again_and_nothing_of_the_form_is_lost(browser: Browser, console: Console) -> None:
    third(browser, "ann\nbob")
    browser.submit(way="attach", find="AmazonS3ReadOnlyAccess", button="find")
    page = browser.submit(policy=[READ], button="4")
    console.world.clock.advance(seconds=301)
    page = browser.submit(button=CREATE)
    assert page.heading == "Confirm that it is you" and users(console) == ["admin"]
    page = browser.submit(confirm_password="wrong")
    assert page.status == 401
    page = browser.submit(confirm_password=PASSWORD)
    assert "2 users are created" in page.words, page.words
    assert users(console) == ["admin", "ann", "bob"]
