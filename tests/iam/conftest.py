"""Fixtures of the IAM tests."""

from __future__ import annotations

import pytest

from tests.federation.conftest import authority, provider, reach
from tests.iam.asking import Iam
from tests.world import World

__all__ = ["authority", "provider", "reach"]


@pytest.fixture
def iam(world: World) -> Iam:
    """IAM of an empty account."""
    return Iam(world)
