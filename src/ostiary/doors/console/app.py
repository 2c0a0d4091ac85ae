"""doors/console: the application: cookies and forms in, a page's function in a thread, HTML out.

Source: Starlette documentation, "Routing", "Requests"; OWASP Session Management Cheat Sheet.
"""

from __future__ import annotations

import asyncio
import gzip
import importlib
import os
import pkgutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive

from ostiary.authorization.context import RequestFacts
from ostiary.doors.api.app import new_request_id
from ostiary.doors.console import pages, security, words
from ostiary.doors.console.answering import answer, confirm_first, not_found, refused_form, too_busy
from ostiary.doors.console.assets import PREFIX, asset
from ostiary.doors.console.forms import Fields
from ostiary.doors.console.registry import PAGES, For, Page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.gate.console import ConsoleGate

_THREADS: Final = 16
_MOST_BODY: Final = 2 * 1024 * 1024
_MOST_SIGNING_IN: Final = 64
_CONFIRMED_SECONDS: Final = 300
_NICER: Final = 10
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class TooLarge(Exception):
    """A form is larger than is read."""


class ConsoleApp:
    """Takes requests from the HTTP server."""

    def __init__(self, gate: ConsoleGate) -> None:
        self.gate = gate
        self._key = gate.house.vault.derive("console forms")
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="console")
        # Comparing passwords is what a processor is bought for: it is done beside the requests, not before them.
        # One for each processor: while one waits for the disk, another compares.
        comparing = os.cpu_count() or 1
        self._slow = ThreadPoolExecutor(comparing, thread_name_prefix="passwords", initializer=_stand_back)
        self._waiting = threading.BoundedSemaphore(_MOST_SIGNING_IN)

    def close(self) -> None:
        """Let running pages end."""
        self._threads.shutdown(wait=True)
        self._slow.shutdown(wait=True)

    def routes(self) -> list[Route]:
        """A route a page."""
        for module in pkgutil.iter_modules(pages.__path__):
            importlib.import_module(f"{pages.__name__}.{module.name}")
        # whole addresses before those with a name in them: `/users/create` is no user
        found = [
            Route(page.path, self._endpoint(page), methods=[page.method])
            for page in sorted(PAGES, key=lambda each: "{" in each.path)
        ]
        return [Route(f"{PREFIX}{{file}}", _asset, methods=["GET"]), *found]

    def _endpoint(self, page: Page) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                form = await _form(request)
            except ClientDisconnect:
                return Response(status_code=400)
            except (TooLarge, ValueError):
                return _plain("the form is too large, or can't be read\n", 413)
            visit = self.visit(request, form)
            if visit is None:
                return _plain("this is not the console's address\n", 421)
            if page.slow and not self._waiting.acquire(blocking=False):
                return _response(too_busy(visit))
            try:
                threads = self._slow if page.slow else self._threads
                reply = await asyncio.get_running_loop().run_in_executor(threads, self.reply, page, visit)
            finally:
                if page.slow:
                    self._waiting.release()
            return _response(reply)

        return endpoint

    def reply(self, page: Page, visit: Visit) -> Reply:
        """What a page answers to a visit; in a thread, for it may wait."""
        if page.method == "POST" and not page.foreign and not self._is_own(visit):
            return refused_form(visit)
        visit = self._recognised(visit)
        if page.who is not For.EVERYBODY:
            if visit.signed_in is None:
                return _to_sign_in(visit)
            if visit.signed_in.must_change_password and page.who is not For.CHANGING:
                return visit.redirect("/password")
        if page.confirm:
            asked = confirm_first(visit, _CONFIRMED_SECONDS)
            if asked is not None:
                return asked
        return answer(page, visit)

    def visit(self, request: Request, form: Fields) -> Visit | None:
        """The visit that a request is; None when it is not addressed to the console."""
        house = self.gate.house
        secure = request.url.scheme == "https"
        origin = self._origin(request, secure)
        if origin is None:
            return None
        at = house.clock.now()
        cookies = request.cookies
        secret = cookies.get(security.SESSION_COOKIE) or cookies.get(security.VISITOR_COOKIE) or ""
        set_cookies = []
        if not secret:
            secret = house.entropy.draw(24).hex()
            set_cookies.append(security.cookie(security.VISITOR_COOKIE, secret))
        return Visit(
            gate=self.gate,
            facts=RequestFacts(
                request_id=new_request_id(at),
                at=at,
                source_ip=request.client.host if request.client else "127.0.0.1",
                secure=secure,
                region=house.settings.region,
                user_agent=request.headers.get("user-agent", ""),
                referer=request.headers.get("referer"),
            ),
            method=request.method,
            path=request.url.path,
            segments=request.path_params,
            query=Fields.read(request.url.query[:20_000]),
            form=form,
            cookies=cookies,
            language=words.chosen(cookies.get(security.LANGUAGE_COOKIE), request.headers.get("accept-language", "")),
            nonce=security.new_nonce(house.entropy),
            token=security.form_token(self._key, secret),
            partial=request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers,
            origin=origin,
            set_cookies=set_cookies,
            fetch_site=request.headers.get("sec-fetch-site"),
            stated_origin=request.headers.get("origin"),
        )

    def _origin(self, request: Request, secure: bool) -> str | None:
        """The console's own origin. On loopback only this machine's names are it: no other page's name leads here."""
        host = request.headers.get("host", "")
        public = self.gate.house.settings.console_url
        if public is not None and urlsplit(public).netloc.lower() == host.lower():
            return public.rstrip("/")
        name = urlsplit(f"//{host}").hostname or ""
        if self.gate.house.settings.host in _LOCAL and name not in _LOCAL:
            return None
        return f"{'https' if secure else 'http'}://{host}"

    def _is_own(self, visit: Visit) -> bool:
        cookies = visit.cookies
        secret = cookies.get(security.SESSION_COOKIE) or cookies.get(security.VISITOR_COOKIE) or ""
        return security.from_own_page(visit.fetch_site, visit.stated_origin, visit.origin) and security.is_own_form(
            self._key, secret, visit.form.get("token")
        )

    def _recognised(self, visit: Visit) -> Visit:
        secret = visit.cookies.get(security.SESSION_COOKIE)
        found = self.gate.signed_in(secret, visit.facts) if secret else None
        if found is None:
            return visit
        return visit.signed_in_as(found, self.gate.caller(found))


