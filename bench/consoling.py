"""Part 5: the console: log-ins against the bare hash, what the API feels of them, weights and times of pages."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from bench.servers import ROOT, Running, fill, running
from bench.signed import post

USERS: Final = 10_000
PASSWORD: Final = "Correct-Horse-9-battery"
_SIGNING_IN: Final = 2
"""Browsers that sign in again and again."""
_CONNECTIONS: Final = 4
PAGES: Final = (
    "/users",
    "/users?find=user-09",
    "/policies",
    "/policies?q=read",
    "/roles",
    "/groups",
    "/audit",
    "/me",
    "/settings",
)
_CONSOLE: Final = re.compile(r"console\s+http://localhost:(\d+)")
_STATIC: Final = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_REPOSITORY: Final = Path(__file__).parent.parent


def console(work: Path, seconds: float) -> dict[str, Any]:
    """Everything of this part."""
    fill(work / f"ostiary-{USERS}", USERS, roles=1000, policies=1000)
    with running("ostiary", work, users=USERS) as server:
        log = (work / f"ostiary-{USERS}.log").read_text()
        found = _CONSOLE.search(log)
        assert found is not None, log
        iam = server.client("iam")
        account = server.client("sts").get_caller_identity()["Account"]
        iam.create_user(UserName="signer")
        iam.create_login_profile(UserName="signer", Password=PASSWORD)
        iam.attach_user_policy(UserName="signer", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        browsers = [Browser(int(found[1]), account) for _ in range(_SIGNING_IN)]
        bare = _bare(seconds)
        alone = _api(work, server, seconds)
        with_logins, logins = _together(work, server, browsers, seconds)
        only = _logins(browsers, seconds)
        return {
            "argon2_a_second": bare,
            "logins_a_second": only,
            "logins_beside_the_api": logins,
            "api_p99_ms": alone["p99_ms"],
            "api_p99_ms_beside_logins": with_logins["p99_ms"],
            "pages": [_page(browsers[0], path) for path in PAGES],
            "first_table_ms": _first_table(int(found[1]), account),
        }


class Browser:
    """Cookies, and one connection."""

    def __init__(self, port: int, account: str) -> None:
        self._http = http.client.HTTPConnection("localhost", port, timeout=60)
        self._account, self._cookies = account, {}
        page = self.get("/signin")[1].decode()
        found = re.search(r'name="token" value="([0-9a-f]+)"', page)
        assert found is not None
        self._visitor = dict(self._cookies)
        self._token = found[1]

    def get(self, path: str) -> tuple[int, bytes, float]:
        """Status, the packed size's source, and how long the answer took, in milliseconds."""
        return self._ask("GET", path, None)

    def sign_in(self) -> None:
        """The whole of it: a form, a comparison, a session."""
        self._cookies = dict(self._visitor)
        fields = {"token": self._token, "account": self._account, "user": "signer", "password": PASSWORD}
        status, _body, _time = self._ask("POST", "/signin", urlencode(fields))
        assert status == 303, status

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, bytes, float]:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers |= {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        began = time.perf_counter()
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1000
        for line in answer.headers.get_all("set-cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, content, took


def _bare(seconds: float) -> float:
    """Comparisons a second of one thread, with nothing around them."""
    from ostiary.credentials.passwords import hash_password, password_matches

    hashed, count = hash_password(PASSWORD), 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        password_matches(hashed, PASSWORD)
        count += 1
    return count / seconds


def _logins(browsers: list[Browser], seconds: float) -> float:
    """Log-ins a second."""
    counts = [0] * len(browsers)
    until = time.perf_counter() + seconds

    def go(number: int) -> None:
        while time.perf_counter() < until:
            browsers[number].sign_in()
            counts[number] += 1

    threads = [threading.Thread(target=go, args=(number,)) for number in range(len(browsers))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def _api(work: Path, server: Running, seconds: float) -> dict[str, Any]:
    from bench.client import write

    file = work / "console-requests"
    write(file, [post(server.port, ROOT, "sts", "GetCallerIdentity", {}) for _ in range(200)])
    command = [sys.executable, "-m", "bench.client", str(server.port), str(_CONNECTIONS), str(seconds), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_REPOSITORY)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _together(work: Path, server: Running, browsers: list[Browser], seconds: float) -> tuple[dict[str, Any], float]:
    rate: list[float] = []
    signing_in = threading.Thread(target=lambda: rate.append(_logins(browsers, seconds + 0.5)))
    signing_in.start()
    told = _api(work, server, seconds)
    signing_in.join()
    return told, rate[0]


def _page(browser: Browser, path: str) -> dict[str, Any]:
    """A page's weight with its styles and scripts, packed, and how long it takes."""
    browser.sign_in()
    status, content, _first = browser.get(quote(path, safe="/?=&"))
    times = [browser.get(path)[2] for _ in range(20)]
    files = set(_STATIC.findall(content.decode())) if status == 200 else set()
    packed = len(gzip.compress(content)) + sum(len(gzip.compress(browser.get(each)[1], 9)) for each in sorted(files))
    return {"path": path, "status": status, "kb": packed / 1024, "ms": statistics.median(times)}


def _first_table(port: int, account: str) -> float | None:
    """From the address to a full table of users, in headless Chromium with nothing kept; None without Chromium."""
    path = shutil.which("chromium")
    if path is None:
        return None
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(7):
            context = chromium.new_context()
            tab = context.new_page()
            tab.goto(f"http://localhost:{port}/signin?account={account}")
            tab.fill("#user", "signer")
            tab.fill("#password", PASSWORD)
            tab.click("main button.primary")
            tab.wait_for_selector("nav.nav")
            context.new_cdp_session(tab).send("Network.clearBrowserCache")
            began = time.perf_counter()
            tab.goto(f"http://localhost:{port}/users", wait_until="commit")
            tab.wait_for_selector("tbody tr:last-child")
            times.append((time.perf_counter() - began) * 1000)
            context.close()
        chromium.close()
    return statistics.median(times)
