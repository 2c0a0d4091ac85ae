"""federation: which addresses an identity provider may be reached at.

A provider's URL is chosen by whoever may make providers, and the request is ours: so that nobody reaches what only this
machine can reach, an address must be one of the public Internet, unless the operator allows its host.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 4291 section 2.5.5, RFC 6052, RFC 3056, RFC 4380.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_PORT: Final = re.compile(r":([0-9]{1,5})")
_BRACKETED: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]{1,5}))?")
_PLAIN: Final = re.compile(r"([A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")
MOST_ADDRESSES: Final = 4
"""How many of a host's addresses are tried."""

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host, as text. Raises OSError."""


class NotReachable(Exception):
    """The host has no address that may be asked; the text says why."""


def is_public(text: str) -> bool:
    """Whether an address is one of the public Internet, whatever way it is written."""
    address = _read(text)
    return address is not None and _is_public(address)


def is_never_asked(text: str) -> bool:
    """Whether an address is asked for nobody: link-local (instance metadata), multicast, unspecified."""
    address = _read(text)
    if address is None:
        return True
    inside = _inside(address)
    if inside is not None:
        return is_never_asked(str(inside))
    return address.is_link_local or address.is_multicast or address.is_unspecified


def _read(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _inside(address: _Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _is_public(address: _Address) -> bool:
    inside = _inside(address)
    if inside is not None:
        return _is_public(inside)
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


@dataclass(frozen=True, slots=True)
class Reach:
    """What the operator allows beyond the public Internet."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    """Hosts in lower case, each with the one port that is meant or None for all."""
    authorities: Path | None = None
    """PEM file of certificate authorities that are believed for these hosts, besides the system's."""

    def allows(self, host: str, port: int) -> bool:
        """Whether a host may have private addresses, an own port and an own authority."""
        name = host.lower()
        return (name, port) in self.hosts or (name, None) in self.hosts


def read_host(text: str) -> tuple[str, int | None]:
    """`idp.internal`, `idp.internal:8443`, `[::1]:8443` as a host and a port.

    Raises:
        ValueError: it is neither.
    """
    found = _BRACKETED.fullmatch(text) or _PLAIN.fullmatch(text)
    port = int(found[2]) if found and found[2] else None
    if found is None or (port is not None and not 0 < port < 65536):
        raise ValueError(f"`{text}` is no host: give a name or an address, with a port if only that is meant")
    return found[1].lower(), port


def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the system knows of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def addresses_of(host: str, port: int, reach: Reach, resolve: Resolve) -> Sequence[str]:
    """The addresses that may be asked. INVARIANT: who connects, connects to one of these and resolves no name again.

    Raises:
        NotReachable: it can't be resolved, or one of its addresses may not be asked.
    """
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError):
        raise NotReachable(f"`{host}` can't be resolved") from None
    if not found:
        raise NotReachable(f"`{host}` has no address")
    allowed = reach.allows(host, port)
    for address in found:
        if is_never_asked(address) or not (allowed or is_public(address)):
            raise NotReachable(f"`{host}` is at `{address}`, which is not on the public Internet")
    return found[:MOST_ADDRESSES]
