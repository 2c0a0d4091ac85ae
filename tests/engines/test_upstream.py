"""What the forwarding client makes of answers, silence and nonsense, against a server that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ostiary.engines.call import call
from ostiary.engines.engine import EngineAddress
from ostiary.engines.upstream import (
    Upstream,
    UpstreamBroken,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)

from .nasty import Peer, nasty
from .sending import OK, get, stream, unsigned


def test_a_refusal_comes_back_while_the_body_is_still_being_sent(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.reader.readexactly(200_000)
        await peer.say(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
        await peer.reader.read()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0.001)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            for number in (1, 2):
                assert await get(upstream, server, "PUT", body=endless(), length=10**12) == (403, b"no")
                assert server.connections == number

    run(main())


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nt: 1\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n", b""),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_answers_of_every_framing_are_read_and_the_connection_kept(
    run: Any, answer: bytes, body: bytes, piece: int
) -> None:
    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            for at in range(0, len(answer), piece):
                await peer.say(answer[at : at + piece])
                await asyncio.sleep(0)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            for _ in range(2):
                _, found = await get(upstream, server)
                assert found == body
            assert server.connections == 1
            await upstream.close()

    run(main())


def test_an_answer_to_head_has_no_body_whatever_it_announces(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            for _ in range(3):
                assert await get(upstream, server, "HEAD") == (200, b"")
            assert server.connections == 1
            await upstream.close()

    run(main())


def test_an_answer_without_a_length_ends_with_the_connection(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            for number in (1, 2):
                assert await get(upstream, server) == (200, b"all of it")
                assert server.connections == number

    run(main())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"this is no HTTP at all\r\n\r\n",
    ],
)
def test_an_engine_that_breaks_off_is_an_error_and_never_a_short_body(run: Any, answer: bytes) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(answer)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            with pytest.raises(UpstreamBroken):
                await get(upstream, server)

    run(main())


def test_a_slow_reader_holds_the_engine_back(run: Any) -> None:
    sent = 0

    async def behave(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
        for _ in range(1000):
            await peer.say(b"x" * 100_000)
            sent += 100_000

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            response = await upstream.request(server.address, "GET", "/")
            await asyncio.sleep(0.5)
            assert sent < 20_000_000  # sockets hold some, we hold half a megabyte
            total = 0
            async for part in response.parts():
                total += len(part)
            assert total == 100_000_000

    run(main())


def test_a_slow_engine_holds_the_body_back(run: Any) -> None:
    drawn = 0

    async def behave(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.5)
        at_rest = drawn
        await peer.reader.readexactly(100_000_000)
        await peer.say(OK)
        assert at_rest < 20_000_000

    async def body() -> AsyncIterator[bytes]:
        nonlocal drawn
        for _ in range(1000):
            drawn += 100_000
            yield b"x" * 100_000

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            begun = asyncio.ensure_future(get(upstream, server, "PUT", body=body(), length=100_000_000))
            await asyncio.sleep(0.4)
            assert drawn < 20_000_000
            assert await begun == (200, b"ok")

    run(main())


def test_silence_is_a_time_out(run: Any) -> None:
    async def behave(peer: Peer) -> None:
        line, _ = await peer.request()
        if line.startswith("GET"):
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")
        await asyncio.sleep(5)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned, answer_timeout=0.2)
            for method, body in (("DELETE", b""), ("GET", b""), ("PUT", stream(b"ab"))):
                with pytest.raises(UpstreamTimeout):
                    await get(upstream, server, method, body=body)

    run(main())


def test_nobody_there_is_an_error(run: Any) -> None:
    nowhere = EngineAddress(host="127.0.0.1", port=1, secure=False, akid="a", secret="s", region="r")

    async def main() -> None:
        with pytest.raises(UpstreamUnavailable):
            await Upstream(signer=unsigned).request(nowhere, "GET", "/")

    run(main())
    with pytest.raises(UpstreamUnavailable):
        call(nowhere, "GET", "/", signer=unsigned)


@pytest.mark.parametrize("evil", ["v\r\nx-evil: 1", "v\nx", "v\rx"])
def test_a_line_break_in_a_header_begins_no_request(run: Any, evil: str) -> None:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            with pytest.raises(ValueError, match="line break"):
                await upstream.request(server.address, "GET", "/", headers=[("a", evil)])
            with pytest.raises(ValueError, match="line break"):
                await upstream.request(server.address, "GET", "/ HTTP/1.1")
            assert server.connections == 0

    run(main())


def test_headers_of_a_single_hop_are_not_passed_on(run: Any) -> None:
    seen: dict[str, str] = {}

    async def behave(peer: Peer) -> None:
        _, headers = await peer.request()
        seen.update(headers)
        await peer.reader.readexactly(2)
        await peer.say(OK)

    async def main() -> None:
        async with nasty(behave) as server:
            upstream = Upstream(signer=unsigned)
            dropped = ["connection", "transfer-encoding", "expect", "te", "content-length", "host"]
            headers = [(name, "x") for name in dropped] + [("x-kept", "1")]
            assert await get(upstream, server, "PUT", headers=headers, body=b"hi") == (200, b"ok")
            assert seen == {"host": server.address.authority, "x-kept": "1", "content-length": "2"}

    run(main())


def test_the_synchronous_call_tells_its_troubles_by_the_same_names() -> None:
    async def behave(peer: Peer) -> None:
        line, _ = await peer.request()
        if "/slow" in line:
            await asyncio.sleep(2)
        if "/half" in line:
            await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")

    async def main() -> None:
        async with nasty(behave) as server:
            loop = asyncio.get_running_loop()
            for path, kind in (("/slow", UpstreamTimeout), ("/half", UpstreamBroken), ("/gone", UpstreamBroken)):

                def ask(path: str = path) -> object:
                    return call(server.address, "GET", path, signer=unsigned, timeout=0.5)

                with pytest.raises(UpstreamError) as caught:
                    await loop.run_in_executor(None, ask)
                assert type(caught.value) is kind, path

    asyncio.run(main())
