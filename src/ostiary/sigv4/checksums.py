"""Room `sigv4`: the checksums that a client may give with the bytes of an S3 object.

Source: Amazon S3 User Guide, "Checking object integrity for data uploads"; Amazon S3 API Reference, PutObject.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from ostiary.sigv4.canonical import Headers
from ostiary.sigv4.faults import Reason, SignatureFault

if TYPE_CHECKING:
    from awscrt.checksums import XXHash

PREFIX: Final = "x-amz-checksum-"


class Digest(Protocol):
    """A checksum being computed."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take in more of the body."""

    def digest(self) -> bytes:
        """The checksum so far, big-endian."""


class _Crc:
    """A cyclic redundancy check with the interface of `hashlib`."""

    __slots__ = ("_run", "_value", "_width")

    def __init__(self, run: Callable[[bytes | memoryview, int], int], width: int) -> None:
        self._run, self._width, self._value = run, width, 0

    def update(self, data: bytes | memoryview, /) -> None:
        self._value = self._run(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._width, "big")


@cache
def _crt() -> Any:
    """The library, loaded when the first of its checksums is asked for: it is large."""
    return importlib.import_module("awscrt.checksums")


class _XXHash:
    """One of the runtime's xxHashes with the interface of `hashlib`; `digest` ends it."""

    __slots__ = ("_hash",)

    def __init__(self, new: Callable[[], XXHash]) -> None:
        self._hash = new()

    def update(self, data: bytes | memoryview, /) -> None:
        self._hash.update(bytes(data))  # it takes no other buffer

    def digest(self) -> bytes:
        return bytes(self._hash.finalize())


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A checksum algorithm: its name as the API writes it, its size in bytes, and how to begin one."""

    name: str
    size: int
    new: Callable[[], Digest]


def _md5() -> Digest:
    return hashlib.md5(usedforsecurity=False)


def _sha1() -> Digest:
    return hashlib.sha1(usedforsecurity=False)


ALGORITHMS: Final[Mapping[str, Algorithm]] = {
    PREFIX + algorithm.name.lower(): algorithm
    for algorithm in (
        Algorithm("CRC32", 4, lambda: _Crc(zlib.crc32, 4)),
        Algorithm("CRC32C", 4, lambda: _Crc(_crt().crc32c, 4)),
        Algorithm("CRC64NVME", 8, lambda: _Crc(_crt().crc64nvme, 8)),
        Algorithm("SHA1", 20, _sha1),
        Algorithm("SHA256", 32, hashlib.sha256),
        Algorithm("SHA512", 64, hashlib.sha512),
        Algorithm("MD5", 16, _md5),
        Algorithm("XXHASH64", 8, lambda: _XXHash(_crt().XXHash.new_xxhash64)),
        Algorithm("XXHASH3", 8, lambda: _XXHash(_crt().XXHash.new_xxhash3_64)),
        Algorithm("XXHASH128", 16, lambda: _XXHash(_crt().XXHash.new_xxhash3_128)),
    )
}
"""By the header (or trailer) that carries the checksum."""


class Expectation:
    """One digest that a body must have, computed as the body passes."""

    __slots__ = ("_digest", "_expected", "_fault")

    def __init__(self, digest: Digest, expected: bytes, fault: Callable[[bytes], SignatureFault]) -> None:
        self._digest, self._expected, self._fault = digest, expected, fault

    def update(self, data: bytes | memoryview) -> None:
        """Take in more of the body."""
        self._digest.update(data)

    def check(self) -> None:
        """Raises `SignatureFault` when the body was another one."""
        computed = self._digest.digest()
        if computed != self._expected:
            raise self._fault(computed)


def read_checksum(header: str, value: str) -> bytes:
    """The checksum in a header or trailer.

    Raises:
        SignatureFault: not base64, or not as long as that algorithm's.
    """
    raw = _base64(value)
    if raw is None or len(raw) != ALGORITHMS[header].size:
        raise SignatureFault(Reason.CHECKSUM_HEADER_INVALID, header=header)
    return raw


def mismatch(header: str) -> SignatureFault:
    """The fault of a body with another checksum than `header` says."""
    return SignatureFault(Reason.CHECKSUM_MISMATCH, algorithm=ALGORITHMS[header].name)


def expect_checksum(headers: Headers, *, trailer: bool) -> list[Expectation]:
    """What an x-amz-checksum-* header asks of the body; at most one, and none next to a checksum in the trailer.

    Raises:
        SignatureFault: several, an unreadable one, or an algorithm named without its checksum.
    """
    given = [(name, value) for name, value in headers if name in ALGORITHMS]
    if len(given) + trailer > 1:
        raise SignatureFault(Reason.CHECKSUM_HEADERS_MULTIPLE)
    if not given:
        if not trailer and any(name == "x-amz-sdk-checksum-algorithm" for name, _ in headers):
            raise SignatureFault(Reason.CHECKSUM_ABSENT)
        return []
    [(header, value)] = given
    expected = read_checksum(header, value)
    return [Expectation(ALGORITHMS[header].new(), expected, lambda _: mismatch(header))]


def expect_md5(headers: Headers) -> list[Expectation]:
    """What a Content-MD5 header asks of the body.

    Raises:
        SignatureFault: it isn't base64 of 16 bytes, or is given twice.
    """
    given = {value.strip() for name, value in headers if name == "content-md5"}
    if not given:
        return []
    value = given.pop()
    expected = _base64(value)
    if given or expected is None or len(expected) != 16:
        raise SignatureFault(Reason.MD5_INVALID, {"Content-MD5": value})

    def fault(computed: bytes) -> SignatureFault:
        calculated = base64.b64encode(computed).decode()
        return SignatureFault(Reason.MD5_MISMATCH, {"ExpectedDigest": value, "CalculatedDigest": calculated})

    return [Expectation(_md5(), expected, fault)]


def _base64(value: str) -> bytes | None:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
