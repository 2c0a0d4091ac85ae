"""Room `sigv4`: signing many S3 requests with one key; what those of one second share is made once.

It signs what `sign` signs, to the last byte.

Source: IAM User Guide, "Create a signed AWS API request".
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Final

from ostiary.sigv4.canonical import ALGORITHM, TIME_FORMAT, Headers, canonical_query
from ostiary.sigv4.keys import SigningKey
from ostiary.sigv4.presented import UNSIGNED_PAYLOAD, Scope
from ostiary.sigv4.sign import NOT_SIGNED, Credentials, sign
from ostiary.sigv4.verify import SIGNING_KEYS

_SERVICE: Final = "s3"
_HASH: Final = ("x-amz-content-sha256", UNSIGNED_PAYLOAD)
_ALONE: Final = "host;x-amz-content-sha256;x-amz-date"


class StandingSigner:
    """Signs requests whose bodies are unsigned, with a long-term key."""

    __slots__ = ("_credentials", "_moment", "_region")

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials, self._region = credentials, region
        self._moment: _Moment | None = None

    def sign(
        self, method: str, raw_path: str, raw_query: str, headers: Headers, now: datetime
    ) -> list[tuple[str, str]]:
        """The headers to add; see `sign`."""
        second = now.replace(microsecond=0)
        moment = self._moment
        if moment is None or moment.second != second:
            self._moment = moment = _Moment(self._credentials, self._region, second)
        if len(headers) == 1 and not raw_query and headers[0] == moment.host and _plain_path(raw_path):
            return moment.signed(f"{method}\n{raw_path}\n{moment.alone}", _ALONE)
        lines = sorted((*headers, moment.date, _HASH))
        names = [name for name, _ in lines]
        if not _plain(raw_path, lines, names):
            return self._sign_anything(method, raw_path, raw_query, headers, now)
        signed, text = ";".join(names), "".join([f"{name}:{value}\n" for name, value in lines])
        query = canonical_query(raw_query) if raw_query else ""
        request = f"{method}\n{raw_path}\n{query}\n{text}\n{signed}\n{UNSIGNED_PAYLOAD}"
        if headers and headers[0][0] == "host":
            moment.remember(headers[0])
        return moment.signed(request, signed)

    def _sign_anything(
        self, method: str, raw_path: str, raw_query: str, headers: Headers, now: datetime
    ) -> list[tuple[str, str]]:
        return sign(
            self._credentials,
            method=method,
            raw_path=raw_path,
            raw_query=raw_query,
            headers=headers,
            payload_hash=UNSIGNED_PAYLOAD,
            now=now,
            region=self._region,
            service=_SERVICE,
        )


class _Moment:
    """What every request of one second has."""

    __slots__ = ("alone", "credential", "date", "host", "key", "second", "to_sign")

    def __init__(self, credentials: Credentials, region: str, second: datetime) -> None:
        timestamp = second.strftime(TIME_FORMAT)
        scope = Scope(timestamp[:8], region, _SERVICE)
        self.second, self.date = second, ("x-amz-date", timestamp)
        self.key: SigningKey = SIGNING_KEYS.find(credentials.secret, scope)
        SIGNING_KEYS.keep(self.key)
        self.to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n"
        self.credential = f"{ALGORITHM} Credential={credentials.akid}/{scope}, SignedHeaders="
        self.host: tuple[str, str] | None = None
        self.alone = ""
        """The canonical request after its path, of a request that says nothing but its host."""

    def remember(self, host: tuple[str, str]) -> None:
        """Know what is signed of a request with this header alone, whose value stands as it is signed."""
        if self.host is None:
            self.alone = f"\nhost:{host[1]}\n{_HASH[0]}:{_HASH[1]}\nx-amz-date:{self.date[1]}\n\n{_ALONE}\n{_HASH[1]}"
            self.host = host

    def signed(self, request: str, names: str) -> list[tuple[str, str]]:
        """The headers to add to a canonical request of ASCII."""
        proof = self.key.sign(self.to_sign + sha256(request.encode("ascii")).hexdigest())
        return [self.date, _HASH, ("authorization", f"{self.credential}{names}, Signature={proof}")]


def _plain(raw_path: str, lines: Headers, names: list[str]) -> bool:
    """Whether nothing has to be folded, joined or left out: header names differ and values stand as they are signed."""
    said = "|".join(["", *[value for _, value in lines], ""])
    return (
        said.isascii()
        and said.isprintable()  # no white space but the space
        and not ("  " in said or "| " in said or " |" in said)
        and len(set(names)) == len(names)
        and NOT_SIGNED.isdisjoint(names)
        and _plain_path(raw_path)
    )


def _plain_path(raw_path: str) -> bool:
    return raw_path[:1] == "/" and raw_path.isascii() and raw_path.isprintable()
