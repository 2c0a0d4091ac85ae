"""Part 2's side of our own: `python -m bench.engine` measures the engine it imports, in turns it is asked for.

A turn is a line `{"size": …, "seconds": …, "round": …}`; the answer is a line of figures. Plain or compiled is a matter
of what stands first on PYTHONPATH.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.policies import SESSION, Work, every_kind, work
from ostiary.policy import Decision, InForce, Request, decide, explain
from ostiary.policy import decision as decision_module

SIZES: Final = (1, 10, 100, 1000)
STREAM: Final = 20_000
_HOT: Final = 300
_EXPLAINED: Final = 100
"""Requests of which the full explanation is measured; half of them are refused."""


def main() -> None:
    """Answer the turns of stdin until it ends."""
    measured = {size: Measured(work(size, STREAM)) for size in SIZES}
    gc.collect()
    gc.freeze()  # What the bench holds is not the engine's to collect.
    print(json.dumps({"form": Path(str(decision_module.__file__)).suffix}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(measured[asked["size"]].turn(asked["seconds"], asked["round"])), flush=True)


class Measured:
    """The work of one size."""

    def __init__(self, one: Work) -> None:
        self._work, self._pool = one, one.in_force()
        self._every_kind = every_kind(self._pool)
        self._by_session = [replace(request, principal=SESSION) for request in one.requests[:_HOT]]
        self._slowest = array("d", [float("inf")]) * len(one.requests)

    def turn(self, seconds: float, round_: int) -> dict[str, float]:
        """Microseconds a decision, each way; milliseconds for reading the policies."""
        asked = self._work.requests
        _pass(
            partial(decide, self._pool), asked
        )  # the turns of other sizes made it forget; `cold` tells what that costs
        return {
            "floor": _repeated(partial(_floor, *_LOOKED_UP), asked[:_HOT], seconds),
            "hot": _repeated(partial(decide, self._pool), asked[:_HOT], seconds),
            "stream": _once(partial(decide, self._pool), asked),
            "whole": _once(partial(_decide_anew, self._pool), asked),
            "every_kind": _repeated(partial(decide, self._every_kind), self._by_session, seconds),
            "explained_us": _once(partial(_explain_fully, self._pool), asked[:_EXPLAINED]),
            "explained_every_kind_us": _once(partial(_explain_fully, self._every_kind), self._by_session[:_EXPLAINED]),
            **self._cold(round_),
            "worst": self._worst(round_),
        }

    def _cold(self, round_: int) -> dict[str, float]:
        """The first pass after reading."""
        texts = self._unseen(round_)
        began = _clock()
        kept = [json.loads(text) for text in texts]
        parsed = _clock()
        del kept
        pool = Work(texts, ()).in_force()
        loaded = _clock()
        return {
            "cold": _once(partial(decide, pool), self._work.requests),
            "load_ms": (loaded - parsed) * 1e3,
            "x_json": (loaded - parsed) / (parsed - began),
        }

    def _worst(self, round_: int) -> float:
        """The slowest of all decisions of a first pass, each by its best round: what the machine does is not meant."""
        pool = Work(self._unseen(-round_ - 1), ()).in_force()
        for at, request in enumerate(self._work.requests):
            began = _clock()
            decide(pool, request)
            took = _clock() - began
            if took < self._slowest[at]:
                self._slowest[at] = took
        return max(self._slowest) * 1e6

    def _unseen(self, number: int) -> list[str]:
        """The texts with white space at their end, that no cache has seen."""
        space = " " * (number + 1) if number >= 0 else "\n" * -number
        return [text + space for text in self._work.documents]


_clock: Final = time.process_time
"""Processor time: what others do on the machine is not meant."""

_LOOKED_UP: Final = (dict.fromkeys(("s3:GetObject", "sqs:SendMessage"), 1), dict.fromkeys(("arn:aws:s3:::box-1/",), 1))


def _floor(actions: dict[str, int], heads: dict[str, int], request: Request) -> bool:
    """What a decision in Python can't do without: a call, two look-ups, a test of a prefix."""
    resource = request.resource
    actions.get(request.action)
    heads.get(resource[: resource.find("/") + 1])
    return resource.startswith("arn:aws:s3:::box-1/home/alice/")


def _explain_fully(pool: InForce, request: Request) -> None:
    """Every statement's report, the missing keys, and the suggestions, each tried."""
    told = explain(pool, request)
    _ = told.types, told.missing_keys, told.suggestions


def _decide_anew(pool: InForce, request: Request) -> Decision:
    anew = Request(
        principal=request.principal,
        action=request.action,
        resource=request.resource,
        resource_account=request.resource_account,
        context=request.context,
    )
    return decide(pool, anew)


def _pass(decide_one: Callable[[Request], Any], requests: Sequence[Request]) -> float:
    """Microseconds a call, the loop around it included."""
    began = _clock()
    for request in requests:
        decide_one(request)
    return (_clock() - began) / len(requests) * 1e6


def _nothing(_request: Request) -> None:
    return None


def _once(decide_one: Callable[[Request], Any], requests: Sequence[Request]) -> float:
    """Microseconds a decision in one pass; the loop around it is taken off."""
    return _pass(decide_one, requests) - _pass(_nothing, requests)


def _repeated(decide_one: Callable[[Request], Any], requests: Sequence[Request], seconds: float) -> float:
    """The best of the passes that fit into the time, less the best of an empty loop."""
    deadline, best, empty = time.perf_counter() + seconds, float("inf"), float("inf")
    while time.perf_counter() < deadline:
        best = min(best, _pass(decide_one, requests))
        empty = min(empty, _pass(_nothing, requests))
    return best - empty


if __name__ == "__main__":
    main()
