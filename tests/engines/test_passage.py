"""Answers that are passed on by callbacks, from engines that behave and from those that don't."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
import uvloop

from ostiary.engines import upstream as upstream_module
from ostiary.engines.call import UpstreamBroken, UpstreamError, UpstreamTimeout
from ostiary.engines.passage import Passage
from ostiary.engines.upstream import Upstream

from .nasty import Nasty, Peer, nasty
from .sending import unsigned

OK = b"HTTP/1.1 200 OK\r\nX-Is: 1\r\ncontent-length: 2\r\n\r\nok"


class Told:
    """A sink that writes down what it is told."""

    def __init__(self, upstream: Upstream, where: Nasty, *, slow: bool = False) -> None:
        self.upstream, self.where, self.slow = upstream, where, slow
        self.gone, self.status, self.headers = False, 0, []
        self.came: list[bytes | memoryview] = []
        """The body, nothing of it copied before all has come."""
        self.error: UpstreamError | None = None
        self.repeated = False
        self.waiting: Passage | None = None
        self.parts = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def body(self) -> bytes:
        return b"".join(self.came)

    def done(self) -> None:
        assert not self.over.done(), "told twice"
        self.over.set_result(None)

    def wants(self, status: int) -> bool:
        return status != 404

    def whole(self, status: int, reason: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.came = status, headers, [body]
        self.done()

    def begin(self, passage: Passage, status: int, reason: str, headers: list[tuple[str, str]], data: bytes) -> bool:
        self.status, self.headers = status, headers
        return self.part(passage, data) if data else True

    def part(self, passage: Passage, data: bytes | memoryview) -> bool:
        self.came.append(data)
        self.parts += 1
        if self.slow:
            self.waiting = passage
        return not self.slow

    def end(self) -> None:
        self.done()

    def otherwise(self, passage: Passage, received: bytes) -> None:
        async def read() -> None:
            response = self.upstream.take_over(self.where.address, passage, received)
            self.status = response.status
            try:
                self.came = [await response.read()]
            except UpstreamError as error:
                self.error = error
            self.done()

        self.task = asyncio.get_running_loop().create_task(read())

    def again(self) -> None:
        self.repeated = True
        self.done()

    def failed(self, error: UpstreamError) -> None:
        self.error = error
        self.done()


def told(*answers: bytes, method: str = "GET", leave: bool = False, body: bytes = b"", **more: Any) -> tuple[Told, int]:
    """What a sink is told of the answers, each sent by itself, and how many connections three requests took."""

    async def main() -> tuple[Told, int]:
        async def behave(peer: Peer) -> None:
            line, headers = await peer.request()
            await peer.say(OK)
            while True:
                line, headers = await peer.request()
                await peer.reader.readexactly(int(headers.get("content-length", "0")))
                if line.startswith(f"{method} /wanted"):
                    for answer in answers:
                        await peer.say(answer)
                        await asyncio.sleep(0.01)
                    if leave:
                        peer.leave()
                        return
                else:
                    await peer.say(OK)

        async with nasty(behave) as where:
            upstream = Upstream(signer=unsigned, answer_timeout=0.3)
            first = await upstream.request(where.address, "GET", "/")
            await first.read()
            assert upstream.has_idle(where.address)
            sink = Told(upstream, where, **more)
            upstream.pass_on(where.address, method, "/wanted", "", [], body, sink)
            if sink.slow:
                await asyncio.sleep(0.2)
                held = sink.parts
                await asyncio.sleep(0.1)
                assert sink.parts == held and not sink.over.done()
                sink.slow = False
                assert sink.waiting is not None
                sink.waiting.go_on()
            await asyncio.wait_for(sink.over, 10)
            await asyncio.sleep(0.01)
            last = await upstream.request(where.address, "GET", "/")
            assert await last.read() == b"ok"
            await upstream.close()
            assert not upstream._passages
            return sink, where.connections

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        return loop.run(main())


def test_an_answer_is_passed_on_whole_or_in_parts_and_the_connection_is_kept() -> None:
    sink, connections = told(OK)
    assert (sink.status, sink.body, dict(sink.headers)["x-is"], connections) == (200, b"ok", "1", 1)
    sink, connections = told(OK[:9], OK[9:30], OK[30:-1], OK[-1:])
    assert (sink.status, sink.body, connections) == (200, b"ok", 1)
    sink, connections = told(b"HTTP/1.1 100 Continue\r\n\r\n" + OK[:5], OK[5:])
    assert (sink.status, sink.body, connections) == (200, b"ok", 1)
    sink, connections = told(OK, method="PUT", body=b"x" * 100_000)
    assert (sink.body, connections) == (b"ok", 1)


def test_parts_stay_what_they_are_for_as_long_as_somebody_holds_them() -> None:
    body = random.Random(1).randbytes(3_000_000)
    pieces = [body[at : at + 400_000] for at in range(0, len(body), 400_000)]
    sink, connections = told(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body), *pieces)
    assert sink.parts > 10 and sink.body == body and connections == 1


def test_answers_without_a_body_have_none_whatever_they_say() -> None:
    for method, answer in (
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
        ("DELETE", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ):
        sink, connections = told(answer, method=method)
        assert (sink.body, sink.error, connections) == (b"", None, 1)


def test_who_is_slow_is_waited_for_with_little_in_memory() -> None:
    size = 30_000_000
    sink, connections = told(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size, b"x" * size, slow=True)
    assert (len(sink.body), sink.error, connections) == (size, None, 1)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nlost", b"lost"),
    ],
)
def test_what_is_not_plain_is_read_in_the_other_way(answer: bytes, body: bytes) -> None:
    sink, connections = told(answer[:40], answer[40:])
    assert (sink.body, sink.error, connections) == (body, None, 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nno colon\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\na: b\r\n folded\r\ncontent-length: 2\r\n\r\nok",
        b"what is this\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\nset-cookie: b\r\ncontent-length: 2\r\n\r\nok",
        b"x" * 200_000,
    ],
)
def test_what_is_no_http_is_refused_and_its_connection_closed(answer: bytes) -> None:
    sink, connections = told(answer)
    assert isinstance(sink.error, UpstreamBroken) and connections == 2


def test_more_than_was_announced_is_not_passed_on_and_spoils_the_connection() -> None:
    sink, connections = told(OK + b"HTTP/1.1 200 OK\r\n")
    assert (sink.body, connections) == (b"ok", 2)
    sink, connections = told(OK[:-1], b"k and more")
    assert (sink.body, connections) == (b"ok", 2)


def test_an_engine_that_leaves_or_is_silent_is_told() -> None:
    sink, connections = told(leave=True)
    assert sink.repeated and connections == 2
    sink, connections = told(OK[:-1], leave=True)
    assert isinstance(sink.error, UpstreamBroken) and sink.body == b"o" and connections == 2


def test_silence_and_a_client_that_went_away_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_module, "_LOOKED_AT_EVERY", 0.02)
    sink, connections = told(OK[:-1])
    assert isinstance(sink.error, UpstreamTimeout) and connections == 2

    async def main() -> UpstreamError | None:
        async def behave(peer: Peer) -> None:
            await peer.request()
            await peer.say(OK)
            await peer.request()
            await peer.say(OK[:-1])
            await asyncio.sleep(5)

        async with nasty(behave) as where:
            upstream = Upstream(signer=unsigned)
            await (await upstream.request(where.address, "GET", "/")).read()
            assert upstream.has_idle(where.address)
            sink = Told(upstream, where)
            upstream.pass_on(where.address, "GET", "/", "", [], b"", sink)
            await asyncio.sleep(0.05)
            sink.gone = True
            await asyncio.wait_for(sink.over, 2)
            return sink.error

    with asyncio.Runner() as loop:
        assert isinstance(loop.run(main()), UpstreamBroken)
