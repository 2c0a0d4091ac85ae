"""What somebody without an account might try at the console's door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ostiary.services.console import sign_in
from tests.console.people import PASSWORD, ROOT_EMAIL, Console
from tests.world import ACCOUNT


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example",
        "/\t/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        "/\n/evil.example",
        "/\\evil.example",
        "/.\\evil",
        "https:evil.example",
        "/\x00/evil.example",
        "",
    ],
)
def test_nobody_is_sent_elsewhere_however_it_is_written(console: Console, where: str) -> None:
    console.user("ann")
    browser = console.browser()
    browser.get("/signin")
    fields = {"account": ACCOUNT, "user": "ann", "password": PASSWORD, "next": where, "token": browser._token()}
    answer = browser.http.post("/signin", data=fields, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_page_in_any_letters_is_gone_to(console: Console) -> None:
    browser = console.administrator()
    browser.get("/")
    page = browser.post("/theme", {"theme": "dark", "next": "/nowhere/한글?q=é\N{ROCKET}"})
    assert page.status == 404 and page.path.startswith("/nowhere/%ED%95%9C%EA%B8%80?q=%C3%A9")


def test_a_wrong_user_costs_as_many_comparisons_as_a_wrong_password(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times vary; what takes the time is counted: comparisons, and hashes made."""
    compared: list[str] = []
    matches = sign_in.password_matches
    monkeypatch.setattr(
        sign_in, "password_matches", lambda hashed, password: compared.append(hashed[:32]) or matches(hashed, password)
    )
    console.user("ann")
    console.user("robot", password=None)
    costs = {}
    for user, account in (("ann", ACCOUNT), ("nobody", ACCOUNT), ("robot", ACCOUNT), ("ann", "no-such-alias")):
        compared.clear()
        assert console.browser().sign_in(user, "wrong", account).status == 401
        costs[user, account] = list(compared)
    for email in (ROOT_EMAIL, "nobody@example.com"):
        compared.clear()
        assert console.browser().sign_in_as_root(email, "wrong").status == 401
        costs["root", email] = list(compared)
    assert {len(each) for each in costs.values()} == {1}
    assert len({each[0].split("$")[3] for each in costs.values()}) == 1, "Argon2's parameters are one for all"


def test_a_sign_in_begins_a_new_session_whatever_cookie_came_with_it(console: Console) -> None:
    console.user("ann")
    browser = console.browser()
    browser.get("/signin")
    planted = {"__Host-ostiary": "planted-by-somebody"}
    browser.http.cookies.update(planted)
    page = browser.sign_in("ann")
    assert page.path == "/"
    stranger = console.browser()
    stranger.http.cookies.update(planted)
    assert stranger.get("/").path == "/signin"


def test_a_form_of_one_session_is_none_of_anothers(console: Console) -> None:
    one, two = console.administrator("one"), console.administrator("two")
    token = one.get("/me").select("//input[@name='token']/@value")[0]
    assert two.post("/me/sessions/end", token=token).status == 403
    one.get("/me")
    assert one.submit("//form[@action='/signout']").path == "/signin"
    one.sign_in("one")
    assert one.post("/me/sessions/end", token=token).status == 403


def test_a_form_with_a_file_is_bounded_also_without_its_length(console: Console) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n'
        for _ in range(5):
            yield b"a" * 1_000_000
        yield b"\r\n--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = console.browser().http.post("/signin", content=body(), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", ""])
def test_nonsense_in_a_forms_place_is_no_fault_of_ours(console: Console, kind: str) -> None:
    answer = console.browser().http.post("/signin", content=b"\xff\xfe--x\r\n;;", headers={"content-type": kind})
    assert answer.status_code in (400, 403, 413)


def test_pages_are_framed_by_nobody_and_cookies_read_by_no_script(console: Console) -> None:
    console.user("ann")
    browser = console.browser()
    page = browser.get("/signin")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    fields = {"account": ACCOUNT, "user": "ann", "password": PASSWORD, "token": browser._token()}
    answer = browser.http.post("/signin", data=fields, follow_redirects=False)
    for cookie in answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; ")), cookie
        assert "Domain" not in cookie
