"""An HTTP request as the gate takes it, and the answer it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ostiary.services.outcome import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request, whoever sent it. Text is latin-1 as received; nothing is percent-decoded."""

    method: str
    raw_path: str
    raw_query: str
    headers: Headers = field(repr=False)
    """Names in lower case, in order, repeats kept."""
    body: bytes | None = field(repr=False)
    """None: not read; it is streamed to the engine."""
    source_ip: str
    secure: bool
    at: datetime
    request_id: str
    first_headers: Mapping[str, str] = field(init=False, repr=False, compare=False)
    """By name, the first of each."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "first_headers", dict(reversed(self.headers)))

    def header(self, name: str) -> str:
        """The first header of this name (lower case), or an empty text."""
        return self.first_headers.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer."""

    status: int
    headers: Headers = field(default=())
    body: bytes = b""
