"""Where a request comes from when it comes through a proxy that the operator trusts.

A proxy adds the address it was asked from at the end of X-Forwarded-For, so that what is further left is only as good
as what is right of it: the last address that is no trusted proxy's is the client's. From anybody else the headers are
a client's own words, and ignored.

Source: MDN Web Docs, "X-Forwarded-For", "Selecting an IP address"; RFC 7239, section 8.1.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from ostiary.services.outcome import Headers

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_FOR: Final = "x-forwarded-for"
_PROTO: Final = "x-forwarded-proto"


class Proxies:
    """The networks of trusted proxies."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Raises ValueError for what is no network."""
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(each) for each in networks)

    def origin(self, peer: str, secure: bool, headers: Headers) -> tuple[str, bool]:
        """The client's address, and whether all of its way was TLS.

        Args:
            peer: who opened the connection.
            secure: whether that connection is TLS.
            headers: names in lower case.
        """
        last = _address(peer)
        if last is None or not self._trusts(last):
            return peer, secure
        for said in reversed(_words(headers, _FOR)):
            before = _address(said)
            if before is None:
                break
            last = before
            if not self._trusts(last):
                break
        schemes = _words(headers, _PROTO)
        return str(last), all(each.lower() == "https" for each in schemes) if schemes else secure

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _words(headers: Headers, name: str) -> list[str]:
    return [word.strip() for each, value in headers if each == name for word in value.split(",")]


def _address(text: str) -> Address | None:
    """An address as proxies write it: some with a port, IPv6 in brackets; an IPv4 address in IPv6 as itself."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
