"""A browser on another site asks first, and is told what the bucket's CORS rules say, whatever the answer is."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.guarded.conftest import S3World
from tests.guarded.test_forms import post, refusal

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

SITE = "http://site.example"
RULE = {"AllowedOrigins": [SITE], "AllowedMethods": ["GET", "PUT", "POST"], "AllowedHeaders": ["*"]}
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def asked(url: str, method: str, headers: Mapping[str, str], body: bytes | None = None) -> tuple[int, Any, bytes]:
    """Status, headers (repeated ones joined), body."""
    request = urllib.request.Request(url, method=method, headers=dict(headers), data=body)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, joined(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, joined(refused.headers), refused.read()


def joined(headers: Any) -> dict[str, str]:
    return {name.lower(): ", ".join(headers.get_all(name)) for name in headers}


def shared(answer: tuple[int, Mapping[str, str], bytes]) -> tuple[int, str | None, str | None]:
    return answer[0], answer[1].get("access-control-allow-origin"), answer[1].get("vary")


@pytest.fixture(scope="module")
def client(guarded: S3World) -> Any:
    return guarded.s3(guarded.server.root, config={"signature_version": "s3v4"})


def test_the_rules_of_a_bucket_hold_for_preflights_reads_and_forms(guarded: S3World, client: Any) -> None:
    bucket = guarded.bucket()
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [{**RULE, "ExposeHeaders": ["ETag"]}]})
    client.put_object(Bucket=bucket, Key="a b/c", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/c"})
    wants = {"Origin": SITE, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "X-Amz-Meta-A"}
    status, headers, body = asked(url, "OPTIONS", wants)
    assert (status, headers["access-control-allow-origin"], headers["vary"], body) == (200, SITE, VARY, b"")
    assert headers["access-control-allow-methods"] == "GET, PUT, POST"
    assert headers["access-control-allow-headers"] == "x-amz-meta-a"
    answer = asked(url, "GET", {"Origin": SITE})
    assert (*shared(answer), answer[2]) == (200, SITE, VARY, b"x")
    assert answer[1]["access-control-expose-headers"] == "ETag"
    assert not [name for name in answer[1] if name.startswith("seaweed")]
    assert shared(asked(url, "GET", {"Origin": "http://other.example"})) == (200, None, None)
    assert shared(asked(url, "GET", {})) == (200, None, None)
    form = client.generate_presigned_post(bucket, "form")
    assert shared(post(form["url"], form["fields"], b"abc", headers={"Origin": SITE})) == (204, SITE, VARY)
    client.delete_bucket_cors(Bucket=bucket)
    assert shared(asked(url, "GET", {"Origin": SITE})) == (200, None, None)


def test_refusals_and_errors_say_it_too(guarded: S3World, client: Any) -> None:
    bucket = guarded.bucket()
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    here, site = f"{guarded.server.endpoint}/{bucket}", {"Origin": SITE}
    missing = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "missing"})
    put = client.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a"})
    form = client.generate_presigned_post(bucket, "up/a")
    forged = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"})[:-1]
    for answer, status, code in (
        (asked(f"{here}/a", "GET", site), 403, "AccessDenied"),
        (asked(f"{here}/a", "PUT", site, b"x"), 403, "AccessDenied"),
        (asked(f"{here}/a?X-Amz-Algorithm=AWS4-HMAC-SHA256", "GET", site), 400, "AuthorizationQueryParametersError"),
        (asked(forged, "GET", site), 403, "SignatureDoesNotMatch"),
        (asked(missing, "GET", site), 404, "NoSuchKey"),
        (asked(put, "PUT", {**site, "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, b"x"), 400, "BadDigest"),
        (asked(f"{here}?website=", "GET", site), 403, "AccessDenied"),
        (post(form["url"], {**form["fields"], "key": "other"}, b"x", headers=site), 403, "AccessDenied"),
        (post(form["url"], {}, b"x", headers=site), 400, "InvalidArgument"),
    ):
        assert (*shared(answer), refusal(answer)[1]) == (status, SITE, VARY, code), code
    assert shared(asked(f"{here}/a", "GET", {"Origin": "http://other.example"})) == (403, None, None)
    assert shared(asked(f"{here}/a", "DELETE", site)) == (403, None, None)
    assert shared(asked(f"{guarded.server.endpoint}/{guarded.bucket()}/a", "GET", site)) == (403, None, None)


def test_a_preflight_is_refused_in_awss_words(guarded: S3World, client: Any) -> None:
    bucket, without = guarded.bucket(), guarded.bucket()
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    nowhere = f"{guarded.server.endpoint}/no-such-bucket-there/a"
    wants = {"Origin": SITE, "Access-Control-Request-Method": "PUT"}

    def told(url: str, headers: Mapping[str, str]) -> tuple[int, str, str]:
        answer = asked(url, "OPTIONS", headers)
        assert "access-control-allow-origin" not in answer[1]
        return refusal(answer)

    here, not_enabled = f"{guarded.server.endpoint}/{bucket}/a", f"{guarded.server.endpoint}/{without}/a"
    origin_needed = (400, "BadRequest", "Insufficient information. Origin request header needed.")
    for url in (here, not_enabled, nowhere):
        assert told(url, {}) == origin_needed
    assert told(here, {"Origin": SITE}) == (400, "BadRequest", "Invalid Access-Control-Request-Method: null")
    forbidden = (403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
    assert told(not_enabled, wants) == told(not_enabled, {"Origin": SITE}) == forbidden
    assert told(nowhere, {"Origin": SITE}) == (403, "AccessForbidden", "CORSResponse: Bucket not found")
    status, code, message = told(here, {**wants, "Origin": "http://other.example"})
    assert (status, code) == (403, "AccessForbidden") and message.startswith("CORSResponse: This CORS request is not ")
    body = asked(here, "OPTIONS", {**wants, "Access-Control-Request-Method": "DELETE"})[2]
    assert b"<Method>DELETE</Method>" in body and b"<ResourceType>OBJECT</ResourceType>" in body


def test_the_rules_are_kept_as_they_were_set(guarded: S3World, client: Any) -> None:
    bucket = guarded.bucket()
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        client.get_bucket_cors(Bucket=bucket)
    rules = [
        {
            "ID": "one",
            "AllowedHeaders": ["x-AMZ-server-SIDE-encryption"],
            "AllowedMethods": ["GET", "PUT", "HEAD"],
            "AllowedOrigins": ["https://test.com", "http://test.com:80"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3000,
        },
        {"AllowedMethods": ["GET"], "AllowedOrigins": [""]},
    ]
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    assert client.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    for wrong in ([], [{"AllowedOrigins": ["*"]}], [{"AllowedMethods": ["GET"]}]):
        unchecked = guarded.s3(guarded.server.root, config={"parameter_validation": False})
        with pytest.raises(ClientError, match="MalformedXML"):
            unchecked.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": wrong})
    with pytest.raises(ClientError, match="Unsupported method is PATCH"):
        client.put_bucket_cors(
            Bucket=bucket, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["PATCH"], "AllowedOrigins": ["*"]}]}
        )
    assert client.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    client.delete_bucket_cors(Bucket=bucket)
    client.delete_bucket_cors(Bucket=bucket)


def test_an_answer_to_a_body_that_is_never_read_says_it(guarded: S3World, client: Any) -> None:
    bucket = guarded.bucket()
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    where = urlsplit(guarded.server.endpoint)
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 0, timeout=30)
    connection.putrequest("POST", f"/{bucket}?delete=")
    for name, value in (("Origin", SITE), ("Content-Length", str(100_000_000))):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    told = answer.status, joined(answer.headers), answer.read()
    connection.close()
    assert (*shared(told), refusal(told)[1]) == (400, SITE, VARY, "MaxMessageLengthExceeded")