def console_app(gate: ConsoleGate) -> tuple[Starlette, ConsoleApp]:
    """The application for the HTTP server, and what must be closed at the end."""
    made = ConsoleApp(gate)

    async def missing(request: Request, _error: Exception) -> Response:
        visit = made.visit(request, Fields())
        if visit is None:
            return _plain("this is not the console's address\n", 421)
        loop = asyncio.get_running_loop()
        return _response(await loop.run_in_executor(made._threads, lambda: not_found(made._recognised(visit))))

    return Starlette(routes=made.routes(), exception_handlers={404: missing, 405: missing}), made


async def _asset(request: Request) -> Response:
    found = asset(request.path_params["file"])
    if found is None:
        return _plain("there is no such file\n", 404)
    content, media_type = found
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(_packed(content), media_type=media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(content, media_type=media_type, headers=headers)


async def _form(request: Request) -> Fields:
    """The fields of a form; of a file its text. Raises `TooLarge`, `ValueError`."""
    if request.method != "POST":
        return Fields()
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > _MOST_BODY:
        raise TooLarge
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        pairs = []
        bounded = Request(request.scope, _bounded(request.receive))
        async with bounded.form(max_files=4, max_fields=1000, max_part_size=_MOST_BODY) as sent:
            for name, value in sent.multi_items():
                text = value
                if isinstance(value, UploadFile):
                    text = (await value.read(_MOST_BODY + 1)).decode("utf-8-sig", "replace")
                pairs.append((name, str(text)))
        return Fields(tuple(pairs))
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            raise TooLarge
    return Fields.read(body.decode("ascii", "replace"))


def _bounded(receive: Receive) -> Receive:
    """A body that is no longer than is read, also where its length was not said before. Raises `TooLarge`."""
    total = 0

    async def bounded() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > _MOST_BODY:
            raise TooLarge
        return message

    return bounded


def _to_sign_in(visit: Visit) -> Reply:
    if visit.partial:  # the whole page must change, not a region of it
        return Reply(status=204, headers=(("hx-redirect", "/signin"),))
    here = f"{visit.path}?{visit.query.query()}" if visit.query.pairs else visit.path
    return visit.redirect("/signin" if here == "/" or visit.method != "GET" else f"/signin?next={quote(here, safe='')}")


def _response(reply: Reply) -> Response:
    made = Response(reply.body, status_code=reply.status, media_type=None)
    if reply.body or reply.status == 200:
        made.headers["content-type"] = reply.media_type
    for name, value in reply.headers:
        made.headers.append(name, value)
    return made


def _plain(text: str, status: int) -> Response:
    return Response(text, status_code=status, media_type="text/plain", headers={"cache-control": "no-store"})


@lru_cache(maxsize=16)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _stand_back() -> None:
    """On Linux each thread has a priority of its own."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICER)
