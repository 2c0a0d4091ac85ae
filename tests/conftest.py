"""Fixtures that every room's tests may use."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty house with two accounts."""
    made = World(tmp_path)
    yield made
    made.house.store.close()


def pytest_configure() -> None:
    """Children get the signals as a terminal gives them, also where this run was started with some ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="module")
def _installed_botocore() -> Iterator[None]:
    """awscli, when imported, puts its own botocore in the place of the oracle: no test may import it."""
    yield
    assert "awscli" not in sys.modules
