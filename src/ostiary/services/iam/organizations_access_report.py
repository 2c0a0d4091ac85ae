"""services/iam: which services an organization's policies leave to accounts, and when these last used them.

Source: IAM API Reference, GenerateOrganizationsAccessReport, GetOrganizationsAccessReport; IAM User Guide, "Refine
permissions in AWS using last accessed information", "Viewing the information for Organizations".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.authorization.organization import OF_AWS, SCP
from ostiary.policy import CompiledPolicy, compile_policy
from ostiary.services.iam import report_jobs
from ostiary.services.iam.faults import AccessDenied
from ostiary.services.iam.granted_services import Granted, service_name
from ostiary.services.iam.names import moment
from ostiary.services.iam.paging import page
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import MemberRecord, OrganizationRecord
from ostiary.store.transaction import Transaction

KIND: Final = "organization"
_NOT_MANAGING: Final = "You don't have permissions to access this resource."
_NO_ENTITY: Final = ("EntityPathNotFound", "The Organizations entity path {} does not exist in your organization.")
_NO_POLICY: Final = ("PolicyNotFound", "The policy {} does not exist in your organization.")
_NO_SCPS: Final = ("PolicyTypeNotEnabled", "Service control policies are not enabled for the organization root.")
_ALSO_NEEDED: Final = (
    "organizations:DescribePolicy",
    "organizations:ListChildren",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "organizations:ListTargetsForPolicy",
)
_EVERYTHING: Final = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What a report is about: the services, and the accounts with their paths."""

    granted: Granted
    accounts: dict[str, str]


