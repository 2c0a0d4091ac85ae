"""Bodies as they stand on the wire: announced, asked for, in signed chunks, slow, broken off."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from ostiary.sigv4 import SIGNING_KEYS, ChunkSigner, Credentials, Scope, sha256_hex, sign
from tests.guarded.conftest import S3World
from tests.refusals import code

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

Headers = list[tuple[str, str]]


def head(
    guarded: S3World, method: str, path: str, declared: str = "UNSIGNED-PAYLOAD", *more: tuple[str, str]
) -> Headers:
    """Signed headers."""
    headers = [("host", guarded.server.endpoint.removeprefix("http://")), *more]
    key = guarded.server.root
    return headers + sign(
        Credentials(akid=key[0], secret=key[1]),
        method=method,
        raw_path=path,
        raw_query="",
        headers=headers,
        payload_hash=declared,
        now=datetime.now(UTC),
        region="ap-northeast-2",
        service="s3",
    )


@contextmanager
def connected(guarded: S3World) -> Iterator[socket.socket]:
    host, _, port = guarded.server.endpoint.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        yield connection


def say(connection: socket.socket, method: str, path: str, headers: Headers, body: bytes = b"") -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    connection.sendall(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)


def answer(connection: socket.socket) -> tuple[int, str]:
    """Status and error code of an answer that ends the connection or says its length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or b"\r\n\r\n"
    top, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in top.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0].split(b":")[1]):
        body += connection.recv(65536)
    code = ElementTree.fromstring(body).findtext("Code") if b"<Error>" in body else ""
    return int(top[9:12] or 0), code or ""


def count(guarded: S3World, bucket: str) -> int:
    found: int = guarded.root.list_objects_v2(Bucket=bucket)["KeyCount"]
    return found


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ([("content-length", str(5 * 1024**3 + 1))], 400, "EntityTooLarge"),
        ([("transfer-encoding", "chunked")], 501, "NotImplemented"),
        ([("content-length", "5"), ("content-md5", "no")], 400, "InvalidDigest"),
        ([("content-length", "5"), ("x-amz-checksum-crc32", "AAAA")], 400, "InvalidRequest"),
    ],
)
def test_what_is_announced_wrongly_is_refused_before_the_body_is_sent(
    guarded: S3World, more: Headers, status: int, code: str
) -> None:
    bucket = guarded.bucket()
    signed = [each for each in more if each[0].startswith("x-amz-")]
    others = [each for each in more if each not in signed]
    with connected(guarded) as connection:
        headers = (
            head(guarded, "PUT", f"/{bucket}/a", "UNSIGNED-PAYLOAD", *signed) + others + [("expect", "100-continue")]
        )
        say(connection, "PUT", f"/{bucket}/a", headers)
        assert answer(connection) == (status, code)
    assert count(guarded, bucket) == 0


def test_the_body_is_asked_for_only_of_those_who_may_send_it(guarded: S3World) -> None:
    bucket = guarded.bucket()
    path, expecting = f"/{bucket}/a", [("content-length", "5"), ("expect", "100-continue")]
    with connected(guarded) as connection:
        say(connection, "PUT", path, head(guarded, "PUT", path) + expecting)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert answer(connection)[0] == 200
    with connected(guarded) as connection:
        say(connection, "PUT", path, [("host", "localhost"), *expecting])
        assert answer(connection) == (403, "AccessDenied")
    assert guarded.root.get_object(Bucket=bucket, Key="a")["Body"].read() == b"hello"


def signed_chunks(
    guarded: S3World, path: str, body: bytes, size: int, spoil: int | None = None
) -> tuple[Headers, bytes]:
    """An upload in signed chunks, as the SDKs for Java and Go write it; `spoil`: a chunk with another's signature."""
    kind, key = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", guarded.server.root
    more = [("content-encoding", "aws-chunked"), ("x-amz-decoded-content-length", str(len(body)))]
    headers = head(guarded, "PUT", path, kind, *more)
    said = dict(headers)
    proof = said["authorization"].rpartition("Signature=")[2]
    scope = said["authorization"].partition("Credential=")[2].partition(",")[0].partition("/")[2]
    found = SIGNING_KEYS.find(key[1], Scope(*scope.split("/")[:3]))
    signer = ChunkSigner(found.key, said["x-amz-date"], scope, proof)
    chunks = [body[start : start + size] for start in range(0, len(body), size)] + [b""]
    sent = b""
    for number, chunk in enumerate(chunks):
        signature = signer.chunk(sha256_hex(chunk)) if number != spoil else "0" * 64
        sent += f"{len(chunk):x};chunk-signature={signature}\r\n".encode() + chunk + b"\r\n"
    return [*headers, ("content-length", str(len(sent)))], sent


