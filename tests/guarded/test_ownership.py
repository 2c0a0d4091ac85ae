"""Whose an object is, and what a bucket's owner may say of what others write, by two accounts with boto3."""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guarded.asking import grants
from tests.guarded.conftest import S3World
from tests.refusals import code

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def test_who_writes_into_a_bucket_of_another_account_owns_the_object(
    guarded: S3World, other: Any, other_id: str, owner_id: str
) -> None:
    bucket = guarded.with_acls()
    allow = {"Principal": {"AWS": guarded.other["account"]}, "Action": "s3:PutObject"}
    guarded.policy(bucket, {**allow, "Resource": f"arn:aws:s3:::{bucket}/*"})
    other.put_object(Bucket=bucket, Key="theirs", Body=b"one")
    assert other.get_object_acl(Bucket=bucket, Key="theirs")["Owner"]["ID"] == other_id
    assert other.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"one"
    assert code(guarded.root.get_object, Bucket=bucket, Key="theirs") == "AccessDenied"
    assert code(guarded.root.get_object_acl, Bucket=bucket, Key="theirs") == "AccessDenied"
    other.put_object_acl(Bucket=bucket, Key="theirs", ACL="bucket-owner-full-control")
    found = guarded.root.get_object_acl(Bucket=bucket, Key="theirs")
    assert found["Owner"]["ID"] == other_id
    assert grants(found) == [("FULL_CONTROL", other_id), ("FULL_CONTROL", owner_id)]
    assert guarded.root.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"one"
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    other.put_object_acl(Bucket=bucket, Key="theirs", ACL="private")
    guarded.root.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)
    assert guarded.root.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"one"
    assert guarded.root.get_object_acl(Bucket=bucket, Key="theirs")["Owner"]["ID"] == owner_id
    assert code(other.get_object, Bucket=bucket, Key="theirs") == "AccessDenied"
    guarded.root.delete_bucket_ownership_controls(Bucket=bucket)
    assert other.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"one"
    guarded.root.delete_object(Bucket=bucket, Key="theirs")
    guarded.root.put_object(Bucket=bucket, Key="theirs", Body=b"mine")
    assert guarded.root.get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"mine"
    assert code(other.get_object, Bucket=bucket, Key="theirs") == "AccessDenied"


def test_a_preferring_bucket_owner_owns_what_is_given_to_it(
    guarded: S3World, other: Any, other_id: str, owner_id: str
) -> None:
    bucket = guarded.with_acls("BucketOwnerPreferred")
    allow = {"Principal": {"AWS": guarded.other["account"]}, "Action": "s3:PutObject"}
    guarded.policy(bucket, {**allow, "Resource": f"arn:aws:s3:::{bucket}/*"})
    other.put_object(Bucket=bucket, Key="given", Body=b"one", ACL="bucket-owner-full-control")
    other.put_object(Bucket=bucket, Key="kept", Body=b"two")
    assert guarded.root.get_object_acl(Bucket=bucket, Key="given")["Owner"]["ID"] == owner_id
    assert other.get_object_acl(Bucket=bucket, Key="kept")["Owner"]["ID"] == other_id
    assert guarded.root.get_object(Bucket=bucket, Key="given")["Body"].read() == b"one"
    assert code(guarded.root.get_object, Bucket=bucket, Key="kept") == "AccessDenied"
    assert code(other.get_object, Bucket=bucket, Key="given") == "AccessDenied"


def test_two_accounts_that_write_one_key_at_once_never_read_each_others_bytes(guarded: S3World, other: Any) -> None:
    bucket = guarded.with_acls()
    allow = {"Principal": {"AWS": guarded.other["account"]}, "Action": "s3:PutObject"}
    guarded.policy(bucket, {**allow, "Resource": f"arn:aws:s3:::{bucket}/*"})
    accounts = {b"mine" * 5000: guarded.root, b"theirs" * 5000: other}
    for _ in range(8):
        with ThreadPoolExecutor(6) as hands:
            for body, client in [*accounts.items()] * 3:
                hands.submit(client.put_object, Bucket=bucket, Key="k", Body=body)
        read = []
        for body, client in accounts.items():
            with contextlib.suppress(ClientError):
                read.append((body, client.get_object(Bucket=bucket, Key="k")["Body"].read()))
        assert len(read) == 1
        assert read[0][0] == read[0][1]


def test_a_bucket_policy_is_its_own_accounts_affair(guarded: S3World, other: Any) -> None:
    bucket = guarded.bucket()
    own = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    guarded.policy(bucket, {"Principal": {"AWS": guarded.other["account"]}, "Action": "s3:*", "Resource": own})
    other.list_objects_v2(Bucket=bucket)
    assert code(other.get_bucket_policy, Bucket=bucket) == "MethodNotAllowed"
    assert code(other.delete_bucket_policy, Bucket=bucket) == "MethodNotAllowed"
    policy = guarded.root.get_bucket_policy(Bucket=bucket)["Policy"]
    assert code(other.put_bucket_policy, Bucket=bucket, Policy=policy) == "MethodNotAllowed"


