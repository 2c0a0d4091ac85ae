"""20,000 generated worlds: engine and reference agree on verdict, deciding type and the statements that matched."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.exact.coverage import Coverage
from tests.exact.run import cases, check

RUNS = 4
CASES = 5_000


@pytest.mark.parametrize("seed", range(RUNS))
def test_engine_and_reference_agree_on_generated_worlds(seed: int) -> None:
    coverage = Coverage()
    for case in islice(cases(f"test {seed}"), CASES):
        differs = check(case, coverage)
        assert differs is None, differs
    print(coverage.report())
    assert coverage.gaps() == []
    assert 0.3 <= coverage.decisions["allowed"] / coverage.cases <= 0.7
    assert 0.3 <= coverage.matched / coverage.cases <= 0.7
