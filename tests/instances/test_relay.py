"""The metadata relay's word is its own: whatever a client sends, each request names the relay's instance only."""

from __future__ import annotations

import asyncio

import h11
import pytest

from ostiary.doors.metadata import app as door
from ostiary.instances import relay

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Heard = list[tuple[bytes, bytes, list[tuple[bytes, bytes]]]]


async def exchange(sent: list[bytes]) -> tuple[bytes, Heard]:
    """Send pieces to a relay; returns what came back, and the requests as h11 reads them behind it."""
    heard: Heard = []

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while data := await reader.read(65536):
            connection.receive_data(data)
            while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Request):
                    heard.append((event.method, event.target, list(event.headers)))
                if isinstance(event, h11.EndOfMessage):
                    connection.send(h11.Response(status_code=200, headers=[("content-length", "2")]))
                    connection.send(h11.Data(data=b"ok"))
                    connection.send(h11.EndOfMessage())
                    writer.write(ANSWER)
                    if connection.our_state is not h11.DONE:
                        writer.close()
                        return
                    connection.start_next_cycle()
        writer.close()

    upstream = await asyncio.start_server(server, "127.0.0.1", 0)
    address = upstream.sockets[0].getsockname()[:2]
    handler = relay.vouching(lambda: asyncio.open_connection(*address), "i-mine")
    front = await asyncio.start_server(handler, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*front.sockets[0].getsockname()[:2])
    for piece in sent:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    writer.write_eof()
    received = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    front.close()
    upstream.close()
    return received, heard


def named(heard: Heard) -> list[list[bytes]]:
    return [[value for name, value in headers if name == relay.INSTANCE_HEADER] for _, _, headers in heard]


def test_relay_and_door_agree_on_the_header() -> None:
    assert relay.INSTANCE_HEADER == door.INSTANCE_HEADER


def test_a_request_is_carried_with_the_instance_on_it() -> None:
    sent = b"PUT /latest/api/token?x HTTP/1.1\r\nHost: h\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n"
    received, heard = asyncio.run(exchange([sent]))
    assert received == ANSWER
    method, target, headers = heard[0]
    assert (method, target) == (b"PUT", b"/latest/api/token?x")
    assert headers == [
        (b"host", b"h"),
        (b"x-aws-ec2-metadata-token-ttl-seconds", b"60"),
        (b"x-ostiary-instance-id", b"i-mine"),
    ]


@pytest.mark.parametrize("name", [b"X-Ostiary-Instance-Id", b"x-ostiary-instance-id", b"X-OSTIARY-INSTANCE-ID"])
def test_a_clients_claim_is_dropped(name: bytes) -> None:
    claims = name + b": i-other\r\n" + name + b": i-third\r\n"
    _, heard = asyncio.run(exchange([b"GET / HTTP/1.1\r\nHost: h\r\n" + claims + b"\r\n"]))
    assert named(heard) == [[b"i-mine"]]


def test_every_request_of_a_connection_is_vouched_for_however_it_is_cut() -> None:
    one = b"GET /a HTTP/1.1\r\nHost: h\r\nX-Ostiary-Instance-Id: i-other\r\n\r\n"
    whole = one * 3
    for size in (1, 7, 50, len(whole)):
        received, heard = asyncio.run(exchange([whole[at : at + size] for at in range(0, len(whole), size)]))
        assert named(heard) == [[b"i-mine"]] * 3
        assert received == ANSWER * 3


@pytest.mark.parametrize(
    "smuggled",
    [
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3c\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n3c\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nA: b\rX-Ostiary-Instance-Id: i-other\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nA: b\nX-Ostiary-Instance-Id: i-other\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n X-Ostiary-Instance-Id: i-other\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX-Ostiary-Instance-Id : i-other\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nA\r\nX-Ostiary-Instance-Id: i-other\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"\x16\x03\x01 not http at all",
    ],
)
def test_no_request_reaches_the_door_under_another_name(smuggled: bytes) -> None:
    hidden = b"GET /h HTTP/1.1\r\nHost: h\r\nX-Ostiary-Instance-Id: i-other\r\n\r\n"
    _, heard = asyncio.run(exchange([smuggled + hidden]))
    assert all(names == [b"i-mine"] for names in named(heard))


def test_a_server_that_is_gone_is_service_unavailable() -> None:
    async def ask() -> bytes:
        async def nowhere() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            raise ConnectionRefusedError

        front = await asyncio.start_server(relay.vouching(nowhere, "i-mine"), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*front.sockets[0].getsockname()[:2])
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        front.close()
        return answer

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 503 ")
