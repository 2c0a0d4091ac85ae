"""Room `engines`: one request to an engine and its whole answer, for threads (making a bucket, reading tags).

Source: RFC 9110, RFC 9112.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Final

from ostiary.engines.engine import EngineAddress, Headers, Signer, tls_context

_LONGEST_ANSWER: Final = 64 * 1024 * 1024


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
    signed = signer(address, method, raw_path, raw_query, [("host", address.authority), *headers])
    connection = (
        http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=tls_context())
        if address.secure
        else http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    )
    try:
        connection.putrequest(method, raw_path + (f"?{raw_query}" if raw_query else ""), True, True)
        for name, value in signed:
            connection.putheader(name, value.encode("latin-1"))
        if body or method in ("PUT", "POST"):
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        received = response.read(_LONGEST_ANSWER + 1)
        if len(received) > _LONGEST_ANSWER:
            raise UpstreamBroken("the engine's answer is too long")
        if response.length:  # what is still to come: `read` with a size does not tell
            raise UpstreamBroken("the engine closed in the middle of its answer")
        return Answer(response.status, tuple((k.lower(), v) for k, v in response.getheaders()), received)
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
