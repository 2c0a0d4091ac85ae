"""Multipart uploads: who began one may list its parts and abort it; lists come a thousand entries at a time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def begun(client: Any, bucket: str, key: str = "a") -> dict[str, str]:
    made = client.create_multipart_upload(Bucket=bucket, Key=key)
    return {"Bucket": bucket, "Key": key, "UploadId": made["UploadId"]}


def code(call: Any, **params: Any) -> str:
    try:
        call(**params)
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return "done"


def arn_of(guarded: S3World, key: tuple[str, ...]) -> str:
    found: str = guarded.server.client("sts", key).get_caller_identity()["Arn"]
    return found


def may_write(bucket: str) -> dict[str, Any]:
    return {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}


def test_a_user_may_list_and_abort_the_upload_that_it_began_and_no_other(guarded: S3World) -> None:
    bucket = guarded.bucket()
    alice, bob = (guarded.s3(guarded.person(may_write(bucket))) for _ in range(2))
    own, others = begun(alice, bucket), begun(bob, bucket)
    alice.upload_part(**own, PartNumber=1, Body=b"x")
    assert [part["PartNumber"] for part in alice.list_parts(**own)["Parts"]] == [1]
    assert code(alice.list_parts, **others) == code(alice.abort_multipart_upload, **others) == "AccessDenied"
    assert code(alice.list_parts, **{**own, "Key": "b"}) == "AccessDenied"
    assert code(alice.abort_multipart_upload, **own) == "done"
    assert code(alice.list_parts, **own) == "AccessDenied"  # it is forgotten
    assert code(guarded.root.list_parts, **own) == "NoSuchUpload"
    assert code(guarded.root.abort_multipart_upload, **others) == "done"


def test_what_the_bucket_policy_denies_its_initiator_may_not_do(guarded: S3World) -> None:
    bucket = guarded.bucket()
    alice = guarded.s3(guarded.person(may_write(bucket)))
    own = begun(alice, bucket)
    everything = {"Principal": "*", "Action": "s3:AbortMultipartUpload", "Resource": f"arn:aws:s3:::{bucket}/*"}
    guarded.policy(bucket, {**everything, "Effect": "Deny"})
    assert code(alice.abort_multipart_upload, **own) == "AccessDenied"
    assert code(alice.list_parts, **own) == "done"


def test_an_initiator_of_another_account_needs_its_own_accounts_leave_alone(guarded: S3World) -> None:
    bucket = guarded.bucket()
    other = (guarded.other["akid"], guarded.other["secret"])
    account = guarded.other["account"]
    guarded.policy(bucket, {"Principal": {"AWS": account}, **may_write(bucket)})
    uploads = {"Action": ["s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"], "Resource": "*"}
    writer = guarded.s3(guarded.person(may_write(bucket), uploads, key=other))
    narrow = guarded.s3(guarded.person(may_write(bucket), key=other))
    colleague = guarded.s3(guarded.person(uploads, key=other))
    root = guarded.s3(other)
    one, two, three = begun(writer, bucket), begun(writer, bucket), begun(writer, bucket)
    assert code(writer.list_parts, **one) == code(writer.abort_multipart_upload, **one) == "done"
    for client in (colleague, root):  # the account that the initiator belongs to
        assert code(client.list_parts, **two) == "done"
    assert code(colleague.abort_multipart_upload, **two) == code(root.abort_multipart_upload, **three) == "done"
    kept = begun(narrow, bucket)
    assert code(narrow.list_parts, **kept) == "AccessDenied"
    ours = begun(guarded.root, bucket)
    for client in (writer, root):
        assert code(client.list_parts, **ours) == "AccessDenied"
    assert code(guarded.root.abort_multipart_upload, **kept) == "done"  # the bucket's owner


def test_a_session_of_a_role_may_no_more_than_the_role_and_is_no_other_session(guarded: S3World) -> None:
    bucket, iam = guarded.bucket(), guarded.server.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": guarded.account}, "Action": "sts:AssumeRole"}
    said = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=f"up-{bucket}", AssumeRolePolicyDocument=said)["Role"]
    write = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **may_write(bucket)}]})
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="write", PolicyDocument=write)
    sts = guarded.server.client("sts", guarded.person({"Action": "sts:AssumeRole", "Resource": "*"}))

    def session(name: str, **more: Any) -> Any:
        made = sts.assume_role(RoleArn=role["Arn"], RoleSessionName=name, **more)["Credentials"]
        return guarded.s3((made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))

    one = session("one")
    own = begun(one, bucket)
    assert code(one.list_parts, **own) == "done"
    assert code(session("two").list_parts, **own) == "AccessDenied"
    assert code(session("one", Policy=write).list_parts, **own) == "AccessDenied"
    assert code(one.abort_multipart_upload, **own) == "done"


def test_lists_say_whose_an_upload_is(guarded: S3World) -> None:
    bucket = guarded.bucket()
    key = guarded.person(may_write(bucket))
    owner = guarded.root.get_bucket_acl(Bucket=bucket)["Owner"]["ID"]
    by_user, by_root = begun(guarded.s3(key), bucket), begun(guarded.root, bucket, "b&<")
    user = arn_of(guarded, key)
    parts = guarded.root.list_parts(**by_user)
    assert (parts["Initiator"], parts["Owner"]) == ({"ID": user}, {"ID": owner})
    assert guarded.root.list_parts(**by_root)["Initiator"] == {"ID": owner}
    listed = guarded.root.list_multipart_uploads(Bucket=bucket)["Uploads"]
    told = {each["UploadId"]: (each["Key"], each["Initiator"]["ID"], each["Owner"]["ID"]) for each in listed}
    assert told == {by_user["UploadId"]: ("a", user, owner), by_root["UploadId"]: ("b&<", owner, owner)}


def test_a_completed_upload_is_forgotten(guarded: S3World) -> None:
    bucket = guarded.bucket()
    key = guarded.person(may_write(bucket))
    client = guarded.s3(key)
    own = begun(client, bucket)
    etag = client.upload_part(**own, PartNumber=7, Body=b"x")["ETag"]
    client.complete_multipart_upload(**own, MultipartUpload={"Parts": [{"PartNumber": 7, "ETag": etag}]})
    assert guarded.root.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
    assert code(client.list_parts, **own) == "AccessDenied"


def test_lists_come_a_thousand_entries_at_a_time_or_as_many_as_are_asked_for(guarded: S3World) -> None:
    """`python -m tests.parts_s3` lists ten thousand."""
    bucket, client = guarded.bucket(), guarded.root
    own = begun(client, bucket)
    numbers = [1, 999, 1_000, 5_000, 9_999, 10_000]  # the last is the one that the engine lists before number 1000
    for number in reversed(numbers):
        client.upload_part(**own, PartNumber=number, Body=b"x")
    for asked in ({}, {"MaxParts": 5000}):
        page = client.list_parts(**own, **asked)
        assert (page["MaxParts"], page["IsTruncated"], "NextPartNumberMarker" in page) == (1000, False, False)
    for size in (1, 2, 3, 5, 6):
        pages = list(client.get_paginator("list_parts").paginate(**own, PaginationConfig={"PageSize": size}))
        assert [part["PartNumber"] for page in pages for part in page["Parts"]] == numbers
        assert [len(page["Parts"]) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert [page["NextPartNumberMarker"] for page in pages[:-1]] == numbers[size - 1 : -1 : size]
    assert "Parts" not in client.list_parts(**own, MaxParts=0)
    assert "Parts" not in client.list_parts(**own, PartNumberMarker=10_000)
    assert code(client.upload_part, **own, PartNumber=10_001, Body=b"x") == "InvalidArgument"
    for method, name in (
        *((client.list_objects, "MaxKeys"), (client.list_objects_v2, "MaxKeys")),
        *((client.list_object_versions, "MaxKeys"), (client.list_multipart_uploads, "MaxUploads")),
    ):
        assert method(Bucket=bucket, **{name: 2_147_483_647})[name] == 1000
        none = method(Bucket=bucket, **{name: 0})
        assert (none[name], none["IsTruncated"], none.get("Uploads")) == (0, False, None)
        with pytest.raises(ClientError, match="must be an integer between 0 and 2147483647"):
            method(Bucket=bucket, **{name: -1})
