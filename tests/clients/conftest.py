"""A server for the clients of a worker, and an account of its own for each module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.clients.called import remember
from tests.live import Server, running


@dataclass(frozen=True)
class Account:
    """An account, and clients that act as its root user."""

    server: Server
    id: str
    key: tuple[str, str]

    def client(self, service: str, key: tuple[str, ...] | None = None, **more: Any) -> Any:
        return self.server.client(service, key or self.key, **more)


@pytest.fixture(scope="session")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Without an S3 engine."""
    with running(tmp_path_factory.mktemp("clients") / "data", "--no-s3") as started:
        yield started


@pytest.fixture(scope="module")
def account(plain_server: Server, request: pytest.FixtureRequest) -> Account:
    made = plain_server.account(request.module.__name__)
    return Account(plain_server, made["account"], (made["akid"], made["secret"]))


@pytest.fixture(scope="module")
def iam(account: Account) -> Any:
    """IAM as the module's root user."""
    client = account.client("iam")
    client.meta.events.register("after-call.iam", remember)
    return client


@pytest.fixture(scope="module")
def sts(account: Account) -> Any:
    """STS as the module's root user."""
    client = account.client("sts")
    client.meta.events.register("after-call.sts", remember)
    return client
