"""Identity providers in the console, and sign-ins tried out."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

from ostiary.federation.addresses import Reach
from ostiary.federation.issuers import Issuers
from tests.console.people import Browser, Console
from tests.console.test_federated_sign_in import corp
from tests.federation.conftest import authority, provider, reach
from tests.federation.provider import Provider
from tests.saml.idp import Idp, rsa_key
from tests.sts.corp import PROVIDER
from tests.sts.federated import AT, Federated
from tests.world import document

__all__ = ["authority", "provider", "reach"]
FORM = "//main//form[.//input[@name='type'] or .//textarea]"


def checks(browser: Browser) -> list[str]:
    page = browser.page
    assert page is not None
    return [each.get("class").split()[-1] for each in page.select("//ol[contains(@class, 'stack')]/li/span[1]")]


def test_a_saml_provider_is_added_shown_renewed_and_deleted(console: Console) -> None:
    browser = console.administrator()
    assert "There is no SAML provider yet." in browser.get("/providers").words
    page = browser.get("/providers/create?type=saml")
    assert "https://localhost/saml" in page.words
    page = browser.submit(FORM, name="corp", document=f"<x>{1000 * 'a'}</x>")
    assert page.status == 400 and "Could not parse metadata" in page.words
    page = browser.submit(FORM, name="corp", document=Idp().metadata())
    assert page.path == "/providers/saml/corp" and page.rows()[0][0] == "CN=idp.example.com"
    assert browser.get("/providers").rows()[0][0] == "corp"
    newer = Idp(key=rsa_key("newer"))
    browser.get("/providers/saml/corp")
    page = browser.submit("//form[contains(@class, 'panel')][.//input[@type='file']]", document=newer.metadata())
    assert "The metadata was replaced." in page.words
    found = console.world.call("iam:GetSAMLProvider", SAMLProviderArn=PROVIDER)
    assert found["SAMLMetadataDocument"] == newer.metadata()
    assert browser.submit("//form[contains(@action, '/delete')]", typed="no").status == 400
    browser.get("/providers/saml/corp")
    assert browser.submit("//form[contains(@action, '/delete')]", typed="corp").path == "/providers"
    assert browser.get("/providers/saml/corp").status == 404


def test_a_metadata_file_is_taken_as_it_is_uploaded(console: Console) -> None:
    browser = console.administrator()
    page = browser.get("/providers/create?type=saml")
    token = page.select("//main//form//input[@name='token']/@value")[0]
    answer = browser.http.post(
        "/providers/create",
        data={"token": token, "type": "saml", "name": "corp", "document": ""},
        files={"file": ("metadata.xml", Idp().metadata().encode(), "text/xml")},
        headers={"sec-fetch-site": "same-origin"},
    )
    assert answer.status_code == 200 and str(answer.url).endswith("/providers/saml/corp")


def test_an_oidc_provider_is_added_changed_and_deleted(console: Console) -> None:
    browser = console.administrator()
    browser.get("/providers/create?type=oidc")
    page = browser.submit(FORM, url="http://idp.example.com", thumbprints="0" * 40)
    assert page.status == 400 and "Invalid Open ID Connect Provider URL" in page.words
    page = browser.submit(FORM, url="https://idp.example.com/a", audiences="one\ntwo", thumbprints="0" * 40)
    assert page.path == f"/providers/oidc?name={quote('idp.example.com/a', safe='')}"
    assert browser.get("/providers").rows()[0][:2] == ["idp.example.com/a", "onetwo"]
    browser.get("/providers/oidc?name=idp.example.com/a")
    page = browser.submit("//main//form", "save", audiences="two\nthree", thumbprints="1" * 40)
    assert "The provider was changed." in page.words
    arn = "arn:aws:iam::111122223333:oidc-provider/idp.example.com/a"
    found = console.world.call("iam:GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["two", "three"], ["1" * 40])
    assert browser.submit("(//main//form)[2]", "delete", typed="x").status == 400
    page = browser.submit("(//main//form)[2]", "delete", typed="idp.example.com/a")
    assert page.path == "/providers" and "There is no OpenID Connect provider yet." in page.words
    assert browser.get("/providers/oidc?name=idp.example.com/a").status == 404


def test_a_viewer_is_told(console: Console) -> None:
    corp(console)
    browser = console.signed_in("viewer", document("iam:ListSAMLProviders"))
    page = browser.get("/providers")
    assert page.rows()[0][1] == "Not allowed" and page.words.count("You are not allowed to see this.") == 1
    assert browser.get("/providers/saml/corp").status == 403
    assert browser.post("/providers/create", {"type": "saml", "name": "x", "document": "y" * 1000}).status == 403
    assert browser.post("/providers/test", {"type": "saml", "name": "corp", "text": "x"}).status == 403
    assert browser.post("/providers/test", {"type": "oidc", "text": "x"}).status == 403


def test_an_assertion_is_tried_check_by_check(console: Console) -> None:
    company, browser = corp(console), console.administrator()
    text = company.text()
    browser.get("/providers/test?type=saml")
    page = browser.submit(FORM, text=text)
    assert checks(browser) == ["good"] * 8, page.words
    assert ["saml:sub", "alice"] in page.rows()
    assert page.rows("(//table)[2]")[0][:2] == ["reader", "May be assumed"]
    for said, number in (({"recipient": "https://x.example/saml"}, 4), ({"audience": ["urn:x"]}, 5)):
        browser.submit(FORM, text=company.text(**said))  # type: ignore[arg-type]
        assert checks(browser) == ["good"] * number + ["bad"] + ["none"] * (6 - number)
    browser.submit(FORM, text="x")
    assert checks(browser)[0] == "bad"
    company.trusts({"StringEquals": {"saml:sub": "bob"}})
    page = browser.submit(FORM, text=text)
    row = page.rows("(//table)[2]")[0]
    assert row[1].startswith("Refused") and "said: alice" in row[2]
    assert text[:100] not in json.dumps(console.events()) and text[-100:] not in json.dumps(console.events())


def test_a_token_is_tried_check_by_check(console: Console, provider: Provider, reach: Reach) -> None:
    console.world.house = console.gate.house = replace(console.house, issuers=Issuers(reach=reach))
    federated = Federated(console.world, provider)
    name = federated.name
    federated.role("web", condition={"StringEquals": {f"{name}:sub": "user-1"}})
    federated.role("shut", condition={"StringEquals": {f"{name}:sub": "user-2"}})
    browser = console.administrator()
    browser.get("/providers/test?type=oidc")
    token = federated.token()
    page = browser.submit(FORM, text=token)
    assert checks(browser) == ["good"] * 7, page.words
    assert [f"{name}:sub", "user-1"] in page.rows()
    verdicts = {row[0]: row for row in page.rows("(//table)[2]")}
    assert verdicts["web"][1] == "May be assumed" and verdicts["shut"][1].startswith("Refused")
    assert "said: user-1" in verdicts["shut"][2]
    for text, number in (
        ("nothing", 0),
        (federated.token(without=("sub",)), 1),
        (federated.token(iss="https://other.example.com"), 2),
        (federated.token(exp=AT - 1), 3),
        (federated.token(aud="other"), 4),
        (token[:-8] + "AAAAAAAA", 5),
    ):
        browser.submit(FORM, text=text)
        assert checks(browser) == ["good"] * number + ["bad"] + ["none"] * (6 - number), number
    assert token not in json.dumps(console.events())
