"""analysis: IP addresses in conditions (IAM User Guide, "IP address condition operators", `aws:SourceIp`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit
from ostiary.analysis.paper import Paper, Test, Value
from ostiary.policy.scalars import read_network

_SOURCE: Final = "aws:sourceip"
_PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8")
) + tuple(ipaddress.ip_network(text) for text in ("fc00::/7", "fe80::/10", "::1/128"))
"""What does not reach AWS from the internet (RFC 1918, 3927, 4193, 4291, 6598)."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(value: Value) -> _Network | None:
    """The range that a value means, host bits left out; None if it means none."""
    if read_network(value.text) is None:
        return None
    try:
        return ipaddress.ip_network(value.text, strict=False)
    except ValueError:
        return None


def _private(value: Value) -> bool:
    found = _network(value)
    if found is None:
        return False
    return any(
        found.version == known.version and found.network_address in known and found.broadcast_address in known
        for known in _PRIVATE
    )


def _tests(paper: Paper, base: str = "") -> Iterator[Test]:
    for _, test in paper.tests():
        if test.base in ("IpAddress", "NotIpAddress") and test.base.startswith(base):
            yield test


@check("TYPE_MISMATCH_IP_RANGE")
def _range(paper: Paper) -> Iterator[Hit]:
    for test in _tests(paper):
        for value in test.values:
            if "${" not in value.text and _network(value) is None:
                yield hit(value.path, operator=test.operator)


@check("IMPROVE_IP_RANGE")
def _improve(paper: Paper) -> Iterator[Hit]:
    for test in _tests(paper):
        for value in test.values:
            found = _network(value)
            if found is None or "/" not in value.text:
                continue
            if ipaddress.ip_address(value.text.partition("/")[0]) != found.network_address:
                yield hit(value.path, address=str(found))


def _judged(paper: Paper, base: str, *, mixed: bool) -> Iterator[Hit]:
    """Tests of the source address whose values are private: all of them, or (mixed) some but not all."""
    for test in _tests(paper, base):
        private = [value for value in test.values if _private(value)]
        if test.key.lower() == _SOURCE and private and mixed == (len(private) < len(test.values)):
            yield hit(*(value.path for value in private))


@check("PRIVATE_IP_ADDRESS")
def _all_private(paper: Paper) -> Iterator[Hit]:
    yield from _judged(paper, "IpAddress", mixed=False)


@check("PRIVATE_IP_ADDRESS_SUBSET")
def _some_private(paper: Paper) -> Iterator[Hit]:
    yield from _judged(paper, "IpAddress", mixed=True)


@check("PRIVATE_NOT_IP_ADDRESS")
def _not_all_private(paper: Paper) -> Iterator[Hit]:
    yield from _judged(paper, "NotIpAddress", mixed=False)


@check("PRIVATE_NOT_IP_ADDRESS_SUBSET")
def _not_some_private(paper: Paper) -> Iterator[Hit]:
    yield from _judged(paper, "NotIpAddress", mixed=True)
