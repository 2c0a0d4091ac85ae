"""catalog: the service authorization reference: which actions, resource types and condition keys each service has.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Literal, Protocol, TypeVar

import msgspec

from ostiary.catalog.archive import Archive
from ostiary.catalog.sources import DATA

REFERENCE_FILE: Final = "service-reference.bin"

AccessLevel = Literal["List", "Read", "Write", "Permissions management", "Tagging"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResource:
    """A resource type that an action can be limited to."""

    name: str  # a key of the service's `resource_types`
    required: bool = False  # AWS marks it with an asterisk: the action always asks for one
    condition_keys: tuple[str, ...] = ()  # those that apply when this resource is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action. Without `resources` it is asked with the resource `*`."""

    name: str
    description: str
    access_level: AccessLevel
    resources: tuple[ActionResource, ...] = ()
    condition_keys: tuple[str, ...] = ()  # those that apply whatever the resource
    dependent_actions: tuple[str, ...] = ()  # permissions also needed, as `service:Action`


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A kind of resource."""

    name: str
    arn: str  # with AWS's placeholders: `arn:${Partition}:s3:::${BucketName}`
    condition_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionKey:
    """A condition key; a part of its name may stand for any text: `aws:RequestTag/${TagKey}`."""

    name: str
    description: str
    type: str  # AWS's word: String, ArrayOfString, ARN, ArrayOfARN, Bool, ArrayOfBool, Numeric, Date, IPAddress

    @property
    def multivalued(self) -> bool:
        """Whether a request may carry several values, so that `ForAllValues:` and `ForAnyValue:` make sense."""
        return self.type.startswith("ArrayOf")

    def covers(self, name: str) -> bool:
        """Whether a name written in a policy means this key: case does not matter, placeholders stand for any text."""
        return _template(self.name).fullmatch(name) is not None


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


class ByName(Mapping[str, _N]):
    """Things under their names. Iterating gives the names as AWS writes them; looking up ignores case, as IAM does."""

    __slots__ = ("_things",)

    def __init__(self, things: Iterable[_N]) -> None:
        self._things = {thing.name.lower(): thing for thing in things}

    def __getitem__(self, name: str) -> _N:
        return self._things[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return (thing.name for thing in self._things.values())

    def __len__(self) -> int:
        return len(self._things)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service prefix."""

    prefix: str  # what stands before the colon of an action
    name: str
    resource_control_policies: bool  # whether RCPs bind it
    actions: ByName[Action]
    resource_types: ByName[ResourceType]
    condition_keys: ByName[ConditionKey]

    def condition_key(self, name: str) -> ConditionKey | None:
        """The key that a name written in a policy means; `s3:ExistingObjectTag/team` is `s3:ExistingObjectTag/<key>`.

        Global keys (`aws:SourceIp`) are found only where the reference lists them for this service.
        """
        if exact := self.condition_keys.get(name):
            return exact
        return next((key for key in self.condition_keys.values() if key.covers(name)), None)


class ServicePage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service as it is kept: one frame of the archive, under its prefix."""

    name: str
    resource_control_policies: bool = False
    actions: tuple[Action, ...] = ()
    resource_types: tuple[ResourceType, ...] = ()
    condition_keys: tuple[ConditionKey, ...] = ()


def services() -> Sequence[str]:
    """Every service prefix, sorted."""
    return tuple(_action_names())


@lru_cache(maxsize=64)
def service(prefix: str) -> Service | None:
    """The service with this prefix, in whatever case; None when AWS has none."""
    page = read_page(_archive(), prefix.lower())
    if page is None:
        return None
    return Service(
        prefix=prefix.lower(),
        name=page.name,
        resource_control_policies=page.resource_control_policies,
        actions=ByName(page.actions),
        resource_types=ByName(page.resource_types),
        condition_keys=ByName(page.condition_keys),
    )


def expand(pattern: str) -> tuple[str, ...]:
    """The actions that an `Action` pattern of a policy matches, as `prefix:Name`, sorted; none is an empty tuple.

    A pattern is `*` or `prefix:name`; `*` and `?` are wildcards in the name only, and case does not matter.
    """
    if pattern == "*":
        return tuple(f"{prefix}:{name}" for prefix, names in _action_names().items() for name in names)
    prefix, _, wanted = pattern.partition(":")
    prefix = prefix.lower()
    covers = _pattern(wanted)
    return tuple(f"{prefix}:{name}" for name in _action_names().get(prefix, ()) if covers(name))


def read_page(archive: Archive, prefix: str) -> ServicePage | None:
    """One service of an archive."""
    found = archive.part(prefix)
    return None if found is None else msgspec.json.decode(found, type=ServicePage)


def read_action_names(archive: Archive) -> dict[str, tuple[str, ...]]:
    """The names of every service's actions: the head of the archive, so that `expand` reads no service."""
    return msgspec.json.decode(archive.head(), type=dict[str, tuple[str, ...]])


@cache
def _archive() -> Archive:
    return Archive(DATA / REFERENCE_FILE)


@cache
def _action_names() -> dict[str, tuple[str, ...]]:
    return read_action_names(_archive())


_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}|<[^>]*>")


@lru_cache(maxsize=1024)
def _template(name: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, _PLACEHOLDER.split(name))), re.IGNORECASE | re.DOTALL)


def _pattern(wanted: str) -> Callable[[str], object]:
    """Whether a name is covered; most patterns are a name, or its beginning, and need no regular expression."""
    begins = wanted.removesuffix("*").lower()
    if "*" in begins or "?" in begins:
        return _wildcards(wanted).fullmatch
    if wanted.endswith("*"):
        return lambda name: name.lower().startswith(begins)
    return lambda name: name.lower() == begins


@lru_cache(maxsize=1024)
def _wildcards(pattern: str) -> re.Pattern[str]:
    # Atomic groups: the leftmost place for each piece is as good as any, so nothing is tried twice.
    first, *pieces = (re.escape(piece).replace(r"\?", ".") for piece in pattern.split("*"))
    if not pieces:
        return re.compile(first, re.IGNORECASE | re.DOTALL)
    *middle, last = pieces
    whole = [first, *(f"(?>.*?{piece})" for piece in middle if piece), ".*", last]
    return re.compile("".join(whole), re.IGNORECASE | re.DOTALL)
