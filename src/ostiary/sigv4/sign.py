"""Room `sigv4`: signing requests of our own: to the engines we guard and to our own endpoint.

Source: IAM User Guide, "Create a signed AWS API request".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from ostiary.sigv4 import canonical
from ostiary.sigv4.canonical import ALGORITHM, TIME_FORMAT, Headers
from ostiary.sigv4.presented import MAX_EXPIRES, UNSIGNED_PAYLOAD, Scope
from ostiary.sigv4.verify import SIGNING_KEYS

NOT_SIGNED = frozenset({"authorization", "connection", "expect", "te", "transfer-encoding", "user-agent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An access key, with its session token if it is temporary."""

    akid: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def sign(
    credentials: Credentials,
    *,
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Headers,
    payload_hash: str,
    now: datetime,
    region: str,
    service: str,
) -> list[tuple[str, str]]:
    """Sign a request; gives the headers to add to it.

    `raw_path` and `raw_query` are as they will be sent; `headers` has lower-case names and must hold `host`.
    `payload_hash` is the SHA-256 (hex) of the body, or `UNSIGNED_PAYLOAD` for S3.
    """
    timestamp, scope = _dated(now.replace(microsecond=0), region, service)
    added = [("x-amz-date", timestamp)]
    if service == "s3":
        added.append(("x-amz-content-sha256", payload_hash))
    if credentials.session_token is not None:
        added.append(("x-amz-security-token", credentials.session_token))
    sent = [*headers, *added]
    signed = tuple(sorted({name for name, _ in sent} - NOT_SIGNED))
    path = canonical.canonical_path(raw_path, s3=service == "s3")
    query = canonical.canonical_query(raw_query)
    request = canonical.canonical_request(method, path, query, sent, signed, payload_hash)
    proof = _signature(credentials, timestamp, scope, request)
    names = ";".join(signed)
    credential = f"{credentials.akid}/{scope}"
    added.append(("authorization", f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={proof}"))
    return added


@lru_cache(maxsize=64)
def _dated(second: datetime, region: str, service: str) -> tuple[str, Scope]:
    timestamp = second.strftime(TIME_FORMAT)
    return timestamp, Scope(timestamp[:8], region, service)


def presign(
    credentials: Credentials,
    *,
    method: str,
    raw_path: str,
    raw_query: str,
    headers: Headers,
    expires: int,
    now: datetime,
    region: str,
    service: str,
    payload_hash: str | None = None,
) -> str:
    """Sign a URL that is good for `expires` seconds (1 to 604800); gives its whole query.

    All of `headers` are signed: whoever uses the URL must send them. The body is unsigned for S3, empty elsewhere,
    unless `payload_hash` says otherwise.

    Raises:
        ValueError: `expires` is out of bounds.
    """
    if not 1 <= expires <= MAX_EXPIRES:
        raise ValueError(f"expires must be 1 to {MAX_EXPIRES} seconds, not `{expires}`")
    timestamp = now.strftime(TIME_FORMAT)
    scope = Scope(timestamp[:8], region, service)
    signed = tuple(sorted({name for name, _ in headers}))
    parameters = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{credentials.akid}/{scope}",
        "X-Amz-Date": timestamp,
        "X-Amz-Expires": str(expires),
        "X-Amz-SignedHeaders": ";".join(signed),
    }
    if credentials.session_token is not None:
        parameters["X-Amz-Security-Token"] = credentials.session_token
    pieces = [f"{name}={canonical.encode(canonical.wire(value))}" for name, value in parameters.items()]
    whole = "&".join([raw_query, *pieces] if raw_query else pieces)
    path = canonical.canonical_path(raw_path, s3=service == "s3")
    body = payload_hash or (UNSIGNED_PAYLOAD if service == "s3" else canonical.EMPTY_SHA256)
    request = canonical.canonical_request(method, path, canonical.canonical_query(whole), headers, signed, body)
    return f"{whole}&X-Amz-Signature={_signature(credentials, timestamp, scope, request)}"


def _signature(credentials: Credentials, timestamp: str, scope: Scope, request: str) -> str:
    key = SIGNING_KEYS.find(credentials.secret, scope)
    SIGNING_KEYS.keep(key)
    return key.sign(canonical.string_to_sign(timestamp, str(scope), request))
