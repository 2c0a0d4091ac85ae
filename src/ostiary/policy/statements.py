"""policy: one statement, ready to be held against requests (IAM User Guide, "IAM JSON policy elements reference").

Nothing here changes after it is made; variables are filled in per request, never into the statement.
"""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.policy.arns import ArnPattern
from ostiary.policy.conditions import Test
from ostiary.policy.decision import Effect
from ostiary.policy.globs import Glob, glob
from ostiary.policy.principals import Named, Principal, Strength
from ostiary.policy.request import Request
from ostiary.policy.variables import Keys, template


class Actions:
    """An Action or NotAction element. Actions are compared without case; the service prefix as a whole."""

    __slots__ = ("_by_service", "_everything", "_exact", "negated", "patterns")

    patterns: tuple[str, ...]
    """As written."""
    negated: bool
    """NotAction."""

    def __init__(self, patterns: tuple[str, ...], *, negated: bool) -> None:
        self.patterns, self.negated = patterns, negated
        self._everything = "*" in patterns
        exact: set[str] = set()
        by_service: dict[str, list[Glob]] = {}
        for pattern in patterns:
            service, colon, name = pattern.lower().partition(":")
            if not colon:
                continue
            if "*" in name or "?" in name:
                by_service.setdefault(service, []).append(glob(name))
            else:
                exact.add(f"{service}:{name}")
        self._exact = frozenset(exact)
        self._by_service = {service: tuple(globs) for service, globs in by_service.items()}

    @property
    def services(self) -> frozenset[str] | None:
        """The service prefixes the element can match; None if any."""
        if self._everything or self.negated:
            return None
        return frozenset(action.partition(":")[0] for action in self._exact) | self._by_service.keys()

    def match(self, action: str) -> bool:
        """Whether the element matches an action in lower case."""
        return self._listed(action) is not self.negated

    def _listed(self, action: str) -> bool:
        if self._everything or action in self._exact:
            return True
        service, _, name = action.partition(":")
        return any(pattern.matches(name) for pattern in self._by_service.get(service, ()))


class Resources:
    """A Resource or NotResource element."""

    __slots__ = ("_everything", "_exact", "_others", "_prefixes", "negated", "patterns", "variable_keys")

    patterns: tuple[str, ...]
    """As written."""
    negated: bool
    """NotResource."""
    variable_keys: frozenset[str]
    """The keys its variables stand for, in lower case."""

    def __init__(self, patterns: tuple[str, ...], *, negated: bool, variables: bool) -> None:
        self.patterns, self.negated = patterns, negated
        self._everything = "*" in patterns
        asked_for = set[str]()
        exact, prefixes, others = set[str](), list[str](), list[ArnPattern]()
        for text in patterns:
            if text == "*":
                continue
            value = template(text, variables=variables)
            asked_for.update(variable.key for variable in value.variables)
            pattern = ArnPattern(value, open_ended=True)
            whole = pattern.constant
            if whole is not None and whole.exact is not None:
                exact.add(whole.exact)
            elif whole is not None and whole.prefix is not None:
                prefixes.append(whole.prefix)
            else:
                others.append(pattern)
        self._exact, self._prefixes, self._others = frozenset(exact), tuple(prefixes), tuple(others)
        self.variable_keys = frozenset(asked_for)

    def match(self, resource: str, keys: Keys) -> bool:
        """Whether the element matches a resource; `*` is matched by the pattern `*` alone."""
        return self._listed(resource, keys) is not self.negated

    def _listed(self, resource: str, keys: Keys) -> bool:
        if self._everything or resource in self._exact:
            return True
        if resource == "*":
            return False
        if self._prefixes and resource.startswith(self._prefixes):
            return True
        return any(pattern.matches(resource, keys) for pattern in self._others)


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal or NotPrincipal element."""

    named: Named
    negated: bool
    """NotPrincipal."""


class Statement:
    """One statement of a policy."""

    __slots__ = ("actions", "effect", "index", "principals", "resources", "sid", "tests")

    def __init__(
        self,
        *,
        index: int,
        sid: str | None,
        effect: Effect,
        actions: Actions,
        resources: Resources | None,
        principals: Principals | None,
        tests: tuple[Test, ...],
    ) -> None:
        self.index, self.sid, self.effect = index, sid, effect
        self.actions, self.resources, self.principals, self.tests = actions, resources, principals, tests

    def concerns(self, resource: str, keys: Keys, *, of_resource: bool) -> bool:
        """Whether the statement speaks of a resource.

        Without Resource it speaks of what a resource policy is attached to; elsewhere such a statement, which no
        service stores, grants nothing and denies everything.
        """
        if self.resources is None:
            return of_resource or self.effect is Effect.DENY
        return self.resources.match(resource, keys)

    def names(self, principal: Principal, *, of_resource: bool, bounded: bool) -> Strength:
        """How the statement names the caller. `bounded`: the caller has a permissions boundary."""
        element = self.principals
        if element is None:
            return Strength.NONE if of_resource else Strength.DIRECT
        if not element.negated:
            return element.named.strength(principal)
        if self.effect is Effect.ALLOW:
            return Strength.NONE  # NotPrincipal with Allow is not supported.
        return Strength.DIRECT if bounded or not element.named.spares(principal) else Strength.NONE

    def condition_holds(self, keys: Keys) -> bool:
        """Whether every test of the Condition block holds."""
        return all(test.holds(keys) for test in self.tests)

    def matches(self, request: Request, *, of_resource: bool, bounded: bool) -> Strength:
        """How the statement, whose actions are known to match, bears on a request; NONE if it does not."""
        keys = request.keys
        if not self.concerns(request.resource, keys, of_resource=of_resource):
            return Strength.NONE
        strength = self.names(request.principal, of_resource=of_resource, bounded=bounded)
        return strength if strength and self.condition_holds(keys) else Strength.NONE
