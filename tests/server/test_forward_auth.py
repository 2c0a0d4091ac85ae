"""What a proxy may carry past us, told from the request alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ostiary.gate.forward_auth import _as_it_is, _needs_no_look, _original
from ostiary.gate.request import HttpRequest
from ostiary.services.outcome import Forward

UNSIGNED = ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")


def request(method: str = "GET", *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest(
        method=method,
        raw_path="/box/a",
        raw_query="",
        headers=[("host", "s3"), *headers],
        body=None,
        source_ip="127.0.0.1",
        secure=False,
        at=datetime.now(UTC),
        request_id="1",
    )


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ([("content-length", "5"), UNSIGNED], True),
        ([("content-length", "5")], True),
        ([UNSIGNED], False),
        ([("content-length", "5"), UNSIGNED, ("transfer-encoding", "chunked")], False),
        ([("content-length", str(5 * 1024**3 + 1)), UNSIGNED], False),
        ([("content-length", "5"), ("x-amz-content-sha256", "0" * 64)], False),
        ([("content-length", "5"), ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")], False),
        ([("content-length", "5"), UNSIGNED, ("x-amz-checksum-crc32", "AAAAAA==")], False),
        ([("content-length", "5"), UNSIGNED, ("content-md5", "x")], False),
        ([("content-length", "5"), UNSIGNED, ("seaweed-owner", "x")], False),
    ],
)
def test_only_bodies_that_nobody_has_to_look_at_pass(headers: list[tuple[str, str]], passes: bool) -> None:
    assert _needs_no_look(request("PUT", *headers)) is passes


def test_reads_pass_without_a_body() -> None:
    assert _needs_no_look(request("GET", ("range", "bytes=0-1"), ("sec-fetch-mode", "cors")))
    assert not _needs_no_look(request("GET", ("content-length", "5")))
    assert not _needs_no_look(request("GET", ("x-http-method-override", "DELETE")))


def test_headers_pass_only_as_they_were_authorized() -> None:
    def same(sent: list[tuple[str, str]], meant: list[tuple[str, str]]) -> bool:
        forward = Forward(method="PUT", raw_path="/box/a", raw_query="", headers=meant)
        return _as_it_is(request("PUT", *sent), forward)

    who = ("x-amz-meta-who", "me")
    assert same([who, ("x-amz-date", "x"), ("x-amz-security-token", "y")], [who, ("content-type", "z")])
    assert not same([who, ("x-amz-acl", "public-read")], [who])
    assert not same([who], [])
    assert not same([], [who])
    assert not same([("x-amz-copy-source", "/b/k")], [])
    assert not same([], [("range", "bytes=0-1")])


def test_a_question_without_its_parts_is_none() -> None:
    parts = {"method": "GET", "uri": "/box/a%2F?x=1&y", "host": "s3", "address": "192.0.2.1", "scheme": "https"}
    asked = [(f"x-original-{name}", value) for name, value in parts.items()]
    more = [("x-ostiary-secret", "s"), ("content-length", "0"), ("x-amz-date", "d")]
    original = _original(request("GET", *asked, *more))
    assert original is not None
    assert (original.method, original.raw_path, original.raw_query) == ("GET", "/box/a%2F", "x=1&y")
    assert (original.source_ip, original.secure) == ("192.0.2.1", True)
    assert original.headers == [("host", "s3"), ("x-amz-date", "d")]
    for number in range(len(asked)):
        assert _original(request("GET", *asked[:number], *asked[number + 1 :])) is None
