"""services/console: the managed policies that an account has or may have: all of AWS's and its own, as a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from ostiary import catalog
from ostiary.analysis.summary import Gives, gives
from ostiary.services.console.paging import placed
from ostiary.services.console.policy_picker import default_document, is_job
from ostiary.services.iam import managed, report_jobs
from ostiary.services.iam.managed import Usage
from ostiary.services.iam.names import ROLE
from ostiary.services.iam.reported_entities import on_reported, reported
from ostiary.services.operation import Call
from ostiary.services.view import on, seen, view
from ostiary.store.transaction import Transaction

TYPES: Final = ("aws", "customer", "job")
USES: Final = ("attached", "boundary", "unused")
PAGE: Final = 25
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A policy of the list."""

    arn: str
    name: str
    type: str
    """One of `TYPES`."""
    path: str
    description: str
    created: datetime
    updated: datetime
    attached: int = 0
    boundary: int = 0
    default_version: str = "v1"
    gives: Gives | None = None
    """Of the rows of a page; None where the document may not be read."""
    words: str = ""
    """What a search looks at, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the list."""

    rows: tuple[PolicyRow, ...]
    found: int
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A service that a policy is good for, and when it was tried last under it."""

    service: str
    name: str
    at: int | None
    who: str
    """Whoever did."""


@view("iam", "ListPolicies", asks=on("iam:ListPolicies"))
def listing(call: Call, tx: Transaction) -> Listing:
    """Params: `words`, `type`, `used`, `sort`, `order`, `page`, `size`."""
    wanted = call.params
    usage = Usage.of(tx, call.account)
    every = [*_own(call, tx), *_of_aws(usage)]
    words = str(wanted.get("words", "")).lower().split()
    kind, used = wanted.get("type", ""), wanted.get("used", "")
    found = [
        row
        for row in every
        if (not kind or row.type == kind)
        and (not used or used in _uses(row, usage))
        and all(word in row.words for word in words)
    ]
    key = _ORDERS.get(wanted.get("sort", ""), _ORDERS["name"])
    found.sort(key=lambda row: row.name.lower())
    found.sort(key=lambda row: key(row, usage), reverse=wanted.get("order") == "desc")
    if words and wanted.get("sort", "name") == "name":  # names before descriptions
        found.sort(key=lambda row: not all(word in row.name.lower() for word in words))
    size = int(wanted.get("size", PAGE))
    page, pages = placed(len(found), size, wanted.get("page"))
    rows = tuple(_shown(call, tx, row, usage) for row in found[(page - 1) * size : page * size])
    return Listing(rows=rows, found=len(found), total=len(every), page=page, pages=pages)


@view("iam", "GenerateServiceLastAccessedDetails", asks=on_reported("iam:GenerateServiceLastAccessedDetails"))
def last_used(call: Call, tx: Transaction) -> Sequence[Use]:
    """When the services of the policy that `Arn` names were last tried by whoever has it; the latest first."""
    call.house.write_record()
    about = reported(call, tx, call.params["Arn"])
    since = report_jobs.tracked_since(call)
    latest: dict[str, tuple[int, str]] = {}
    for kind, record in about.entities:
        noun = "role" if kind is ROLE else "user"
        for one in tx.service_accesses.of(record.id, since):
            if one.service not in latest or latest[one.service][0] < one.at:
                latest[one.service] = (one.at, f"{noun}/{record.name}")
    found = []
    for service in about.granted.services():
        at, who = latest.get(service, (None, ""))
        known = catalog.service(service)
        found.append(Use(service=service, name=known.name if known else "", at=at, who=who))
    return sorted(found, key=lambda use: (-(use.at or 0), use.service))


def _uses(row: PolicyRow, usage: Usage) -> frozenset[str]:
    found = {
        name for name, counts in (("attached", usage.attached), ("boundary", usage.boundary)) if counts.get(row.arn)
    }
    return frozenset(found or {"unused"})


_ORDERS: Final[dict[str, Callable[[PolicyRow, Usage], Any]]] = {
    "name": lambda row, _: row.name.lower(),
    "type": lambda row, _: row.type,
    "attached": lambda row, usage: usage.attached.get(row.arn, 0) + usage.boundary.get(row.arn, 0),
    "updated": lambda row, _: row.updated,
}
ORDERS: Final = tuple(_ORDERS)


def _own(call: Call, tx: Transaction) -> list[PolicyRow]:
    return [_row(managed.own(record), "customer") for record in tx.policies.page(call.account, limit=_MOST)]


def _of_aws(usage: Usage) -> list[PolicyRow]:
    listed = _offered()
    if not usage.attached and not usage.boundary:
        return list(listed)
    known = {row.arn for row in listed}
    retired = {*usage.attached, *usage.boundary} - known
    gone = (catalog.managed_policy(arn) for arn in retired)
    return [*listed, *(_row(managed.aws(each), "aws") for each in gone if each is not None)]


@cache
def _offered() -> tuple[PolicyRow, ...]:
    found = (managed.aws(each) for each in catalog.managed_policies())
    return tuple(_row(policy, type_of(policy)) for policy in found)


def type_of(policy: managed.Managed) -> str:
    """One of `TYPES`."""
    if policy.record is not None:
        return "customer"
    return "job" if is_job(policy) else "aws"


def type_of_arn(arn: str) -> str:
    """The same for the policy with this ARN."""
    known = catalog.managed_policy(arn)
    return "customer" if known is None else type_of(managed.aws(known))


def _row(policy: managed.Managed, kind: str) -> PolicyRow:
    return PolicyRow(
        arn=policy.arn,
        name=policy.name,
        type=kind,
        path=policy.path,
        description=policy.description or "",
        created=policy.created,
        updated=policy.updated,
        default_version=policy.default_version,
        words=f"{policy.name} {policy.path} {policy.description or ''}".lower(),
    )


def _shown(call: Call, tx: Transaction, row: PolicyRow, usage: Usage) -> PolicyRow:
    document = None
    policy = managed.find(tx, call.account, row.arn)
    if policy is not None and (policy.record is None or seen(call, "iam:GetPolicyVersion", row.arn)):
        document = default_document(tx, policy)
    return replace(
        row,
        attached=usage.attached.get(row.arn, 0),
        boundary=usage.boundary.get(row.arn, 0),
        gives=None if document is None else gives(document),
    )
