"""An HTTP request as the gate takes it, and the answer it gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec.structs import force_setattr

from ostiary.services.outcome import Headers


def first_of_each(headers: Headers) -> dict[str, str]:
    """Headers by name, the first of each."""
    found = dict(headers)
    return found if len(found) == len(headers) else dict(reversed(headers))


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request, whoever sent it. Text is latin-1 as received; nothing is percent-decoded."""

    method: str
    raw_path: str
    raw_query: str
    headers: Headers
    """Names in lower case, in order, repeats kept."""
    body: bytes | None
    """None: not read; it is streamed to the engine."""
    source_ip: str
    secure: bool
    tls_version: str | None = None
    """`1.2` or `1.3`; None where TLS ends elsewhere or there is none."""
    at: datetime
    request_id: str
    first_headers: Mapping[str, str] = {}
    """By name, the first of each."""

    def __post_init__(self) -> None:
        if not self.first_headers:
            force_setattr(self, "first_headers", first_of_each(self.headers))

    def __repr__(self) -> str:
        return f"<HttpRequest {self.request_id} {self.method} from {self.source_ip}>"

    def header(self, name: str) -> str:
        """The first header of this name (lower case), or an empty text."""
        return self.first_headers.get(name, "")


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""

    status: int
    headers: Headers = ()
    body: bytes = b""
