"""Part 2: one decision of the engine, in microseconds, against moto's own evaluation of the same policies.

moto reads the documents again for every decision, as its server does, and looks neither at conditions nor at variables:
the share of agreement says how often it comes to the same answer nevertheless.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any, Final

from bench.policies import Work, work
from ostiary.policy import Decision, InForce, Request, Verdict, decide

SIZES: Final = (1, 10, 100, 1000)
_HOT: Final = 300
_STREAM: Final = 5_000
_BUDGET: Final = 1.0
"""Seconds that the peer may take for one size in one round."""


def decisions(seconds: float, rounds: int) -> list[dict[str, Any]]:
    """Rounds in which every size is measured in every way."""
    from moto.iam.access_control import IAMPolicy, PermissionResult

    def by_moto(documents: Sequence[str], request: Request) -> bool:
        permitted = False
        for text in documents:
            said = IAMPolicy({"policy_document": text}).is_action_permitted(request.action, request.resource)
            if said is PermissionResult.DENIED:
                return False
            permitted = permitted or said is PermissionResult.PERMITTED
        return permitted

    works = {size: work(size, _STREAM) for size in SIZES}
    pools = {size: one.in_force() for size, one in works.items()}
    seen: dict[int, dict[str, list[float]]] = {
        size: {way: [] for way in ("hot", "stream", "whole", "moto", "agreement")} for size in SIZES
    }
    for round_ in range(rounds + 1):
        for size, one in works.items():
            pool, asked = pools[size], one.requests
            turn = {
                "hot": _repeated(partial(decide, pool), asked[:_HOT], seconds / 8),
                "stream": _once(partial(decide, pool), asked),
                "whole": _once(partial(_decide_anew, pool), asked),
            }
            turn["moto"], turn["agreement"] = _peer(by_moto, one, pool)
            for way, figure in turn.items():
                if round_:  # the first warms up
                    seen[size][way].append(figure)
    return [
        {"policies": size, **{way: round(median(figures), 3) for way, figures in ways.items()}}
        for size, ways in seen.items()
    ]


def _decide_anew(pool: InForce, request: Request) -> Decision:
    anew = Request(
        principal=request.principal,
        action=request.action,
        resource=request.resource,
        resource_account=request.resource_account,
        context=request.context,
    )
    return decide(pool, anew)


def _once(decide_one: Callable[[Request], Any], requests: Sequence[Request]) -> float:
    """Microseconds a decision; the loop around it is taken off."""
    began = time.perf_counter()
    for request in requests:
        decide_one(request)
    took = time.perf_counter() - began
    began = time.perf_counter()
    for request in requests:
        _nothing(request)
    return (took - (time.perf_counter() - began)) / len(requests) * 1e6


def _nothing(_request: Request) -> None:
    return None


def _repeated(decide_one: Callable[[Request], Any], requests: Sequence[Request], seconds: float) -> float:
    """The best of the passes that fit into the time."""
    deadline, best = time.perf_counter() + seconds, float("inf")
    while time.perf_counter() < deadline:
        best = min(best, _once(decide_one, requests))
    return best


def _peer(by_moto: Callable[[Sequence[str], Request], bool], one: Work, pool: InForce) -> tuple[float, float]:
    """Microseconds a decision, and the share of the same answers."""
    answers = []
    began = time.perf_counter()
    for request in one.requests:
        answers.append(by_moto(one.documents, request))
        if time.perf_counter() - began > _BUDGET:
            break
    took = (time.perf_counter() - began) / len(answers) * 1e6
    ours = [decide(pool, request).verdict is Verdict.ALLOWED for request in one.requests[: len(answers)]]
    same = sum(a == b for a, b in zip(answers, ours, strict=True))
    return took, same / len(answers)
