"""policy: one statement, ready to be held against requests (IAM User Guide, "IAM JSON policy elements reference").

Nothing here changes after it is made; variables are filled in per request, never into the statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ostiary.policy.arns import COMPONENTS, ArnPattern
from ostiary.policy.conditions import Test
from ostiary.policy.decision import Effect
from ostiary.policy.globs import Glob, glob
from ostiary.policy.principals import Named, Principal, Strength
from ostiary.policy.request import Request
from ostiary.policy.variables import Keys, template


class Actions:
    """An Action or NotAction element. Actions are compared without case; the service prefix as a whole."""

    __slots__ = ("_read", "everything", "negated", "patterns")

    patterns: tuple[str, ...]
    """As written."""
    negated: bool
    """NotAction."""
    everything: bool
    """One of the patterns is `*`."""

    def __init__(self, patterns: tuple[str, ...], *, negated: bool) -> None:
        self.patterns, self.negated = patterns, negated
        self.everything = "*" in patterns
        self._read: tuple[frozenset[str], tuple[tuple[str, str], ...]] | None = None

    @property
    def exact(self) -> frozenset[str]:
        """The actions named in full, in lower case."""
        return (self._take_apart() if self._read is None else self._read)[0]

    @property
    def globs(self) -> tuple[tuple[str, str], ...]:
        """Service prefix and pattern of the name, in lower case, of the patterns with wildcards."""
        return (self._take_apart() if self._read is None else self._read)[1]

    @property
    def services(self) -> frozenset[str] | None:
        """The service prefixes the element can match; None if any."""
        if self.everything or self.negated:
            return None
        return frozenset(action.partition(":")[0] for action in self.exact) | {service for service, _ in self.globs}

    def match(self, action: str) -> bool:
        """Whether the element matches an action in lower case."""
        return self._listed(action) is not self.negated

    def _take_apart(self) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
        read = [found for pattern in self.patterns if (found := read_action(pattern)) is not None]
        exact = frozenset([action for action, name in read if name is None])
        self._read = exact, tuple([(service, name) for service, name in read if name is not None])
        return self._read

    def _listed(self, action: str) -> bool:
        if self.everything or action in self.exact:
            return True
        service, _, name = action.partition(":")
        for prefix, pattern in self.globs:  # noqa: SIM110  a generator costs more than the loop
            if prefix == service and name_glob(pattern).matches(name):
                return True
        return False


@lru_cache(maxsize=4096)
def read_action(pattern: str) -> tuple[str, str | None] | None:
    """The action a pattern names and None, or its service prefix and its pattern of names; in lower case.

    None if it is no pattern of actions. Policies share most of them.
    """
    lower = pattern.lower()
    service, colon, name = lower.partition(":")
    if not colon:
        return None
    return (service, name) if "*" in name or "?" in name else (lower, None)


@lru_cache(maxsize=4096)
def name_glob(pattern: str) -> Glob:
    """The glob of the name in an action pattern; policies share most of them."""
    return glob(pattern)


class Patterns:
    """The patterns of a Resource or NotResource element, `*` left aside, ready to be compared."""

    __slots__ = ("exact", "others", "prefixes", "variable_keys")

    exact: frozenset[str]
    prefixes: tuple[str, ...]
    """Of patterns whose only wildcard is a star at the end."""
    others: tuple[ArnPattern, ...]
    variable_keys: frozenset[str]

    def __init__(self, patterns: tuple[str, ...], *, variables: bool) -> None:
        exact, prefixes, others = set[str](), list[str](), list[ArnPattern]()
        asked_for = set[str]()
        for text in patterns:
            literal = text.removesuffix("*")
            if text == "*":
                continue
            if "*" in literal or "?" in literal or "${" in literal:
                value = template(text, variables=variables)
                asked_for.update(variable.key for variable in value.variables)
                others.append(ArnPattern(value, open_ended=True))
            elif literal != text:
                prefixes.append(literal)
            elif text.count(":") >= COMPONENTS - 1:
                exact.add(text)
        self.exact, self.prefixes, self.others = frozenset(exact), tuple(prefixes), tuple(others)
        self.variable_keys = frozenset(asked_for)

    def cover(self, resource: str, keys: Keys) -> bool:
        """Whether one of the patterns matches a resource other than `*`."""
        if resource in self.exact or resource.startswith(self.prefixes):
            return True
        for pattern in self.others:  # noqa: SIM110  a generator costs more than the loop
            if pattern.matches(resource, keys):
                return True
        return False

    def settled(self, resource: str) -> bool | None:
        """What `cover` says of a resource, None if that depends on the condition context."""
        if resource in self.exact or resource.startswith(self.prefixes):
            return True
        answer: bool | None = False
        for pattern in self.others:
            if pattern.variable:
                if resource.startswith(pattern.head):
                    answer = None
            elif pattern.matches(resource, {}):
                return True
        return answer

    def settled_below(self, head: str) -> bool | None:
        """What `cover` says of every resource that begins with `head`, None if it depends on the rest."""
        if head.startswith(self.prefixes):
            return True
        for text in (*self.exact, *self.prefixes):
            if text.startswith(head):
                return None
        for pattern in self.others:
            if pattern.head.startswith(head) or head.startswith(pattern.head):
                return None
        return False


class Resources:
    """A Resource or NotResource element."""

    __slots__ = ("_read", "_variables", "everything", "negated", "patterns")

    patterns: tuple[str, ...]
    """As written."""
    negated: bool
    """NotResource."""
    everything: bool
    """One of the patterns is `*`."""

    def __init__(self, patterns: tuple[str, ...], *, negated: bool, variables: bool) -> None:
        self.patterns, self.negated = patterns, negated
        self.everything = "*" in patterns
        self._variables = variables
        self._read: Patterns | None = None

    @property
    def read(self) -> Patterns:
        """The patterns ready to be compared; made when first asked for."""
        read = self._read
        if read is None:
            read = self._read = Patterns(self.patterns, variables=self._variables)
        return read

    @property
    def variable_keys(self) -> frozenset[str]:
        """The keys its variables stand for, in lower case."""
        return self.read.variable_keys

    def match(self, resource: str, keys: Keys) -> bool:
        """Whether the element matches a resource; `*` is matched by the pattern `*` alone."""
        return self._listed(resource, keys) is not self.negated

    def settled(self, resource: str) -> bool | None:
        """What `match` says whatever the condition context is, None if that depends on it."""
        listed = True if self.everything else False if resource == "*" else self.read.settled(resource)
        return None if listed is None else listed is not self.negated

    def settled_below(self, head: str) -> bool | None:
        """What `match` says of every resource that begins with `head`, None if that depends on the rest."""
        listed = True if self.everything else self.read.settled_below(head)
        return None if listed is None else listed is not self.negated

    def _listed(self, resource: str, keys: Keys) -> bool:
        if self.everything:
            return True
        return resource != "*" and self.read.cover(resource, keys)


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