def test_who_does_not_pay_is_refused_where_the_requester_pays(guarded: S3World, other: Any) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    allow = {"Principal": {"AWS": guarded.other["account"]}, "Action": "s3:GetObject"}
    guarded.policy(bucket, {**allow, "Resource": f"arn:aws:s3:::{bucket}/*"})
    guarded.root.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert code(other.get_object, Bucket=bucket, Key="a") == "AccessDenied"
    assert other.get_object(Bucket=bucket, Key="a", RequestPayer="requester")["Body"].read() == b"one"
    assert guarded.root.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"


def test_lists_say_whose_each_object_is(guarded: S3World, other: Any, owner_id: str, other_id: str) -> None:
    bucket = guarded.with_acls()
    allow = {"Principal": {"AWS": guarded.other["account"]}, "Action": "s3:PutObject"}
    guarded.policy(bucket, {**allow, "Resource": f"arn:aws:s3:::{bucket}/*"})
    root = guarded.root
    keys = ["a <&> ü+1", 'mine "quoted"', "o'clock"]
    for key in keys:
        (root if key.startswith("mine") else other).put_object(Bucket=bucket, Key=key, Body=b"x")
    owners = {key: owner_id if key.startswith("mine") else other_id for key in keys}

    def told(entries: list[dict[str, Any]]) -> dict[str, str]:
        assert all(set(each["Owner"]) == {"ID"} for each in entries)
        return {each["Key"]: each["Owner"]["ID"] for each in entries}

    assert told(root.list_objects(Bucket=bucket)["Contents"]) == owners
    assert told(root.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"]) == owners
    assert told(root.list_object_versions(Bucket=bucket)["Versions"]) == owners
    assert "Owner" not in root.list_objects_v2(Bucket=bucket)["Contents"][0]
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    root.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)
    assert told(root.list_objects(Bucket=bucket)["Contents"]) == dict.fromkeys(keys, owner_id)
    nobody = f"{guarded.server.endpoint}/{bucket}?list-type=1"
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(nobody)


def test_what_is_kept_of_an_object_goes_with_it(guarded: S3World, other: Any) -> None:
    bucket = guarded.with_acls()
    allow = {"Principal": {"AWS": guarded.other["account"]}, "Action": "s3:PutObject"}
    guarded.policy(bucket, {**allow, "Resource": f"arn:aws:s3:::{bucket}/*"})
    for key in ("one", "two", "versioned"):
        other.put_object(Bucket=bucket, Key=key, Body=b"theirs")
    assert kept(guarded, bucket) == ["one", "two", "versioned"]
    guarded.root.delete_object(Bucket=bucket, Key="one")
    guarded.root.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "two"}]})
    assert kept(guarded, bucket) == ["versioned"]
    guarded.root.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    guarded.root.delete_object(Bucket=bucket, Key="versioned")
    assert kept(guarded, bucket) == ["versioned"]
    marker = guarded.root.list_object_versions(Bucket=bucket)["DeleteMarkers"][0]["VersionId"]
    guarded.root.delete_object(Bucket=bucket, Key="versioned", VersionId=marker)
    assert other.get_object(Bucket=bucket, Key="versioned")["Body"].read() == b"theirs"
    version = guarded.root.list_object_versions(Bucket=bucket)["Versions"][0]["VersionId"]
    guarded.root.delete_object(Bucket=bucket, Key="versioned", VersionId=version)
    assert kept(guarded, bucket) == []
    other.put_object(Bucket=bucket, Key="last", Body=b"", ACL="public-read")
    guarded.root.delete_object(Bucket=bucket, Key="last")
    left = guarded.root.list_object_versions(Bucket=bucket)
    for each in (*left["Versions"], *left["DeleteMarkers"]):
        guarded.root.delete_object(Bucket=bucket, Key="last", VersionId=each["VersionId"])
    guarded.root.delete_bucket(Bucket=bucket)
    guarded.root.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    assert code(guarded.root.put_bucket_acl, Bucket=bucket, ACL="private") == "AccessControlListNotSupported"


def kept(guarded: S3World, bucket: str) -> list[str]:
    """The keys of which an owner or an ACL is kept."""
    with sqlite3.connect(guarded.server.data / "ostiary.db") as database:
        asked = 'SELECT "key" FROM object_access WHERE bucket = ? ORDER BY 1'
        return [key for (key,) in database.execute(asked, (bucket,))]
