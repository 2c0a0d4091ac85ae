"""CORS as AWS was seen to do it: the requests and the answers are those that LocalStack's and Ceph's tests recorded.

Source: LocalStack, `tests/aws/services/s3/test_s3_cors.snapshot.json` (validated against AWS); Ceph, `s3-tests`,
`test_cors_origin_response`; versitygw, issues 1863 and 1870.
"""

from __future__ import annotations

from typing import Any

import pytest

from ostiary.services.faults import ServiceFault
from ostiary.services.s3.cors_rules import check, told

SITE = "https://localhost:4200"
ALL = {"AllowedOrigins": [SITE], "AllowedMethods": ["GET", "PUT"], "MaxAgeSeconds": 3000, "AllowedHeaders": ["*"]}
SOME = [
    "x-amz-expected-bucket-owner",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-AMZ-server-SIDE-encryption",
]
EVERYBODY = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
VARY = {"vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"}
METHOD, HEADERS = "access-control-request-method", "access-control-request-headers"


def asked(rules: list[dict[str, Any]], method: str, origin: str, **headers: str) -> dict[str, str] | None:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    found = told(check(rules), method, {"origin": origin, **said})
    return None if found is None else {name.removeprefix("access-control-"): value for name, value in found}


def seen(origin: str, methods: str, age: str | None = "3000", **more: str) -> dict[str, str]:
    who = {"allow-origin": origin, **({} if origin == "*" else {"allow-credentials": "true"})}
    return {**who, "allow-methods": methods, **({} if age is None else {"max-age": age}), **VARY} | {
        name.replace("_", "-"): value for name, value in more.items()
    }


def test_a_request_from_an_allowed_origin_is_told_what_aws_tells() -> None:
    for method in ("GET", "PUT"):
        assert asked([ALL], method, SITE) == seen(SITE, "GET, PUT")
    assert asked([ALL], "OPTIONS", SITE, access_control_request_method="PUT") == seen(SITE, "GET, PUT")
    assert asked([ALL], "GET", "http://localhost:4200") is None
    assert asked([{**ALL, "AllowedOrigins": ["*"]}], "GET", "http://random:1234") == seen("*", "GET, PUT")


def test_the_method_asked_for_counts_before_the_requests_own() -> None:
    rule = {**ALL, "AllowedMethods": ["GET"]}
    assert asked([rule], "GET", SITE, access_control_request_method="PUT") is None
    assert asked([rule], "GET", SITE) == seen(SITE, "GET")
    assert asked([rule], "PUT", SITE) is None


def test_the_headers_asked_for_must_be_allowed_and_are_told_in_small_letters() -> None:
    some = {**ALL, "AllowedMethods": ["GET"], "AllowedHeaders": SOME}
    every = {**some, "AllowedHeaders": ["*"]}

    def preflight(rule: dict[str, Any], names: str) -> dict[str, str] | None:
        return asked([rule], "OPTIONS", SITE, access_control_request_method="GET", access_control_request_headers=names)

    two = "x-amz-request-payer, x-amz-expected-bucket-owner"
    assert preflight(every, two) == seen(SITE, "GET", allow_headers=two)
    assert preflight(some, "x-amz-request-payer") is None
    lower = "x-amz-expected-bucket-owner, x-amz-server-side-encryption"
    for names in ("x-AMZ-expected-BUCKET-owner, x-amz-server-side-encryption", lower.replace(", ", ",")):
        assert preflight(some, names) == seen(SITE, "GET", allow_headers=lower)
    assert asked([some], "GET", SITE, access_control_request_headers="x-amz-request-payer") is None
    assert asked([some], "GET", SITE, x_amz_request_payer="requester") == seen(SITE, "GET")
    assert preflight(EVERYBODY, "x-amz-meta-header2") is None


def test_what_a_rule_does_not_say_is_not_told() -> None:
    assert asked([EVERYBODY], "GET", "localhost:4566") == seen("*", "GET", None)
    exposing = {**EVERYBODY, "ExposeHeaders": ["x-amz-id-2", "x-amz-request-id", "x-amz-request-payer"]}
    names = "x-amz-id-2, x-amz-request-id, x-amz-request-payer"
    assert asked([exposing], "GET", "localhost:4566") == seen("*", "GET", None, expose_headers=names)


@pytest.mark.parametrize(
    ("origin", "method", "allowed"),
    [
        *((origin, "GET", "GET") for origin in ("foo.suffix", "startend", "start1end", "start12end", "prefix")),
        ("prefix.suffix", "GET", "GET"),
        *((origin, "GET", None) for origin in ("foo.bar", "foo.suffix.get", "0start12end", "bla.prefix", "foo.put")),
        ("foo.put", "PUT", "PUT"),
        ("foo.suffix", "PUT", None),
        ("foo.suffix", "DELETE", None),
    ],
)
def test_one_star_stands_for_any_text_between_what_is_written_before_and_after_it(
    origin: str, method: str, allowed: str | None
) -> None:
    said = (("GET", "*suffix"), ("GET", "start*end"), ("GET", "prefix*"), ("PUT", "*.put"))
    rules = [{"AllowedMethods": [verb], "AllowedOrigins": [pattern]} for verb, pattern in said]
    expected = None if allowed is None else seen(origin, allowed, None)
    assert asked(rules, method, origin) == expected


def test_the_first_rule_that_is_met_speaks() -> None:
    rules = [{**EVERYBODY, "AllowedOrigins": ["http*"]}, {**EVERYBODY, "AllowedMethods": ["GET", "HEAD"]}]
    assert asked(rules, "GET", "https://kw.sg") == seen("https://kw.sg", "GET", None)
    assert asked(rules, "HEAD", "https://kw.sg") == seen("*", "GET, HEAD", None)


@pytest.mark.parametrize(
    ("rules", "code", "message"),
    [
        ([], "MalformedXML", ""),
        ([{"AllowedMethods": ["GET"]}], "MalformedXML", ""),
        ([{"AllowedOrigins": ["*"]}], "MalformedXML", ""),
        (
            [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "MYMETHOD"]}],
            "InvalidRequest",
            "Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD",
        ),
        (
            [{"AllowedOrigins": ["*example*.com"], "AllowedMethods": ["GET"]}],
            "InvalidRequest",
            'AllowedOrigin "*example*.com" can not have more than one wildcard.',
        ),
        (
            [EVERYBODY] * 101,
            "InvalidRequest",
            "The number of CORS rules should not exceed allowed limit of 100 rules.",
        ),
        ([{**EVERYBODY, "ExposeHeaders": ["*"]}], "InvalidRequest", ""),
        ([{**EVERYBODY, "ExposeHeaders": ["a\nb"]}], "MalformedXML", ""),
    ],
)
def test_what_is_no_configuration_is_refused_in_awss_words(
    rules: list[dict[str, Any]], code: str, message: str
) -> None:
    with pytest.raises(ServiceFault) as caught:
        check(rules)
    assert caught.value.code == code and caught.value.message.startswith(message)
