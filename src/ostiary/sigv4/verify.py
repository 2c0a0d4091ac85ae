"""Room `sigv4`: is the proof that a request presents a good one?

Source: IAM User Guide, "Create a signed AWS API request" and "Troubleshoot Signature Version 4 signing"; Amazon S3 API
Reference, "Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ostiary.sigv4 import canonical
from ostiary.sigv4.canonical import TIME_FORMAT, Headers
from ostiary.sigv4.faults import Reason, SignatureFault
from ostiary.sigv4.keys import SigningKeys
from ostiary.sigv4.presented import Presented, Scope, Style

MAX_SKEW: Final = timedelta(minutes=15)
"""How far the clocks of a client and of AWS may be apart, either way."""

SIGNING_KEYS: Final = SigningKeys()
"""The process's cache. `SIGNING_KEYS.clear()` forgets it."""

_ISO: Final = "%Y-%m-%dT%H:%M:%SZ"


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A proof that held. What the signatures of a chunked body go on from."""

    akid: str
    scope: Scope
    timestamp: str
    signature: str
    key: bytes

    def __repr__(self) -> str:
        return f"<Verified {self.akid} {self.scope} {self.timestamp}>"


def verify(
    presented: Presented,
    *,
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Headers,
    payload_hash: str,
    secret: str,
    now: datetime,
    service: str,
    keys: SigningKeys = SIGNING_KEYS,
) -> Verified:
    """Hold a proof against the request and the secret of the key it names.

    `payload_hash` is the SHA-256 (hex) of the body that was received; for S3 the declared one
    (`declaration(presented).text`), which the body reader then holds the body to. `service` is the signing name of
    the service that was asked. Text is as in `present`.

    Raises:
        SignatureFault: wrong service, wrong time, unsigned headers, or another signature.
    """
    check_service(presented, service)
    check_time(presented, now, service)
    check_signed_headers(presented, headers, service)
    key = keys.find(secret, presented.scope)
    claimed = canonical.wire(presented.signature)
    scope = str(presented.scope)
    first: tuple[str, str] | None = None
    for path, query in _spellings(presented, raw_path, raw_query, service):
        request = canonical.canonical_request(method, path, query, headers, presented.signed_headers, payload_hash)
        text = canonical.string_to_sign(presented.timestamp, scope, request)
        if hmac.compare_digest(key.sign(text).encode(), claimed):
            keys.keep(key)
            return Verified(
                akid=presented.akid,
                scope=presented.scope,
                timestamp=presented.timestamp,
                signature=presented.signature,
                key=key.key,
            )
        first = first or (request, text)
    raise SignatureFault(Reason.SIGNATURE, _mismatch(presented, *first) if first else None)


def _spellings(presented: Presented, raw_path: str, raw_query: str, service: str) -> Iterator[tuple[str, str]]:
    """Path and query of the canonical request as AWS writes them, then in the spelling that the client used.

    INVARIANT: all of them mean the same request, so accepting any lets nobody change what was signed. A spelling that
    differs in meaning (`+` for `%2B`, `/` for `%2F`) is never among them.
    """
    if raw_path == "/" and not raw_query:
        yield "/", ""
        return
    s3 = service == "s3"
    without = "X-Amz-Signature" if presented.style is Style.QUERY else None
    paths = [canonical.canonical_path(raw_path, s3=s3)]
    queries = [canonical.canonical_query(raw_query, without=without)]
    yield paths[0], queries[0]
    if s3 and (respelled := canonical.reencoded_path(raw_path)) != paths[0]:
        paths.append(respelled)
    if not s3 and paths[0] != "/" and canonical.ends_in_directory(raw_path):
        paths.append(f"{paths[0]}/")
    if raw_query and (verbatim := canonical.canonical_query(raw_query, without=without, verbatim=True)) != queries[0]:
        queries.append(verbatim)
    yield from ((path, query) for query in queries for path in paths if (path, query) != (paths[0], queries[0]))


def check_service(presented: Presented, service: str) -> None:
    """The scope must name the service that was asked; any region will do."""
    if presented.scope.service != service:
        header = presented.style is Style.HEADER
        reason = Reason.HEADER_SCOPE_SERVICE if header else Reason.QUERY_SCOPE_SERVICE
        raise SignatureFault(reason, got=presented.scope.service, service=service)


def check_time(presented: Presented, now: datetime, service: str) -> None:
    """Not signed more than 15 minutes ago (presigned: than its life), nor more than 15 minutes ahead."""
    at, query = presented.time, presented.style is Style.QUERY
    life = MAX_SKEW if presented.expires is None else timedelta(seconds=presented.expires)
    if now > at and now - at > life:
        reason = Reason.PRESIGNED_EXPIRED if query else Reason.SIGNATURE_EXPIRED
        edge, minutes = now - life, int(life.total_seconds() // 60)
    elif at > now and at - now > MAX_SKEW:
        reason = Reason.PRESIGNED_NOT_YET if query else Reason.SIGNATURE_NOT_YET
        edge, minutes = now + MAX_SKEW, 15
    else:
        return
    details = _presigned_times(presented, now) if query else _header_times(presented, now)
    raise SignatureFault(
        reason,
        details,
        time=presented.timestamp,
        now=now.strftime(TIME_FORMAT),
        edge=edge.strftime(TIME_FORMAT),
        minutes=str(minutes),
    )


def check_signed_headers(presented: Presented, headers: Headers, service: str) -> None:
    """Host is always signed, and so is every x-amz-* header that is sent.

    S3 wants it of presigned URLs too. Elsewhere the session token may be added after signing, as AWS allows, and a
    presigned URL decides nothing by its x-amz-* headers.
    """
    signed, sent = presented.signed_headers, dict(headers)
    if "host" not in sent or "host" not in signed:
        raise SignatureFault(Reason.HOST_NOT_SIGNED, {"HeadersNotSigned": "host"})
    names = {name for name in sent.keys() - signed if name.startswith("x-amz-")}
    if not names:
        return
    if service != "s3":
        names = set() if presented.style is Style.QUERY else names - {"x-amz-security-token", "x-amz-date"}
    if names:
        unsigned = sorted(names)
        raise SignatureFault(
            Reason.HEADERS_NOT_SIGNED, {"HeadersNotSigned": ", ".join(unsigned)}, names="', '".join(unsigned)
        )


def _header_times(presented: Presented, now: datetime) -> dict[str, str]:
    return {
        "RequestTime": presented.timestamp,
        "ServerTime": now.strftime(_ISO),
        "MaxAllowedSkewMilliseconds": str(int(MAX_SKEW.total_seconds() * 1000)),
    }


def _presigned_times(presented: Presented, now: datetime) -> dict[str, str]:
    if presented.expires is None or presented.time > now:
        return {"RequestTime": presented.timestamp, "ServerTime": now.strftime(_ISO)}
    return {
        "X-Amz-Expires": str(presented.expires),
        "Expires": (presented.time + timedelta(seconds=presented.expires)).strftime(_ISO),
        "ServerTime": now.strftime(_ISO),
    }


def _mismatch(presented: Presented, request: str, text: str) -> dict[str, str]:
    """What S3 shows of a signature that differs, for the client to compare with its own work."""
    return {
        "AWSAccessKeyId": presented.akid,
        "StringToSign": text,
        "SignatureProvided": presented.signature,
        "StringToSignBytes": canonical.wire(text).hex(" "),
        "CanonicalRequest": request,
        "CanonicalRequestBytes": canonical.wire(request).hex(" "),
    }
