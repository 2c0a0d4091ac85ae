"""Session tokens: a statement about a session, sealed so that only we can make and read one.

Nothing of a session is stored. The token carries all of it; the secret access key is derived from the token's nonce, so
any process with the vault's key can check a request. Principals are named by unique id: a deleted and re-created role's
sessions are dead (R124).

Source: IAM User Guide, "Temporary security credentials in IAM".
"""

from __future__ import annotations

import base64
import binascii
import hmac
import zlib
from enum import StrEnum
from typing import Final

import msgspec

from ostiary.credentials.access_keys import TEMPORARY, new_access_key_id
from ostiary.credentials.vault import SealBroken, seal, unseal
from ostiary.entropy import Entropy
from ostiary.identifiers import AccountId

_COMPRESSED: Final = b"\x0aOs1"
_PLAIN: Final = b"\x0aOs2"
_SMALL: Final = 512
"""Bytes that are not worth the time that compressing takes."""
_MAX_TOKEN: Final = 32_768
_MAX_PLAIN: Final = 262_144


class TokenInvalid(Exception):
    """The text is no token of ours."""


class SessionKind(StrEnum):
    """What made the session."""

    ROLE = "role"
    """AssumeRole and its relatives, instance profiles."""
    FEDERATED_USER = "federated-user"
    """GetFederationToken."""
    SESSION_TOKEN = "session-token"
    """GetSessionToken: the user (or the root user) itself, for a time."""
    ROOT = "root"
    """AssumeRoot: the root user of a member account, for one task."""
    CONSOLE = "console"
    """A sign-in to the console: the user, or the root user, itself."""
    DELEGATED = "delegated"
    """GetDelegatedAccessToken: the user or role that accepted a delegation request, within its permissions."""


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known of a session. Times are seconds since 1970, UTC."""

    kind: SessionKind
    account: str
    principal_id: str
    """The role's AROA id; for the other kinds the AIDA id of the user who called, or the root user's account id."""
    access_key_id: str
    issued: int
    expires: int
    name: str = ""
    """The role session name, or the federated user's name."""
    policies: tuple[str, ...] | None = None
    """Inline session policies; None when neither these nor ARNs were passed."""
    policy_arns: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    """The scope-down policies of GetScopedCredentials, the first one first: each of them must allow."""
    tags: tuple[tuple[str, str], ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    mfa_at: int | None = None
    provider: str | None = None
    """The identity provider (`aws:FederatedProvider`)."""
    chained: bool = False
    """Assumed with another session's credentials."""
    context: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    """Further condition keys that go with the session, such as `ec2:SourceInstanceARN`."""


class TemporaryCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller gets."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: int

    def __repr__(self) -> str:
        return f"<TemporaryCredentials {self.access_key_id}>"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Session)


class SessionSeal:
    """Issues and reads session tokens."""

    def __init__(self, key: bytes, entropy: Entropy) -> None:
        self._key, self._entropy = key, entropy
        self._read: dict[str, tuple[Session, str]] = {}

    def new_access_key_id(self, account: AccountId) -> str:
        """An id for a session that is about to be issued."""
        return new_access_key_id(TEMPORARY, account, self._entropy)

    def issue(self, session: Session) -> TemporaryCredentials:
        """Seal a session and derive its secret."""
        text = _encoder.encode(session)
        version = _PLAIN if len(text) <= _SMALL else _COMPRESSED
        sealed = seal(self._key, text if version is _PLAIN else zlib.compress(text, 1), "session", self._entropy)
        return TemporaryCredentials(
            access_key_id=session.access_key_id,
            secret_access_key=self._secret(sealed, session.access_key_id),
            session_token=base64.b64encode(version + sealed).decode(),
            expires=session.expires,
        )

    def read(self, token: str) -> tuple[Session, str]:
        """The session and its secret access key. Whether it has expired is for the caller to judge.

        Raises:
            TokenInvalid: not issued by us.
        """
        known = self._read.get(token)
        if known is not None:
            return known
        if len(token) > _MAX_TOKEN:
            raise TokenInvalid
        try:
            raw = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            raise TokenInvalid from None
        version, sealed = raw[: len(_PLAIN)], raw[len(_PLAIN) :]
        if version not in (_PLAIN, _COMPRESSED):
            raise TokenInvalid
        try:
            text = unseal(self._key, sealed, "session")
            session = _decoder.decode(text if version == _PLAIN else zlib.decompressobj().decompress(text, _MAX_PLAIN))
        except (SealBroken, zlib.error, msgspec.DecodeError):
            raise TokenInvalid from None
        found = (session, self._secret(sealed, session.access_key_id))
        if len(self._read) >= 4096:
            self._read.clear()
        self._read[token] = found
        return found

    def _secret(self, sealed: bytes, access_key_id: str) -> str:
        digest = hmac.digest(self._key, b"secret/" + access_key_id.encode() + b"/" + sealed[:12], "sha256")
        return base64.b64encode(digest[:30]).decode()
