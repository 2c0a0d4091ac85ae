"""The permissions of each operation, against AWS's documentation and its service authorization reference."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ostiary.services.s3.actions import BODY_FIRST, RULES, S3Ask, asks, with_existing_tags
from ostiary.services.s3.addresses import S3Refusal
from ostiary.services.s3.conditions import ACTION_KEYS, READS_TAGS, BodyFacts, S3Facts, Signature, body_facts
from ostiary.services.s3.operations import FORWARDED, OWNED
from ostiary.services.s3.requests import S3Request, read_request

from .written import MODEL, client, least, write

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "service_reference.json").read_text())["actions"]
CLIENT = client(endpoint_url="http://127.0.0.1:4700")
OLD_NAMES = {"GetBucketLifecycle", "PutBucketLifecycle", "GetBucketNotification", "PutBucketNotification"}
NOT_OF_BUCKETS = {"CreateSession", "ListDirectoryBuckets", "RenameObject", "WriteGetObjectResponse"}
"""Operations of directory buckets and of Object Lambda."""
NOT_DOCUMENTED = {
    *("DeleteObjectAnnotation", "GetObjectAnnotation", "ListObjectAnnotations", "PutObjectAnnotation"),
    "UpdateBucketMetadataAnnotationTableConfiguration",
}
"""Newer than the service authorization reference that we hold: refused."""
SAYS_LESS = {"GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"}
"""Actions at which the reference leaves out a key that it has at every other."""


def asked(operation: str, facts: S3Facts | None = None, **params: Any) -> tuple[S3Ask, ...]:
    """The asks of the request that botocore writes for an operation."""
    given = least(operation, **params)
    body = body_facts(operation, given)
    return asks(request_of(operation, **given), facts or S3Facts(at=NOW, body=body))


def request_of(operation: str, **params: Any) -> S3Request:
    written = write(CLIENT, operation, **params)
    return read_request(written.method, written.host, written.path, written.query, written.headers)


def short(ask: S3Ask) -> str:
    """`PutObject box/key`, with what is conditional in brackets."""
    resource = ask.resource.removeprefix("arn:aws:s3:::")
    return f"{ask.action.removeprefix('s3:')} {resource}" + (" (if tagged)" if ask.only_if_tagged else "")


KEY = {"Bucket": "box", "Key": "k"}
VERSION = {**KEY, "VersionId": "v1"}
COPY = {**KEY, "CopySource": {"Bucket": "from", "Key": "s"}}
COPY_VERSION = {**KEY, "CopySource": {"Bucket": "from", "Key": "s", "VersionId": "v1"}}
LOCKED = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": NOW + timedelta(days=10)}
TAGGED = [{"Key": "a", "Value": "1"}]
PART = {"UploadId": "u", "PartNumber": 1}

# Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
# operation | parameters | permissions
DOCUMENTED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("ListBuckets", {}, ["ListAllMyBuckets *"]),
    ("CreateBucket", {"Bucket": "box"}, ["CreateBucket box"]),
    ("CreateBucket", {"Bucket": "box", "ACL": "public-read"}, ["CreateBucket box", "PutBucketAcl box"]),
    ("CreateBucket", {"Bucket": "box", "GrantRead": "id=1"}, ["CreateBucket box", "PutBucketAcl box"]),
    ("CreateBucket", {"Bucket": "box", "ObjectLockEnabledForBucket": True},
     ["CreateBucket box", "PutBucketObjectLockConfiguration box", "PutBucketVersioning box"]),
    ("CreateBucket", {"Bucket": "box", "ObjectLockEnabledForBucket": False}, ["CreateBucket box"]),
    ("CreateBucket", {"Bucket": "box", "ObjectOwnership": "ObjectWriter"},
     ["CreateBucket box", "PutBucketOwnershipControls box"]),
    ("CreateBucket", {"Bucket": "box", "CreateBucketConfiguration": {"Tags": TAGGED}},
     ["CreateBucket box", "TagResource box"]),
    ("DeleteBucket", {"Bucket": "box"}, ["DeleteBucket box"]),
    ("HeadBucket", {"Bucket": "box"}, ["ListBucket box"]),
    ("ListObjects", {"Bucket": "box"}, ["ListBucket box"]),
    ("ListObjectsV2", {"Bucket": "box"}, ["ListBucket box"]),
    ("ListObjectVersions", {"Bucket": "box"}, ["ListBucketVersions box"]),
    ("ListMultipartUploads", {"Bucket": "box"}, ["ListBucketMultipartUploads box"]),
    ("GetBucketLocation", {"Bucket": "box"}, ["GetBucketLocation box"]),
    ("GetBucketVersioning", {"Bucket": "box"}, ["GetBucketVersioning box"]),
    ("GetBucketCors", {"Bucket": "box"}, ["GetBucketCORS box"]),
    ("PutBucketCors", {"Bucket": "box"}, ["PutBucketCORS box"]),
    ("DeleteBucketCors", {"Bucket": "box"}, ["PutBucketCORS box"]),
    ("GetBucketEncryption", {"Bucket": "box"}, ["GetEncryptionConfiguration box"]),
    ("PutBucketEncryption", {"Bucket": "box"}, ["PutEncryptionConfiguration box"]),
    ("DeleteBucketEncryption", {"Bucket": "box"}, ["PutEncryptionConfiguration box"]),
    ("GetBucketLifecycleConfiguration", {"Bucket": "box"}, ["GetLifecycleConfiguration box"]),
    ("PutBucketLifecycleConfiguration", {"Bucket": "box"}, ["PutLifecycleConfiguration box"]),
    ("DeleteBucketLifecycle", {"Bucket": "box"}, ["PutLifecycleConfiguration box"]),
    ("GetBucketNotificationConfiguration", {"Bucket": "box"}, ["GetBucketNotification box"]),
    ("PutBucketNotificationConfiguration", {"Bucket": "box"}, ["PutBucketNotification box"]),
    ("GetBucketReplication", {"Bucket": "box"}, ["GetReplicationConfiguration box"]),
    ("DeleteBucketReplication", {"Bucket": "box"}, ["PutReplicationConfiguration box"]),
    ("GetBucketTagging", {"Bucket": "box"}, ["GetBucketTagging box"]),
    ("PutBucketTagging", {"Bucket": "box"}, ["PutBucketTagging box"]),
    ("DeleteBucketTagging", {"Bucket": "box"}, ["PutBucketTagging box"]),
    ("DeleteBucketWebsite", {"Bucket": "box"}, ["DeleteBucketWebsite box"]),
    ("GetBucketAccelerateConfiguration", {"Bucket": "box"}, ["GetAccelerateConfiguration box"]),
    ("ListBucketAnalyticsConfigurations", {"Bucket": "box"}, ["GetAnalyticsConfiguration box"]),
    ("DeleteBucketAnalyticsConfiguration", {"Bucket": "box"}, ["PutAnalyticsConfiguration box"]),
    ("ListBucketInventoryConfigurations", {"Bucket": "box"}, ["GetInventoryConfiguration box"]),
    ("DeleteBucketMetricsConfiguration", {"Bucket": "box"}, ["PutMetricsConfiguration box"]),
    ("GetBucketIntelligentTieringConfiguration", {"Bucket": "box"}, ["GetIntelligentTieringConfiguration box"]),
    ("GetObjectLockConfiguration", {"Bucket": "box"}, ["GetBucketObjectLockConfiguration box"]),
    ("PutObjectLockConfiguration", {"Bucket": "box"}, ["PutBucketObjectLockConfiguration box"]),
    ("GetPublicAccessBlock", {"Bucket": "box"}, ["GetBucketPublicAccessBlock box"]),
    ("DeletePublicAccessBlock", {"Bucket": "box"}, ["PutBucketPublicAccessBlock box"]),
    ("DeleteBucketOwnershipControls", {"Bucket": "box"}, ["PutBucketOwnershipControls box"]),
    ("DeleteBucketIntelligentTieringConfiguration", {"Bucket": "box"}, ["PutIntelligentTieringConfiguration box"]),
    ("ListBucketIntelligentTieringConfigurations", {"Bucket": "box"}, ["GetIntelligentTieringConfiguration box"]),
    ("DeleteBucketInventoryConfiguration", {"Bucket": "box"}, ["PutInventoryConfiguration box"]),
    ("GetBucketInventoryConfiguration", {"Bucket": "box"}, ["GetInventoryConfiguration box"]),
    ("GetBucketAnalyticsConfiguration", {"Bucket": "box"}, ["GetAnalyticsConfiguration box"]),
    ("GetBucketMetricsConfiguration", {"Bucket": "box"}, ["GetMetricsConfiguration box"]),
    ("ListBucketMetricsConfigurations", {"Bucket": "box"}, ["GetMetricsConfiguration box"]),
    ("GetBucketAbac", {"Bucket": "box"}, ["GetBucketAbac box"]),
    ("PutBucketAbac", {"Bucket": "box"}, ["PutBucketAbac box"]),
    ("GetBucketAcl", {"Bucket": "box"}, ["GetBucketAcl box"]),
    ("PutBucketAcl", {"Bucket": "box"}, ["PutBucketAcl box"]),
    ("GetBucketLogging", {"Bucket": "box"}, ["GetBucketLogging box"]),
    ("PutBucketLogging", {"Bucket": "box"}, ["PutBucketLogging box"]),
    ("GetBucketOwnershipControls", {"Bucket": "box"}, ["GetBucketOwnershipControls box"]),
    ("PutBucketOwnershipControls", {"Bucket": "box"}, ["PutBucketOwnershipControls box"]),
    ("GetBucketRequestPayment", {"Bucket": "box"}, ["GetBucketRequestPayment box"]),
    ("PutBucketRequestPayment", {"Bucket": "box"}, ["PutBucketRequestPayment box"]),
    ("GetBucketWebsite", {"Bucket": "box"}, ["GetBucketWebsite box"]),
    ("PutBucketVersioning", {"Bucket": "box"}, ["PutBucketVersioning box"]),
    ("PutPublicAccessBlock", {"Bucket": "box"}, ["PutBucketPublicAccessBlock box"]),
    ("PutBucketPolicy", {"Bucket": "box"}, ["PutBucketPolicy box"]),
    ("DeleteBucketPolicy", {"Bucket": "box"}, ["DeleteBucketPolicy box"]),
    ("GetObjectLegalHold", KEY, ["GetObjectLegalHold box/k"]),
    ("GetObjectAcl", KEY, ["GetObjectAcl box/k"]),
    ("DeleteObjectTagging", KEY, ["DeleteObjectTagging box/k"]),
    ("GetBucketPolicy", {"Bucket": "box"}, ["GetBucketPolicy box"]),
    ("GetBucketPolicyStatus", {"Bucket": "box"}, ["GetBucketPolicyStatus box"]),
    ("GetObject", KEY, ["GetObject box/k"]),
    ("GetObject", VERSION, ["GetObjectVersion box/k"]),
    ("HeadObject", KEY, ["GetObject box/k"]),
    ("HeadObject", VERSION, ["GetObjectVersion box/k"]),
    ("SelectObjectContent", KEY, ["GetObject box/k"]),
    ("GetObjectAttributes", KEY, ["GetObject box/k", "GetObjectAttributes box/k"]),
    ("GetObjectAttributes", VERSION, ["GetObjectVersion box/k", "GetObjectVersionAttributes box/k"]),
    ("GetObjectTagging", KEY, ["GetObjectTagging box/k"]),
    ("GetObjectTagging", VERSION, ["GetObjectVersionTagging box/k"]),
    ("PutObjectTagging", KEY, ["PutObjectTagging box/k"]),
    ("PutObjectTagging", VERSION, ["PutObjectVersionTagging box/k"]),
    ("DeleteObjectTagging", VERSION, ["DeleteObjectVersionTagging box/k"]),
    ("GetObjectAcl", VERSION, ["GetObjectVersionAcl box/k"]),
    ("PutObjectAcl", KEY, ["PutObjectAcl box/k"]),
    ("PutObjectAcl", VERSION, ["PutObjectVersionAcl box/k"]),
    ("GetObjectRetention", VERSION, ["GetObjectRetention box/k"]),
    ("PutObjectRetention", KEY, ["PutObjectRetention box/k"]),
    ("PutObjectRetention", {**KEY, "BypassGovernanceRetention": True},
     ["PutObjectRetention box/k", "BypassGovernanceRetention box/k"]),
    ("PutObjectLegalHold", KEY, ["PutObjectLegalHold box/k"]),
    ("GetObjectTorrent", KEY, ["GetObjectTorrent box/k"]),
    ("RestoreObject", KEY, ["RestoreObject box/k"]),
    ("PutObject", KEY, ["PutObject box/k"]),
    ("PutObject", {**KEY, "ACL": "private"}, ["PutObject box/k", "PutObjectAcl box/k"]),
    ("PutObject", {**KEY, "Tagging": "a=1"}, ["PutObject box/k", "PutObjectTagging box/k"]),
    ("PutObject", {**KEY, **LOCKED, "ObjectLockLegalHoldStatus": "ON"},
     ["PutObject box/k", "PutObjectRetention box/k", "PutObjectLegalHold box/k"]),
    ("DeleteObject", KEY, ["DeleteObject box/k"]),
    ("DeleteObject", VERSION, ["DeleteObjectVersion box/k"]),
    ("DeleteObject", {**VERSION, "BypassGovernanceRetention": True},
     ["DeleteObjectVersion box/k", "BypassGovernanceRetention box/k"]),
    ("DeleteObjects", {"Bucket": "box", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v"}]}},
     ["DeleteObject box/a", "DeleteObjectVersion box/b"]),
    ("CreateMultipartUpload", KEY, ["PutObject box/k"]),
    ("CreateMultipartUpload", {**KEY, "ACL": "private", "Tagging": "a=1"},
     ["PutObject box/k", "PutObjectAcl box/k", "PutObjectTagging box/k"]),
    ("UploadPart", {**KEY, **PART}, ["PutObject box/k"]),
    ("CompleteMultipartUpload", {**KEY, "UploadId": "u"}, ["PutObject box/k"]),
    ("AbortMultipartUpload", {**KEY, "UploadId": "u"}, ["AbortMultipartUpload box/k"]),
    ("ListParts", {**KEY, "UploadId": "u"}, ["ListMultipartUploadParts box/k"]),
    ("UploadPartCopy", {**COPY, **PART}, ["GetObject from/s", "PutObject box/k"]),
    ("UploadPartCopy", {**COPY_VERSION, **PART}, ["GetObjectVersion from/s", "PutObject box/k"]),
    ("CopyObject", COPY,
     ["GetObject from/s", "GetObjectTagging from/s (if tagged)", "PutObject box/k",
      "PutObjectTagging box/k (if tagged)"]),
    ("CopyObject", COPY_VERSION,
     ["GetObjectVersion from/s", "GetObjectVersionTagging from/s (if tagged)", "PutObject box/k",
      "PutObjectTagging box/k (if tagged)"]),
    ("CopyObject", {**COPY, "TaggingDirective": "REPLACE"}, ["GetObject from/s", "PutObject box/k"]),
    ("CopyObject", {**COPY, "TaggingDirective": "REPLACE", "Tagging": "a=1", "ACL": "private"},
     ["GetObject from/s", "PutObject box/k", "PutObjectAcl box/k", "PutObjectTagging box/k"]),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "params", "expected"), DOCUMENTED, ids=lambda each: str(each)[:70])
def test_an_operation_needs_the_permissions_of_the_documentation(
    operation: str, params: dict[str, Any], expected: list[str]
) -> None:
    assert [short(ask) for ask in asked(operation, **params)] == expected


def test_every_operation_that_is_served_has_its_permissions_from_the_documentation() -> None:
    assert {operation for operation, _, _ in DOCUMENTED} >= OWNED | FORWARDED


def test_every_operation_of_the_model_is_in_the_table_or_known_to_be_refused() -> None:
    assert set(RULES) == set(MODEL.operation_names) - OLD_NAMES - NOT_OF_BUCKETS - NOT_DOCUMENTED - {"DeleteObjects"}
    assert set(RULES) | {"DeleteObjects"} >= OWNED | FORWARDED


@pytest.mark.parametrize("operation", sorted(NOT_OF_BUCKETS | NOT_DOCUMENTED))
def test_an_operation_that_is_not_in_the_table_is_refused(operation: str) -> None:
    more = {"MaxDirectoryBuckets": 1} if operation == "ListDirectoryBuckets" else {}
    with pytest.raises(S3Refusal) as caught:
        asked(operation, **more)
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)
    assert operation in caught.value.message


@pytest.mark.parametrize("operation", sorted([*RULES, "DeleteObjects"]))
def test_every_ask_is_one_that_the_service_reference_knows(operation: str) -> None:
    full: dict[str, Any] = {}
    members = MODEL.operation_model(operation).input_shape
    if members is not None and "VersionId" in members.members:
        full["VersionId"] = "v1"
    for variant in ({}, full):
        found = asked(operation, **variant)
        assert found
        for ask in found:
            name = ask.action.removeprefix("s3:")
            known = REFERENCE[name]
            kind = "any" if ask.resource == "*" else "object" if "/" in ask.resource else "bucket"
            assert kind in known["resources"] or (kind == "any" and known["resources"] == [])
            for key in ask.context:
                family = key.split("/")[0].lower()
                if name in SAYS_LESS and family == "s3:x-amz-content-sha256":
                    continue
                assert family in {each.split("/")[0].lower() for each in known["keys"]}, (ask.action, key)


def test_the_condition_keys_of_an_action_are_those_of_the_service_reference() -> None:
    of_every_request = {
        *("s3:authType", "s3:ResourceAccount", "s3:signatureAge", "s3:signatureversion", "s3:TlsVersion"),
        "s3:x-amz-content-sha256",
    }
    not_ours = {
        *("s3:AccessGrantsInstanceArn", "s3:AccessPointNetworkOrigin", "s3:DataAccessPointAccount"),
        *("s3:DataAccessPointArn", "s3:InventoryAccessibleOptionalFields", "s3:isReplicationPauseRequest"),
        *("aws:ResourceTag/${TagKey}", "s3:AccessPointTag/${TagKey}"),
    }
    derived = {"s3:RequestObjectTag/<key>", "s3:ExistingObjectTag/<key>", "aws:RequestTag/${TagKey}"}
    used = {ask.action for operation in [*RULES, "DeleteObjects"] for ask in asked(operation)} | set(ACTION_KEYS)
    for action in used:
        keys = set(REFERENCE[action.removeprefix("s3:")]["keys"])
        assert ACTION_KEYS.get(action, frozenset()) == keys - of_every_request - not_ours - derived, action
        assert (action in READS_TAGS) is ("s3:ExistingObjectTag/<key>" in keys), action


def context(operation: str, facts: S3Facts | None = None, number: int = 0, **params: Any) -> dict[str, Any]:
    return dict(asked(operation, facts, **params)[number].context)


def test_a_listing_says_prefix_delimiter_and_max_keys() -> None:
    found = context("ListObjectsV2", Bucket="box", Prefix="home/", Delimiter="/", MaxKeys=7)
    assert {k: v for k, v in found.items() if k in ("s3:prefix", "s3:delimiter", "s3:max-keys")} == {
        "s3:prefix": "home/",
        "s3:delimiter": "/",
        "s3:max-keys": "7",
    }


def test_an_empty_prefix_is_a_key_with_an_empty_value_and_an_absent_one_is_no_key() -> None:
    assert context("ListObjects", Bucket="box", Prefix="")["s3:prefix"] == ""
    assert "s3:prefix" not in context("ListObjects", Bucket="box")
    assert "s3:prefix" not in context("HeadBucket", Bucket="box")


def test_a_version_is_a_key_of_the_version_actions_only() -> None:
    assert context("GetObject", **VERSION)["s3:versionid"] == "v1"
    assert "s3:versionid" not in context("GetObject", **KEY)
    assert "s3:versionid" not in context("GetObjectRetention", **VERSION)
    source, _, target, _ = asked("CopyObject", **COPY_VERSION)
    assert source.context["s3:versionid"] == "v1"
    assert "s3:versionid" not in target.context


def test_a_write_says_what_its_headers_say() -> None:
    found = context(
        "PutObject", **KEY, ACL="bucket-owner-full-control", ServerSideEncryption="aws:kms", SSEKMSKeyId="key-1",
        StorageClass="STANDARD_IA", IfNoneMatch="*", Tagging="team=a%20b&env=prod", **LOCKED,
    )  # fmt: skip
    expected = {
        "s3:x-amz-acl": "bucket-owner-full-control",
        "s3:x-amz-server-side-encryption": "aws:kms",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "key-1",
        "s3:x-amz-storage-class": "STANDARD_IA",
        "s3:if-none-match": "*",
        "s3:RequestObjectTagKeys": ("team", "env"),
        "s3:RequestObjectTag/team": "a b",
        "s3:RequestObjectTag/env": "prod",
        "s3:object-lock-mode": "GOVERNANCE",
        "s3:object-lock-retain-until-date": "2026-02-10T12:00:00Z",
        "s3:object-lock-remaining-retention-days": "10",
        "s3:ObjectCreationOperation": "true",
    }
    assert {key: found[key] for key in expected} == expected


def test_a_copy_says_its_source_and_its_directive() -> None:
    found = context("CopyObject", number=2, **COPY, MetadataDirective="REPLACE")
    assert found["s3:x-amz-copy-source"] == "from/s"
    assert found["s3:x-amz-metadata-directive"] == "REPLACE"


def test_only_what_makes_an_object_is_an_object_creation() -> None:
    assert context("UploadPart", **KEY, **PART)["s3:ObjectCreationOperation"] == "false"
    assert context("CreateMultipartUpload", **KEY)["s3:ObjectCreationOperation"] == "false"
    assert context("CompleteMultipartUpload", **KEY, UploadId="u")["s3:ObjectCreationOperation"] == "true"


def test_the_body_tells_tags_retention_hold_and_location() -> None:
    assert context("PutObjectTagging", **KEY, Tagging={"TagSet": TAGGED})["s3:RequestObjectTag/a"] == "1"
    assert context("PutObjectLegalHold", **KEY, LegalHold={"Status": "ON"})["s3:object-lock-legal-hold"] == "ON"
    retention = {"Mode": "COMPLIANCE", "RetainUntilDate": NOW + timedelta(days=2, hours=1)}
    found = context("PutObjectRetention", **KEY, Retention=retention)
    assert (found["s3:object-lock-mode"], found["s3:object-lock-remaining-retention-days"]) == ("COMPLIANCE", "3")
    made = {"LocationConstraint": "ap-northeast-2", "Tags": TAGGED}
    found = context("CreateBucket", Bucket="box", CreateBucketConfiguration=made)
    assert (found["s3:locationconstraint"], found["aws:TagKeys"]) == ("ap-northeast-2", ("a",))
    assert found["aws:RequestTag/a"] == "1"


@pytest.mark.parametrize("operation", sorted(BODY_FIRST))
def test_an_operation_is_not_authorized_before_its_body_is_read(operation: str) -> None:
    with pytest.raises(ValueError, match="body"):
        asked(operation, S3Facts(at=NOW))


def test_how_a_request_was_signed_is_a_key() -> None:
    presigned = Signature(kind="REST-QUERY-STRING", age=61_000)
    found = context("GetObject", S3Facts(at=NOW, signature=presigned, owners={"box": "1" * 12}), **KEY)
    assert found["s3:authType"] == "REST-QUERY-STRING"
    assert found["s3:signatureversion"] == "AWS4-HMAC-SHA256"
    assert found["s3:signatureAge"] == "61000"
    assert found["s3:ResourceAccount"] == "1" * 12
    anonymous = context("GetObject", S3Facts(at=NOW), **KEY)
    assert not anonymous.keys() & {"s3:authType", "s3:signatureversion", "s3:signatureAge", "s3:ResourceAccount"}


def test_a_copy_asks_each_side_with_its_own_bucket_and_owner() -> None:
    owners = {"box": "1" * 12, "from": "2" * 12}
    source, _, target, _ = asked("CopyObject", S3Facts(at=NOW, owners=owners), **COPY)
    assert (source.bucket, source.context["s3:ResourceAccount"]) == ("from", "2" * 12)
    assert (target.bucket, target.context["s3:ResourceAccount"]) == ("box", "1" * 12)


def test_tags_that_an_object_has_join_the_ask_after_a_look() -> None:
    (ask,) = asked("GetObject", **KEY)
    assert ask.reads_tags
    assert with_existing_tags(ask, (("team", "a"),)).context["s3:ExistingObjectTag/team"] == "a"
    (put,) = asked("PutObject", **KEY)
    assert not put.reads_tags


@pytest.mark.parametrize("header", ["a=1&a=2", "a=%ff"])
def test_a_tagging_header_that_says_two_things_is_refused(header: str) -> None:
    with pytest.raises(S3Refusal):
        asked("PutObject", **KEY, Tagging=header)


def test_a_key_that_looks_like_a_path_is_not_tidied_in_the_arn() -> None:
    request = read_request("GET", "127.0.0.1", "/box//a/../b%2Fc", "", [])
    (ask,) = asks(request, S3Facts(at=NOW, body=BodyFacts()))
    assert ask.resource == "arn:aws:s3:::box//a/../b/c"
