"""Fixtures of the console's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.chromium import Watched, browsing, watched
from tests.console.people import PASSWORD, Console
from tests.live import Server


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """A console whose root user has a password."""
    made = Console(tmp_path)
    yield made
    made.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys in a browser are made one after the other, in one process: they share a server."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One Chromium for the journeys of a module: while Playwright is there, no test can run an event loop."""
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, two processes, for all journeys of a test process; each makes entities of its own names."""
    server = Server.start(
        tmp_path_factory.mktemp("console") / "data",
        *("--no-s3", "--workers", "2"),
        environment={"OSTIARY_ROOT_PASSWORD": PASSWORD},
    )
    yield server
    server.stop()


@pytest.fixture
def window(chromium: Any, live: Server) -> Iterator[Watched]:
    """A window of a browser, nobody signed in."""
    with watched(chromium, live.console) as made:
        yield made


@pytest.fixture
def root_window(window: Watched, live: Server) -> Watched:
    """The same, the root user signed in."""
    window.sign_in_as_root("root@localhost", PASSWORD)
    return window
