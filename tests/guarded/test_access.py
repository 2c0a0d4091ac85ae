"""Who may do what with buckets and objects, from outside."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.guarded.conftest import S3World
from tests.refusals import code, message

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]


def test_a_user_without_policies_reaches_nothing_and_is_told_why(guarded: S3World) -> None:
    bucket, key = guarded.bucket(), guarded.person()
    assert message(guarded.s3(key).list_objects_v2, Bucket=bucket).endswith(
        f'is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::{bucket}" because no identity-based '
        "policy allows the s3:ListBucket action"
    )
    assert code(guarded.s3(key).list_buckets) == "AccessDenied"


def test_reading_does_not_include_writing(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    reader = guarded.s3(guarded.person({"Action": ["s3:Get*", "s3:List*"], "Resource": "*"}))
    assert reader.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"
    assert code(reader.put_object, Bucket=bucket, Key="a", Body=b"two") == "AccessDenied"
    assert code(reader.delete_object, Bucket=bucket, Key="a") == "AccessDenied"
    assert code(reader.delete_bucket, Bucket=bucket) == "AccessDenied"
    assert guarded.root.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"


def test_a_prefix_in_the_resource_bounds_the_keys(guarded: S3World) -> None:
    bucket = guarded.bucket()
    key = guarded.person({"Action": ["s3:PutObject", "s3:GetObject"], "Resource": f"arn:aws:s3:::{bucket}/imges/*"})
    inside = guarded.s3(key)
    inside.put_object(Bucket=bucket, Key="imges/cat.png", Body=b"cat")
    assert inside.get_object(Bucket=bucket, Key="imges/cat.png")["Body"].read() == b"cat"
    assert code(inside.put_object, Bucket=bucket, Key="other/cat.png", Body=b"cat") == "AccessDenied"
    assert code(inside.get_object, Bucket=bucket, Key="other/cat.png") == "AccessDenied"


def test_listing_is_bounded_by_its_prefix(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="home/bob/x", Body=b"")
    condition = {"StringLike": {"s3:prefix": ["home/bob/*"]}}
    bob = guarded.s3(
        guarded.person({"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": condition})
    )
    found = bob.list_objects_v2(Bucket=bucket, Prefix="home/bob/")
    assert [each["Key"] for each in found["Contents"]] == ["home/bob/x"]
    assert code(bob.list_objects_v2, Bucket=bucket) == "AccessDenied"
    assert code(bob.list_objects_v2, Bucket=bucket, Prefix="") == "AccessDenied"
    assert code(bob.list_objects, Bucket=bucket, Prefix="home/") == "AccessDenied"


def test_a_missing_object_is_hidden_from_those_who_may_not_list(guarded: S3World) -> None:
    bucket = guarded.bucket()
    getter = guarded.s3(guarded.person({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}))
    lister = guarded.s3(guarded.person({"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}))
    assert code(getter.get_object, Bucket=bucket, Key="none") == "AccessDenied"
    assert code(lister.get_object, Bucket=bucket, Key="none") == "NoSuchKey"
    assert code(getter.head_object, Bucket=bucket, Key="none") == "403"
    assert code(lister.head_object, Bucket=bucket, Key="none") == "404"


def test_a_bucket_that_is_not_there_is_no_secret(guarded: S3World) -> None:
    key = guarded.person()
    assert code(guarded.s3(key).get_object, Bucket="no-such-bucket-here", Key="a") == "NoSuchBucket"


def test_a_bucket_policy_alone_is_enough_for_a_user_of_the_account(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    key = guarded.person()
    arn = guarded.server.client("sts", key).get_caller_identity()["Arn"]
    guarded.policy(
        bucket, {"Principal": {"AWS": arn}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    )
    assert guarded.s3(key).get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"
    guarded.root.delete_bucket_policy(Bucket=bucket)
    assert code(guarded.s3(key).get_object, Bucket=bucket, Key="a") == "AccessDenied"


def test_another_account_needs_both_policies(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    other_root = (guarded.other["akid"], guarded.other["secret"])
    allowed = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    with_policy, without = guarded.person(allowed, key=other_root), guarded.person(key=other_root)
    assert code(guarded.s3(with_policy).get_object, Bucket=bucket, Key="a") == "AccessDenied"
    assert code(guarded.s3(other_root).get_object, Bucket=bucket, Key="a") == "AccessDenied"
    guarded.policy(bucket, {"Principal": {"AWS": guarded.other["account"]}, **allowed})
    assert guarded.s3(with_policy).get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"
    assert guarded.s3(other_root).get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"
    assert code(guarded.s3(without).get_object, Bucket=bucket, Key="a") == "AccessDenied"
    assert bucket not in [each["Name"] for each in guarded.s3(other_root).list_buckets()["Buckets"]]
    assert code(guarded.s3(other_root).create_bucket, Bucket=bucket) in ("BucketAlreadyExists",)


def test_everybody_may_read_what_is_public_and_nothing_else(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="pub/a", Body=b"one")
    guarded.root.put_object(Bucket=bucket, Key="priv/a", Body=b"two")
    nobody = guarded.s3(())
    assert code(nobody.get_object, Bucket=bucket, Key="pub/a") == "AccessDenied"
    guarded.unblock(bucket)
    guarded.policy(bucket, {"Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/pub/*"})
    assert guarded.root.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
    assert nobody.get_object(Bucket=bucket, Key="pub/a")["Body"].read() == b"one"
    with urllib.request.urlopen(f"{guarded.server.endpoint}/{bucket}/pub/a") as answer:
        assert answer.read() == b"one"
    assert code(nobody.get_object, Bucket=bucket, Key="priv/a") == "AccessDenied"
    assert code(nobody.put_object, Bucket=bucket, Key="pub/b", Body=b"x") == "AccessDenied"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{guarded.server.endpoint}/{bucket}?list-type=2")
    assert refused.value.code == 403


def test_an_explicit_deny_in_the_bucket_policy_beats_the_identity_policy(guarded: S3World) -> None:
    bucket = guarded.bucket()
    key = guarded.person({"Action": "s3:*", "Resource": "*"})
    guarded.s3(key).put_object(Bucket=bucket, Key="a", Body=b"one")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    guarded.policy(bucket, deny)
    text = message(guarded.s3(key).delete_object, Bucket=bucket, Key="a")
    assert "with an explicit deny in a resource-based policy" in text
    guarded.root.delete_bucket_policy(Bucket=bucket)
    guarded.s3(key).delete_object(Bucket=bucket, Key="a")


def test_the_root_user_can_always_repair_a_bucket_policy(guarded: S3World) -> None:
    bucket = guarded.bucket()
    own = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    guarded.policy(bucket, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": own})
    assert code(guarded.root.list_objects_v2, Bucket=bucket) == "AccessDenied"
    guarded.root.get_bucket_policy(Bucket=bucket)
    guarded.root.delete_bucket_policy(Bucket=bucket)
    guarded.root.list_objects_v2(Bucket=bucket)


def test_a_deleted_user_is_gone_from_a_bucket_policy_even_when_made_again(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    iam = guarded.server.client("iam")
    arn = iam.create_user(UserName="phoenix")["User"]["Arn"]
    allow = {"Principal": {"AWS": arn}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    guarded.policy(bucket, allow)
    assert arn in guarded.root.get_bucket_policy(Bucket=bucket)["Policy"]
    iam.delete_user(UserName="phoenix")
    iam.create_user(UserName="phoenix")
    made = iam.create_access_key(UserName="phoenix")["AccessKey"]
    key = (made["AccessKeyId"], made["SecretAccessKey"])
    assert code(guarded.s3(key).get_object, Bucket=bucket, Key="a") == "AccessDenied"
    shown = json.loads(guarded.root.get_bucket_policy(Bucket=bucket)["Policy"])
    assert shown["Statement"][0]["Principal"]["AWS"].startswith("AIDA")


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ("{", "MalformedPolicy"),
        ({"Principal": {"AWS": "arn:aws:iam::999999999999:user/x"}}, "MalformedPolicy"),
        ({"Resource": "arn:aws:s3:::another-bucket/*"}, "MalformedPolicy"),
        ({"Action": "iam:CreateUser"}, "MalformedPolicy"),
        ({"Effect": "Permit"}, "MalformedPolicy"),
        ({"Sid": "a rule with spaces"}, None),
    ],
)
def test_a_bucket_policy_is_held_against_its_grammar(guarded: S3World, document: Any, wanted: str | None) -> None:
    bucket = guarded.bucket()
    guarded.unblock(bucket)
    text = document
    if isinstance(document, dict):
        whole = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [{**whole, **document}]})
    if wanted is None:
        guarded.root.put_bucket_policy(Bucket=bucket, Policy=text)
    else:
        assert code(guarded.root.put_bucket_policy, Bucket=bucket, Policy=text) == wanted
        assert code(guarded.root.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"


def test_a_copy_needs_to_read_its_source_and_to_write_its_target(guarded: S3World) -> None:
    source, target = guarded.bucket(), guarded.bucket()
    guarded.root.put_object(Bucket=source, Key="a", Body=b"one")
    read = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{source}/*"}
    write = {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{target}/*"}
    copy = {"Bucket": target, "Key": "b", "CopySource": {"Bucket": source, "Key": "a"}}
    assert code(guarded.s3(guarded.person(read)).copy_object, **copy) == "AccessDenied"
    assert code(guarded.s3(guarded.person(write)).copy_object, **copy) == "AccessDenied"
    guarded.s3(guarded.person(read, write)).copy_object(**copy)
    assert guarded.root.get_object(Bucket=target, Key="b")["Body"].read() == b"one"


def test_deleting_many_is_judged_key_by_key(guarded: S3World) -> None:
    bucket = guarded.bucket()
    for key in ("mine/a", "mine/b", "theirs/a"):
        guarded.root.put_object(Bucket=bucket, Key=key, Body=b"x")
    mine = guarded.s3(guarded.person({"Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/mine/*"}))
    wanted = [{"Key": key} for key in ("mine/a", "theirs/a", "mine/b")]
    answer = mine.delete_objects(Bucket=bucket, Delete={"Objects": wanted})
    assert sorted(each["Key"] for each in answer["Deleted"]) == ["mine/a", "mine/b"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [("theirs/a", "AccessDenied")]
    left = guarded.root.list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["Key"] for each in left] == ["theirs/a"]


def test_a_condition_on_the_tags_of_an_object_is_held(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="open", Body=b"one", Tagging="level=public")
    guarded.root.put_object(Bucket=bucket, Key="shut", Body=b"two", Tagging="level=secret")
    condition = {"StringEquals": {"s3:ExistingObjectTag/level": "public"}}
    reader = guarded.s3(
        guarded.person({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": condition})
    )
    assert reader.get_object(Bucket=bucket, Key="open")["Body"].read() == b"one"
    assert code(reader.get_object, Bucket=bucket, Key="shut") == "AccessDenied"


def test_a_boundary_and_a_session_policy_bound_access_to_objects(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    iam, sts = guarded.server.client("iam"), guarded.server.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": guarded.account}, "Action": "sts:AssumeRole"}
    role = f"role-{bucket}"
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    assumer = guarded.person({"Action": "sts:AssumeRole", "Resource": arn})
    narrow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    given = guarded.server.client("sts", assumer).assume_role(
        RoleArn=arn,
        RoleSessionName="narrow",
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [narrow]}),
    )["Credentials"]
    session = guarded.s3((given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))
    assert session.get_object(Bucket=bucket, Key="a")["Body"].read() == b"one"
    assert "no session policy allows" in message(session.put_object, Bucket=bucket, Key="a", Body=b"x")
    iam.put_role_permissions_boundary(
        RoleName=role, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
    )
    assert "no permissions boundary allows" in message(session.get_object, Bucket=bucket, Key="a")
    assert sts.get_caller_identity()["Account"] == guarded.account


def test_a_presigned_url_carries_the_permissions_of_who_signed_it(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"one")
    key = guarded.person({"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{bucket}/*"})
    client = guarded.s3(key, config={"signature_version": "s3v4"})
    with urllib.request.urlopen(client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a"})) as got:
        assert got.read() == b"one"
    url = client.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "b c/ü+1"})
    with urllib.request.urlopen(urllib.request.Request(url, b"two", method="PUT")) as put:
        assert put.status == 200
    assert guarded.root.get_object(Bucket=bucket, Key="b c/ü+1")["Body"].read() == b"two"
    forbidden = client.generate_presigned_url("list_objects_v2", {"Bucket": bucket})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(forbidden)
    assert refused.value.code == 403
    with pytest.raises(urllib.error.HTTPError) as spoilt:
        urllib.request.urlopen(url.replace("b%20c", "b%20d"))
    assert b"SignatureDoesNotMatch" in spoilt.value.read()


def test_operations_that_are_not_built_are_named(guarded: S3World) -> None:
    bucket = guarded.bucket()
    assert (
        code(
            guarded.root.put_bucket_website,
            Bucket=bucket,
            WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}},
        )
        == "NotImplemented"
    )
    assert code(guarded.root.get_bucket_website, Bucket=bucket) == "NoSuchWebsiteConfiguration"
    guarded.root.head_bucket(Bucket=bucket)


def test_an_owner_that_was_expected_is_checked(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.head_bucket(Bucket=bucket, ExpectedBucketOwner=guarded.account)
    assert code(guarded.root.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="999999999999") == "AccessDenied"
