"""Encryption at rest (SSE-S3), from outside and on the disk."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.guarded.conftest import S3World
from tests.refusals import code

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

DEFAULT = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
MANY = 5 * 1024 * 1024


def on_disk(data: Path, word: bytes) -> bool:
    """Whether a word stands anywhere in what the engine keeps."""
    return any(word in each.read_bytes() for each in (data / "volumes").rglob("*") if each.is_file())


def test_what_is_encrypted_is_read_as_it_was_and_is_not_on_the_disk(guarded: S3World) -> None:
    bucket, root = guarded.bucket(), guarded.root
    said, plain = (secrets.token_hex(16).encode() for _ in range(2))
    put = root.put_object(Bucket=bucket, Key="said", Body=said * 2000, ServerSideEncryption="AES256")
    root.put_object(Bucket=bucket, Key="plain", Body=plain * 2000)
    assert put["ServerSideEncryption"] == "AES256"
    assert root.head_object(Bucket=bucket, Key="said")["ServerSideEncryption"] == "AES256"
    assert root.get_object(Bucket=bucket, Key="said")["Body"].read() == said * 2000
    assert "ServerSideEncryption" not in root.head_object(Bucket=bucket, Key="plain")
    user = guarded.s3(guarded.person({"Action": "s3:*", "Resource": "*"}))
    for client in (root, user):
        begun = client.create_multipart_upload(Bucket=bucket, Key="parts", ServerSideEncryption="AES256")
        assert begun["ServerSideEncryption"] == "AES256"
        upload = {"Bucket": bucket, "Key": "parts", "UploadId": begun["UploadId"]}
        part = client.upload_part(**upload, PartNumber=1, Body=said)
        assert part["ServerSideEncryption"] == "AES256"
        whole = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        assert client.complete_multipart_upload(**upload, MultipartUpload=whole)["ServerSideEncryption"] == "AES256"
    assert "ServerSideEncryption" not in root.create_multipart_upload(Bucket=bucket, Key="parts")
    data = guarded.server.data
    assert (on_disk(data, plain), on_disk(data, said)) == (True, False)


def test_a_bucket_encrypts_what_is_written_into_it_in_every_way(guarded: S3World) -> None:
    bucket, root = guarded.bucket(), guarded.root
    word = secrets.token_hex(16).encode()
    body = word * (MANY // len(word) + 1)
    root.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=DEFAULT)
    root.put_object(Bucket=bucket, Key="put", Body=word * 2000)
    upload = {"Bucket": bucket, "Key": "parts", "UploadId": ""}
    upload["UploadId"] = root.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    parts = [
        {"PartNumber": n, "ETag": root.upload_part(**upload, PartNumber=n, Body=each)["ETag"]}
        for n, each in ((1, body), (2, b"last"))
    ]
    root.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    root.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "parts"})
    for key in ("parts", "copy"):
        assert root.get_object(Bucket=bucket, Key=key)["Body"].read() == body + b"last"
        assert root.head_object(Bucket=bucket, Key=key)["ServerSideEncryption"] == "AES256"
    part = root.get_object(Bucket=bucket, Key="copy", Range=f"bytes={len(body) - 2}-{len(body) + 1}")["Body"].read()
    assert part == body[-2:] + b"la"
    assert not on_disk(guarded.server.data, word)
    root.delete_bucket_encryption(Bucket=bucket)
    assert "ServerSideEncryption" not in root.put_object(Bucket=bucket, Key="later", Body=b"x")


def test_keys_of_kms_are_not_implemented_and_a_policy_can_demand_encryption(guarded: S3World) -> None:
    bucket, root = guarded.bucket(), guarded.root
    put = {"Bucket": bucket, "Key": "a", "Body": b"x"}
    assert code(root.put_object, **put, ServerSideEncryption="aws:kms") == "NotImplemented"
    kms = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    configure = {"Bucket": bucket, "ServerSideEncryptionConfiguration": kms}
    assert code(root.put_bucket_encryption, **configure) == "NotImplemented"
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}},
    }
    guarded.policy(bucket, deny)
    assert code(root.put_object, **put) == "AccessDenied"
    root.put_object(**put, ServerSideEncryption="AES256")
