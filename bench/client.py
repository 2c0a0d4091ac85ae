"""The load generator, a process of its own: replays signed requests over many connections and counts the answers.

`python -m bench.client PORT CONNECTIONS SECONDS FILE`: FILE holds requests, each after its length (four bytes). With
SECONDS they are sent round and round for so long; with 0 each is sent once. Prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_PATIENCE = 60.0


class Replay:
    """One run: what is sent next, and what came back."""

    def __init__(self, requests: list[bytes], port: int, connections: int, seconds: float) -> None:
        self._requests, self._port, self._open, self._seconds = requests, port, connections, seconds
        self._next = 0
        self.latencies: list[float] = []
        self.failures: dict[str, int] = {}
        self.done = asyncio.Event()

    def next(self) -> bytes | None:
        """The next request; None when this is the end."""
        if self._seconds and time.perf_counter() >= self._deadline:
            return None
        if self._next == len(self._requests):
            if not self._seconds:
                return None
            self._next = 0
        self._next += 1
        return self._requests[self._next - 1]

    def failed(self, what: str) -> None:
        """An answer that was not a success."""
        self.failures[what] = self.failures.get(what, 0) + 1

    def closed(self) -> None:
        """A connection has no more to send."""
        self._open -= 1
        if not self._open:
            self.done.set()

    async def connect(self) -> None:
        """Open one connection; it goes on by itself."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._port)
        except OSError as error:
            self.failed(type(error).__name__)
            self.closed()

    async def run(self) -> dict[str, object]:
        """From the first request to the last answer."""
        began = time.perf_counter()
        self._deadline = began + self._seconds
        for _ in range(self._open):
            await self.connect()
        try:
            await asyncio.wait_for(self.done.wait(), self._seconds + _PATIENCE)
        except TimeoutError:
            self.failed("no answer")
        took = time.perf_counter() - began
        ranked = sorted(self.latencies) or [0.0]
        return {
            "answers": len(self.latencies),
            "seconds": took,
            "rate": len(self.latencies) / took,
            "p50_ms": ranked[len(ranked) // 2] * 1000,
            "p99_ms": ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)] * 1000,
            "failures": self.failures,
        }


class Connection(asyncio.Protocol):
    """Sends, waits for the whole answer, sends the next. What closes after an answer is opened again."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._waiting = self._again = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        request = self._replay.next()
        if request is None:
            self._transport.close()
            return
        self._buffer, self._size, self._waiting = b"", -1, True
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if self._size < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self._buffer, 0, end)
            self._size = end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) >= self._size:
            self._answered()

    def _answered(self) -> None:
        self._replay.latencies.append(time.perf_counter() - self._began)
        self._waiting = False
        if self._buffer[9:12] != b"200":
            self._replay.failed(self._buffer[9:12].decode("latin-1"))
        if self._buffer.startswith(b"HTTP/1.0") or _CLOSE.search(self._buffer, 0, self._size):
            self._again = True
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting:
            self._replay.failed("connection lost")
        if self._again:
            self._opening = asyncio.get_running_loop().create_task(self._replay.connect())
        else:
            self._replay.closed()


def read(path: Path) -> list[bytes]:
    """The requests of a file."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def write(path: Path, requests: list[bytes]) -> None:
    """A file of requests."""
    path.write_bytes(b"".join(struct.pack(">I", len(each)) + each for each in requests))


async def _main(port: int, connections: int, seconds: float, path: Path) -> dict[str, object]:
    return await Replay(read(path), port, connections, seconds).run()


if __name__ == "__main__":
    port, connections, seconds, path = sys.argv[1:]
    print(json.dumps(uvloop.run(_main(int(port), int(connections), float(seconds), Path(path)))))
