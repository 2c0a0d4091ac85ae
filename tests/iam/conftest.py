"""Fixtures of the IAM tests."""

from __future__ import annotations

import pytest

from tests.iam.asking import Iam
from tests.world import World


@pytest.fixture
def iam(world: World) -> Iam:
    """IAM of an empty account."""
    return Iam(world)
