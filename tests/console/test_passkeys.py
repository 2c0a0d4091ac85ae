"""Passkeys, registered and shown over HTTP by an authenticator in software; a browser's own are in test_own_browser."""

from __future__ import annotations

import json

import pytest

from tests.console.authenticator import Authenticator
from tests.console.people import PASSWORD, Browser, Console, Page
from tests.world import ACCOUNT, ALLOW_ALL, document

FORM = "//form[@data-passkey]"
MANAGE = document(["iam:EnableMFADevice", "iam:ListMFADevices", "iam:DeactivateMFADevice"])


def show(browser: Browser, key: Authenticator, **more: str) -> Page:
    """Send the page's passkey form with the authenticator's answer."""
    assert browser.page is not None
    form = browser.page.select(FORM)[0]
    options = json.loads(form.get("data-options"))
    answer = key.create(options) if form.get("data-passkey") == "create" else key.get(options, **more)
    return browser.submit(FORM, credential=answer)


def register(console: Console, browser: Browser, key: Authenticator, query: str = "name=laptop") -> Page:
    browser.get(f"/mfa/enrol/passkey?{query}")
    page = show(browser, key)
    console.world.clock.advance(seconds=1)
    return page


def second_step(console: Console, user: str = "ann", password: str = PASSWORD) -> Browser:
    console.world.clock.advance(seconds=1)
    browser = console.browser()
    browser.sign_in(user, password)
    return browser


def test_a_passkey_is_registered_and_stands_in_for_the_code(console: Console) -> None:
    browser, key = console.signed_in("ann", MANAGE), Authenticator()
    assert "The passkey is registered." in register(console, browser, key).words
    device = console.world.call("iam:ListMFADevices", UserName="ann")["MFADevices"][0]
    assert device["SerialNumber"].startswith(f"arn:aws:iam::{ACCOUNT}:u2f/user/ann/laptop-")
    enabled = next(each for each in console.events() if each["eventName"] == "EnableMFADevice")
    assert enabled["requestParameters"] == {"userName": "ann", "deviceName": "laptop"}
    assert [ask["context"]["iam:RegisterSecurityKey"] for ask in enabled["ostiary"]["asks"]] == ["Create", "Activate"]

    other = second_step(console)
    assert other.page is not None and other.page.path == "/signin/mfa"
    assert show(other, key).path == "/"
    login = next(each for each in console.events() if each["eventName"] == "ConsoleLogin")
    assert login["additionalEventData"]["MFAUsed"] == "Yes"
    assert login["additionalEventData"]["MFAIdentifier"] == device["SerialNumber"]


def test_a_passkey_of_ones_own_signs_in_alone(console: Console) -> None:
    key = Authenticator()
    register(console, console.signed_in("ann", MANAGE), key)
    browser = console.browser()
    browser.get("/signin?next=/password")
    page = show(browser, key)
    assert page.path == "/password"
    assert "ann" in browser.get("/").words and "MFA" in browser.get("/").words


def test_no_passkey_signs_in_alone_that_was_not_shown_with_the_password(console: Console) -> None:
    """Else whoever may give users devices could sign in as any of them."""
    console.user("ann")
    key = Authenticator()
    helpdesk = console.signed_in("helpdesk", MANAGE)
    register(console, helpdesk, key, "name=k&user=ann")
    assert len(console.world.call("iam:ListMFADevices", UserName="ann")["MFADevices"]) == 1
    browser = console.browser()
    browser.get("/signin")
    assert show(browser, key).status == 401
    assert show(second_step(console), key).path == "/"
    console.world.clock.advance(seconds=1)
    browser.get("/signin")
    assert show(browser, key).path == "/"


def test_a_new_password_is_shown_once_with_the_passkey_before_that_is_enough(console: Console) -> None:
    key = Authenticator()
    register(console, console.signed_in("ann", MANAGE), key)
    console.world.call("iam:UpdateLoginProfile", UserName="ann", Password="Another-One-77")
    browser = console.browser()
    browser.get("/signin")
    assert show(browser, key).status == 401
    assert show(second_step(console, password="Another-One-77"), key).path == "/"
    console.world.clock.advance(seconds=1)
    browser.get("/signin")
    assert show(browser, key).path == "/"
    console.world.call("iam:DeleteLoginProfile", UserName="ann")
    console.world.clock.advance(seconds=1)
    stranger = console.browser()
    stranger.get("/signin")
    assert show(stranger, key).status == 401


def test_an_authenticator_that_verifies_nobody_is_a_second_factor_alone(console: Console) -> None:
    key = Authenticator(verifies=False)
    register(console, console.signed_in("ann", MANAGE), key)
    browser = console.browser()
    browser.get("/signin")
    assert show(browser, key).status == 401
    assert show(second_step(console), key).path == "/"


@pytest.mark.parametrize(
    ("key", "rp_id"),
    [(Authenticator("https://evil.example"), ""), (Authenticator("http://localhost"), ""), (Authenticator(), "evil")],
)
def test_an_answer_to_another_address_is_refused(console: Console, key: Authenticator, rp_id: str) -> None:
    there, key.origin = key.origin, "https://localhost"
    register(console, console.signed_in("ann", MANAGE), key)
    key.origin = there
    assert show(second_step(console), key, rp_id=rp_id).status == 401
    failed = next(each for each in console.events() if each["eventName"] == "ConsoleLogin")
    assert failed["errorMessage"] == "Failed authentication" and failed["userIdentity"]["userName"] == "ann"


