"""Room `sigv4`: what an S3 request declares of its body, and readers that hold the body to it as it streams by.

INVARIANT: a reader hands on bytes before it can judge them all, so that memory stays bounded. What they become (an
object) may be committed only after `finish` has returned.

Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header", x-amz-content-sha256.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from ostiary.sigv4.canonical import Headers
from ostiary.sigv4.checksums import ALGORITHMS, Expectation, expect_checksum, expect_md5
from ostiary.sigv4.chunked import ChunkedBody, ChunkSigner
from ostiary.sigv4.faults import Reason, SignatureFault
from ostiary.sigv4.presented import UNSIGNED_PAYLOAD, Presented, Style
from ostiary.sigv4.verify import Verified

_SHA256: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_LENGTH: Final = re.compile(r"[0-9]{1,18}").fullmatch


class Kind(Enum):
    """The words that x-amz-content-sha256 may be, and the hash that it is otherwise."""

    SHA256 = "a hash"
    UNSIGNED = UNSIGNED_PAYLOAD
    SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    UNSIGNED_CHUNKS_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    @property
    def chunked(self) -> bool:
        """Whether the body is in the aws-chunked encoding."""
        return self not in (Kind.SHA256, Kind.UNSIGNED)

    @property
    def trailer(self) -> bool:
        """Whether a trailer follows the chunks."""
        return self in (Kind.SIGNED_CHUNKS_TRAILER, Kind.UNSIGNED_CHUNKS_TRAILER)


_WORDS: Final = {kind.value: kind for kind in Kind if kind is not Kind.SHA256}


@dataclass(frozen=True, slots=True)
class Declaration:
    """What S3 is told of the body: its kind, and the text that ends the canonical request."""

    kind: Kind
    text: str


class BodyReader(Protocol):
    """Takes a body in as it arrives and gives the object's own bytes."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what arrived, of any size; give the object's bytes in it. Raises `SignatureFault`."""

    def finish(self) -> Mapping[str, str]:
        """Say that the body has ended; give the trailers. Raises `SignatureFault` when it isn't the declared one."""


def declaration(presented: Presented) -> Declaration:
    """How the body of an S3 request is declared; a presigned URL that doesn't say leaves it unsigned.

    Raises:
        SignatureFault: missing, or neither a hash nor a word that we take (chunks signed by ECDSA aren't).
    """
    text = presented.content_sha256
    if text is None:
        if presented.style is Style.HEADER:
            raise SignatureFault(Reason.CONTENT_SHA256_MISSING)
        text = UNSIGNED_PAYLOAD
    return _declared(text)


def open_body(
    declared: Declaration | None, verified: Verified | None, headers: Headers, *, checksums: bool = True
) -> BodyReader:
    """The reader for the body of an S3 request.

    `declared` and `verified` are None for an anonymous request. `checksums=False` leaves x-amz-checksum-* headers
    alone: those of CompleteMultipartUpload speak of the object and not of the body.

    Raises:
        SignatureFault: the headers that describe the body are missing, unreadable or contradict one another.
    """
    said = declared or _anonymous(headers)
    kind = said.kind
    announced = _announced(headers) if kind.trailer else None
    expected = expect_md5(headers)
    if checksums:
        expected += expect_checksum(headers, trailer=announced is not None)
    if not kind.chunked:
        return PlainBody([*expected, _expect_sha256(said.text)] if kind is Kind.SHA256 else expected)
    signer = None
    if kind is not Kind.UNSIGNED_CHUNKS_TRAILER:
        if verified is None:
            raise SignatureFault(Reason.CHUNK_SIGNATURE)
        signer = ChunkSigner(verified.key, verified.timestamp, str(verified.scope), verified.signature)
    return ChunkedBody(_decoded_length(headers), expected, signer=signer, trailer=announced)


class PlainBody:
    """A body as it is, held to its digests."""

    __slots__ = ("_expected",)

    def __init__(self, expected: list[Expectation]) -> None:
        self._expected = expected

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what arrived and give it back."""
        for expectation in self._expected:
            expectation.update(data)
        return [data] if data else []

    def finish(self) -> Mapping[str, str]:
        """Raises `SignatureFault` when the body was another one than declared."""
        for expectation in self._expected:
            expectation.check()
        return {}


def _declared(text: str) -> Declaration:
    if kind := _WORDS.get(text):
        return Declaration(kind, text)
    if not _SHA256(text):
        raise SignatureFault(
            Reason.CONTENT_SHA256_INVALID, {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": text}
        )
    return Declaration(Kind.SHA256, text)


def _anonymous(headers: Headers) -> Declaration:
    """What somebody who signs nothing declares of the body; being held to a hash needs no key."""
    texts = {value.strip() for name, value in headers if name == "x-amz-content-sha256"}
    if len(texts) > 1:
        raise SignatureFault(Reason.TWO_MECHANISMS)
    return _declared(texts.pop() if texts else UNSIGNED_PAYLOAD)


def _announced(headers: Headers) -> str:
    """The checksum that x-amz-trailer announces: one, of an algorithm we know."""
    names = [
        name.strip().lower() for header, value in headers if header == "x-amz-trailer" for name in value.split(",")
    ]
    if not names:
        raise SignatureFault(Reason.TRAILER_MALFORMED)
    if len(names) > 1 or names[0] not in ALGORITHMS:
        raise SignatureFault(Reason.TRAILER_UNSUPPORTED)
    return names[0]


def _decoded_length(headers: Headers) -> int:
    values = {value.strip() for name, value in headers if name == "x-amz-decoded-content-length"}
    value = values.pop() if len(values) == 1 else ""
    if not _LENGTH(value):
        raise SignatureFault(Reason.DECODED_LENGTH_MISSING)
    return int(value)


def _expect_sha256(text: str) -> Expectation:
    def fault(computed: bytes) -> SignatureFault:
        details = {"ClientComputedContentSHA256": text, "S3ComputedContentSHA256": computed.hex()}
        return SignatureFault(Reason.CONTENT_SHA256_MISMATCH, details)

    return Expectation(hashlib.sha256(), bytes.fromhex(text), fault)
