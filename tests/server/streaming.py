"""A listener in a thread of its own, and an application that gives back what it is sent."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvloop

from ostiary.doors import http
from ostiary.doors.api.exchange import ClientGone, Exchange
from ostiary.gate.request import HttpResponse


@contextmanager
def serving(made: Callable[[], http.Listener]) -> Iterator[int]:
    """Serves on a port of 127.0.0.1 until the block ends."""
    sock = http.bound("127.0.0.1", 0)
    port = int(sock.getsockname()[1])
    loop = uvloop.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        await http.serve_all([(made(), [sock])], stop)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    yield port
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


class Echo:
    """PUT /echo streams back what comes, PUT /refuse refuses without reading; others are answered with their body."""

    most_body = 100_000
    running = False

    def __init__(self) -> None:
        self.heard = 0
        """Bytes of streamed bodies that were taken."""
        self.gone = 0
        self._go = threading.Event()
        self._go.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def hold(self) -> None:
        """Let those who stream wait."""
        self._go.clear()

    def go_on(self) -> None:
        """Let them go on."""
        self._go.set()

    def second(self) -> int:
        return int(time.time())

    def streams(self, exchange: Exchange) -> bool:
        return exchange.method == "PUT"

    def take(self, exchange: Exchange) -> None:
        exchange.streamed = exchange.method == "PUT"
        if exchange.too_large and not exchange.streamed:
            exchange.answer(HttpResponse(status=413))
        elif exchange.raw_path == "/refuse":
            exchange.answer(HttpResponse(status=403, body=b"no"))
        elif exchange.raw_path == "/broken":
            exchange.answer(HttpResponse(status=200, headers=(("x", "a\r\nset-cookie: b"),)))
        elif exchange.streamed or exchange.raw_path == "/slow":
            task = asyncio.get_running_loop().create_task(self._echo(exchange))
            self._tasks.add(task)
        else:
            exchange.answer(HttpResponse(status=200, body=exchange.body))

    async def _echo(self, exchange: Exchange) -> None:
        while not self._go.is_set():
            await asyncio.sleep(0.01)
        length = next((value for name, value in exchange.headers if name == "content-length"), None)
        try:
            part = await exchange.read()
            exchange.begin(200, () if length is None else (("content-length", length),))
            while part:
                self.heard += len(part)
                await exchange.send(part)
                part = await exchange.read()
            exchange.end()
        except ClientGone:
            self.gone += 1
