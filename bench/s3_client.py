"""The load generator for objects, a process of its own: bodies are counted, not kept.

`python -m bench.s3_client PORT CONNECTIONS SECONDS SIZE FILE`: FILE holds heads of requests (`bench.client.read`); for
PUTs each is followed by SIZE bytes. Each connection sends at least one. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

from bench.client import read

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_PIECE = 256 * 1024


class Run:
    """One turn."""

    def __init__(self, heads: list[bytes], port: int, connections: int, seconds: float, size: int) -> None:
        self._heads, self.port, self._open, self._next = heads, port, connections, 0
        self.body = memoryview(bytes(range(256)) * (size // 256 + 1))[:size]
        self.puts = heads[0].startswith(b"PUT")
        self.deadline = time.perf_counter() + seconds
        self.latencies: list[float] = []
        self.failures: dict[str, int] = {}
        self.done = asyncio.Event()

    def next(self, *, first: bool) -> bytes | None:
        """The head of the next request; None at the end."""
        if not first and time.perf_counter() >= self.deadline:
            return None
        self._next += 1
        return self._heads[self._next % len(self._heads)]

    def failed(self, what: str) -> None:
        """An answer that was not a success."""
        self.failures[what] = self.failures.get(what, 0) + 1

    def closed(self) -> None:
        """A connection has no more to send."""
        self._open -= 1
        if not self._open:
            self.done.set()


class Connection(asyncio.Protocol):
    """Sends, counts the answer, sends the next."""

    def __init__(self, run: Run) -> None:
        self._run, self._first, self._head, self._left, self._waiting = run, True, b"", -1, False
        self._writable = asyncio.Event()
        self._writable.set()
        self._sending: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _send(self) -> None:
        head = self._run.next(first=self._first)
        if head is None:
            self._transport.close()
            return
        self._first, self._head, self._left, self._waiting = False, b"", -1, True
        self._began = time.perf_counter()
        self._transport.write(head)
        if not self._run.puts:
            return
        if len(self._run.body) <= _PIECE:
            self._transport.write(self._run.body)
        else:
            self._sending = asyncio.get_running_loop().create_task(self._pieces())

    async def _pieces(self) -> None:
        body = self._run.body
        for start in range(0, len(body), _PIECE):
            await self._writable.wait()
            self._transport.write(body[start : start + _PIECE])

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            found = _LENGTH.search(self._head, 0, end)
            if found is None and _CHUNKED.search(self._head, 0, end):
                raise ValueError("an answer without its length")
            self._left = (int(found[1]) if found else 0) - (len(self._head) - end - 4)
        else:
            self._left -= len(data)
        if self._left <= 0:
            self._answered()

    def _answered(self) -> None:
        self._run.latencies.append(time.perf_counter() - self._began)
        self._waiting = False
        if self._head[9:12] != b"200":
            self._run.failed(self._head[9:12].decode("latin-1"))
        if _CLOSE.search(self._head):
            self._run.failed("closed")
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting:
            self._run.failed("connection lost")
        self._run.closed()


async def _main(port: int, connections: int, seconds: float, size: int, path: Path) -> dict[str, object]:
    run = Run(read(path), port, connections, seconds, size)
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", port)
    await asyncio.wait_for(run.done.wait(), 600)
    took, ranked = time.perf_counter() - began, sorted(run.latencies) or [0.0]
    return {
        "answers": len(run.latencies),
        "rate": len(run.latencies) / took,
        "mb": len(run.latencies) * size / took / 1e6,
        "p50_ms": ranked[len(ranked) // 2] * 1000,
        "p99_ms": ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)] * 1000,
        "failures": run.failures,
    }


if __name__ == "__main__":
    port, connections, seconds, size, path = sys.argv[1:]
    print(json.dumps(uvloop.run(_main(int(port), int(connections), float(seconds), int(size), Path(path)))))
