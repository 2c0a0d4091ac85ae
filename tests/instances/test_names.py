"""The resolver's messages, byte by byte from RFC 1035, and hostile ones."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.instances.names import Names

NAMES = Names({"amazonaws.com": "169.254.171.1", "localhost": "127.0.0.1"})
A, AAAA, MX, ANY = 1, 28, 15, 255


def question(name: str, kind: int = A, flags: int = 0x0100, count: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack("!6H", 0xABCD, flags, count, 0, 0, 0) + labels + struct.pack("!2H", kind, 1)


def test_an_address_is_answered_as_the_standard_prints_it() -> None:
    asked = question("S3.AmazonAWS.com")
    answer = NAMES.answer(asked)
    assert answer is not None
    assert answer[:12] == struct.pack("!6H", 0xABCD, 0x8580, 1, 1, 0, 0)
    assert answer[12 : len(asked)] == asked[12:]  # the question is echoed in its own letter case
    assert answer[len(asked) :] == b"\xc0\x0c" + struct.pack("!2HIH", A, 1, 60, 4) + bytes([169, 254, 171, 1])


@pytest.mark.parametrize("kind", [AAAA, MX])
def test_a_known_name_has_no_other_records(kind: int) -> None:
    answer = NAMES.answer(question("iam.amazonaws.com", kind))
    assert answer is not None
    assert struct.unpack("!6H", answer[:12])[1:4] == (0x8580, 1, 0)


@pytest.mark.parametrize("name", ["example.com", "notamazonaws.com", "amazonaws.com.evil.example", "com"])
def test_other_names_do_not_exist(name: str) -> None:
    answer = NAMES.answer(question(name))
    assert answer is not None
    assert answer[3] & 0xF == 3


def test_any_asks_for_the_address_too() -> None:
    answer = NAMES.answer(question("localhost", ANY))
    assert answer is not None and answer.endswith(bytes([127, 0, 0, 1]))


def test_an_unreadable_question_is_a_format_error_and_a_response_is_ignored() -> None:
    for bad in (
        question("a", count=0),
        question("a", count=2),
        question("a")[:-1],
        question("a")[:12] + b"\xc0\x0c" * 9,
    ):
        answer = NAMES.answer(bad)
        assert answer is not None and answer[3] & 0xF == 1
    assert NAMES.answer(question("amazonaws.com", flags=0x8000)) is None
    assert NAMES.answer(b"short") is None
    update = NAMES.answer(question("amazonaws.com", flags=5 << 11))
    assert update is not None and update[3] & 0xF == 4


@given(st.binary(max_size=300))
def test_no_message_breaks_the_resolver(message: bytes) -> None:
    answer = NAMES.answer(message)
    assert answer is None or answer[:2] == message[:2]
