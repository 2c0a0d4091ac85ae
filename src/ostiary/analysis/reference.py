"""analysis: the service authorization reference, turned round: by the vendor of an ARN, by condition key, by action.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services". It is read through
once, when the first policy is judged.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from ostiary import catalog
from ostiary.catalog import ConditionKey

_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}|<[^>]*>")
_STARS: Final = re.compile(r"\*+")
_LOOSE_PLACEHOLDER: Final = "/tag-key"
"""How some pages write `/${TagKey}`."""
_FIELDS: Final = 6
_CLOSE: Final = 0.8
"""How alike two names must be for one to be meant by the other."""


@dataclass(frozen=True, slots=True)
class Format:
    """An ARN format: `*` stands for the parts that vary."""

    service: str
    """The service that has the resource type; often the vendor itself."""
    type: str
    region: str
    account: str
    resource: str


@dataclass(slots=True)
class Reference:
    """What the checks look up."""

    formats: dict[str, list[Format]] = field(default_factory=lambda: defaultdict(list))
    """By vendor, the third field of an ARN."""
    keys: dict[str, list[ConditionKey]] = field(default_factory=lambda: defaultdict(list))
    """By name in lower case; a key that several services have may differ between them."""
    templates: dict[str, list[ConditionKey]] = field(default_factory=lambda: defaultdict(list))
    """Keys with a part that varies, by their prefix (what stands before the colon)."""
    prefixes: set[str] = field(default_factory=set)
    """Of condition keys."""


@cache
def reference() -> Reference:
    """The reference."""
    found = Reference()
    for prefix in catalog.services():
        service = catalog.service(prefix)
        if service is None:
            continue
        for resource in service.resource_types.values():
            fields = _PLACEHOLDER.sub("*", resource.arn).split(":", _FIELDS - 1)
            if len(fields) == _FIELDS and fields[0] == "arn":
                _, _, vendor, region, account, rest = fields
                found.formats[vendor].append(Format(prefix, resource.name, region, account, rest))
        for key in service.condition_keys.values():
            name = key.name.lower()
            found.prefixes.add(name.partition(":")[0])
            if name.endswith(_LOOSE_PLACEHOLDER):
                key = ConditionKey(name=f"{name.partition('/')[0]}/${{TagKey}}", description="", type=key.type)
            if _PLACEHOLDER.search(key.name):
                found.templates[name.partition(":")[0]].append(key)
            else:
                found.keys[name].append(key)
    return found


@lru_cache(maxsize=4096)
def service_keys(name: str) -> tuple[ConditionKey, ...]:
    """The keys that a name (in lower case) means, in whichever services; none if there is no such key."""
    index = reference()
    exact = index.keys.get(name)
    if exact:
        return tuple(exact)
    return tuple(key for key in index.templates.get(name.partition(":")[0], ()) if key.covers(name))


@cache
def service_names() -> frozenset[str]:
    """Every service prefix."""
    return frozenset(catalog.services())


@lru_cache(maxsize=16384)
def expanded(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern covers."""
    return catalog.expand(pattern)


@lru_cache(maxsize=1024)
def near_action(service: str, name: str) -> str | None:
    """The action that somebody who wrote this one may have meant."""
    names = {each.partition(":")[2].lower(): each for each in expanded(f"{service}:*")}
    near = difflib.get_close_matches(name.lower(), names, 1, _CLOSE)
    return names[near[0]] if near else None


@lru_cache(maxsize=1024)
def near_service(name: str) -> str | None:
    """The service prefix that somebody who wrote this one may have meant."""
    near = difflib.get_close_matches(name, service_names(), 1, _CLOSE)
    return near[0] if near else None


@lru_cache(maxsize=256)
def keys_of_actions(prefix: str) -> dict[str, frozenset[str]]:
    """For each action of a service (lower case, without prefix), the keys that can be in its requests (lower case)."""
    service = catalog.service(prefix)
    if service is None:
        return {}
    found: dict[str, frozenset[str]] = {}
    for action in service.actions.values():
        keys = set(action.condition_keys)
        for resource in action.resources:
            keys.update(resource.condition_keys)
            kind = service.resource_types.get(resource.name)
            keys.update(kind.condition_keys if kind else ())
        found[action.name.lower()] = frozenset(key.lower() for key in keys)
    return found


@dataclass(frozen=True, slots=True)
class _States:
    """A pattern as an automaton: a bit for each place in it."""

    size: int
    stars: int
    others: int
    """Places of signs that stand for one character."""
    signs: dict[str, int]
    """For each sign, the places that it can be read at (those of `?` included)."""
    ones: int
    """Places of `?`."""


@lru_cache(maxsize=8192)
def _states(pattern: str) -> _States:
    signs: dict[str, int] = defaultdict(int)
    for at, sign in enumerate(pattern):
        signs[sign] |= 1 << at
    stars, ones = signs.pop("*", 0), signs.pop("?", 0)
    others = ((1 << len(pattern)) - 1) & ~stars
    return _States(len(pattern), stars, others, {sign: at | ones for sign, at in signs.items()}, ones)


def overlap(one: str, other: str) -> bool:
    """Whether some text is covered by both patterns (`*` any run, `?` one character)."""
    if not _ends_agree(one, other):
        return False
    states = _states(_STARS.sub("*", other))
    reached = 1 | (states.stars & 1) << 1
    for sign in one:
        if sign == "*":
            reached = (1 << (states.size + 1)) - (reached & -reached)
            continue
        read = states.others if sign == "?" else states.signs.get(sign, states.ones)
        reached = (reached & states.stars) | (reached & read) << 1
        reached |= (reached & states.stars) << 1
        if not reached:
            return False
    return bool(reached >> states.size)


def _ends_agree(one: str, other: str) -> bool:
    """Whether the literal beginnings and ends can belong to one text: what sorts out nearly everything."""
    for first, second in zip(one, other, strict=False):
        if first in "*?" or second in "*?":
            break
        if first != second:
            return False
    for first, second in zip(reversed(one), reversed(other), strict=False):
        if first in "*?" or second in "*?":
            break
        if first != second:
            return False
    return True