def test_nothing_is_registered_from_another_address(console: Console) -> None:
    browser = console.signed_in("ann", MANAGE)
    assert register(console, browser, Authenticator("https://evil.example")).status == 400
    assert console.world.call("iam:ListMFADevices", UserName="ann")["MFADevices"] == []


@pytest.mark.parametrize("counts", [True, False])
def test_an_answer_is_good_once(console: Console, counts: bool) -> None:
    key = Authenticator(counts=counts)
    register(console, console.signed_in("ann", MANAGE), key)
    browser = second_step(console)
    assert browser.page is not None
    form = browser.page.select(FORM)[0]
    fields = {name: form.xpath(f".//input[@name='{name}']/@value")[0] for name in ("token", "challenge")}
    fields["credential"] = key.get(json.loads(form.get("data-options")))
    pending = dict(browser.http.cookies)
    assert browser.post("/signin/mfa/passkey", fields, token=fields["token"]).path == "/"
    browser.http.cookies.clear()
    browser.http.cookies.update(pending)
    assert browser.post("/signin/mfa/passkey", fields, token=fields["token"]).status == 401


def test_a_copy_of_the_key_is_noticed_by_its_counter(console: Console) -> None:
    key = Authenticator()
    register(console, console.signed_in("ann", MANAGE), key)
    assert show(second_step(console), key).path == "/"
    assert show(second_step(console), key).path == "/"
    key.count = 0
    assert show(second_step(console), key).status == 401


def test_a_challenge_ends_and_is_bound_to_its_browser_and_purpose(console: Console) -> None:
    key = Authenticator()
    register(console, console.signed_in("ann", MANAGE), key)
    one, two = console.browser(), console.browser()
    one.get("/signin")
    two.get("/signin")
    assert one.page is not None and two.page is not None
    form = one.page.select(FORM)[0]
    stolen = {
        "challenge": form.xpath(".//input[@name='challenge']/@value")[0],
        "credential": key.get(json.loads(form.get("data-options"))),
    }
    assert two.post("/signin/passkey", stolen).status == 401
    console.world.clock.advance(seconds=901)
    assert one.submit(FORM, credential=stolen["credential"]).status == 401


def test_somebody_elses_passkey_is_none(console: Console) -> None:
    key, hers = Authenticator(), Authenticator()
    register(console, console.signed_in("ann", MANAGE), key)
    register(console, console.signed_in("bob", MANAGE), hers)
    assert show(second_step(console), hers).status == 401


def test_a_removed_passkey_is_forgotten(console: Console) -> None:
    key = Authenticator()
    browser = console.signed_in("ann", MANAGE)
    register(console, browser, key)
    serial = console.world.call("iam:ListMFADevices", UserName="ann")["MFADevices"][0]["SerialNumber"]
    assert "your last device" in browser.get(f"/mfa/remove?serial={serial}").words
    assert "The device is removed." in browser.submit("//main//form").words
    stranger = console.browser()
    stranger.get("/signin")
    assert show(stranger, key).status == 401


@pytest.mark.parametrize("sent", ["", "{}", "[]", "nonsense", '{"rawId": 7}', '{"rawId": "AAAA"}', "[" * 5000])
def test_nonsense_is_refused(console: Console, sent: str) -> None:
    browser = console.browser()
    browser.get("/signin")
    assert browser.submit(FORM, credential=sent).status == 401
    ann = console.signed_in("ann", MANAGE)
    ann.get("/mfa/enrol/passkey?name=x")
    assert ann.submit(FORM, credential=sent).status == 400


def test_registering_is_for_whom_the_policies_permit_it(console: Console) -> None:
    only_fido2 = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "iam:ListMFADevices", "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": "iam:EnableMFADevice",
                    "Resource": "*",
                    "Condition": {"StringEquals": {"iam:RegisterSecurityKey": "Create"}},
                },
            ],
        }
    )
    page = register(console, console.signed_in("ann", only_fido2), Authenticator())
    assert page.status == 400 and "not authorized to perform: iam:EnableMFADevice" in page.words
    page = register(console, console.signed_in("bob", document("iam:ListMFADevices")), Authenticator())
    assert page.status == 400 and "not authorized" in page.words


def test_the_root_user_has_passkeys_too(console: Console) -> None:
    browser, key = console.browser(), Authenticator()
    browser.sign_in_as_root()
    register(console, browser, key, "name=yubikey")
    stranger = console.browser()
    stranger.get("/signin?as=root")
    page = show(stranger, key)
    assert page.path == "/" and "root user" in page.words
    serial = console.world.call("iam:ListMFADevices")["MFADevices"][0]["SerialNumber"]
    assert "This is the last device of the root user." in browser.get(f"/mfa/remove?serial={serial}").words


def test_there_are_no_passkeys_at_an_address_of_numbers(console: Console) -> None:
    console.user("ann", ALLOW_ALL)
    browser = console.browser()
    page = browser.get("/signin", host="127.0.0.1:4701")
    assert not page.select(FORM)
