"""The connections of the forwarding client: used again, replaced, limited, against a server that misbehaves."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ostiary.engines.engine import EngineAddress
from ostiary.engines.upstream import Upstream, UpstreamBroken, UpstreamUnavailable
from ostiary.engines.weed_config import write_config
from ostiary.entropy import RepeatableEntropy

from .nasty import Peer, nasty
from .sending import OK, get, stream, unsigned


def test_a_connection_is_used_again(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(OK)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            for _ in range(5):
                assert await get(upstream, server) == (200, b"ok")
            assert server.connections == 1
            assert await asyncio.gather(*(get(upstream, server) for _ in range(3))) == [(200, b"ok")] * 3
            assert server.connections == 3
            await upstream.close()

    run(main())


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_connection_that_went_stale_is_replaced_once(run: Any, method: str) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        if peer.number == 1:
            await peer.request()
            peer.leave()  # it took the second request and hung up
        else:
            while True:
                await peer.request()
                await peer.say(OK)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            assert await get(upstream, server) == (200, b"ok")
            assert await get(upstream, server, method) == (200, b"ok")
            assert server.connections == 2
            await upstream.close()

    run(main())


def test_a_small_streamed_body_goes_to_a_new_connection_whole(run: Any) -> None:
    bodies: list[bytes] = []

    async def behave(peer: Peer) -> None:
        if peer.number == 1:
            await peer.request()
            await peer.say(OK)
            await peer.request()
            peer.leave()
        await peer.request()
        bodies.append(await peer.reader.readexactly(6))
        await peer.say(OK)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            assert await get(upstream, server) == (200, b"ok")
            assert await get(upstream, server, "PUT", body=stream(b"abc", b"", b"def"), length=6) == (200, b"ok")
            assert (server.connections, bodies) == (2, [b"abcdef"])

    run(main())


def test_what_may_have_been_done_is_not_done_twice(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        peer.leave()

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            assert await get(upstream, server) == (200, b"ok")
            with pytest.raises(UpstreamBroken):
                await get(upstream, server, "POST")
            assert server.connections == 1

    run(main())


def test_a_streamed_body_that_was_begun_is_not_sent_again(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        await peer.request()
        await peer.reader.readexactly(100_000)
        peer.leave()

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            assert await get(upstream, server) == (200, b"ok")

            async def slow() -> AsyncIterator[bytes]:
                yield b"x" * 100_000
                await asyncio.sleep(5)
                yield b"y" * 100_000

            with pytest.raises(UpstreamBroken):
                await get(upstream, server, "PUT", body=slow(), length=200_000)
            assert server.connections == 1

    run(main())


def test_a_connection_with_bytes_nobody_asked_for_is_not_used_again(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            for number in (1, 2):
                assert await get(upstream, server) == (200, b"ok")
                await asyncio.sleep(0.05)
                assert server.connections == number

    run(main())


def test_a_body_that_is_left_unread_costs_the_connection_and_nothing_else(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned, limit=1)
            for number in (1, 2, 3):
                async with await upstream.request(server.address, "GET", "/") as response:
                    assert response.status == 200
                assert server.connections == number

    run(main())


def test_the_number_of_connections_is_limited_and_a_free_one_goes_to_who_waits(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.02)
            await peer.say(OK)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned, limit=2)
            assert await asyncio.gather(*(get(upstream, server) for _ in range(10))) == [(200, b"ok")] * 10
            assert server.connections == 2
            await upstream.close()

    run(main())


def test_when_every_connection_is_busy_for_too_long_it_is_an_error(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(5)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned, limit=1, connect_timeout=0.2)
            first = asyncio.ensure_future(get(upstream, server))
            await asyncio.sleep(0.05)
            with pytest.raises(UpstreamUnavailable):
                await get(upstream, server)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first

    run(main())


def test_a_cancelled_request_frees_its_place(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        if peer.number == 1:
            await asyncio.sleep(5)
        await peer.say(OK)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned, limit=1)
            first = asyncio.ensure_future(get(upstream, server, "PUT", body=stream(b"a"), length=1))
            await asyncio.sleep(0.1)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert await get(upstream, server) == (200, b"ok")

    run(main())


def test_a_remote_engine_is_spoken_to_by_tls_and_must_prove_itself(run: Any, tmp_path: Path) -> None:
    given = EngineAddress(host="x", port=1, secure=False, akid="a", secret="s", region="r")
    entropy, now = RepeatableEntropy("tls"), datetime.now(UTC)
    write_config(tmp_path, volumes=tmp_path, address=given, entropy=entropy, now=now)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(OK)

    async def main() -> None:
        async with nasty(behave, serving) as server:
            upstream = Upstream(signer=unsigned, tls=trusting)
            assert await get(upstream, server) == (200, b"ok")
            await upstream.close()
            with pytest.raises(UpstreamUnavailable):
                await get(Upstream(signer=unsigned), server)

    run(main())
