"""AWS's own examples, stage by stage.

Sources: Amazon S3 API Reference, "Signature calculations for the Authorization header: transferring payload in a single
chunk", "… using query parameters"; AWS General Reference, "Complete Version 4 signing process examples" (ListUsers);
the signing test suite that AWS publishes with its common runtime (Apache-2.0, values only).
"""

from __future__ import annotations

import pytest

from ostiary.sigv4 import EMPTY_SHA256, UNSIGNED_PAYLOAD, Reason, SignatureFault, canonical, sha256_hex
from ostiary.sigv4.canonical import canonical_path, canonical_query, canonical_request, signing_key, string_to_sign

from .signed import Wire, at, from_text

S3_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
S3_AKID = "AKIAIOSFODNN7EXAMPLE"
S3_SCOPE = "20130524/us-east-1/s3/aws4_request"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SCOPE = "20150830/us-east-1/service/aws4_request"


def s3_request(method: str, path: str, query: str, signature: str, body: bytes = b"", **headers: str) -> Wire:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    all_headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": sha256_hex(body),
        "x-amz-date": "20130524T000000Z",
        **named,
    }
    signed = ";".join(sorted(all_headers))
    proof = f"AWS4-HMAC-SHA256 Credential={S3_AKID}/{S3_SCOPE},SignedHeaders={signed},Signature={signature}"
    return Wire(method, path, query, (*all_headers.items(), ("authorization", proof)), body)


S3_EXAMPLES = {
    "GET object with a range": (
        s3_request(
            "GET",
            "/test.txt",
            "",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            range="bytes=0-9",
        ),
        "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
    ),
    "PUT object": (
        s3_request(
            "PUT",
            "/test%24file.text",
            "",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            b"Welcome to Amazon S3.",
            date="Fri, 24 May 2013 00:00:00 GMT",
            x_amz_storage_class="REDUCED_REDUNDANCY",
        ),
        "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
    ),
    "GET bucket lifecycle": (
        s3_request("GET", "/", "lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
    ),
    "GET bucket (list objects)": (
        s3_request(
            "GET", "/", "max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
        "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
    ),
}


@pytest.mark.parametrize("name", S3_EXAMPLES)
def test_the_examples_of_the_s3_reference_verify_and_their_canonical_requests_hash_as_printed(name: str) -> None:
    request, canonical_hash = S3_EXAMPLES[name]
    presented = request.presented()
    text = canonical_request(
        request.method,
        canonical_path(request.path, s3=True),
        canonical_query(request.query),
        request.headers,
        presented.signed_headers,
        sha256_hex(request.body),
    )
    assert sha256_hex(text.encode()) == canonical_hash
    sts = string_to_sign(presented.timestamp, str(presented.scope), text)
    assert sts == f"AWS4-HMAC-SHA256\n20130524T000000Z\n{S3_SCOPE}\n{canonical_hash}"
    assert request.verified(S3_SECRET, at("20130524T000000Z"), "s3").akid == S3_AKID


PRESIGNED = Wire(
    "GET",
    "/test.txt",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
    (("host", "examplebucket.s3.amazonaws.com"),),
)


def test_the_presigned_url_of_the_s3_reference_verifies_for_a_day() -> None:
    presented = PRESIGNED.presented()
    assert presented.expires == 86400
    text = canonical_request(
        "GET",
        "/test.txt",
        canonical_query(PRESIGNED.query, without="X-Amz-Signature"),
        PRESIGNED.headers,
        ("host",),
        UNSIGNED_PAYLOAD,
    )
    assert sha256_hex(text.encode()) == "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
    assert PRESIGNED.verified(S3_SECRET, at("20130524T235959Z"), "s3").akid == S3_AKID


LIST_USERS = Wire(
    "GET",
    "/",
    "Action=ListUsers&Version=2010-05-08",
    (
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("host", "iam.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ),
)


def test_the_iam_list_users_example_agrees_at_every_stage() -> None:
    text = canonical_request(
        "GET",
        "/",
        canonical_query(LIST_USERS.query),
        LIST_USERS.headers,
        ("content-type", "host", "x-amz-date"),
        EMPTY_SHA256,
    )
    assert sha256_hex(text.encode()) == "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
    sts = string_to_sign("20150830T123600Z", "20150830/us-east-1/iam/aws4_request", text)
    key = signing_key(SECRET, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    assert canonical.signature(key, sts) == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    assert LIST_USERS.verified(SECRET, at("20150830T123600Z"), "iam").akid == "AKIDEXAMPLE"


def suite(line: str, signed: str, signature: str, *headers: str, body: str = "") -> Wire:
    lines = [
        f"{line} HTTP/1.1",
        "Host:example.amazonaws.com",
        *headers,
        "X-Amz-Date:20150830T123600Z",
        f"Authorization:AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{SCOPE}, SignedHeaders={signed}, Signature={signature}",
    ]
    return from_text("\n".join(lines) + "\n\n" + body)


HD = "host;x-amz-date"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7"
    "mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d"
    "+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUITE = {
    "get-vanilla": suite("GET /", HD, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    "get-header-key-duplicate": suite(
        "GET /",
        "host;my-header1;x-amz-date",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        "My-Header1:value2",
        "My-Header1:value2",
        "My-Header1:value1",
    ),
    "get-header-value-trim": suite(
        "GET /",
        "host;my-header1;my-header2;x-amz-date",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        "My-Header1: value1",
        'My-Header2: "a   b   c"',
    ),
    "get-relative-relative": suite(
        "GET /example1/example2/../..", HD, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    ),
    "get-slash-pointless-dot": suite(
        "GET /./example", HD, "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"
    ),
    "get-slashes": suite("GET //example//", HD, "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    "get-space": suite("GET /example space/", HD, "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    "get-unreserved": suite(
        f"GET /{UNRESERVED}", HD, "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
    ),
    "get-utf8": suite("GET /ሴ", HD, "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    "get-vanilla-empty-query-key": suite(
        "GET /?Param1=value1", HD, "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"
    ),
    "get-vanilla-query-order-encoded": suite(
        "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        HD,
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    "get-vanilla-query-order-key-case": suite(
        "GET /?Param2=value2&Param1=value1", HD, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    ),
    "get-vanilla-utf8-query": suite(
        "GET /?ሴ=bar", HD, "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"
    ),
    "post-sts-header-before": suite(
        "POST /",
        "host;x-amz-date;x-amz-security-token",
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
        f"X-Amz-Security-Token:{TOKEN}",
    ),
    "post-x-www-form-urlencoded": suite(
        "POST /",
        "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        "Content-Type:application/x-www-form-urlencoded",
        "Content-Length:13",
        "x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
        body="Param1=value1",
    ),
    "get-vanilla-utf8-query, presigned": from_text(
        "GET /?ሴ=bar&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice"
        "%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature="
        "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600 HTTP/1.1\n"
        "Host:example.amazonaws.com\nX-Amz-Date:20150830T123600Z\n\n"
    ),
}


@pytest.mark.parametrize("name", SUITE)
def test_the_signing_test_suite_of_aws_verifies(name: str) -> None:
    assert SUITE[name].verified(SECRET, at("20150830T123600Z"), "service").akid == "AKIDEXAMPLE"


@pytest.mark.parametrize("name", ["get-utf8", "get-vanilla-utf8-query", "post-sts-header-before"])
def test_the_signing_test_suite_of_aws_fails_with_another_secret(name: str) -> None:
    with pytest.raises(SignatureFault) as caught:
        SUITE[name].verified(SECRET + "x", at("20150830T123600Z"), "service")
    assert caught.value.reason is Reason.SIGNATURE
