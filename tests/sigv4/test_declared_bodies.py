"""Bodies that aren't chunked, and what the headers declare of any body before it is read."""

from __future__ import annotations

import base64
import hashlib

import pytest
from awscrt import checksums as crt

from ostiary.sigv4 import (
    BodyReader,
    Declaration,
    Family,
    Kind,
    Reason,
    SignatureFault,
    Verified,
    declaration,
    open_body,
)
from ostiary.sigv4.checksums import ALGORITHMS

from .test_signature_vectors import S3_SECRET
from .test_signed_bodies import CHUNKED, GOOD, NOW, crc, read, refusal

# Bodies as they are.

CHECK_VALUES = {  # of "123456789", from the catalogue of CRC algorithms and the standards of the hashes
    "CRC32": "cbf43926",
    "CRC32C": "e3069283",
    "CRC64NVME": "ae8b14860a799888",
    "SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    "MD5": "25f9e794323b453885f5181f1b624d0b",
}


def plain(*headers: tuple[str, str], declared: str | None = None) -> BodyReader:
    said = Declaration(Kind.SHA256, declared) if declared else Declaration(Kind.UNSIGNED, "UNSIGNED-PAYLOAD")
    return open_body(said, None, headers)


@pytest.mark.parametrize("name", CHECK_VALUES)
def test_a_checksum_header_is_held_against_the_body(name: str) -> None:
    value = base64.b64encode(bytes.fromhex(CHECK_VALUES[name])).decode()
    header = f"x-amz-checksum-{name.lower()}"
    assert read(plain((header, value)), b"123456789", 2)[0] == b"123456789"
    reader = plain((header, value))
    reader.feed(b"123456780")
    with pytest.raises(SignatureFault) as caught:
        reader.finish()
    told = caught.value.told(Family.S3)
    assert (told.code, told.status) == ("BadDigest", 400)
    assert told.message == f"The {name} you specified did not match the calculated checksum."


@pytest.mark.parametrize(
    ("name", "compute"),
    [
        ("SHA512", lambda data: hashlib.sha512(data).digest()),
        ("XXHASH64", crt.XXHash.compute_xxhash64),
        ("XXHASH3", crt.XXHash.compute_xxhash3_64),
        ("XXHASH128", crt.XXHash.compute_xxhash3_128),
    ],
)
def test_the_newer_algorithms_are_held_against_the_body(name: str, compute) -> None:
    header = (f"x-amz-checksum-{name.lower()}", base64.b64encode(compute(b"hello")).decode())
    assert read(plain(header), b"hello", 2)[0] == b"hello"
    assert refusal(plain(header), b"jello") is Reason.CHECKSUM_MISMATCH


def test_every_algorithm_has_the_size_it_says() -> None:
    for algorithm in ALGORITHMS.values():
        assert len(algorithm.new().digest()) == algorithm.size


def test_a_declared_hash_is_held_against_the_body() -> None:
    declared = hashlib.sha256(b"hello").hexdigest()
    assert read(plain(declared=declared), b"hello", 1)[0] == b"hello"
    reader = plain(declared=declared)
    reader.feed(b"jello")
    with pytest.raises(SignatureFault) as caught:
        reader.finish()
    assert caught.value.told(Family.S3).code == "XAmzContentSHA256Mismatch"
    assert caught.value.details == {
        "ClientComputedContentSHA256": declared,
        "S3ComputedContentSHA256": hashlib.sha256(b"jello").hexdigest(),
    }


def test_content_md5_is_held_against_the_body() -> None:
    value = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    assert read(plain(("content-md5", value)), b"hello")[0] == b"hello"
    reader = plain(("content-md5", value))
    reader.feed(b"jello")
    with pytest.raises(SignatureFault) as caught:
        reader.finish()
    assert caught.value.told(Family.S3).message == "The Content-MD5 you specified did not match what we received."
    assert caught.value.details["ExpectedDigest"] == value


