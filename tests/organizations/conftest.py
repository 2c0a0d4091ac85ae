"""Fixtures of the Organizations tests."""

from __future__ import annotations

import pytest

from tests.organizations.asking import Organizations
from tests.world import World


@pytest.fixture
def org(world: World) -> Organizations:
    """An organization whose management account is ACCOUNT; OTHER stands alone."""
    made = Organizations(world)
    made("CreateOrganization")
    return made
