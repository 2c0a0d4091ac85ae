"""Passwords are kept as Argon2id."""

from __future__ import annotations

import argon2
import pytest

from ostiary.credentials.passwords import hash_password, password_matches

# From the tests of the reference implementation (phc-winner-argon2, test.c): "password", "somesalt", t=2, m=16, p=1
REFERENCE = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"


def test_the_right_password_matches_and_others_do_not() -> None:
    hashed = hash_password("correct horse")
    assert password_matches(hashed, "correct horse")
    for wrong in ("", "correct hors", "Correct horse", "correct horse "):
        assert not password_matches(hashed, wrong)


def test_hashes_of_the_reference_implementation_are_read() -> None:
    assert password_matches(REFERENCE, "password")
    assert not password_matches(REFERENCE, "Password")


def test_hashes_are_salted_and_as_costly_as_the_cheat_sheet_says() -> None:
    first, second = hash_password("same"), hash_password("same")
    assert first != second
    assert "same" not in first
    found = argon2.extract_parameters(first)
    assert (found.type, found.time_cost, found.memory_cost) == (argon2.Type.ID, 2, 19 * 1024)


@pytest.mark.parametrize("damaged", ["", "x", "$argon2id$", REFERENCE[:-5], "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_damaged_hash_matches_nothing(damaged: str) -> None:
    assert not password_matches(damaged, "password")
    assert not password_matches(damaged, "")


def test_any_text_is_a_password() -> None:
    for text in ("pässwörd", "\U0001f511" * 10, "x" * 4096, "nul\0inside"):
        hashed = hash_password(text)
        assert password_matches(hashed, text)
        assert not password_matches(hashed, text[:-1])
