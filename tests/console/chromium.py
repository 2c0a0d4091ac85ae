"""A real browser on a live server. Every page is watched: no CSP report, no error on the console."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.live import REPOSITORY
from tests.needs import need

AXE: Final = REPOSITORY / "tests" / "clients" / "js" / "node_modules" / "axe-core" / "axe.min.js"
SCHEMES: Final = ("light", "dark")
NARROW: Final = {"width": 390, "height": 844}
WIDE: Final = {"width": 1440, "height": 900}
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_WATCH: Final = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""


def chromium_path() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def needs_chromium() -> str:
    """The browser's path; without one the test is skipped loudly, or fails in CI."""
    found = chromium_path()
    need(found, "chromium is missing: apt-get install chromium")
    assert found is not None
    return found


_PAINTED: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Colours are those of the scheme once two frames were painted."""


class Watched:
    """A page that notes what must never happen."""

    def __init__(self, context: Any, origin: str) -> None:
        self.context, self.origin = context, origin
        self.complaints: list[str] = []
        context.add_init_script(_WATCH)
        self.page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _heard(self, message: Any) -> None:
        # what the server refused is said by Chromium itself: the pages show it, and tests look at those
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def go(self, path: str) -> Any:
        self.page.goto(self.origin + path)
        return self.page

    def sign_in(self, account: str, user: str, password: str) -> None:
        self.go("/signin")
        self.page.fill("#account", account)
        self.page.fill("#user", user)
        self.page.fill("#password", password)
        self.page.click("main button.primary")

    def sign_in_as_root(self, email: str, password: str) -> None:
        self.go("/signin?as=root")
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.page.click("main button.primary")

    def check_accessibility(self, what: str = "") -> None:
        """axe-core finds nothing, in light and dark colours, wide and narrow. Its script comes in by the debugger."""
        page = self.page
        for scheme in SCHEMES:
            for size in (WIDE, NARROW):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size(size)
                page.evaluate(_PAINTED)
                found = _axe(page)
                assert not found, f"{what or page.url} ({scheme}, {size['width']}): {found}"
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (
                    f"{what or page.url} is wider than {size['width']} pixels"
                )
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)

    def check(self) -> None:
        assert not self.complaints, self.complaints


def _axe(page: Any) -> list[str]:
    session = page.context.new_cdp_session(page)
    try:
        session.send("Runtime.evaluate", {"expression": AXE.read_text()})
        answer = session.send(
            "Runtime.evaluate",
            {
                "expression": "axe.run().then((r) => JSON.stringify(r.violations.map((v) => "
                "v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 200)).join(' | '))))",
                "awaitPromise": True,
            },
        )
    finally:
        session.detach()
    found: list[str] = json.loads(answer["result"]["value"])
    return found


@contextmanager
def browsing() -> Iterator[Any]:
    """Chromium."""
    path = needs_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def watched(browser: Any, origin: str, **context: Any) -> Iterator[Watched]:
    """A new window with nothing in it; at its end it has nothing to complain of."""
    made = browser.new_context(viewport=WIDE, reduced_motion="reduce", locale=context.pop("locale", "en-GB"), **context)
    try:
        window = Watched(made, origin)
        yield window
        window.check()
    finally:
        made.close()


def screenshot(page: Any, path: Path) -> None:
    page.screenshot(path=str(path), full_page=True)
