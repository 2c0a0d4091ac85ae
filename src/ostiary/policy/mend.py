"""policy: circumstances in which conditions hold, or do not: values for condition keys, found by trying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ostiary.policy.conditions import Test
from ostiary.policy.request import ContextValue, Request
from ostiary.policy.suggestion import Context, ContextChange, Remedy
from ostiary.policy.trial_values import trial_values
from ostiary.policy.variables import Keys

MFA: Final[dict[str, ContextValue]] = {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}
"""What the context says of somebody who has just signed in with MFA."""

_MFA_KEYS: Final = frozenset(key.lower() for key in MFA)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a test shall say."""

    test: Test
    holds: bool

    def met(self, keys: Keys) -> bool:
        """Whether it does."""
        return self.test.holds(keys) is self.holds


def mended(goals: Sequence[Goal], request: Request) -> tuple[ContextChange, ...] | None:
    """The changes to the context that meet all goals; None if none were found.

    One goal after the other: a value is taken if the goals before it stay met.
    """
    found: Context = {}
    keys = dict(request.keys)
    for number, goal in enumerate(goals):
        if goal.met(keys):
            continue
        for assigned in _assignments(goal, goals, keys):
            tried = _assigned(keys, assigned)
            if goal.met(tried) and all(before.met(tried) for before in goals[:number]):
                found = {**{key: value for key, value in found.items() if key not in assigned}, **assigned}
                keys = tried
                break
        else:
            return None
    return _told(found)


def _assignments(goal: Goal, goals: Sequence[Goal], keys: Keys) -> Iterator[Context]:
    """Values to try for the key of a goal: MFA as a whole first, then near its own values, then near the others'."""
    key = goal.test.key
    if key.lower() in _MFA_KEYS:
        yield dict(MFA)
    for value in trial_values(goal.test, keys):
        yield {key: value}
    for other in goals:
        if other is not goal and other.test.key.lower() == key.lower():
            for value in trial_values(other.test, keys):
                yield {key: value}


def _assigned(keys: Keys, changes: Context) -> dict[str, ContextValue]:
    made = dict(keys)
    for key, value in changes.items():
        if value is None:
            made.pop(key.lower(), None)
        else:
            made[key.lower()] = value
    return made


def _told(found: Context) -> tuple[ContextChange, ...]:
    mfa = all(found.get(key) == value for key, value in MFA.items())
    rest = tuple(sorted((key, value) for key, value in found.items() if not (mfa and key in MFA)))
    changes: list[ContextChange] = []
    if mfa:
        changes.append(ContextChange(remedy=Remedy.USE_MFA, text="sign in with MFA", values=tuple(MFA.items())))
    if rest:
        text = "make the request " + " and ".join(_shown(key, value) for key, value in rest)
        changes.append(ContextChange(remedy=Remedy.CHANGE_CONTEXT, text=text, values=rest))
    return tuple(changes)


def _shown(key: str, value: ContextValue | None) -> str:
    if value is None:
        return f"without `{key}`"
    return f"with `{key}` = `{value if isinstance(value, str) else ', '.join(value)}`"
