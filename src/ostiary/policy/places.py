"""policy: where in a text each character stands, as bits (no specification: a search).

The text is turned into planes, one for each bit of a character's code; a character's places follow from them with a
few operations on long numbers, whatever the text is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_PATIENCE: Final = 64
_BYTES: Final = 3
"""A character's code has 21 bits."""


class Places:
    """The places of the characters of one text; bit `n` stands for `text[n]`. Read when first asked for."""

    __slots__ = ("_everywhere", "_known", "_missing", "_planes", "_text", "patience")

    patience: int
    """How many comparisons in vain are still worth less than reading the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.patience = _PATIENCE
        self._everywhere = 0
        self._missing = 0
        """The bits that no character's code has."""
        self._planes: list[tuple[int, int, int]] = []
        """A bit of a code, the places where it is set, and where it is not."""
        self._known: dict[str, int] = {}

    def of(self, character: str) -> int:
        """Where a character stands."""
        found = self._known.get(character)
        if found is None:
            found = self._known[character] = self._find(ord(character))
        return found

    def _find(self, code: int) -> int:
        if not self._everywhere and self._text:
            self._read()
        if code & self._missing:
            return 0
        places = self._everywhere
        for bit, ones, zeros in self._planes:
            places &= ones if code & bit else zeros
        return places

    def _read(self) -> None:
        self._everywhere = (1 << len(self._text)) - 1
        codes = self._text[::-1].encode("utf-32-le", "surrogatepass")
        for byte in range(_BYTES):
            column = codes[byte::4]
            for number in range(8):
                bit = 1 << 8 * byte + number
                digits = column.translate(_digits(number))
                if b"1" not in digits:
                    self._missing |= bit
                    continue
                ones = int(digits, 2)
                self._planes.append((bit, ones, self._everywhere ^ ones))


@lru_cache(maxsize=8)
def _digits(number: int) -> bytes:
    """A table from bytes to `1` or `0`, as a bit of theirs is set or not."""
    return bytes([48 + (byte >> number & 1) for byte in range(256)])