class _NoReport(Exception):
    """The report can't be made; code and message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    service: str
    at: int = 0
    region: str = ""
    path: str = ""
    accounts: int = 0

    def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "ServiceName": service_name(self.service),
            "ServiceNamespace": self.service,
            "TotalAuthenticatedEntities": self.accounts,
        }
        if self.accounts:
            found |= {"Region": self.region, "EntityPath": self.path, "LastAuthenticatedTime": moment(self.at)}
        return found


def _asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    policy_id = call.params.get("OrganizationsPolicyId")
    yield Ask(
        action="iam:GenerateOrganizationsAccessReport",
        resource=f"arn:aws:iam::{call.account}:access-report/{call.params['EntityPath']}",
        context={"iam:OrganizationsPolicyId": policy_id} if policy_id else {},
    )
    for action in _ALSO_NEEDED:
        yield Ask(action=action)


@operation("iam", "GenerateOrganizationsAccessReport", asks=_asks, changes=True)
def generate_organizations_access_report(call: Call, tx: Transaction) -> dict[str, Any]:
    """Ask for a report; the management account may."""
    if tx.organizations.managed_by(call.account) is None:
        raise AccessDenied(_NOT_MANAGING)
    asked = {"EntityPath": call.params["EntityPath"], "OrganizationsPolicyId": call.params.get("OrganizationsPolicyId")}
    return report_jobs.begin(call, tx, KIND, asked)


@operation("iam", "GetOrganizationsAccessReport", asks=on_everything("iam:GetOrganizationsAccessReport"), blocking=True)
def get_organizations_access_report(call: Call, tx: Transaction) -> dict[str, Any]:
    """The services that the policies leave, with the latest use by the accounts."""
    call.house.write_record()
    job, asked = report_jobs.find(call, tx, KIND)
    organization = tx.organizations.managed_by(call.account)
    try:
        if organization is None:
            raise _NoReport("AccessDenied", _NOT_MANAGING)
        scope = _scope(tx, organization, asked["EntityPath"], asked["OrganizationsPolicyId"])
    except _NoReport as refusal:
        code, message = refusal.args
        error = {"Code": code, "Message": message}
        return {**report_jobs.shown(job, report_jobs.FAILED), "IsTruncated": False, "ErrorDetails": error}
    rows = _rows(call, tx, scope)
    not_accessed = sum(not row.accounts for row in rows)
    ordered = _ordered(rows, call.params.get("SortKey", "SERVICE_NAMESPACE_ASCENDING"))
    places = {row.service: number for number, row in enumerate(ordered)}

    def fetch(after: str, limit: int) -> Sequence[_Row]:
        start = places[after] + 1 if after in places else 0
        return ordered[start : start + limit]

    found, rest = page(call, fetch, lambda row: row.service)
    return {
        **report_jobs.shown(job),
        "NumberOfServicesAccessible": len(rows),
        "NumberOfServicesNotAccessed": not_accessed,
        "AccessDetails": [row.shown() for row in found],
        **rest,
    }


def _ordered(rows: list[_Row], key: str) -> list[_Row]:
    descending = key.endswith("_DESCENDING")
    by_name = sorted(rows, key=lambda row: row.service, reverse=descending and key.startswith("SERVICE"))
    if key.startswith("SERVICE"):
        return by_name
    return sorted(by_name, key=lambda row: row.at, reverse=descending)


def _rows(call: Call, tx: Transaction, scope: _Scope) -> list[_Row]:
    """A row a service, by the account that used it last."""
    since = report_jobs.tracked_since(call)
    used: dict[str, list[tuple[int, str, str]]] = {}
    for account, path in scope.accounts.items():
        for service, (at, region) in tx.service_accesses.by_service(account, since).items():
            used.setdefault(service, []).append((at, path, region))
    rows = []
    for service in scope.granted.services():
        attempts = used.get(service, [])
        at, path, region = max(attempts, default=(0, "", ""))
        rows.append(_Row(service=service, at=at, region=region, path=path, accounts=len(attempts)))
    return rows


def _scope(tx: Transaction, organization: OrganizationRecord, path: str, policy_id: str | None) -> _Scope:
    members = {member.account: member for member in tx.organizations.members(organization.id)}
    target = path.rstrip("/").rpartition("/")[2]
    if path.rstrip("/") != _path(tx, organization, members, target):
        raise _NoReport(_NO_ENTITY[0], _NO_ENTITY[1].format(path))
    if target == organization.management_account:
        # no policy of the organization binds it
        return _Scope(granted=Granted([[compile_policy(_EVERYTHING)]]), accounts={target: path.rstrip("/")})
    if SCP not in tx.organizations.enabled(organization.id):
        raise _NoReport(*_NO_SCPS)
    bound = {
        account: _path(tx, organization, members, account) or ""
        for account in members
        if account != organization.management_account and target in _above(tx, members[account])
    }
    if policy_id is None:
        parent = members[target].parent_id if target in members else target
        lineage = tx.organizations.lineage(parent)
        above = (*lineage, target) if target in members else lineage
        return _Scope(granted=Granted([list(_attached(tx, each)) for each in above]), accounts=bound)
    policy = _policy(tx, organization, policy_id)
    targets = {account for account in bound if _has(tx, policy_id, _above(tx, members[account]))}
    return _Scope(granted=Granted([[policy]]), accounts={each: bound[each] for each in sorted(targets)})


def _path(
    tx: Transaction, organization: OrganizationRecord, members: dict[str, MemberRecord], target: str
) -> str | None:
    """Where a root, a unit or an account stands, from the organization down; None: it is not in it."""
    if target in members:
        return "/".join((organization.id, *_above(tx, members[target])))
    unit = tx.organizations.unit(target)
    if target != organization.root_id and (unit is None or unit.organization_id != organization.id):
        return None
    return "/".join((organization.id, *tx.organizations.lineage(target)))


def _above(tx: Transaction, member: MemberRecord) -> tuple[str, ...]:
    """From the root down to the account itself."""
    return (*tx.organizations.lineage(member.parent_id), member.account)


def _attached(tx: Transaction, target: str) -> Iterator[CompiledPolicy]:
    for policy_id in tx.organization_policies.attached_to(target, SCP):
        record = OF_AWS.get(policy_id) or tx.organization_policies.get(policy_id)
        if record is not None:
            yield compile_policy(record.document)


def _has(tx: Transaction, policy_id: str, targets: Iterable[str]) -> bool:
    return any(policy_id in tx.organization_policies.attached_to(each, SCP) for each in targets)


def _policy(tx: Transaction, organization: OrganizationRecord, policy_id: str) -> CompiledPolicy:
    record = OF_AWS.get(policy_id) or tx.organization_policies.get(policy_id)
    if record is None or record.type != SCP or (policy_id not in OF_AWS and record.organization_id != organization.id):
        raise _NoReport(_NO_POLICY[0], _NO_POLICY[1].format(policy_id))
    return compile_policy(record.document)
