"""Passwords are kept as Argon2id hashes.

Source: RFC 9106; OWASP Password Storage Cheat Sheet (19 MiB, two passes, one lane).
"""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

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
