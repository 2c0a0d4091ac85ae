"""The local authority, judged by OpenSSL through Python's ssl module."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ostiary.clock import Clock, FixedClock, SystemClock
from ostiary.instances.authority import LocalAuthority

HOST = "storage.joinc.s3.s3.ap-northeast-2.amazonaws.com"


def shake_hands(server: ssl.SSLContext, trusted: str, host: str) -> dict[str, object]:
    """A handshake in memory; the client checks chain and host name. Returns the server's certificate."""
    client_context = ssl.create_default_context(cadata=trusted)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(5):
        for side in (client, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    certificate = client.getpeercert()
    assert certificate is not None
    return certificate


def test_a_client_that_trusts_the_authority_trusts_its_aws_hosts(tmp_path: Path) -> None:
    authority = LocalAuthority.open(tmp_path / "ca", SystemClock())
    certificate = shake_hands(authority.server_context(), authority.certificate_pem, HOST)
    assert certificate["subjectAltName"] == (("DNS", HOST),)


def test_a_client_that_trusts_another_authority_does_not(tmp_path: Path) -> None:
    authority = LocalAuthority.open(tmp_path / "ca", SystemClock())
    other = LocalAuthority.open(tmp_path / "other", SystemClock())
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(authority.server_context(), other.certificate_pem, HOST)


@pytest.mark.parametrize("host", ["example.com", "amazonaws.com.evil.example", "notamazonaws.com", "amazonaws.com"])
def test_a_host_outside_aws_gets_no_certificate(tmp_path: Path, host: str) -> None:
    authority = LocalAuthority.open(tmp_path / "ca", SystemClock())
    with pytest.raises(ValueError, match="is not a host of AWS"):
        authority.context_for(host)
    with pytest.raises(ssl.SSLError):
        shake_hands(authority.server_context(), authority.certificate_pem, host)


@pytest.mark.parametrize(
    "host", ["*.amazonaws.com", "a b.amazonaws.com", "..amazonaws.com", "a" * 64 + ".amazonaws.com"]
)
def test_what_is_no_host_name_gets_no_certificate(tmp_path: Path, host: str) -> None:
    with pytest.raises(ValueError, match="is not a host of AWS"):
        LocalAuthority.open(tmp_path / "ca", SystemClock()).context_for(host)


def test_even_the_authoritys_key_cannot_vouch_for_a_host_outside_aws(tmp_path: Path) -> None:
    authority = LocalAuthority.open(tmp_path / "ca", SystemClock())
    stolen = authority._issue("example.com", datetime(2099, 1, 1, tzinfo=UTC))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake_hands(stolen, authority.certificate_pem, "example.com")


def test_the_same_authority_is_opened_again(tmp_path: Path) -> None:
    first = LocalAuthority.open(tmp_path / "ca", SystemClock())
    assert LocalAuthority.open(tmp_path / "ca", SystemClock()).certificate_pem == first.certificate_pem


def test_runners_that_start_together_agree_on_one_authority(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: LocalAuthority.open(tmp_path / "ca", SystemClock()).certificate_pem, range(8)))
    assert len(set(opened)) == 1
    assert [entry.name for entry in (tmp_path / "ca").iterdir()] == ["authority.pem"]


def test_an_authority_that_has_run_out_is_replaced(tmp_path: Path) -> None:
    clock = FixedClock(datetime(2020, 1, 1, tzinfo=UTC))
    first = LocalAuthority.open(tmp_path / "ca", clock)
    clock.advance(days=3649, hours=1)
    assert LocalAuthority.open(tmp_path / "ca", clock).certificate_pem != first.certificate_pem


def test_a_hosts_certificate_is_made_again_before_it_runs_out(tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    authority = LocalAuthority.open(tmp_path / "ca", clock)
    first = authority.context_for(HOST)
    assert authority.context_for(HOST.upper()) is first
    clock.advance(hours=23, minutes=1)
    assert authority.context_for(HOST) is not first


def test_a_file_that_holds_no_authority_is_not_overwritten(tmp_path: Path) -> None:
    clock: Clock = SystemClock()
    kept = tmp_path / "ca" / "authority.pem"
    kept.parent.mkdir()
    kept.write_text("something else")
    with pytest.raises(ValueError):
        LocalAuthority.open(tmp_path / "ca", clock)
    assert kept.read_text() == "something else"
