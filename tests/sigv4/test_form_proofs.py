"""The proofs of HTML forms, held against AWS's example and botocore."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import S3SigV4PostAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ostiary.sigv4 import Family, Reason, SignatureFault, Style, present_form, verify_form

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EXAMPLE = {
    "policy": (
        "eyJleHBpcmF0aW9uIjogIjIwMTUtMTItMjlUMDE6MDA6MDBaIiwgImNvbmRpdGlvbnMiOiBbeyJidWNrZXQiOiAic2lndjRleGFtcGxlYnVj"
        "a2V0In0sIHsia2V5IjogInVzZXIvdXNlcjEvcGhvdG8uanBnIn0sIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwg"
        "eyJ4LWFtei1jcmVkZW50aWFsIjogIkFLSUFJT1NGT0ROTjdFWEFNUExFLzIwMTUxMjI5L3VzLWVhc3QtMS9zMy9hd3M0X3JlcXVlc3QifSwg"
        "eyJ4LWFtei1kYXRlIjogIjIwMTUxMjI5VDAwMDAwMFoifV19"
    ),
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
    "x-amz-date": "20151229T000000Z",
    "x-amz-signature": "3364624b39010d9b06f5d9b8c9a18a6e478d261c048159c92f2fd6fa885f14e6",
}
NOW = datetime(2015, 12, 29, 0, 30, tzinfo=UTC)


def reason(fields: dict[str, str], now: datetime = NOW) -> Reason:
    with pytest.raises(SignatureFault) as refused:
        presented = present_form(fields)
        assert presented is not None
        verify_form(presented, fields["policy"], secret=SECRET, now=now)
    told = refused.value.told(Family.S3)
    assert told.message and "{" not in told.message
    return refused.value.reason


def test_a_form_that_botocore_signed_holds() -> None:
    presented = present_form(EXAMPLE)
    assert presented is not None and presented.style is Style.FORM
    verified = verify_form(presented, EXAMPLE["policy"], secret=SECRET, now=NOW)
    assert (verified.akid, verified.scope.region) == ("AKIAIOSFODNN7EXAMPLE", "us-east-1")


def test_botocore_signs_what_we_verify() -> None:
    request = AWSRequest("POST", "https://s3.amazonaws.com/box")
    request.context["s3-presign-post-policy"] = {"conditions": []}
    S3SigV4PostAuth(Credentials("AKIAEXAMPLE", SECRET, "token"), "s3", "eu-west-1").add_auth(request)
    fields = request.context["s3-presign-post-fields"]
    presented = present_form(fields)
    assert presented is not None and presented.session_token == "token"
    assert b"expiration" not in base64.b64decode(fields["policy"])
    assert verify_form(presented, fields["policy"], secret=SECRET, now=datetime.now(UTC)).scope.region == "eu-west-1"


def test_a_form_without_a_proof_is_anonymous() -> None:
    assert present_form({"key": "a"}) is None
    assert present_form({"key": "a", "policy": EXAMPLE["policy"]}) is None


@pytest.mark.parametrize("name", sorted(EXAMPLE))
def test_each_field_of_the_proof_is_needed(name: str) -> None:
    assert reason({each: value for each, value in EXAMPLE.items() if each != name}) is Reason.FORM_FIELD


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"x-amz-signature": "0" * 64}, Reason.SIGNATURE),
        ({"policy": EXAMPLE["policy"][:-2]}, Reason.SIGNATURE),
        ({"x-amz-algorithm": "AWS4-ECDSA-P256-SHA256"}, Reason.UNSUPPORTED_ALGORITHM),
        ({"x-amz-date": "yesterday"}, Reason.FORM_DATE),
        ({"x-amz-credential": "AKIA/20151229/s3"}, Reason.FORM_CREDENTIAL),
        ({"x-amz-credential": "/20151229/us-east-1/s3/aws4_request"}, Reason.FORM_CREDENTIAL),
        ({"x-amz-credential": "A/20151229//s3/aws4_request"}, Reason.FORM_CREDENTIAL),
        ({"x-amz-credential": "A/20151229/us-east-1/iam/aws4_request"}, Reason.FORM_CREDENTIAL),
        ({"x-amz-credential": "A/20151229/us-east-1/s3/aws4"}, Reason.FORM_CREDENTIAL),
        ({"x-amz-credential": "A/20151230/us-east-1/s3/aws4_request"}, Reason.FORM_CREDENTIAL),
    ],
)
def test_a_proof_that_is_not_as_it_must_be_is_refused(change: dict[str, str], expected: Reason) -> None:
    assert reason({**EXAMPLE, **change}) is expected


def test_signature_version_2_is_refused() -> None:
    assert reason({"AWSAccessKeyId".lower(): "A", "signature": "x", "policy": "x"}) is Reason.SIGNATURE_VERSION_2


def test_a_proof_lasts_a_week() -> None:
    assert reason(EXAMPLE, NOW + timedelta(days=7)) is Reason.PRESIGNED_EXPIRED
    assert reason(EXAMPLE, NOW - timedelta(hours=1)) is Reason.PRESIGNED_NOT_YET
