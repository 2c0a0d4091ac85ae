"""federation: a JSON document of an identity provider, by HTTPS.

One GET: no redirects, no proxies, no cookies, bounded in size and time.

Source: RFC 9110, RFC 8259; OpenID Connect Discovery 1.0 section 4.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ostiary.federation.connection import CannotFetch, Connector

MOST_BYTES: Final = 512 * 1024
_HTTPS: Final = 443
_PRINTABLE: Final = frozenset(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Place:
    """A URL, read."""

    host: str
    port: int
    path: str
    authority: str
    """As the Host header says it."""


def read_url(text: str) -> Place:
    """An `https` URL without a user, a query or a fragment.

    Raises:
        ValueError: it is another.
    """
    if not text or not _PRINTABLE.issuperset(text) or "\\" in text:
        raise ValueError("no URL")
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or "?" in text or "#" in text:
        raise ValueError("not an https URL of a host and a path")
    port = parts.port
    authority = parts.netloc.lower()
    return Place(parts.hostname, _HTTPS if port is None else port, parts.path or "/", authority)


def fetch_json(connector: Connector, url: str, thumbprints: Sequence[str]) -> Any:
    """A JSON document.

    Raises:
        CannotFetch: there is none.
    """
    try:
        place = read_url(url)
    except ValueError:
        raise CannotFetch(f"`{url[:255]}` is no https URL") from None
    try:
        with connector.open(place.host, place.port, thumbprints) as connection:
            connection.send(
                f"GET {place.path} HTTP/1.1\r\nHost: {place.authority}\r\nAccept: application/json\r\n"
                "Accept-Encoding: identity\r\nUser-Agent: ostiary\r\nConnection: close\r\n\r\n".encode("ascii")
            )
            response = http.client.HTTPResponse(connection)  # type: ignore[arg-type]
            response.begin()
            body = _body(response)
    except TimeoutError:
        raise CannotFetch("it took too long", passing=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise CannotFetch(f"`{place.host}` does not speak HTTP: {type(error).__name__}", passing=True) from None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise CannotFetch(f"`{place.host}` answers no JSON") from None


def _body(response: http.client.HTTPResponse) -> bytes:
    if response.status != 200:
        passing = response.status >= 500 or response.status == 429
        raise CannotFetch(f"the provider answers with status {response.status}", passing=passing)
    if response.getheader("Content-Encoding", "identity").lower() != "identity":
        raise CannotFetch("the provider answers in an encoding that was not asked for")
    body = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise CannotFetch("the provider answers too much")
    return body
