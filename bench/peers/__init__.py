"""Other engines on the generated policies and requests, each used the fastest way it has; a module an engine.

A peer that is not installed is left out, and the tables say so. Whatever a peer can't say in its language (the caller's
name in a pattern, say) is written into its policies as the value it has.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Final

from bench.policies import Work

Answer = tuple[float, list[bool]]
"""Microseconds of processor time a decision, and whether each of the first requests is allowed."""

Turn = Callable[[float], Answer]
"""Decide one request after the other for so many seconds."""

_NAMES: Final = {
    "cedarpy": "cedar",
    "regopy": "rego",
    "pycasbin": "casbin_rows",
    "vakt": "vakt_rules",
    "moto": "moto_policies",
    "iam-simulate": "simulate",
}
PEERS: Final = tuple(_NAMES)


def made_ready(name: str, work: Work) -> Turn | None:
    """A peer with the policies of a work loaded; None if it is not installed."""
    try:
        found: Turn = import_module(f"bench.peers.{_NAMES[name]}").turn(work)
    except ImportError:
        return None
    return found


def one_by_one(allows: Callable[[int], bool], count: int) -> Turn:
    """The turn of a peer that is asked request by request; `allows` takes the number of a request."""

    def turn(seconds: float) -> Answer:
        answers: list[bool] = []
        began, clock = time.process_time(), time.process_time
        for at in range(count):
            answers.append(allows(at))
            if clock() - began > seconds:
                break
        return (clock() - began) / len(answers) * 1e6, answers

    return turn
