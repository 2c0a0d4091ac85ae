"""ACLs, object ownership and public access, from outside: boto3, and a browser's plain GET, against a real engine."""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ostiary.services.s3.acls import ANONYMOUS_ID
from tests.guarded.conftest import S3World
from tests.guarded.test_access import code, message

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def plain_get(world: S3World, bucket: str, key: str) -> int | bytes:
    """What a browser gets without any credentials."""
    try:
        with urllib.request.urlopen(f"{world.server.endpoint}/{bucket}/{key}") as answer:
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        return error.code


def grants(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Permission and grantee of each grant."""
    return [
        (each["Permission"], each["Grantee"].get("ID") or each["Grantee"].get("URI", "")) for each in answer["Grants"]
    ]


@pytest.fixture(scope="session")
def owner_id(guarded: S3World) -> str:
    found: str = guarded.root.list_buckets()["Owner"]["ID"]
    return found


@pytest.fixture(scope="session")
def other(guarded: S3World) -> Any:
    """The root user of the second account."""
    return guarded.s3((guarded.other["akid"], guarded.other["secret"]))


@pytest.fixture(scope="session")
def other_id(other: Any) -> str:
    found: str = other.list_buckets()["Owner"]["ID"]
    return found


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


def test_a_bucket_without_acls_refuses_to_set_them(guarded: S3World) -> None:
    bucket = guarded.bucket()
    put = guarded.root.put_object
    for acl in ("bucket-owner-full-control", "private", "bucket-owner-read"):
        put(Bucket=bucket, Key="a", Body=b"", ACL=acl)
    refused = "AccessControlListNotSupported"
    assert code(put, Bucket=bucket, Key="a", Body=b"", ACL="public-read") == refused
    assert code(guarded.root.put_object_acl, Bucket=bucket, Key="a", ACL="public-read") == refused
    assert code(guarded.root.put_bucket_acl, Bucket=bucket, ACL="private") == refused
    copy = {"Bucket": bucket, "Key": "b", "CopySource": {"Bucket": bucket, "Key": "a"}}
    assert code(guarded.root.copy_object, **copy, ACL="public-read") == refused


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


def test_a_bucket_acl_lets_another_account_list_and_write(guarded: S3World, other: Any, other_id: str) -> None:
    bucket = guarded.with_acls()
    guarded.root.put_object(Bucket=bucket, Key="mine", Body=b"one")
    assert code(other.list_objects_v2, Bucket=bucket) == "AccessDenied"
    guarded.root.put_bucket_acl(Bucket=bucket, GrantRead=f'id="{other_id}"', GrantWrite=f"id={other_id}")
    assert [each["Key"] for each in other.list_objects_v2(Bucket=bucket)["Contents"]] == ["mine"]
    other.put_object(Bucket=bucket, Key="theirs", Body=b"two")
    other.put_object(Bucket=bucket, Key="theirs", Body=b"three")
    assert code(other.put_object, Bucket=bucket, Key="mine", Body=b"x") == "AccessDenied"
    assert code(other.delete_object, Bucket=bucket, Key="mine") == "AccessDenied"
    assert code(other.get_object, Bucket=bucket, Key="mine") == "AccessDenied"
    assert code(other.get_bucket_acl, Bucket=bucket) == "AccessDenied"
    other.delete_object(Bucket=bucket, Key="theirs")
    nobody = guarded.person(key=(guarded.other["akid"], guarded.other["secret"]))
    assert code(guarded.s3(nobody).list_objects_v2, Bucket=bucket) == "AccessDenied"
    reader = guarded.person(
        {"Action": "s3:ListBucket", "Resource": "*"}, key=(guarded.other["akid"], guarded.other["secret"])
    )
    guarded.s3(reader).list_objects_v2(Bucket=bucket)


def test_each_version_has_its_own_acl_and_multipart_uploads_and_copies_have_theirs(guarded: S3World) -> None:
    bucket = guarded.with_acls()
    root = guarded.root
    root.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = root.put_object(Bucket=bucket, Key="a", Body=b"one", ACL="public-read")["VersionId"]
    second = root.put_object(Bucket=bucket, Key="a", Body=b"two")["VersionId"]
    assert plain_get(guarded, bucket, "a") == 403
    assert plain_get(guarded, bucket, f"a?versionId={first}") == b"one"
    root.put_object_acl(Bucket=bucket, Key="a", VersionId=second, ACL="public-read")
    root.put_object_acl(Bucket=bucket, Key="a", VersionId=first, ACL="private")
    assert plain_get(guarded, bucket, "a") == b"two"
    assert plain_get(guarded, bucket, f"a?versionId={first}") == 403
    made = root.create_multipart_upload(Bucket=bucket, Key="m", ACL="public-read")["UploadId"]
    part = root.upload_part(Bucket=bucket, Key="m", UploadId=made, PartNumber=1, Body=b"part")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    root.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=made, MultipartUpload=parts)
    assert plain_get(guarded, bucket, "m") == b"part"
    root.put_object(
        Bucket=bucket, Key="s", Body=b"said", Metadata={"word": "kept"}, ContentType="text/x", ACL="public-read"
    )
    root.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "s"})
    assert plain_get(guarded, bucket, "c") == 403
    copied = root.head_object(Bucket=bucket, Key="c")
    assert (copied["Metadata"], copied["ContentType"]) == ({"word": "kept"}, "text/x")
    root.copy_object(Bucket=bucket, Key="d", CopySource={"Bucket": bucket, "Key": "s"}, ACL="public-read")
    assert plain_get(guarded, bucket, "d") == b"said"
    same = {"Bucket": bucket, "Key": "s", "CopySource": {"Bucket": bucket, "Key": "s"}}
    assert code(root.copy_object, **same) == "InvalidRequest"


def test_an_acl_is_written_in_every_form_and_told_as_it_was_written(
    guarded: S3World, owner_id: str, other_id: str
) -> None:
    bucket = guarded.with_acls()
    root = guarded.root
    root.put_object(Bucket=bucket, Key="a", Body=b"")
    written = {
        "Owner": {"ID": owner_id},
        "Grants": [
            {"Grantee": {"Type": "Group", "URI": AUTHENTICATED}, "Permission": "READ"},
            {"Grantee": {"Type": "CanonicalUser", "ID": other_id}, "Permission": "WRITE_ACP"},
        ],
    }
    root.put_object_acl(Bucket=bucket, Key="a", AccessControlPolicy=written)
    expected = [("READ", AUTHENTICATED), ("WRITE_ACP", other_id)]
    assert grants(root.get_object_acl(Bucket=bucket, Key="a")) == expected
    root.put_object_acl(Bucket=bucket, Key="a", GrantRead=f'uri="{ALL_USERS}", id="{other_id}"')
    assert grants(root.get_object_acl(Bucket=bucket, Key="a")) == [("READ", ALL_USERS), ("READ", other_id)]
    put = {"Bucket": bucket, "Key": "a"}
    assert code(root.put_object_acl, **put) == "MissingSecurityHeader"
    assert code(root.put_object_acl, **put, GrantRead='id="nobody"') == "InvalidArgument"
    assert code(root.put_object_acl, **put, GrantRead='emailAddress="a@example.com"') == "MethodNotAllowed"
    assert code(root.put_object_acl, **put, ACL="private", GrantRead=f"id={other_id}") == "InvalidRequest"
    assert code(root.put_object_acl, Bucket=bucket, Key="none", ACL="private") == "NoSuchKey"
    wrong = {**written, "Owner": {"ID": other_id}}
    assert code(root.put_object_acl, **put, AccessControlPolicy=wrong) == "AccessDenied"


def test_a_bucket_is_made_with_acls_only_where_it_may_have_them(guarded: S3World, other_id: str) -> None:
    make = guarded.bucket
    with pytest.raises(Exception, match="InvalidBucketAclWithObjectOwnership"):
        make(ACL="public-read")
    with pytest.raises(Exception, match="InvalidBucketAclWithBlockPublicAccessError"):
        make(ACL="public-read", ObjectOwnership="ObjectWriter")
    bucket = make(GrantRead=f"id={other_id}", ObjectOwnership="BucketOwnerPreferred")
    assert grants(guarded.root.get_bucket_acl(Bucket=bucket)) == [("READ", other_id)]
    enforced = {"Bucket": bucket, "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}
    assert code(guarded.root.put_bucket_ownership_controls, **enforced) == "InvalidBucketAclWithObjectOwnership"
    guarded.root.put_bucket_acl(Bucket=bucket, ACL="private")
    guarded.root.put_bucket_ownership_controls(**enforced)


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
    guarded.root.delete_bucket(Bucket=bucket)
    guarded.root.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    assert code(guarded.root.put_bucket_acl, Bucket=bucket, ACL="private") == "AccessControlListNotSupported"


def kept(guarded: S3World, bucket: str) -> list[str]:
    """The keys of which an owner or an ACL is kept."""
    with sqlite3.connect(guarded.server.data / "ostiary.db") as database:
        asked = 'SELECT "key" FROM object_access WHERE bucket = ? ORDER BY 1'
        return [key for (key,) in database.execute(asked, (bucket,))]


def test_a_form_uploads_for_who_signed_it_and_with_the_acl_it_names(guarded: S3World) -> None:
    bucket = guarded.with_acls()
    for acl, found in (("public-read", b"file"), ("private", 403)):
        made = guarded.root.generate_presigned_post(bucket, "f", {"acl": acl}, [{"acl": acl}])
        assert post(made["url"], made["fields"]) == 204
        assert plain_get(guarded, bucket, "f") == found
    nobody = f"{guarded.server.endpoint}/{bucket}"
    assert post(nobody, {"key": "n"}) == 403
    guarded.root.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert post(nobody, {"key": "n"}) == 204
    assert guarded.s3(()).get_object_acl(Bucket=bucket, Key="n")["Owner"]["ID"] == ANONYMOUS_ID
    assert code(guarded.root.get_object, Bucket=bucket, Key="n") == "AccessDenied"
    assert post(nobody, {"key": "f"}) == 403  # another's


def post(url: str, fields: dict[str, str]) -> int:
    """Upload a file as a browser's form does."""
    boundary = "boundary"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nfile\r\n--{boundary}--\r\n'
    )
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(url, ("".join(parts) + file).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
