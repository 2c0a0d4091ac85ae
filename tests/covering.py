"""What a run of the tests called: a line for each call, when the environment variable OSTIARY_COVERAGE names a file.

`make coverage` makes docs/coverage.md of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ostiary.authorization.judge import Judgement

VARIABLE: Final = "OSTIARY_COVERAGE"


def note(operation: str, judgements: Iterable[Judgement] = (), error: str = "") -> None:
    """Keep that the test that runs now called an operation, such as `iam:CreateUser`, what was asked for it, and the
    code of the error it was answered with."""
    named = os.environ.get(VARIABLE)
    if not named:
        return
    file = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
    asks = [[each.ask.action, kind_of(each.ask.resource), sorted(each.ask.context)] for each in judgements]
    with Path(named).open("a") as kept:
        kept.write(json.dumps([operation, file, asks, error]) + "\n")


def kind_of(resource: str) -> str:
    """`role` of a role's ARN; `*` of no resource."""
    parts = resource.split(":", 5)
    return "*" if len(parts) < 6 else parts[5].split("/")[0].split(":")[0] or "*"
