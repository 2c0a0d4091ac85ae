"""What clients send as bodies arrives byte for byte, and nothing else does."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World
from tests.live import BIN, clean_environment
from tests.refusals import code

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
@pytest.mark.parametrize("size", [0, 1, 8192, 300_000])
def test_every_checksum_of_an_upload_is_understood(guarded: S3World, algorithm: str, size: int) -> None:
    bucket, body = guarded.bucket(), os.urandom(size)
    guarded.root.put_object(Bucket=bucket, Key="a", Body=body, ChecksumAlgorithm=algorithm)
    assert guarded.root.get_object(Bucket=bucket, Key="a")["Body"].read() == body


def test_a_stream_of_unknown_seekability_is_sent_in_chunks_and_arrives(guarded: S3World) -> None:
    bucket, body = guarded.bucket(), os.urandom(3_000_000)
    guarded.root.put_object(Bucket=bucket, Key="a", Body=io.BytesIO(body))
    answer = guarded.root.get_object(Bucket=bucket, Key="a")
    assert answer["Body"].read() == body
    assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert "ContentEncoding" not in answer


def test_a_body_with_another_checksum_is_refused_and_leaves_nothing(guarded: S3World) -> None:
    bucket = guarded.bucket()
    assert code(guarded.root.put_object, Bucket=bucket, Key="a", Body=b"one", ChecksumSHA256="A" * 43 + "=") in (
        "BadDigest",
        "InvalidRequest",
        "XAmzContentChecksumMismatch",
    )
    assert guarded.root.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert (
        code(guarded.root.put_object, Bucket=bucket, Key="a", Body=b"one", ContentMD5="CY9rzUYh03PK3k6DJie09g==")
        == "BadDigest"
    )
    assert guarded.root.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_large_object_goes_up_in_parts_and_comes_down_in_ranges(guarded: S3World, tmp_path: Path) -> None:
    from boto3.s3.transfer import TransferConfig

    bucket, body = guarded.bucket(), os.urandom(21_000_000)
    transfer = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    guarded.root.upload_fileobj(io.BytesIO(body), bucket, "big", Config=transfer)
    down = io.BytesIO()
    guarded.root.download_fileobj(bucket, "big", down, Config=transfer)
    assert down.getvalue() == body
    part = guarded.root.get_object(Bucket=bucket, Key="big", Range="bytes=5000000-5000099")
    assert part["Body"].read() == body[5_000_000:5_000_100]
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_completing_an_upload_names_our_address_and_not_the_engines(guarded: S3World) -> None:
    bucket = guarded.bucket()
    upload = guarded.root.create_multipart_upload(Bucket=bucket, Key="a")["UploadId"]
    part = guarded.root.upload_part(Bucket=bucket, Key="a", UploadId=upload, PartNumber=1, Body=b"one")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = guarded.root.complete_multipart_upload(Bucket=bucket, Key="a", UploadId=upload, MultipartUpload=parts)
    assert done["Location"].startswith(guarded.server.endpoint) or "127.0.0.1" not in done["Location"]
    assert guarded.root.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"


@pytest.mark.parametrize(
    "key", ["a b", "ü/ß", "a+b", "a%2Fb", "q?x=1&y", "~tilde", "(paren)'!*", "日本/語", "a=b;c", "x#y"]
)
def test_keys_of_every_kind_come_back_as_they_were(guarded: S3World, key: str) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert guarded.root.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [each["Key"] for each in guarded.root.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


@pytest.mark.parametrize("key", ["a//b", "/a", "a/../b", "./a", "a\\b"])
def test_keys_that_the_engine_would_confuse_are_refused(guarded: S3World, key: str) -> None:
    bucket = guarded.bucket()
    assert code(guarded.root.put_object, Bucket=bucket, Key=key, Body=b"x") == "NotImplemented"
    assert code(guarded.root.get_object, Bucket=bucket, Key=key) == "NoSuchKey"


def test_metadata_and_the_usual_headers_are_kept(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(
        Bucket=bucket, Key="a", Body=b"one", ContentType="text/x-one", CacheControl="no-store", Metadata={"who": "me"}
    )
    head = guarded.root.head_object(Bucket=bucket, Key="a")
    assert (head["ContentType"], head["CacheControl"], head["Metadata"]) == ("text/x-one", "no-store", {"who": "me"})


def test_versions_are_kept_and_asked_for_by_their_own_action(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")["VersionId"]
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"two")
    plain = guarded.s3(guarded.person({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}))
    both = guarded.s3(guarded.person({"Action": "s3:GetObjectVersion", "Resource": f"arn:aws:s3:::{bucket}/*"}))
    assert plain.get_object(Bucket=bucket, Key="a")["Body"].read() == b"two"
    with pytest.raises(ClientError):
        plain.get_object(Bucket=bucket, Key="a", VersionId=first)
    assert both.get_object(Bucket=bucket, Key="a", VersionId=first)["Body"].read() == b"one"


def test_virtual_hosts_are_the_same_buckets(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    client = guarded.root

    def as_virtual_host(request: Any, **_: Any) -> None:
        request.headers["Host"] = f"{bucket}.s3.ap-northeast-2.amazonaws.com"
        request.url = request.url.replace(f"/{bucket}", "", 1)

    client.meta.events.register("before-sign.s3", as_virtual_host)
    assert client.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"


def test_the_aws_cli_syncs_a_folder_there_and_back(guarded: S3World, tmp_path: Path) -> None:
    bucket, key = guarded.bucket(), guarded.server.root
    here, there = tmp_path / "here", tmp_path / "there"
    for name in ("one", "sub/two", "sub/deep/three four"):
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(10_000))
    environment = {
        **clean_environment(tmp_path),
        "AWS_ACCESS_KEY_ID": key[0],
        "AWS_SECRET_ACCESS_KEY": key[1],
        "AWS_ENDPOINT_URL": guarded.server.endpoint,
        "AWS_DEFAULT_REGION": "ap-northeast-2",
    }

    def aws(*arguments: str) -> str:
        command = [str(BIN / "aws"), "s3", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    aws("sync", str(here), f"s3://{bucket}/x")
    aws("sync", f"s3://{bucket}/x", str(there))
    for path in here.rglob("*"):
        if path.is_file():
            assert (there / path.relative_to(here)).read_bytes() == path.read_bytes()
    assert "3 objects" in aws("ls", "--recursive", "--summarize", f"s3://{bucket}").replace(
        "Total Objects: 3", "3 objects"
    )
    aws("rm", "--recursive", f"s3://{bucket}")
    aws("rb", f"s3://{bucket}")


def test_a_head_that_comes_together_with_a_long_body_is_not_taken_for_a_long_head(guarded: S3World) -> None:
    bucket, body = guarded.bucket(), os.urandom(1_000_000)
    client = guarded.s3(guarded.server.root, config={"signature_version": "s3v4"})
    host, _, port = guarded.server.endpoint.rpartition("/")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        for number in range(4):
            url = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": str(number)})
            path = url.removeprefix(guarded.server.endpoint)
            head = f"PUT {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            assert connection.recv(65536)[9:12] == b"200"
    assert guarded.root.list_objects_v2(Bucket=bucket)["KeyCount"] == 4
    assert guarded.root.get_object(Bucket=bucket, Key="3")["Body"].read() == body
