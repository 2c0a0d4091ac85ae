"""analysis: what one document allows or denies and another does not: a difference of meaning, not of text.

Statements are taken apart into scopes: one principal, one resource pattern, all conditions of the statement. An action
that a document allows in a scope is in the other one too where that allows it in a scope that covers this one. What is
said to be covered is: `Comparison.nothing_new` holds for every request there can be. The reverse is not so: what two
statements cover only together counts as a difference, and so does a condition that is written in another way.

Source: IAM User Guide, "IAM JSON policy elements reference"; R20–R26 for what patterns cover.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from ostiary.analysis.model import PolicyType
from ostiary.analysis.paper import Paper, Statement, Test
from ostiary.analysis.patterns import covers, covers_resource, disjoint
from ostiary.analysis.reference import expanded
from ostiary.policy import compile_policy
from ostiary.policy.parse import read

EVERY_SERVICE: Final = "*"
_WIDER_WITH_MORE: Final = frozenset(
    {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress"}
)
_WIDER_WITH_LESS: Final = frozenset(
    {"StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike", "NotIpAddress"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Actions that only one of two documents speaks of, in the same scope."""

    effect: str
    """`Allow` or `Deny`."""
    service: str
    """The prefix; `*`: all of them."""
    actions: tuple[str, ...]
    """Names, or patterns as they are written, without the prefix where the service is named."""
    count: int
    """How many actions of AWS's these are; 0: only such as AWS does not have, or not yet."""
    negated: bool
    """All but these."""
    resources: tuple[str, ...]
    all_but_resources: bool
    principals: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a change of a document changes."""

    gained: tuple[Change, ...]
    """Allows that are new, and denials that are gone."""
    lost: tuple[Change, ...]
    """Allows that are gone, and denials that are new."""

    @property
    def nothing_new(self) -> bool:
        """The second document allows nothing that the first does not."""
        return not self.gained

    @property
    def same(self) -> bool:
        """They mean the same."""
        return not self.gained and not self.lost


@lru_cache(maxsize=256)
def compare(before: str, after: str) -> Comparison:
    """What the second document changes.

    Raises:
        MalformedPolicy: one of them can't be read.
    """
    old, new = _scopes(before), _scopes(after)
    gained = [*_missing(new.allow, old.allow, new.deny), *_missing(old.deny, new.deny, ())]
    lost = [*_missing(old.allow, new.allow, old.deny), *_missing(new.deny, old.deny, ())]
    return Comparison(gained=_joined(gained), lost=_joined(lost))


@dataclass(frozen=True)
class _Scope:
    """One principal, one resource and the conditions of a statement, with its actions."""

    statement: Statement
    principal: tuple[str, frozenset[tuple[str, str]]]
    """The element's name, and its entries: one of Principal, all of NotPrincipal."""
    resources: tuple[str, ...]
    """One of Resource, all of NotResource."""
    variables: bool
    """`${…}` stands for something."""

    @cached_property
    def known(self) -> frozenset[str]:
        """The actions of AWS's that it speaks of."""
        found = frozenset(action for item in self.statement.actions for action in _actions(item.text))
        return _actions("*") - found if self.all_but else found

    @property
    def all_but(self) -> bool:
        return self.statement.action_element == "NotAction"

    @property
    def patterns(self) -> tuple[str, ...]:
        return tuple(item.text for item in self.statement.actions)

    def covers(self, other: _Scope) -> bool:
        """Whether every request of the other scope, actions left aside, is in this one."""
        return self._covers_principal(other) and self._covers_resource(other) and self._covers_conditions(other)

    def _covers_principal(self, other: _Scope) -> bool:
        everyone = self.principal[0] == "Principal" and any(text == "*" for _, text in self.principal[1])
        return self.principal == other.principal or (everyone and other.principal[0] == "Principal")

    def _covers_resource(self, other: _Scope) -> bool:
        mine, theirs = self.statement.resource_element, other.statement.resource_element
        if mine == "Resource" and self.resources == ("*",):
            return True
        if self.variables != other.variables and any("${" in text for text in (*self.resources, *other.resources)):
            return False
        if mine is None or theirs is None:
            return mine is theirs
        if mine == "Resource":
            return theirs == "Resource" and covers_resource(self.resources[0], other.resources[0])
        if theirs == "Resource":
            return all(disjoint(text, other.resources[0]) for text in self.resources)
        return all(any(covers_resource(left, text) for left in other.resources) for text in self.resources)

    def _covers_conditions(self, other: _Scope) -> bool:
        tests = other.statement.tests
        alike = self.variables == other.variables
        return all(any(_holds_with(mine, theirs, alike) for theirs in tests) for mine in self.statement.tests)

    def covers_pattern(self, pattern: str) -> bool:
        """Whether every action that a pattern may ever cover is among these."""
        if self.all_but:
            return all(disjoint(text.lower(), pattern.lower()) for text in self.patterns)
        return any(text == "*" or _covers_action(text, pattern) for text in self.patterns)


@dataclass(slots=True)
class _Scopes:
    allow: list[_Scope] = field(default_factory=list)
    deny: list[_Scope] = field(default_factory=list)


