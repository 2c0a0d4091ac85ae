"""catalog: where the data comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

DATA: Final = Path(__file__).parent / "data"
SOURCES_FILE: Final = "sources.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A published package that facts were taken from."""

    name: str
    version: str
    licence: str  # SPDX identifier; the texts are in `data/licenses/`
    as_of: date | None  # the newest fact in it; None when nothing in it is dated
    gives: str  # what was taken from it
    homepage: str


@cache
def sources() -> tuple[Source, ...]:
    """Every source of the catalog's data, with the version and the date of the facts in use."""
    return msgspec.json.decode((DATA / SOURCES_FILE).read_bytes(), type=tuple[Source, ...])
