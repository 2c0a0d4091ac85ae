"""Where random bytes come from. Handed in, so that tests can repeat them."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from typing import Final, Protocol

BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SECRET_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Entropy(Protocol):
    """Gives unpredictable bytes."""

    def draw(self, count: int) -> bytes:
        """`count` random bytes."""
        ...


class SystemEntropy:
    """The operating system's generator."""

    def draw(self, count: int) -> bytes:
        return os.urandom(count)


class RepeatableEntropy:
    """The same bytes for the same seed. For tests only."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, 0

    def draw(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            out += hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
            self._count += 1
        return out[:count]


def letters(entropy: Entropy, count: int, alphabet: str = BASE32) -> str:
    """`count` characters of an alphabet whose length divides 256, without bias."""
    return entropy.draw(count).translate(_by_byte(alphabet)).decode()


@cache
def _by_byte(alphabet: str) -> bytes:
    """The character for each byte."""
    if 256 % len(alphabet):
        raise ValueError("the alphabet's length must divide 256")
    return (alphabet * (256 // len(alphabet))).encode()
