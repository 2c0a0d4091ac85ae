"""services/console: the list of roles: who is trusted, in words, and when each was used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ostiary.services.console.paging import Listed, placed
from ostiary.services.console.trusted import Trusted, read
from ostiary.services.ec2 import instances
from ostiary.services.iam.names import ROLE
from ostiary.services.operation import Call
from ostiary.services.principals import to_shown
from ostiary.services.view import on, seen, view
from ostiary.store.transaction import Transaction

PAGE: Final = 50
SORTS: Final = ("name", "used", "created")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """A role in the list."""

    name: str
    path: str
    description: str
    trusted: Sequence[Trusted]
    created: int
    used: int | None
    used_seen: bool
    """Whether the last use may be shown: GetRole tells it, ListRoles does not."""


@view("iam", "ListRoles", asks=on("iam:ListRoles"))
def list_roles(call: Call, tx: Transaction) -> Listed[RoleRow]:
    """Roles by words in name, description or trust policy (`words`, `sort`, `descending`, `page`)."""
    words = str(call.params.get("words") or "")
    sort = call.params.get("sort") if call.params.get("sort") in SORTS else "name"
    total = tx.role_lists.count(call.account, words)
    page, pages = placed(total, PAGE, call.params.get("page"))
    found = tx.role_lists.page(
        call.account,
        words,
        sort=str(sort),
        descending=bool(call.params.get("descending")),
        skip=(page - 1) * PAGE,
        limit=PAGE,
    )
    rows = [
        RoleRow(
            name=each.name,
            path=each.path,
            description=each.description or "",
            trusted=read(to_shown(each.trust, tx)),
            created=each.created,
            used=each.used,
            used_seen=seen(call, "iam:GetRole", ROLE.arn(each)),
        )
        for each in found
    ]
    return Listed(rows=rows, total=total, page=page, pages=pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsingInstance:
    """An instance that has the role."""

    id: str
    region: str
    state: str
    name: str
    address: str
    launched: int
    served: int | None


@view("ec2", "DescribeInstances", asks=on("ec2:DescribeInstances"))
def instances_of_role(call: Call, tx: Transaction) -> Sequence[UsingInstance]:
    """The instances that have a role by their profile (`name`), in every Region."""
    role = ROLE.get(tx, call.account, str(call.params["name"]))
    found = tx.instance_lists.of_role(role.id, since=call.now - instances.VISIBLE_SECONDS, limit=200)
    return [
        UsingInstance(
            id=each.id,
            region=each.facts.region,
            state=each.record.state,
            name=each.facts.tags.get("Name", ""),
            address=each.facts.private_ip,
            launched=each.record.launched,
            served=each.facts.served,
        )
        for each in map(instances.read, found)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUse:
    """When a role's sessions last tried something of a service."""

    service: str
    at: int
    region: str
    action: str


@view(
    "iam",
    "GetServiceLastAccessedDetails",
    asks=on("iam:GetServiceLastAccessedDetails"),
)
def uses_of_role(call: Call, tx: Transaction) -> Sequence[ServiceUse]:
    """What a role (`name`) was used for, the latest first; of each service the latest action."""
    role = ROLE.get(tx, call.account, str(call.params["name"]))
    latest: dict[str, ServiceUse] = {}
    for each in tx.service_accesses.of(role.id, 0):
        known = latest.get(each.service)
        if known is None or known.at < each.at:
            latest[each.service] = ServiceUse(
                service=each.service, at=each.at, region=each.region, action=f"{each.service}:{each.action}"
            )
    return sorted(latest.values(), key=lambda each: -each.at)
