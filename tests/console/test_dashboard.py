"""The security dashboard: what is wrong with an account, the most dangerous first, to those who may see it."""

from __future__ import annotations

import json
import sqlite3
import time

import pytest

from ostiary.store.records import AccessKeyRecord, LoginProfileRecord, UserRecord
from tests.console.people import Browser, Console, Page
from tests.world import ACCOUNT, ALLOW_ALL, NOW, document

DAY = 86_400


def findings(page: Page) -> dict[str, str]:
    """Title and kind of each finding, in their order."""
    found = page.select("//*[contains(@class, 'concern ')]")
    return {each.xpath(".//strong")[0].text_content(): each.get("class").split()[1] for each in found}


def finding(page: Page, title: str) -> str:
    (found,) = page.select(f"//*[contains(@class, 'concern ')][.//strong[text()='{title}']]")
    return " ".join(found.text_content().split())


def old_key(console: Console, user: str, days: int, *, used: bool) -> None:
    key = console.world.call("iam:CreateAccessKey", UserName=user)["AccessKey"]["AccessKeyId"]
    with sqlite3.connect(console.house.settings.data / "ostiary.db") as connection:
        at = int(NOW.timestamp()) - days * DAY
        connection.execute("UPDATE access_keys SET created = ? WHERE id = ?", (at, key))
    if used:
        console.audit.note_use(key, int(NOW.timestamp()), "iam", "us-east-1")
        console.audit.flush()


def test_what_is_wrong_is_told_the_most_dangerous_first(console: Console) -> None:
    admin = console.administrator()
    page = admin.get("/")
    assert page.heading == "Security dashboard"
    told = findings(page)
    assert list(told.values()) == sorted(told.values())  # bad before care
    assert told["The root user has no MFA device"] == "bad"
    assert told["Users with a password and no MFA"] == "bad"
    assert told["Users with policies of their own"] == "care" and told["No password policy"] == "care"
    assert "The root user has no access keys" in page.words  # in order
    assert "admin" in finding(page, "Users with a password and no MFA")


@pytest.mark.parametrize(
    ("days", "used", "title"),
    [
        (89, True, None),
        (90, True, "Access keys that are old"),
        (364, True, "Access keys that are old"),
        (365, True, "Access keys that are far too old"),
        (2, False, "Access keys that were never used"),
    ],
)
def test_keys_are_told_of_by_their_age(console: Console, days: int, used: bool, title: str | None) -> None:
    admin = console.administrator()
    console.user("bot", password=None)
    old_key(console, "bot", days, used=used)
    told = [each for each in findings(admin.get("/")) if each.startswith("Access keys")]
    assert told == ([title] if title else [])


def test_administrators_are_found_through_groups_roles_and_inline_policies(console: Console) -> None:
    admin = console.administrator()  # inline
    console.user("one", password=None)
    call = console.world.call
    call("iam:CreateGroup", GroupName="admins")
    call("iam:AttachGroupPolicy", GroupName="admins", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert "There are few administrators" in admin.get("/").words
    call("iam:AddUserToGroup", GroupName="admins", UserName="one")
    trust = document("sts:AssumeRole").replace('"Resource": "*"', f'"Principal": {{"AWS": "{ACCOUNT}"}}')
    call("iam:CreateRole", RoleName="Everything", AssumeRolePolicyDocument=trust)
    call("iam:PutRolePolicy", RoleName="Everything", PolicyName="p", PolicyDocument=ALLOW_ALL)
    text = finding(admin.get("/"), "Many administrators")
    assert "3" in text and all(name in text for name in ("admin", "one", "Everything"))
    assert [row[0] for row in admin.get("/findings/administrators").rows()] == ["admin", "one", "Everything"]
    assert admin.get("/findings/no-such-thing").status == 404


def test_roles_that_anybody_may_assume_or_nobody_uses_are_told_of(console: Console) -> None:
    admin = console.administrator()
    for name, principal, condition in (("Open", "*", None), ("Guarded", {"AWS": "*"}, {"Bool": {"aws:Via": "true"}})):
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": {**statement, **({"Condition": condition} if condition else {})}}
        console.world.call("iam:CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    page = admin.get("/")
    assert findings(page)["Roles that anybody may assume"] == "bad"
    assert "Open" in finding(page, "Roles that anybody may assume")
    assert "Roles that nobody uses" not in findings(page)  # made just now
    with console.house.store.write() as tx:
        for role in tx.roles.page(ACCOUNT, limit=9):
            tx.roles.change(role.id, created=int(NOW.timestamp()) - 91 * DAY)
    assert "Guarded" in finding(admin.get("/"), "Roles that nobody uses")


def test_root_is_told_of_when_it_was_used(console: Console) -> None:
    admin = console.administrator()
    with sqlite3.connect(console.house.settings.data / "ostiary.db") as connection:
        connection.execute("UPDATE events SET at = at - ?", (91 * DAY,))
    assert "The root user was not used for 90 days" in admin.get("/").words
    console.browser().sign_in_as_root()
    console.audit.flush()
    assert "The root user was used of late" in findings(admin.get("/"))


def test_denials_are_drawn_by_the_hour_and_told_as_a_table(console: Console) -> None:
    console.signed_in("ann").get("/audit")
    console.audit.flush()
    page = console.administrator().get("/")
    assert len(page.select("//svg[@class='chart']/rect")) == 24
    assert "1 denied request in the last 24 hours" in page.select("//svg[@class='chart']/@aria-label")[0]
    rows = page.rows("//table[contains(., 'Hour')]")
    assert len(rows) == 24 and rows[-1] == ["2026-11-23 12:00", "1"]


def test_what_may_not_be_seen_is_said_and_not_counted_as_good(console: Console) -> None:
    page = console.signed_in("eve").get("/")
    assert page.status == 200 and not findings(page)
    assert "None of it may be shown to you." in page.words and "iam:GetCredentialReport" in page.words
    some = console.signed_in("viewer", document("iam:GetAccountSummary")).get("/")
    assert list(findings(some)) == ["The root user has no MFA device"]
    assert "iam:GetCredentialReport" in some.words
    assert console.signed_in("other").get("/findings/administrators").status == 403


def test_a_dashboard_of_ten_thousand_users_is_quick(console: Console) -> None:
    admin: Browser = console.administrator()
    at = int(NOW.timestamp()) - 400 * DAY
    with console.house.store.write() as tx:
        for number in range(10_000):
            user_id = f"AIDA{number:017d}"
            tx.users.add(UserRecord(id=user_id, account=ACCOUNT, name=f"u{number}", path="/", created=at))
            tx.access_keys.add(
                AccessKeyRecord(
                    id=f"AKIA{number:016d}", account=ACCOUNT, owner_id=user_id, secret=b"", active=True, created=at
                )
            )
            if number % 2:
                tx.login_profiles.add(
                    LoginProfileRecord(user_id=user_id, password="x", created=at, reset_required=False)
                )
            if number % 5 == 0:
                tx.inline_policies.put(user_id, "p", document("s3:GetObject"))
    admin.get("/")
    begun = time.process_time()
    page = admin.get("/")
    taken = time.process_time() - begun
    assert "10,000" in finding(page, "Access keys that are far too old")
    assert taken < 0.25, taken  # a fifth of that where nothing else runs
