"""A console on an empty house, and people who use it with forms and links alone, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from lxml import html
from starlette.testclient import TestClient

from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import Caller
from ostiary.credentials.passwords import hash_password
from ostiary.doors.console.app import console_app
from ostiary.gate.console import ConsoleGate
from tests.world import ACCOUNT, ALLOW_ALL, World

PASSWORD = "Correct-Horse-9-battery"
ROOT_EMAIL = "root-0@example.com"
ORIGIN = "https://localhost"


class Page:
    """What came back."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code
        self.url = str(response.url)
        self.path = response.url.raw_path.decode()
        self.text: str = response.text
        self.headers = response.headers
        self.tree = html.fromstring(response.text) if response.text.strip().startswith("<") else None

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.path}>"

    def select(self, path: str) -> list[Any]:
        """Elements by XPath."""
        assert self.tree is not None, self.text
        found: list[Any] = self.tree.xpath(path)
        return found

    @property
    def words(self) -> str:
        """The text, white space folded."""
        assert self.tree is not None
        for each in self.tree.xpath("//script|//style"):
            each.getparent().remove(each)
        return re.sub(r"\s+", " ", self.tree.text_content()).strip()

    @property
    def heading(self) -> str:
        return re.sub(r"\s+", " ", self.select("//h1")[0].text_content()).strip()

    def rows(self, table: str = "//table") -> list[list[str]]:
        """The cells of a table's body."""
        return [
            [re.sub(r"\s+", " ", cell.text_content()).strip() for cell in row.xpath("./th|./td")]
            for row in self.select(f"({table})[1]//tbody/tr")
        ]


class Browser:
    """Keeps cookies, follows redirects, fills in forms as a browser without JavaScript does."""

    def __init__(self, console: Console, language: str = "en") -> None:
        self.http = TestClient(console.app, base_url=ORIGIN, headers={"accept-language": language})
        self.page: Page | None = None

    def get(self, path: str, **headers: str) -> Page:
        self.page = Page(self.http.get(path, headers=headers))
        return self.page

    def post(self, path: str, fields: dict[str, Any] | None = None, *, token: str | None = None) -> Page:
        """Post fields with this session's token, as a page of ours would."""
        if token is None:
            token = self._token()
        sent = {"token": token, **(fields or {})}
        self.page = Page(self.http.post(path, data=sent, headers={"sec-fetch-site": "same-origin"}))
        return self.page

    def submit(self, form: str = "//main//form[not(@data-passkey)]", button: str = "", **fields: Any) -> Page:
        """Fill in the form that XPath names (the first of them) and press its button.

        Fields that the form does not have are an error: a person could not fill them in either. A list checks several
        boxes of a name; None leaves a field out.
        """
        assert self.page is not None
        found = self.page.select(form)
        assert found, f"no form {form} on {self.page}: {self.page.words[:400]}"
        element = found[0]
        sent: dict[str, Any] = {}
        for name, value in element.form_values():
            sent.setdefault(name, []).append(value)
        known = {each.name for each in element.xpath(".//*[@name]") if hasattr(each, "name")}
        known |= set(element.xpath(".//@name"))
        for name, value in fields.items():
            assert name in known, f"the form has no field {name}: {sorted(known)}"
            if value is None:
                sent.pop(name, None)
            else:
                sent[name] = value if isinstance(value, list) else [value]
        elsewhere = None
        if button:
            pressed = element.xpath(f".//button[normalize-space(.)='{button}' or @value='{button}']")
            assert pressed, f"no button {button}"
            if pressed[0].get("name"):
                sent[pressed[0].get("name")] = [pressed[0].get("value") or ""]
            elsewhere = pressed[0].get("formaction")
        target = urljoin(self.page.url, elsewhere or element.get("action") or self.page.url)
        if (element.get("method") or "get").lower() == "get":
            self.page = Page(self.http.get(target.partition("?")[0], params=sent))
        else:
            self.page = Page(self.http.post(target, data=sent, headers={"sec-fetch-site": "same-origin"}))
        return self.page

    def sign_in(self, user: str, password: str = PASSWORD, account: str = ACCOUNT) -> Page:
        self.get("/signin")
        return self.submit(account=account, user=user, password=password)

    def sign_in_as_root(self, email: str = ROOT_EMAIL, password: str = PASSWORD) -> Page:
        self.get("/signin?as=root")
        return self.submit(email=email, password=password)

    def _token(self) -> str:
        page = self.page if self.page is not None and self.page.tree is not None else None
        found = page.select("//input[@name='token']/@value") if page is not None else []
        if not found:
            found = Page(self.http.get("/signin")).select("//input[@name='token']/@value")
        return str(found[0])


class Console:
    """The console of a world, in this process."""

    def __init__(self, data: Path) -> None:
        self.world = World(data)
        self.house = self.world.house
        self.said: list[str] = []
        self.audit = AuditWriter(self.house.store, 0.01)
        self.gate = ConsoleGate(self.house, self.audit, self.said.append)
        self.app, self._app = console_app(self.gate)
        with self.house.store.write() as tx:
            tx.accounts.change(ACCOUNT, root_password=hash_password(PASSWORD))

    def user(self, name: str, policy: str | None = None, *, password: str | None = PASSWORD, **more: Any) -> Caller:
        """A user with a console password, and this inline policy."""
        self.world.call("iam:CreateUser", UserName=name, **more)
        if password is not None:
            self.world.call("iam:CreateLoginProfile", UserName=name, Password=password)
        if policy is not None:
            self.world.call("iam:PutUserPolicy", UserName=name, PolicyName="test", PolicyDocument=policy)
        return self.world.user(name)

    def administrator(self, name: str = "admin") -> Browser:
        """Signed in, and allowed everything."""
        self.user(name, ALLOW_ALL)
        browser = self.browser()
        page = browser.sign_in(name)
        assert page.status == 200 and page.path == "/", page.words
        return browser

    def signed_in(self, name: str, policy: str | None = None) -> Browser:
        """A new user, signed in."""
        self.user(name, policy)
        browser = self.browser()
        browser.sign_in(name)
        return browser

    def browser(self, language: str = "en") -> Browser:
        return Browser(self, language)

    def events(self) -> list[dict[str, Any]]:
        """The record, the newest first."""
        self.audit.flush()
        with self.house.store.read() as tx:
            return [json.loads(each.body) for each in tx.events.latest(500)]

    def close(self) -> None:
        self._app.close()
        self.audit.close()
        self.house.store.close()
        assert not self.said, f"something unforeseen happened: {self.said}"
