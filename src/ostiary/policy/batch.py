"""policy: many requests under the same policies (IAM User Guide, "Policy evaluation logic")."""

from __future__ import annotations

from collections.abc import Iterable

from ostiary.policy.combine import decide
from ostiary.policy.decision import Decision
from ostiary.policy.in_force import InForce
from ostiary.policy.request import Request


def decide_many(in_force: InForce, requests: Iterable[Request]) -> list[Decision]:
    """The decision of each request, in the order of the requests; each as `decide` takes it.

    The requests may have different principals, as long as the same policies bear on all of them. What one request
    makes the policies learn (which statements speak of an action) serves the others. May be called from several
    threads at once with the same `InForce`.
    """
    return [decide(in_force, request) for request in requests]
