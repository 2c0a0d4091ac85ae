"""The metadata door itself: a bare ASGI application that answers as EC2's instance metadata service does.

Who asks is decided by the listener, not by the application: a runner's relay says so in a header that only processes of
the server's own user can send (the UNIX socket is 0600), and the loopback listener speaks for one chosen instance.
The server in front must be told to add no `Server` header of its own (uvicorn: `server_header=False`).

Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" (session tokens, response
codes) and "Access instance metadata for an EC2 instance" (paths).
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, Final

from ostiary.clock import Clock
from ostiary.doors.metadata import tokens, tree
from ostiary.doors.metadata.views import Delivery, InstanceView, MetadataProvider
from ostiary.entropy import Entropy

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Mapping[bytes, bytes]
WhoAsks = Callable[[Headers, MetadataProvider], str | None]
"""The id of the instance that a request comes from, given its headers; None when it comes from none."""

INSTANCE_HEADER: Final = b"x-ostiary-instance-id"
TOKEN_PATH: Final = "/latest/api/token"
_TOKEN_HEADER: Final = b"x-aws-ec2-metadata-token"
_TTL_HEADER: Final = b"x-aws-ec2-metadata-token-ttl-seconds"
_DIGITS: Final = re.compile(rb"[0-9]{1,5}")
_PORT: Final = re.compile(r":[0-9]*\Z")

_ERROR_PAGE: Final = """<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
\t\t "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>{reason}</title>
 </head>
 <body>
  <h1>{reason}</h1>
 </body>
</html>
"""


def from_relay(headers: Headers, provider: MetadataProvider) -> str | None:
    """The instance that the runner's relay names. Only for a listener that none but relays can reach."""
    named = headers.get(INSTANCE_HEADER)
    return None if named is None else named.decode("latin-1")


def local_instance(headers: Headers, provider: MetadataProvider) -> str | None:
    """The instance that has been chosen for the loopback listener.

    The request must be addressed to an IP address or `localhost`: a web page that makes its own name point at this
    machine (DNS rebinding) could otherwise read credentials through a browser.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    name = _PORT.sub("", host).removeprefix("[").removesuffix("]")
    if name != "localhost" and not _is_address(name):
        return None
    return provider.local_instance_id()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Answer:
    status: HTTPStatus
    body: bytes = b""
    media_type: bytes = b"text/plain"
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


class MetadataApp:
    """ASGI application for one listener.

    Args:
        provider: tells about instances and their credentials.
        clock, entropy: for session tokens.
        key: 32 secret bytes, the same in every process, under which session tokens are sealed.
        who_asks: how this listener knows which instance a request comes from.
    """

    def __init__(
        self, provider: MetadataProvider, clock: Clock, entropy: Entropy, *, key: bytes, who_asks: WhoAsks
    ) -> None:
        if len(key) < 32:
            raise ValueError("the key for metadata tokens must have at least 32 bytes")
        self._provider, self._clock, self._entropy = provider, clock, entropy
        self._key, self._who_asks = key, who_asks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the metadata door does not speak {scope['type']}")
        headers = dict(scope["headers"])
        answer = await asyncio.to_thread(self._answer, scope["method"], scope["path"], headers)
        await _send(send, answer, bodiless=scope["method"] == "HEAD")

    def _answer(self, method: str, path: str, headers: Headers) -> _Answer:
        instance_id = self._who_asks(headers, self._provider)
        view = None if instance_id is None else self._provider.instance(instance_id)
        if view is None:
            return _refusal(HTTPStatus.NOT_FOUND)
        if view.options.http_endpoint == "disabled":
            return _refusal(HTTPStatus.FORBIDDEN)
        if path.removesuffix("/") == TOKEN_PATH:
            return self._token(view, headers) if method == "PUT" else _not_allowed(b"OPTIONS, PUT")
        if method == "PUT":
            return _refusal(HTTPStatus.FORBIDDEN)  # a token is to be had at the path of `latest` only
        if method not in ("GET", "HEAD"):
            return _not_allowed(b"GET, HEAD")
        return self._document(view, path, headers)

    def _token(self, view: InstanceView, headers: Headers) -> _Answer:
        if b"x-forwarded-for" in headers:
            return _refusal(HTTPStatus.FORBIDDEN)
        asked = headers.get(_TTL_HEADER, b"")
        if not _DIGITS.fullmatch(asked) or not tokens.SHORTEST <= int(asked) <= tokens.LONGEST:
            return _refusal(HTTPStatus.BAD_REQUEST)
        ttl = int(asked)
        token = tokens.issue(self._key, view.instance_id, ttl, self._clock.now(), self._entropy)
        return _Answer(HTTPStatus.OK, token.encode(), headers=((_TTL_HEADER, b"%d" % ttl),))

    def _document(self, view: InstanceView, path: str, headers: Headers) -> _Answer:
        extra: tuple[tuple[bytes, bytes], ...] = ()
        delivery: Delivery = "2.0" if _TOKEN_HEADER in headers else "1.0"
        if _TOKEN_HEADER in headers:  # the header makes it an IMDSv2 request, so the token must be good
            shown = headers[_TOKEN_HEADER].decode("latin-1")
            left = tokens.seconds_left(self._key, view.instance_id, shown, self._clock.now())
            if left == 0:
                return _refusal(HTTPStatus.UNAUTHORIZED)
            extra = ((_TTL_HEADER, b"%d" % left),)
        elif view.options.http_tokens == "required":
            return _refusal(HTTPStatus.UNAUTHORIZED)
        document = tree.find(view, lambda: self._provider.credentials(view.instance_id, delivery), path)
        if document is None:
            return _refusal(HTTPStatus.NOT_FOUND)
        stamped = (b"accept-ranges", b"none"), (b"last-modified", _http_date(document.modified))
        return _Answer(HTTPStatus.OK, document.body, document.media_type.encode(), headers=(*stamped, *extra))


def _http_date(moment: datetime) -> bytes:
    return format_datetime(moment.astimezone(UTC), usegmt=True).encode()


def _refusal(status: HTTPStatus) -> _Answer:
    page = _ERROR_PAGE.format(reason=f"{status.value} - {status.phrase}")
    return _Answer(status, page.encode(), b"text/html")


def _not_allowed(allowed: bytes) -> _Answer:
    return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, headers=((b"allow", allowed),))


async def _send(send: Send, answer: _Answer, *, bodiless: bool) -> None:
    headers = [
        (b"content-type", answer.media_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"server", b"EC2ws"),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else answer.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
