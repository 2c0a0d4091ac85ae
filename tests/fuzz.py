"""`make fuzz`: the policy engine against the reference, on new worlds without end, or until they differ."""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from itertools import islice

from tests.exact.coverage import Coverage
from tests.exact.run import cases, check


def main() -> int:
    """The exit status: 1 after a difference, which is made small and kept under tests/exact/found."""
    reader = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    reader.add_argument("--seed", default=secrets.token_hex(4), help="of the worlds; a new one each time")
    reader.add_argument("--cases", type=int, default=None, help="how many; without end if not given")
    asked = reader.parse_args()
    coverage, began, told = Coverage(), time.monotonic(), time.monotonic()
    print(f"seed {asked.seed}", flush=True)
    try:
        for case in islice(cases(asked.seed), asked.cases):
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
