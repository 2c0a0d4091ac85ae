"""What botocore writes, we read; what we don't know, we refuse."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.services.s3.addresses import Endpoints, S3Refusal, creatable
from ostiary.services.s3.operations import (
    BUCKET,
    FORWARDED,
    OBJECT,
    OWNED,
    PARAMETERS,
    SERVICE,
    Level,
    Served,
    filled,
    served,
)
from ostiary.services.s3.requests import CopySource, S3Request, read_request

from .written import MODEL, Written, client, least, write

OLD_NAMES = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
}
"""Operations that are on the wire what their successors are."""
MORE = {"ListDirectoryBuckets": {"MaxDirectoryBuckets": 1}}
ELSEWHERE = {"ListDirectoryBuckets", "WriteGetObjectResponse"}
"""Operations that have AWS hosts of their own."""

PATH_STYLE = client(endpoint_url="http://127.0.0.1:4700")
VIRTUAL = client(style="virtual")
LOCAL_VIRTUAL = client(style="virtual", endpoint_url="http://s3.localhost:4700")


def read(written: Written) -> S3Request:
    return read_request(written.method, written.host, written.path, written.query, written.headers)


def ask(method: str, path: str, query: str = "", host: str = "127.0.0.1:4700", **headers: str) -> S3Request:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return read_request(method, host, path, query, fields)


def refused(method: str, path: str, query: str = "", host: str = "127.0.0.1:4700", **headers: str) -> str:
    with pytest.raises(S3Refusal) as caught:
        ask(method, path, query, host, **headers)
    return caught.value.code


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_every_operation_that_botocore_writes_in_path_style_is_recognised(operation: str) -> None:
    request = read(write(PATH_STYLE, operation, **least(operation, **MORE.get(operation, {}))))
    assert request.operation == OLD_NAMES.get(operation, operation)
    assert not request.virtual_host


@pytest.mark.parametrize("made", [VIRTUAL, LOCAL_VIRTUAL], ids=["amazonaws.com", "s3.localhost"])
@pytest.mark.parametrize("operation", [name for name in MODEL.operation_names if name not in ELSEWHERE])
def test_every_operation_that_botocore_writes_by_virtual_host_is_recognised(operation: str, made: object) -> None:
    params = least(operation)
    request = read(write(made, operation, **params))
    assert request.operation == OLD_NAMES.get(operation, operation)
    assert (request.bucket, request.key) == (params.get("Bucket"), params.get("Key"))
    path_style_anyway = request.bucket is None or operation == "GetBucketLocation"  # botocore's way
    assert request.virtual_host is not path_style_anyway


def test_the_tables_name_operations_of_the_model_only() -> None:
    named = {name for table in (SERVICE, BUCKET, OBJECT) for row in table.values() for name in row.values()}
    assert named - {"PostObject"} <= set(MODEL.operation_names)
    assert set(PARAMETERS) <= set(MODEL.operation_names)
    assert set(MODEL.operation_names) >= OWNED | FORWARDED
    assert not OWNED & FORWARDED


@pytest.mark.parametrize("operation", sorted(PARAMETERS))
def test_the_query_parameters_of_an_operation_are_those_of_the_model(operation: str) -> None:
    model = MODEL.operation_model(operation)
    query = {
        member.serialization.get("name")
        for member in model.input_shape.members.values()
        if member.serialization.get("location") == "querystring"
    }
    if operation == "SelectObjectContent":
        query.add("select-type")
    assert PARAMETERS[operation] == query - {"uploadId"}


def test_operations_without_parameters_have_none_in_the_model_either() -> None:
    for operation in set(MODEL.operation_names) - set(PARAMETERS) - set(OLD_NAMES):
        shape = MODEL.operation_model(operation).input_shape
        query = {m.serialization.get("name") for m in (shape.members.values() if shape else ())
                 if m.serialization.get("location") == "querystring"}  # fmt: skip
        assert query <= {"uploadId"}, operation


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("joinc.s3.amazonaws.com", "joinc"),
        ("joinc.s3.ap-northeast-2.amazonaws.com", "joinc"),
        ("joinc.s3.ap-northeast-2.amazonaws.com:443", "joinc"),
        ("joinc.s3-eu-west-1.amazonaws.com", "joinc"),
        ("joinc.s3.dualstack.us-gov-west-1.amazonaws.com", "joinc"),
        ("joinc.s3-fips.dualstack.us-east-1.amazonaws.com", "joinc"),
        ("joinc.s3-accelerate.amazonaws.com", "joinc"),
        ("joinc.s3.cn-north-1.amazonaws.com.cn", "joinc"),
        ("storage.joinc.s3.s3.ap-northeast-2.amazonaws.com", "storage.joinc.s3"),
        ("storage.joinc.s3.s3.amazonaws.com", "storage.joinc.s3"),
        ("storage.joinc.s3.s3.localhost:4700", "storage.joinc.s3"),
        ("joinc.s3.localhost", "joinc"),
        ("joinc.localhost:4700", "joinc"),
        ("JOINC.s3.amazonaws.com", "joinc"),
    ],
)
def test_a_virtual_host_names_its_bucket(host: str, bucket: str) -> None:
    request = ask("GET", "/a/b", host=host)
    assert (request.bucket, request.key, request.virtual_host) == (bucket, "a/b", True)
    assert request.forward_path == f"/{bucket}/a/b"


@pytest.mark.parametrize(
    "host",
    ["s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", "s3-eu-west-1.amazonaws.com",
     "s3.dualstack.us-east-1.amazonaws.com",
     "127.0.0.1", "127.0.0.1:4700", "[::1]:4700", "localhost:4700", "s3.localhost", "storage.example.com", ""],
)  # fmt: skip
def test_other_hosts_are_path_style(host: str) -> None:
    request = ask("GET", "/joinc/a/b", host=host)
    assert (request.bucket, request.key, request.virtual_host) == ("joinc", "a/b", False)


def test_a_configured_name_has_virtual_hosts() -> None:
    endpoints = Endpoints(("storage.example.com",))
    request = read_request("GET", "box.storage.example.com", "/k", "", [], endpoints)
    assert (request.bucket, request.key) == ("box", "k")


@pytest.mark.parametrize(
    "host",
    ["ap-123456789012.s3-accesspoint.us-east-1.amazonaws.com", "b.s3express-use1-az4.us-east-1.amazonaws.com",
     "x.s3-object-lambda.us-east-1.amazonaws.com", "s3-control.us-east-1.amazonaws.com"],
)  # fmt: skip
def test_another_kind_of_s3_is_refused_and_not_taken_for_a_bucket(host: str) -> None:
    assert refused("GET", "/k", host=host) == "NotImplemented"


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("/box/a//b", "a//b"),
        ("/box//lead", "/lead"),
        ("/box/a/../b", "a/../b"),
        ("/box/./a", "./a"),
        ("/box/a%2Fb", "a/b"),
        ("/box/a%252Fb", "a%2Fb"),
        ("/box/a+b", "a+b"),
        ("/box/dir/", "dir/"),
        ("/box/%C3%A9", "é"),
        ("/box/\xc3\xa9", "é"),
        ("/box/%2e%2e/x", "../x"),
    ],
)
def test_a_key_is_decoded_once_and_kept_as_it_is(raw: str, key: str) -> None:
    assert ask("GET", raw).key == key


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_what_is_forwarded_names_the_same_key(key: str) -> None:
    first = ask("GET", "/box/" + "".join(f"%{byte:02x}" for byte in key.encode()))
    assert first.key == key
    assert re.fullmatch(r"/box/[A-Za-z0-9._~%/-]+", first.forward_path)
    assert ask("GET", first.forward_path).key == key


@pytest.mark.parametrize("raw", ["/box/%", "/box/%zz", "/box/%ff", "/box/a%2", "box/k", ""])
def test_a_path_that_is_no_utf8_is_refused(raw: str) -> None:
    assert refused("GET", raw) == "InvalidURI"


@pytest.mark.parametrize("raw", ["//key", "/..", "/../box/k", "/a%2Fb/k", "/b/k", "/b%00x/k", "/" + "b" * 256])
def test_a_bucket_that_can_be_none_is_refused(raw: str) -> None:
    assert refused("GET", raw) == "InvalidBucketName"


def test_a_key_is_1024_bytes_at_most() -> None:
    assert ask("GET", "/box/" + "k" * 1024).key
    assert refused("GET", "/box/" + "%C3%A9" * 513) == "KeyTooLongError"


@pytest.mark.parametrize(
    ("method", "path", "query", "code"),
    [
        ("PUT", "/box", "frobnicate", "NotImplemented"),
        ("PUT", "/box", "frobnicate=1", "NotImplemented"),
        ("PUT", "/box", "Policy", "NotImplemented"),
        ("PUT", "/box/k", "frobnicate", "NotImplemented"),
        ("PUT", "/box/k", "versionId=1", "NotImplemented"),
        ("DELETE", "/box", "frobnicate", "NotImplemented"),
        ("GET", "/box", "frobnicate", "NotImplemented"),
        ("GET", "/", "frobnicate", "NotImplemented"),
        ("PUT", "/box", "location", "MethodNotAllowed"),
        ("PUT", "/box/k", "website", "MethodNotAllowed"),
        ("PUT", "/box/k", "notification", "MethodNotAllowed"),
        ("POST", "/box/k", "", "MethodNotAllowed"),
        ("POST", "/box", "policy", "MethodNotAllowed"),
        ("HEAD", "/box", "policy", "MethodNotAllowed"),
        ("HEAD", "/box/k", "acl", "MethodNotAllowed"),
        ("PATCH", "/box/k", "", "MethodNotAllowed"),
        ("OPTIONS", "/", "", "MethodNotAllowed"),
        ("PUT", "/", "", "MethodNotAllowed"),
        ("DELETE", "/", "", "MethodNotAllowed"),
        ("GET", "/box", "acl&policy", "InvalidArgument"),
        ("PUT", "/box/k", "tagging&acl", "InvalidArgument"),
        ("GET", "/box", "list-type=1", "InvalidArgument"),
        ("GET", "/box/k", "versionId=a&versionId=b", "InvalidArgument"),
        ("GET", "/box", "prefix=a&prefix=b", "InvalidArgument"),
        ("GET", "/box/k", "versionId=", "InvalidArgument"),
        ("PUT", "/box/k", "uploadId=u", "InvalidArgument"),
        ("PUT", "/box/k", "uploadId=u&partNumber=0", "InvalidArgument"),
        ("PUT", "/box/k", "uploadId=u&partNumber=10001", "InvalidArgument"),
        ("PUT", "/box/k", "uploadId=u&partNumber=12abc", "InvalidArgument"),
        ("PUT", "/box/k", "partNumber=1", "NotImplemented"),
    ],
)
def test_what_is_not_known_is_refused_and_falls_through_to_nothing(
    method: str, path: str, query: str, code: str
) -> None:
    assert refused(method, path, query) == code


def test_a_read_may_carry_a_parameter_that_means_nothing_but_it_is_not_forwarded() -> None:
    request = ask("GET", "/box/k", "v=3&x-trace=7&x-id=GetObject&versionId=abc")
    assert request.operation == "GetObject"
    assert request.forward_query == "versionId=abc"


def test_the_signature_in_the_query_is_no_part_of_the_request() -> None:
    query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=9&X-Amz-SignedHeaders=host"
    request = ask("PUT", "/box/k", query + "&X-Amz-Signature=0&X-Amz-Security-Token=t&x-id=PutObject")
    assert request.operation == "PutObject"
    assert request.forward_query == ""
    assert not request.headers


def test_an_empty_prefix_is_not_an_absent_one() -> None:
    assert ask("GET", "/box", "prefix=").query == {"prefix": ""}
    assert ask("GET", "/box", "list-type=2").query == {"list-type": "2"}


def test_a_plus_in_the_query_is_a_blank() -> None:
    request = ask("GET", "/box", "prefix=a+b%2Bc")
    assert request.query == {"prefix": "a b+c"}
    assert request.forward_query == "prefix=a%20b%2Bc"


def test_headers_that_a_presigned_url_carries_count_as_headers() -> None:
    request = ask("PUT", "/box/k", "x-amz-acl=public-read&x-amz-meta-a=%C3%A9")
    assert request.header("x-amz-acl") == "public-read"
    assert request.header("x-amz-meta-a") == "\xc3\xa9"
    assert refused("PUT", "/box/k", "x-amz-acl=private", x_amz_acl="public-read") == "InvalidArgument"
    assert refused("PUT", "/box/k", "x-amz-meta-a=1%0d%0aevil:1") == "InvalidArgument"


def test_a_repeated_header_is_joined_so_that_nobody_sees_only_one_of_them() -> None:
    headers = [("x-amz-acl", "private"), ("x-amz-acl", "public-read")]
    request = read_request("PUT", "localhost", "/box/k", "", headers)
    assert request.headers == (("x-amz-acl", "private,public-read"),)


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("from/k", CopySource("from", "k", None)),
        ("/from/a%2Fb%20c", CopySource("from", "a/b c", None)),
        ("from/k?versionId=v1", CopySource("from", "k", "v1")),
        ("from/a+b", CopySource("from", "a+b", None)),
        ("from//k", CopySource("from", "/k", None)),
        ("from%2Fk", CopySource("from", "k", None)),
    ],
)
def test_a_copy_names_its_source(header: str, source: CopySource) -> None:
    request = ask("PUT", "/box/k", x_amz_copy_source=header)
    assert (request.operation, request.copy_source) == ("CopyObject", source)
    again = ask("PUT", "/box/k", "uploadId=u&partNumber=2", x_amz_copy_source=request.header("x-amz-copy-source") or "")
    assert (again.operation, again.copy_source, again.part_number) == ("UploadPartCopy", source, 2)


@pytest.mark.parametrize(
    ("header", "code"),
    [("from", "InvalidArgument"), ("from/", "InvalidArgument"), ("/", "InvalidArgument"), ("", "InvalidArgument"),
     ("from/%ff", "InvalidArgument"), ("../k", "InvalidBucketName"), ("from/k?versionId=", "InvalidArgument"),
     ("arn:aws:s3:us-east-1:1:accesspoint/a/object/k", "NotImplemented")],
)  # fmt: skip
def test_a_copy_of_nothing_is_refused(header: str, code: str) -> None:
    assert refused("PUT", "/box/k", x_amz_copy_source=header) == code


def test_a_copy_source_on_another_operation_is_not_forwarded() -> None:
    request = ask("PUT", "/box/k", "tagging", x_amz_copy_source="from/k")
    assert (request.operation, request.copy_source, request.headers) == ("PutObjectTagging", None, ())


def test_only_what_is_for_the_engine_is_forwarded() -> None:
    request = ask(
        "PUT", "/box/k", authorization="AWS4-HMAC-SHA256 …", x_amz_date="d", x_amz_content_sha256="h",
        x_amz_security_token="t", x_amz_acl="public-read", x_amz_grant_read="id=1", x_amz_expected_bucket_owner="1",
        content_encoding="aws-chunked,gzip", content_type="text/plain", x_amz_meta_color="red", x_forwarded_for="1",
        x_seaweedfs_secret="1", cookie="c", x_amz_decoded_content_length="5", x_amz_server_side_encryption="AES256",
    )  # fmt: skip
    assert dict(request.forward_headers) == {
        "content-encoding": "gzip",
        "content-type": "text/plain",
        "x-amz-meta-color": "red",
        "x-amz-server-side-encryption": "AES256",
    }
    assert "content-encoding" not in dict(ask("PUT", "/box/k", content_encoding="aws-chunked").forward_headers)


def test_what_gives_an_object_content_or_more_is_told_from_what_reads_or_empties_it() -> None:
    assert not filled("PutObject", empty=True)
    assert filled("PutObject", empty=False)
    assert not any(filled(name, empty=True) for name in ("GetObject", "HeadObject", "DeleteObject"))
    assert all(filled(name, empty=True) for name in ("CopyObject", "CreateMultipartUpload", "DeleteObjectTagging"))


def test_a_form_upload_is_named_and_goes_to_the_engine() -> None:
    request = ask("POST", "/box", content_type="multipart/form-data; boundary=x")
    assert (request.operation, request.level) == ("PostObject", Level.BUCKET)
    assert served(request.operation) is Served.FORWARDED


@pytest.mark.parametrize(
    ("name", "is_good"),
    [("joinc-bucket", True), ("storage.joinc.s3", True), ("a1b", True), ("b" * 63, True), ("b" * 64, False),
     ("ab", False),
     ("joinc_bucket", False), ("Joinc", False), ("a..b", False), ("-ab", False), ("ab-", False), ("192.168.5.4", False),
     ("xn--abc", False), ("abc-s3alias", False), ("abc--x-s3", False), ("a.-b", True)],
)  # fmt: skip
def test_a_new_bucket_follows_the_naming_rules(name: str, is_good: bool) -> None:
    assert creatable(name) is is_good
