"""Requests signed by AWS's own libraries, botocore and the common runtime, in odd shapes.

Each must verify, and with any single part changed must not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import quote

import pytest
from awscrt import auth as crt_auth
from awscrt import http as crt_http
from botocore import auth as boto_auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostiary.sigv4 import (
    EMPTY_SHA256,
    UNSIGNED_PAYLOAD,
    Credentials,
    Reason,
    SignatureFault,
    StandingSigner,
    present,
    presign,
    sign,
)

from .signed import Wire, at, from_url

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = at("20260101T120000Z")
AKID = "AKIDEXAMPLE"

# Text that percent-encoding, sorting and folding may trip over. Paths and queries are encoded as SDKs do it.
words = st.text(alphabet="aZ09-_.~ +%&=/?#:@!$'()*,;é中\u00a0\u0085\U0001f600", max_size=12)
segments = st.lists(words.map(lambda w: quote(w, safe="-_.~")), max_size=4)
paths = st.builds(lambda s, end: "/" + "/".join(s) + end, segments, st.sampled_from(["", "/"]))
names = words.filter(bool)
queries = st.lists(
    st.builds(
        lambda n, v, eq: quote(n, safe="-_.~") + (("=" + quote(v, safe="-_.~")) if v or eq else ""),
        names,
        words,
        st.booleans(),
    ),
    max_size=5,
).map("&".join)
values = st.lists(st.text(alphabet='aZ09 -;=,"é', max_size=10), min_size=1, max_size=3).map("  ".join)
header_lists = st.lists(
    st.tuples(st.sampled_from(["x-amz-meta-a", "x-amz-meta-b", "range", "my-header", "content-type"]), values),
    max_size=4,
    unique_by=lambda pair: pair[0],
)
modest = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextmanager
def boto_time():
    with patch("botocore.auth.get_current_datetime", lambda: NOW):
        yield


def by_botocore(signer: type, service: str, method: str, url: str, headers: dict[str, str], body: bytes, token=None):
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    prepared = request.prepare()
    request = AWSRequest(method=method, url=prepared.url, headers=headers, data=body)
    with boto_time():
        signer(BotoCredentials(AKID, SECRET, token), service, "eu-west-1").add_auth(request)
    pairs = [(n, v.decode() if isinstance(v, bytes) else v) for n, v in request.headers.items()]
    return from_url(method, request.url, pairs, body)


def by_crt(service: str, wire_path: str, headers: list[tuple[str, str]], *, presigned: bool, token=None) -> Wire:
    s3 = service == "s3"
    request = crt_http.HttpRequest("GET", wire_path, crt_http.HttpHeaders([("host", "example.test"), *headers]))
    kind = crt_auth.AwsSignatureType
    config = crt_auth.AwsSigningConfig(
        algorithm=crt_auth.AwsSigningAlgorithm.V4,
        signature_type=kind.HTTP_REQUEST_QUERY_PARAMS if presigned else kind.HTTP_REQUEST_HEADERS,
        credentials_provider=crt_auth.AwsCredentialsProvider.new_static(AKID, SECRET, token),
        region="eu-west-1",
        service=service,
        date=NOW,
        use_double_uri_encode=not s3,
        should_normalize_uri_path=not s3,
        signed_body_value=crt_auth.AwsSignedBodyValue.UNSIGNED_PAYLOAD if s3 else None,
        signed_body_header_type=(
            crt_auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256
            if s3 and not presigned
            else crt_auth.AwsSignedBodyHeaderType.NONE
        ),
        expiration_in_seconds=600 if presigned else None,
    )
    signed = crt_auth.aws_sign_request(request, config).result(10)
    return from_url("GET", f"http://example.test{signed.path}", list(signed.headers))


def check(wire: Wire, service: str) -> None:
    assert wire.verified(SECRET, NOW, service).akid == AKID


@modest
@given(paths, queries, header_lists, st.binary(max_size=20))
def test_what_botocore_signs_for_a_query_service_verifies(path, query, headers, body) -> None:
    url = f"https://iam.example.test:4700{path}?{query}"
    check(by_botocore(boto_auth.SigV4Auth, "iam", "POST", url, dict(headers), body), "iam")


@modest
@given(paths, queries, header_lists, st.binary(max_size=20), st.sampled_from([None, "to/ken=="]))
def test_what_botocore_signs_for_s3_verifies(path, query, headers, body, token) -> None:
    url = f"http://box.example.test:4700{path}?{query}"
    wire = by_botocore(boto_auth.S3SigV4Auth, "s3", "PUT", url, dict(headers), body, token)
    assert wire.presented().session_token == token
    check(wire, "s3")


@modest
@given(paths, queries, header_lists, st.sampled_from([None, "to/ken+=="]))
def test_what_botocore_presigns_for_s3_verifies(path, query, headers, token) -> None:
    url = f"http://box.example.test{path}?{query}"
    wire = by_botocore(boto_auth.S3SigV4QueryAuth, "s3", "GET", url, dict(headers), b"", token)
    assert wire.presented().session_token == token
    check(wire, "s3")


@modest
@given(queries)
def test_what_botocore_presigns_for_sts_verifies(query) -> None:
    url = f"https://sts.example.test/?Action=GetCallerIdentity&Version=2011-06-15&{query}"
    check(by_botocore(boto_auth.SigV4QueryAuth, "sts", "GET", url, {}, b""), "sts")


@modest
@given(paths, queries, header_lists, st.booleans(), st.sampled_from([None, "to/ken=="]))
@pytest.mark.parametrize("service", ["s3", "iam"])
def test_what_the_common_runtime_signs_verifies(service, path, query, headers, presigned, token) -> None:
    target = f"{path}?{query}" if query else path
    check(by_crt(service, target, headers, presigned=presigned, token=token), service)


@pytest.mark.parametrize("path", ["/0/.", "/0/a/..", "/0/./", "/./0", "/..", "/.", "//0//a/."])
def test_a_path_that_ends_in_a_dot_is_resolved_as_each_sdk_resolves_it(path: str) -> None:
    check(by_crt("iam", path, [], presigned=False), "iam")
    check(by_botocore(boto_auth.SigV4Auth, "iam", "GET", f"https://iam.example.test{path}", {}, b""), "iam")


def base(service: str, *, presigned: bool = False) -> Wire:
    headers = [("x-amz-meta-a", "one  two"), ("range", "bytes=0-9")] if service == "s3" else [("x-amz-target", "A.B")]
    return by_crt(service, "/a/b?x=1&x=2&empty", headers, presigned=presigned, token="token")


TAMPERED: dict[str, Callable[[Wire], Wire]] = {
    "the method": lambda w: w.but(method="DELETE"),
    "the path": lambda w: w.but(path="/a/c"),
    "a slash of the path": lambda w: w.but(path="/a%2Fb"),
    "a value of the query": lambda w: w.but(query=w.query.replace("x=2", "x=3")),
    "a name of the query": lambda w: w.but(query=w.query.replace("empty", "Empty")),
    "a further parameter": lambda w: w.but(query=w.query + "&more=1"),
    "a missing parameter": lambda w: w.but(query=w.query.replace("x=1&", "")),
    "the host": lambda w: w.with_header("host", "other.test"),
    "the region": lambda w: swap(w, "eu-west-1", "eu-west-2"),
}


def swap(wire: Wire, old: str, new: str) -> Wire:
    headers = tuple((n, v.replace(old, new)) for n, v in wire.headers)
    return wire.but(query=wire.query.replace(old, new), headers=headers)


@pytest.mark.parametrize("presigned", [False, True], ids=["header", "presigned"])
@pytest.mark.parametrize("service", ["s3", "iam"])
@pytest.mark.parametrize("part", TAMPERED)
def test_a_request_with_one_part_changed_is_refused(part: str, service: str, presigned: bool) -> None:
    wire = base(service, presigned=presigned)
    check(wire, service)
    with pytest.raises(SignatureFault) as caught:
        TAMPERED[part](wire).verified(SECRET, NOW, service)
    assert caught.value.reason is Reason.SIGNATURE


@pytest.mark.parametrize("service", ["s3", "iam"])
def test_every_signed_header_and_every_digit_of_the_signature_counts(service: str) -> None:
    wire = base(service)
    for name in wire.presented().signed_headers:
        if name in ("x-amz-date", "host"):
            continue
        with pytest.raises(SignatureFault):
            wire.with_header(name, "changed").verified(SECRET, NOW, service)
    proof = wire.header("authorization")
    for place in range(-64, 0):
        digit = "0" if proof[place] != "0" else "1"
        bad = proof[:place] + digit + (proof[place + 1 :] if place != -1 else "")
        with pytest.raises(SignatureFault) as caught:
            wire.with_header("authorization", bad).verified(SECRET, NOW, service)
        assert caught.value.reason is Reason.SIGNATURE


def test_a_body_that_is_not_the_signed_one_is_refused() -> None:
    wire = by_botocore(boto_auth.SigV4Auth, "iam", "POST", "https://iam.test/", {}, b"Action=ListUsers")
    check(wire, "iam")
    with pytest.raises(SignatureFault):
        wire.but(body=b"Action=DeleteUser").verified(SECRET, NOW, "iam")


def test_a_plus_and_a_percent_20_are_one_query_and_percent_2b_is_another() -> None:
    wire = by_crt("iam", "/?a=x%20y", [], presigned=False)
    check(wire.but(query="a=x+y"), "iam")
    with pytest.raises(SignatureFault):
        wire.but(query="a=x%2By").verified(SECRET, NOW, "iam")
    plus = by_crt("iam", "/?a=x%2By", [], presigned=False)
    with pytest.raises(SignatureFault):
        plus.but(query="a=x+y").verified(SECRET, NOW, "iam")


def test_lower_case_escapes_and_unescaped_characters_mean_the_same_s3_request() -> None:
    wire = by_crt("s3", "/a%28%C3%A9?p=%2Fx", [], presigned=False)
    check(wire.but(path="/a(%c3%a9", query="p=/x"), "s3")
    check(wire.but(query="p=%2fx"), "s3")


credentials = st.builds(
    lambda token: Credentials(akid=AKID, secret=SECRET, session_token=token), st.sampled_from([None, "t/o=="])
)


@modest
@given(credentials, paths, queries, header_lists, st.sampled_from(["s3", "iam"]))
def test_what_we_sign_we_verify(credentials, path, query, headers, service) -> None:
    sent = [("host", "example.test"), *headers]
    added = sign(
        credentials,
        method="GET",
        raw_path=path,
        raw_query=query,
        headers=sent,
        payload_hash=EMPTY_SHA256,
        now=NOW,
        region="eu-west-1",
        service=service,
    )
    check(Wire("GET", path, query, (*sent, *added)), service)
    whole = presign(
        credentials,
        method="GET",
        raw_path=path,
        raw_query=query,
        headers=sent,
        expires=60,
        now=NOW,
        region="eu-west-1",
        service=service,
    )
    check(Wire("GET", path, whole, tuple(sent)), service)


@pytest.mark.parametrize("token", [None, "to/ken=="])
def test_what_we_sign_is_what_botocore_signs(token: str | None) -> None:
    theirs = by_botocore(
        boto_auth.S3SigV4Auth, "s3", "GET", "http://box.test/a%20b?x=1", {"Range": "bytes=0-1"}, b"", token
    )
    added = sign(
        Credentials(akid=AKID, secret=SECRET, session_token=token),
        method="GET",
        raw_path="/a%20b",
        raw_query="x=1",
        headers=[("host", "box.test"), ("range", "bytes=0-1")],
        payload_hash=EMPTY_SHA256,
        now=NOW,
        region="eu-west-1",
        service="s3",
    )
    assert dict(added)["authorization"] == theirs.header("authorization")


@pytest.mark.parametrize("expires", [0, -1, 604_801])
def test_a_url_is_presigned_for_a_second_to_a_week(expires: int) -> None:
    with pytest.raises(ValueError, match="604800"):
        presign(
            Credentials(akid=AKID, secret=SECRET),
            method="GET",
            raw_path="/",
            raw_query="",
            headers=[("host", "h")],
            expires=expires,
            now=NOW,
            region="r",
            service="s3",
        )


def test_a_header_as_the_sdks_write_it_is_read_as_any_other_is() -> None:
    date = ("x-amz-date", "20150830T123600Z")
    scope = "Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request"
    usual = f"{scope}, SignedHeaders=host;x-amz-date, Signature={'0a' * 32}"
    shuffled = f"Signature={'0a' * 32},SignedHeaders=x-amz-date;host {scope}"
    found = [
        present("POST", "/", "", [("host", "h"), date, ("authorization", f"AWS4-HMAC-SHA256 {text}")])
        for text in (usual, usual.replace(", ", ","), shuffled, usual)
    ]
    assert found[0] is not None and found[0].signed_headers == ("host", "x-amz-date")
    assert all(each == found[0] for each in found)


@modest
@given(paths, queries, header_lists, st.sampled_from([(), (("user-agent", "x"),), (("range", "bytes=0-1"),) * 2]))
def test_a_standing_signer_signs_what_others_sign_one_second_after_the_other(path, query, headers, more) -> None:
    key, sent = Credentials(akid=AKID, secret=SECRET), [("host", "box.test"), *headers, *more]
    signer = StandingSigner(key, "eu-west-1")
    for seconds in (0, 0.4, 1, 90_000, 0):
        now, where = NOW + timedelta(seconds=seconds), {"method": "PUT", "raw_path": path, "raw_query": query}
        added = signer.sign("PUT", path, query, sent, now)
        how = {"payload_hash": UNSIGNED_PAYLOAD, "now": now, "region": "eu-west-1", "service": "s3"}
        assert added == sign(key, **where, headers=sent, **how)
        assert Wire("PUT", path, query, (*sent, *added)).verified(SECRET, now, "s3").akid == AKID
