"""ACLs from outside: boto3, and a browser's plain GET, against a real engine."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest

from ostiary.services.s3.acls import ANONYMOUS_ID
from tests.guarded.asking import grants, plain_get
from tests.guarded.conftest import S3World
from tests.refusals import code

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


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
