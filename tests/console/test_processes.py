"""Any process answers any click: two on one data directory take turns, and neither keeps anything to itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ostiary.audit.writer import AuditWriter
from ostiary.authorization.book import Book
from ostiary.authorization.judge import Judge
from ostiary.doors.console.app import console_app
from ostiary.gate.console import ConsoleGate
from ostiary.store.database import Store
from tests.console.people import ORIGIN, PASSWORD, Browser, Console


class Turns:
    """A client whose requests, redirects among them, go to the one and the other in turn; the cookies are the same."""

    def __init__(self, *clients: TestClient) -> None:
        self.clients, self.count = clients, 0
        for client in clients[1:]:
            client._cookies = clients[0].cookies
        self.cookies = clients[0].cookies

    def _next(self) -> TestClient:
        self.count += 1
        return self.clients[self.count % len(self.clients)]

    def _ask(self, method: str, url: str, **more: Any) -> Any:
        answer = self._next().request(method, url, follow_redirects=False, **more)
        while answer.is_redirect:
            answer = self._next().get(str(answer.url.join(answer.headers["location"])), follow_redirects=False)
        return answer

    def get(self, url: str, **more: Any) -> Any:
        return self._ask("GET", url, **more)

    def post(self, url: str, **more: Any) -> Any:
        return self._ask("POST", url, **more)


@pytest.fixture
def turns(console: Console, tmp_path: Path) -> Any:
    """A browser between two processes' consoles."""
    store = Store(tmp_path / "ostiary.db")
    book = Book(store, console.house.vault)
    house = replace(console.house, store=store, book=book, judge=Judge(book))
    audit = AuditWriter(store, 0.01)
    app, door = console_app(ConsoleGate(house, audit, console.said.append))
    browser = Browser(console)
    browser.http = Turns(browser.http, TestClient(app, base_url=ORIGIN, headers={"accept-language": "en"}))  # type: ignore[assignment]
    yield browser
    door.close()
    audit.close()
    store.close()


def test_a_session_holds_in_every_process(console: Console, turns: Browser) -> None:
    console.user("ann")
    assert turns.sign_in("ann").path == "/"
    for _ in range(4):
        assert turns.get("/").path == "/"
    assert turns.submit("//form[@action='/signout']").path == "/signin"
    for _ in range(2):
        assert turns.get("/").path.startswith("/signin")


def test_a_new_password_ends_a_session_in_every_process(console: Console, turns: Browser) -> None:
    console.user("ann")
    turns.sign_in("ann")
    console.world.call("iam:UpdateLoginProfile", UserName="ann", Password="Another-One-77")
    for _ in range(2):
        assert turns.get("/").path.startswith("/signin")


def test_wrong_passwords_are_counted_together(console: Console, turns: Browser) -> None:
    console.user("ann")
    for _ in range(10):
        turns.sign_in("ann", "wrong")
    assert "Too many sign-ins failed" in turns.sign_in("ann", PASSWORD).words


def test_what_one_process_changes_the_other_decides_by(console: Console, turns: Browser) -> None:
    console.user("ann")
    turns.sign_in("ann")
    allow = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}'
    for _ in range(3):
        console.world.call("iam:PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=allow)
        assert [turns.get("/groups").status for _ in range(2)] == [200, 200]
        console.world.call("iam:DeleteUserPolicy", UserName="ann", PolicyName="own")
        for _ in range(2):
            page = turns.get("/groups")
            assert page.status == 403 or "not allowed" in page.words
