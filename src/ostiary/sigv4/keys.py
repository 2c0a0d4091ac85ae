"""Room `sigv4`: signing keys that have proven useful, so that a request costs one HMAC and not five."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Final

from ostiary.sigv4.canonical import signing_key
from ostiary.sigv4.presented import Scope

_Entry = tuple[bytes, Scope]


class SigningKeys:
    """A bounded least-recently-used cache, keyed by a digest of the secret and by the scope: content, so never stale.

    Only `keep` stores: a caller who can't sign can't fill it.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size: Final = size
        self._keys: Final[OrderedDict[_Entry, bytes]] = OrderedDict()
        self._lock: Final = Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, secret: str, scope: Scope) -> bytes:
        """The signing key of `secret` for `scope`, remembered or derived."""
        entry = _entry(secret, scope)
        with self._lock:
            key = self._keys.get(entry)
            if key is not None:
                self._keys.move_to_end(entry)
                return key
        return signing_key(secret, scope.date, scope.region, scope.service)

    def keep(self, secret: str, scope: Scope, key: bytes) -> None:
        """Remember a key that a good signature was made with."""
        entry = _entry(secret, scope)
        with self._lock:
            self._keys[entry] = key
            self._keys.move_to_end(entry)
            while len(self._keys) > self._size:
                self._keys.popitem(last=False)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._keys.clear()


def _entry(secret: str, scope: Scope) -> _Entry:
    return hashlib.sha256(secret.encode()).digest(), scope
