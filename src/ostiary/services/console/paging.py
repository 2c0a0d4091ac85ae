"""services/console: lists that are shown a page at a time, where a view can count what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[Row]):
    """A page of a list."""

    rows: Sequence[Row]
    total: int
    page: int
    pages: int


def placed(total: int, size: int, wanted: Any) -> tuple[int, int]:
    """The page that is shown, from 1, and how many there are: beyond the last one is the last one."""
    pages = max(1, -(-total // size))
    return min(max(int(wanted or 1), 1), pages), pages
