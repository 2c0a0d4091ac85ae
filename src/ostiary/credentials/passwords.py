"""Passwords are kept as Argon2id hashes.

Source: RFC 9106; OWASP Password Storage Cheat Sheet (19 MiB, two passes, one lane).
"""

from __future__ import annotations

import string
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ostiary.entropy import Entropy

_CLASSES: Final = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!@#$%^&*()_+-=")
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """A PHC string. Takes tens of milliseconds: never call it on an event loop."""
    return _HASHER.hash(password)


def password_matches(hashed: str, password: str) -> bool:
    """Whether this is the password. A damaged hash matches nothing."""
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def generate_password(entropy: Entropy, length: int = 20) -> str:
    """A password of every class of characters, which any password policy takes that asks for no more than `length`."""
    every = "".join(_CLASSES)
    while True:
        drawn = "".join(_one(entropy, every) for _ in range(length))
        # a letter first: a spreadsheet takes what begins with a sign for a formula
        if drawn[0].isalpha() and all(any(sign in drawn for sign in signs) for signs in _CLASSES):
            return drawn


def _one(entropy: Entropy, signs: str) -> str:
    """Each sign as likely as any other: bytes beyond the last whole run of them are drawn again."""
    usable = 256 - 256 % len(signs)
    while True:
        drawn = entropy.draw(1)[0]
        if drawn < usable:
            return signs[drawn % len(signs)]
