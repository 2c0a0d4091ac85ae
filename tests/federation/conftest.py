"""A provider on loopback, and an authority that signed its certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.federation.addresses import Reach
from tests.federation.provider import Authority, Provider


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def provider(authority: Authority) -> Iterator[Provider]:
    started = Provider.start(authority.server())
    yield started
    started.stop()


@pytest.fixture
def reach(authority: Authority) -> Reach:
    """The provider's host is allowed, its authority believed."""
    return Reach(frozenset({("localhost", None)}), authority.file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
