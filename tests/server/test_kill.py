"""Three kills of `make kill`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kill import run

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("kill")]


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    said: list[str] = []
    total = run(tmp_path / "data", rounds=3, seed=9, say=said.append)
    print("\n" + "\n".join(said))
    assert total > 60
