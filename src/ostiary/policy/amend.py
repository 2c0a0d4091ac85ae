"""policy: a statement written otherwise, so that it matches a request or no longer does; and whole new statements.

An Allow is only ever widened and a Deny only narrowed, one element at a time: what the statement matched otherwise, it
still does (or still does not).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.policy.amend_tests import amended_values, literal
from ostiary.policy.compile import CURRENT_VERSION
from ostiary.policy.decision import PolicyType
from ostiary.policy.parse import Json, read
from ostiary.policy.placed import Placed
from ostiary.policy.principals import Anonymous, Federated, Principal, Service, Strength, named
from ostiary.policy.reports import StatementReport, TestReport
from ostiary.policy.request import Request
from ostiary.policy.statements import Actions, Resources

Element = dict[str, Json]
"""A statement as JSON."""

_OF_RESOURCE: Final = frozenset({PolicyType.RESOURCE, PolicyType.TRUST, PolicyType.ENDPOINT})
_CALLER: Final = "aws:PrincipalArn"


def new_statement(effect: str, kind: PolicyType, request: Request, version: str = CURRENT_VERSION) -> Element:
    """The narrowest statement of a type of policy that matches a request."""
    statement: Element = {"Effect": effect, "Action": request.action}
    if kind in _OF_RESOURCE:
        statement["Principal"] = _entry(request.principal)
    if kind is not PolicyType.TRUST:
        statement["Resource"] = _resource(request.resource, version)
    return statement


def as_written(placed: Placed) -> Element:
    """A statement as its author wrote it; numbers as their text, which means the same."""
    document = read(placed.policy.text)
    body = document["Statement"] if isinstance(document, dict) else None
    found = body[placed.statement.index] if isinstance(body, list) else body
    return dict(found) if isinstance(found, dict) else {}


def widened(one: StatementReport, request: Request, *, of_resource: bool) -> Iterator[tuple[str, Element]]:
    """Ways to write an Allow that fails in one part so that it matches, each with the words for it."""
    (part,) = one.failed
    written, statement, version = as_written(one.placed), one.placed.statement, one.placed.policy.version
    if part == "action":
        yield from _listed(written, "Action", request.action, statement.actions.negated, _acts(request))
    elif part == "resource" and statement.resources is not None:
        entry, negated = _resource(request.resource, version), statement.resources.negated
        yield from _listed(written, "Resource", entry, negated, _concerns(request, version))
    elif part == "principal" and of_resource and statement.principals is not None and not statement.principals.negated:
        yield f"name `{_name(request.principal)}` in Principal", {**written, "Principal": _joined(written, request)}
    elif part == "condition":
        yield _holding(written, one, request)


def narrowed(one: StatementReport, request: Request) -> Iterator[tuple[str, Element]]:
    """Ways to write a Deny that matches so that it does not, each with the words for it."""
    written, statement, version = as_written(one.placed), one.placed.statement, one.placed.policy.version
    yield from _excepted(written, "Action", request.action, statement.actions.everything, _acts(request))
    resources = statement.resources
    if resources is not None and request.resource != "*":
        entry, listed = _resource(request.resource, version), _concerns(request, version)
        yield from _excepted(written, "Resource", entry, resources.everything, listed)
    yield from _without_caller(written, request)
    for test in one.tests:
        values = amended_values(test, request.keys, version, holds=False)
        if values is not None:
            yield _told(test, values), _with_test(written, test.operator, test.key, values)


def _told(test: TestReport, values: tuple[str, ...]) -> str:
    wanted = ", ".join(f"`{value}`" for value in values)
    return f"let {test.operator} `{test.key}` say {wanted}"


class _Listing:
    """Whether one pattern of Action or Resource covers what is asked."""

    __slots__ = ("_of_action", "_request", "_version")

    def __init__(self, request: Request, version: str, *, of_action: bool) -> None:
        self._request, self._version, self._of_action = request, version, of_action

    def covers(self, pattern: str) -> bool:
        if self._of_action:
            return Actions((pattern,), negated=False).match(self._request.action_key)
        one = Resources((pattern,), negated=False, variables=self._version == CURRENT_VERSION)
        return one.match(self._request.resource, self._request.keys)


def _acts(request: Request) -> _Listing:
    return _Listing(request, "", of_action=True)


def _concerns(request: Request, version: str) -> _Listing:
    return _Listing(request, version, of_action=False)


def _texts(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _some(values: list[Json]) -> Json:
    return values[0] if len(values) == 1 else values


def _listed(written: Element, name: str, entry: str, negated: bool, listing: _Listing) -> Iterator[tuple[str, Element]]:
    """Action or Resource with one entry more, NotAction or NotResource with those less that stand in the way."""
    if not negated:
        yield f"add `{entry}` to {name}", {**written, name: [*_texts(written[name]), entry]}
        return
    yield from _less(written, f"Not{name}", listing)


def _excepted(
    written: Element, name: str, entry: str, everything: bool, listing: _Listing
) -> Iterator[tuple[str, Element]]:
    """NotAction or NotResource with one entry more, or in place of `*`; Action or Resource with entries less."""
    negated = f"Not{name}"
    if negated in written:
        yield f"add `{entry}` to {negated}", {**written, negated: [*_texts(written[negated]), entry]}
    elif everything:
        turned = {negated if key == name else key: entry if key == name else value for key, value in written.items()}
        yield f"say {negated} `{entry}` in place of {name} `*`", turned
    else:
        yield from _less(written, name, listing)


def _less(written: Element, name: str, listing: _Listing) -> Iterator[tuple[str, Element]]:
    """The entries that cover what is asked taken out, if others remain."""
    entries = _texts(written[name])
    out = [entry for entry in entries if listing.covers(str(entry))]
    if len(out) < len(entries):
        kept = [entry for entry in entries if entry not in out]
        shown = ", ".join(f"`{entry}`" for entry in out)
        yield f"take {shown} out of {name}", {**written, name: _some(kept)}


def _without_caller(written: Element, request: Request) -> Iterator[tuple[str, Element]]:
    """The caller's entries taken out of Principal, if others remain; else the exception AWS documents."""
    element = written.get("Principal")
    if isinstance(element, dict):
        kept: Element = {}
        out: list[str] = []
        for key, value in element.items():
            names = [(entry, named({key: (str(entry),)}).strength(request.principal)) for entry in _texts(value)]
            out += [str(entry) for entry, strength in names if strength is not Strength.NONE]
            left = [entry for entry, strength in names if strength is Strength.NONE]
            if left:
                kept[key] = _some(left)
        if out and kept:
            yield f"take {', '.join(f'`{entry}`' for entry in out)} out of Principal", {**written, "Principal": kept}
    caller = request.keys.get(_CALLER.lower())
    condition = written.get("Condition", {})
    block = condition.get("ArnNotEquals", {}) if isinstance(condition, dict) else None
    if isinstance(caller, str) and isinstance(block, dict) and _CALLER.lower() not in {key.lower() for key in block}:
        changed = _with_test(written, "ArnNotEquals", _CALLER, (caller,))
        yield f"except `{caller}` by ArnNotEquals `{_CALLER}`", changed


