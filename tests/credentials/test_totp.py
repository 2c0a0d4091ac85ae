"""One-time passwords: the vectors of RFC 4226 and RFC 6238, pyotp as a second opinion, drift and replay."""

from __future__ import annotations

import base64
import struct
import zlib

import pyotp
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from ostiary.credentials import qr_codes
from ostiary.credentials.totp import (
    NotASeed,
    code_at,
    consecutive_steps,
    matching_step,
    new_seed,
    provisioning_uri,
    read_seed,
    seed_bytes,
    step_of,
)
from ostiary.entropy import RepeatableEntropy

RFC_SEED = base64.b32encode(b"12345678901234567890").decode()
# RFC 4226, appendix D: counters 0 to 9
HOTP = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
# RFC 6238, appendix B: the SHA-1 rows
TOTP = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
STEP = 1000


def test_the_vectors_of_rfc_4226_hold() -> None:
    assert [code_at(RFC_SEED, counter) for counter in range(10)] == HOTP


@pytest.mark.parametrize(("at", "code"), TOTP.items())
def test_the_vectors_of_rfc_6238_hold(at: int, code: str) -> None:
    assert code_at(RFC_SEED, step_of(at), digits=8) == code
    assert code_at(RFC_SEED, step_of(at)) == code[2:]


@given(st.integers(0, 2**37), st.binary(min_size=14, max_size=40))
def test_pyotp_shows_the_same_codes(at: int, raw: bytes) -> None:
    seed = base64.b32encode(raw).decode().rstrip("=")
    assert code_at(seed, step_of(at)) == pyotp.TOTP(seed).at(at)


def test_a_new_seed_has_320_bits_and_is_nobody_elses() -> None:
    entropy = RepeatableEntropy("seeds")
    first, second = new_seed(entropy), new_seed(entropy)
    assert (len(first), len(seed_bytes(first)), first == second) == (64, 40, False)


@pytest.mark.parametrize("ahead", [-1, 0, 1])
def test_a_code_of_the_step_before_or_after_is_taken(ahead: int) -> None:
    assert matching_step(RFC_SEED, code_at(RFC_SEED, STEP + ahead), STEP, after=0) == STEP + ahead


@pytest.mark.parametrize("ahead", [-2, 2])
def test_a_code_of_a_step_further_off_is_not(ahead: int) -> None:
    assert matching_step(RFC_SEED, code_at(RFC_SEED, STEP + ahead), STEP, after=0) is None


def test_neither_a_taken_code_nor_one_before_it_is_taken_again() -> None:
    assert matching_step(RFC_SEED, code_at(RFC_SEED, STEP), STEP, after=STEP) is None
    assert matching_step(RFC_SEED, code_at(RFC_SEED, STEP - 1), STEP, after=STEP) is None
    assert matching_step(RFC_SEED, code_at(RFC_SEED, STEP + 1), STEP, after=STEP) == STEP + 1


@pytest.mark.parametrize("code", ["", "00000", "0000000", "\u0661\u0662\u0663\u0664\u0665\u0666", "\ud800"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(RFC_SEED, code, STEP, after=0) is None


@pytest.mark.parametrize("ahead", [-20, -3, 0, 1, 20])
def test_two_consecutive_codes_are_found_within_the_window(ahead: int) -> None:
    first, second = code_at(RFC_SEED, STEP + ahead - 1), code_at(RFC_SEED, STEP + ahead)
    assert consecutive_steps(RFC_SEED, first, second, STEP, window=20, after=0) == STEP + ahead
    assert consecutive_steps(RFC_SEED, second, first, STEP, window=20, after=0) is None
    assert consecutive_steps(RFC_SEED, first, first, STEP, window=20, after=0) is None
    assert consecutive_steps(RFC_SEED, first, second, STEP, window=abs(ahead) - 1, after=0) is None
    assert consecutive_steps(RFC_SEED, first, second, STEP, window=20, after=STEP + ahead - 1) is None


def test_seeds_are_read_as_vendors_write_them() -> None:
    raw = bytes(range(20))
    plain = base64.b32encode(raw).decode()
    for text in (plain, plain.lower(), f"{plain[:4]} {plain[4:]}", raw.hex(), raw.hex().upper(), raw.hex("-")):
        assert read_seed(text) == plain


@pytest.mark.parametrize("text", ["", "ABC", "A" * 15, "GEHEIM!!", "GG00" * 10, "0" * 19, "0" * 18])
def test_what_is_no_seed_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(NotASeed) as refused:
        read_seed(text)
    assert not text or text not in str(refused.value)


def test_the_uri_is_awss_and_authenticators_read_it() -> None:
    uri = provisioning_uri(RFC_SEED, "a+b=c,d@x", "acme")
    assert uri.startswith("otpauth://totp/Amazon%20Web%20Services:a%2Bb%3Dc%2Cd@x@acme?secret=")
    read = pyotp.parse_uri(uri)
    assert (read.secret, read.issuer, read.name) == (RFC_SEED, "Amazon Web Services", "a+b=c,d@x@acme")


def test_a_qr_code_says_what_it_was_given() -> None:
    uri = provisioning_uri(new_seed(RepeatableEntropy("qr")), "bob", "111122223333")
    (found,) = zxingcpp.read_barcodes(pixels(qr_codes.png(uri)))
    assert found.text == uri
    assert qr_codes.svg(uri).startswith("<svg") and "width" not in qr_codes.svg(uri).split(">")[0]


def pixels(png: bytes) -> memoryview:
    """The grey values of a PNG image of one bit a pixel ."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, header = 8, b"", b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == int.from_bytes(png[at + 8 + length : at + 12 + length], "big")
        header, data, at = (body if kind == b"IHDR" else header), data + body * (kind == b"IDAT"), at + 12 + length
    width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", header)
    assert (depth, colour) == (1, 0)
    raw, stride = zlib.decompress(data), 1 + (width + 7) // 8
    rows, above = [], bytes(stride - 1)
    for start in range(0, height * stride, stride):
        kept = raw[start + 1 : start + stride]
        if raw[start] == 2:  # the filter "up"
            kept = bytes((this + that) & 0xFF for this, that in zip(kept, above, strict=True))
        else:
            assert raw[start] == 0, "no other filter is used"
        rows.append(kept)
        above = kept
    bits = ("".join(f"{byte:08b}" for byte in row)[:width] for row in rows)
    return memoryview(bytes(255 * int(bit) for row in bits for bit in row)).cast("B", shape=[height, width])
