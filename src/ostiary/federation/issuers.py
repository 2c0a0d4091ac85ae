"""federation: issuers of identity tokens, and what is remembered of their keys.

Keys are fetched when a token needs them and kept for a while. A key that is not among those that are kept makes them be
fetched again, but not often; an issuer that failed is left in peace for a moment. So nobody's tokens, however many,
make us ask an issuer more than now and then.

Source: OpenID Connect Discovery 1.0; RFC 7517; IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in
IAM" (at most 100 RSA and 100 EC keys).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ostiary.federation.addresses import Reach
from ostiary.federation.connection import CannotFetch, Connector, thumbprint
from ostiary.federation.fetch import fetch_json, read_url
from ostiary.federation.tokens import BadSignature, PublicKey, Token, read_keys, verify

KEPT_SECONDS: Final = 600.0
LATE_SECONDS: Final = 60.0
"""Keys that are due are believed for so long while another thread fetches them anew: nobody waits for it."""
AGAIN_SECONDS: Final = 30.0
"""An issuer's keys are not fetched more often than this, whatever keys tokens name."""
FAILED_SECONDS: Final = 10.0
MOST_KEYS: Final = 200
_MOST_ISSUERS: Final = 1000
_MOST_TOKENS: Final = 1000
"""Of each issuer, whose signature is remembered."""
_MOST_WAITING: Final = 6
"""Threads that may fetch, or wait for another's fetching, at once: the others are left for those who need no issuer."""
_DISCOVERY: Final = "/.well-known/openid-configuration"


@dataclass(slots=True)
class _Known:
    """What is known of an issuer, seen with certain thumbprints."""

    lock: threading.Lock
    keys: Sequence[PublicKey] = ()
    fetched: float = float("-inf")
    failed: float = float("-inf")
    failure: CannotFetch | None = None
    verified: dict[str, PublicKey] = field(default_factory=dict)
    """Tokens with the key that signed them, which holds as long as it is among the keys."""


class Issuers:
    """Verifies the tokens of identity providers."""

    def __init__(
        self,
        connector: Connector | None = None,
        reach: Reach | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.reach = reach or Reach()
        self._connector = connector or Connector(self.reach)
        self._monotonic = monotonic
        self._known: dict[tuple[str, tuple[str, ...]], _Known] = {}
        self._changing = threading.Lock()
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    def verify(self, token: Token, issuer: str, thumbprints: Sequence[str]) -> None:
        """Hold a token's signature against the keys that its issuer publishes.

        Args:
            token: to verify.
            issuer: URL of the provider, the token's `iss`.
            thumbprints: certificates that are believed for it, if no authority stands behind its own.

        Raises:
            CannotFetch: the issuer's keys can't be had.
            BadSignature: none of them has signed the token.
        """
        known = self._of(issuer, tuple(sorted(thumbprints)))
        candidates = self._candidates(known, token)
        if candidates is None:
            candidates = self._while_fetched(known, token) or self._fetched(known, issuer, thumbprints, token)
        signed = known.verified.get(token.text)
        for key in candidates:
            if key is signed:
                return
            try:
                verify(token, key)
            except BadSignature:
                continue
            if len(known.verified) >= _MOST_TOKENS:
                known.verified.clear()
            known.verified[token.text] = key
            return
        raise BadSignature

    def knows(self, token: Token, issuer: str, thumbprints: Sequence[str]) -> bool:
        """Whether `verify` needs to ask nobody."""
        return self._candidates(self._of(issuer, tuple(sorted(thumbprints))), token) is not None

    def top_thumbprint(self, issuer: str) -> str:
        """The thumbprint of the last certificate that the issuer's server shows: of its top intermediate authority.

        Raises:
            CannotFetch: there is no such server.
        """
        place = read_url(issuer)
        if not self._waiting.acquire(blocking=False):
            raise CannotFetch("too many requests wait for identity providers", passing=True)
        try:
            chain = self._connector.chain(place.host, place.port)
        finally:
            self._waiting.release()
        if not chain:
            raise CannotFetch("it shows no certificate")
        return thumbprint(chain[-1])

    def _of(self, issuer: str, thumbprints: tuple[str, ...]) -> _Known:
        with self._changing:
            if len(self._known) >= _MOST_ISSUERS:
                self._known.clear()
            return self._known.setdefault((issuer, thumbprints), _Known(threading.Lock()))

    def _candidates(self, known: _Known, token: Token) -> Sequence[PublicKey] | None:
        """The keys that may have signed a token; None when the issuer should be asked."""
        now = self._monotonic()
        if now - known.fetched > KEPT_SECONDS:
            return None
        found = [key for key in known.keys if _may_have_signed(key, token)]
        return found if found or now - known.fetched < AGAIN_SECONDS else None

    def _while_fetched(self, known: _Known, token: Token) -> Sequence[PublicKey]:
        """The keys that were kept until now, if they are being fetched already."""
        if not known.lock.locked() or self._monotonic() - known.fetched > KEPT_SECONDS + LATE_SECONDS:
            return ()
        return [key for key in known.keys if _may_have_signed(key, token)]

    def _fetched(self, known: _Known, issuer: str, thumbprints: Sequence[str], token: Token) -> Sequence[PublicKey]:
        if not self._waiting.acquire(blocking=False):
            raise CannotFetch("too many tokens wait for their issuers", passing=True)
        try:
            with known.lock:
                candidates = self._candidates(known, token)  # another thread may have been faster
                if candidates is None:
                    self._refresh(known, issuer, thumbprints)
                    candidates = [key for key in known.keys if _may_have_signed(key, token)]
                return candidates
        finally:
            self._waiting.release()

    def _refresh(self, known: _Known, issuer: str, thumbprints: Sequence[str]) -> None:
        now = self._monotonic()
        if known.failure is not None and now - known.failed < FAILED_SECONDS:
            raise CannotFetch(str(known.failure), passing=known.failure.passing)
        try:
            known.keys = self._keys(issuer, thumbprints)
        except CannotFetch as failure:
            known.failure, known.failed = failure, self._monotonic()
            raise
        known.failure, known.fetched = None, self._monotonic()

    def _keys(self, issuer: str, thumbprints: Sequence[str]) -> Sequence[PublicKey]:
        document = fetch_json(self._connector, issuer.removesuffix("/") + _DISCOVERY, thumbprints)
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise CannotFetch("the discovery document is another issuer's")
        where = document.get("jwks_uri")
        if not isinstance(where, str):
            raise CannotFetch("the discovery document does not say where the keys are")
        try:
            keys = read_keys(fetch_json(self._connector, where, thumbprints))
        except ValueError:
            raise CannotFetch("the keys are no JWK set") from None
        if len(keys) > MOST_KEYS:
            raise CannotFetch("the issuer has too many keys")
        return keys


def _may_have_signed(key: PublicKey, token: Token) -> bool:
    return token.algorithm in key.algorithms and (token.key_id is None or key.key_id == token.key_id)
