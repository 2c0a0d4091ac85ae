"""doors/console: one request to a page: who is signed in, what was sent, and what a page can do with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar, cast
from urllib.parse import quote, unquote

from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import RequestFacts
from ostiary.doors.console import security
from ostiary.doors.console.forms import Fields
from ostiary.doors.console.navigation import navigation
from ostiary.doors.console.rendering import render
from ostiary.doors.console.words import translations
from ostiary.gate.console import ConsoleGate
from ostiary.gate.perform import Permission
from ostiary.services.console.sessions import SignedIn
from ostiary.services.faults import ServiceFault
from ostiary.services.view import View

T = TypeVar("T")

_SAID_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a page answers."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[T]):
    """A part of a page: a value, or why it is not shown."""

    found: T | None = None
    refused: str = ""
    """AWS's words for the refusal; empty when there is a value."""

    @property
    def value(self) -> T:
        """What may be shown. Ask whether it may first."""
        if self.refused:
            raise ValueError("this may not be shown")
        return cast("T", self.found)

    def __bool__(self) -> bool:
        return not self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request to a page."""

    gate: ConsoleGate
    facts: RequestFacts
    method: str
    path: str
    segments: Mapping[str, str]
    """What the path names: `visit.segments["name"]`."""
    query: Fields
    form: Fields
    cookies: Mapping[str, str]
    language: str
    nonce: str
    token: str = field(repr=False)
    """What forms carry."""
    partial: bool
    """htmx asks: only a region of the page is wanted."""
    origin: str
    """The console's own, `http://localhost:4701`."""
    signed_in: SignedIn | None = None
    caller_or_none: Caller | None = None
    set_cookies: list[str] = field(default_factory=list)
    fetch_site: str | None = None
    """Sec-Fetch-Site."""
    stated_origin: str | None = None
    """The Origin header."""

    # Who

    def signed_in_as(self, signed_in: SignedIn, caller: Caller | None) -> Visit:
        """The visit of whoever is signed in."""
        return replace(self, signed_in=signed_in, caller_or_none=caller)

    @property
    def caller(self) -> Caller:
        """Who is signed in."""
        assert self.caller_or_none is not None  # pages for everybody don't ask
        return self.caller_or_none

    @property
    def session(self) -> SignedIn:
        """The session."""
        assert self.signed_in is not None
        return self.signed_in

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.facts.at.timestamp())

    # Words

    def _(self, text: str, **values: object) -> str:
        """A text in the page's language, with values in the place of `%(name)s`."""
        found = translations(self.language).gettext(text)
        return found % values if values else found

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """The same for a number of things, which is `%(num)s`."""
        return translations(self.language).ngettext(one, many, count) % {"num": count, **values}

    # Doing and looking, as whoever is signed in

    def perform(self, service: str, operation: str, **params: Any) -> Any:
        """Do an operation of AWS's; parameters that are None are left out. Raises `ServiceFault`."""
        return self.gate.perform(self.caller, self.facts, service, operation, params)

    def look(self, view: View[T], **params: Any) -> T:
        """What a view shows. Raises `ServiceFault`."""
        return self.gate.look(self.caller, self.facts, view, params)

    def see(self, service: str, operation: str, **params: Any) -> Seen[Any]:
        """The same as `perform` for a part of a page: a refusal is told in its place. Other faults are raised."""
        try:
            return Seen(found=self.perform(service, operation, **params))
        except ServiceFault as fault:
            if not is_refusal(fault):
                raise
            return Seen(refused=fault.message)

    def glimpse(self, view: View[T], **params: Any) -> Seen[T]:
        """The same as `look` for a part of a page."""
        try:
            return Seen(found=self.look(view, **params))
        except ServiceFault as fault:
            if not is_refusal(fault):
                raise
            return Seen(refused=fault.message)

    def every(self, service: str, operation: str, member: str, **params: Any) -> Iterator[Any]:
        """The items of all pages of a listing (`Marker`, `IsTruncated`). Raises `ServiceFault`."""
        marker: str | None = None
        while True:
            found = self.perform(service, operation, MaxItems=1000, Marker=marker, **params)
            yield from found.get(member) or ()
            if not found.get("IsTruncated"):
                return
            marker = found["Marker"]

    def see_every(self, service: str, operation: str, member: str, **params: Any) -> Seen[list[Any]]:
        """The same as `every` for a part of a page."""
        try:
            return Seen(found=list(self.every(service, operation, member, **params)))
        except ServiceFault as fault:
            if not is_refusal(fault):
                raise
            return Seen(refused=fault.message)

    def may(self, service: str, operation: str, **params: Any) -> Permission:
        """Whether an operation would be permitted. Nothing is done, and nothing recorded."""
        given = {name: value for name, value in params.items() if value is not None}
        return self.gate.may(self.caller, self.facts, service, operation, given)

    def could(self, action: str, resource: str = "*") -> Permission:
        """Whether there may be anything that an action is permitted on: for buttons that don't know on what yet."""
        return self.gate.could(self.caller, self.facts, action, resource)

    # Answering

    def page(self, template: str, *, region: str | None = None, status: int = 200, **values: Any) -> Reply:
        """A page; when htmx asks and a region is named, that block of the template alone."""
        text = render(self.language, template, self._values(values), region if self.partial else None)
        return Reply(status=status, body=text.encode(), headers=tuple(self._headers()))

    def redirect(self, to: str, said: str = "", kind: str = "good") -> Reply:
        """After a change: show another page, with a word on what was done."""
        if said:
            told = quote(json.dumps([kind, said]), safe="")
            self.set_cookies.append(security.cookie(security.SAID_COOKIE, told, seconds=_SAID_SECONDS))
        return Reply(status=303, headers=(("location", to), *self._headers()))

    def download(self, body: bytes, name: str, media_type: str) -> Reply:
        """A file to keep."""
        headers = (("content-disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}"), *self._headers())
        return Reply(body=body, media_type=media_type, headers=headers)

    def text(self, body: str, media_type: str = "text/plain; charset=utf-8", status: int = 200) -> Reply:
        """Neither page nor file: what a script of ours asks for."""
        return Reply(status=status, body=body.encode(), media_type=media_type, headers=tuple(self._headers()))

    def set_cookie(self, name: str, value: str, *, seconds: int | None = None) -> None:
        """With the answer. An empty value removes it."""
        self.set_cookies.append(security.cookie(name, value, seconds=seconds))

    def _headers(self) -> list[tuple[str, str]]:
        own = security.headers(self.nonce, secure=self.facts.secure)
        return [*own.items(), *(("set-cookie", each) for each in self.set_cookies)]

    def _values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "visit": self,
            "nonce": self.nonce,
            "token": self.token,
            "now": self.facts.at,
            "path": self.path,
            "theme": self.cookies.get(security.THEME_COOKIE, ""),
            "navigation": navigation(self) if self.caller_or_none is not None else (),
            "said": self._said(),
            "who": self._who(),
            "may_go_back": bool(self.cookies.get(security.BACK_COOKIE)),
            **values,
        }

    def _said(self) -> tuple[str, str] | None:
        """What the page before this one had to say; once."""
        told = self.cookies.get(security.SAID_COOKIE)
        if told is None or self.partial:
            return None
        self.set_cookies.append(security.cookie(security.SAID_COOKIE, ""))
        try:
            kind, text = json.loads(unquote(told))
        except ValueError:
            return None
        return (kind, text) if kind in ("good", "care", "bad") and isinstance(text, str) else None

    def _who(self) -> dict[str, Any] | None:
        caller = self.caller_or_none
        if caller is None:
            return None
        record = self.gate.house.book.account(caller.account)
        names = {CallerKind.ROOT: self._("root user"), CallerKind.ROLE_SESSION: caller.arn.split("/", 1)[-1]}
        session = caller.session
        return {
            "name": names.get(caller.kind, caller.name),
            "arn": caller.arn,
            "root": caller.kind is CallerKind.ROOT,
            "account": caller.account,
            "alias": record.alias if record is not None else None,
            "mfa": session is not None and session.mfa_at is not None,
        }


def is_refusal(fault: ServiceFault) -> bool:
    """Whether a fault is a missing permission."""
    return fault.status == 403 or fault.code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
