"""The frame around every page, in a real browser."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from ostiary.doors.console import ConsoleDoor
from ostiary.doors.console.assets import NotBundled
from tests.console.chromium import Watched
from tests.console.people import Console
from tests.live import Server


def test_signing_in_and_the_first_page_are_accessible(window: Watched, live: Server) -> None:
    window.go("/signin")
    window.check_accessibility()
    window.go("/signin?as=root")
    window.check_accessibility()


def test_the_frame_is_accessible_and_keeps_its_session(root_window: Watched) -> None:
    root_window.check_accessibility()
    page = root_window.page
    assert page.inner_text("h1") == "Security dashboard"
    page.click("header summary")
    page.click("header >> text=한국어")
    assert page.get_attribute("html", "lang") == "ko"
    root_window.check_accessibility("the frame in Korean")


def test_an_injected_script_does_not_run(root_window: Watched) -> None:
    page = root_window.page
    ran = page.evaluate(
        """() => { const made = document.createElement('div');
        try { made.innerHTML = '<img src=x onerror="window.hurt = 1">'; } catch { return 'refused'; }
        document.body.append(made); return 'allowed'; }"""
    )
    assert ran == "refused"
    assert root_window.complaints  # the browser says so
    root_window.complaints.clear()


def test_every_answer_says_what_a_browser_may_do(console: Console) -> None:
    browser = console.administrator()
    for path in ("/", "/signin", "/no-such-page"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy and "require-trusted-types-for 'script'" in policy
        assert headers["cache-control"] == "no-store"
    assert browser.get("/no-such-page").status == 404


def test_the_console_answers_at_its_own_address_alone(console: Console) -> None:
    answer = console.browser().http.get("/signin", headers={"host": "evil.example"})
    assert answer.status_code == 421


def test_without_its_browser_files_the_console_says_what_to_do(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> str:
        raise NotBundled

    monkeypatch.setattr("ostiary.doors.console.door.asset_url", missing)
    answer = TestClient(ConsoleDoor(console.gate), base_url="https://localhost").get("/signin")
    assert answer.status_code == 503 and "make assets" in answer.text
