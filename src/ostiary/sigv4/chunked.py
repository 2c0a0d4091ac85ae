"""Room `sigv4`: the aws-chunked encoding of S3 uploads, read as it arrives: framing, chunk signatures, trailer.

Source: Amazon S3 API Reference, "Signature calculations … Transferring payload in multiple chunks (Chunked upload)" and
"Signature calculations for trailing headers (chunked uploads)".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final

from ostiary.sigv4.canonical import EMPTY_SHA256, signature
from ostiary.sigv4.checksums import ALGORITHMS, Digest, Expectation, mismatch, read_checksum
from ostiary.sigv4.faults import Reason, SignatureFault

MAX_LINE: Final = 1024
"""Bytes in the header of a chunk or a line of the trailer; a longer one is no honest client's."""

MIN_CHUNK: Final = 8192
"""Bytes in any chunk but the last (the one before the empty one)."""

TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"

_SIGNED: Final = re.compile(rb"([0-9a-fA-F]{1,15});chunk-signature=([0-9a-f]{64})").fullmatch
_UNSIGNED: Final = re.compile(rb"([0-9a-fA-F]{1,15})").fullmatch
_TRAILER: Final = re.compile(rb"([A-Za-z0-9-]+):[ \t]*([!-~]+)[ \t]*\n?").fullmatch


