"""federation: a JSON Web Token, read and then verified.

The algorithm must fit the type of the key that the issuer publishes: a token never chooses how it is checked.

Source: RFC 7515, RFC 7519, RFC 8725 (best current practices); STS API Reference, AssumeRoleWithWebIdentity (the
algorithms).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, RSAKey

SMALLEST_RSA: Final = 2048
LARGEST_RSA: Final = 8192
_LONGEST_EXPONENT: Final = 64
"""Bits. With longer keys and exponents an issuer could make the tokens that it signs slow to verify."""
_EC: Final[Mapping[str, str]] = MappingProxyType({"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"})
_RSA: Final = frozenset({"RS256", "RS384", "RS512"})
_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_REMEMBERED: Final = 1_000
"""Tokens: whoever has one shows it again until it gets the next."""
_LONGEST_REMEMBERED: Final = 4_096
"""Characters. Anybody may show a token, signed or not: long ones would fill the memory."""
ALGORITHMS: Final = _RSA | frozenset(_EC)


class NoToken(Exception):
    """The text is no JSON Web Token that we read."""


class BadSignature(Exception):
    """The token was not signed with this key, or it was changed."""


class _Registry(jws.JWSRegistry):
    max_header_length = 16_384
    max_payload_length = 65_536


@dataclass(frozen=True, slots=True)
class Token:
    """A token, not verified yet: nothing of it may be believed, but whom to ask for the key."""

    text: str = field(repr=False)
    algorithm: str
    key_id: str | None
    claims: Mapping[str, Any] = field(repr=False)

    @property
    def issuer(self) -> Any:
        """The claim `iss`, whatever it is; None without one."""
        return self.claims.get("iss")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that an issuer publishes."""

    key_id: str | None
    algorithms: frozenset[str]
    """Those that it may have signed with."""
    key: RSAKey | ECKey


def read_token(text: str) -> Token:
    """Split a token and read its parts.

    Raises:
        NoToken: it has not three parts, they are no JSON objects, or it names an algorithm that is not taken.
    """
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _read(text)


def _read(text: str) -> Token:
    text = text.strip()  # of a file, often with a line feed at its end
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        raise NoToken
    header, claims = _object(parts[1]), _object(parts[2])
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or "crit" in header or "b64" in header:
        raise NoToken
    if key_id is not None and not isinstance(key_id, str):
        raise NoToken
    return Token(text, algorithm, key_id, MappingProxyType(claims))


_remembered: Final = lru_cache(maxsize=_REMEMBERED)(_read)


def read_keys(document: Any) -> Sequence[PublicKey]:
    """The usable signature keys of a JWK set; others are passed over.

    Raises:
        ValueError: it is no JWK set.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no JWK set")
    found = (_read_key(each) for each in listed if isinstance(each, dict))
    return [each for each in found if each is not None]


def verify(token: Token, key: PublicKey) -> None:
    """Hold a token's signature against a key.

    Raises:
        BadSignature: it does not hold.
    """
    if token.algorithm not in key.algorithms:
        raise BadSignature
    allowed = [token.algorithm]
    try:
        jws.deserialize_compact(
            token.text, key.key, algorithms=allowed, registry=_Registry(algorithms=allowed, strict_check_header=False)
        )
    except (JoseError, ValueError):
        raise BadSignature from None


def _object(part: str) -> dict[str, Any]:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text (RFC 7493, 2.1)
    except (binascii.Error, ValueError, RecursionError):
        raise NoToken from None
    if not isinstance(found, dict):
        raise NoToken
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _read_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    operations = jwk.get("key_ops")
    if jwk.get("use", "sig") != "sig" or (isinstance(operations, list) and "verify" not in operations):
        return None
    fitting = _fitting(jwk)
    if "alg" in jwk:
        fitting &= {str(jwk["alg"])}
    key_id = jwk.get("kid")
    if not fitting or not (key_id is None or isinstance(key_id, str)):
        return None
    members = ("kty", "n", "e") if jwk["kty"] == "RSA" else ("kty", "crv", "x", "y")
    key = _imported({name: jwk.get(name) for name in members})
    return None if key is None else PublicKey(key_id, fitting, key)


def _fitting(jwk: Mapping[str, Any]) -> frozenset[str]:
    if jwk.get("kty") == "RSA":
        return _RSA
    if jwk.get("kty") == "EC":
        return frozenset(name for name, curve in _EC.items() if curve == jwk.get("crv"))
    return frozenset()


def _imported(members: dict[str, Any]) -> RSAKey | ECKey | None:
    if not all(isinstance(value, str) for value in members.values()):
        return None
    kind = RSAKey if members["kty"] == "RSA" else ECKey
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # keys that are too short are refused below
            key = kind.import_key(members)
            usable = not isinstance(key, RSAKey) or _is_usable(key)
    except (JoseError, ValueError, TypeError):
        return None
    return key if usable else None


def _is_usable(key: RSAKey) -> bool:
    public = key.public_key
    return (
        SMALLEST_RSA <= public.key_size <= LARGEST_RSA and public.public_numbers().e.bit_length() <= _LONGEST_EXPONENT
    )
