"""Presigned URLs of boto3, within their bounds and beyond them."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from ostiary.sigv4 import Credentials, presign
from tests.guarded.conftest import S3World

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

V4 = {"signature_version": "s3v4"}


def asked(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, str, str, bytes]:
    """Status, error code, message, body."""
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, "", "", answer.read()
    except urllib.error.HTTPError as refused:
        read = refused.read()
        document = ElementTree.fromstring(read)
        return refused.code, document.findtext("Code") or "", document.findtext("Message") or "", read


def signed(guarded: S3World, path: str, **more: Any) -> str:
    """A URL of our own making, so that it can be wrong in one thing."""
    key = more.pop("key", guarded.server.root)
    query = presign(
        Credentials(akid=key[0], secret=key[1]),
        method=more.pop("method", "GET"),
        raw_path=path,
        raw_query=more.pop("query", ""),
        headers=[("host", guarded.server.endpoint.removeprefix("http://"))],
        expires=more.pop("expires", 600),
        now=more.pop("now", datetime.now(UTC)),
        region=more.pop("region", "ap-northeast-2"),
        service=more.pop("service", "s3"),
    )
    return f"{guarded.server.endpoint}{path}?{query}"


def test_a_url_puts_and_gets_with_long_lived_and_with_temporary_keys(guarded: S3World) -> None:
    bucket = guarded.bucket()
    made = guarded.server.client("sts", guarded.person({"Action": "*", "Resource": "*"})).get_session_token()
    temporary = tuple(made["Credentials"][name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    for number, key in enumerate((guarded.server.root, temporary)):
        client, where = guarded.s3(key, config=V4), {"Bucket": bucket, "Key": f"a b/{number}+ü"}
        put = client.generate_presigned_url("put_object", Params={**where, "ContentType": "text/x-one"})
        assert asked(put, "PUT", b"one", **{"Content-Type": "text/x-one"})[0] == 200
        assert asked(put, "PUT", b"one", **{"Content-Type": "text/other"})[1] == "SignatureDoesNotMatch"
        get = client.generate_presigned_url("get_object", Params={**where, "ResponseContentType": "text/x-two"})
        assert asked(get)[3] == b"one"
        assert asked(get.replace("text%2Fx-two", "text%2Fx-three"))[1] == "SignatureDoesNotMatch"
        ranged = asked(get, Range="bytes=1-1")
        assert (ranged[0], ranged[3]) == (206, b"n")
    without = get.replace("X-Amz-Security-Token=", "X-Amz-Nothing=")
    assert asked(without)[0] == 403


@pytest.mark.parametrize(
    ("change", "status", "code", "message"),
    [
        ({"now": timedelta(seconds=-700)}, 403, "AccessDenied", "Request has expired"),
        ({"now": timedelta(minutes=20)}, 403, "AccessDenied", "Request is not valid yet"),
        ({"key": ("AKIANOBODYNOBODYNOBO", "x" * 40)}, 403, "InvalidAccessKeyId", None),
    ],
)
def test_a_url_out_of_its_time_or_of_nobody_is_refused(
    guarded: S3World, change: dict[str, Any], status: int, code: str, message: str | None
) -> None:
    if "now" in change:
        change = {"now": datetime.now(UTC) + change["now"]}
    answer = asked(signed(guarded, "/any-bucket/key", **change))
    assert answer[:2] == (status, code)
    assert message is None or answer[2] == message


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("X-Amz-Expires", "0", "X-Amz-Expires must be non-negative"),
        ("X-Amz-Expires", "-1", "X-Amz-Expires must be non-negative"),
        ("X-Amz-Expires", "604801", "X-Amz-Expires must be less than a week (in seconds); that is, the given "),
        ("X-Amz-Expires", "soon", "X-Amz-Expires should be a number"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA1", "The authorization mechanism you have provided is not supported."),
        ("X-Amz-Date", "20261130", 'X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'),
        (
            "X-Amz-Credential",
            "AKIA%2F20261130%2Fs3",
            "Error parsing the X-Amz-Credential parameter; the ",
        ),
    ],
)
def test_a_parameter_beyond_its_bounds_is_told_in_awss_words(
    guarded: S3World, name: str, value: str, message: str
) -> None:
    url = signed(guarded, "/any-bucket/key")
    before = next(piece for piece in url.partition("?")[2].split("&") if piece.startswith(name))
    answer = asked(url.replace(before, f"{name}={value}"))
    assert answer[0] == 400 and answer[2].startswith(message)


def test_a_url_lives_a_week_at_most_and_its_age_is_a_condition(guarded: S3World) -> None:
    bucket = guarded.bucket()
    guarded.root.put_object(Bucket=bucket, Key="a", Body=b"x")
    young = {"NumericLessThan": {"s3:signatureAge": "60000"}, "StringEquals": {"s3:authType": "REST-QUERY-STRING"}}
    on = f"arn:aws:s3:::{bucket}/*"
    key = guarded.person({"Action": "s3:GetObject", "Resource": on, "Condition": young})
    path = f"/{bucket}/a"
    assert asked(signed(guarded, path, expires=604_800))[0] == 200
    six_days_ago = datetime.now(UTC) - timedelta(days=6)
    assert asked(signed(guarded, path, expires=604_800, now=six_days_ago))[0] == 200
    assert asked(signed(guarded, path, key=key))[0] == 200
    old = datetime.now(UTC) - timedelta(seconds=90)
    assert asked(signed(guarded, path, key=key, now=old))[1] == "AccessDenied"
    both = urllib.request.Request(signed(guarded, path), headers={"Authorization": "AWS4-HMAC-SHA256 Credential=a/b"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(both)
    assert refused.value.code == 400 and b"Only one auth mechanism allowed" in refused.value.read()
