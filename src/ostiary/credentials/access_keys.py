"""Access keys: how their ids are made and what an id tells.

An id is a prefix (`AKIA` long-term, `ASIA` temporary) and 16 base32 characters. The first nine hold the account, as in
AWS's own ids, so that GetAccessKeyInfo can answer for a key that no longer exists.

Source: IAM User Guide, "IAM identifiers"; STS API Reference, GetAccessKeyInfo.
"""

from __future__ import annotations

import base64
import re
from typing import Final

from ostiary.entropy import BASE32, SECRET_ALPHABET, Entropy, letters
from ostiary.identifiers import AccountId

LONG_TERM: Final = "AKIA"
TEMPORARY: Final = "ASIA"
_ID: Final = re.compile(r"(AKIA|ASIA)([A-Z2-7]{16})")
_ACCOUNT_SHIFT: Final = 7
_ACCOUNT_MASK: Final = 0x7FFFFFFFFF80
_DRAWN: Final = (1 << 39) - 1
"""Seven bits beside the account, and 32 after it."""
_PAIRS: Final = tuple(first + second for first in BASE32 for second in BASE32)
"""Two characters for ten bits."""
_MARK: Final = 1 << 47
"""The highest bit of the 48: set in every id made since 2019, when AWS began to write the account into it."""


def new_access_key_id(prefix: str, account: AccountId, entropy: Entropy) -> str:
    """An id of 20 characters that nobody can guess and that names its account."""
    drawn = int.from_bytes(entropy.draw(10), "big")
    number = (_MARK | int(account) << _ACCOUNT_SHIFT) << 32 | drawn & _DRAWN
    return prefix + "".join([_PAIRS[number >> shift & 0x3FF] for shift in range(70, -1, -10)])


def account_of(access_key_id: str) -> AccountId | None:
    """The account that an id names, or None when it is no id that carries one."""
    found = _ID.fullmatch(access_key_id)
    if not found:
        return None
    head = int.from_bytes(base64.b32decode(found[2])[:6], "big")
    account = (head & _ACCOUNT_MASK) >> _ACCOUNT_SHIFT
    return AccountId(f"{account:012d}") if head & _MARK and account < 10**12 else None


def new_secret(entropy: Entropy) -> str:
    """A secret access key: 40 characters, 240 bits."""
    return letters(entropy, 40, SECRET_ALPHABET)
