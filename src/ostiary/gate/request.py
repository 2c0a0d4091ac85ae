"""An HTTP request as the gate takes it, and the answer it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ostiary.services.outcome import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
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
    at: datetime
    request_id: str

    def header(self, name: str) -> str:
        """The first header of this name (lower case), or an empty text."""
        for each, value in self.headers:
            if each == name:
                return value
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer."""

    status: int
    headers: Headers = field(default=())
    body: bytes = b""
