"""The plain things of HTTP: request ids, connections that are kept, HEAD, 100-continue."""

from __future__ import annotations

import email.utils
import re
import socket
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from tests.live import Server
from tests.server.raw import FORM, IAM, STS, Line, form, heard, talk

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
WHO = form("GetCallerIdentity", STS, {})


def test_every_answer_has_a_request_id_of_its_own(line: Line) -> None:
    headers = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}
    replies = [
        line.sts("GetCallerIdentity"),
        line.iam("ListUsers"),
        line.iam("GetUser", UserName="nobody"),
        line.iam("Nope"),
        line.iam("ListMFADevices"),
        line.ask(b"{}", service="sqs", headers=headers),
        line.ask(b"{}", service="sqs", headers=headers, key=("AKIAIOSFODNN7EXAMPLE", "x")),
        line.ask(method="GET", path="/2015-03-31/functions", service="lambda"),
        line.ask(method="GET", path="/", service="s3"),
        line.ask(method="GET", path="/no-such-bucket-here", service="s3"),
        line.send(method="GET", headers={"Host": line.place}),
        line.send(WHO, headers={"Host": line.place, "Content-Type": FORM}),
    ]
    ids = [reply.request_id for reply in replies]
    assert all(UUID.fullmatch(each) for each in ids), ids
    assert len(set(ids)) == len(ids)
    for reply in replies:
        if reply.body.startswith(b"<") and reply.status >= 400:
            inside = [e.text for e in ElementTree.fromstring(reply.body).iter() if e.tag.endswith("RequestId")]
            assert inside == [reply.request_id]


def test_a_connection_is_kept_through_errors(line: Line) -> None:
    line.sts("GetCallerIdentity")
    first = line.connection.sock
    for _ in range(3):
        line.iam("Nope")
        line.ask(WHO, service="sts", key=("AKIAIOSFODNN7EXAMPLE", "x"))
        line.send(b"\xff\xfe", headers=line.signed(b"other"))
        line.iam("CreateUser", UserName="!")
    assert line.sts("GetCallerIdentity").status == 200
    assert line.connection.sock is first


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_client_that_wants_no_more_is_let_go(server: Server, line: Line, version: bytes) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(WHO, service="sts").items()).encode()
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(WHO)
        connection.sendall(b"POST / HTTP/" + version + b"\r\n" + head + length + WHO)
        said = heard(connection)
        assert said.startswith(b"HTTP/1.1 200 ")
        assert connection.recv(100) == b""


def test_head_has_no_body(line: Line) -> None:
    reply = line.ask(method="HEAD", path="/no-such-bucket-here", service="s3")
    assert reply.status in (403, 404) and reply.body == b"" and UUID.fullmatch(reply.request_id)
    assert line.ask(method="HEAD", path="/?Action=ListUsers&Version=2010-05-08").body == b""
    assert line.sts("GetCallerIdentity").status == 200


def test_a_client_that_asks_first_is_told_to_go_on(server: Server, line: Line) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(WHO, service="sts").items()).encode()
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\n" + head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(WHO)
        )
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(WHO)
        assert heard(connection).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(server: Server, line: Line) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(WHO, service="sts").items()).encode()
    said = talk(
        server.endpoint,
        b"POST / HTTP/1.1\r\n" + head + b"Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n",
    )
    assert said.startswith(b"HTTP/1.1 413 "), said[:100]


def test_the_answer_says_what_it_is(line: Line) -> None:
    assert line.iam("ListUsers").headers["content-type"] == "text/xml"
    assert line.iam("Nope").headers["content-type"] == "text/xml"
    s3 = line.ask(method="GET", path="/", service="s3")
    assert s3.headers["content-type"] == "application/xml" and s3.headers["x-amz-id-2"]


def test_a_server_tells_nothing_of_what_it_is_made_of(line: Line) -> None:
    reply = line.ask(form("ListUsers", IAM, {}))
    assert "server" not in reply.headers and "x-powered-by" not in reply.headers
    assert "date" in reply.headers


def head_of(line: Line, body: bytes, **more: str) -> bytes:
    """A signed request to IAM up to its body."""
    headers = {**line.signed(body), "Content-Length": str(len(body)), **more}
    return b"POST / HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers.items()).encode() + b"\r\n"


def answers(said: bytes) -> list[bytes]:
    """The whole answers in what was said."""
    found = []
    while said:
        head, _, rest = said.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])  # type: ignore[index]
        found.append(head + b"\r\n\r\n" + rest[:length])
        said = rest[length:]
    return found


def test_iam_answers_one_request_after_the_other_on_a_connection(server: Server, line: Line) -> None:
    """Changes, reads and refusals, each sent before the answer to the last was read."""
    bodies = [
        form("CreateUser", IAM, {"UserName": "piped"}),
        form("GetUser", IAM, {"UserName": "piped"}),
        form("GetUser", IAM, {"UserName": "nobody"}),
        form("DeleteUser", IAM, {"UserName": "piped"}),
    ]
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        connection.sendall(b"".join(head_of(line, body) + body for body in bodies))
        said = b""
        while said.count(b"</RequestId>") < len(bodies):
            said += connection.recv(65_536)
    found = answers(said)
    assert [each.split(b" ", 2)[1] for each in found] == [b"200", b"200", b"404", b"200"]
    assert b"<GetUserResult>" in found[1] and b"<DeleteUserResponse" in found[3]


def test_iam_tells_a_client_that_asks_first_to_go_on(server: Server, line: Line) -> None:
    body = form("ListUsers", IAM, {})
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        for _ in range(2):  # the connection is kept
            connection.sendall(head_of(line, body, Expect="100-continue"))
            assert connection.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            assert heard(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("action", ["ListUsers", "GetUser", "Nope"])
def test_answers_of_iam_have_a_date_and_the_request_id_of_their_body(line: Line, action: str) -> None:
    sent = datetime.now(UTC).replace(microsecond=0)
    reply = line.iam(action, **({"UserName": "nobody"} if action == "GetUser" else {}))
    told = email.utils.parsedate_to_datetime(reply.headers["date"])
    assert reply.headers["date"].endswith(" GMT") and abs((told - sent).total_seconds()) < 10
    assert reply.headers["x-amzn-requestid"] in reply.text
