"""The forwarding client, against the real weed and against a server that misbehaves."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvloop

from ostiary.engines.call import call
from ostiary.engines.engine import EngineAddress, Headers
from ostiary.engines.upstream import (
    BodyMismatch,
    Upstream,
    UpstreamBroken,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from ostiary.engines.weed_config import write_config
from ostiary.entropy import RepeatableEntropy

from .nasty import Nasty, Peer, nasty
from .signing import sign

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def unsigned(address: EngineAddress, method: str, path: str, query: str, headers: Headers) -> Headers:
    return headers


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a coroutine on each kind of loop; nothing may take long."""

    def runner(main: Coroutine[Any, Any, Any]) -> Any:
        factory = uvloop.new_event_loop if request.param == "uvloop" else None
        with asyncio.Runner(loop_factory=factory) as loop:
            return loop.run(asyncio.wait_for(main, 60))

    return runner


async def stream(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def get(upstream: Upstream, where: Nasty, method: str = "GET", **more: Any) -> tuple[int, bytes]:
    response = await upstream.request(where.address, method, "/", **more)
    return response.status, await response.read()


# against weed


def test_bodies_go_both_ways_as_they_are(run: Any, weed: EngineAddress) -> None:
    call(weed, "PUT", "/upload", signer=sign)
    data = os.urandom(9_000_000)

    async def main() -> None:
        upstream = Upstream(signer=sign)
        pieces = [data[at : at + 100_000] for at in range(0, len(data), 100_000)]
        for path, length in (("/upload/known", len(data)), ("/upload/chunked", None)):
            put = await upstream.request(weed, "PUT", path, body=stream(*pieces), length=length)
            assert (put.status, await put.read()) == (200, b"")
            response = await upstream.request(weed, "GET", path)
            hashed = hashlib.sha256()
            async for part in response.parts():
                hashed.update(part)
            assert hashed.digest() == hashlib.sha256(data).digest()
        head = await upstream.request(weed, "HEAD", "/upload/known")
        assert (head.status, dict(head.headers)["content-length"]) == (200, str(len(data)))
        assert await head.read() == b""
        ranged = await upstream.request(weed, "GET", "/upload/known", headers=[("range", "bytes=5-9")])
        assert (ranged.status, await ranged.read()) == (206, data[5:10])
        etag = dict(ranged.headers)["etag"]
        same = await upstream.request(weed, "GET", "/upload/known", headers=[("if-none-match", etag)])
        assert (same.status, await same.read()) == (304, b"")
        gone = await upstream.request(weed, "DELETE", "/upload/known")
        assert (gone.status, await gone.read()) == (204, b"")
        missing = await upstream.request(weed, "GET", "/upload/known")
        assert missing.status == 404
        assert b"NoSuchKey" in await missing.read()
        await upstream.close()

    run(main())


def test_a_key_a_query_and_a_header_arrive_signed_and_whole(run: Any, weed: EngineAddress, s3: Any) -> None:
    call(weed, "PUT", "/upload", signer=sign)

    async def main() -> None:
        upstream = Upstream(signer=sign)
        headers = [("x-amz-meta-color", "a  b"), ("content-type", "text/x-test")]
        put = await upstream.request(weed, "PUT", "/upload/a%20b%2Bc", headers=headers, body=b"hi")
        assert put.status == 200
        await put.read()
        listed = await upstream.request(weed, "GET", "/upload", "list-type=2&prefix=a%20")
        assert b"<Key>a b+c</Key>" in await listed.read()
        await upstream.close()

    run(main())
    assert s3.head_object(Bucket="upload", Key="a b+c")["ContentType"] == "text/x-test"


@pytest.mark.parametrize("length", [1_000_000, None], ids=["known length", "chunked"])
def test_a_body_that_breaks_off_makes_no_object(run: Any, weed: EngineAddress, length: int | None) -> None:
    call(weed, "PUT", "/upload", signer=sign)
    path = f"/upload/broken-{length}"

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 400_000
        await asyncio.sleep(0.1)
        raise ConnectionResetError("the client went away")

    async def main() -> None:
        upstream = Upstream(signer=sign)
        with pytest.raises(ConnectionResetError):
            await upstream.request(weed, "PUT", path, body=broken(), length=length)
        await asyncio.sleep(0.2)
        after = await upstream.request(weed, "GET", path)
        assert after.status == 404
        after.release()

    run(main())


@pytest.mark.parametrize("parts", [[b"abc"], [b"abcdef", b"gh"]], ids=["shorter", "longer"])
def test_a_body_of_another_length_than_announced_makes_no_object(
    run: Any, weed: EngineAddress, parts: list[bytes]
) -> None:
    call(weed, "PUT", "/upload", signer=sign)

    async def main() -> None:
        upstream = Upstream(signer=sign)
        with pytest.raises(BodyMismatch):
            await upstream.request(weed, "PUT", "/upload/mismatch", body=stream(*parts), length=6)
        await asyncio.sleep(0.1)
        after = await upstream.request(weed, "GET", "/upload/mismatch")
        assert after.status == 404
        after.release()

    run(main())


@pytest.mark.parametrize("body", [b"", b"abcdef", b"abc"], ids=["nothing", "all", "half"])
@pytest.mark.parametrize("length", [6, None], ids=["known length", "chunked"])
def test_a_body_whose_checksum_is_wrong_at_its_very_end_makes_no_object(
    run: Any, weed: EngineAddress, length: int | None, body: bytes
) -> None:
    call(weed, "PUT", "/upload", signer=sign)
    call(weed, "PUT", "/upload/checked", body=b"before", signer=sign)

    async def checked() -> AsyncIterator[bytes]:
        yield body[:3]
        yield body[3:]
        yield b""
        await asyncio.sleep(0.1)
        raise ArithmeticError("the hash is wrong")

    async def main() -> None:
        upstream = Upstream(signer=sign)
        with pytest.raises(ArithmeticError):
            await upstream.request(weed, "PUT", "/upload/checked", body=checked(), length=length)
        await asyncio.sleep(0.1)
        after = await upstream.request(weed, "GET", "/upload/checked")
        assert (after.status, await after.read()) == (200, b"before")

    run(main())


# against a server that misbehaves


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
