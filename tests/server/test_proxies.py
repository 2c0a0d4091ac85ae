"""X-Forwarded-For is believed from trusted proxies alone, and of it the last address that is none of theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.doors.api.proxies import Proxies

PROXIES = Proxies(["10.0.0.0/8", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("2001:db8::1", ["[2001:db9::7]:443"], "2001:db9::7"),
        ("10.0.0.1", ["2001:db9::7"], "2001:db9::7"),
        ("10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxys(peer: str, said: list[str], client: str) -> None:
    headers = [("x-forwarded-for", each) for each in said]
    assert PROXIES.origin(peer, False, headers)[0] == client


@pytest.mark.parametrize(
    ("peer", "scheme", "secure", "result"),
    [
        ("10.0.0.1", "https", False, True),
        ("10.0.0.1", "http", True, False),
        ("10.0.0.1", "https, http", True, False),
        ("10.0.0.1", None, True, True),
        ("10.0.0.1", None, False, False),
        ("192.0.2.1", "https", False, False),
        ("192.0.2.1", "http", True, True),
    ],
)
def test_the_scheme_is_believed_from_trusted_proxies_alone(
    peer: str, scheme: str | None, secure: bool, result: bool
) -> None:
    headers = [] if scheme is None else [("x-forwarded-proto", scheme)]
    assert PROXIES.origin(peer, secure, headers)[1] is result


@given(st.lists(st.text(max_size=40), max_size=4))
def test_whatever_a_stranger_says_it_is_where_it_is(said: list[str]) -> None:
    headers = [(name, each) for each in said for name in ("x-forwarded-for", "x-forwarded-proto")]
    assert PROXIES.origin("192.0.2.1", False, headers) == ("192.0.2.1", False)


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        Proxies(["10.0.0.1/8"])
