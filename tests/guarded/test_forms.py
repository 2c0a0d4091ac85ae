"""Uploads by HTML forms, as boto3 prepares them and a browser sends them."""

from __future__ import annotations

import base64
import http.client
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

Fields = Mapping[str, str]


def encoded(fields: Fields, content: bytes, filename: str | None = "photo.jpg") -> tuple[bytes, str]:
    """As Chromium writes it."""
    boundary = f"----WebKitFormBoundary{secrets.token_hex(8)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    named = "" if filename is None else f'; filename="{filename}"'
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"{named}\r\nContent-Type: image/jpeg\r\n\r\n'
    submit = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="submit"\r\n\r\nUpload\r\n--{boundary}--\r\n'
    return b"".join([*parts, head.encode(), content, submit.encode()]), f"multipart/form-data; boundary={boundary}"


def post(url: str, fields: Fields, content: bytes, **more: Any) -> tuple[int, dict[str, str], bytes]:
    """Send a form; status, headers, body."""
    headers = more.pop("headers", {})
    body, kind = encoded(fields, content, **more)
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=30)
    try:
        connection.request("POST", where.path, body, {"Content-Type": kind, **headers})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def refusal(answer: tuple[int, Mapping[str, str], bytes]) -> tuple[int, str, str]:
    document = ElementTree.fromstring(answer[2])
    return answer[0], document.findtext("Code") or "", document.findtext("Message") or ""


def test_a_form_uploads_a_file_under_the_name_the_browser_gives_it(guarded: S3World) -> None:
    bucket = guarded.bucket()
    given = guarded.root.generate_presigned_post(bucket, "up/${filename}")
    status, headers, body = post(given["url"], given["fields"], b"a picture")
    assert (status, body) == (204, b"")
    assert headers["location"] == f"{guarded.server.endpoint}/{bucket}/up%2Fphoto.jpg"
    assert guarded.root.get_object(Bucket=bucket, Key="up/photo.jpg")["Body"].read() == b"a picture"


def test_a_large_file_streams_through_in_both_directions_unchanged(guarded: S3World) -> None:
    bucket, content = guarded.bucket(), secrets.token_bytes(7_000_003) + b"\r\n--"
    given = guarded.root.generate_presigned_post(bucket, "big")
    assert post(given["url"], given["fields"], content)[0] == 204
    assert guarded.root.get_object(Bucket=bucket, Key="big")["Body"].read() == content


def test_fields_become_what_headers_are_elsewhere(guarded: S3World) -> None:
    bucket = guarded.bucket()
    fields = {
        "Content-Type": "text/x-one",
        "Cache-Control": "no-store",
        "x-amz-meta-who": "ü",
        "acl": "private",
        "tagging": "<Tagging><TagSet><Tag><Key>a b</Key><Value>1+2</Value></Tag></TagSet></Tagging>",
    }
    conditions = [{name: value} for name, value in fields.items()]
    given = guarded.root.generate_presigned_post(bucket, "a", Fields=dict(fields), Conditions=conditions)
    answer = post(given["url"], given["fields"], b"one")
    assert answer[0] == 204, answer
    head = guarded.root.head_object(Bucket=bucket, Key="a")
    assert (head["ContentType"], head["CacheControl"]) == ("text/x-one", "no-store")
    assert "who" in head["Metadata"]
    tags = guarded.root.get_object_tagging(Bucket=bucket, Key="a")["TagSet"]
    assert tags == [{"Key": "a b", "Value": "1+2"}]


def test_the_browser_is_told_in_the_way_the_form_asks_for(guarded: S3World) -> None:
    bucket = guarded.bucket()

    def sent(name: str, value: str) -> tuple[int, dict[str, str], bytes]:
        given = guarded.root.generate_presigned_post(bucket, "a b", Fields={name: value}, Conditions=[{name: value}])
        return post(given["url"], given["fields"], b"one")

    status, headers, body = sent("success_action_status", "201")
    document = ElementTree.fromstring(body)
    assert (status, document.tag, document.findtext("Key"), document.findtext("Bucket")) == (
        *(201, "PostResponse", "a b"),
        bucket,
    )
    assert document.findtext("ETag") == headers["etag"] and document.findtext("Location") == headers["location"]
    assert sent("success_action_status", "200")[0] == 200
    assert sent("success_action_status", "404")[0] == 204
    status, headers, _ = sent("success_action_redirect", "http://site.example/done?x=1")
    asked = urlsplit(headers["location"])
    assert (status, asked.netloc, asked.path) == (303, "site.example", "/done")
    assert parse_qs(asked.query) == {"x": ["1"], "bucket": [bucket], "key": ["a b"], "etag": [headers["etag"]]}
    assert sent("success_action_redirect", "/relative")[0] == 204


