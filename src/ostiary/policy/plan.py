"""policy: the statements of a pool as one action, and then one resource, sees them (no specification: an index).

What action and resource settle is settled once: a `Plan` is made for an action, a `Bearing` for a resource (of S3: for
everything in a bucket), and both are remembered up to a bound. What remains is asked for each request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ostiary.policy.arns import COMPONENTS
from ostiary.policy.decision import Decision, Effect, PolicyType, Verdict
from ostiary.policy.memory import Memo
from ostiary.policy.placed import Check, Placed
from ostiary.policy.prefixes import Prefixes
from ostiary.policy.principals import Strength
from ostiary.policy.request import Request
from ostiary.policy.special import traits
from ostiary.policy.variables import Keys

_WORTH_AN_INDEX: Final = 4
_REMEMBERED_DECISIONS: Final = 32
_COLONS: Final = COMPONENTS - 1
_NO_KEYS: Final[Keys] = {}
_DIRECT: Final = Strength.DIRECT


class Finding:
    """What the Allow statements of a pool say."""

    __slots__ = ("_allowed", "by_identity", "placed", "strength")

    strength: Final[Strength]
    placed: Final[tuple[Placed, ...]]
    """The statements that grant with that strength."""
    by_identity: Final[Decision]
    """The decision that rests on it and on nothing else, where the policies are of identity."""

    def __init__(self, strength: Strength, placed: tuple[Placed, ...]) -> None:
        self.strength, self.placed = strength, placed
        self.by_identity = Decision(verdict=Verdict.ALLOWED, decided_by=PolicyType.IDENTITY, statements=placed)
        self._allowed = self.by_identity

    def allowed(self, kind: PolicyType | None) -> Decision:
        """The same where they are of another type, or no one type decides."""
        found = self._allowed
        if found.decided_by is not kind:
            found = self._allowed = Decision(verdict=Verdict.ALLOWED, decided_by=kind, statements=self.placed)
        return found


SILENT: Final = Finding(Strength.NONE, ())


class Bearing:
    """The statements of a pool that may bear on an action on a resource. Never changes."""

    __slots__ = ("_asks_keys", "_decisions", "_finding", "_findings", "allows", "always_grants", "answer", "denies")

    denies: tuple[Check, ...]
    allows: tuple[Check, ...]
    answer: Decision | None
    """What they say as identity policies that decide alone, if nothing remains to be asked."""
    always_grants: bool
    """Whether they allow with nothing remaining to be asked."""

    def __init__(self, checks: Iterable[Check]) -> None:
        checks = tuple(checks)
        self.denies = tuple(one for one in checks if one.placed.statement.effect is Effect.DENY)
        self.allows = tuple(one for one in checks if one.placed.statement.effect is Effect.ALLOW)
        self._asks_keys = any(one.asks_keys for one in checks)
        self._decisions: dict[int, Decision] = {}
        self._finding: Finding | None = None
        self._findings: dict[int, Finding] = {}
        if not self.allows:
            self._finding = SILENT
        elif all(one.sure for one in self.allows):
            self._finding = Finding(Strength.DIRECT, tuple(one.placed for one in self.allows))
        self.always_grants = self._finding is not None and self._finding is not SILENT
        deciding = self.denies or self.allows
        self.answer = _by_identity([one.placed for one in deciding]) if all(one.sure for one in deciding) else None

    def decide(self, request: Request) -> Decision:
        """The answer of identity policies that decide alone and name nobody."""
        resource, keys = request.resource, request.keys if self._asks_keys else _NO_KEYS
        found, bit = 0, 1
        for check in self.denies:
            only = check.only
            if check.holds(resource, keys) if only is None else only(keys):
                found |= bit
            bit += bit
        if not found:
            for check in self.allows:
                only = check.only
                if check.holds(resource, keys) if only is None else only(keys):
                    found |= bit
                bit += bit
        decision = self._decisions.get(found)
        return self._decided(found) if decision is None else decision

    def _decided(self, found: int) -> Decision:
        """The decision that rests on the statements whose bits are set."""
        checks = (*self.denies, *self.allows)
        decision = _by_identity([check.placed for at, check in enumerate(checks) if found >> at & 1])
        if len(self._decisions) >= _REMEMBERED_DECISIONS:
            self._decisions.clear()
        self._decisions[found] = decision
        return decision

    def denying(self, request: Request, *, bounded: bool) -> bool:
        """Whether a Deny statement matches. `bounded`: the caller has a permissions boundary."""
        resource, keys = request.resource, request.keys
        return any(
            check.holds(resource, keys) and check.strength(request.principal, bounded=bounded) for check in self.denies
        )

    def granting(self, request: Request) -> Finding:
        """What the Allow statements say; the strongest grant counts."""
        if self._finding is not None:
            return self._finding
        resource, keys = request.resource, request.keys if self._asks_keys else _NO_KEYS
        strongest, found, bit = Strength.NONE, 0, 1
        for check in self.allows:
            only = check.only
            if check.holds(resource, keys) if only is None else only(keys):
                strength = _DIRECT if check.principals is None else check.strength(request.principal, bounded=False)
                if strength is strongest:
                    found |= bit
                elif strength > strongest:
                    strongest, found = strength, bit
            bit += bit
        if strongest is Strength.NONE:
            return SILENT
        finding = self._findings.get(found)
        return self._found(found, strongest) if finding is None or finding.strength is not strongest else finding

    def _found(self, found: int, strength: Strength) -> Finding:
        """The finding that rests on the Allow statements whose bits are set."""
        placed = [check.placed for at, check in enumerate(self.allows) if found >> at & 1]
        finding = Finding(strength, tuple(placed))
        if len(self._findings) >= _REMEMBERED_DECISIONS:
            self._findings.clear()
        self._findings[found] = finding
        return finding


def _by_identity(placed: list[Placed]) -> Decision:
    if not placed:
        return Decision(verdict=Verdict.IMPLICIT_DENY, decided_by=PolicyType.IDENTITY)
    denied = placed[0].statement.effect is Effect.DENY
    verdict = Verdict.EXPLICIT_DENY if denied else Verdict.ALLOWED
    return Decision(verdict=verdict, decided_by=PolicyType.IDENTITY, statements=tuple(placed))


BEARING_ON_NOTHING: Final = Bearing(())


class Plan:
    """The statements of a pool whose Action element matches an action."""

    __slots__ = (
        "_anywhere",
        "_by_bucket",
        "_by_head",
        "_by_tail",
        "_memo",
        "_of_resource",
        "_places",
        "_shared",
        "always",
        "decides_alone",
        "placed",
    )

    placed: tuple[Placed, ...]
    always: Bearing | None
    """The bearing of every resource, if they all have the same."""
    decides_alone: bool
    """Whether, as identity policies and of the resource's account, they decide by themselves."""

    def __init__(self, placed: list[Placed], action: str, *, of_resource: bool) -> None:
        special = traits(action)
        self.placed = tuple(placed)
        self._of_resource = of_resource
        self._by_bucket = special.of_bucket
        self._memo: Memo[Bearing] = Memo()
        self._places = self._memo.places
        self._shared: dict[tuple[Check, ...], Bearing] = {}
        self.decides_alone = special.ordinary and all(one.statement.principals is None for one in placed)
        same = all(one.statement.resources is None or one.statement.resources.everything for one in placed)
        self.always = self._bearing(self._checks(placed, "*", cut=False)) if same else None
        self._file(placed if len(placed) >= _WORTH_AN_INDEX else ())

    def bearing(self, resource: str) -> Bearing:
        """The statements that may bear on a resource."""
        if self.always is not None:
            return self.always
        head = resource[: resource.find("/") + 1] or resource if self._by_bucket else resource
        found = self._places.get(head)
        return self._look(head, resource) if found is None else found

    def _look(self, head: str, resource: str) -> Bearing:
        """Find the bearing of all resources that begin with `head`, or of the one resource if that is all of it."""
        cut = self._by_bucket and head.endswith("/")
        if cut and head.count(":") < _COLONS:
            # No ARN: where its components end is not known from the head.
            return self._bearing(self._checks(self._near(resource, cut=False), resource, cut=False))
        found = self._bearing(self._checks(self._near(head, cut=cut), head, cut=cut))
        self._memo.keep(head, found)
        return found

    def _bearing(self, checks: tuple[Check, ...]) -> Bearing:
        found = self._shared.get(checks)
        if found is None:
            if len(self._shared) > 2 * len(self.placed):
                self._shared.clear()
            found = self._shared[checks] = Bearing(checks)
        return found

    def _checks(self, placed: Iterable[Placed], head: str, *, cut: bool) -> tuple[Check, ...]:
        """What remains to be asked of each statement that may match; see `Statement.matches` for the rules."""
        found: list[Check] = []
        for one in placed:
            statement = one.statement
            allow = statement.effect is Effect.ALLOW
            settled: bool | None = self._of_resource or not allow
            if statement.resources is not None:
                resources = statement.resources
                settled = resources.settled_below(head) if cut else resources.settled(head)
            principals = statement.principals
            names_nobody = self._of_resource if principals is None else principals.negated and allow
            if settled is not False and not names_nobody:
                found.append(one.check(resource_open=settled is None))
        return tuple(found)

    def _file(self, placed: Iterable[Placed]) -> None:
        """File statements under the literal text that their resources, or the last components of them, begin with."""
        heads, tails = list[tuple[str, Placed]](), list[tuple[str, Placed]]()
        self._anywhere: list[Placed] = []
        for one in placed:
            resources = one.statement.resources
            if resources is None or resources.everything or resources.negated:
                self._anywhere.append(one)
                continue
            read = resources.read
            heads += [(text, one) for text in read.exact]
            heads += [(text, one) for text in read.prefixes]
            for other in read.others:
                if other.tail_head and other.head.count(":") < _COLONS:
                    tails.append((other.tail_head, one))
                else:
                    heads.append((other.head, one))
        self._by_head, self._by_tail = Prefixes(heads), Prefixes(tails)

    def _near(self, head: str, *, cut: bool) -> Iterable[Placed]:
        """The statements that may match, in the order of the pool."""
        if len(self.placed) < _WORTH_AN_INDEX:
            return self.placed
        found = self._by_head.beginning(head)
        if cut:
            found += self._by_head.below(head)
        if self._by_tail:
            tail = head.split(":", _COLONS)[-1]
            found += self._by_tail.beginning(tail)
            if cut:
                found += self._by_tail.below(tail)
        if not found:
            return self._anywhere
        return sorted({*found, *self._anywhere}, key=_by_order)


def _by_order(placed: Placed) -> int:
    return placed.order
