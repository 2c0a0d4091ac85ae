"""policy: a statement in its place, and what of it has to be asked for each request."""

from __future__ import annotations

from ostiary.policy.compile import CompiledPolicy
from ostiary.policy.conditions import Holds
from ostiary.policy.decision import Effect, Matched, Source
from ostiary.policy.principals import Principal, Strength
from ostiary.policy.statements import Patterns, Principals, Statement
from ostiary.policy.variables import Keys


class Placed:
    """A statement and the policy it stands in."""

    __slots__ = ("_matched", "_resource_open", "_resource_settled", "order", "policy", "source", "statement")

    def __init__(self, policy: CompiledPolicy, statement: Statement, source: Source, order: int = 0) -> None:
        self.policy, self.statement, self.source = policy, statement, source
        self.order = order
        """Where it stands among the statements of its pool."""
        self._matched: Matched | None = None
        self._resource_open: Check | None = None
        self._resource_settled: Check | None = None

    def matched(self) -> Matched:
        """What a decision says of the statement."""
        if self._matched is None:
            start, end = self.policy.position(self.statement.index)
            self._matched = Matched(
                source=self.source,
                statement_index=self.statement.index,
                sid=self.statement.sid,
                effect=self.statement.effect,
                start=start,
                end=end,
            )
        return self._matched

    def check(self, *, resource_open: bool) -> Check:
        """What remains to be asked; `resource_open`: of the resource too."""
        found = self._resource_open if resource_open else self._resource_settled
        if found is None:
            found = Check(self, resource_open=resource_open)
            if resource_open:
                self._resource_open = found
            else:
                self._resource_settled = found
        return found


class Check:
    """What remains to be asked of a statement whose action matches; shared by all places where the same remains."""

    __slots__ = ("_negated", "_where", "only", "placed", "principals", "sure", "tests")

    placed: Placed
    tests: tuple[Holds, ...]
    principals: Principals | None
    """The Principal or NotPrincipal element, unless it names everybody."""
    sure: bool
    """Nothing remains."""
    only: Holds | None
    """The one condition, if nothing else remains."""

    def __init__(self, placed: Placed, *, resource_open: bool) -> None:
        statement = placed.statement
        self.placed = placed
        resources = statement.resources if resource_open else None
        self._where: Patterns | None = None if resources is None else resources.read
        self._negated = resources is not None and resources.negated
        self.tests = tuple(test.compiled for test in statement.tests)
        principals = statement.principals
        everybody = principals is not None and principals.named.everyone and not principals.negated
        self.principals = None if everybody else principals
        conditions_only = self._where is None and self.principals is None
        self.sure = conditions_only and not self.tests
        self.only = self.tests[0] if conditions_only and len(self.tests) == 1 else None

    @property
    def asks_keys(self) -> bool:
        """Whether the condition context bears on it."""
        return bool(self.tests) or (self._where is not None and bool(self._where.variable_keys))

    def holds(self, resource: str, keys: Keys) -> bool:
        """Whether resource and conditions match."""
        where = self._where
        if where is not None and where.cover(resource, keys) is self._negated:
            return False
        for test in self.tests:  # noqa: SIM110  a generator costs more than the loop
            if not test(keys):
                return False
        return True

    def strength(self, principal: Principal, *, bounded: bool) -> Strength:
        """How the statement names the caller (see `Statement.names`), where it has to name somebody or no one."""
        if self.principals is None:
            return Strength.DIRECT
        statement = self.placed.statement
        bounded = bounded and statement.effect is Effect.DENY
        return statement.names(principal, of_resource=True, bounded=bounded)