def test_what_the_policy_does_not_allow_is_refused_in_awss_words_and_leaves_nothing(guarded: S3World) -> None:
    bucket = guarded.bucket()

    def told(change: Fields | None = None, content: bytes = b"12345", **more: Any) -> tuple[int, str, str]:
        given = guarded.root.generate_presigned_post(bucket, "user/${filename}", **more)
        return refusal(post(given["url"], {**given["fields"], **(change or {})}, content))

    invalid = "Invalid according to Policy: "
    assert told({"key": "other"}) == (
        *(403, "AccessDenied"),
        invalid + 'Policy Condition failed: ["starts-with", "$key", "user/"]',
    )
    assert told({"x-amz-meta-more": "1"}) == (403, "AccessDenied", invalid + "Extra input fields: x-amz-meta-more")
    assert told(ExpiresIn=-5) == (403, "AccessDenied", invalid + "Policy expired.")
    sizes = [["content-length-range", 6, 10]]
    assert told(Conditions=sizes)[:2] == (400, "EntityTooSmall")
    assert told(content=b"x" * 11, Conditions=sizes)[:2] == (400, "EntityTooLarge")
    assert told(content=b"x" * 3_000_000, Conditions=sizes)[:2] == (400, "EntityTooLarge")
    signature = "The request signature we calculated does not match the signature you provided."
    assert told({"x-amz-signature": "0" * 64})[1:] == (
        "SignatureDoesNotMatch",
        f"{signature} Check your key and signing method.",
    )
    assert told({"x-amz-signature": ""}) == (
        *(400, "InvalidArgument"),
        "Bucket POST must contain a field named 'X-Amz-Signature'.  If it is specified, please check the order of the "
        "fields.",
    )
    assert told({"x-amz-credential": "AKIANOBODYNOBODYNOBO/20261130/us-east-1/s3/aws4_request"})[1] in (
        *("InvalidAccessKeyId", "InvalidArgument"),
    )
    assert (
        told({"Content-MD5": base64.b64encode(bytes(16)).decode()}, Conditions=[["starts-with", "$content-md5", ""]])[1]
        == "BadDigest"
    )
    assert guarded.root.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_form_may_do_what_its_signer_may_and_no_more(guarded: S3World) -> None:
    bucket = guarded.bucket()
    by_post = {
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/in/*",
        "Condition": {"StringEquals": {"s3:authType": "POST", "s3:signatureversion": "AWS4-HMAC-SHA256"}},
    }
    client = guarded.s3(guarded.person(by_post))
    given = client.generate_presigned_post(bucket, "in/a")
    assert post(given["url"], given["fields"], b"one")[0] == 204
    with pytest.raises(ClientError):
        client.put_object(Bucket=bucket, Key="in/a", Body=b"two")
    given = client.generate_presigned_post(bucket, "out/a")
    status, code, message = refusal(post(given["url"], given["fields"], b"one"))
    assert (status, code) == (403, "AccessDenied") and "not authorized to perform: s3:PutObject" in message
    nobody = {"key": "in/b"}
    url = f"{guarded.server.endpoint}/{bucket}"
    assert refusal(post(url, nobody, b"x")) == (403, "AccessDenied", "Access Denied")


def test_temporary_credentials_sign_forms(guarded: S3World) -> None:
    bucket = guarded.bucket()
    key = guarded.person({"Action": "*", "Resource": "*"})
    made = guarded.server.client("sts", key).get_session_token()["Credentials"]
    client = guarded.s3((made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]))
    given = client.generate_presigned_post(bucket, "a")
    assert post(given["url"], given["fields"], b"one")[0] == 204
    without = {name: value for name, value in given["fields"].items() if name != "x-amz-security-token"}
    assert refusal(post(given["url"], without, b"one"))[:2] == (403, "InvalidAccessKeyId")


def test_what_is_no_form_of_ours_is_told_so(guarded: S3World) -> None:
    bucket = guarded.bucket()
    url = f"{guarded.server.endpoint}/{bucket}"
    given = guarded.root.generate_presigned_post(bucket, "a")
    assert refusal(post(url, {}, b"x"))[1:] == (
        "InvalidArgument",
        "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
    )
    assert refusal(post(url, given["fields"], b"x", headers={"Content-Type": "text/html"}))[:2] == (
        *(412, "PreconditionFailed"),
    )
    assert refusal(post(url, given["fields"], b"x", headers={"Content-Type": "multipart/form-data"}))[:2] == (
        *(400, "MalformedPOSTRequest"),
    )
    long = {**given["fields"], "x-ignore-more": "x" * 30_000}
    assert refusal(post(url, long, b"x"))[:2] == (400, "MaxPostPreDataLengthExceeded")
    assert (
        refusal(post(url, given["fields"], b"x", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=a"}))[0] == 400
    )
    policy = base64.b64encode(json.dumps({"expiration": "soon", "conditions": []}).encode()).decode()
    assert refusal(post(url, {"key": "a", "policy": policy}, b"x"))[1:] == (
        "InvalidPolicyDocument",
        "Invalid Policy: Invalid 'expiration' value: 'soon'",
    )
