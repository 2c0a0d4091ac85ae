"""Generated cases one after the other; the first on which engine and reference differ is made small and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.exact.agree import Case, by_reference, difference
from tests.exact.coverage import Coverage
from tests.exact.shrink import save, shrunk
from tests.exact.worlds import a_case

FOUND = Path(__file__).parent / "found"


def cases(seed: str) -> Iterator[Case]:
    """The cases of a seed, without end; each by a generator of its own, so that one can be had again by itself."""
    number = 0
    while True:
        yield a_case(Random(f"{seed}/{number}"))
        number += 1


def check(case: Case, coverage: Coverage) -> str | None:
    """Hold one case against engine and reference. The difference and the file that keeps it, if they differ."""
    coverage.add(case, by_reference(case))
    differs = difference(case)
    if differs is None:
        return None
    small = shrunk(case, lambda candidate: difference(candidate) == differs)
    what, said, meant = differs
    answer = by_reference(small)
    expected = {"decision": answer.decision} | ({"decided_by": answer.decided_by} if answer.decided_by else {})
    told = f"{what}: the engine says {said}, the reference {meant}" if said else what
    return f"{told}; kept in {save(small, told, expected, FOUND)}"
