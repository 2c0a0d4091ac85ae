"""Public access and its blocks, from outside: boto3, and a browser's plain GET, against a real engine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.guarded.asking import grants, plain_get
from tests.guarded.conftest import S3World
from tests.refusals import code, message

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def test_a_new_bucket_has_the_defaults_of_today(guarded: S3World, owner_id: str) -> None:
    bucket = guarded.bucket()
    controls = guarded.root.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    block = guarded.root.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    assert grants(guarded.root.get_bucket_acl(Bucket=bucket)) == [("FULL_CONTROL", owner_id)]
    assert guarded.root.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


def test_a_public_object_is_public_only_once_the_block_is_off(guarded: S3World) -> None:
    bucket = guarded.bucket(ObjectOwnership="ObjectWriter")
    put = {"Bucket": bucket, "Key": "a", "Body": b"one"}
    text = message(guarded.root.put_object, **put, ACL="public-read")
    assert text.endswith("because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.")
    guarded.root.put_object(**put)
    assert code(guarded.root.put_object_acl, Bucket=bucket, Key="a", ACL="public-read") == "AccessDenied"
    guarded.unblock(bucket)
    assert code(guarded.root.get_public_access_block, Bucket=bucket) == "NoSuchPublicAccessBlockConfiguration"
    assert plain_get(guarded, bucket, "a") == 403
    guarded.root.put_object_acl(Bucket=bucket, Key="a", ACL="public-read")
    assert plain_get(guarded, bucket, "a") == b"one"
    guarded.root.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True, "BlockPublicAcls": False}
    )
    assert plain_get(guarded, bucket, "a") == 403
    guarded.unblock(bucket)
    guarded.root.put_object(**put)  # written anew, it is private again
    assert plain_get(guarded, bucket, "a") == 403
    head = guarded.root.head_object(Bucket=bucket, Key="a")
    assert head["Metadata"] == {}
    assert not [name for name in head["ResponseMetadata"]["HTTPHeaders"] if "seaweed" in name or "ostiary" in name]


def test_a_public_policy_needs_the_block_off_and_is_cut_by_restriction(guarded: S3World, other: Any) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    public = {"Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    with pytest.raises(Exception, match="public policies are prevented by the BlockPublicPolicy setting"):
        guarded.policy(bucket, public)
    guarded.policy(
        bucket, {**public, "Condition": {"StringEquals": {"aws:PrincipalAccount": guarded.other["account"]}}}
    )
    assert guarded.root.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    guarded.unblock(bucket)
    guarded.policy(bucket, public)
    assert guarded.root.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert plain_get(guarded, bucket, "a") == b"one"
    assert other.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"
    restrict = {"RestrictPublicBuckets": True}
    guarded.root.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=restrict)
    assert plain_get(guarded, bucket, "a") == 403
    assert "with an explicit deny in a resource-based policy" in message(other.get_object, Bucket=bucket, Key="a")
    assert guarded.root.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"


def test_an_account_blocks_public_access_to_all_its_buckets(guarded: S3World, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = guarded.with_acls()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one", ACL="public-read")
    assert plain_get(guarded, bucket, "a") == b"one"
    control = guarded.server.client("s3control")
    # `ACCOUNT.127.0.0.1` is no name: the request goes to the server itself, with that name in its Host header
    control.meta.events.register("before-send.s3-control", _to_the_server)
    account = {"AccountId": guarded.account}
    try:
        assert code(control.get_public_access_block, **account) == "NoSuchPublicAccessBlockConfiguration"
        everything = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        control.put_public_access_block(**account, PublicAccessBlockConfiguration=everything)
        assert control.get_public_access_block(**account)["PublicAccessBlockConfiguration"] == everything
        assert plain_get(guarded, bucket, "a") == 403
        assert code(guarded.root.put_object_acl, Bucket=bucket, Key="a", ACL="public-read") == "AccessDenied"
        assert code(guarded.root.get_public_access_block, Bucket=bucket) == "NoSuchPublicAccessBlockConfiguration"
        stranger = guarded.server.client("s3control", guarded.person())
        stranger.meta.events.register("before-send.s3-control", _to_the_server)
        assert code(stranger.get_public_access_block, **account) == "AccessDenied"
        assert code(control.get_public_access_block, AccountId=guarded.other["account"]) == "AccessDenied"
    finally:
        control.delete_public_access_block(**account)
    assert plain_get(guarded, bucket, "a") == b"one"


def _to_the_server(request: Any, **_: Any) -> None:
    account, _, rest = request.url.removeprefix("http://").partition(".")
    request.headers["host"] = f"{account}.{rest.partition('/')[0]}"
    request.url = f"http://{rest}"
