"""Two engines behind one address, and what becomes of requests and objects when an engine is gone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ostiary.app import engine_signer
from ostiary.clock import SystemClock
from ostiary.engines.engine import EngineAddress
from ostiary.engines.seaweedfs import SeaweedFS
from ostiary.entropy import SystemEntropy
from tests.guarded.test_forms import post, refusal
from tests.live import BIN, Server

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


UNTOLD = (
    b"HTTP/1.1 501 Not Implemented\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n"
    b"<Error><Code>NotImplemented</Code><Message>A header you provided implies functionality that is not implemented"
    b"</Message></Error>"
)
"""What AWS says to a body in HTTP's own chunks."""


class Relay:
    """A way to an engine, on a port of its own, that can be closed and opened again. It takes no body of unknown
    length, as AWS does not.
    """

    def __init__(self, to: EngineAddress) -> None:
        self._to, self._open = to, False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._listener.close()
        self._held: list[socket.socket] = []

    def open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._open = True
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        self._open = False
        for each in (self._listener, *self._held):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._held.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while self._open:
                one, _ = listener.accept()
                other = socket.create_connection((self._to.host, self._to.port))
                self._held += [one, other]
                for pair in ((one, other), (other, one)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    @staticmethod
    def _pass(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                if data.startswith((b"PUT ", b"POST ")) and b"\ntransfer-encoding: chunked\r" in data.lower():
                    one.sendall(UNTOLD)
                    break
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@dataclass
class Both:
    """A server whose buckets `far-…` are another engine's."""

    server: Server
    relay: Relay
    far: SeaweedFS

    @property
    def s3(self) -> Any:
        return self.server.client("s3", region_name="us-east-1")

    def events(self) -> str:
        command = [str(BIN / "ostiary"), "events", "--data", str(self.server.data), "--json"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def weed(self) -> int:
        """The process of the server's own engine."""
        children = Path(f"/proc/{self.server.process.pid}/task/{self.server.process.pid}/children").read_text().split()
        threads = Path(f"/proc/{self.server.process.pid}/task").iterdir()
        found = {*children, *(pid for each in threads for pid in (each / "children").read_text().split())}
        return next(int(pid) for pid in found if b"weed" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    home = tmp_path_factory.mktemp("both")
    far = SeaweedFS(home / "far", entropy=SystemEntropy(), clock=SystemClock(), signer=engine_signer, grace=0.1)
    far.start()
    assert far.wait_ready(60), far.failure
    address = far.address()
    assert address is not None
    relay = Relay(address)
    relay.open()
    engines = home / "engines.toml"
    engines.touch(0o600)
    engines.write_text(
        f'[elsewhere]\nprefix = "far-"\nendpoint = "http://127.0.0.1:{relay.port}"\n'
        f'access_key_id = "{address.akid}"\nsecret_access_key = "{address.secret}"\n'
    )
    server = Server.start(home / "data", "--s3-engines", str(engines))
    server.wait_for_s3()
    made = Both(server, relay, far)
    yield made
    made.server.stop()
    relay.close()
    far.stop()


def until(fact: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


def serves(client: Any, bucket: str) -> bool:
    try:
        client.list_objects_v2(Bucket=bucket)
    except ClientError:
        return False
    return True


def test_buckets_are_kept_by_the_engine_of_their_prefix_and_listed_together(both: Both) -> None:
    for name in ("near-one", "far-one"):
        both.s3.create_bucket(Bucket=name)
        both.s3.put_object(Bucket=name, Key="a", Body=name.encode())
        assert both.s3.get_object(Bucket=name, Key="a")["Body"].read() == name.encode()
    assert {"near-one", "far-one"} <= {each["Name"] for each in both.s3.list_buckets()["Buckets"]}
    address = both.far.address()
    assert address is not None
    direct = Server.client(
        *(both.server, "s3", (address.akid, address.secret)), region_name="us-east-1"
    )  # signs with the engine's own key, which is none of ours
    with pytest.raises(ClientError) as refused:
        direct.list_buckets()
    assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"
    import boto3

    there = boto3.client(
        "s3",
        endpoint_url=f"http://{address.authority}",
        region_name="us-east-1",
        aws_access_key_id=address.akid,
        aws_secret_access_key=address.secret,
    )
    assert [each["Name"] for each in there.list_buckets()["Buckets"]] == ["far-one"]


def test_an_engine_that_is_gone_is_told_by_503_and_in_the_record_and_the_other_goes_on(both: Both) -> None:
    for name in ("near-two", "far-two"):
        both.s3.create_bucket(Bucket=name)
    both.s3.put_object(Bucket="far-two", Key="a", Body=b"kept")
    both.relay.close()
    began = time.monotonic()
    with pytest.raises(ClientError) as refused:
        both.s3.get_object(Bucket="far-two", Key="a")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert refused.value.response["Error"] == {
        **refused.value.response["Error"],
        "Code": "ServiceUnavailable",
        "Message": "Service is unable to handle request.",
    }
    with pytest.raises(ClientError) as refused:
        both.s3.create_bucket(Bucket="far-three")
    assert refused.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert time.monotonic() - began < 8
    both.s3.put_object(Bucket="near-two", Key="a", Body=b"x")
    time.sleep(0.3)
    told = [json.loads(line) for line in both.events().splitlines() if "ServiceUnavailable" in line]
    assert {"GetObject", "CreateBucket"} <= {each["eventName"] for each in told}
    assert all("(" in each["errorMessage"] for each in told)
    both.relay.open()
    until(lambda: serves(both.s3, "far-two"))
    assert both.s3.get_object(Bucket="far-two", Key="a")["Body"].read() == b"kept"


def begun(both: Both, bucket: str, key: str, size: int, sent: int) -> socket.socket:
    """An upload of which so much was sent."""
    client = both.server.client("s3", region_name="us-east-1", config={"signature_version": "s3v4"})
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=600)
    path, where = url.partition(both.server.endpoint)[2], both.server.endpoint.rpartition("/")[2]
    host, _, port = where.partition(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: {where}\r\nContent-Length: {size}\r\n\r\n".encode())
    connection.sendall(b"x" * sent)
    time.sleep(0.3)  # it is on its way to the engine
    return connection


def test_an_engine_killed_during_an_upload_leaves_no_half_object_and_loses_none(both: Both) -> None:
    both.s3.create_bucket(Bucket="near-kill")
    for number in range(5):
        both.s3.put_object(Bucket="near-kill", Key=f"kept-{number}", Body=bytes([number]) * 100_000)
    both.s3.put_object(Bucket="near-kill", Key="half", Body=b"old")
    with begun(both, "near-kill", "half", 8_000_000, 5_000_000) as upload:
        os.kill(both.weed(), signal.SIGKILL)
        with suppress(OSError):
            upload.sendall(b"x" * 3_000_000)
        status = upload.recv(65536)[9:12]
    assert status in (b"503", b"")
    until(lambda: serves(both.s3, "near-kill"))
    for number in range(5):
        kept = both.s3.get_object(Bucket="near-kill", Key=f"kept-{number}")["Body"].read()
        assert kept == bytes([number]) * 100_000
    assert both.s3.get_object(Bucket="near-kill", Key="half")["Body"].read() == b"old"


def test_a_client_that_goes_away_during_an_upload_leaves_nothing(both: Both) -> None:
    both.s3.create_bucket(Bucket="near-gone")
    begun(both, "near-gone", "a", 4_000_000, 3_000_000).close()
    time.sleep(0.5)
    assert both.s3.list_objects_v2(Bucket="near-gone")["KeyCount"] == 0


def test_a_server_killed_during_uploads_leaves_no_half_object_and_loses_none(both: Both) -> None:
    both.s3.create_bucket(Bucket="near-crash")
    both.s3.put_object(Bucket="near-crash", Key="kept", Body=b"kept" * 50_000)
    uploads = [begun(both, bucket, "half", 4_000_000, 3_000_000) for bucket in ("near-crash", "far-one")]
    os.killpg(both.server.process.pid, signal.SIGKILL)
    both.server.stop()
    for each in uploads:
        each.close()
    engines = both.server.data.parent / "engines.toml"
    both.server = Server.start(both.server.data, "--s3-engines", str(engines))
    until(lambda: serves(both.s3, "near-crash"))
    assert both.s3.get_object(Bucket="near-crash", Key="kept")["Body"].read() == b"kept" * 50_000
    assert both.s3.list_objects_v2(Bucket="near-crash")["KeyCount"] == 1
    assert [each["Key"] for each in both.s3.list_objects_v2(Bucket="far-one")["Contents"]] == ["a"]


def told(call: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**params)
    return str(refused.value.response["Error"]["Code"])


def test_a_copy_from_one_engine_to_the_other_is_as_one_within_an_engine(both: Both) -> None:
    content, s3 = os.urandom(6_000_000), both.s3
    for name in ("near-copy", "far-copy"):
        s3.create_bucket(Bucket=name)
    more = {
        "ContentType": "text/x-one",
        "CacheControl": "no-store",
        "Metadata": {"who": "me"},
        "Tagging": "a%20b=1%2B2",
    }
    etag = s3.put_object(Bucket="near-copy", Key="a b/ü", Body=content, **more)["ETag"]
    source = {"Bucket": "near-copy", "Key": "a b/ü"}
    for bucket in ("far-copy", "near-copy"):  # the second is the engine's own
        where = {"Bucket": bucket, "Key": "copy"}
        made = s3.copy_object(**where, CopySource=source)["CopyObjectResult"]
        there = s3.get_object(**where)
        assert (made["ETag"], there["ETag"], there["Body"].read()) == (etag, etag, content)
        assert made["LastModified"].replace(microsecond=0) == there["LastModified"]
        assert (there["ContentType"], there["CacheControl"], there["Metadata"]) == (
            "text/x-one",
            "no-store",
            {"who": "me"},
        )
        assert s3.get_object_tagging(**where)["TagSet"] == [{"Key": "a b", "Value": "1+2"}]
        anew = {"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE", "Metadata": {"other": "one"}}
        s3.copy_object(**where, CopySource=source, **anew, Tagging="c=3", ContentType="text/x-two")
        there = s3.head_object(**where)
        assert (there["ContentType"], there.get("CacheControl"), there["Metadata"]) == (
            "text/x-two",
            None,
            {"other": "one"},
        )
        assert s3.get_object_tagging(**where)["TagSet"] == [{"Key": "c", "Value": "3"}]
        assert told(s3.copy_object, **where, CopySource={**source, "Key": "missing"}) == "NoSuchKey"
        unlike = {"CopySourceIfMatch": '"0"'}
        assert told(s3.copy_object, **where, CopySource=source, **unlike) == "PreconditionFailed"
        assert told(s3.copy_object, **where, CopySource=source, CopySourceIfNoneMatch=etag) == "PreconditionFailed"
        upload = {"Bucket": bucket, "Key": "parts"}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        parts = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part_copy(
                    **upload, PartNumber=number, CopySource=source, CopySourceRange=f"bytes={span}"
                )["CopyPartResult"]["ETag"],
            }
            for number, span in ((1, "0-5242879"), (2, "5242880-5999999"))
        ]
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == content


def test_a_form_reaches_an_engine_that_takes_no_body_of_unknown_length(both: Both) -> None:
    both.s3.create_bucket(Bucket="far-forms")
    client = both.server.client("s3", region_name="us-east-1", config={"signature_version": "s3v4"})
    for size in (0, 5, 3_000_000):
        content = os.urandom(size)
        given = client.generate_presigned_post("far-forms", "up", Conditions=[["content-length-range", 0, 3_000_000]])
        assert post(given["url"], given["fields"], content)[0] == 204
        assert client.get_object(Bucket="far-forms", Key="up")["Body"].read() == content
    assert refusal(post(given["url"], given["fields"], os.urandom(3_000_001)))[1] == "EntityTooLarge"
    assert client.head_object(Bucket="far-forms", Key="up")["ContentLength"] == 3_000_000
    assert not [each.name for each in both.server.data.iterdir() if each.name.startswith("tmp")]
