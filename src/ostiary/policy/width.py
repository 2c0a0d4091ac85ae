"""policy: how wide a change is: how many requests next to the one that was made it bears on.

The neighbours of a request are all combinations of
- actions: its own; others of the same verb, of the same object, of the service, of another service; and one for each
  pattern of the statements that may be changed;
- resources: its own; its sibling, another of its bucket or type, of another bucket, account and service; and one for
  each pattern;
- callers: its own; another session of the role, another user of the account, somebody of another account, nobody.
  Identity policies, boundaries and session policies are attached to the caller and count it alone; SCPs count those of
  its account;
- circumstances: its own; for each condition key of these statements the same without it and with another value.

What an added statement matches of them, a widened Allow matches more, a narrowed Deny matches less and a removed one
matched, is the width of the change. It is counted element by element (a statement matches where all its elements do),
by itself: what other policies say today, they may not say tomorrow. So it bounds from above how many neighbours would
newly be allowed (or, of an Allow taken away or a Deny added, denied). Variables are filled in as in the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ostiary.policy.arns import COMPONENTS
from ostiary.policy.conditions import Test
from ostiary.policy.decision import PolicyType
from ostiary.policy.principals import Anonymous, Principal, RoleSession, User
from ostiary.policy.request import ContextValue, Request
from ostiary.policy.statements import Statement
from ostiary.policy.trial_values import trial_values
from ostiary.policy.variables import Keys

_ATTACHED: Final = frozenset({PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION})
_OF_RESOURCE: Final = frozenset({PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ENDPOINT})
_CALLER: Final = "aws:principalarn"
_MOST_SAMPLES: Final = 12
_MOST_KEYS: Final = 6
_OTHER_ACCOUNT: Final = "000000000000"


class Neighbourhood:
    """The requests around one, as their elements."""

    __slots__ = ("_counted", "_kept", "actions", "contexts", "principals", "request", "resources")

    request: Request
    actions: tuple[str, ...]
    """In lower case."""
    resources: tuple[str, ...]
    principals: tuple[Principal, ...]
    """The caller first, then those of its account, then others."""
    contexts: tuple[Keys, ...]

    def __init__(self, request: Request, statements: Sequence[Statement]) -> None:
        """`statements`: those that may be changed."""
        self.request = request
        self.actions = _actions(request.action_key, statements)
        self.resources = _resources(request.resource, statements)
        self.principals = _principals(request.principal)
        self.contexts = _contexts(request.keys, statements)
        self._counted: dict[tuple[int, PolicyType], int] = {}
        self._kept: list[Statement] = []  # An id is a statement's for as long as the statement is there.

    def __len__(self) -> int:
        return len(self.actions) * len(self.resources) * len(self.principals) * len(self.contexts)

    def reach(self, statement: Statement, kind: PolicyType) -> int:
        """How many of the requests a statement of a type of policy matches."""
        asked = (id(statement), kind)
        found = self._counted.get(asked)
        if found is None:
            found = self._acts(statement) * self._concerns(statement, kind)
            if found:
                found *= self._callers(statement, kind) * self._circumstances(statement)
            self._counted[asked] = found
            self._kept.append(statement)
        return found

    def _acts(self, statement: Statement) -> int:
        actions = statement.actions
        if actions.everything:
            return 0 if actions.negated else len(self.actions)
        found = 0
        for action in self.actions:
            found += actions.match(action)
        return found

    def _concerns(self, statement: Statement, kind: PolicyType) -> int:
        resources = statement.resources
        if resources is not None and resources.everything:
            return 0 if resources.negated else len(self.resources)
        found, of_resource, keys = 0, kind in _OF_RESOURCE, self.request.keys
        for resource in self.resources:
            found += statement.concerns(resource, keys, of_resource=of_resource)
        return found

    def _callers(self, statement: Statement, kind: PolicyType) -> int:
        if kind in _ATTACHED:
            return 1
        if kind is PolicyType.SCP:
            account = self.request.principal.account
            return sum(one.account == account for one in self.principals)
        of_resource = kind in _OF_RESOURCE
        named = [statement.names(one, of_resource=of_resource, bounded=False) for one in self.principals]
        return sum(bool(one) for one in named)

    def _circumstances(self, statement: Statement) -> int:
        if not statement.tests:
            return len(self.contexts)
        return sum(statement.condition_holds(keys) for keys in self.contexts)


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


def _sample(pattern: str) -> str:
    """One thing that a pattern covers."""
    return pattern.replace("*", "neighbour").replace("?", "n")


def _actions(action: str, statements: Sequence[Statement]) -> tuple[str, ...]:
    service, _, name = action.partition(":")
    verb = next((one for one in _VERBS if name.startswith(one)), "")
    near = (action, f"{action}neighbour", f"{service}:{verb}neighbour", f"{service}:neighbour{name[len(verb) :]}")
    patterns = [_sample(one.lower()) for each in statements for one in each.actions.patterns if one != "*"]
    return _unique((*near, f"{service}:neighbour", "neighbour:neighbour", *patterns[:_MOST_SAMPLES]))


_VERBS: Final = (
    "describe",
    "associate",
    "delete",
    "create",
    "update",
    "attach",
    "remove",
    "batch",
    "assume",
    "list",
    "send",
    "tag",
    "add",
    "get",
    "put",
    "set",
)


def _resources(resource: str, statements: Sequence[Statement]) -> tuple[str, ...]:
    parts = resource.split(":", COMPONENTS - 1)
    near = [resource, "arn:aws:neighbour:us-east-1:000000000000:neighbour/neighbour"]
    if len(parts) == COMPONENTS:
        *head, name = parts
        start = ":".join(head)
        first, slash, _ = name.partition("/")
        near += [f"{start}:{name[: name.rfind('/') + 1]}neighbour", f"{start}:{first}neighbour{slash}neighbour"]
        if slash:
            near.append(f"{start}:{first}/neighbour/neighbour")
        if head[4]:
            near.append(":".join((*head[:4], _OTHER_ACCOUNT, name)))
    patterns = [
        _sample(one)
        for each in statements
        if each.resources is not None
        for one in each.resources.patterns
        if one != "*" and "${" not in one
    ]
    return _unique((*near, *patterns[:_MOST_SAMPLES]))


def _principals(principal: Principal) -> tuple[Principal, ...]:
    own: list[Principal] = [principal]
    if isinstance(principal, RoleSession):
        arn = f"{principal.arn.rpartition('/')[0]}/neighbour"
        own.append(RoleSession(arn=arn, role_arn=principal.role_arn, account=principal.account, id=principal.id))
    if principal.account is not None:
        own.append(_user(principal.account))
    return (*own, _user(_OTHER_ACCOUNT), Anonymous())


def _user(account: str) -> User:
    return User(arn=f"arn:aws:iam::{account}:user/neighbour", account=account)


def _contexts(keys: Keys, statements: Sequence[Statement]) -> tuple[Keys, ...]:
    asked: dict[str, Test | None] = {_CALLER: None} if _CALLER in keys else {}
    for statement in statements:
        for test in statement.tests:
            asked.setdefault(test.key.lower(), test)
    found: list[Keys] = [keys]
    for key, of in list(asked.items())[:_MOST_KEYS]:
        without = {name: value for name, value in keys.items() if name != key}
        if key in keys:
            found.append(without)
        found += [{**without, key: value} for value in _others(of, keys, keys.get(key))]
    return tuple(found)


def _others(test: Test | None, keys: Keys, now: ContextValue | None) -> list[ContextValue]:
    """The last value that may be tried, and one that the test names."""
    if test is None:
        return ["arn:aws:iam::000000000000:user/neighbour"]
    tried = [value for value in trial_values(test, keys) if value is not None and value != now]
    return list(dict.fromkeys((tried[0], tried[-1]))) if tried else []