CRC = ("x-amz-checksum-crc32", crc(b"hello").decode())
TRAILER_KIND = Kind.UNSIGNED_CHUNKS_TRAILER
BAD_HEADERS = {
    "a malformed MD5": (Kind.UNSIGNED, [("content-md5", "AAAA")], Reason.MD5_INVALID),
    "an MD5 that is no base64": (Kind.UNSIGNED, [("content-md5", "é")], Reason.MD5_INVALID),
    "two checksums": (Kind.UNSIGNED, [CRC, ("x-amz-checksum-sha1", "x")], Reason.CHECKSUM_HEADERS_MULTIPLE),
    "a checksum of the wrong length": (
        Kind.UNSIGNED,
        [("x-amz-checksum-crc32", "AAAAAAAA")],
        Reason.CHECKSUM_HEADER_INVALID,
    ),
    "an algorithm without its checksum": (
        Kind.UNSIGNED,
        [("x-amz-sdk-checksum-algorithm", "CRC32")],
        Reason.CHECKSUM_ABSENT,
    ),
    "chunks without a length": (TRAILER_KIND, [("x-amz-trailer", CRC[0])], Reason.DECODED_LENGTH_MISSING),
    "chunks with a length that is no number": (
        TRAILER_KIND,
        [("x-amz-trailer", CRC[0]), ("x-amz-decoded-content-length", "+5")],
        Reason.DECODED_LENGTH_MISSING,
    ),
    "a trailer that isn't announced": (
        TRAILER_KIND,
        [("x-amz-decoded-content-length", "5")],
        Reason.TRAILER_MALFORMED,
    ),
    "a trailer that isn't a checksum": (
        TRAILER_KIND,
        [("x-amz-trailer", "x-amz-meta-a"), ("x-amz-decoded-content-length", "5")],
        Reason.TRAILER_UNSUPPORTED,
    ),
    "a checksum before and after": (
        TRAILER_KIND,
        [CRC, ("x-amz-trailer", CRC[0]), ("x-amz-decoded-content-length", "5")],
        Reason.CHECKSUM_HEADERS_MULTIPLE,
    ),
    "signed chunks of a stranger": (
        Kind.SIGNED_CHUNKS,
        [("x-amz-decoded-content-length", "5")],
        Reason.CHUNK_SIGNATURE,
    ),
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_headers_that_contradict_the_body_are_refused_before_it_is_read(name: str) -> None:
    kind, headers, reason = BAD_HEADERS[name]
    with pytest.raises(SignatureFault) as caught:
        open_body(Declaration(kind, kind.value), None, headers)
    assert caught.value.reason is reason


def test_an_anonymous_body_may_be_plain_or_chunked_but_not_signed() -> None:
    word = "x-amz-content-sha256"
    assert read(open_body(None, None, [CRC]), b"hello")[0] == b"hello"
    headers = [(word, TRAILER_KIND.value), ("x-amz-trailer", CRC[0]), ("x-amz-decoded-content-length", "5")]
    assert read(open_body(None, None, headers), GOOD)[0] == b"hello"
    with pytest.raises(SignatureFault):
        open_body(None, None, [(word, Kind.SIGNED_CHUNKS.value), ("x-amz-decoded-content-length", "5")])


def test_checksums_that_speak_of_the_object_can_be_left_alone() -> None:
    reader = open_body(Declaration(Kind.UNSIGNED, "UNSIGNED-PAYLOAD"), None, [CRC], checksums=False)
    assert read(reader, b"<CompleteMultipartUpload/>")[0]


@pytest.mark.parametrize(
    "word",
    ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", "x", "A" * 64, ""],
)
def test_a_payload_declaration_that_we_do_not_take_is_refused(word: str) -> None:
    with pytest.raises(SignatureFault) as caught:
        declaration(CHUNKED.with_header("x-amz-content-sha256", word).presented())
    assert caught.value.reason is Reason.CONTENT_SHA256_INVALID


def test_s3_wants_the_payload_declared() -> None:
    with pytest.raises(SignatureFault) as caught:
        declaration(CHUNKED.with_header("x-amz-content-sha256", None).presented())
    told = caught.value.told(Family.S3)
    assert told.message == "Missing required header for this request: x-amz-content-sha256"


def test_a_verified_proof_hides_its_key() -> None:
    verified = CHUNKED.verified(S3_SECRET, NOW, "s3")
    assert isinstance(verified, Verified)
    assert repr(verified.key) not in repr(verified)
