"""Room `engines`: the lean client that forwards requests to an engine and streams both bodies.

One pool of kept-alive connections for each engine. Nothing is buffered beyond a socket's worth; the caller's body is
read no faster than the engine takes it.

Source: RFC 9110, RFC 9112 section 9.3 (persistence; what may be sent again on a new connection).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Final

from ostiary.engines.call import UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnavailable
from ostiary.engines.connection import Connection, Exchange, Landing
from ostiary.engines.engine import EngineAddress, Headers, Signer, tls_context
from ostiary.engines.outgoing import Body, BodyMismatch, Source, head_of
from ostiary.engines.passage import Passage, Sink

__all__ = ["BodyMismatch", "Response", "Upstream", "UpstreamBroken", "UpstreamError", "UpstreamTimeout"]
__all__ += ["UpstreamUnavailable"]

_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "expect", "content-length", "host"}
)
_IDEMPOTENT: Final = frozenset(("GET", "HEAD", "PUT", "DELETE", "OPTIONS"))
_LOOKED_AT_EVERY: Final = 1.0


@dataclass(slots=True)
class _Pool:
    """The connections to one engine."""

    idle: list[Connection] = field(default_factory=list)
    open: int = 0
    waiters: deque[asyncio.Future[None]] = field(default_factory=deque)


_Where = tuple[str, int, bool]


class Upstream:
    """The client. Belongs to one event loop."""

    def __init__(
        self,
        *,
        signer: Signer,
        limit: int = 256,
        connect_timeout: float = 5.0,
        answer_timeout: float = 120.0,
        keep_idle: float = 30.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`limit`: connections to one engine. `answer_timeout`: seconds of silence after the request was sent, and
        between parts of the answer. `keep_idle`: seconds that an unused connection is kept.
        """
        self._signer, self._limit, self._keep_idle = signer, limit, keep_idle
        self._connect_timeout, self._answer_timeout = connect_timeout, answer_timeout
        self._tls = tls
        self._pools: dict[_Where, _Pool] = {}
        self._passages: set[Passage] = set()
        self._landing = Landing()
        self._looking: asyncio.TimerHandle | None = None

    async def request(
        self,
        address: EngineAddress,
        method: str,
        raw_path: str,
        raw_query: str = "",
        headers: Headers = (),
        body: Body = b"",
        length: int | None = None,
    ) -> Response:
        """Send a request, signed by us; gives the head of the answer, the body is to be read or released.

        `length`: of a streamed body; None sends it chunked. Headers of a single hop are dropped.
        Raises `UpstreamError`; `BodyMismatch`; whatever `body` raises, after breaking off the request, so that the
        engine never takes part of a body for the whole.
        """
        known = len(body) if isinstance(body, bytes) else length
        head = self._signed_head(address, method, raw_path, raw_query, headers, known)
        source = Source(body, known)
        await source.prime()
        for fresh in (False, True):
            connection = await self._connection(address, fresh=fresh)
            reused = connection.used > 0
            exchange = connection.begin(head, bodyless=method == "HEAD")
            try:
                await self._converse(connection, exchange, source)
                return Response(self, address, connection, exchange, self._answer_timeout, source.ended)
            except UpstreamBroken:
                # a connection that the engine had closed while it lay unused: nothing was lost
                self._drop(address, connection)
                if not (reused and not exchange.has_head and source.whole and method in _IDEMPOTENT):
                    raise
            except BaseException:
                self._drop(address, connection)
                raise
        raise AssertionError("a fresh connection is not reused")

    def has_idle(self, address: EngineAddress) -> bool:
        """Whether a connection lies unused, for `pass_on`."""
        pool = self._pools.get((address.host, address.port, address.secure))
        connection = self._idle(pool, fresh=False) if pool is not None else None
        if pool is None or connection is None:
            return False
        pool.idle.append(connection)
        return True

    def pass_on(
        self,
        address: EngineAddress,
        method: str,
        raw_path: str,
        raw_query: str,
        headers: Headers,
        body: bytes,
        sink: Sink,
    ) -> None:
        """Send a request that may be sent again, whose answer goes to `sink` as it comes, on the connection that
        `has_idle` found.
        """
        connection = self._pools[address.host, address.port, address.secure].idle.pop()
        head = self._signed_head(address, method, raw_path, raw_query, headers, len(body))
        loop = asyncio.get_running_loop()
        over = partial(self._passed, address)
        passage = Passage(connection, sink, over, bodyless=method == "HEAD", now=loop.time())
        self._passages.add(passage)
        if self._looking is None:
            self._looking = loop.call_later(_LOOKED_AT_EVERY, self._look)
        connection.carry(head + body if body else head, passage)

    def take_over(self, address: EngineAddress, passage: Passage, received: bytes) -> Response:
        """Go on with an answer that could not be passed on."""
        connection = passage.connection
        exchange = connection.take_over(passage, received)
        return Response(self, address, connection, exchange, self._answer_timeout, True)

    def _passed(self, address: EngineAddress, passage: Passage, keep: bool | None) -> None:
        self._passages.discard(passage)
        if keep:
            self.give_back(address, passage.connection)
        elif keep is not None:
            self._drop(address, passage.connection)

    def _look(self) -> None:
        """Look after the passages: one timer for all of them."""
        loop = asyncio.get_running_loop()
        for passage in tuple(self._passages):
            passage.look(loop.time(), self._answer_timeout)
        self._looking = loop.call_later(_LOOKED_AT_EVERY, self._look) if self._passages else None

    def _signed_head(
        self,
        address: EngineAddress,
        method: str,
        raw_path: str,
        raw_query: str,
        headers: Headers,
        length: int | None,
    ) -> bytes:
        kept = [each for each in headers if each[0] not in _HOP_BY_HOP]
        signed = self._signer(address, method, raw_path, raw_query, [("host", address.authority), *kept])
        return head_of(method, raw_path, raw_query, signed, length, chunked=length is None)

    async def close(self) -> None:
        """Close every connection that is not in use."""
        if self._looking is not None:
            self._looking.cancel()
        for pool in self._pools.values():
            for connection in pool.idle:
                connection.close()
                pool.open -= 1
            pool.idle.clear()

    # an exchange

    async def _converse(self, connection: Connection, exchange: Exchange, source: Source) -> None:
        """Send the body and wait for the head of the answer, whichever comes first."""
        if source.first:
            await connection.send(source.first)
        if source.ended:
            await exchange.head(self._answer_timeout)
            return
        sending = asyncio.ensure_future(source.send(connection))
        try:
            await exchange.head_or(sending)
            if sending.done() and not isinstance(sending.exception(), UpstreamBroken | None):
                sending.result()  # the body failed
            if not exchange.has_head:
                sending.result()  # the engine stopped taking the body, and said nothing
                await exchange.head(self._answer_timeout)
        finally:
            if not sending.done():
                sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sending

    # connections

    async def _connection(self, address: EngineAddress, *, fresh: bool) -> Connection:
        where = (address.host, address.port, address.secure)
        pool = self._pools.setdefault(where, _Pool())
        while True:
            connection = self._idle(pool, fresh=fresh)
            if connection is not None:
                return connection
            if pool.open < self._limit:
                break
            await self._turn(pool)
        pool.open += 1
        try:
            return await self._connect(address)
        except BaseException:
            self._left(pool)
            raise

    def _idle(self, pool: _Pool, *, fresh: bool) -> Connection | None:
        """The connection used last, if it can still be used; the others are closed as they are found."""
        now = asyncio.get_running_loop().time()
        while pool.idle:
            connection = pool.idle.pop()
            if not fresh and not connection.closed and now - connection.idle_since < self._keep_idle:
                return connection
            connection.close()
            pool.open -= 1
        return None

    async def _turn(self, pool: _Pool) -> None:
        """Wait until a connection is given back or closed."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        pool.waiters.append(waiter)
        try:
            async with asyncio.timeout(self._connect_timeout):
                await waiter
        except TimeoutError as error:
            raise UpstreamUnavailable(f"all {self._limit} connections to the engine are busy") from error
        finally:
            if waiter in pool.waiters:
                pool.waiters.remove(waiter)

    async def _connect(self, address: EngineAddress) -> Connection:
        loop = asyncio.get_running_loop()
        tls = self._secure() if address.secure else None
        try:
            async with asyncio.timeout(self._connect_timeout):
                if address.socket is not None:
                    _, made = await loop.create_unix_connection(lambda: Connection(loop, self._landing), address.socket)
                else:
                    _, made = await loop.create_connection(
                        lambda: Connection(loop, self._landing),
                        address.host,
                        address.port,
                        ssl=tls,
                        server_hostname=address.host if tls else None,
                    )
        except TimeoutError as error:
            raise UpstreamTimeout(f"no connection to the engine within {self._connect_timeout:g} seconds") from error
        except (OSError, ssl.SSLError) as error:
            raise UpstreamUnavailable(f"no connection to the engine: {error.strerror or error}") from error
        return made

    def _secure(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = tls_context()
        return self._tls

    def give_back(self, address: EngineAddress, connection: Connection) -> None:
        """The exchange is over; keep the connection for the next."""
        connection.end()
        pool = self._pools[(address.host, address.port, address.secure)]
        pool.idle.append(connection)
        _wake_one(pool)

    def _drop(self, address: EngineAddress, connection: Connection) -> None:
        connection.close()
        self._left(self._pools[(address.host, address.port, address.secure)])

    drop = _drop

    def _left(self, pool: _Pool) -> None:
        pool.open -= 1
        _wake_one(pool)


def _wake_one(pool: _Pool) -> None:
    while pool.waiters:
        waiter = pool.waiters.popleft()
        if not waiter.done():
            waiter.set_result(None)
            return


class Response:
    """The head of an answer, and its body to come. Read it to the end, or leave the `async with` block."""

    def __init__(
        self,
        upstream: Upstream,
        address: EngineAddress,
        connection: Connection,
        exchange: Exchange,
        timeout: float,
        request_sent: bool,
    ) -> None:
        self.status = exchange.status
        self.reason = exchange.reason.decode("latin-1")
        self.headers: list[tuple[str, str]] = exchange.headers
        """Lower-case names, in order."""
        self._upstream, self._address = upstream, address
        self._connection, self._exchange, self._timeout = connection, exchange, timeout
        self._request_sent = request_sent
        self._over = False

    def whole(self) -> bytes | None:
        """The body, if all of it has come already: then there is nothing more to read."""
        if not self._exchange.complete:
            return None
        body = self._exchange.taken()
        self.release()
        return body

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises `UpstreamError` if it ends early."""
        try:
            async for part in self._exchange.body(self._timeout):
                yield part
        finally:
            self.release()

    async def read(self, most: int = 16 * 1024 * 1024) -> bytes:
        """The whole body. Raises `UpstreamBroken` if it is longer than `most` bytes."""
        found: list[bytes] = []
        size = 0
        try:
            async for part in self._exchange.body(self._timeout):
                size += len(part)
                if size > most:
                    raise UpstreamBroken(f"the engine's answer is longer than {most} bytes")
                found.append(part)
        finally:
            self.release()
        return b"".join(found)

    def release(self) -> None:
        """Done with it: a connection whose answer was taken whole is kept, any other is closed."""
        if self._over:
            return
        self._over = True
        exchange = self._exchange
        whole = exchange.complete and exchange.reusable and self._request_sent and not exchange.unread
        if whole and not self._connection.closed:
            self._upstream.give_back(self._address, self._connection)
        else:
            self._upstream.drop(self._address, self._connection)

    async def __aenter__(self) -> Response:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
