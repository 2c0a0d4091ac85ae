"""services/console: grants that are wider than most people need, told while they are chosen (least privilege).

Source: IAM User Guide, "Security best practices in IAM", "Grant least privilege".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ostiary.analysis.summary import EVERY_SERVICE, summarize

ADMINISTRATOR: Final = "administrator"
"""Everything, everywhere."""
ALL_SERVICES: Final = "all-services"
"""All services but a few actions (NotAction)."""
PERMISSIONS: Final = "permissions"
"""They can give themselves what they like."""
WHOLE_SERVICE: Final = "whole-service"
"""All actions of a service on all resources."""

_CHANGING: Final = "Write"
_ESCALATING: Final = frozenset({"Permissions management"})


def wide(documents: Iterable[str]) -> tuple[str, ...]:
    """Why these documents together are a wide grant; the widest first, none when they are not."""
    found = set()
    for row in (row for text in documents for row in summarize(text) if row.effect == "Allow"):
        if row.service == EVERY_SERVICE:
            found.add(ADMINISTRATOR if row.every_action and row.everywhere and not row.conditions else ALL_SERVICES)
        elif row.everywhere and not row.conditions:
            if row.service == "iam" and not _ESCALATING.isdisjoint(row.levels):
                found.add(PERMISSIONS)
            if row.every_action and _CHANGING in row.levels:
                found.add(WHOLE_SERVICE)
    order = (ADMINISTRATOR, ALL_SERVICES, PERMISSIONS, WHOLE_SERVICE)
    told = tuple(each for each in order if each in found)
    return told[:1] if ADMINISTRATOR in found else told
