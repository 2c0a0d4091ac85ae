"""A client that says half a request and then nothing does not keep its connection for ever."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.doors import http
from tests.server.raw import heard


async def patient(_scope: Any, receive: Any, send: Any) -> None:
    """Answers when it has read the whole body; takes its time about it."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(0.8)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(http, "_MOST_SILENT_SECONDS", 0.4)
    listening = http.bound("127.0.0.1", 0)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    serving = threading.Thread(
        target=loop.run_until_complete, args=(http.serve_all([(http.listener(patient), [listening])], stop),)
    )
    serving.start()
    yield listening.getsockname()[1]
    loop.call_soon_threadsafe(stop.set)
    serving.join()
    loop.close()


@pytest.mark.parametrize(
    "start",
    [b"", b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"],
)
def test_silence_in_the_middle_of_a_request_ends_the_connection(port: int, start: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(start)
        began = time.monotonic()
        assert heard(connection, wait=5) == b""
        assert 0.2 < time.monotonic() - began < 3


def test_a_slow_client_and_a_slow_answer_are_waited_for(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
        for byte in b"slow!":
            time.sleep(0.2)
            connection.sendall(bytes([byte]))
        assert heard(connection, wait=5).endswith(b"ok")
        time.sleep(0.6)  # between requests it may be silent for longer
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert heard(connection, wait=5).endswith(b"ok")