@pytest.mark.parametrize("size", [8192, 65536, 10_000_000])
def test_signed_chunks_arrive_whole_and_a_wrong_one_leaves_nothing(guarded: S3World, size: int) -> None:
    bucket, body = guarded.bucket(), os.urandom(300_000)
    path = f"/{bucket}/a"
    with connected(guarded) as connection:
        headers, sent = signed_chunks(guarded, path, body, size)
        say(connection, "PUT", path, headers, sent)
        assert answer(connection) == (200, "")
    stored = guarded.root.get_object(Bucket=bucket, Key="a")
    assert stored["Body"].read() == body and "ContentEncoding" not in stored
    for spoil in (0, -(-len(body) // size)):  # the first, and the last, which is empty
        with connected(guarded) as connection:
            headers, sent = signed_chunks(guarded, f"/{bucket}/b", body, size, spoil)
            say(connection, "PUT", f"/{bucket}/b", headers, sent)
            assert answer(connection) == (403, "SignatureDoesNotMatch")
    assert count(guarded, bucket) == 1


def test_a_body_that_is_not_the_hashed_one_leaves_nothing_however_long_it_is(guarded: S3World) -> None:
    bucket = guarded.bucket()
    for size in (10, 100_000, 3_000_000):
        body, path = os.urandom(size), f"/{bucket}/{size}"
        with connected(guarded) as connection:
            headers = [*head(guarded, "PUT", path, sha256_hex(body)), ("content-length", str(size))]
            say(connection, "PUT", path, headers, body[:-1] + bytes([body[-1] ^ 1]))
            assert answer(connection) == (400, "XAmzContentSHA256Mismatch")
    assert count(guarded, bucket) == 0


def test_conditions_and_ranges_are_kept(guarded: S3World) -> None:
    bucket, client = guarded.bucket(), guarded.root
    etag = client.put_object(Bucket=bucket, Key="a", Body=b"0123456789", IfNoneMatch="*")["ETag"]

    def status(call: Any, **more: Any) -> int:
        try:
            told: int = call(Bucket=bucket, Key="a", **more)["ResponseMetadata"]["HTTPStatusCode"]
        except ClientError as refused:
            told = refused.response["ResponseMetadata"]["HTTPStatusCode"]
        return told

    assert status(client.put_object, Body=b"x", IfNoneMatch="*") == 412
    assert status(client.put_object, Body=b"0123456789", IfMatch=etag) == 200
    assert status(client.get_object, IfNoneMatch=etag) == 304
    assert status(client.get_object, IfMatch='"0"') == 412
    assert status(client.get_object, IfModifiedSince=datetime(2099, 1, 1, tzinfo=UTC)) in (200, 304)
    assert status(client.get_object, Range="bytes=3-5") == 206
    assert status(client.get_object, Range="bytes=50-60") == 416
    assert client.get_object(Bucket=bucket, Key="a", Range="bytes=-2")["Body"].read() == b"89"


def test_ten_thousand_parts_can_be_named_and_no_more(guarded: S3World) -> None:
    bucket, client = guarded.bucket(), guarded.root
    upload = client.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    etag = client.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=10_000, Body=b"last")["ETag"]
    assert (
        code(client.upload_part, Bucket=bucket, Key="a", UploadId=upload, PartNumber=10_001, Body=b"x")
        == "InvalidArgument"
    )
    every = {"Parts": [{"PartNumber": number, "ETag": etag} for number in range(1, 10_001)]}
    # it is read whole, and the parts that were never sent are missed
    assert (
        code(client.complete_multipart_upload, Bucket=bucket, Key="a", UploadId=upload, MultipartUpload=every)
        == "InvalidPart"
    )
    client.abort_multipart_upload(Bucket=bucket, Key="a", UploadId=upload)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)
    assert code(client.upload_part, Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"x") == "NoSuchUpload"


def test_slow_clients_cost_little_memory_and_hold_up_nobody(guarded: S3World) -> None:
    bucket, body = guarded.bucket(), os.urandom(24_000_000)
    guarded.root.put_object(Bucket=bucket, Key="a", Body=body)

    def held() -> int:
        status = Path(f"/proc/{guarded.server.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    before, slow = held(), 24
    with ExitStack() as stack:
        readers = [stack.enter_context(connected(guarded)) for _ in range(slow)]
        for each in readers:
            say(each, "GET", f"/{bucket}/a", head(guarded, "GET", f"/{bucket}/a"))
        writers = [stack.enter_context(connected(guarded)) for _ in range(slow)]
        for number, each in enumerate(writers):
            path = f"/{bucket}/slow-{number}"
            say(each, "PUT", path, [*head(guarded, "PUT", path), ("content-length", str(len(body)))], body[:1_000_000])
        time.sleep(1)
        assert guarded.root.head_object(Bucket=bucket, Key="a")["ContentLength"] == len(body)
        assert held() - before < 2 * slow * 1024  # KB: a megabyte each
        got = b""
        while len(got) < 1_000_000:
            got += readers[0].recv(65536)
        assert body.startswith(got.partition(b"\r\n\r\n")[2])
    time.sleep(0.3)
    assert count(guarded, bucket) == 1
