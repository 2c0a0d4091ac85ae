"""Fetching from a real server: certificates, thumbprints, redirects, sizes, times."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ostiary.federation.addresses import Reach
from ostiary.federation.connection import CannotFetch, Connector, UnknownCertificate, can_read_authorities, thumbprint
from ostiary.federation.fetch import MOST_BYTES, fetch_json
from tests.federation.provider import DISCOVERY, Authority, Provider, say, self_signed

LOCAL = frozenset({("localhost", None)})
UNTRUSTED = Reach(LOCAL)


def get(provider: Provider, reach: Reach, path: str = DISCOVERY, *thumbprints: str, seconds: float = 5) -> Any:
    return fetch_json(Connector(reach, seconds=seconds), provider.issuer + path, thumbprints)


def test_an_authority_of_the_operator_is_believed_for_the_hosts_it_is_for(provider: Provider, reach: Reach) -> None:
    assert get(provider, reach)["issuer"] == provider.issuer


def test_the_authority_is_not_believed_for_other_hosts(provider: Provider, authority: Authority) -> None:
    with pytest.raises(CannotFetch, match="not on the public Internet"):
        get(provider, Reach(frozenset({("elsewhere", None)}), authority.file))


def test_nobody_behind_the_certificate_is_refused(provider: Provider) -> None:
    with pytest.raises(UnknownCertificate):
        get(provider, UNTRUSTED)


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_a_thumbprint_of_the_chain_is_believed_as_by_aws(provider: Provider, authority: Authority, change: Any) -> None:
    assert get(provider, UNTRUSTED, DISCOVERY, "0" * 40, change(authority.thumbprint))["issuer"] == provider.issuer


def test_another_thumbprint_is_not(provider: Provider) -> None:
    with pytest.raises(UnknownCertificate, match="no certificate of its chain"):
        get(provider, UNTRUSTED, DISCOVERY, "0" * 40)


def test_a_certificate_of_its_own_is_believed_by_its_thumbprint(folder: Path) -> None:
    certificate, key, print_ = self_signed(folder)
    started = Provider.start((certificate, key))
    try:
        assert get(started, UNTRUSTED, DISCOVERY, print_)["issuer"] == started.issuer
        with pytest.raises(UnknownCertificate):
            get(started, UNTRUSTED)
    finally:
        started.stop()


def test_showing_a_known_certificate_without_being_signed_by_it_is_not_enough(folder: Path) -> None:
    """The chain holds the authority's certificate, and the server's own is of somebody else with the same name."""
    known, impostor = Authority.make(folder / "known"), Authority.make(folder / "impostor")
    certificate, key = impostor.server(show_authority=False)
    from cryptography.hazmat.primitives.serialization import Encoding

    certificate.write_bytes(certificate.read_bytes() + known.certificate.public_bytes(Encoding.PEM))
    started = Provider.start((certificate, key))
    try:
        with pytest.raises(UnknownCertificate):
            get(started, UNTRUSTED, DISCOVERY, known.thumbprint)
    finally:
        started.stop()


def test_the_thumbprint_does_not_excuse_another_name(authority: Authority) -> None:
    started = Provider.start(authority.server(("elsewhere.example.com",)))
    try:
        with pytest.raises(UnknownCertificate):
            get(started, UNTRUSTED, DISCOVERY, authority.thumbprint)
    finally:
        started.stop()


def test_the_chain_that_a_server_shows(provider: Provider, authority: Authority) -> None:
    port = int(provider.issuer.rpartition(":")[2])
    chain = Connector(UNTRUSTED).chain("localhost", port)
    assert len(chain) == 2 and thumbprint(chain[-1]) == authority.thumbprint


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(provider: Provider, reach: Reach, status: int) -> None:
    provider.answers["/away"] = lambda handler: say(handler, {}, status, Location=provider.issuer + DISCOVERY)
    with pytest.raises(CannotFetch, match=str(status)) as caught:
        get(provider, reach, "/away")
    assert (provider.asked, caught.value.passing) == (["/away"], False)


@pytest.mark.parametrize(("status", "passing"), [(404, False), (500, True), (503, True), (429, True), (204, False)])
def test_other_answers_are_refused_and_some_pass(provider: Provider, reach: Reach, status: int, passing: bool) -> None:
    provider.answers["/x"] = lambda handler: say(handler, {}, status)
    with pytest.raises(CannotFetch) as caught:
        get(provider, reach, "/x")
    assert caught.value.passing is passing


def test_too_much_is_not_read_whether_announced_or_not(provider: Provider, reach: Reach) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(MOST_BYTES // 1024 + 10):
            handler.wfile.write(b" " * 1024)

    provider.answers["/announced"] = lambda handler: say(handler, b" " * (MOST_BYTES + 1))
    provider.answers["/endless"] = endless
    for path in ("/announced", "/endless"):
        with pytest.raises(CannotFetch, match="too much"):
            get(provider, reach, path)


@pytest.mark.parametrize("in_the_head", [True, False])
def test_dripping_does_not_outlast_the_time(provider: Provider, reach: Reach, in_the_head: bool) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: " if in_the_head else b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b"a")
            time.sleep(0.02)

    provider.answers["/drip"] = drip
    begun = time.monotonic()
    with pytest.raises(CannotFetch, match=r"too long|does not speak") as caught:
        get(provider, reach, "/drip", seconds=0.3)
    assert time.monotonic() - begun < 1.5 and caught.value.passing


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(provider: Provider, reach: Reach, body: bytes) -> None:
    provider.answers["/x"] = lambda handler: say(handler, body)
    with pytest.raises(CannotFetch, match="no JSON"):
        get(provider, reach, "/x")


def test_a_compressed_answer_is_refused(provider: Provider, reach: Reach) -> None:
    provider.answers["/x"] = lambda handler: say(handler, b"\x1f\x8b", Content_Encoding="gzip")
    with pytest.raises(CannotFetch, match="encoding"):
        get(provider, reach, "/x")


def test_nobody_there_passes(reach: Reach) -> None:
    with pytest.raises(CannotFetch) as caught:
        fetch_json(Connector(reach), "https://localhost:1/x", ())
    assert caught.value.passing


def test_a_file_of_authorities_is_read_or_not(authority: Authority, folder: Path) -> None:
    (folder / "empty.pem").write_text("nothing")
    assert can_read_authorities(authority.file)
    assert not can_read_authorities(folder / "empty.pem") and not can_read_authorities(folder / "missing.pem")
