"""cli: how suggestions are worded: what would turn a decision round, and how wide it reaches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from ostiary.policy import PolicyChange, Suggestion, Verdict

SHOWN: Final = 5
"""Suggestions that are worded; JSON has all."""


def heading(decided: Verdict) -> str:
    """What the suggestions are about."""
    return f"what would {'deny' if decided is Verdict.ALLOWED else 'allow'} it, the narrowest change first"


def rest(count: int) -> str:
    """What is said of those that are not shown."""
    return f"{count - SHOWN} wider {'change' if count - SHOWN == 1 else 'changes'}: see --json"


def reach(one: Suggestion) -> str:
    """How wide a suggestion is."""
    if not one.width:
        return "no policy changes"
    verb = "lets through" if one.verdict is Verdict.ALLOWED else "stops"
    return f"{verb} at most {one.width:,} of {one.among:,} requests like this one"


def rewritten(one: Suggestion) -> Iterator[str]:
    """The statements as they would stand."""
    for change in one.changes:
        if isinstance(change, PolicyChange) and change.statement is not None:
            yield json.dumps(change.statement, ensure_ascii=False)
