"""EC2 in an empty world."""

from __future__ import annotations

import pytest

from tests.ec2.calling import Ec2
from tests.world import World


@pytest.fixture
def ec2(world: World) -> Ec2:
    return Ec2(world)
