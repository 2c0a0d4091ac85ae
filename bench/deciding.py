"""Part 2: one decision of the engine, in microseconds, plain and compiled, against other engines on the same work.

Each form of the engine is a process of its own that is asked for turns; the peers have theirs here, in the same rounds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.engine import SIZES, STREAM
from bench.peers import PEERS, Turn, made_ready
from bench.policies import Work, work
from ostiary.policy import InForce, Verdict, decide

_ROOT: Final = Path(__file__).parents[1]
_WHEELS: Final = _ROOT / "dist/fast"
_BUDGET: Final = 0.5
"""Seconds that a peer may take for one size in one round."""
_FORMS: Final = {"plain": ".py", "compiled": ".so"}


def decisions(work_in: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Rounds in which every size is measured in every way."""
    with ExitStack() as stack:
        engines = {form: stack.enter_context(_engine(form, path)) for form, path in _paths(work_in).items()}
        works = {size: work(size, STREAM) for size in SIZES}
        peers = {size: _Peers(one) for size, one in works.items()}
        seen: dict[tuple[str, int], dict[str, list[float]]] = {}
        for round_ in range(rounds + 1):
            for size in SIZES:
                for form, engine in engines.items():
                    _note(seen, form, size, engine.turn(size, seconds / 8, round_), round_)
                for name, figures in peers[size].turn().items():
                    _note(seen, name, size, figures, round_)
    rows = [
        {"engine": name, "policies": size, **{way: round(median(figures), 3) for way, figures in ways.items()}}
        for (name, size), ways in seen.items()
    ]
    missing = [name for name in (*_FORMS, *PEERS) if not any(row["engine"] == name for row in rows)]
    return {"rows": rows, "missing": missing, "memory": _memory(work_in, works[SIZES[-1]])}


def _note(seen: dict[Any, Any], name: str, size: int, figures: dict[str, float], round_: int) -> None:
    if round_:  # the first warms up
        for way, figure in figures.items():
            seen.setdefault((name, size), {}).setdefault(way, []).append(figure)


def _paths(work_in: Path) -> dict[str, Path | None]:
    """The forms there are, and what stands first on PYTHONPATH: `make wheel-fast` makes the compiled one."""
    wheels = sorted(_WHEELS.glob("*.whl"))
    if not wheels:
        return {"plain": None}
    with zipfile.ZipFile(wheels[-1]) as wheel:
        wheel.extractall(work_in / "compiled")
    return {"plain": None, "compiled": work_in / "compiled"}


class _Engine:
    """A form of the engine, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def turn(self, size: int, seconds: float, round_: int) -> dict[str, float]:
        """Its figures."""
        assert self._process.stdin is not None
        print(json.dumps({"size": size, "seconds": seconds, "round": round_}), file=self._process.stdin, flush=True)
        figures: dict[str, float] = self.told()
        return figures

    def told(self) -> Any:
        """What it says next."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def _engine(form: str, path: Path | None) -> Iterator[_Engine]:
    command = [sys.executable, "-m", "bench.engine"]
    piped: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": _ROOT}
    with subprocess.Popen(command, env=_environment(path), **piped) as process:
        try:
            engine = _Engine(process)
            assert engine.told() == {"form": _FORMS[form]}
            yield engine
        finally:
            process.terminate()


def _environment(path: Path | None) -> dict[str, str]:
    return os.environ | ({"PYTHONPATH": str(path)} if path else {})


class _Peers:
    """The peers with the work of one size loaded."""

    def __init__(self, one: Work) -> None:
        self._work, self._pool = one, one.in_force()
        self._turns = {name: turn for name in PEERS if (turn := made_ready(name, one)) is not None}

    def turn(self) -> dict[str, dict[str, float]]:
        """Microseconds a decision and the share of the same answers, of each peer."""
        return {name: _compared(turn, self._work, self._pool) for name, turn in self._turns.items()}


def _compared(turn: Turn, one: Work, pool: InForce) -> dict[str, float]:
    took, answers = turn(_BUDGET)
    ours = [decide(pool, request).verdict is Verdict.ALLOWED for request in one.requests[: len(answers)]]
    return {"us": took, "agrees": sum(a == b for a, b in zip(answers, ours, strict=True)) / len(answers)}


def _memory(work_in: Path, one: Work) -> dict[str, dict[str, float]]:
    """Of each engine that can be asked: megabytes for the policies, loaded and after requests."""
    told = [{"action": each.action, "resource": each.resource, "context": each.context} for each in one.requests]
    files = {"requests": told, "documents": one.documents}
    for name, values in files.items():
        (work_in / name).write_text("".join(json.dumps(value) + "\n" for value in values))
    asked = {form: ("ostiary", first) for form, first in _paths(work_in).items()}
    found: dict[str, dict[str, float]] = {}
    for name, (engine, first) in {**asked, "cedarpy": ("cedarpy", None)}.items():
        command = [sys.executable, "-m", "bench.memory", engine, *(work_in / name for name in files)]
        run = subprocess.run(command, env=_environment(first), cwd=_ROOT, capture_output=True, text=True)
        if run.returncode == 0:
            found[name] = {state: round(held / 1e6, 2) for state, held in json.loads(run.stdout).items()}
    return found
