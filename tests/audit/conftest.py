"""An audit writer that writes only when it is told to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ostiary.audit.writer import AuditWriter
from tests.world import World


@pytest.fixture
def audit(world: World) -> Iterator[AuditWriter]:
    made = AuditWriter(world.house.store, 3600)
    made._stop.set()  # its thread ends at once: tests flush
    made._thread.join()
    yield made
    made.close()
