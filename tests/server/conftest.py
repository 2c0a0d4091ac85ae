"""One server for all tests of a worker; those that need a fresh one start it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Server, running
from tests.server.raw import Line


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server without an S3 engine."""
    with running(tmp_path_factory.mktemp("server") / "data", "--no-s3") as started:
        yield started


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    """A connection that signs as root."""
    made = Line(server.endpoint, server.root)
    yield made
    made.close()


@pytest.fixture
def iam(server: Server) -> Any:
    return server.client("iam")


@pytest.fixture
def sts(server: Server) -> Any:
    return server.client("sts")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
