"""Account settings, over HTTP."""

from __future__ import annotations

import pytest

from ostiary.services.console.account import example
from tests.console.people import Console
from tests.world import ACCOUNT, document


def test_an_alias_is_set_shown_in_the_link_and_deleted(console: Console) -> None:
    browser = console.administrator()
    assert f"https://localhost/signin?account={ACCOUNT}" in browser.get("/settings").words
    page = browser.submit("//form[@action='/settings/alias']", button="Save alias", alias="acme")
    assert "The account is called acme." in page.words
    assert "https://localhost/signin?account=acme" in page.words
    assert console.world.call("iam:ListAccountAliases")["AccountAliases"] == ["acme"]
    page = browser.submit("//form[@action='/settings/alias']", button="Save alias", alias="NOT ALLOWED")
    assert page.status == 400 and page.select("//input[@id='alias' and @aria-invalid='true']")
    page = browser.submit("//form[@action='/settings/alias']", button="delete")
    assert "no alias any more" in page.words and console.world.call("iam:ListAccountAliases")["AccountAliases"] == []


def test_the_page_says_what_the_account_is(console: Console) -> None:
    console.world.call("iam:CreateUser", UserName="one")
    page = console.administrator().get("/settings")
    assert "root-0@example.com" in page.words and "0" * 64 in page.words
    rows = {row[0]: row[1:] for row in page.rows()}
    assert rows["Users"] == ["2", "5,000"] and rows["User groups"] == ["0", "300"]
    assert "This account is in no organization." in page.words and "60 minutes" in page.words


def test_a_password_policy_is_set_in_words_and_taken_back(console: Console) -> None:
    browser = console.administrator()
    assert "Three of these" in browser.get("/settings").words
    page = browser.get("/settings/password-policy")
    page = browser.submit(
        MinimumPasswordLength="14", RequireSymbols="1", MaxPasswordAge="90", HardExpiry="1", PasswordReusePrevention="5"
    )
    assert page.path == "/settings" and "At least 14 characters." in page.words
    assert "A password is good for 90 days; an administrator must then set another one." in page.words
    assert "None of the last 5 passwords" in page.words
    policy = console.world.call("iam:GetAccountPasswordPolicy")["PasswordPolicy"]
    assert policy == {
        "MinimumPasswordLength": 14,
        "RequireSymbols": True,
        "RequireNumbers": True,
        "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True,
        "AllowUsersToChangePassword": True,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 5,
        "HardExpiry": True,
        "ExpirePasswords": True,
    }
    browser.get("/settings/password-policy")
    page = browser.submit(MinimumPasswordLength="3")
    assert page.status == 400 and "minimumPasswordLength" in page.words
    browser.get("/settings/password-policy")
    assert "AWS's default policy is in force." in browser.submit(button="default").words


def test_the_words_follow_the_form_without_changing_anything(console: Console) -> None:
    browser = console.administrator()
    page = browser.get("/settings/password-policy?MinimumPasswordLength=20&RequireNumbers=1", **{"hx-request": "true"})
    assert "At least 20 characters." in page.text and "<html" not in page.text
    assert "A password must have" not in page.text


@pytest.mark.parametrize("length", [6, 8, 14, 128])
@pytest.mark.parametrize("classes", range(16))
def test_the_example_is_what_the_policy_takes(console: Console, length: int, classes: int) -> None:
    names = ("symbols", "numbers", "uppercase", "lowercase")
    wanted = {name: bool(classes >> at & 1) for at, name in enumerate(names)}
    made = example(length, **wanted)
    assert len(made) == length
    if length == 6:
        members = ("RequireSymbols", "RequireNumbers", "RequireUppercaseCharacters", "RequireLowercaseCharacters")
        given = dict(zip(members, wanted.values(), strict=True))
        console.world.call("iam:UpdateAccountPasswordPolicy", MinimumPasswordLength=length, **given)
        console.world.call("iam:CreateUser", UserName="ann")
        console.world.call("iam:CreateLoginProfile", UserName="ann", Password=made)


def test_ages_are_the_accounts_to_say(console: Console) -> None:
    browser = console.administrator()
    browser.get("/settings")
    page = browser.submit("//form[@action='/settings/ages']", caution="60", warning="30")
    assert page.status == 400 and "the caution before the warning" in page.words
    page = browser.submit("//form[@action='/settings/ages']", caution="60", warning="120")
    assert page.status == 200
    assert console.world.call("iam:GetAccountProperties")["Properties"] == {
        "CredentialAge/CautionDays": "60",
        "CredentialAge/WarningDays": "120",
    }
    assert page.select("//input[@id='caution']/@value") == ["60"]


def test_the_account_issues_tokens_or_does_not(console: Console) -> None:
    browser = console.administrator()
    browser.get("/settings")
    page = browser.submit("//form[@action='/settings/tokens']", button="enable")
    assert "The account issues identity tokens." in page.words
    issuer = console.world.call("iam:GetOutboundWebIdentityFederationInfo")["IssuerIdentifier"]
    assert issuer in page.words
    assert "No more identity tokens" in browser.submit("//form[@action='/settings/tokens']", button="disable").words


def test_a_viewer_sees_what_may_be_seen_and_why_not_the_rest(console: Console) -> None:
    browser = console.signed_in("ann", document("iam:GetAccountSummary"))
    page = browser.get("/settings")
    assert page.status == 200 and page.words.count("You are not allowed to see this.") >= 4
    assert "iam:GetAccountPasswordPolicy" in page.words and page.rows()[0][0] == "Users"
    assert page.select("//button[@aria-disabled='true' and contains(., 'Save alias')]")
    page = browser.post("/settings/alias", {"alias": "acme"})
    assert page.status == 400 and "not authorized to perform: iam:CreateAccountAlias" in page.words
    assert browser.post("/settings/password-policy", {"MinimumPasswordLength": "8"}).status == 400
    assert browser.post("/settings/tokens", {"do": "enable"}).status == 403
