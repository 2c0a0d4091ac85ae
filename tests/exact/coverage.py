"""What generated cases met: outcomes, principals, operators with every qualifier, holding and failing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from tests import reference
from tests.exact.vocabulary import CALLERS
from tests.reference.conditions import OPERATORS, QUALIFIERS, holds, taken_apart
from tests.reference.statements import matches, statements

Case = dict[str, Any]

FORMS: Final = [
    f"{qualifier}{name}{if_exists}"
    for qualifier, name, if_exists in product(QUALIFIERS, OPERATORS, ("", "IfExists"))
    if (name, if_exists) != ("Null", "IfExists")
]
"""Every operator with every modifier."""

SETTLED: Final = {"ForAllValues:Null": True, "ForAnyValue:Null": False}
"""Those that have one outcome only."""

KINDS: Final = ("identity", "resource", "boundary", "session", "scp", "rcp", "vpce")


@dataclass(slots=True)
class Coverage:
    """Counts over the cases of one run."""

    cases: int = 0
    matched: int = 0
    """Cases that were allowed, or in which a Deny matched."""
    decisions: Counter[str] = field(default_factory=Counter)
    decided_by: Counter[str] = field(default_factory=Counter)
    callers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By type of principal and decision."""
    tests: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """By operator as written and outcome; of statements that the conditions alone decided about."""
    statements: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    """By type of policy, effect and whether the statement matched."""

    def add(self, case: Case, answer: reference.Answer) -> None:
        """Count one case and what was decided."""
        self.cases += 1
        self.matched += answer.decision != "implicitDeny"
        self.decisions[answer.decision] += 1
        self.decided_by[str(answer.decided_by)] += 1
        self.callers[case["request"]["principal"]["type"], answer.decision] += 1
        for kind, version, statement in _statements(case["policies"]):
            self._statement(kind, version, statement, case["request"])

    def _statement(self, kind: str, version: str | None, statement: dict[str, Any], request: dict[str, Any]) -> None:
        bare = {name: element for name, element in statement.items() if name != "Condition"}
        if not matches(kind, version, bare, request, bounded=False):
            self.statements[kind, statement["Effect"], False] += 1
            return
        outcomes = []
        for name, block in statement.get("Condition", {}).items():
            for key, values in block.items():
                outcomes.append(holds(name, key, values, version, request["context"]))
                self.tests[name, outcomes[-1]] += 1
        self.statements[kind, statement["Effect"], all(outcomes)] += 1

    def gaps(self) -> list[str]:
        """What a run that is long enough has to have met, and did not."""
        missing = [
            f"{form} {'holding' if outcome else 'failing'}"
            for form, outcome in product(FORMS, (True, False))
            if SETTLED.get(form, outcome) is outcome and not self.tests[form, outcome]
        ]
        missing += [
            f"{kind} {decision}"
            for kind, decision in product(CALLERS, ("allowed", "implicitDeny", "explicitDeny"))
            if not self.callers[kind, decision]
        ]
        missing += [f"decided by {kind}" for kind in KINDS if not self.decided_by[kind]]
        missing += [
            f"{effect} in {kind} {'matching' if met else 'not matching'}"
            for kind, effect, met in product(KINDS, ("Allow", "Deny"), (True, False))
            if not self.statements[kind, effect, met] and (kind, effect, met) != ("rcp", "Allow", False)
        ]
        return missing

    def report(self) -> str:
        """A few lines for people."""
        shares = ", ".join(f"{name} {count / self.cases:.0%}" for name, count in self.decisions.most_common())
        callers = Counter[str]()
        for (kind, _), count in self.callers.items():
            callers[kind] += count
        forms = Counter[str]()
        for (name, _), count in self.tests.items():
            forms[name] += count
        qualified = Counter[str]()
        for name, count in forms.items():
            qualifier, _, if_exists = taken_apart(name)
            qualified[f"{qualifier}…{'IfExists' if if_exists else ''}"] += count
        met = sum(form in forms for form in FORMS)
        rarest = min((forms[form], form) for form in FORMS)
        return "\n".join(
            (
                f"{self.cases} cases: {shares}; decided by {_listed(self.decided_by)}",
                f"principals: {_listed(callers)}",
                f"tests: {sum(forms.values())}, {met} of {len(FORMS)} operators with modifiers, "
                f"rarest {rarest[1]} ({rarest[0]}); "
                f"{_listed(qualified)}",
                f"statements that matched: {sum(n for (_, _, met), n in self.statements.items() if met)} of "
                f"{sum(self.statements.values())}",
            )
        )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def _statements(policies: dict[str, Any]) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    for kind, held in policies.items():
        levels = held if kind in ("scp", "rcp") else [held if isinstance(held, list) else [held]]
        for level in levels:
            for document in level:
                for statement in statements(document):
                    yield kind, document.get("Version"), statement
