"""Bodies: the chunked uploads of the S3 reference, botocore's own wrapper, and what must not pass."""

from __future__ import annotations

import base64
import hashlib
import io
import zlib

import pytest
from awscrt import checksums as crt
from botocore.httpchecksum import _CHECKSUM_CLS, AwsChunkedWrapper
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.sigv4 import (
    BodyReader,
    ChunkSigner,
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

from .signed import Wire, at
from .test_signature_vectors import S3_AKID, S3_SCOPE, S3_SECRET

OBJECT = b"a" * 66560
NOW = at("20130524T000000Z")


def documented(path: str, host: str, signature: str, word: str, *, sign_length: bool, **more: str) -> Wire:
    headers = {
        "host": host,
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": word,
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    signed = ";".join(sorted(name for name in headers if sign_length or name != "content-length"))
    proof = f"AWS4-HMAC-SHA256 Credential={S3_AKID}/{S3_SCOPE},SignedHeaders={signed},Signature={signature}"
    return Wire("PUT", path, "", (*headers.items(), ("authorization", proof)))


def framed(*chunks: tuple[int, str], end: bytes) -> bytes:
    out = b""
    for size, signature in chunks:
        out += b"%x;chunk-signature=%s\r\n" % (size, signature.encode()) + b"a" * size + (b"\r\n" if size else b"")
    return out + end


CHUNKED = documented(
    "/examplebucket/chunkObject.txt",
    "s3.amazonaws.com",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    sign_length=True,
    content_length="66824",
)
CHUNKED_BODY = framed(
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    end=b"\r\n",
)
TRAILED = documented(
    "/examplebucket/chunkObject.txt",
    "s3.amazonaws.com",
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    sign_length=False,
    content_length="66946",
    x_amz_trailer="x-amz-checksum-crc32c",
)
TRAILED_BODY = framed(
    (65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
    (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
    end=b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
)
EXAMPLES = {"chunks": (CHUNKED, CHUNKED_BODY), "chunks and a trailer": (TRAILED, TRAILED_BODY)}


def reader_of(wire: Wire) -> BodyReader:
    verified = wire.verified(S3_SECRET, NOW, "s3")
    return open_body(declaration(wire.presented()), verified, wire.headers)


def read(reader: BodyReader, body: bytes, step: int = 1 << 20) -> tuple[bytes, dict[str, str]]:
    out = b"".join(piece for start in range(0, len(body), step) for piece in reader.feed(body[start : start + step]))
    return out, dict(reader.finish())


def refusal(reader: BodyReader, body: bytes, step: int = 1 << 20) -> Reason:
    with pytest.raises(SignatureFault) as caught:
        read(reader, body, step)
    return caught.value.reason


@pytest.mark.parametrize("step", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_chunked_uploads_of_the_s3_reference_read_however_they_arrive(name: str, step: int) -> None:
    wire, body = EXAMPLES[name]
    assert len(body) == int(wire.header("content-length"))
    data, trailers = read(reader_of(wire), body, step)
    assert data == OBJECT
    assert trailers == ({"x-amz-checksum-crc32c": "sOO8/Q=="} if wire is TRAILED else {})


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_chunked_upload_with_any_byte_changed_is_refused(name: str) -> None:
    wire, body = EXAMPLES[name]
    frames = [i for i, byte in enumerate(body) if byte != ord("a")]
    for place in [*frames, 100, 65000, 66000]:
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        if changed.lower() == body.lower():
            continue
        with pytest.raises(SignatureFault):
            read(reader_of(wire), changed)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("cut", [1, 2, 3, 60, 200, 1200, 66000])
def test_a_chunked_upload_cut_short_is_refused_at_its_end(name: str, cut: int) -> None:
    wire, body = EXAMPLES[name]
    assert refusal(reader_of(wire), body[:-cut]) is Reason.INCOMPLETE_BODY


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_may_follow_a_chunked_upload(name: str) -> None:
    wire, body = EXAMPLES[name]
    assert refusal(reader_of(wire), body + b"x") is Reason.INCOMPLETE_BODY
    assert refusal(reader_of(wire), body + b"x", 1) is Reason.INCOMPLETE_BODY


def test_a_wrong_chunk_signature_is_a_signature_that_does_not_match() -> None:
    changed = CHUNKED_BODY.replace(b"ad80", b"ad81")
    with pytest.raises(SignatureFault) as caught:
        read(reader_of(CHUNKED), changed)
    told = caught.value.told(Family.S3)
    assert (told.code, told.status) == ("SignatureDoesNotMatch", 403)


def test_chunks_in_another_order_are_refused() -> None:
    key = CHUNKED.verified(S3_SECRET, NOW, "s3").key
    seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
    sizes = [b"b" * 33280, b"c" * 33280, b""]
    signer = ChunkSigner(key, "20130524T000000Z", S3_SCOPE, seed)
    lines = [
        b"%x;chunk-signature=%s\r\n%s\r\n" % (len(d), signer.chunk(hashlib.sha256(d).hexdigest()).encode(), d)
        for d in sizes
    ]
    assert read(reader_of(CHUNKED), b"".join(lines))[0] == b"".join(sizes)
    swapped = b"".join([lines[1], lines[0], lines[2]])
    assert refusal(reader_of(CHUNKED), swapped) is Reason.CHUNK_SIGNATURE


def test_a_checksum_in_a_signed_trailer_is_held_against_the_bytes_too() -> None:
    verified = TRAILED.verified(S3_SECRET, NOW, "s3")
    signer = ChunkSigner(verified.key, "20130524T000000Z", S3_SCOPE, verified.signature)
    body = b""
    for data in (b"z" * 66560, b""):
        body += b"%x;chunk-signature=%s\r\n" % (len(data), signer.chunk(hashlib.sha256(data).hexdigest()).encode())
        body += data + (b"\r\n" if data else b"")
    line = b"x-amz-checksum-crc32c:sOO8/Q=="
    body += line + b"\r\nx-amz-trailer-signature:" + signer.trailer(line + b"\n").encode() + b"\r\n\r\n"
    assert refusal(reader_of(TRAILED), body) is Reason.CHECKSUM_MISMATCH


# Unsigned chunks with a trailer, as botocore sends them.


def unsigned(length: int, trailer: str = "x-amz-checksum-crc32", **more: str) -> BodyReader:
    headers = [
        ("x-amz-decoded-content-length", str(length)),
        ("x-amz-trailer", trailer),
        ("x-amz-sdk-checksum-algorithm", "CRC32"),
        *((name.replace("_", "-"), value) for name, value in more.items()),
    ]
    declared = Declaration(Kind.UNSIGNED_CHUNKS_TRAILER, Kind.UNSIGNED_CHUNKS_TRAILER.value)
    return open_body(declared, None, headers)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(_CHECKSUM_CLS)), st.integers(0, 70_000), st.integers(8192, 40_000), st.integers(1, 30_000)
)
def test_what_botocores_chunked_wrapper_writes_reads_back(name: str, size: int, chunk: int, step: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    header = f"x-amz-checksum-{name}"
    wrapper = AwsChunkedWrapper(io.BytesIO(data), _CHECKSUM_CLS[name], header, chunk)
    out, trailers = read(unsigned(size, header), wrapper.read(), step)
    assert out == data
    assert list(trailers) == [header]


def crc(data: bytes) -> bytes:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big"))


GOOD = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + crc(b"hello") + b"\r\n\r\n"
BAD_BODIES = {
    "another object": (GOOD.replace(b"hello", b"jello"), Reason.CHECKSUM_MISMATCH),
    "no trailer": (b"5\r\nhello\r\n0\r\n\r\n", Reason.TRAILER_MALFORMED),
    "another trailer": (GOOD.replace(b"crc32:", b"crc32c:"), Reason.TRAILER_MALFORMED),
    "a trailer twice": (GOOD[:-2] + b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n", Reason.TRAILER_MALFORMED),
    "a further trailer": (GOOD[:-2] + b"x-amz-meta-a:b\r\n\r\n", Reason.TRAILER_MALFORMED),
    "a trailer signature nobody asked for": (
        GOOD[:-2] + b"x-amz-trailer-signature:" + b"0" * 64 + b"\r\n\r\n",
        Reason.TRAILER_MALFORMED,
    ),
    "a trailer without colon": (GOOD[:-2] + b"x\r\n\r\n", Reason.TRAILER_MALFORMED),
    "an endless trailer": (GOOD[:-2] + b"x" * 5000, Reason.TRAILER_MALFORMED),
    "a checksum of the wrong length": (GOOD.replace(crc(b"hello"), b"AAAA"), Reason.CHECKSUM_HEADER_INVALID),
    "a checksum that is no base64": (GOOD.replace(crc(b"hello"), b"!!!!"), Reason.CHECKSUM_HEADER_INVALID),
    "a size that is no number": (b"g\r\n", Reason.INCOMPLETE_BODY),
    "a negative size": (b"-5\r\nhello", Reason.INCOMPLETE_BODY),
    "an empty size": (b"\r\nhello", Reason.INCOMPLETE_BODY),
    "an endless size": (b"0" * 5000, Reason.INCOMPLETE_BODY),
    "a size beyond the object": (b"6\r\nhello!\r\n", Reason.INCOMPLETE_BODY),
    "a huge size": (b"fffffffffffffff\r\n", Reason.INCOMPLETE_BODY),
    "a size below the object": (GOOD.replace(b"5\r\nhello", b"4\r\nhell"), Reason.INCOMPLETE_BODY),
    "a signature nobody asked for": (b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n", Reason.INCOMPLETE_BODY),
    "a bare line feed": (b"5\nhello\n0\n\n", Reason.INCOMPLETE_BODY),
    "no line break after the data": (b"5\r\nhelloXX0\r\n", Reason.INCOMPLETE_BODY),
    "a small chunk in the middle": (b"2\r\nhe\r\n3\r\nllo\r\n", Reason.CHUNK_TOO_SMALL),
    "nothing": (b"", Reason.INCOMPLETE_BODY),
}


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize("name", BAD_BODIES)
def test_an_unsigned_chunked_body_with_a_fault_is_refused(name: str, step: int) -> None:
    assert read(unsigned(5), GOOD, step)[0] == b"hello"
    body, reason = BAD_BODIES[name]
    assert refusal(unsigned(5), body, step) is reason


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"5", b"0", b"\r\n", b"hello", b"x-amz-checksum-crc32:", b"\n", crc(b"hello")])))
def test_no_arrangement_of_pieces_raises_anything_else_or_passes_another_object(pieces: list[bytes]) -> None:
    try:
        out, _ = read(unsigned(5), b"".join(pieces), 3)
    except SignatureFault:
        return
    assert out == b"hello"


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
