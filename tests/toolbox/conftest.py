"""A world whose record is written when it is asked for, as a server's is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ostiary.audit.writer import AuditWriter
from tests.toolbox.asking import Toolbox
from tests.world import World


@pytest.fixture
def toolbox(world: World) -> Iterator[Toolbox]:
    audit = AuditWriter(world.house.store, 3600)
    world.house = replace(world.house, write_record=audit.flush)
    yield Toolbox(world, audit)
    audit._stop.set()
    audit._thread.join()
    audit.close()
