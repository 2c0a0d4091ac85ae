"""Bodies: the chunked uploads of the S3 reference, botocore's own wrapper, and what must not pass."""

from __future__ import annotations

import base64
import hashlib
import io
import zlib

import pytest
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
    declaration,
    open_body,
)

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


def test_a_chunk_beyond_the_object_is_refused_before_its_bytes_are_handed_on() -> None:
    with pytest.raises(SignatureFault) as caught:
        unsigned(5).feed(b"6\r\n")
    assert caught.value.reason is Reason.INCOMPLETE_BODY


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
