"""`python -m bench [--seconds N] [--rounds N] [--only serving|decisions|start|s3|console] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import consoling, deciding, report, s3, serving, starting


def main() -> None:
    """Measure, print, and keep."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure side by side, in interleaved rounds.")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one turn of one server (2)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds after the one that warms up (5)")
    parser.add_argument("--only", choices=("serving", "decisions", "start", "s3", "console"), help="one part")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    given = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 132)
    found: dict[str, Any] = {"machine": _machine(), "seconds": given.seconds, "rounds": given.rounds}
    with tempfile.TemporaryDirectory(prefix="ostiary-bench-") as directory:
        work = Path(directory)
        if given.only in (None, "serving"):
            found["serving"] = serving.serve(work, given.seconds, given.rounds)
            console.print(report.served(found["serving"]))
        if given.only in (None, "decisions"):
            found["decisions"] = deciding.decisions(work, given.seconds, given.rounds)
            console.print(report.decided(found["decisions"]))
        if given.only in (None, "start"):
            found["start"] = starting.start(work, given.rounds)
            console.print(report.started(found["start"]))
        if given.only in (None, "s3"):
            found["s3"] = s3.s3(work, given.seconds, given.rounds)
            console.print(s3.shown(found["s3"]))
        if given.only in (None, "console"):
            found["console"] = consoling.console(work, given.seconds)
            console.print(report.consoled(found["console"]))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        **{name: version(name) for name in ("ostiary", "uvicorn", "uvloop", "moto")},
    }


if __name__ == "__main__":
    main()
