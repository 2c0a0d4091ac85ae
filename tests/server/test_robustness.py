"""Broken, huge and slow requests: each is refused in AWS's form, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import pytest

from tests.live import Server
from tests.server.hostile import deep
from tests.server.raw import FORM, IAM, STS, Line, form, heard, talk

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("server")]

MEGABYTE = 1024 * 1024


def alive(line: Line) -> None:
    """The same connection answers a right request."""
    assert line.sts("GetCallerIdentity").status == 200


# what a policy may look like


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '"Allow"',
        "\x01",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}',
        '{"Version":"2012-10-17","Statement":"Allow"}',
        '{"Statement":{"Effect":"Maybe","Action":"*","Resource":"*"}}',
        deep(20),
        deep(40_000),
        '{"Statement":' * 9_000,
    ],
    ids=range(13),
)
def test_a_policy_that_is_none_is_malformed(line: Line, document: str) -> None:
    reply = line.iam("CreatePolicy", PolicyName="none", PolicyDocument=document)
    assert reply.status == 400
    assert reply.code in ("MalformedPolicyDocument", "ValidationError"), reply.text
    alive(line)


def test_a_policy_above_the_quota_is_refused_as_such(line: Line) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::" + "x" * 7_000}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    reply = line.iam("CreatePolicy", PolicyName="long", PolicyDocument=document)
    assert (reply.status, reply.code) == (409, "LimitExceeded")
    assert reply.message == "Cannot exceed quota for PolicySize: 6144"


def test_a_policy_longer_than_the_model_allows_is_a_validation_error(line: Line) -> None:
    reply = line.iam("CreatePolicy", PolicyName="long", PolicyDocument="x" * (3 * MEGABYTE))
    assert (reply.status, reply.code) == (400, "ValidationError")
    assert len(reply.body) < 10_000, "the document is not said back"


# bodies


def test_a_body_above_ten_megabytes_is_too_large(server: Server, line: Line) -> None:
    body = form("CreatePolicy", IAM, {"PolicyName": "x", "PolicyDocument": "x" * (11 * MEGABYTE)})
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(body).items())
    said = talk(server.endpoint, f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode(), body)
    assert said.startswith(b"HTTP/1.1 413 "), said[:200]
    assert b"<Code>RequestEntityTooLarge</Code>" in said
    alive(line)


def test_a_chunked_body_is_counted_as_it_comes(server: Server, line: Line) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(b"").items())
    chunk = b"%x\r\n%s\r\n" % (MEGABYTE, b"x" * MEGABYTE)
    start = f"POST / HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode()
    said = talk(server.endpoint, start, *[chunk] * 12, b"0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413 "), said[:200]
    alive(line)


def test_a_chunked_body_is_read_whole(server: Server, line: Line) -> None:
    body = form("GetCallerIdentity", STS, {})
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(body, service="sts").items())
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, bytes([byte])) for byte in body)
    start = f"POST / HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode()
    assert talk(server.endpoint, start + chunks + b"0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("framing", "statuses"),
    [
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", (b"400",)),
        (b"Content-Length: 3\r\nContent-Length: 4\r\n", (b"400",)),
        (b"Content-Length: -1\r\n", (b"400",)),
        (b"Content-Length: 1e3\r\n", (b"400",)),
        (b"Content-Length: 99999999999999999999999\r\n", (b"400", b"413")),
        (b"Transfer-Encoding: gzip\r\n", (b"400",)),
        (b"Transfer-Encoding: chunked, chunked\r\n", (b"400", b"403")),
    ],
)
def test_two_ways_to_frame_a_body_are_no_way(server: Server, framing: bytes, statuses: tuple[bytes, ...]) -> None:
    said = talk(server.endpoint, b"POST / HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n0\r\n\r\n", wait=5)
    assert said.split(b" ", 2)[1] in statuses, said[:200]


def test_trailers_are_not_headers(server: Server, line: Line) -> None:
    """What comes after a chunked body can't be taken for a signed header, and there can't be endless much of it."""
    start = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    endless = [b"X-%d: %s\r\n" % (n, b"x" * 8_000) for n in range(400)]
    said = talk(server.endpoint, start, *endless, wait=5)
    assert said.split(b" ", 2)[1] in (b"400", b"431"), said[:200]
    alive(line)


def test_an_aborted_body_leaves_nothing_behind(server: Server, line: Line) -> None:
    body = form("CreateUser", IAM, {"UserName": "aborted"})
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(body).items())
    for sent in (b"", body[:5], body[:-1]):
        start = f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
        talk(server.endpoint, start + sent, close=True)
    time.sleep(0.2)
    assert line.iam("GetUser", UserName="aborted").code == "NoSuchEntity"


def test_slow_bodies_do_not_hold_others_up(server: Server, line: Line) -> None:
    body = form("GetCallerIdentity", STS, {})
    head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(body, service="sts").items())
    start = f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode()
    place = urlsplit(server.endpoint)
    slow = [socket.create_connection((place.hostname or "", place.port or 0)) for _ in range(60)]
    try:
        for each in slow:
            each.sendall(start + body[:10])
        began = time.monotonic()
        for _ in range(20):
            alive(line)
        assert time.monotonic() - began < 5
        for each in slow:
            each.sendall(body[10:])
        assert all(heard(each).startswith(b"HTTP/1.1 200 ") for each in slow)
    finally:
        for each in slow:
            each.close()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/json",
        "application/x-amz-json-1.1",
        "multipart/form-data; boundary=x",
        "nonsense",
        "/",
    ],
)
def test_another_content_type_is_no_form(line: Line, kind: str) -> None:
    reply = line.ask(form("ListUsers", IAM, {}), headers={"Content-Type": kind})
    assert reply.status == 400 and reply.code in ("MissingAction", "InvalidAction"), reply.text
    alive(line)


def test_a_compressed_body_is_not_taken_for_text(line: Line) -> None:
    body = gzip.compress(form("ListUsers", IAM, {}))
    reply = line.ask(body, headers={"Content-Encoding": "gzip"})
    assert 400 <= reply.status < 500
    ElementTree.fromstring(reply.body)


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xc3(", b"%FF", b"%C3%28", b"%ed%a0%80"])
def test_text_that_is_not_utf8_is_malformed(line: Line, raw: bytes) -> None:
    reply = line.ask(b"Action=CreateUser&Version=2010-05-08&UserName=" + raw)
    assert (reply.status, reply.code) == (400, "MalformedInput")
    alive(line)


# parameters


def test_parameters_that_nobody_knows_are_ignored(line: Line) -> None:
    assert line.iam("ListUsers", Colour="blue", **{"Tags.member.1.Key": "x"}).status == 200


def test_of_a_parameter_given_twice_the_first_counts(line: Line) -> None:
    reply = line.ask(b"Action=GetUser&Version=2010-05-08&UserName=first&UserName=second")
    assert reply.code == "NoSuchEntity" and "first" in reply.message


@pytest.mark.parametrize("value", ["0", "-1", "1001", "99999999999999999999", "1.5", "many", "１"])
def test_max_items_has_bounds(line: Line, value: str) -> None:
    reply = line.iam("ListUsers", MaxItems=value)
    assert reply.status == 400
    assert reply.code in ("ValidationError", "MalformedInput"), reply.text


@pytest.mark.parametrize("marker", ["x", "AAAA", "%00", "🔑", "x" * 321, "MQ=="])
def test_a_marker_that_was_never_given_out_is_refused(line: Line, marker: str) -> None:
    reply = line.iam("ListUsers", Marker=marker)
    assert (reply.status, reply.code) in ((400, "ValidationError"), (400, "InvalidInput")), reply.text


def test_more_parameters_than_anybody_needs(line: Line) -> None:
    reply = line.ask(form("ListUsers", IAM, {f"p{n}": "" for n in range(30_000)}))
    assert (reply.status, reply.code) == (400, "MalformedQueryString")
    alive(line)


@pytest.mark.parametrize("action", ["Nope", "", "listusers", "ListUsers ", "x" * 5_000, "<b>", "ListQueues"])
def test_an_unknown_action_is_invalid(line: Line, action: str) -> None:
    reply = line.iam(action)
    assert (reply.status, reply.code) == (400, "InvalidAction" if action else "MissingAction")
    assert len(reply.body) < 1_000
    ElementTree.fromstring(reply.body)


@pytest.mark.parametrize("version", ["", "2010-05-09", "2011-06-15", "x" * 500])
def test_an_unknown_version_is_an_invalid_action(line: Line, version: str) -> None:
    reply = line.ask(form("ListUsers", version, {}))
    assert (reply.status, reply.code) == (400, "InvalidAction")
    assert f"for version {version[:128] or 'NO_VERSION_SPECIFIED'}" in reply.message


def test_an_action_may_stand_in_the_url(line: Line) -> None:
    reply = line.ask(method="GET", path="/?Action=ListUsers&Version=2010-05-08")
    assert reply.status == 200 and "<ListUsersResponse" in reply.text


# services and operations that are not built


@pytest.mark.parametrize(
    ("service", "target", "version"),
    [
        ("sqs", "AmazonSQS.ListQueues", "1.0"),
        ("dynamodb", "DynamoDB_20120810.ListTables", "1.0"),
        ("kms", "TrentService.ListKeys", "1.1"),
        ("logs", "Logs_20140328.DescribeLogGroups", "1.1"),
        ("secretsmanager", "secretsmanager.ListSecrets", "1.1"),
    ],
)
def test_an_unbuilt_json_service_says_so_in_json(line: Line, service: str, target: str, version: str) -> None:
    kind = f"application/x-amz-json-{version}"
    reply = line.ask(b"{}", service=service, headers={"X-Amz-Target": target, "Content-Type": kind})
    assert (reply.status, reply.code, reply.headers["content-type"]) == (501, "NotImplemented", kind)
    assert json.loads(reply.text)["message"] == f"{service}:{target.rpartition('.')[2]} is not built yet."
    assert reply.request_id


@pytest.mark.parametrize(("service", "body"), [("sqs", b"{"), ("dynamodb", b"\xff"), ("kms", deep(100_000).encode())])
def test_an_unbuilt_service_does_not_mind_its_body(line: Line, service: str, body: bytes) -> None:
    prefix = {"sqs": "AmazonSQS", "dynamodb": "DynamoDB_20120810", "kms": "TrentService"}[service]
    headers = {"X-Amz-Target": f"{prefix}.Nope", "Content-Type": "application/x-amz-json-1.1"}
    reply = line.ask(body, service=service, headers=headers)
    assert (reply.status, reply.code) == (400, "UnknownOperationException")
    alive(line)


@pytest.mark.parametrize(
    ("service", "path"), [("lambda", "/2015-03-31/functions"), ("eks", "/clusters"), ("apigateway", "/restapis")]
)
def test_an_unbuilt_rest_service_says_so(line: Line, service: str, path: str) -> None:
    reply = line.ask(method="GET", path=path, service=service)
    assert reply.status == 501 and reply.headers["x-amzn-errortype"] == "NotImplemented"
    assert "is not built yet" in json.loads(reply.text)["message"]


@pytest.mark.parametrize(
    ("service", "version", "action"),
    [
        ("sns", "2010-03-31", "ListTopics"),
        ("cloudformation", "2010-05-15", "ListStacks"),
        ("iam", IAM, "ListMFADevices"),
    ],
)
def test_an_unbuilt_query_operation_says_so_in_xml(line: Line, service: str, version: str, action: str) -> None:
    reply = line.ask(form(action, version, {}), service=service)
    if service == "iam" and reply.status == 200:
        pytest.skip("it is built by now")
    assert (reply.status, reply.code) == (501, "NotImplemented")
    assert reply.message == f"{service}:{action} is not built yet."


def test_a_service_that_nobody_knows(line: Line) -> None:
    for body in (form("DoIt", "2020-01-01", {}), b"{}", b""):
        reply = line.ask(body, service="nosuchservice")
        assert 400 <= reply.status < 500, reply.text
    alive(line)


# HTTP


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"HELLO\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header\r\n\r\n",
        b"GET / HTTP/1.1\r\n\x00: x\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n\r\n\xff\xff\xff\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=range(11),
)
def test_garbage_is_a_bad_request(server: Server, line: Line, garbage: bytes) -> None:
    said = talk(server.endpoint, garbage, wait=5)
    assert said.startswith(b"HTTP/1.1 4"), said[:200]
    alive(line)


@pytest.mark.parametrize(
    "target", [b"*", b"http://example.com/", b"example.com:443", b"/%", b"/%zz", b"//", b"/\xff", b"/?%"]
)
@pytest.mark.parametrize("method", [b"GET", b"OPTIONS", b"CONNECT", b"PUT", b"DELETE"])
def test_odd_targets_are_answered(server: Server, line: Line, method: bytes, target: bytes) -> None:
    said = talk(server.endpoint, method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", wait=5)
    assert said.startswith(b"HTTP/1.1 4"), said[:300]
    alive(line)


@pytest.mark.parametrize("size", [90_000, 400_000, 5_000_000])
def test_headers_have_a_bound(server: Server, line: Line, size: int) -> None:
    said = talk(server.endpoint, b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * size + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 431 "), said[:200]
    assert b"<Code>RequestHeaderSectionTooLarge</Code>" in said
    many = b"".join(b"X-%d: x\r\n" % n for n in range(size // 10))
    assert talk(server.endpoint, b"GET / HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n").startswith(b"HTTP/1.1 431 ")
    assert talk(server.endpoint, b"GET /" + b"x" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 431 ")
    alive(line)


def test_headers_of_a_usual_size_pass(line: Line) -> None:
    headers = {f"X-Amz-Meta-{n}": "x" * 1_000 for n in range(30)}
    assert line.ask(form("ListUsers", IAM, {}), headers={**headers, "Content-Type": FORM}).status == 200


def test_many_requests_sent_at_once_are_answered_in_order(server: Server, line: Line) -> None:
    bodies = [form("GetUser", IAM, {"UserName": f"pipelined{n}"}) for n in range(20)]
    sent = b""
    for body in bodies:
        head = "".join(f"{name}: {value}\r\n" for name, value in line.signed(body).items())
        sent += f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    place = urlsplit(server.endpoint)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
        connection.sendall(sent)
        said = b""
        while said.count(b"</ErrorResponse>") < 20:
            part = connection.recv(65_536)
            assert part, said
            said += part
    order = [said.find(f"with name pipelined{n} ".encode()) for n in range(20)]
    assert -1 not in order and order == sorted(order)


def test_the_log_has_no_surprise(server: Server, line: Line) -> None:
    """Last in this module: nothing above was unforeseen."""
    alive(line)
    said = server.log.read_text()
    assert "Traceback" not in said and "Error at" not in said, said


def test_an_escaped_name_is_read_once(line: Line) -> None:
    reply = line.ask(b"Action=GetUser&Version=2010-05-08&UserName=" + quote("a%2Fb").encode())
    assert reply.code == "ValidationError"
