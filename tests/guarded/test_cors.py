"""A browser on another site asks first, and is told what the bucket's CORS rules say."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

import pytest

from tests.guarded.conftest import S3World
from tests.guarded.test_forms import post, refusal

pytestmark = [pytest.mark.server, pytest.mark.client, pytest.mark.xdist_group("guarded")]

SITE = "http://site.example"


def asked(url: str, method: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, method=method, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, {name.lower(): value for name, value in refused.headers.items()}, refused.read()


def test_the_rules_of_a_bucket_hold_for_preflights_reads_and_forms(guarded: S3World) -> None:
    bucket, client = guarded.bucket(), guarded.s3(guarded.server.root, config={"signature_version": "s3v4"})
    rule = {"AllowedOrigins": [SITE], "AllowedMethods": ["GET", "PUT", "POST"], "AllowedHeaders": ["*"]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [{**rule, "ExposeHeaders": ["ETag"]}]})
    client.put_object(Bucket=bucket, Key="a b/c", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/c"})
    wants = {"Origin": SITE, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-amz-meta-a"}
    status, headers, _ = asked(url, "OPTIONS", wants)
    assert (status, headers["access-control-allow-origin"]) == (200, SITE)
    assert "PUT" in headers["access-control-allow-methods"]
    assert asked(url, "OPTIONS", {**wants, "Origin": "http://other.example"})[0] == 403
    assert refusal(asked(url, "OPTIONS", {}))[:2] == (400, "BadRequest")
    assert refusal(asked(url, "OPTIONS", {"Origin": SITE}))[:2] == (400, "BadRequest")
    status, headers, body = asked(url, "GET", {"Origin": SITE})
    assert (status, headers["access-control-allow-origin"], body) == (200, SITE, b"x")
    assert not [name for name in headers if name.startswith("seaweed")]
    assert "access-control-allow-origin" not in asked(url, "GET", {"Origin": "http://other.example"})[1]
    form = client.generate_presigned_post(bucket, "form")
    status, headers, _ = post(form["url"], form["fields"], b"abc", headers={"Origin": SITE})
    assert (status, headers["access-control-allow-origin"]) == (204, SITE)
    nowhere = f"{guarded.server.endpoint}/no-such-bucket-there/a"
    assert refusal(asked(nowhere, "OPTIONS", wants))[:2] == (404, "NoSuchBucket")
