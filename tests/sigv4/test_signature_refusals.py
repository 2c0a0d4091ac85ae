"""What is refused, in whose words: malformed proofs, other mechanisms, other times, unsigned headers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ostiary.sigv4 import (
    EMPTY_SHA256,
    Family,
    Reason,
    Scope,
    SignatureFault,
    SigningKeys,
    present,
    verify,
)
from ostiary.sigv4.canonical import signing_key
from ostiary.sigv4.faults import WORDS

from .signed import Wire, at
from .test_signature_vectors import LIST_USERS, PRESIGNED, S3_EXAMPLES, S3_SECRET, SECRET

NOW = at("20150830T123600Z")
S3_NOW = at("20130524T000000Z")
GET_OBJECT = S3_EXAMPLES["GET object with a range"][0]
PROOF = LIST_USERS.header("authorization")


def fault_of(wire: Wire, service: str = "iam", now=NOW, secret: str = SECRET) -> SignatureFault:
    with pytest.raises(SignatureFault) as caught:
        wire.verified(secret, now, service)
    return caught.value


def header(value: str) -> Wire:
    return LIST_USERS.with_header("authorization", value)


def parameter(name: str, value: str | None) -> Wire:
    pairs = [pair for pair in PRESIGNED.query.split("&") if not pair.startswith(name + "=")]
    return PRESIGNED.but(query="&".join(pairs if value is None else [*pairs, f"{name}={value}"]))


def test_a_request_without_a_proof_is_anonymous() -> None:
    assert present("GET", "/", "Action=ListUsers&X-Amz-Meta=1", [("host", "h")]) is None


HEADER_FAULTS = {
    "no components": ("AWS4-HMAC-SHA256", Reason.HEADER_COMPONENTS),
    "no signature": (PROOF.partition(", Signature")[0], Reason.HEADER_COMPONENTS),
    "an empty signature": (PROOF.partition("Signature=")[0] + "Signature=", Reason.HEADER_COMPONENTS),
    "no signed headers": (PROOF.replace("SignedHeaders=", "Signed="), Reason.HEADER_COMPONENTS),
    "signed headers that are no names": (PROOF.replace("host;", ";;"), Reason.HEADER_COMPONENTS),
    "a component without equal sign": (PROOF.replace("AKIDEXAMPLE/", "AKIDEXAMPLE /"), Reason.HEADER_PAIR),
    "a component twice": (PROOF + ", Signature=0", Reason.TWO_MECHANISMS),
    "a credential of four parts": (PROOF.replace("/us-east-1/", "/"), Reason.HEADER_CREDENTIAL),
    "a credential of six parts": (PROOF.replace("/us-east-1/", "/us/east/"), Reason.HEADER_CREDENTIAL),
    "a credential without a key": (PROOF.replace("AKIDEXAMPLE", ""), Reason.HEADER_CREDENTIAL),
    "a credential without a region": (PROOF.replace("us-east-1", ""), Reason.HEADER_SCOPE_REGION),
    "another terminator": (PROOF.replace("aws4_request", "aws5_request"), Reason.HEADER_SCOPE_TERMINATOR),
    "another day": (PROOF.replace("/20150830/", "/20150829/"), Reason.HEADER_SCOPE_DATE),
    "another service": (PROOF.replace("/iam/", "/sts/"), Reason.HEADER_SCOPE_SERVICE),
    "another region": (PROOF.replace("us-east-1", "us-east-2"), Reason.SIGNATURE),
    "Signature Version 2": ("AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", Reason.SIGNATURE_VERSION_2),
    "Signature Version 4A": (PROOF.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), Reason.UNSUPPORTED_ALGORITHM),
    "Signature Version 3": ("AWS3-HTTPS AWSAccessKeyId=x", Reason.UNSUPPORTED_ALGORITHM),
    "a bearer token": ("Bearer hunter2", Reason.UNSUPPORTED_SCHEME),
    "a password": ("Basic aHVudGVyMg==", Reason.UNSUPPORTED_SCHEME),
    "nothing": ("", Reason.UNSUPPORTED_SCHEME),
    "host not signed": (PROOF.replace("content-type;host", "content-type"), Reason.HOST_NOT_SIGNED),
    "a signature in capitals": (PROOF[:-64] + PROOF[-64:].upper(), Reason.SIGNATURE),
    "a signature cut short": (PROOF[:-1], Reason.SIGNATURE),
    "a signature beyond ASCII": (PROOF[:-1] + "é", Reason.SIGNATURE),
}


@pytest.mark.parametrize("name", HEADER_FAULTS)
def test_an_authorization_header_with_a_fault_is_refused(name: str) -> None:
    value, reason = HEADER_FAULTS[name]
    assert fault_of(header(value)).reason is reason


QUERY_FAULTS = {
    "no algorithm": (parameter("X-Amz-Algorithm", None), Reason.QUERY_PARAMETERS),
    "no credential": (parameter("X-Amz-Credential", None), Reason.QUERY_PARAMETERS),
    "no date": (parameter("X-Amz-Date", None), Reason.QUERY_PARAMETERS),
    "no expires": (parameter("X-Amz-Expires", None), Reason.QUERY_PARAMETERS),
    "no signed headers": (parameter("X-Amz-SignedHeaders", None), Reason.QUERY_PARAMETERS),
    "signed headers with a line break": (parameter("X-Amz-SignedHeaders", "host%0Ax"), Reason.QUERY_PARAMETERS),
    "no signature": (parameter("X-Amz-Signature", None), Reason.QUERY_PARAMETERS),
    "another algorithm": (parameter("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256"), Reason.UNSUPPORTED_ALGORITHM),
    "an unreadable date": (parameter("X-Amz-Date", "20130524"), Reason.QUERY_DATE),
    "a day that isn't": (parameter("X-Amz-Date", "20130230T000000Z"), Reason.QUERY_DATE),
    "an expiry that is no number": (parameter("X-Amz-Expires", "1d"), Reason.EXPIRES_NOT_A_NUMBER),
    "an expiry below zero": (parameter("X-Amz-Expires", "-1"), Reason.EXPIRES_NEGATIVE),
    "no life at all": (parameter("X-Amz-Expires", "0"), Reason.EXPIRES_NEGATIVE),
    "more than a week": (parameter("X-Amz-Expires", "604801"), Reason.EXPIRES_TOO_LONG),
    "an expiry of other digits": (parameter("X-Amz-Expires", "%D9%A1"), Reason.EXPIRES_NOT_A_NUMBER),
    "a longer life than signed": (parameter("X-Amz-Expires", "604800"), Reason.SIGNATURE),
    "a malformed credential": (parameter("X-Amz-Credential", "AKID"), Reason.QUERY_CREDENTIAL),
    "another day": (parameter("X-Amz-Credential", "A/20130523/r/s3/aws4_request"), Reason.QUERY_SCOPE_DATE),
    "another service": (parameter("X-Amz-Credential", "A/20130524/r/sts/aws4_request"), Reason.QUERY_SCOPE_SERVICE),
    "no region": (parameter("X-Amz-Credential", "A/20130524//s3/aws4_request"), Reason.QUERY_SCOPE_REGION),
    "another terminator": (parameter("X-Amz-Credential", "A/20130524/r/s3/aws4"), Reason.QUERY_SCOPE_TERMINATOR),
    "a parameter twice": (PRESIGNED.but(query=PRESIGNED.query + "&X-Amz-Expires=1"), Reason.TWO_MECHANISMS),
    "a header too": (PRESIGNED.with_header("authorization", PROOF), Reason.TWO_MECHANISMS),
    "an unsigned header for S3": (PRESIGNED.with_header("x-amz-acl", "public-read"), Reason.HEADERS_NOT_SIGNED),
    "host not signed": (parameter("X-Amz-SignedHeaders", "range"), Reason.HOST_NOT_SIGNED),
    "Signature Version 2": (
        PRESIGNED.but(query="AWSAccessKeyId=AKID&Expires=1&Signature=x%3D"),
        Reason.SIGNATURE_VERSION_2,
    ),
}


@pytest.mark.parametrize("name", QUERY_FAULTS)
def test_a_presigned_url_with_a_fault_is_refused(name: str) -> None:
    wire, reason = QUERY_FAULTS[name]
    assert fault_of(wire, "s3", S3_NOW, S3_SECRET).reason is reason


def test_two_authorization_headers_are_refused() -> None:
    wire = LIST_USERS.but(headers=(*LIST_USERS.headers, ("authorization", PROOF)))
    assert fault_of(wire).reason is Reason.TWO_MECHANISMS


def test_two_dates_are_refused() -> None:
    wire = LIST_USERS.but(headers=(*LIST_USERS.headers, ("x-amz-date", "20150830T123700Z")))
    assert fault_of(wire).reason is Reason.TWO_MECHANISMS


def test_a_request_without_a_date_or_with_an_unreadable_one_is_refused() -> None:
    assert fault_of(LIST_USERS.with_header("x-amz-date", None)).reason is Reason.DATE_MISSING
    assert fault_of(LIST_USERS.with_header("x-amz-date", "yesterday")).reason is Reason.HEADER_DATE


def test_a_date_header_serves_instead_of_x_amz_date() -> None:
    from .test_signature_oracles import boto_auth, by_botocore

    wire = by_botocore(boto_auth.SigV4Auth, "iam", "GET", "https://iam.test/", {"Date": "x"}, b"")
    assert "x-amz-date" not in dict(wire.headers)
    wire.verified(SECRET, at("20260101T120000Z"), "iam")


def test_s3_wants_every_x_amz_header_signed() -> None:
    fault = fault_of(GET_OBJECT.with_header("x-amz-acl", "public-read"), "s3", S3_NOW, S3_SECRET)
    told = fault.told(Family.S3)
    assert (told.code, told.status) == ("AccessDenied", 403)
    assert told.message == "There were headers present in the request which were not signed"
    assert fault.details == {"HeadersNotSigned": "x-amz-acl"}


def test_other_services_want_what_names_the_operation_signed_and_let_proxies_add_the_rest() -> None:
    assert fault_of(LIST_USERS.with_header("x-amz-target", "A.B")).reason is Reason.HEADERS_NOT_SIGNED
    for name in ("x-amz-security-token", "x-amzn-trace-id", "x-forwarded-for", "user-agent", "content-length"):
        LIST_USERS.with_header(name, "1").verified(SECRET, NOW, "iam")


# Time.


@pytest.mark.parametrize("seconds", [-900, 0, 900])
def test_clocks_may_be_a_quarter_of_an_hour_apart(seconds: int) -> None:
    LIST_USERS.verified(SECRET, NOW + timedelta(seconds=seconds), "iam")


def test_a_signature_older_than_a_quarter_of_an_hour_is_told_so_in_awss_words() -> None:
    fault = fault_of(LIST_USERS, now=NOW + timedelta(seconds=901))
    assert fault.told(Family.QUERY).code == "SignatureDoesNotMatch"
    assert fault.message == (
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)"
    )
    assert fault.told(Family.EC2).code == "RequestExpired"


def test_a_signature_from_the_future_is_told_so_in_awss_words() -> None:
    fault = fault_of(LIST_USERS, now=NOW - timedelta(seconds=901))
    assert fault.message == (
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)"
    )


@pytest.mark.parametrize("seconds", [-901, 901])
def test_s3_says_that_the_clocks_are_too_far_apart(seconds: int) -> None:
    fault = fault_of(GET_OBJECT, "s3", S3_NOW + timedelta(seconds=seconds), S3_SECRET)
    assert fault.told(Family.S3).code == "RequestTimeTooSkewed"
    assert fault.details["RequestTime"] == "20130524T000000Z"
    assert fault.details["MaxAllowedSkewMilliseconds"] == "900000"


def test_a_presigned_url_ends_when_it_says() -> None:
    PRESIGNED.verified(S3_SECRET, S3_NOW + timedelta(seconds=86400), "s3")
    fault = fault_of(PRESIGNED, "s3", S3_NOW + timedelta(seconds=86401), S3_SECRET)
    told = fault.told(Family.S3)
    assert (told.code, told.status, told.message) == ("AccessDenied", 403, "Request has expired")
    assert fault.details == {
        "X-Amz-Expires": "86400",
        "Expires": "2013-05-25T00:00:00Z",
        "ServerTime": "2013-05-25T00:00:01Z",
    }


def test_a_presigned_url_does_not_begin_early() -> None:
    fault = fault_of(PRESIGNED, "s3", S3_NOW - timedelta(seconds=901), S3_SECRET)
    assert fault.told(Family.S3).message == "Request is not valid yet"


# Words.


def test_a_mismatch_shows_s3_clients_what_was_calculated_and_never_the_secret() -> None:
    fault = fault_of(GET_OBJECT.but(path="/other"), "s3", S3_NOW, S3_SECRET)
    assert fault.told(Family.S3).code == "SignatureDoesNotMatch"
    assert fault.details["AWSAccessKeyId"] == "AKIAIOSFODNN7EXAMPLE"
    assert fault.details["CanonicalRequest"].startswith("GET\n/other\n\nhost:examplebucket.s3.amazonaws.com\n")
    assert fault.details["StringToSign"].startswith("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/")
    shown = " ".join([str(fault), repr(fault), fault.message, *fault.details.values()])
    assert S3_SECRET not in shown
    key = signing_key(S3_SECRET, "20130524", "us-east-1", "s3")
    assert key.hex() not in shown


def test_a_mismatch_has_awss_words_in_each_family() -> None:
    fault = SignatureFault(Reason.SIGNATURE)
    assert fault.message == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
    told = {family: (fault.told(family).code, fault.told(family).status) for family in Family}
    assert told == {
        Family.QUERY: ("SignatureDoesNotMatch", 403),
        Family.EC2: ("AuthFailure", 401),
        Family.JSON: ("InvalidSignatureException", 400),
        Family.REST_JSON: ("InvalidSignatureException", 403),
        Family.S3: ("SignatureDoesNotMatch", 403),
    }


def test_a_foreign_password_is_repeated_only_hashed() -> None:
    fault = fault_of(header("Basic aHVudGVyMg=="))
    assert fault.told(Family.QUERY).code == "IncompleteSignature"
    assert "aHVudGVyMg" not in fault.message + str(fault)


FACTS = (
    "hashed",
    "missing",
    "got",
    "day",
    "time",
    "edge",
    "now",
    "minutes",
    "service",
    "names",
    "header",
    "algorithm",
    "name",
    "why",
)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_can_be_told_in_every_family(reason: Reason) -> None:
    assert reason in WORDS
    fault = SignatureFault(reason, None, **dict.fromkeys(FACTS, "x"))
    for family in Family:
        told = fault.told(family)
        assert told.code and told.message and "{" not in told.message
        assert 400 <= told.status < 500


# Keys.


def test_only_good_signatures_are_remembered_and_the_oldest_is_forgotten() -> None:
    keys = SigningKeys(size=2)

    def check(wire: Wire, secret: str = SECRET) -> None:
        verify(
            wire.presented(),
            method=wire.method,
            raw_path=wire.path,
            raw_query=wire.query,
            headers=wire.headers,
            payload_hash=EMPTY_SHA256,
            secret=secret,
            now=NOW,
            service="iam",
            keys=keys,
        )

    with pytest.raises(SignatureFault):
        check(LIST_USERS, "wrong")
    assert len(keys) == 0
    check(LIST_USERS)
    check(LIST_USERS)
    assert len(keys) == 1
    with pytest.raises(SignatureFault):
        check(LIST_USERS, "wrong")
    for day in ("20150901", "20150902", "20150903"):
        keys.keep(keys.find(SECRET, Scope(day, "r", "iam")))
    assert len(keys) == 2
    assert SECRET not in repr(keys.find(SECRET, Scope("20150903", "r", "iam")))
    keys.clear()
    assert len(keys) == 0
