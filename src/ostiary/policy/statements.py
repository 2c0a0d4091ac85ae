"""policy: one statement, ready to be held against requests (IAM User Guide, "IAM JSON policy elements reference").

Nothing here changes after it is made; variables are filled in per request, never into the statement.
"""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.policy.arns import COMPONENTS, ArnPattern
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

    __slots__ = ("_everything", "_exact", "_others", "_prefixes", "keys", "negated", "patterns", "variable_keys")

    patterns: tuple[str, ...]
    """As written."""
    negated: bool
    """NotResource."""
    variable_keys: frozenset[str]
    """The keys its variables stand for, in lower case."""

    keys: tuple[str, ...] | None
    """Where an index may look for it (see `resource_keys`); None if it may match anywhere."""

    def __init__(self, patterns: tuple[str, ...], *, negated: bool, variables: bool) -> None:
        self.patterns, self.negated = patterns, negated
        self._everything = "*" in patterns
        exact, prefixes, others = set[str](), list[str](), list[ArnPattern]()
        asked_for = set[str]()
        keys: set[str | None] = {None} if negated or self._everything else set()
        for text in patterns:
            literal = text.removesuffix("*")
            if text == "*":
                continue
            if "*" in literal or "?" in literal or "${" in literal:
                value = template(text, variables=variables)
                asked_for.update(variable.key for variable in value.variables)
                others.append(ArnPattern(value, open_ended=True))
                keys.add(_pattern_key(others[-1]))
            elif literal != text:
                prefixes.append(literal)
                keys.add(literal.partition("/")[0] if "/" in literal else None)
            elif text.count(":") >= COMPONENTS - 1:
                exact.add(text)
                keys.add(text.partition("/")[0])
        self._exact, self._prefixes, self._others = frozenset(exact), tuple(prefixes), tuple(others)
        self.variable_keys = frozenset(asked_for)
        self.keys = None if None in keys else tuple(key for key in keys if key is not None)

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
        for pattern in self._others:  # noqa: SIM110  a generator costs more than the loop
            if pattern.matches(resource, keys):
                return True
        return False


def _pattern_key(pattern: ArnPattern) -> str | None:
    if "/" in pattern.head:
        return pattern.head.partition("/")[0]
    return None if pattern.tail is None else f":{pattern.tail}"


def resource_keys(resource: str) -> tuple[str, str]:
    """Under which keys an index keeps the elements that may match a resource.

    The text before its first slash (of S3 objects the bucket), and its last component with a colon before it.
    """
    return resource.partition("/")[0], f":{resource.split(':', COMPONENTS - 1)[-1]}"


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
        for test in self.tests:  # noqa: SIM110  a generator costs more than the loop
            if not test.holds(keys):
                return False
        return True

    def matches(self, request: Request, *, of_resource: bool, bounded: bool) -> Strength:
        """How the statement, whose actions are known to match, bears on a request; NONE if it does not."""
        keys = request.keys
        resources = self.resources
        if resources is None:
            if not self.concerns(request.resource, keys, of_resource=of_resource):
                return Strength.NONE
        elif resources.match(request.resource, keys) is False:
            return Strength.NONE
        strength = Strength.DIRECT
        if self.principals is not None or of_resource:
            strength = self.names(request.principal, of_resource=of_resource, bounded=bounded)
            if strength is Strength.NONE:
                return strength
        return strength if self.condition_holds(keys) else Strength.NONE
