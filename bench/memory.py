"""`python -m bench.memory ENGINE REQUESTS DOCUMENTS`: the memory that a process needs for policies, in bytes.

Both files have a JSON value a line. What the process had before it read the documents is not counted; the requests are
decided then, so that what is made on first use is made.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from bench.policies import ACCOUNT, ALICE, Work, work
from ostiary.policy import Request

_MOST: Final = {"cedarpy": 100}
"""Requests that are enough for an engine that learns nothing from them."""


def main() -> None:
    """Print what it took to load, and what it was after the requests."""
    name = sys.argv[1]
    load = _ENGINES[name]
    requests = [json.loads(line) for line in _lines(sys.argv[2])[: _MOST.get(name)]]
    load(work(1, 1).documents, requests[:1])()  # what is imported is imported
    gc.collect()
    before = _resident()
    ask = load([json.loads(line) for line in _lines(sys.argv[3])], requests)
    gc.collect()
    loaded = _resident()
    ask()
    print(json.dumps({"loaded": loaded - before, "asked": _resident() - before}))


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def _request(told: dict[str, Any]) -> Request:
    return Request(principal=ALICE, resource_account=ACCOUNT, **told)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _ostiary(documents: Sequence[str], requests: Sequence[dict[str, Any]]) -> Callable[[], object]:
    from ostiary.policy import decide

    in_force = Work(documents, ()).in_force()

    def ask() -> None:
        for one in requests:
            decide(in_force, _request(one))

    return ask


def _cedarpy(documents: Sequence[str], requests: Sequence[dict[str, Any]]) -> Callable[[], object]:
    import cedarpy

    from bench.peers import cedar

    policies, entities = cedar.policy_set(documents), cedar.caller()

    def ask() -> None:
        for one in requests:
            cedarpy.is_authorized(cedar.question(_request(one)), policies, entities)

    return ask


_ENGINES: Final = {"ostiary": _ostiary, "cedarpy": _cedarpy}

if __name__ == "__main__":
    main()
