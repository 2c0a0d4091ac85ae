"""policy: why a request is decided as it is, told statement by statement, and what would change it.

Nothing here is computed for a decision, and nothing of an explanation before somebody asks for it.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.policy.combine import decide
from ostiary.policy.decision import Decision
from ostiary.policy.in_force import InForce
from ostiary.policy.reports import StatementReport, TestReport, TypeReport, missing_keys, place_as_dict, type_reports
from ostiary.policy.request import Request
from ostiary.policy.suggest import suggestions
from ostiary.policy.suggestion import Suggestion

__all__ = ["Explanation", "StatementReport", "TestReport", "TypeReport", "explain"]


class Explanation:
    """A decision with everything that led to it. Each part is worked out when it is first asked for."""

    __slots__ = ("_in_force", "_missing", "_request", "_suggestions", "_types", "decision")

    decision: Final[Decision]
    """`decision.matched`: the statements it rests on."""

    def __init__(self, in_force: InForce, request: Request, decision: Decision) -> None:
        self.decision = decision
        self._in_force, self._request = in_force, request
        self._types: tuple[TypeReport, ...] | None = None
        self._missing: tuple[str, ...] | None = None
        self._suggestions: tuple[Suggestion, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return self._asked() == other._asked() if isinstance(other, Explanation) else NotImplemented

    def __hash__(self) -> int:
        return hash((self._in_force, self.decision))

    def _asked(self) -> tuple[InForce, Request, Decision]:
        return self._in_force, self._request, self.decision

    @property
    def types(self) -> tuple[TypeReport, ...]:
        """What each type of policy says, statement by statement."""
        types = self._types
        if types is None:
            types = self._types = type_reports(self._in_force, self._request)
        return types

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """Condition keys that the request lacks and statements about its action, resource and caller ask for."""
        missing = self._missing
        if missing is None:
            missing = self._missing = missing_keys(self.types, self._request)
        return missing

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """What would allow a refused request, or refuse an allowed one; each was tried; the narrowest first."""
        found = self._suggestions
        if found is None:
            found = self._suggestions = suggestions(self._in_force, self._request, self.decision, self.types)
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        by = self.decision.decided_by
        return {
            "decision": self.decision.verdict.value,
            "decided_by": by.value if by is not None else None,
            "because": [place_as_dict(one) for one in self.decision.matched],
            "types": [one.as_dict() for one in self.types],
            "missing_context_keys": list(self.missing_keys),
            "suggestions": [one.as_dict() for one in self.suggestions],
        }


def explain(in_force: InForce, request: Request) -> Explanation:
    """Decide a request, ready to tell why."""
    return Explanation(in_force, request, decide(in_force, request))
