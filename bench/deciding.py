"""Part 2: one decision of the engine, in microseconds, against other engines on the same policies and requests.

cedarpy decides with its handles, which is its fastest use; its context is text already. moto reads the documents again
for every decision, as its server does, and looks neither at conditions nor at variables. The share of agreement says
how often a peer comes to the same answer.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any, Final

from bench import cedar
from bench.policies import SESSION, Work, every_kind, work
from ostiary.policy import Decision, InForce, Request, Verdict, decide, explain

SIZES: Final = (1, 10, 100, 1000)
PEERS: Final = ("cedarpy", "moto")
_HOT: Final = 300
_STREAM: Final = 20_000
_EXPLAINED: Final = 100
"""Requests of which the full explanation is measured; half of them are refused."""
_BUDGET: Final = 0.5
"""Seconds that a peer may take for one size in one round."""


def decisions(seconds: float, rounds: int) -> list[dict[str, Any]]:
    """Rounds in which every size is measured in every way."""
    works = {size: work(size, _STREAM) for size in SIZES}
    measured = {size: _Measured(one) for size, one in works.items()}
    gc.collect()
    gc.freeze()  # What the bench holds is not the engine's to collect.
    seen: dict[int, dict[str, list[float]]] = {size: {} for size in SIZES}
    for round_ in range(rounds + 1):
        for size, one in measured.items():
            turn = {**one.ours(seconds / 8, round_), **one.theirs()}
            for way, figure in turn.items():
                if round_:  # the first warms up
                    seen[size].setdefault(way, []).append(figure)
    return [
        {"policies": size, **{way: round(median(figures), 3) for way, figures in ways.items()}}
        for size, ways in seen.items()
    ]


class _Measured:
    """The work of one size, made ready for every engine."""

    def __init__(self, one: Work) -> None:
        self._work, self._pool = one, one.in_force()
        self._every_kind = every_kind(self._pool)
        self._by_session = [replace(request, principal=SESSION) for request in one.requests[:_HOT]]
        self._peers = {"cedarpy": _by_cedar(one), "moto": _by_moto(one)}

    def ours(self, seconds: float, round_: int) -> dict[str, float]:
        """Microseconds a decision, each way; milliseconds for reading the policies."""
        asked = self._work.requests
        return {
            "hot": _repeated(partial(decide, self._pool), asked[:_HOT], seconds),
            "stream": _once(partial(decide, self._pool), asked),
            "whole": _once(partial(_decide_anew, self._pool), asked),
            "every_kind": _repeated(partial(decide, self._every_kind), self._by_session, seconds),
            "explained_us": _once(partial(_explain_fully, self._pool), asked[:_EXPLAINED]),
            "explained_every_kind_us": _once(partial(_explain_fully, self._every_kind), self._by_session[:_EXPLAINED]),
            **self._cold(round_),
        }

    def theirs(self) -> dict[str, float]:
        """Microseconds a decision and the share of the same answers, of each peer."""
        found: dict[str, float] = {}
        for name, allows in self._peers.items():
            found[name], found[f"{name}_agrees"] = _peer(allows, self._work, self._pool)
        return found

    def _cold(self, round_: int) -> dict[str, float]:
        """The first pass after reading. Spaces at the end make texts that no cache has seen."""
        texts = [text + " " * (round_ + 1) for text in self._work.documents]
        began = time.perf_counter()
        kept = [json.loads(text) for text in texts]
        parsed = time.perf_counter()
        del kept
        pool = Work(texts, ()).in_force()
        loaded = time.perf_counter()
        return {
            "cold": _once(partial(decide, pool), self._work.requests),
            "load_ms": (loaded - parsed) * 1e3,
            "x_json": (loaded - parsed) / (parsed - began),
        }


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
    began = time.perf_counter()
    for request in requests:
        decide_one(request)
    return (time.perf_counter() - began) / len(requests) * 1e6


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


_Allows = Callable[[int], bool]
"""Whether a peer allows the request of a number."""


def _by_cedar(one: Work) -> _Allows:
    import cedarpy

    policies, entities = cedar.policies(one.documents), cedar.entities()
    asked = [cedar.asked(request) for request in one.requests]
    allow = cedarpy.Decision.Allow
    return lambda at: cedarpy.is_authorized(asked[at], policies, entities).decision == allow


def _by_moto(one: Work) -> _Allows:
    from moto.iam.access_control import IAMPolicy, PermissionResult

    def allows(at: int) -> bool:
        request, permitted = one.requests[at], False
        for text in one.documents:
            said = IAMPolicy({"policy_document": text}).is_action_permitted(request.action, request.resource)
            if said is PermissionResult.DENIED:
                return False
            permitted = permitted or said is PermissionResult.PERMITTED
        return permitted

    return allows


def _peer(allows: _Allows, one: Work, pool: InForce) -> tuple[float, float]:
    """Microseconds a decision, and the share of the same answers."""
    answers = []
    began = time.perf_counter()
    for at in range(len(one.requests)):
        answers.append(allows(at))
        if time.perf_counter() - began > _BUDGET:
            break
    took = (time.perf_counter() - began) / len(answers) * 1e6
    ours = [decide(pool, request).verdict is Verdict.ALLOWED for request in one.requests[: len(answers)]]
    same = sum(a == b for a, b in zip(answers, ours, strict=True))
    return took, same / len(answers)
