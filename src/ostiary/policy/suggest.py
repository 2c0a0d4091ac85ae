"""policy: what would turn a decision round, the narrowest change first. Every suggestion has been tried.

What stands in the way of a refused request are the Denies that match and, once they are gone, the types of policy (and
the levels of an organization) that do not allow it. Against each there are options; a suggestion is one option for each
that needs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, product
from typing import Final

from ostiary.policy.combine import decide
from ostiary.policy.decision import Decision, Verdict
from ostiary.policy.in_force import InForce
from ostiary.policy.mend import Goal, mended
from ostiary.policy.options import Drafter, Obstacle, Option
from ostiary.policy.reports import TypeReport
from ostiary.policy.request import Request
from ostiary.policy.suggestion import Change, PolicyChange, Remedy, Suggestion, changed

MOST: Final = 10
"""Suggestions for one decision."""

_MOST_TRIED: Final = 40
_MOST_COMBINED: Final = 64
_ORDER: Final = {remedy: number for number, remedy in enumerate(Remedy)}


def suggestions(
    in_force: InForce, request: Request, decision: Decision, reports: Sequence[TypeReport]
) -> tuple[Suggestion, ...]:
    """What would allow a refused request, or refuse an allowed one, the narrowest first.

    Args:
        reports: what each type says of the request.
    """
    wanted = decision.verdict is not Verdict.ALLOWED
    drafter = Drafter(in_force, request, reports)
    trial = _Trial(in_force, request, allowed=wanted)
    combined = _combined(drafter.obstacles(decision)) if wanted else ((option,) for option in drafter.refusals())
    found: dict[str, Suggestion] = {}
    for options in islice(combined, _MOST_TRIED):
        suggestion = trial.suggestion(options, drafter)
        if suggestion is not None:
            found.setdefault(suggestion.text, suggestion)
            if len(found) >= MOST:
                break
    return tuple(sorted(found.values(), key=_rank))


def _rank(one: Suggestion) -> tuple[int, int, list[int], str]:
    return one.width, len(one.changes), [_ORDER[change.remedy] for change in one.changes], one.text


def _combined(obstacles: Sequence[Obstacle]) -> Iterator[tuple[Option, ...]]:
    """One option for each obstacle: the narrowest together first, and among the last those that are sure to do."""
    if not obstacles:
        return iter(())
    each = len(obstacles)
    most = max((most for most in range(1, 17) if most**each <= _MOST_COMBINED), default=1)
    ranked = [sorted(one.options, key=_breadth) for one in obstacles]
    sure = tuple([one.options[-1] for one in obstacles])
    narrow = sorted(product(*(options[:most] for options in ranked)), key=lambda one: sum(map(_breadth, one)))
    return chain(narrow[: _MOST_TRIED - 1], (sure,)) if each > 1 else iter(narrow)


def _breadth(option: Option) -> int:
    return option.width


class _Trial:
    """Tries changes by deciding again."""

    __slots__ = ("_allowed", "_in_force", "_request")

    def __init__(self, in_force: InForce, request: Request, *, allowed: bool) -> None:
        self._in_force, self._request, self._allowed = in_force, request, allowed

    def suggestion(self, options: Iterable[Option], drafter: Drafter) -> Suggestion | None:
        """The options as a suggestion, without what is not needed; None if they do not do."""
        changes = self._changes(options)
        verdict = None if changes is None else self._turned(changes)
        if changes is None or verdict is None:
            return None
        for change in tuple(changes) if len(changes) > 1 else ():
            fewer = [one for one in changes if one is not change]
            without = self._turned(fewer) if fewer else None
            if without is not None:
                changes, verdict = fewer, without
        return Suggestion(changes=tuple(changes), verdict=verdict, among=len(drafter.neighbours))

    def _changes(self, options: Iterable[Option]) -> list[Change] | None:
        goals: list[Goal] = []
        of_policies: list[PolicyChange] = []
        for option in options:
            goals += option.goals
            for change in option.changes:
                same = [one for one in of_policies if one.same_place(change)]
                if any(one.statement != change.statement for one in same):
                    return None  # One statement can't stand in two ways.
                if not same:
                    of_policies.append(change)
        mends = mended(goals, self._request) if goals else ()
        return None if mends is None else [*mends, *of_policies]

    def _turned(self, changes: Sequence[Change]) -> Verdict | None:
        """The verdict after the changes, if they turn it round."""
        verdict = decide(*changed(self._in_force, self._request, changes)).verdict
        return verdict if (verdict is Verdict.ALLOWED) is self._allowed else None
