"""Forward-auth: a proxy in front of the engine asks about each request, and carries the bytes of objects itself.

What it may send to the engine is answered with 200 and the headers to send, signed for the engine; everything else,
refusals too, with 401: then it sends the request to Ostiary, which does or refuses it as ever, and records it.

INVARIANT: 200 is said only of what the proxy sends on exactly as it was authorized: the path is the one given here, and
every header that an engine understands is the client's own or given here. Bodies that somebody has to look at (chunks,
hashes, checksums, forms) are never among it.

Source: nginx documentation, "Module ngx_http_auth_request_module"; Caddy documentation, "forward_auth".
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from ostiary.engines.engine import EngineAddress
from ostiary.gate.gate import Gate
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.services.operation import House, MustWait
from ostiary.services.outcome import Forward
from ostiary.services.s3.bodies import LARGEST_PUT

PATH: Final = "/_ostiary/authorize"
"""In no bucket: no bucket's name begins so."""
SECRET: Final = "x-ostiary-secret"
_ORIGINAL: Final = "x-original-"
_BYTES: Final = frozenset({"GetObject", "HeadObject", "PutObject"})
"""The operations that are about an object's bytes."""
_REPLACED: Final = frozenset({"x-amz-date", "x-amz-content-sha256", "x-amz-security-token"})
"""Headers of the client that the proxy replaces, or leaves out."""
_JUDGED: Final = ("x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-trailer", "content-md5")
_ANY_CONTENT: Final = "binary/octet-stream"
_HARMLESS: Final = frozenset(
    {"authorization", "cache-control", "connection", "cookie", "date", "dnt", "expect", "expires", "host", "keep-alive"}
    | {"origin", "pragma", "priority", "range", "referer", "te", "upgrade-insecure-requests", "user-agent", "via"}
)
_HARMLESS_KINDS: Final = ("accept", "access-control-", "amz-sdk-", "content-", "if-", "sec-", "x-amz-", "x-forwarded-")
"""Headers that no engine takes for more than they are, or that are judged; SeaweedFS, for one, has some of its own."""
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_TO_US: Final = HttpResponse(status=401)


class ForwardAuth:
    """Answers the proxies that know the secret."""

    def __init__(self, gate: Gate, house: House) -> None:
        self._gate, self._house = gate, house
        self._secret = (house.settings.forward_auth_secret or "").encode()

    def asked(self, head: HttpRequest) -> bool:
        """Whether this is a proxy's question. To everybody else there is no such place."""
        if head.raw_path != PATH or not self._secret:
            return False
        return hmac.compare_digest(head.header(SECRET).encode("latin-1"), self._secret)

    def answer(self, head: HttpRequest, *, patient: bool) -> HttpResponse:
        """Whether the proxy may send the request to the engine, and how.

        Raises:
            MustWait: not `patient`, and the engine must be asked.
        """
        original = _original(head)
        if original is None:
            return _TO_US
        route = self._gate.route(original)
        if route.target.operation not in _BYTES or route.target.s3 is None or not _needs_no_look(original):
            return _TO_US
        try:
            forward = self._gate.judge(replace(route, patient=patient and route.target.operation != "PutObject"))
        except MustWait:
            if route.target.operation != "PutObject":
                raise
            return _TO_US  # something would be written, of an object that may never come
        if forward is None or not _as_it_is(original, forward):
            return _TO_US
        if self._gate.shares(route):
            return _TO_US  # the engine does not know what the browser is to be told
        engine = self._house.engine
        address = None if engine is None else engine.of(route.target.s3.bucket or "").address()
        if address is None:
            return _TO_US
        self._gate.finish(forward, None)
        return HttpResponse(status=200, headers=self._signed(forward, address, original.request_id))

    def _signed(self, forward: Forward, address: EngineAddress, request_id: str) -> tuple[tuple[str, str], ...]:
        said = [("host", address.authority), *(each for each in forward.headers if each[0].startswith("x-amz-"))]
        sent = dict(self._house.engine_signer(address, forward.method, forward.raw_path, forward.raw_query, said))
        uri = f"{forward.raw_path}?{forward.raw_query}"  # with `?` always: Caddy would add the client's query
        kind = next((value for name, value in forward.headers if name == "content-type"), _ANY_CONTENT)
        return (
            ("x-ostiary-engine", address.authority),
            ("x-ostiary-uri", uri),
            ("x-ostiary-authorization", sent["authorization"]),
            ("x-ostiary-date", sent["x-amz-date"]),
            ("x-ostiary-content-sha256", sent["x-amz-content-sha256"]),
            ("x-ostiary-content-type", kind),
            ("x-ostiary-request-id", request_id),
        )


def _original(head: HttpRequest) -> HttpRequest | None:
    """The client's request, from what the proxy says of it; None when it does not say enough."""
    said: Mapping[str, str] = {
        name.removeprefix(_ORIGINAL): value for name, value in head.headers if name.startswith(_ORIGINAL)
    }
    if not all(said.get(name) for name in ("method", "uri", "host", "address", "scheme")):
        return None
    path, _, query = said["uri"].partition("?")
    headers = [each for each in head.headers if not each[0].startswith((_ORIGINAL, "x-ostiary-")) and each[0] != "host"]
    headers = [("host", said["host"]), *(each for each in headers if each[0] not in ("content-length", "connection"))]
    if said.get("content-length"):
        headers.append(("content-length", said["content-length"]))
    return HttpRequest(
        method=said["method"],
        raw_path=path,
        raw_query=query,
        headers=headers,
        body=None,
        source_ip=said["address"],
        secure=said["scheme"] == "https",
        at=head.at,
        request_id=head.request_id,
    )


def _needs_no_look(request: HttpRequest) -> bool:
    """Whether nobody has to see the body: there is none, or nothing was said of it but its length. Nor the headers."""
    if not all(name in _HARMLESS or name.startswith(_HARMLESS_KINDS) for name, _ in request.headers):
        return False
    length = request.header("content-length")
    if request.method in ("GET", "HEAD"):
        return length in ("", "0") and not request.header("transfer-encoding")
    if not length.isdecimal() or int(length) > LARGEST_PUT or request.header("transfer-encoding"):
        return False
    hashed = request.header("x-amz-content-sha256") or _UNSIGNED
    return hashed == _UNSIGNED and not any(name.startswith(_JUDGED) for name, _ in request.headers)


def _as_it_is(request: HttpRequest, forward: Forward) -> bool:
    """Whether the client's headers are those that were authorized, neither more nor less."""
    sent = sorted(each for each in request.headers if each[0].startswith("x-amz-") and each[0] not in _REPLACED)
    meant = sorted(each for each in forward.headers if each[0].startswith("x-amz-"))
    others = [each for each in forward.headers if not each[0].startswith("x-amz-") and each[0] != "content-type"]
    return sent == meant and all(each in request.headers for each in others)