def _holding(written: Element, one: StatementReport, request: Request) -> tuple[str, Element]:
    """The failing tests of a Condition with values that hold; one that can't hold is left out."""
    words: list[str] = []
    for test in one.tests:
        if test.holds:
            continue
        values = amended_values(test, request.keys, one.placed.policy.version, holds=True)
        if values is None:
            words.append(f"leave out {test.operator} `{test.key}`")
            written = _with_test(written, test.operator, test.key, None)
        else:
            words.append(_told(test, values))
            written = _with_test(written, test.operator, test.key, values)
    return " and ".join(words), written


def _with_test(written: Element, operator: str, key: str, values: tuple[str, ...] | None) -> Element:
    """The statement with other values in one test, or without it."""
    before = written.get("Condition", {})
    condition: Element = dict(before) if isinstance(before, dict) else {}
    inner = condition.get(operator, {})
    block: Element = dict(inner) if isinstance(inner, dict) else {}
    if values is None:
        del block[key]
    else:
        block[key] = _some(list(values))
    condition[operator] = block
    if not block:
        del condition[operator]
    changed: Element = {**written, "Condition": condition}
    if not condition:
        del changed["Condition"]
    return changed


def _joined(written: Element, request: Request) -> Json:
    element, entry = written["Principal"], _entry(request.principal)
    if not isinstance(entry, dict) or not isinstance(element, dict):
        return entry
    joined = dict(element)
    for key, value in entry.items():
        joined[key] = [*_texts(joined[key]), value] if key in joined else value
    return joined


def _entry(principal: Principal) -> Json:
    match principal:
        case Anonymous():
            return "*"
        case Service():
            return {"Service": principal.arn}
        case Federated():
            return {"Federated": principal.arn}
        case _:
            return {"AWS": principal.arn}


def _name(principal: Principal) -> str:
    return principal.arn or "*"


def _resource(resource: str, version: str) -> str:
    return resource if resource == "*" else literal(resource, version)
