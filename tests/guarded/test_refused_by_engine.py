"""What the engine refuses, or would do otherwise, is answered as AWS answers it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def error(call: Any, **params: Any) -> dict[str, str]:
    """What is said of a call that is refused."""
    with pytest.raises(ClientError) as refused:
        call(**params)
    found: dict[str, str] = dict(refused.value.response["Error"])
    found.pop("Resource", None)
    return found


def versioned(guarded: S3World) -> str:
    bucket = guarded.bucket()
    guarded.root.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def test_a_bucket_that_has_versions_or_delete_markers_is_not_removed(guarded: S3World) -> None:
    s3, bucket = guarded.root, versioned(guarded)
    version = s3.put_object(Bucket=bucket, Key="deep/a", Body=b"kept")["VersionId"]
    assert error(s3.delete_bucket, Bucket=bucket)["Code"] == "BucketNotEmpty"
    marker = s3.delete_object(Bucket=bucket, Key="deep/a")["VersionId"]
    assert "You must delete all versions" in error(s3.delete_bucket, Bucket=bucket)["Message"]
    assert s3.get_object(Bucket=bucket, Key="deep/a", VersionId=version)["Body"].read() == b"kept"
    s3.delete_object(Bucket=bucket, Key="deep/a", VersionId=version)
    assert error(s3.delete_bucket, Bucket=bucket)["Code"] == "BucketNotEmpty"
    s3.delete_object(Bucket=bucket, Key="deep/a", VersionId=marker)
    s3.delete_bucket(Bucket=bucket)
    assert bucket not in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_a_condition_that_did_not_hold_is_named(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    there, source = {"Bucket": bucket, "Key": "a"}, {"Bucket": bucket, "Key": "b", "CopySource": f"{bucket}/a"}
    failed = [
        (s3.get_object, {**there, "IfMatch": '"other"'}, "If-Match"),
        (s3.put_object, {**there, "IfNoneMatch": "*"}, "If-None-Match"),
        (s3.copy_object, {**source, "CopySourceIfMatch": '"other"'}, "x-amz-copy-source-If-Match"),
    ]
    for call, params, named in failed:
        found = error(call, **params)
        assert (found["Code"], found["Condition"]) == ("PreconditionFailed", named)


def test_a_version_that_is_not_there_is_told_from_a_key_that_is_not(guarded: S3World) -> None:
    s3, bucket = guarded.root, versioned(guarded)
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    gone = {"Bucket": bucket, "Key": "a", "VersionId": version}
    tags = {"TagSet": [{"Key": "k", "Value": "v"}]}
    for found in (
        error(s3.get_object, **gone),
        error(s3.put_object_tagging, **gone, Tagging=tags),
        error(s3.copy_object, Bucket=bucket, Key="b", CopySource={**gone}),
    ):
        message = "The specified version does not exist."
        assert found == {"Code": "NoSuchVersion", "Message": message, "Key": "a", "VersionId": version}
    missing = error(s3.copy_object, Bucket=bucket, Key="b", CopySource=f"{bucket}/none")
    assert (missing["Code"], missing["Key"]) == ("NoSuchKey", "none")


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"aws:a": "1"}, ("InvalidTag", "Your TagKey cannot be prefixed with aws:")),
        ({"a,b": "1"}, ("InvalidTag", "The TagKey you have provided is invalid")),
        ({"a": "1;2"}, ("InvalidTag", "The TagValue you have provided is invalid")),
        ({"a" * 129: "1"}, ("InvalidTag", "The TagKey you have provided is invalid")),
        ({str(n): "1" for n in range(11)}, ("BadRequest", "Object tags cannot be greater than 10")),
    ],
)
def test_tags_that_cannot_be_are_refused_in_a_body_and_in_a_header(
    guarded: S3World, tags: dict[str, str], said: tuple[str, str]
) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    document = {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}
    header = "&".join(f"{key.replace(',', '%2C')}={value.replace(';', '%3B')}" for key, value in tags.items())
    for found in (
        error(s3.put_object_tagging, Bucket=bucket, Key="a", Tagging=document),
        error(s3.put_object, Bucket=bucket, Key="b", Body=b"", Tagging=header),
    ):
        assert (found["Code"], found["Message"]) == said
    assert s3.get_object_tagging(Bucket=bucket, Key="a")["TagSet"] == []


def test_tags_of_a_bucket_are_looked_at_and_answered_with_204(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    taken = s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "ünï 1", "Value": ""}]})
    assert taken["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "ünï 1", "Value": ""}]
    for tags, code in (([("aws:a", "1")], "InvalidTag"), ([(f"t{n}", "") for n in range(51)], "BadRequest")):
        document = {"TagSet": [{"Key": key, "Value": value} for key, value in tags]}
        assert error(s3.put_bucket_tagging, Bucket=bucket, Tagging=document)["Code"] == code


def test_under_a_prefix_that_the_engine_has_no_keys_for_there_is_nothing(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    found = s3.list_objects_v2(Bucket=bucket, Prefix="/a b", Delimiter="/")
    assert (found["KeyCount"], found["Prefix"], found["IsTruncated"]) == (0, "/a b", False)
    assert "Contents" not in s3.list_objects(Bucket=bucket, Prefix="x//")
    assert "Versions" not in s3.list_object_versions(Bucket=bucket, Prefix="x//")


def test_who_may_list_by_an_acl_is_told_what_is_not_there(guarded: S3World) -> None:
    bucket, nobody = guarded.with_acls(), guarded.s3(())
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"x")
    assert error(nobody.get_object, Bucket=bucket, Key="b")["Code"] == "AccessDenied"
    guarded.root.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert error(nobody.get_object, Bucket=bucket, Key="b")["Code"] == "NoSuchKey"
    assert error(nobody.get_object, Bucket=bucket, Key="a")["Code"] == "AccessDenied"


def test_a_permission_that_no_acl_can_grant_is_told_of_the_acl(guarded: S3World) -> None:
    bucket = guarded.with_acls()
    found = guarded.root.get_bucket_acl(Bucket=bucket)
    grants = [{"Grantee": found["Grants"][0]["Grantee"], "Permission": "EVERYTHING"}]
    said = {"Owner": found["Owner"], "Grants": grants}
    assert error(guarded.root.put_bucket_acl, Bucket=bucket, AccessControlPolicy=said)["Code"] == "MalformedACLError"


def test_rules_of_a_life_cycle_are_looked_at(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}}
    bad = [
        ([{**rule, "ID": "a" * 256}], "InvalidArgument"),
        ([rule, rule], "InvalidArgument"),
        ([{**rule, "Expiration": {"Days": 0}}], "InvalidArgument"),
        ([{**rule, "Expiration": {"Date": "2030-01-01T10:00:00Z"}}], "InvalidArgument"),
        ([{**rule, "Status": "enabled"}], "MalformedXML"),
    ]
    for rules, code in bad:
        call = s3.put_bucket_lifecycle_configuration
        assert error(call, Bucket=bucket, LifecycleConfiguration={"Rules": rules})["Code"] == code
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]["Expiration"] == {"Days": 1}


def test_an_encryption_that_was_never_set_can_be_removed(guarded: S3World) -> None:
    done = guarded.root.delete_bucket_encryption(Bucket=guarded.bucket())
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize("said", ["0-2", "bytes=0", "bytes=x-y", "bytes=-2", "bytes=2-", "bytes=0-2,3-5", "bytes=3-2"])
def test_a_part_is_copied_from_one_range_with_two_ends(guarded: S3World, said: str) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="b")["UploadId"]
    part = {"Bucket": bucket, "Key": "b", "UploadId": upload, "PartNumber": 1, "CopySource": f"{bucket}/a"}
    assert error(s3.upload_part_copy, **part, CopySourceRange=said)["Code"] == "InvalidArgument"


def test_an_object_lock_without_a_body_or_versions_is_refused_for_that(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket()
    lock = {"ObjectLockEnabled": "Enabled"}
    found = error(s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=lock)
    assert (found["Code"], found["Message"].split(" on ")[0]) == ("InvalidBucketState", "Versioning must be 'Enabled'")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert error(s3.put_object_lock_configuration, Bucket=bucket)["Code"] == "MissingRequestBodyError"


def test_what_object_lock_keeps_is_told_with_its_version_and_let_go_by_who_may(guarded: S3World) -> None:
    s3, bucket = guarded.root, guarded.bucket(ObjectLockEnabledForBucket=True)
    default = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": default}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"x")["VersionId"]
    message = "Access Denied because object protected by object lock."
    assert error(s3.delete_object, Bucket=bucket, Key="a", VersionId=version)["Message"] == message
    wanted = {"Objects": [{"Key": "a", "VersionId": version}]}
    failed = s3.delete_objects(Bucket=bucket, Delete=wanted)["Errors"]
    assert failed == [{"Key": "a", "VersionId": version, "Code": "AccessDenied", "Message": message}]
    done = s3.delete_objects(Bucket=bucket, Delete=wanted, BypassGovernanceRetention=True)
    assert [each["VersionId"] for each in done["Deleted"]] == [version]
