"""The operations that are forwarded do at SeaweedFS what AWS's documentation says: boto3 asks the engine directly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostiary.services.s3.operations import FORWARDED, OWNED
from tests.refusals import code

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("engine")]

EXERCISED: set[str] = set()
TAGS = {"TagSet": [{"Key": "team", "Value": "a b"}]}


@pytest.fixture(scope="module")
def c(s3: Any) -> Any:
    """The client; it notes which operations it was asked for."""

    def note(model: Any, **_: Any) -> None:
        EXERCISED.add(model.name)

    s3.meta.events.register("before-call.s3", note)
    yield s3
    s3.meta.events.unregister("before-call.s3", note)


@pytest.fixture(scope="module")
def box(c: Any) -> str:
    c.create_bucket(Bucket="forwarded")
    return "forwarded"


def test_objects(c: Any, box: str) -> None:
    put = c.put_object(Bucket=box, Key="a/k", Body=b"hello", Metadata={"color": "red"}, Tagging="team=a%20b")
    got = c.get_object(Bucket=box, Key="a/k")
    assert (got["Body"].read(), got["ETag"], got["Metadata"], got["TagCount"]) == (
        b"hello",
        put["ETag"],
        {"color": "red"},
        1,
    )
    assert c.head_object(Bucket=box, Key="a/k")["ContentLength"] == 5
    assert c.get_object_attributes(Bucket=box, Key="a/k", ObjectAttributes=["ObjectSize"])["ObjectSize"] == 5
    c.copy_object(Bucket=box, Key="b", CopySource=f"{box}/a/k")
    assert c.get_object(Bucket=box, Key="b")["Metadata"] == {"color": "red"}
    assert c.get_object_tagging(Bucket=box, Key="b")["TagSet"] == TAGS["TagSet"]
    assert code(c.put_object, Bucket=box, Key="b", Body=b"", IfNoneMatch="*") == "PreconditionFailed"
    c.delete_object(Bucket=box, Key="b")
    assert code(c.get_object, Bucket=box, Key="b") == "NoSuchKey"


def test_object_tags(c: Any, box: str) -> None:
    c.put_object(Bucket=box, Key="tagged", Body=b"")
    c.put_object_tagging(Bucket=box, Key="tagged", Tagging=TAGS)
    assert c.get_object_tagging(Bucket=box, Key="tagged")["TagSet"] == TAGS["TagSet"]
    c.delete_object_tagging(Bucket=box, Key="tagged")
    assert c.get_object_tagging(Bucket=box, Key="tagged")["TagSet"] == []


def test_listings(c: Any) -> None:
    c.create_bucket(Bucket="listed")
    for key in ("a/1", "a/2", "b/1", "c"):
        c.put_object(Bucket="listed", Key=key, Body=b"")
    for listing in (c.list_objects, c.list_objects_v2):
        found = listing(Bucket="listed", Delimiter="/")
        assert [entry["Key"] for entry in found["Contents"]] == ["c"]
        assert [entry["Prefix"] for entry in found["CommonPrefixes"]] == ["a/", "b/"]
        assert [entry["Key"] for entry in listing(Bucket="listed", Prefix="a/")["Contents"]] == ["a/1", "a/2"]
    pages = c.get_paginator("list_objects_v2").paginate(Bucket="listed", PaginationConfig={"PageSize": 1})
    assert [entry["Key"] for page in pages for entry in page.get("Contents", [])] == ["a/1", "a/2", "b/1", "c"]
    wanted = [{"Key": "a/1"}, {"Key": "a/2"}, {"Key": "b/1"}]
    deleted = c.delete_objects(Bucket="listed", Delete={"Objects": wanted})["Deleted"]
    assert {entry["Key"] for entry in deleted} == {"a/1", "a/2", "b/1"}
    assert [entry["Key"] for entry in c.list_objects_v2(Bucket="listed")["Contents"]] == ["c"]


def test_uploads_in_parts(c: Any, box: str) -> None:
    c.put_object(Bucket=box, Key="source", Body=b"s" * 5_242_880)
    upload = c.create_multipart_upload(Bucket=box, Key="parts")["UploadId"]
    name = {"Bucket": box, "Key": "parts", "UploadId": upload}
    assert [each["UploadId"] for each in c.list_multipart_uploads(Bucket=box)["Uploads"]] == [upload]
    copied = c.upload_part_copy(**name, PartNumber=1, CopySource=f"{box}/source")["CopyPartResult"]["ETag"]
    sent = c.upload_part(**name, PartNumber=2, Body=b"end")["ETag"]
    assert [part["PartNumber"] for part in c.list_parts(**name)["Parts"]] == [1, 2]
    parts = [{"PartNumber": 1, "ETag": copied}, {"PartNumber": 2, "ETag": sent}]
    c.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
    assert c.get_object(Bucket=box, Key="parts")["Body"].read() == b"s" * 5_242_880 + b"end"
    other = c.create_multipart_upload(Bucket=box, Key="other")["UploadId"]
    c.abort_multipart_upload(Bucket=box, Key="other", UploadId=other)
    assert code(c.list_parts, Bucket=box, Key="other", UploadId=other) == "NoSuchUpload"


def test_versions(c: Any) -> None:
    c.create_bucket(Bucket="versions")
    assert "Status" not in c.get_bucket_versioning(Bucket="versions")
    c.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    assert c.get_bucket_versioning(Bucket="versions")["Status"] == "Enabled"
    first, second = (c.put_object(Bucket="versions", Key="k", Body=body)["VersionId"] for body in (b"1", b"2"))
    assert c.get_object(Bucket="versions", Key="k", VersionId=first)["Body"].read() == b"1"
    assert {v["VersionId"] for v in c.list_object_versions(Bucket="versions")["Versions"]} == {first, second}
    c.delete_object(Bucket="versions", Key="k")
    assert code(c.get_object, Bucket="versions", Key="k") == "NoSuchKey"
    assert len(c.list_object_versions(Bucket="versions")["DeleteMarkers"]) == 1
    c.delete_object(Bucket="versions", Key="k", VersionId=first)
    assert code(c.get_object, Bucket="versions", Key="k", VersionId=first) in ("NoSuchKey", "NoSuchVersion")


def test_object_lock(c: Any) -> None:
    c.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    c.put_object_lock_configuration(
        Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    assert c.get_object_lock_configuration(Bucket="locked")["ObjectLockConfiguration"]["Rule"] == rule
    version = c.put_object(Bucket="locked", Key="k", Body=b"")["VersionId"]
    name = {"Bucket": "locked", "Key": "k", "VersionId": version}
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    c.put_object_retention(**name, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until})
    assert c.get_object_retention(**name)["Retention"] == {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    c.put_object_legal_hold(**name, LegalHold={"Status": "ON"})
    assert c.get_object_legal_hold(**name)["LegalHold"]["Status"] == "ON"
    assert code(c.delete_object, **name) == "AccessDenied"
    c.put_object_legal_hold(**name, LegalHold={"Status": "OFF"})
    assert code(c.delete_object, **name) == "AccessDenied"
    c.delete_object(**name, BypassGovernanceRetention=True)


def test_configuration_of_buckets(c: Any) -> None:
    c.create_bucket(Bucket="configured")
    name = {"Bucket": "configured"}
    c.put_bucket_tagging(**name, Tagging=TAGS)
    assert c.get_bucket_tagging(**name)["TagSet"] == TAGS["TagSet"]
    c.delete_bucket_tagging(**name)
    assert code(c.get_bucket_tagging, **name) == "NoSuchTagSet"
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    c.put_bucket_lifecycle_configuration(**name, LifecycleConfiguration={"Rules": [rule]})
    (kept,) = c.get_bucket_lifecycle_configuration(**name)["Rules"]
    assert (kept["Status"], kept["Filter"], kept["Expiration"]) == ("Enabled", {"Prefix": "tmp/"}, {"Days": 3})
    c.delete_bucket_lifecycle(**name)
    assert code(c.get_bucket_lifecycle_configuration, **name) == "NoSuchLifecycleConfiguration"


def test_encryption_at_rest(c: Any) -> None:
    c.create_bucket(Bucket="encrypted")
    name = {"Bucket": "encrypted"}
    assert code(c.get_bucket_encryption, **name) == "ServerSideEncryptionConfigurationNotFoundError"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    c.put_bucket_encryption(**name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    (kept,) = c.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert kept["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert c.put_object(**name, Key="a", Body=b"x" * 10_000)["ServerSideEncryption"] == "AES256"
    assert c.get_object(**name, Key="a", Range="bytes=9998-")["Body"].read() == b"xx"
    c.delete_bucket_encryption(**name)
    assert "ServerSideEncryption" not in c.put_object(**name, Key="b", Body=b"x")
    assert c.put_object(**name, Key="b", Body=b"x", ServerSideEncryption="AES256")["ServerSideEncryption"] == "AES256"


def test_every_forwarded_operation_was_asked_for_above() -> None:
    assert FORWARDED <= EXERCISED
    assert EXERCISED - FORWARDED <= OWNED
