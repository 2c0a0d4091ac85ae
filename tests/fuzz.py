"""`make fuzz`: two sides that must agree, on new cases without end, or until they differ.

`--what decisions` holds the policy engine against the reference; `iam` holds IAM against the model of its
documentation; `s3` what the gate lets through of S3's requests against the rules; `requests` puts hostile requests to
the gate, each round to a new house.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from itertools import count, islice
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.exact.coverage import Coverage
from tests.exact.run import cases, check

ROUND = 20_000
"""Requests to one house; sequences of operations to one round of Hypothesis are a hundredth of them."""


def main() -> int:
    """The exit status: 1 after a difference. What decides wrongly is made small and kept under tests/exact/found."""
    reader = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    reader.add_argument("--what", choices=("decisions", "iam", "s3", "requests"), default="decisions")
    reader.add_argument("--seed", default=secrets.token_hex(4), help="of the cases; a new one each time")
    reader.add_argument("--cases", type=int, default=None, help="how many; without end if not given")
    asked = reader.parse_args()
    print(f"seed {asked.seed}", flush=True)
    try:
        return {"decisions": decisions, "iam": iam, "s3": s3, "requests": requests}[asked.what](asked.seed, asked.cases)
    except KeyboardInterrupt:
        return 0


def rounds(cases: int | None, size: int) -> list[int] | count[int]:
    """The numbers of the rounds that hold so many cases."""
    return count() if cases is None else list(range(-(-cases // size)))


def iam(begun: str, cases: int | None) -> int:
    """IAM and the model of its documentation. Hypothesis makes what differs small, and raises it."""
    from tests.iam.stateful import Alike

    size = min(cases or ROUND // 100, ROUND // 100)
    options = settings(
        max_examples=size,
        stateful_step_count=50,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    for number in rounds(cases, size):
        run_state_machine_as_test(seed(f"{begun} {number}")(Alike), settings=options)
        print(f"{(number + 1) * size} sequences of operations", flush=True)
    return 0


def s3(begun: str, cases: int | None) -> int:
    """Every operation of S3 × every kind of caller × policies, and the rules."""
    import pytest

    from tests.s3.house import S3House
    from tests.s3.matrix import allowed, told
    from tests.s3.matrix import cases as drawn

    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        house = S3House(Path(place) / "data", patch)
        for number, case in enumerate(islice(drawn(begun), cases)):
            if house.outcome(case) != allowed(case):
                print(told(case))
                return 1
            if number % 1000 == 999:
                print(f"{number + 1} requests alike", flush=True)
    return 0


def requests(begun: str, cases: int | None) -> int:
    """Hostile requests through the gate."""
    from tests.server.test_gate_fuzz import Round
    from tests.server.through_gate import InProcess

    size = min(cases or ROUND, ROUND)
    for number in rounds(cases, size):
        with tempfile.TemporaryDirectory() as folder:
            house = InProcess(Path(folder) / "data")
            fuzzed = Round(house, f"{begun} {number}")
            fuzzed.run(size)
            house.close()
        print(f"{(number + 1) * size} requests; this round: {fuzzed.codes.most_common()}", flush=True)
    return 0


def decisions(begun: str, limit: int | None) -> int:
    """The policy engine against the reference evaluator."""
    coverage, began, told = Coverage(), time.monotonic(), time.monotonic()
    try:
        for case in islice(cases(begun), limit):
            differs = check(case, coverage)
            if differs is not None:
                print(f"case {coverage.cases - 1}: {differs}")
                return 1
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{coverage.cases} cases, {coverage.cases / (told - began):.0f} a second", flush=True)
    except KeyboardInterrupt:
        pass
    if coverage.cases:
        print(coverage.report())
    return 0


if __name__ == "__main__":
    sys.exit(main())
