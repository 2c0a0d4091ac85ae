"""analysis: what may stand at a place of a policy that is being written: actions, resources, condition keys, operators.

Source: Service Authorization Reference; IAM User Guide, "AWS global condition context keys", "Condition operators".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

from ostiary import catalog
from ostiary.analysis.global_keys import GLOBAL_KEYS, TAG_KEYS
from ostiary.analysis.reference import expanded
from ostiary.policy.operators import OPERATORS

MOST: Final = 200
"""Offers at once: who sees more types on."""
_PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}|<[^>]*>")
_LOOKED_AT: Final = 40
"""Actions of a statement whose resources and keys are offered."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that may be written."""

    text: str
    kind: str = ""
    """An access level, a resource type, a type of values."""
    about: str = ""
    """AWS's description."""


def offers(what: str, begun: str, actions: Sequence[str] = (), account: str = "") -> list[Offer]:
    """What may be written at a place.

    Args:
        what: `action`, `resource`, `key` or `operator`.
        begun: what stands there already; offers begin with it, in whatever case.
        actions: of the same statement, whose resources and keys come first.
        account: for ARNs that name one.
    """
    source = _SOURCES.get(what)
    if source is None:
        return []
    begun = begun.lower()
    found = (each for each in source(begun, actions[:_LOOKED_AT], account) if each.text.lower().startswith(begun))
    return list(islice({each.text: each for each in found}.values(), MOST))


def arn_formats(actions: Iterable[str], account: str) -> Iterator[Offer]:
    """The ARNs of the resource types that actions can be limited to, `*` for what varies; the usual ones first."""
    for service, types in _resource_types(actions).items():
        known = catalog.service(service)
        for name in types:
            kind = known.resource_types.get(name) if known is not None else None
            if kind is not None:
                yield Offer(_arn(kind.arn, account), name, kind.arn)


def _actions(begun: str, _actions: Sequence[str], _account: str) -> Iterator[Offer]:
    prefix, colon, _ = begun.partition(":")
    if not colon:
        for service in catalog.services():
            if service.startswith(prefix):
                known = catalog.service(service)
                yield Offer(f"{service}:", "", known.name if known is not None else "")
        return
    known = catalog.service(prefix)
    if known is not None:
        for action in known.actions.values():
            yield Offer(f"{known.prefix}:{action.name}", action.access_level, action.description)
        yield Offer(f"{known.prefix}:*", "", known.name)


def _resources(_begun: str, actions: Sequence[str], account: str) -> Iterator[Offer]:
    yield Offer("*")
    yield from arn_formats(actions, account)


def _keys(begun: str, actions: Sequence[str], _account: str) -> Iterator[Offer]:
    for service, names in _by_service(actions).items():
        known = catalog.service(service)
        if known is None:
            continue
        wanted = {key for name in names for key in _keys_of(known, name)}
        for key in known.condition_keys.values():
            if key.name in wanted:
                yield Offer(_written(key.name), key.type, key.description)
    yield from _global_keys()
    prefix, colon, _ = begun.partition(":")
    known = catalog.service(prefix) if colon else None
    for key in known.condition_keys.values() if known is not None else ():
        yield Offer(_written(key.name), key.type, key.description)


def _operators(_begun: str, _actions: Sequence[str], _account: str) -> Iterator[Offer]:
    yield from (Offer(name) for name in operators())


@cache
def operators() -> tuple[str, ...]:
    """Every condition operator: the plain ones first, then those that let a key be absent, then the set operators."""
    plain = (*OPERATORS, "Null")
    optional = tuple(f"{name}IfExists" for name in OPERATORS)
    return (*plain, *optional, *(f"{kind}:{name}" for kind in ("ForAllValues", "ForAnyValue") for name in plain))


_SOURCES: Final[dict[str, Callable[[str, Sequence[str], str], Iterator[Offer]]]] = {
    "action": _actions,
    "resource": _resources,
    "key": _keys,
    "operator": _operators,
}


@cache
def _global_keys() -> tuple[Offer, ...]:
    found = [Offer(f"aws:{name}", kind) for kind, names in GLOBAL_KEYS.items() for name in names]
    return tuple(sorted([*found, *(Offer(f"aws:{name}/", "String") for name in TAG_KEYS)], key=lambda each: each.text))


def _keys_of(known: catalog.Service, name: str) -> Iterator[str]:
    action = known.actions[name]
    yield from action.condition_keys
    for resource in action.resources:
        yield from resource.condition_keys
        kind = known.resource_types.get(resource.name)
        yield from kind.condition_keys if kind is not None else ()


def _resource_types(actions: Iterable[str]) -> dict[str, list[str]]:
    """By service, those that most of the actions take first."""
    found: dict[str, list[str]] = {}
    for service, names in _by_service(actions).items():
        known = catalog.service(service)
        if known is not None:
            taken = Counter(each.name for name in names for each in known.actions[name].resources)
            found[service] = [name for name, _ in taken.most_common()]
    return found


def _by_service(patterns: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pattern in patterns:
        if pattern != "*":
            for action in expanded(pattern):
                service, _, name = action.partition(":")
                found.setdefault(service, []).append(name)
    return found


def _arn(template: str, account: str) -> str:
    def filled(placeholder: re.Match[str]) -> str:
        known = {"Partition": "aws", "Account": account or "*"}
        return known.get(placeholder[1] or "", "*")

    return re.sub(r"\*+", "*", _PLACEHOLDER.sub(filled, template))


def _written(key: str) -> str:
    """A key whose last part varies, as far as it does not."""
    return _PLACEHOLDER.split(key)[0]
