"""Fixtures of the STS tests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostiary.federation.addresses import Reach
from ostiary.federation.issuers import Issuers
from tests.federation.conftest import authority, provider, reach
from tests.federation.provider import Provider
from tests.sts.federated import Federated
from tests.world import World

__all__ = ["authority", "provider", "reach"]


@pytest.fixture
def federated(world: World, provider: Provider, reach: Reach) -> Federated:
    world.house = replace(world.house, issuers=Issuers(reach=reach))
    return Federated(world, provider)
