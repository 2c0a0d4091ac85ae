"""Room `sigv4`: signing keys that have proven useful, so that a request costs one HMAC and not five."""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from threading import Lock
from typing import Final

from ostiary.sigv4.canonical import signing_key, wire
from ostiary.sigv4.presented import Scope

_Entry = tuple[str, str, str, str]


_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class SigningKey:
    """The key of one day, region and service, and where it belongs in the cache.

    Both hashes of its HMAC (RFC 2104) are kept as they stand once they have taken the key: going on from there costs
    half of what `hmac.digest` does.
    """

    __slots__ = ("_inner", "_outer", "entry", "key")

    def __init__(self, entry: _Entry, key: bytes) -> None:
        self.entry, self.key = entry, key
        block = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def __repr__(self) -> str:
        return "SigningKey(…)"

    def sign(self, text: str) -> str:
        """SigV4 step 4, second half: the signature of a string to sign, in lower-case hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(wire(text))
        outer.update(inner.digest())
        return outer.hexdigest()


class SigningKeys:
    """A bounded least-recently-used cache, keyed by the secret and the scope: content, so never stale.

    Only `keep` stores: a caller who can't sign can't fill it.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size: Final = size
        self._keys: Final[OrderedDict[_Entry, SigningKey]] = OrderedDict()
        self._lock: Final = Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, secret: str, scope: Scope) -> SigningKey:
        """The signing key of `secret` for `scope`, remembered or derived."""
        entry = (secret, scope.date, scope.region, scope.service)
        found = self._keys.get(entry)
        if found is not None:
            with contextlib.suppress(KeyError):  # it has just been forgotten by another thread
                self._keys.move_to_end(entry)
            return found
        return SigningKey(entry, signing_key(secret, scope.date, scope.region, scope.service))

    def keep(self, key: SigningKey) -> None:
        """Remember a key that a good signature was made with."""
        if key.entry in self._keys:
            return
        with self._lock:
            self._keys[key.entry] = key
            while len(self._keys) > self._size:
                self._keys.popitem(last=False)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._keys.clear()
