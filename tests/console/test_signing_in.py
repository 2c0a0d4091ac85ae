"""Signing in and out, over HTTP."""

from __future__ import annotations

import pyotp
import pytest

from tests.console.people import PASSWORD, ROOT_EMAIL, Console
from tests.world import ACCOUNT, OTHER


def test_a_user_with_a_password_signs_in_and_is_on_record(console: Console) -> None:
    console.user("ann")
    browser = console.browser()
    page = browser.sign_in("ann")
    assert (page.status, page.path) == (200, "/")
    assert "ann" in page.words
    login = next(each for each in console.events() if each["eventName"] == "ConsoleLogin")
    assert login["userIdentity"]["userName"] == "ann"
    assert login["responseElements"] == {"consoleLogin": "Success"} or login["responseElements"] == {
        "ConsoleLogin": "Success"
    }
    assert login["eventType"] == "AwsConsoleSignIn" and login["additionalEventData"]["MFAUsed"] == "No"


def test_the_root_user_signs_in_by_address(console: Console) -> None:
    page = console.browser().sign_in_as_root(ROOT_EMAIL.upper())
    assert page.path == "/" and "root user" in page.words


def test_a_user_with_keys_alone_cannot_sign_in(console: Console) -> None:
    console.user("robot", password=None)
    console.world.call("iam:CreateAccessKey", UserName="robot")
    page = console.browser().sign_in("robot")
    assert page.status == 401 and "nobody with this name and this password" in page.words


@pytest.mark.parametrize(
    ("account", "user", "password"),
    [
        (ACCOUNT, "ann", "wrong"),
        (ACCOUNT, "nobody", PASSWORD),
        (OTHER, "ann", PASSWORD),
        ("no-such-alias", "ann", PASSWORD),
        (ACCOUNT, "ann", "x" * 5000),
    ],
)
def test_every_wrong_sign_in_gets_the_same_answer(console: Console, account: str, user: str, password: str) -> None:
    console.user("ann")
    page = console.browser().sign_in(user, password, account)
    assert page.status == 401
    assert "There is nobody with this name and this password." in page.words
    failed = next(each for each in console.events() if each["eventName"] == "ConsoleLogin")
    assert failed["errorMessage"] == "Failed authentication" and "errorCode" not in failed
    assert password not in str(failed)


def test_ten_failures_lock_a_user_and_nobody_else(console: Console) -> None:
    console.user("ann")
    console.user("bob")
    browser = console.browser()
    for _ in range(10):
        browser.sign_in("ann", "wrong")
    assert "Too many sign-ins failed" in browser.sign_in("ann").words
    assert browser.sign_in("bob").path == "/"
    console.world.clock.advance(seconds=901)
    assert console.browser().sign_in("ann").path == "/"


def test_an_alias_names_the_account(console: Console) -> None:
    console.user("ann")
    console.world.call("iam:CreateAccountAlias", AccountAlias="acme")
    assert console.browser().sign_in("ann", account="acme").path == "/"
    assert console.browser().sign_in("ann", account=f"{ACCOUNT[:4]}-{ACCOUNT[4:8]}-{ACCOUNT[8:]}").path == "/"


def test_a_device_asks_for_its_code(console: Console) -> None:
    console.user("ann")
    seed = console.world.call("iam:CreateVirtualMFADevice", VirtualMFADeviceName="phone")["VirtualMFADevice"]
    totp = pyotp.TOTP(seed["Base32StringSeed"].decode())
    now = console.world.clock.now().timestamp()
    console.world.call(
        "iam:EnableMFADevice",
        UserName="ann",
        SerialNumber=seed["SerialNumber"],
        AuthenticationCode1=totp.at(now - 30),
        AuthenticationCode2=totp.at(now),
    )
    browser = console.browser()
    page = browser.sign_in("ann")
    assert page.path == "/signin/mfa" and browser.get("/").path.startswith("/signin")
    browser.get("/signin/mfa")
    assert browser.submit(code="000000").status == 401
    console.world.clock.advance(seconds=30)
    page = browser.submit(code=totp.at(now + 30))
    assert page.path == "/" and "MFA" in page.words
    login = next(each for each in console.events() if each["eventName"] == "ConsoleLogin")
    assert login["additionalEventData"]["MFAUsed"] == "Yes"
    assert login["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"


def test_a_page_asked_for_before_is_shown_after(console: Console) -> None:
    console.user("ann")
    browser = console.browser()
    page = browser.get("/password?x=1")
    assert page.path == "/signin?next=%2Fpassword%3Fx%3D1"
    assert browser.submit(account=ACCOUNT, user="ann", password=PASSWORD).path == "/password?x=1"


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(console: Console, where: str) -> None:
    console.user("ann")
    browser = console.browser()
    browser.get("/signin")
    page = browser.submit(account=ACCOUNT, user="ann", password=PASSWORD, next=where)
    assert page.url.startswith("https://localhost/") and page.path == "/"


def test_sessions_end_by_themselves(console: Console) -> None:
    browser = console.administrator()
    for _ in range(14):
        console.world.clock.advance(seconds=3000)
        assert browser.get("/").path == "/"
    console.world.clock.advance(seconds=3000)
    assert browser.get("/").path == "/signin"
    browser.sign_in("admin")
    console.world.clock.advance(seconds=3601)
    assert browser.get("/").path == "/signin"


def test_a_new_password_ends_the_sessions(console: Console) -> None:
    browser = console.administrator()
    console.world.call("iam:UpdateLoginProfile", UserName="admin", Password="Another-One-77")
    assert browser.get("/").path == "/signin"


def test_a_deleted_user_is_signed_out(console: Console) -> None:
    browser = console.administrator()
    console.world.call("iam:DeleteLoginProfile", UserName="admin")
    console.world.call("iam:DeleteUserPolicy", UserName="admin", PolicyName="test")
    console.world.call("iam:DeleteUser", UserName="admin")
    assert browser.get("/").path == "/signin"


def test_a_password_that_must_be_changed_comes_first(console: Console) -> None:
    console.user("ann")
    console.world.call("iam:UpdateLoginProfile", UserName="ann", PasswordResetRequired=True)
    console.world.call(
        "iam:PutUserPolicy",
        UserName="ann",
        PolicyName="own",
        PolicyDocument='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}',
    )
    browser, other = console.browser(), console.browser()
    assert browser.sign_in("ann").path == "/password"
    assert browser.get("/").path == "/password"
    other.sign_in("ann")
    browser.get("/password")
    assert browser.submit(old=PASSWORD, new="Fresh-And-New-1", again="other").status == 400
    page = browser.submit(old=PASSWORD, new="Fresh-And-New-1", again="Fresh-And-New-1")
    assert page.path == "/" and "Your password is changed" in page.words
    assert other.get("/").path == "/signin"
    assert console.browser().sign_in("ann", "Fresh-And-New-1").path == "/"


def test_signing_out_ends_the_session_for_good(console: Console) -> None:
    browser = console.administrator()
    kept = dict(browser.http.cookies)
    browser.get("/")
    assert browser.submit("//form[@action='/signout']").path == "/signin"
    browser.http.cookies.update(kept)
    assert browser.get("/").path == "/signin"


def test_forms_of_others_do_nothing(console: Console) -> None:
    browser = console.administrator()
    assert browser.post("/signout", token="0" * 64).status == 403
    token = browser.get("/").select("//input[@name='token']/@value")[0]
    sent = {"token": token}
    assert browser.http.post("/signout", data=sent, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert browser.http.post("/signout", data=sent, headers={"origin": "https://evil.example"}).status_code == 403
    assert browser.get("/").path == "/"
