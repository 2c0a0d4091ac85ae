"""Room `engines`: one request to an engine and its whole answer, for threads (making a bucket, reading tags), and what
one engine gives carried to another.

Source: RFC 9110, RFC 9112.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.engines.engine import EngineAddress, Headers, Signer, tls_context

_LONGEST_ANSWER: Final = 64 * 1024 * 1024
_PIECE: Final = 256 * 1024


class UpstreamError(Exception):
    """The engine did not do its part. The message is for our log, it holds no secret."""


class UpstreamUnavailable(UpstreamError):
    """No connection could be had."""


class UpstreamTimeout(UpstreamError):
    """Nothing came for too long."""


class UpstreamBroken(UpstreamError):
    """The engine closed early, or what it sent is not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A request to an engine, but for its body."""

    address: EngineAddress
    method: str
    raw_path: str
    raw_query: str = ""
    headers: Headers = ()


def call(
    address: EngineAddress,
    method: str,
    raw_path: str,
    raw_query: str = "",
    headers: Headers = (),
    body: bytes = b"",
    *,
    signer: Signer,
    timeout: float = 10.0,
) -> Answer:
    """Send one signed request and read its answer. Blocks: not for an event loop. Raises `UpstreamError`."""
    errand = Errand(address=address, method=method, raw_path=raw_path, raw_query=raw_query, headers=headers)
    with _reached(address, timeout) as connection:
        length = str(len(body)) if body or method in ("PUT", "POST") else None
        _begin(connection, errand, signer, length, body)
        return _whole(connection.getresponse())


def transfer(
    source: Errand, target: Callable[[Answer], Errand | None], *, signer: Signer, timeout: float
) -> tuple[Answer, Answer | None]:
    """Carry what one engine answers to another, as it comes. Blocks. Raises `UpstreamError`.

    `target`: where it goes, from the head of the answer; None: nowhere. Gives both answers, the first without what was
    carried. INVARIANT: when the source breaks off, so does the request to the target: it keeps nothing by half.
    """
    with _reached(source.address, timeout) as reading:
        _begin(reading, source, signer, None)
        response = reading.getresponse()
        head = Answer(response.status, _headers(response), b"")
        length = response.getheader("content-length")
        errand = target(head) if response.status in (200, 206) and length is not None else None
        if errand is None:
            return (head if response.status < 300 else _whole(response)), None
        with _reached(errand.address, timeout) as writing:
            _begin(writing, errand, signer, length)
            while part := response.read(_PIECE):
                writing.send(part)
            if response.length:
                raise UpstreamBroken("the engine closed in the middle of its answer")
            return head, _whole(writing.getresponse())


@contextlib.contextmanager
def _reached(address: EngineAddress, timeout: float) -> Iterator[http.client.HTTPConnection]:
    """A connection to an engine; what goes wrong on it is told as `UpstreamError`."""
    connection = (
        http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=tls_context())
        if address.secure
        else http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    )
    try:
        yield connection
    except TimeoutError as error:
        raise UpstreamTimeout(f"the engine did not answer within {timeout:g} seconds") from error
    except (http.client.RemoteDisconnected, http.client.HTTPException) as error:
        raise UpstreamBroken(f"the engine broke off: {type(error).__name__}") from error
    except ConnectionRefusedError as error:
        raise UpstreamUnavailable("the engine refuses connections") from error
    except OSError as error:
        raise UpstreamUnavailable(f"the engine can't be reached: {error.strerror or type(error).__name__}") from error
    finally:
        connection.close()


def _begin(
    connection: http.client.HTTPConnection, errand: Errand, signer: Signer, length: str | None, body: bytes = b""
) -> None:
    """Send the head of a request, and a body that is there."""
    path, query = errand.raw_path, errand.raw_query
    host = ("host", errand.address.authority)
    signed = signer(errand.address, errand.method, path, query, [host, *errand.headers])
    connection.putrequest(errand.method, path + (f"?{query}" if query else ""), True, True)
    for name, value in signed:
        connection.putheader(name, value.encode("latin-1"))
    if length is not None:
        connection.putheader("content-length", length)
    connection.endheaders(body or None)


def _whole(response: http.client.HTTPResponse) -> Answer:
    received = response.read(_LONGEST_ANSWER + 1)
    if len(received) > _LONGEST_ANSWER:
        raise UpstreamBroken("the engine's answer is too long")
    if response.length:  # what is still to come: `read` with a size does not tell
        raise UpstreamBroken("the engine closed in the middle of its answer")
    return Answer(response.status, _headers(response), received)


def _headers(response: http.client.HTTPResponse) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in response.getheaders())
