"""A client that says half a request and then nothing does not keep its connection for ever."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.doors import http
from ostiary.doors.api import connection, listener
from ostiary.doors.api.exchange import Exchange
from ostiary.gate.request import HttpResponse
from tests.server.raw import heard
from tests.server.streaming import serving


async def patient(_scope: Any, receive: Any, send: Any) -> None:
    """Answers when it has read the whole body; takes its time about it."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(0.8)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class Patient:
    """The same on our own connections."""

    most_body = 1_000
    running = False

    def second(self) -> int:
        return int(time.time())

    def streams(self, _exchange: Exchange) -> bool:
        return False

    def take(self, exchange: Exchange) -> None:
        asyncio.get_running_loop().call_later(0.8, exchange.answer, HttpResponse(status=200, body=b"ok"))


@pytest.fixture(params=["uvicorn", "own"])
def port(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[int]:
    monkeypatch.setattr(http, "_MOST_SILENT_SECONDS", 0.4)
    monkeypatch.setattr(connection, "MOST_SILENT_SECONDS", 0.4)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.1)
    own = request.param == "own"
    with serving(lambda: listener.ApiServer(Patient()) if own else http.listener(patient)) as found:
        yield found


def test_an_unused_connection_is_kept_for_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "KEPT_SECONDS", 0.3)
    monkeypatch.setattr(listener, "LOOK_SECONDS", 0.1)
    with (
        serving(lambda: listener.ApiServer(Patient())) as found,
        socket.create_connection(("127.0.0.1", found)) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert heard(client).endswith(b"ok")
        began = time.monotonic()
        assert client.recv(10) == b""
        assert 0.2 < time.monotonic() - began < 3


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
