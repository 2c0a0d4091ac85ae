"""Sign-ins that begin elsewhere: at a SAML identity provider, at a broker, in another role."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from tests.console.people import Browser, Console, Page
from tests.sts.corp import ATTRIBUTES, PROVIDER, Corp, saml_trust
from tests.sts.people import add_role
from tests.world import ACCOUNT, ALLOW_ALL, document

FOREIGN = {"sec-fetch-site": "cross-site", "origin": "https://idp.example.com"}


def post(browser: Browser, path: str, **fields: str) -> Page:
    """As the page of an identity provider posts it: no cookie goes with it."""
    kept = dict(browser.http.cookies)
    browser.http.cookies.clear()
    browser.page = Page(browser.http.post(path, data=fields, headers=FOREIGN))
    for name, value in kept.items():
        if name not in browser.http.cookies:
            browser.http.cookies.set(name, value)
    return browser.page


def onward(browser: Browser, page: Page) -> Page:
    """What a browser does with the page that leads on."""
    assert page.status == 200, page.words
    (told,) = page.select("//meta[@http-equiv='refresh']/@content")
    return browser.get(told.partition("url=")[2])


def corp(console: Console) -> Corp:
    made = Corp(console.world)
    console.world.call("iam:PutRolePolicy", RoleName="reader", PolicyName="all", PolicyDocument=ALLOW_ALL)
    return made


def test_an_assertion_signs_in_as_its_role(console: Console) -> None:
    company, browser = corp(console), console.browser()
    page = post(browser, "/saml", SAMLResponse=company.text(), RelayState="/roles?find=reader")
    page = onward(browser, page)
    assert page.path == "/roles?find=reader" and page.rows()[0][0] == "reader"
    assert "reader/alice@corp" in page.words
    names = [each["eventName"] for each in console.events()]
    assert "AssumeRoleWithSAML" in names and "ConsoleLogin" in names
    event = next(each for each in console.events() if each["eventName"] == "AssumeRoleWithSAML")
    assert event["userIdentity"]["type"] == "SAMLUser" and event["recipientAccountId"] == ACCOUNT
    login = next(each for each in console.events() if each["eventName"] == "ConsoleLogin")
    assert login["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/alice@corp"
    page = browser.post("/signout")
    assert page.path == "/signin" and browser.get("/roles").path.startswith("/signin")


def test_an_assertion_is_taken_once(console: Console) -> None:
    company, browser = corp(console), console.browser()
    text = company.text()
    assert post(browser, "/saml", SAMLResponse=text).status == 200
    page = post(console.browser(), "/saml", SAMLResponse=text)
    assert page.status == 400 and "The SAML assertion was redeemed already" in page.words
    assert not page.response.headers.get_list("set-cookie") or "__Host-ostiary=" not in str(page.headers)


def test_of_several_roles_one_is_chosen(console: Console) -> None:
    company, browser = corp(console), console.browser()
    second = add_role(console.world, "second", saml_trust())
    text = company.text(pairs=[f"{company.role},{PROVIDER}", f"{PROVIDER},{second}"])
    page = post(browser, "/saml", SAMLResponse=text, RelayState="/")
    assert page.heading == "Choose a role" and len(page.select("//input[@type='radio']")) == 2
    page = browser.submit(role=second)
    page = onward(browser, page)
    assert "second/alice@corp" in page.words


def test_what_is_not_believed_signs_nobody_in(console: Console) -> None:
    company, browser = corp(console), console.browser()
    good = company.text()
    bad = {
        "": "Invalid SAML response",
        "!!": "Invalid base64 SAMLResponse",
        good[:2000] + "AAAA" + good[2004:]: "",
        company.text(recipient="https://other.example.com/saml"): "Response is meant for another recipient",
        company.text(audience=["https://other.example.com"]): "Response does not contain the required audience.",
        company.text(pairs=["arn:aws:iam::111122223333:role/x,arn:aws:iam::111122223333:saml-provider/none"]): (
            "Specified provider doesn't exist"
        ),
    }
    for text, words in bad.items():
        page = post(browser, "/saml", SAMLResponse=text)
        assert page.status in (400, 403) and words in page.words, (words, page.words)
        assert browser.get("/").path.startswith("/signin")
    failures = [each for each in console.events() if each["eventName"] == "ConsoleLogin" and "errorMessage" in each]
    assert len(failures) == len(bad) and failures[1]["recipientAccountId"] == ACCOUNT
    company.trusts(actions="sts:AssumeRoleWithWebIdentity")
    page = post(browser, "/saml", SAMLResponse=good)
    assert page.status == 403 and "Not authorized to perform sts:AssumeRoleWithSAML" in page.words
    console.world.clock.advance(seconds=600)
    page = post(browser, "/saml", SAMLResponse=company.text())
    assert "The SAML assertion has expired" in page.words or "redeemed within 5 minutes" in page.words


def test_the_consoles_own_address_is_a_recipient_and_another_consoles_is_not(console: Console) -> None:
    house = replace(console.house, settings=replace(console.house.settings, console_url="https://iam.example.com"))
    console.gate.house = house
    company, browser = corp(console), console.browser()
    browser.http.base_url = "https://iam.example.com"  # type: ignore[assignment]
    own = "https://iam.example.com/saml"
    said = {"recipient": own, "audience": [own]}
    provider = console.world.call("iam:GetSAMLProvider", SAMLProviderArn=PROVIDER)["SAMLProviderUUID"]
    for address in (own, f"{own}/acs/{provider}"):
        text = company.text(**{**said, "recipient": address})  # type: ignore[arg-type]
        page = post(browser, f"/saml{address.removeprefix(own)}", SAMLResponse=text)
        assert page.status == 200 or "another recipient" in page.words
    page = post(browser, "/saml", SAMLResponse=company.text(recipient="http://localhost:4701/saml"))
    assert page.status == 400 and "Response is meant for another recipient" in page.words


def test_where_to_go_is_never_another_site(console: Console) -> None:
    company, browser = corp(console), console.browser()
    for relay, to in (
        ("https://evil.example/", "/"),
        ("//evil.example/x", "/"),
        ("/\t/evil.example/x", "/"),
        ("/\\evil.example/x", "/"),
        ("https://localhost/users?find=a", "/users?find=a"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ):
        page = post(browser, "/saml", SAMLResponse=company.text(), RelayState=relay)
        assert page.select("//meta[@http-equiv='refresh']/@content") == [f"0;url={to}"]


def test_session_duration_lasts_no_longer_than_the_role_allows(console: Console) -> None:
    company, browser = corp(console), console.browser()
    text = company.text({ATTRIBUTES + "SessionDuration": ["43200"]})
    onward(browser, post(browser, "/saml", SAMLResponse=text))
    console.world.clock.advance(seconds=3500)
    assert browser.get("/").status == 200
    console.world.clock.advance(seconds=200)
    assert browser.get("/").path.startswith("/signin")


def credentials(given: dict[str, Any]) -> str:
    found = given["Credentials"]
    return json.dumps(
        {
            "sessionId": found["AccessKeyId"],
            "sessionKey": found["SecretAccessKey"],
            "sessionToken": found["SessionToken"],
        }
    )


def token(browser: Browser, session: str, **more: str) -> tuple[int, dict[str, str]]:
    query = urlencode({"Action": "getSigninToken", "Session": session, **more})
    answer = browser.http.get(f"/federation?{query}")
    return answer.status_code, answer.json()


def assumed(console: Console) -> dict[str, Any]:
    console.user("broker", ALLOW_ALL)
    own = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    arn = add_role(console.world, "guest", json.dumps({"Version": "2012-10-17", "Statement": [own]}))
    console.world.call("iam:PutRolePolicy", RoleName="guest", PolicyName="all", PolicyDocument=ALLOW_ALL)
    given: dict[str, Any] = console.world.call(
        "sts:AssumeRole", RoleArn=arn, RoleSessionName="jane", by=console.world.user("broker")
    )
    return given


def test_a_broker_trades_credentials_for_a_sign_in_that_happens_once(console: Console) -> None:
    browser = console.browser()
    status, told = token(browser, credentials(assumed(console)))
    assert status == 200
    url = "/federation?" + urlencode(
        {
            "Action": "login",
            "Issuer": "https://broker.example.com",
            "Destination": "https://localhost/roles",
            "SigninToken": told["SigninToken"],
        }
    )
    page = onward(browser, browser.get(url))
    assert page.path == "/roles" and "guest/jane" in page.words
    page = console.browser().get(url)
    assert page.status == 400 and "used already" in page.words
    assert "GetSigninToken" in [each["eventName"] for each in console.events()]
    assert told["SigninToken"] not in json.dumps(console.events())


def test_sign_in_tokens_are_for_whoever_has_the_secret_and_for_a_quarter_of_an_hour(console: Console) -> None:
    browser, given = console.browser(), assumed(console)
    session = json.loads(credentials(given))
    for wrong in (
        "no json",
        "[]",
        json.dumps({**session, "sessionKey": "x"}),
        json.dumps({**session, "sessionId": "ASIAX"}),
        json.dumps({**session, "sessionToken": "x"}),
        json.dumps({"sessionId": 1}),
    ):
        status, told = token(browser, wrong)
        assert status == 400 and "SigninToken" not in told, wrong
    assert token(browser, json.dumps(session), SessionDuration="10")[0] == 400
    own = console.world.call("sts:GetSessionToken", by=console.world.user("broker"))
    assert token(browser, credentials(own))[0] == 400
    _, told = token(browser, json.dumps(session), SessionDuration="43200")
    console.world.clock.advance(seconds=901)
    page = browser.get("/federation?" + urlencode({"Action": "login", "SigninToken": told["SigninToken"]}))
    assert page.status == 400 and "has expired" in page.words
    assert browser.get("/federation?Action=login&SigninToken=AAAA").status == 400
    assert browser.get("/federation?Action=other").status == 400


def test_a_federated_user_may_use_iam_in_the_console_as_at_aws(console: Console) -> None:
    browser = console.browser()
    console.user("broker", ALLOW_ALL)
    given = console.world.call(
        "sts:GetFederationToken", Name="guest", Policy=document("iam:ListRoles"), by=console.world.user("broker")
    )
    assert token(browser, credentials(given), SessionDuration="3600")[0] == 400
    _, told = token(browser, credentials(given))
    posted = browser.http.post(
        "/federation", data={"Action": "login", "SigninToken": told["SigninToken"]}, headers=FOREIGN
    )
    page = onward(browser, Page(posted))
    assert "federated-user/guest" in page.text
    assert "There are no roles yet." in browser.get("/roles").words
    assert "You are not allowed to see this." in browser.get("/instances").words


def test_switching_to_a_role_and_back(console: Console) -> None:
    assumed(console)
    browser = console.administrator()
    browser.get("/roles/guest/sessions")
    page = browser.submit("//form[contains(@action, '/switch')]")
    assert "guest/admin" in page.words and "Back to yourself" in page.words
    role_cookie = browser.http.cookies["__Host-ostiary"]
    page = browser.submit("//form[@action='/switch-back']")
    assert page.path == "/" and "Back to yourself" not in page.words and "user/admin" in page.words
    browser.http.cookies.clear()
    browser.http.cookies.set("__Host-ostiary", role_cookie)
    assert browser.get("/").path.startswith("/signin")
    assert "SwitchRole" in [each["eventName"] for each in console.events()]


def test_signing_out_of_a_role_ends_the_session_that_waits(console: Console) -> None:
    assumed(console)
    browser = console.administrator()
    before = browser.http.cookies["__Host-ostiary"]
    browser.get("/roles/guest/sessions")
    browser.submit("//form[contains(@action, '/switch')]")
    browser.submit("//form[@action='/signout']")
    browser.http.cookies.clear()
    browser.http.cookies.set("__Host-ostiary", before)
    assert browser.get("/").path.startswith("/signin")


def test_the_root_user_assumes_no_role(console: Console) -> None:
    assumed(console)
    browser = console.browser()
    browser.sign_in_as_root()
    page = browser.get("/roles/guest/sessions")
    assert page.select("//form[contains(@action, '/switch')]//*[@aria-disabled='true']")
    page = browser.post("/roles/guest/switch")
    assert page.status == 403 and "Roles may not be assumed by root accounts." in page.words
