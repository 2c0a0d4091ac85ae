"""Engines of somebody else: one or several, there or gone."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ostiary.engines import remote as remote_module
from ostiary.engines.engine import EngineAddress, EngineState
from ostiary.engines.remote import RemoteEngine
from ostiary.engines.several import Several

from .signing import sign

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("engine")]


def until(fact: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)


def made(url: str) -> RemoteEngine:
    return RemoteEngine(url, access_key="AKIA", secret_key="secret", signer=sign)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "_ASKED_EVERY", 0.02)
    monkeypatch.setattr(remote_module, "_ASKED_AGAIN", 0.02)


class Store(http.server.BaseHTTPRequestHandler):
    """Answers with the status that it is told."""

    status = 403

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def store() -> Iterator[tuple[type[Store], int]]:
    class Own(Store):
        pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield Own, server.server_address[1]
        server.shutdown()


def test_a_remote_engine_is_what_the_configuration_says(weed: EngineAddress) -> None:
    remote = RemoteEngine(f"http://{weed.authority}", access_key=weed.akid, secret_key=weed.secret, signer=sign)
    assert (remote.state, remote.address()) == (EngineState.STARTING, weed)
    remote.start()
    until(lambda: remote.state is EngineState.READY)
    assert (remote.address(), remote.of("any"), remote.failure) == (weed, remote, None)
    remote.stop()
    secure = RemoteEngine(
        "https://s3.example.com", access_key="a", secret_key="s", region="eu-west-1", signer=sign
    ).address()
    assert secure is not None
    assert (secure.port, secure.secure, secure.authority) == (443, True, "s3.example.com")


@pytest.mark.parametrize("url", ["s3.example.com", "ftp://x", "http://x/path", "http://u:p@x", "http://x?y=1"])
def test_a_remote_engine_wants_a_plain_endpoint(url: str) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        made(url)


@pytest.mark.usefixtures("soon")
def test_an_engine_that_is_ill_is_not_asked_and_is_used_again_when_it_is_well(store: tuple[type[Store], int]) -> None:
    answers, port = store
    remote = made(f"http://127.0.0.1:{port}")
    remote.start()
    until(lambda: remote.state is EngineState.READY)  # forbidden to list, and well
    answers.status = 503
    until(lambda: remote.state is EngineState.FAILED)
    assert remote.address() is None
    assert remote.failure == "the engine answers with status 503"
    answers.status = 200
    until(lambda: remote.address() is not None)
    assert remote.failure is None
    remote.stop()


@pytest.mark.usefixtures("soon")
def test_an_engine_that_is_not_there_says_so_without_its_key() -> None:
    remote = made("http://127.0.0.1:1")
    remote.start()
    until(lambda: remote.state is EngineState.FAILED)
    assert remote.failure == "the engine refuses connections"
    remote.stop()
    assert remote.state is EngineState.STOPPED


def test_the_longest_prefix_of_a_buckets_name_chooses_the_engine() -> None:
    rest, logs, audit = (made(f"http://{name}") for name in ("rest", "logs", "audit"))
    several = Several({"": rest, "logs-": logs, "logs-audit-": audit})
    assert several.of("box") is rest
    assert several.of("logs-a") is logs
    assert several.of("logs-audit-a") is audit
    assert several.of("log") is rest
    assert several.state is EngineState.STARTING
    assert several.address() == rest.address()
    with pytest.raises(ValueError, match="no prefix"):
        Several({"logs-": logs})
