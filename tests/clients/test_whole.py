"""Last of the room: every operation that is built was called, and answered, by a test with boto3."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore import xform_name

from ostiary.services.catalogue import load_operations
from ostiary.services.operation import OPERATIONS
from tests.clients.called import CALLED

pytestmark = [pytest.mark.client, pytest.mark.xdist_group("clients")]


def test_no_operation_was_forgotten(request: pytest.FixtureRequest) -> None:
    """What is built was called in this room and answered, or another test calls it by its name."""
    if request.config.getoption("-k") or len(CALLED) < 10:
        pytest.skip("only meaningful after the whole room")
    load_operations()
    built = {f"{service}:{name}" for service, name in OPERATIONS if service in ("iam", "sts")}
    tests, mine = Path(__file__).parent.parent, {Path(__file__), *Path(__file__).parent.glob("test_boto3*.py")}
    others = "\n".join(path.read_text() for path in tests.rglob("test_*.py") if path not in mine)
    named = {each for each in built if xform_name(each.partition(":")[2]) in others}
    assert built - CALLED - named == set()
    assert len(CALLED) >= 90