@lru_cache(maxsize=256)
def _scopes(text: str) -> _Scopes:
    compile_policy(text)
    value = read(text)
    assert isinstance(value, dict)
    paper = Paper(text=text, value=value, policy_type=PolicyType.IDENTITY, resource_type=None)
    found = _Scopes()
    for statement in paper.statements:
        into = found.allow if statement.effect == "Allow" else found.deny
        for principal in _principals(statement):
            for resources in _resources(statement):
                into.append(_Scope(statement, principal, resources, paper.version == "2012-10-17"))
    return found


def _principals(statement: Statement) -> Iterator[tuple[str, frozenset[tuple[str, str]]]]:
    entries = [(each.key, each.text) for each in statement.principals]
    if statement.principal_element == "Principal":
        yield from (("Principal", frozenset({entry})) for entry in entries)
    else:
        yield statement.principal_element or "", frozenset(entries)


def _resources(statement: Statement) -> Iterator[tuple[str, ...]]:
    texts = tuple(item.text for item in statement.resources)
    if statement.resource_element == "Resource":
        yield from ((text,) for text in texts)
    else:
        yield texts


@lru_cache(maxsize=4096)
def _actions(pattern: str) -> frozenset[str]:
    return frozenset(expanded(pattern))


def _covers_action(pattern: str, other: str) -> bool:
    prefix, _, name = pattern.lower().partition(":")
    other_prefix, colon, other_name = other.lower().partition(":")
    return bool(colon) and prefix == other_prefix and covers(name, other_name)


def _holds_with(mine: Test, theirs: Test, alike: bool) -> bool:
    """Whether a test holds wherever the other one does."""
    if mine.operator != theirs.operator or mine.key.lower() != theirs.key.lower():
        return False
    own, other = (frozenset(value.text for value in test.values) for test in (mine, theirs))
    if not alike and any("${" in text for text in own | other):
        return False
    if own == other:
        return True
    name = mine.name
    if name is None or name.quantifier is not None or not own or not other:
        return False
    return (name.base in _WIDER_WITH_MORE and own >= other) or (name.base in _WIDER_WITH_LESS and own <= other)


def _missing(scopes: Iterable[_Scope], among: Iterable[_Scope], denied: Iterable[_Scope]) -> Iterator[Change]:
    """What is in the first scopes and not in the second; of it, what is denied anyway is left out."""
    among, denied = list(among), list(denied)
    for scope in scopes:
        others = [each for each in (*among, *denied) if each.covers(scope)]
        left = scope.known.difference(*(each.known for each in others))
        if scope.all_but:
            if left or not _beyond(scope, others):
                yield _change(scope, EVERY_SERVICE, scope.patterns, len(left), negated=True)
            continue
        for pattern in scope.patterns:
            known = _actions(pattern)
            new = known & left
            covered = any(each.covers_pattern(pattern) for each in others)
            if covered or (not new and (known and "*" not in pattern and "?" not in pattern)):
                continue
            if not new or new == known:
                yield _change(scope, _service(pattern), (_name(pattern),), len(new))
            else:
                yield _change(scope, _service(pattern), tuple(sorted(map(_name, new))), len(new))


def _beyond(scope: _Scope, others: Iterable[_Scope]) -> bool:
    """Whether what an `all but` covers beyond AWS's actions is covered too."""
    return any(
        all(any(_covers_action(own, text) or own == text for own in scope.patterns) for text in other.patterns)
        if other.all_but
        else "*" in other.patterns
        for other in others
    )


def _change(scope: _Scope, service: str, actions: tuple[str, ...], count: int, *, negated: bool = False) -> Change:
    return Change(
        effect=scope.statement.effect or "",
        service=service,
        actions=actions,
        count=count,
        negated=negated,
        resources=scope.resources,
        all_but_resources=scope.statement.resource_element == "NotResource",
        principals=tuple(sorted(text for _, text in scope.principal[1])),
        conditions=tuple(
            f"{test.operator} {test.key} = {', '.join(value.text for value in test.values)}"
            for test in scope.statement.tests
        ),
    )


def _service(pattern: str) -> str:
    return pattern.partition(":")[0].lower() if ":" in pattern else EVERY_SERVICE


def _name(pattern: str) -> str:
    return pattern.partition(":")[2] or pattern


def _joined(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Those that differ in resources alone, or in actions alone, as one."""
    by_action: dict[object, Change] = {}
    for one in changes:
        key = (one.actions, one.resources if one.all_but_resources else None, *_scope_of(one))
        known = by_action.get(key)
        by_action[key] = one if known is None else _with(known, resources=one.resources)
    by_scope: dict[object, Change] = {}
    for one in by_action.values():
        key = (one.resources, *_scope_of(one))
        known = by_scope.get(key)
        by_scope[key] = one if known is None else _with(known, actions=one.actions, count=one.count)
    return tuple(sorted(by_scope.values(), key=lambda each: (each.effect, each.service, each.resources)))


def _scope_of(one: Change) -> tuple[object, ...]:
    return one.effect, one.service, one.negated, one.all_but_resources, one.principals, one.conditions


def _with(change: Change, *, actions: tuple[str, ...] = (), count: int = 0, resources: tuple[str, ...] = ()) -> Change:
    return Change(
        effect=change.effect,
        service=change.service,
        actions=tuple(dict.fromkeys((*change.actions, *actions))),
        count=change.count + count,
        negated=change.negated,
        resources=tuple(dict.fromkeys((*change.resources, *resources))),
        all_but_resources=change.all_but_resources,
        principals=change.principals,
        conditions=change.conditions,
    )
