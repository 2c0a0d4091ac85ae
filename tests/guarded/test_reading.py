"""Parts and ranges of objects, and what lists of uploads are ordered by."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def test_the_first_part_of_an_object_that_came_in_one_piece_is_all_of_it(guarded: S3World) -> None:
    s3, bucket, body = guarded.root, guarded.bucket(), bytes(range(256)) * 20_000
    s3.put_object(Bucket=bucket, Key="a", Body=body)
    found = s3.get_object(Bucket=bucket, Key="a", PartNumber=1)
    assert (found["ContentRange"], found["ResponseMetadata"]["HTTPStatusCode"]) == ("bytes 0-5119999/5120000", 206)
    assert found["Body"].read() == body
    head = s3.head_object(Bucket=bucket, Key="a", PartNumber=1)
    assert (head["ContentLength"], head["ContentRange"]) == (len(body), "bytes 0-5119999/5120000")
    for call in (s3.get_object, s3.head_object):
        with pytest.raises(ClientError) as refused:
            call(Bucket=bucket, Key="a", PartNumber=2)
        assert refused.value.response["Error"]["Code"] in ("InvalidPartNumber", "416")


def test_parts_of_an_object_that_came_in_parts_are_read_one_by_one(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    where = {"Bucket": bucket, "Key": "a"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    bodies = [b"x" * 5 * 2**20, b"yy"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(bodies, 1)
    ]
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    assert [s3.get_object(**where, PartNumber=n)["Body"].read() for n in (1, 2)] == bodies


@pytest.mark.parametrize("said", ["0-1", "2-", "-3", "0-99", "9-9"])
def test_the_head_of_a_range_is_that_of_reading_it(guarded: S3World, said: str) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789", Metadata={"m": "1"})
    read = s3.get_object(Bucket=bucket, Key="a", Range=f"bytes={said}")
    head = s3.head_object(Bucket=bucket, Key="a", Range=f"bytes={said}")
    for member in ("ContentRange", "ContentLength", "ETag", "LastModified", "Metadata", "ContentType"):
        assert head[member] == read[member]
    assert head["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_the_head_of_a_range_that_is_not_there_is_refused(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    with pytest.raises(ClientError) as refused:
        s3.head_object(Bucket=bucket, Key="a", Range="bytes=10-")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 416
    for call in (s3.head_object, s3.get_object):
        assert call(Bucket=bucket, Key="a", Range="bytes=3-2")["ContentLength"] == 10


def test_uploads_are_listed_by_key_and_by_time(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    begun = [s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"] for key in ("c", "a b", "b", "a+b", "a")]
    found = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [each["Key"] for each in found] == ["a", "a b", "a+b", "b", "c"]
    assert {each["UploadId"] for each in found} == set(begun)


def test_a_place_of_a_bucket_that_is_none_is_named_so(guarded: S3World) -> None:
    for place in ("us-east-1", "nowhere-1"):
        with pytest.raises(ClientError) as refused:
            guarded.root.create_bucket(Bucket="of-no-place", CreateBucketConfiguration={"LocationConstraint": place})
        assert refused.value.response["Error"]["Code"] == "InvalidLocationConstraint"
