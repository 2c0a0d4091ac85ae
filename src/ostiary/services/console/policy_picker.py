"""services/console: managed policies to choose from: a search over all of them, and what the chosen ones give.

AWS's policies and what they say are public; of the account's own the document is read where iam:GetPolicyVersion is
allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from ostiary import catalog
from ostiary.analysis.summary import Gives, ServiceAccess, effective, gives
from ostiary.services.console.paging import placed
from ostiary.services.console.wide import wide
from ostiary.services.faults import ServiceFault
from ostiary.services.iam import managed
from ostiary.services.iam.managed import Managed
from ostiary.services.operation import Call
from ostiary.services.view import on, seen, view
from ostiary.store.transaction import Transaction

CUSTOMER: Final = "customer"
AWS: Final = "aws"
JOB_FUNCTION: Final = "job-function"
KINDS: Final = (CUSTOMER, AWS, JOB_FUNCTION)
_OF_SERVICES: Final = "/aws-service-role/"
_JOBS: Final = "/job-function/"
_JOBS_ELSEWHERE: Final = frozenset({"AdministratorAccess", "PowerUserAccess", "SecurityAudit"})
"""IAM User Guide, "AWS managed policies for job functions": those of another path."""
_MOST_OWN: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A policy to choose."""

    arn: str
    name: str
    kind: str
    """One of `KINDS`."""
    gives: Gives | None
    """None: its document may not be read."""
    description: str
    updated: datetime
    attachable: bool
    """False for those that AWS gives to service-linked roles alone."""
    document: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """What a search found, and what is chosen already."""

    find: str
    kind: str
    total: int
    """All policies that there are."""
    found: int
    """Those that match."""
    page: int
    pages: int
    rows: tuple[PolicyRow, ...]
    chosen: tuple[PolicyRow, ...]
    """In the order in which they were chosen; those that are no more are left out."""
    access: tuple[ServiceAccess, ...]
    """What the chosen ones together give, at most."""
    wide: tuple[str, ...]
    """Why the chosen ones are wide grants: names of `services/console/wide.py`."""
    hidden: bool
    """Some chosen policy's document may not be read: `access` is not all."""

    @property
    def arns(self) -> frozenset[str]:
        """The chosen ones."""
        return frozenset(row.arn for row in self.chosen)

    @property
    def off_page(self) -> tuple[PolicyRow, ...]:
        """The chosen ones that are not among the rows."""
        shown = {row.arn for row in self.rows}
        return tuple(row for row in self.chosen if row.arn not in shown)


@view("iam", "ListPolicies", asks=on("iam:ListPolicies"))
def policy_picker(call: Call, tx: Transaction) -> Picks:
    """Policies by words in their names.

    The call's parameters: `find` words; `kind` one of `KINDS` or empty; `page` from 1; `size`; `chosen` ARNs; `more`
    documents that count too in what the chosen ones give (inline policies).
    """
    params = call.params
    find, kind, size = params.get("find", ""), params.get("kind", ""), params.get("size", 12)
    own = [managed.own(record) for record in tx.policies.page(call.account, limit=_MOST_OWN)]
    matching = _matching(own, find, kind)
    page, pages = placed(len(matching), size, params.get("page"))
    rows = tuple(_row(call, tx, each) for each in matching[(page - 1) * size : page * size])
    chosen = tuple(_chosen(call, tx, params.get("chosen", ())))
    documents = [row.document for row in chosen if row.document is not None]
    documents += params.get("more", ())
    access = effective(documents)
    return Picks(
        find=find,
        kind=kind,
        total=len(own) + len(catalog.managed_policies()),
        found=len(matching),
        page=page,
        pages=pages,
        rows=rows,
        chosen=chosen,
        access=access,
        wide=wide(documents),
        hidden=any(row.document is None for row in chosen),
    )


def default_document(tx: Transaction, policy: Managed) -> str | None:
    """What a policy says now."""
    if policy.record is None:
        return catalog.document(policy.arn, policy.default_version)
    found = tx.policies.version(policy.record.id, policy.record.default_version)
    return None if found is None else found.document


def _matching(own: Sequence[Managed], find: str, kind: str) -> list[Managed]:
    """The account's own first; those found by words the shortest name first, for it is the nearest."""
    words = find.lower().split()
    known: Iterable[tuple[str, Managed]] = ((policy.name.lower(), policy) for policy in own)
    if kind != CUSTOMER:
        known = (*(() if kind in (AWS, JOB_FUNCTION) else known), *_aws())
    found = [
        (folded, policy)
        for folded, policy in known
        if all(word in folded for word in words) and (kind != JOB_FUNCTION or is_job(policy))
    ]
    # what AWS gives to service-linked roles alone can't be chosen: it comes last
    found.sort(
        key=lambda each: (
            each[1].path == _OF_SERVICES,
            each[1].record is None,
            len(each[0]) if words else 0,
            each[0],
        )
    )
    return [policy for _, policy in found]


@cache
def _aws() -> tuple[tuple[str, Managed], ...]:
    return tuple((policy.name.lower(), managed.aws(policy)) for policy in catalog.managed_policies())


def is_job(policy: Managed) -> bool:
    """Whether it is one of AWS's for a job function."""
    return policy.path == _JOBS or policy.name in _JOBS_ELSEWHERE


def _chosen(call: Call, tx: Transaction, arns: Iterable[str]) -> Iterable[PolicyRow]:
    for arn in dict.fromkeys(arns):
        try:
            found = managed.find(tx, call.account, arn)
        except ServiceFault:
            continue  # it is no ARN of a policy
        if found is not None:
            yield _row(call, tx, found)


def _row(call: Call, tx: Transaction, policy: Managed) -> PolicyRow:
    document: Any = None
    if policy.record is None or seen(call, "iam:GetPolicyVersion", policy.arn):
        document = default_document(tx, policy)
    kind = CUSTOMER if policy.record is not None else JOB_FUNCTION if is_job(policy) else AWS
    return PolicyRow(
        arn=policy.arn,
        name=policy.name,
        kind=kind,
        gives=None if document is None else gives(document),
        description=policy.description or "",
        updated=policy.updated,
        attachable=policy.path != _OF_SERVICES and managed.is_attachable(policy),
        document=document,
    )
