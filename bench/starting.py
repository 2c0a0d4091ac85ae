"""Part 3: from exec to the first signed answer, and the memory of a server that has answered once."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.servers import fill, running

CASES: Final = (
    ("ostiary, new directory", "ostiary", None),
    ("ostiary, 10,000 users and policies, 1,000 roles", "ostiary", 10_000),
    ("moto, empty", "moto", None),
)


def start(work: Path, rounds: int) -> list[dict[str, Any]]:
    """Each case once a round."""
    fill(work / "filled", 10_000, roles=1_000, policies=10_000)
    seen: dict[str, list[tuple[float, float]]] = {title: [] for title, _, _ in CASES}
    for number in range(rounds):
        for title, name, users in CASES:
            place = work / f"start-{number}-{users or 0}"
            place.mkdir(exist_ok=True)
            data = place / f"{name}-0"
            if users:
                shutil.copytree(work / "filled", data)
            with running(name, place) as server:
                seen[title].append((server.started, server.memory))
            shutil.rmtree(data, ignore_errors=True)
    return [
        {
            "server": title,
            "seconds": round(median(seconds for seconds, _ in turns), 3),
            "memory_mb": round(median(memory for _, memory in turns), 1),
        }
        for title, turns in seen.items()
    ]
