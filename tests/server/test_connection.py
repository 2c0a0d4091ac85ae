"""Our own HTTP/1.1 connections: bodies both ways, requests in line, early answers, clients that leave."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ostiary.doors.api.listener import ApiServer
from tests.server.raw import heard
from tests.server.streaming import Echo, serving


@pytest.fixture
def app() -> Echo:
    return Echo()


@pytest.fixture
def port(app: Echo) -> Iterator[int]:
    with serving(lambda: ApiServer(app)) as found:
        yield found


@pytest.fixture
def client(port: int) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    yield made
    made.close()


@pytest.fixture
def wire(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as made:
        yield made


def until(true: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_streamed_body_comes_back_as_it_was(client: http.client.HTTPConnection, size: int, chunked: bool) -> None:
    body = os.urandom(size)
    parts = iter([body[at : at + 50_000] for at in range(0, size, 50_000)])
    for _ in range(2):  # on the same connection
        if chunked:
            client.request("PUT", "/", body=parts, headers={"Transfer-Encoding": "chunked"}, encode_chunked=True)
            parts = iter([body])
        else:
            client.request("PUT", "/", body=body)
        answer = client.getresponse()
        assert answer.read() == body
        assert answer.getheader("transfer-encoding") == ("chunked" if chunked else None)


def test_requests_in_one_packet_are_answered_in_order(wire: socket.socket) -> None:
    put = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n%b"
    post = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n%b\r\n0\r\nX-Trailer: y\r\n\r\n"
    wire.sendall(b"".join(put % b"a%02d" % n + post % b"b%02d" % n for n in range(20)))
    said = b""
    while b"b19" not in said:
        said += wire.recv(65_536)
    at = [said.index(b"\r\n\r\n" + name) for n in range(20) for name in (b"a%02d" % n, b"b%02d" % n)]
    assert at == sorted(at)


def test_what_follows_a_streamed_body_is_the_next_request(wire: socket.socket) -> None:
    """Past the parser, to the byte."""
    body = os.urandom(200_000)
    wire.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + body[:1_000])
    time.sleep(0.05)
    wire.sendall(body[1_000:] + b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nnext")
    said = b""
    while not said.endswith(b"\r\n\r\nnext"):
        said += wire.recv(65_536)
    assert said.count(b"HTTP/1.1 200 OK") == 2 and body in said


def test_a_client_that_does_not_read_is_not_read_from(app: Echo, wire: socket.socket) -> None:
    """Neither the body nor the answer is heaped up."""
    wire.setblocking(False)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    size, sent = 400_000_000, 0
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    wire.send(head)
    block, quiet = bytes(1_000_000), time.monotonic()
    while time.monotonic() - quiet < 0.5:
        try:
            sent += wire.send(block)
            quiet = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    assert sent < 40_000_000 and app.heard < 20_000_000


def test_a_slow_answer_holds_back_the_requests_behind_it(app: Echo, wire: socket.socket) -> None:
    app.hold()
    slow = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nslow"
    fast = b"POST /fast HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nfast"
    wire.sendall(slow + fast)
    wire.settimeout(0.2)
    with pytest.raises(TimeoutError):
        wire.recv(10)
    app.go_on()
    wire.settimeout(5)
    said = b""
    while not said.endswith(b"fast"):
        said += wire.recv(65_536)
    assert said.index(b"slow") < said.index(b"fast")


def test_a_small_upload_that_is_refused_early_keeps_the_connection(wire: socket.socket) -> None:
    wire.sendall(b"PUT /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + bytes(500))
    assert heard(wire).endswith(b"no")
    wire.sendall(bytes(500) + b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok")
    assert heard(wire).endswith(b"ok")


@pytest.mark.parametrize("framing", [b"Content-Length: 90000000", b"Transfer-Encoding: chunked"])
def test_a_long_upload_that_is_refused_early_ends_the_connection(port: int, framing: bytes) -> None:
    """The client reads its answer, though it was still sending when it came."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(b"PUT /refuse HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n")
        for _ in range(20):
            wire.sendall(b"%x\r\n%b\r\n" % (100_000, bytes(100_000)))
        said = heard(wire)
        assert said.startswith(b"HTTP/1.1 403 ") and b"connection: close\r\n" in said
        assert wire.recv(10) == b""


def test_a_client_that_asks_first_and_is_refused_is_let_go(wire: socket.socket) -> None:
    wire.sendall(b"PUT /refuse HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
    said = heard(wire)
    assert said.startswith(b"HTTP/1.1 403 ") and b"connection: close\r\n" in said
    assert wire.recv(10) == b""


def test_a_client_that_asks_first_is_told_when_the_body_is_wanted(wire: socket.socket) -> None:
    """After the answers to the requests before it, and not before."""
    wire.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" * 2)
    wire.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    said = b""
    while b" 100 " not in said:
        said += wire.recv(1_000)
    assert said.count(b"HTTP/1.1 200 OK") == 2 and said.endswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    wire.sendall(b"ok")
    assert heard(wire).endswith(b"\r\n\r\nok")


def test_a_body_that_is_too_long_is_refused_by_its_length_and_by_its_size(wire: socket.socket) -> None:
    wire.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n" + bytes(100_001))
    assert heard(wire).startswith(b"HTTP/1.1 413 ")
    chunk = b"%x\r\n%b\r\n" % (60_000, bytes(60_000))
    wire.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 2)
    assert heard(wire).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_leaves_is_noticed(app: Echo, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
        assert until(lambda: app.heard == 4)
    assert until(lambda: app.gone == 1)


def test_a_body_that_is_no_http_ends_the_request_before_it(app: Echo, wire: socket.socket) -> None:
    wire.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    said = heard(wire, wait=5)
    assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 200 ")) and not said.endswith(b"0\r\n\r\n")
    assert until(lambda: app.gone == 1)


def test_requests_before_garbage_are_answered(wire: socket.socket) -> None:
    wire.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok" + b"\x00garbage\r\n\r\n")
    said = b""
    while part := wire.recv(1_000):
        said += part
    assert said.startswith(b"HTTP/1.1 200 OK\r\n") and b"okHTTP/1.1 400 Bad Request\r\n" in said


def test_a_header_cannot_break_its_line(wire: socket.socket) -> None:
    wire.sendall(b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"set-cookie" not in heard(wire)


def test_old_clients_get_no_chunks(wire: socket.socket) -> None:
    wire.sendall(b"POST /slow HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
    said = b""
    while part := wire.recv(1_000):
        said += part
    assert said.endswith(b"connection: close\r\n\r\n")


def test_running_requests_end_before_the_server_does(app: Echo) -> None:
    app.hold()
    with serving(lambda: ApiServer(app)) as port:
        busy = socket.create_connection(("127.0.0.1", port), timeout=10)
        idle = socket.create_connection(("127.0.0.1", port), timeout=10)
        busy.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        time.sleep(0.1)
        threading.Timer(0.3, app.go_on).start()
    assert idle.recv(10) == b""
    assert heard(busy).startswith(b"HTTP/1.1 200 OK")
    busy.close()
    idle.close()
