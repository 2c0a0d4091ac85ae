"""services/console: which page of a list is shown, where a view can count what there is."""

from __future__ import annotations

from typing import Any


def placed(total: int, size: int, wanted: Any) -> tuple[int, int]:
    """The page that is shown, from 1, and how many there are: beyond the last one is the last one."""
    pages = max(1, -(-total // size))
    return min(max(int(wanted or 1), 1), pages), pages
