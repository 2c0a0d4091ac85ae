"""What is remembered of an issuer's keys, and how often it is asked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest

from ostiary.federation.addresses import Reach
from ostiary.federation.connection import CannotFetch, Connector
from ostiary.federation.issuers import AGAIN_SECONDS, FAILED_SECONDS, KEPT_SECONDS, Issuers
from ostiary.federation.tokens import BadSignature, read_token
from tests.federation.provider import DISCOVERY, EC_KEY, OTHER_RSA_KEY, Authority, Provider, jwk, say


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuers(reach: Reach, clock: Clock) -> Issuers:
    return Issuers(Connector(reach), reach, monotonic=clock)


def check(issuers: Issuers, provider: Provider, token: str) -> None:
    issuers.verify(read_token(token), provider.issuer, ())


def test_keys_are_fetched_once_and_kept_for_a_while(issuers: Issuers, provider: Provider, clock: Clock) -> None:
    for _ in range(5):
        check(issuers, provider, provider.token())
        check(issuers, provider, provider.token(EC_KEY, "ES256"))
    assert provider.asked == [DISCOVERY, "/jwks"]
    clock.now += KEPT_SECONDS + 1
    check(issuers, provider, provider.token())
    assert len(provider.asked) == 4


def test_a_new_key_is_found_at_once_and_unknown_ones_are_not_asked_for_often(
    issuers: Issuers, provider: Provider, clock: Clock
) -> None:
    check(issuers, provider, provider.token())
    clock.now += AGAIN_SECONDS + 1
    provider.keys.append(jwk(OTHER_RSA_KEY, "next"))
    check(issuers, provider, provider.token(OTHER_RSA_KEY, headers={"kid": "next"}))
    assert len(provider.asked) == 4
    for number in range(20):
        with pytest.raises(BadSignature):
            check(issuers, provider, provider.token(headers={"kid": f"made up {number}"}))
    assert len(provider.asked) == 4


def test_a_key_that_is_withdrawn_is_not_believed_for_long(issuers: Issuers, provider: Provider, clock: Clock) -> None:
    token = provider.token()
    check(issuers, provider, token)
    provider.keys = [jwk(OTHER_RSA_KEY, "next")]
    clock.now += KEPT_SECONDS + 1
    with pytest.raises(BadSignature):
        check(issuers, provider, token)


def test_a_token_that_was_believed_lends_nothing_to_another(issuers: Issuers, provider: Provider) -> None:
    token = provider.token()
    changed = f"{token[:-6]}{'AAAAAA' if token[-6:] != 'AAAAAA' else 'BBBBBB'}"
    for _ in range(3):
        check(issuers, provider, token)
        with pytest.raises(BadSignature):
            check(issuers, provider, changed)
    with pytest.raises(BadSignature):
        check(issuers, provider, provider.token(OTHER_RSA_KEY))


def test_old_keys_are_not_believed_when_the_issuer_is_gone(issuers: Issuers, provider: Provider, clock: Clock) -> None:
    check(issuers, provider, provider.token())
    clock.now += KEPT_SECONDS + 1
    provider.answers[DISCOVERY] = lambda handler: say(handler, {}, 503)
    with pytest.raises(CannotFetch) as caught:
        check(issuers, provider, provider.token())
    assert caught.value.passing


def test_an_issuer_that_failed_is_left_in_peace(issuers: Issuers, provider: Provider, clock: Clock) -> None:
    provider.answers[DISCOVERY] = lambda handler: say(handler, {}, 500)
    for _ in range(5):
        with pytest.raises(CannotFetch):
            check(issuers, provider, provider.token())
    assert provider.asked == [DISCOVERY]
    provider.answers.clear()
    clock.now += FAILED_SECONDS + 1
    check(issuers, provider, provider.token())


def test_a_token_without_a_key_id_is_held_against_the_keys_of_its_kind(issuers: Issuers, provider: Provider) -> None:
    check(issuers, provider, provider.token(headers={"kid": None}))
    with pytest.raises(BadSignature):
        check(issuers, provider, provider.token(OTHER_RSA_KEY, headers={"kid": None}))


def test_the_right_key_under_another_name_is_not_tried(issuers: Issuers, provider: Provider) -> None:
    with pytest.raises(BadSignature):
        check(issuers, provider, provider.token(headers={"kid": "ec"}))


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"issuer": "https://somebody.else", "jwks_uri": "https://somebody.else/jwks"},
        {"jwks_uri": "x"},
    ],
)
def test_a_discovery_document_of_another_issuer_is_refused(
    issuers: Issuers, provider: Provider, document: object
) -> None:
    provider.answers[DISCOVERY] = lambda handler: say(handler, document)
    with pytest.raises(CannotFetch, match="another issuer's"):
        check(issuers, provider, provider.token())


@pytest.mark.parametrize("where", ["https://169.254.169.254/latest", "http://localhost/jwks", "https://10.0.0.1/", 5])
def test_keys_are_fetched_only_from_where_the_issuer_itself_could_be(
    issuers: Issuers, provider: Provider, where: object
) -> None:
    provider.answers[DISCOVERY] = lambda handler: say(handler, {"issuer": provider.issuer, "jwks_uri": where})
    with pytest.raises(CannotFetch):
        check(issuers, provider, provider.token())


@pytest.mark.parametrize("document", [{}, {"keys": 5}, {"keys": [jwk(EC_KEY, str(n)) for n in range(201)]}])
def test_keys_that_are_none_or_too_many_are_refused(issuers: Issuers, provider: Provider, document: object) -> None:
    provider.answers["/jwks"] = lambda handler: say(handler, document)
    with pytest.raises(CannotFetch):
        check(issuers, provider, provider.token())


def test_an_issuer_below_a_path_and_with_a_slash_at_its_end(authority: Authority, issuers: Issuers) -> None:
    started = Provider.start(authority.server(), path="/tenant/")
    try:
        started.answers["/tenant" + DISCOVERY] = lambda handler: say(
            handler, {"issuer": started.issuer, "jwks_uri": started.issuer + "jwks"}
        )
        started.answers["/tenant/jwks"] = lambda handler: say(handler, {"keys": started.keys})
        check(issuers, started, started.token())
        assert started.asked == ["/tenant" + DISCOVERY, "/tenant/jwks"]
    finally:
        started.stop()


def test_many_at_once_ask_once_and_a_slow_issuer_does_not_hold_every_thread(
    issuers: Issuers, provider: Provider
) -> None:
    let_go = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        let_go.wait(5)
        say(handler, {"issuer": provider.issuer, "jwks_uri": provider.issuer + "/jwks"})

    provider.answers[DISCOVERY] = slow

    def one() -> str:
        try:
            check(issuers, provider, provider.token())
        except CannotFetch as reason:
            assert reason.passing
            let_go.set()  # somebody was turned away while the others wait
            return "turned away"
        return "verified"

    with ThreadPoolExecutor(16) as threads:
        found = [each.result() for each in [threads.submit(one) for _ in range(16)]]
    assert provider.asked == [DISCOVERY, "/jwks"]
    assert found.count("verified") >= 6 and "turned away" in found


def test_the_thumbprint_of_the_last_certificate(issuers: Issuers, provider: Provider, authority: Authority) -> None:
    assert issuers.top_thumbprint(provider.issuer) == authority.thumbprint
    with pytest.raises(CannotFetch):
        Issuers().top_thumbprint(provider.issuer)


def test_few_wait_for_servers_to_show_their_certificates(issuers: Issuers, provider: Provider) -> None:
    """Whoever may make providers could keep every thread busy with servers that answer slowly."""
    assert len(issuers.top_thumbprint(provider.issuer)) == 40
    entered, leave = threading.Semaphore(0), threading.Event()

    def chain(_host: str, _port: int) -> list[bytes]:
        entered.release()
        leave.wait(10)
        return [b"certificate"]

    issuers._connector.chain = chain  # type: ignore[method-assign,assignment]
    with ThreadPoolExecutor(6) as threads:
        waiting = [threads.submit(issuers.top_thumbprint, provider.issuer) for _ in range(6)]
        for _ in waiting:
            assert entered.acquire(timeout=10)
        with pytest.raises(CannotFetch) as caught:
            issuers.top_thumbprint(provider.issuer)
        leave.set()
        assert all(len(each.result()) == 40 for each in waiting)
    assert caught.value.passing


def test_nobody_waits_while_keys_that_are_due_are_fetched_again(
    issuers: Issuers, provider: Provider, clock: Clock
) -> None:
    check(issuers, provider, provider.token())
    asked, go_on = threading.Event(), threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        go_on.wait(10)
        say(handler, {"issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/jwks"})

    provider.answers[DISCOVERY] = slow
    clock.now += KEPT_SECONDS + 1
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(check, issuers, provider, provider.token())
        assert asked.wait(10)
        for _ in range(10):
            check(issuers, provider, provider.token())
        with pytest.raises(BadSignature):
            check(issuers, provider, provider.token(OTHER_RSA_KEY))
        go_on.set()
        fetching.result(10)
    assert len(provider.asked) == 4
