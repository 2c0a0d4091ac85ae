"""What a test needs and this machine may lack. Never in silence: CI says OSTIARY_SKIP_NOTHING=1, then it fails."""

from __future__ import annotations

import os
import warnings

import pytest


def need(condition: object, reason: str) -> None:
    """Go on when the condition holds; else skip with a warning in the summary, or fail where nothing may be skipped."""
    if condition:
        return
    if os.environ.get("OSTIARY_SKIP_NOTHING") == "1":
        pytest.fail(f"OSTIARY_SKIP_NOTHING=1 and {reason}", pytrace=False)
    warnings.warn(f"NOT TESTED: {reason}", stacklevel=2)
    pytest.skip(reason)
