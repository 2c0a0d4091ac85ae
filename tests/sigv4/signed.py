"""Requests as they stand on the wire, for the tests of `sigv4`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from ostiary.sigv4 import Presented, Verified, declaration, present, sha256_hex, verify


@dataclass(frozen=True)
class Wire:
    """A request: text is latin-1 decoded, header names lower-case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(default=b"")

    def presented(self) -> Presented:
        found = present(self.method, self.path, self.query, self.headers)
        assert found is not None
        return found

    def verified(self, secret: str, now: datetime, service: str) -> Verified:
        presented = self.presented()
        return verify(
            presented,
            method=self.method,
            raw_path=self.path,
            raw_query=self.query,
            headers=self.headers,
            payload_hash=declaration(presented).text if service == "s3" else sha256_hex(self.body),
            secret=secret,
            now=now,
            service=service,
        )

    def but(self, **changes: Any) -> Wire:
        return replace(self, **changes)

    def with_header(self, name: str, value: str | None) -> Wire:
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return self.but(headers=kept if value is None else (*kept, (name, value)))

    def header(self, name: str) -> str:
        return dict(self.headers)[name]


def from_text(text: str) -> Wire:
    """Read a request as the test suite of AWS writes it."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.splitlines()
    method, target = first.removesuffix(" HTTP/1.1").split(" ", 1)
    path, _, query = target.partition("?")
    headers = tuple((name.lower(), value) for name, _, value in (line.partition(":") for line in lines))
    return Wire(method, latin(path), latin(query), headers, body.encode())


def from_url(method: str, url: str, headers: list[tuple[str, str]], body: bytes = b"") -> Wire:
    parts = urlsplit(url)
    lower = [(name.lower(), latin(value)) for name, value in headers]
    if not any(name == "host" for name, _ in lower):
        lower.append(("host", parts.netloc))
    return Wire(method, latin(parts.path), latin(parts.query), tuple(lower), body)


def latin(text: str) -> str:
    """UTF-8 text as it looks on a wire read as latin-1."""
    return text.encode().decode("latin-1")


def at(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
