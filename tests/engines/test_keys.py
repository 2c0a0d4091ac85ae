"""Which keys SeaweedFS keeps apart: asked of SeaweedFS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ostiary.engines.call import call
from ostiary.engines.engine import EngineAddress, unable, unable_to_list

from .signing import sign

HELD = [
    "k", "a/b", "a/b/c", "A/b", "sp ace", "pl+us", "k%", "k%2F", "q?v", "é", "日本/語", "~", "t~t", "a\nb", "a&b<c>",
    "#", "a:b", "a;b=c", "...", ".hidden", "a.", "a..b/c", "versions", "x.versionsx", "uploads", "d/.uploads", "'\"",
    "*", "a*b", "k" * 255, "😀",
]  # fmt: skip
CONFUSED = {
    "a//b": "a/b",
    "/lead": "lead",
    "x\\y": "x/y",
    "m///n": "m/n",
}
"""Key → the key that SeaweedFS makes of it."""
REFUSED = [
    "..",
    "../x",
    "a/../b",
    "./a",
    "a/.",
    "v.versions/v_1",
    ".uploads/u/1.part",
    "",
    "k" * 256,
    "a\0b",
    *CONFUSED,
]


@pytest.fixture(scope="module")
def box(s3: Any) -> str:
    s3.create_bucket(Bucket="keys")
    return "keys"


def test_keys_that_are_held_are_kept_apart_and_listed_as_they_are(s3: Any, box: str) -> None:
    for number, key in enumerate(HELD):
        assert unable(key, filled=True) is None, key
        s3.put_object(Bucket=box, Key=key, Body=b"%d" % number)
    for number, key in enumerate(HELD):
        assert s3.get_object(Bucket=box, Key=key)["Body"].read() == b"%d" % number, key
    listed = {entry["Key"] for entry in s3.list_objects_v2(Bucket=box)["Contents"]}
    assert listed == set(HELD)
    for prefix in ("a/", "a", "é", "A/", "日本/", "sp "):
        assert unable_to_list(prefix) is None
        found = {entry["Key"] for entry in s3.list_objects_v2(Bucket=box, Prefix=prefix)["Contents"]}
        assert found == {key for key in HELD if key.startswith(prefix)}


@pytest.mark.parametrize("key", REFUSED)
def test_keys_that_are_not_held_are_refused(key: str) -> None:
    assert unable(key, filled=False) is not None


@pytest.mark.parametrize(("key", "taken_for"), CONFUSED.items())
def test_seaweedfs_takes_them_for_others(s3: Any, weed: EngineAddress, key: str, taken_for: str) -> None:
    bucket = "confused"
    call(weed, "PUT", f"/{bucket}", signer=sign)
    s3.put_object(Bucket=bucket, Key=taken_for, Body=b"the other's")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"the other's"


def test_a_prefix_that_would_list_other_keys_is_refused(s3: Any) -> None:
    s3.create_bucket(Bucket="prefixes")
    s3.put_object(Bucket="prefixes", Key="secret/a", Body=b"")
    for prefix in ("/secret/", "secret//"):
        assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="prefixes", Prefix=prefix)["Contents"]] == [
            "secret/a"
        ]
        assert unable_to_list(prefix) is not None
    assert unable_to_list("secret/") is None
    assert unable_to_list("") is None


def test_a_key_that_ends_in_a_slash_is_an_empty_object_and_no_copy_s_source(s3: Any) -> None:
    s3.create_bucket(Bucket="slashes")
    s3.put_object(Bucket="slashes", Key="k", Body=b"content")
    s3.copy_object(Bucket="slashes", Key="copy", CopySource={"Bucket": "slashes", "Key": "k/"})
    assert s3.get_object(Bucket="slashes", Key="copy")["Body"].read() == b"content"  # of `k`, not of `k/`
    assert unable("k/", filled=True) is not None
    s3.put_object(Bucket="slashes", Key="folder/", Body=b"")
    assert s3.get_object(Bucket="slashes", Key="folder/")["ContentLength"] == 0
    s3.delete_object(Bucket="slashes", Key="folder/")
    with pytest.raises(ClientError):
        s3.head_object(Bucket="slashes", Key="folder/")
    assert unable("folder/", filled=False) is None


def test_a_version_must_not_be_had_by_a_key(s3: Any) -> None:
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="versioned", Key="k", Body=b"old")["VersionId"]
    s3.put_object(Bucket="versioned", Key="k", Body=b"new")
    back_door = f"k.versions/v_{first}"
    assert s3.get_object(Bucket="versioned", Key=back_door)["Body"].read() == b"old"
    assert unable(back_door, filled=False) is not None
    assert unable_to_list("k.versions/") is not None
