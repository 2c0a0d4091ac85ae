"""Any sequence of operations is answered as the model answers it; `make fuzz ARGS="--what iam"` goes on without end."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.iam.stateful import Alike

TestAlike = Alike.TestCase
TestAlike.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