class ChunkSigner:
    """The chain of signatures: each covers the one before, beginning with the request's own."""

    __slots__ = ("_key", "_previous", "_scope", "_timestamp")

    def __init__(self, key: bytes, timestamp: str, scope: str, seed: str) -> None:
        self._key, self._timestamp, self._scope, self._previous = key, timestamp, scope, seed

    def chunk(self, sha256: str) -> str:
        """The signature of the next chunk, whose data has this hash."""
        return self._next("AWS4-HMAC-SHA256-PAYLOAD", f"{EMPTY_SHA256}\n{sha256}")

    def trailer(self, lines: bytes) -> str:
        """The signature of the trailer, `name:value` and a line feed each."""
        return self._next("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(lines).hexdigest())

    def _next(self, title: str, hashes: str) -> str:
        text = f"{title}\n{self._timestamp}\n{self._scope}\n{self._previous}\n{hashes}"
        self._previous = signature(self._key, text)
        return self._previous


class ChunkedBody:
    """A body in chunks, held to its length, its chunk signatures, its trailer and its digests.

    `length` is the object's size in bytes; `trailer` the one checksum header announced to follow, if any; without a
    `signer` the chunks carry no signatures.
    """

    def __init__(
        self, length: int, expected: list[Expectation], *, signer: ChunkSigner | None = None, trailer: str | None = None
    ) -> None:
        self._left: Final = _Left(length)
        self._expected: Final = expected
        self._signer: Final = signer
        self._announced: Final = trailer
        self._checksum: Final[Digest | None] = ALGORITHMS[trailer].new() if trailer else None
        self._trailers: Final[dict[str, str]] = {}
        self._came, self._at = b"", 0  # what has come, and how much of it has been looked at
        self._state: Callable[[list[memoryview]], bool] = self._header
        self._in_chunk = 0  # bytes of this chunk's data that are still to come
        self._claimed = b""  # this chunk's signature
        self._hash = hashlib.sha256()  # of this chunk's data
        self._done = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what arrived, of any size; give the object's bytes in it, of all its chunks in one piece.

        Raises:
            SignatureFault: the framing, a size, a signature or the trailer is wrong.
        """
        self._came += data
        out: list[memoryview] = []
        while self._at < len(self._came) and self._state(out):
            pass
        self._came, self._at = self._came[self._at :], 0  # at most a part of a line
        return [b"".join(out)] if out else []

    def finish(self) -> Mapping[str, str]:
        """Say that the body has ended; give the trailers.

        Raises:
            SignatureFault: it ended early, or the object is another one than a digest says.
        """
        if not self._done:
            raise SignatureFault(Reason.INCOMPLETE_BODY)
        for expectation in self._expected:
            expectation.check()
        return dict(self._trailers)

    # The states. Each takes of what has come what it can use and says whether it got anywhere.

    def _header(self, out: list[memoryview]) -> bool:
        line = self._line(Reason.INCOMPLETE_BODY)
        if line is None:
            return False
        found = (_SIGNED if self._signer else _UNSIGNED)(line)
        if not found:
            raise SignatureFault(Reason.INCOMPLETE_BODY)
        size = int(found[1], 16)
        self._left.take(size)
        self._claimed = found[2] if self._signer else b""
        self._hash = hashlib.sha256()
        self._in_chunk = size
        if size:
            self._state = self._data
            return True
        self._check_chunk()
        self._left.check_none()
        self._state = self._trailer if self._announced else self._end
        return True

    def _data(self, out: list[memoryview]) -> bool:
        piece = memoryview(self._came)[self._at : self._at + self._in_chunk]
        self._at += len(piece)
        self._in_chunk -= len(piece)
        if self._signer:
            self._hash.update(piece)
        if self._checksum:
            self._checksum.update(piece)
        for expectation in self._expected:
            expectation.update(piece)
        out.append(piece)
        if not self._in_chunk:
            self._check_chunk()
            self._state = self._data_end
        return True

    def _data_end(self, out: list[memoryview]) -> bool:
        if not self._crlf():
            return False
        self._state = self._header
        return True

    def _trailer(self, out: list[memoryview]) -> bool:
        line = self._line(Reason.TRAILER_MALFORMED)
        if line is None:
            return False
        if not line:
            self._check_trailers()
            self._finished()
            return True
        found = _TRAILER(line)
        name = found[1].decode().lower() if found else ""
        if not found or name in self._trailers or name not in (self._announced, TRAILER_SIGNATURE):
            raise SignatureFault(Reason.TRAILER_MALFORMED)
        self._trailers[name] = found[2].decode()
        return True

    def _end(self, out: list[memoryview]) -> bool:
        if not self._crlf():
            return False
        self._finished()
        return True

    def _after(self, out: list[memoryview]) -> bool:
        raise SignatureFault(Reason.INCOMPLETE_BODY)  # nothing may follow

    # What the states do.

    def _finished(self) -> None:
        self._done = True
        self._state = self._after

    def _line(self, reason: Reason) -> bytes | None:
        """The next line without its CRLF; None until it has arrived."""
        start = self._at
        end = self._came.find(b"\r\n", start, start + MAX_LINE + 2)
        if end < 0:
            if len(self._came) - start > MAX_LINE + 1:
                raise SignatureFault(reason)
            return None
        self._at = end + 2
        return self._came[start:end]

    def _crlf(self) -> bool:
        found = self._came[self._at : self._at + 2]
        if not b"\r\n".startswith(found):
            raise SignatureFault(Reason.INCOMPLETE_BODY)
        if len(found) < 2:
            return False
        self._at += 2
        return True

    def _check_chunk(self) -> None:
        if self._signer:
            _compare(self._signer.chunk(self._hash.hexdigest()).encode(), self._claimed)

    def _check_trailers(self) -> None:
        claimed = self._trailers.pop(TRAILER_SIGNATURE, None)
        if (self._signer is None) != (claimed is None):
            raise SignatureFault(Reason.TRAILER_MALFORMED)
        header, digest = self._announced, self._checksum
        if header is None or digest is None or header not in self._trailers:
            raise SignatureFault(Reason.TRAILER_MALFORMED)
        value = self._trailers[header]
        if self._signer and claimed is not None:
            _compare(self._signer.trailer(f"{header}:{value}\n".encode()).encode(), claimed.encode())
        if digest.digest() != read_checksum(header, value):
            raise mismatch(header)


class _Left:
    """What of the object is still to come, in bytes, and the rule of the smallest chunk."""

    __slots__ = ("_left", "_number", "_small")

    def __init__(self, length: int) -> None:
        self._left, self._number, self._small = length, 0, 0

    def take(self, size: int) -> None:
        """A chunk of this size begins."""
        self._number += 1
        if size and self._small:
            details = {"Chunk": str(self._number), "BadChunkSize": str(self._small)}
            raise SignatureFault(Reason.CHUNK_TOO_SMALL, details)
        self._small = size if size < MIN_CHUNK else 0
        self._left -= size
        if self._left < 0:
            raise SignatureFault(Reason.INCOMPLETE_BODY)

    def check_none(self) -> None:
        """The object must be complete."""
        if self._left:
            raise SignatureFault(Reason.INCOMPLETE_BODY)


def _compare(computed: bytes, claimed: bytes) -> None:
    if not hmac.compare_digest(computed, claimed):
        raise SignatureFault(Reason.CHUNK_SIGNATURE)
