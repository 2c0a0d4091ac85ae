"""Which addresses a provider may be reached at. The oracle is IANA's registries of special-purpose addresses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ostiary.federation.addresses import NotReachable, Reach, addresses_of, is_public, read_host
from ostiary.federation.connection import CannotFetch, Connector
from ostiary.federation.fetch import fetch_json, read_url

METADATA = "169.254.169.254"
FORBIDDEN = [
    METADATA,
    "169.254.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2001:0:102:304:0:0:80ff:fffe",  # Teredo; the client's address is 127.0.0.1, its bits turned
    "not an address",
    "2130706433",
    "0x7f.1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "11.0.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]


class Names:
    """A resolver that knows what it is told, and counts."""

    def __init__(self, **hosts: Sequence[str]) -> None:
        self.hosts = {name.replace("_", "."): list(found) for name, found in hosts.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.hosts:
            raise OSError("unknown")
        return self.hosts[host]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_of_no_public_network_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(NotReachable):
        addresses_of("idp.example.com", 443, Reach(), Names(idp_example_com=[address]))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_public_internet_is_asked(address: str) -> None:
    assert is_public(address)
    assert addresses_of("idp.example.com", 443, Reach(), Names(idp_example_com=[address])) == [address]


@pytest.mark.parametrize("private", ["127.0.0.1", METADATA, "::ffff:10.0.0.1"])
def test_one_forbidden_address_among_public_ones_is_enough(private: str) -> None:
    with pytest.raises(NotReachable):
        addresses_of("idp.example.com", 443, Reach(), Names(idp_example_com=["8.8.8.8", private]))


@pytest.mark.parametrize("address", FORBIDDEN[:39])
def test_the_fetcher_refuses_names_and_literals_alike_before_it_connects(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it connected")

    monkeypatch.setattr("socket.create_connection", never)
    named = Connector(Reach(), Names(idp_example_com=[address]))
    with pytest.raises(CannotFetch, match="not on the public Internet"):
        fetch_json(named, "https://idp.example.com/x", ())
    host = address.partition("%")[0]
    literal = f"https://[{host}]/x" if ":" in host else f"https://{host}/x"
    with pytest.raises(CannotFetch):
        fetch_json(Connector(Reach()), literal, ())


def test_a_name_is_resolved_once_for_a_connection_and_the_address_is_what_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A second answer of the name server (DNS rebinding) comes too late."""
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float) -> None:
        connected.append(address)
        raise OSError("nobody")

    monkeypatch.setattr("socket.create_connection", connect)
    names = Names(idp_example_com=["8.8.8.8"])
    with pytest.raises(CannotFetch, match="can't be reached"):
        fetch_json(Connector(Reach(), names), "https://idp.example.com/x", ())
    assert (connected, names.asked) == ([("8.8.8.8", 443)], ["idp.example.com"])


def test_the_operator_allows_a_host_with_one_port_or_all() -> None:
    reach = Reach(frozenset({read_host("idp.internal:8443"), read_host("LOCALHOST"), read_host("[::1]:9")}))
    assert reach.allows("idp.internal", 8443) and not reach.allows("idp.internal", 443)
    assert reach.allows("localhost", 1) and reach.allows("Localhost", 443) and reach.allows("::1", 9)
    assert not reach.allows("other", 443) and not reach.allows("::1", 443)
    names = Names(idp_internal=["10.0.0.7"], localhost=["127.0.0.1"])
    assert addresses_of("idp.internal", 8443, reach, names) == ["10.0.0.7"]
    with pytest.raises(NotReachable):
        addresses_of("idp.internal", 443, reach, names)


@pytest.mark.parametrize("address", [METADATA, "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254"])
def test_an_allowed_host_is_not_asked_at_the_address_of_instance_metadata(address: str) -> None:
    with pytest.raises(NotReachable):
        addresses_of("idp.internal", 443, Reach(frozenset({("idp.internal", None)})), Names(idp_internal=[address]))


@pytest.mark.parametrize("text", ["", "a b", "http://x", "x/y", "x:0", "x:65536", "x:", "[::1", "x@y"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        read_host(text)


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example.com",
        "https://",
        "https:///x",
        "https://u@idp.example.com",
        "https://u:p@idp.example.com/",
        "https://idp.example.com/?q",
        "https://idp.example.com/#f",
        "https://idp.example.com:port/",
        "https://idp.example.com\\@127.0.0.1/",
        "https://idp.example.com/ x",
        "https://idp.example.com/\r\nHost: x",
        "file:///etc/passwd",
        "idp.example.com",
        "",
    ],
)
def test_only_plain_https_urls_are_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        read_url(url)
    with pytest.raises(CannotFetch):
        fetch_json(Connector(Reach()), url, ())
