"""An account in memory, as AWS's documentation tells of one: what operations of IAM answer, and how they fail.

It is written from the documentation alone, in the plainest way, to be held against the service. Where several faults
hold at once the documentation does not say which one is told: then `Refused` has all of them. Times are left out; a
unique id is a `Serial`, a number that stands for one id and no other.

Source: IAM API Reference, each operation; IAM User Guide, "IAM and AWS STS quotas", "Tagging", "Managing access keys".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Answer = dict[str, Any]
Tags = Sequence[dict[str, str]]
QUOTAS = {
    "UsersPerAccount": 4,
    "GroupsPerAccount": 3,
    "RolesPerAccount": 3,
    "PoliciesPerAccount": 3,
    "InstanceProfilesPerAccount": 2,
    "GroupsPerUser": 2,
    "AccessKeysPerUser": 2,
    "PoliciesPerUser": 2,
    "PoliciesPerGroup": 1,
    "PoliciesPerRole": 2,
    "VersionsPerPolicy": 3,
    "TagsPerResource": 3,
    "OpenIdConnectProvidersPerAccount": 2,
    "ClientIdsPerOpenIdConnectProvider": 2,
}
MISSING, TAKEN, IN_USE, FULL = "NoSuchEntity", "EntityAlreadyExists", "DeleteConflict", "LimitExceeded"


@dataclass(frozen=True)
class Serial:
    """Stands for a unique id."""

    number: int


class Refused(Exception):
    """The codes one of which the service must tell."""

    def __init__(self, codes: Iterable[str]) -> None:
        super().__init__(*sorted(codes))
        self.codes = set(codes)


def refuse(*faults: str, **held: bool) -> None:
    """Refuse with every code that holds."""
    codes = {*faults, *(code for code, holds in held.items() if holds)}
    if codes:
        raise Refused(codes)


@dataclass(eq=False)
class Thing:
    """A user, a group, a role, a policy or an instance profile."""

    kind: str
    name: str
    path: str
    id: Serial
    description: str | None = None
    tags: dict[str, tuple[str, str]] = field(default_factory=dict)
    embedded: dict[str, str] = field(default_factory=dict)
    attached: list[Thing] = field(default_factory=list)
    boundary: Thing | None = None
    members: list[Thing] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    """Access keys: their states by their ids."""
    password_reset: bool | None = None
    """Whether the password must be changed; None: there is none."""
    longest: int = 3600
    role: Thing | None = None
    versions: dict[int, str] = field(default_factory=dict)
    default: int = 1
    last: int = 1


KINDS = {
    "user": ("UserName", "UserId", "UsersPerAccount", "PoliciesPerUser"),
    "group": ("GroupName", "GroupId", "GroupsPerAccount", "PoliciesPerGroup"),
    "role": ("RoleName", "RoleId", "RolesPerAccount", "PoliciesPerRole"),
    "policy": ("PolicyName", "PolicyId", "PoliciesPerAccount", ""),
    "instance-profile": ("InstanceProfileName", "InstanceProfileId", "InstanceProfilesPerAccount", ""),
}


class Account:
    """All there is. `do` is the way in."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.serials = count(1)
        self.things: dict[str, dict[str, Thing]] = {kind: {} for kind in KINDS}
        self.alias: str | None = None
        self.providers: dict[str, list[str]] = {}

    def all(self, kind: str, prefix: str = "/") -> list[Thing]:
        """Those whose path begins so."""
        return [thing for thing in self.things[kind].values() if thing.path.startswith(prefix)]

    def find(self, kind: str, name: str) -> Thing | None:
        """By name, letter case ignored."""
        return self.things[kind].get(name.lower())

    def the(self, kind: str, name: str) -> Thing:
        """The same; one that is missing is a fault."""
        found = self.find(kind, name)
        if found is None:
            raise Refused({MISSING})
        return found

    def owned(self, arn: str) -> Thing | None:
        """The policy of exactly this ARN."""
        found = self.find("policy", arn.rpartition("/")[2])
        return found if found is not None and self.arn(found) == arn else None

    def policy(self, arn: str) -> Thing:
        """The same; one that is missing is a fault."""
        found = self.owned(arn)
        if found is None:
            raise Refused({MISSING})
        return found

    def arn(self, thing: Thing) -> str:
        return f"arn:aws:iam::{self.number}:{thing.kind}{thing.path}{thing.name}"

    def add(self, kind: str, name: str, path: str, tags: Tags, boundary: str | None = None, **more: Any) -> Thing:
        """A new one, unless the name is taken, there are too many, or its tags or its boundary can't be."""
        scope = self.owned(boundary) if boundary else None
        made = Thing(kind, name, path, Serial(next(self.serials)), boundary=scope, **more)
        refuse(
            *tag_faults(made, tags),
            **{
                TAKEN: self.find(kind, name) is not None,
                FULL: len(self.things[kind]) >= QUOTAS[KINDS[kind][2]],
                MISSING: boundary is not None and scope is None,
            },
        )
        made.tags = folded(made, tags)
        self.things[kind][name.lower()] = made
        return made

    def remove(self, thing: Thing, **held: bool) -> Answer:
        """Delete one that nothing holds."""
        refuse(**held)
        del self.things[thing.kind][thing.name.lower()]
        return {}

    def update(self, thing: Thing, new_name: str | None, new_path: str | None) -> Answer:
        """Rename and move."""
        if new_name is not None and self.find(thing.kind, new_name) not in (None, thing):
            raise Refused({TAKEN})
        del self.things[thing.kind][thing.name.lower()]
        thing.name, thing.path = new_name or thing.name, new_path or thing.path
        self.things[thing.kind][thing.name.lower()] = thing
        return {}

    # What is shown

    def shown(self, thing: Thing) -> Answer:
        """What every answer shows of one."""
        name, unique_id, *_ = KINDS[thing.kind]
        return {name: thing.name, "Path": thing.path, unique_id: thing.id, "Arn": self.arn(thing)}

    def whole(self, thing: Thing) -> Answer:
        """With its boundary and tags, if it has some."""
        shown = self.shown(thing)
        if thing.boundary is not None:
            arn = self.arn(thing.boundary)
            shown["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
        return {**shown, "Tags": tags_of(thing)} if thing.tags else shown

    def shown_role(self, role: Thing, trust: str) -> Answer:
        return {**self.shown(role), "AssumeRolePolicyDocument": trust}

    def shown_policy(self, policy: Thing) -> Answer:
        owners = [*self.all("user"), *self.all("group"), *self.all("role")]
        return {
            **self.shown(policy),
            "DefaultVersionId": f"v{policy.default}",
            "AttachmentCount": sum(policy in owner.attached for owner in owners),
            "PermissionsBoundaryUsageCount": sum(owner.boundary is policy for owner in owners),
            "IsAttachable": True,
        }

    def held(self, policy: Thing) -> bool:
        """Whether anybody has it, attached or as a boundary."""
        shown = self.shown_policy(policy)
        return bool(shown["AttachmentCount"] or shown["PermissionsBoundaryUsageCount"])

    # Tags

    def tag(self, thing: Thing, given: Tags) -> None:
        """Add or replace."""
        refuse(*tag_faults(thing, given))
        thing.tags |= folded(thing, given)

    def untag(self, thing: Thing, keys: Sequence[str]) -> None:
        """Keys that are not there are passed over."""
        for key in keys:
            thing.tags.pop(fold(thing, key), None)

    # Policies of an entity

    def attach(self, owner: Thing, policy: Thing) -> None:
        """A second time changes nothing."""
        if policy not in owner.attached:
            refuse(**{FULL: len(owner.attached) >= QUOTAS[KINDS[owner.kind][3]]})
            owner.attached.append(policy)

    def detach(self, owner: Thing, arn: str) -> None:
        """One that is not attached is a fault."""
        found = [policy for policy in owner.attached if self.arn(policy) == arn]
        refuse(**{MISSING: not found})
        owner.attached.remove(found[0])


def fold(thing: Thing, key: str) -> str:
    """A tag's key as it is compared."""
    return key.lower() if thing.kind in ("user", "role") else key


def folded(thing: Thing, given: Tags) -> dict[str, tuple[str, str]]:
    return {fold(thing, tag["Key"]): (tag["Key"], tag["Value"]) for tag in given}


def tag_faults(thing: Thing, given: Tags) -> set[str]:
    """A key of users and roles is one whatever its letter case."""
    new = folded(thing, given)
    faults = {"InvalidInput"} if len(new) < len(given) else set()
    return faults | ({FULL} if len(thing.tags | new) > QUOTAS["TagsPerResource"] else set())


def tags_of(thing: Thing) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in thing.tags.values()]
