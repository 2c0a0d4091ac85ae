"""services/iam: when the permissions of a user, a group, a role or a policy were last used, service by service.

Source: IAM API Reference, GenerateServiceLastAccessedDetails, GetServiceLastAccessedDetails,
GetServiceLastAccessedDetailsWithEntities; IAM User Guide, "Refine permissions using last accessed information".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from ostiary.services.faults import ServiceFault
from ostiary.services.iam import report_jobs
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.iam.granted_services import Granted, service_name
from ostiary.services.iam.names import Kind, moment
from ostiary.services.iam.paging import page, page_of
from ostiary.services.iam.reported_entities import Reported, on_reported, reported
from ostiary.services.operation import OPERATIONS, Call, on_everything, operation
from ostiary.store.records import NamedRecord
from ostiary.store.transaction import Transaction

KIND: Final = "service"
_BY_ACTION: Final = "ACTION_LEVEL"
_PREFIXES: Final = {"accessanalyzer": "access-analyzer"}
"""botocore's names of services where they are not the prefix of their actions."""


@dataclass(frozen=True, slots=True)
class _Used:
    """An entity's latest attempt at something."""

    at: int
    region: str
    arn: str


@operation(
    "iam",
    "GenerateServiceLastAccessedDetails",
    asks=on_reported("iam:GenerateServiceLastAccessedDetails"),
    changes=True,
)
def generate_service_last_accessed_details(call: Call, tx: Transaction) -> dict[str, Any]:
    """Ask for a report."""
    asked = {"Arn": call.params["Arn"], "Granularity": call.params.get("Granularity", "SERVICE_LEVEL")}
    reported(call, tx, asked["Arn"])
    return report_jobs.begin(call, tx, KIND, asked)


@operation(
    "iam",
    "GetServiceLastAccessedDetails",
    asks=on_everything("iam:GetServiceLastAccessedDetails"),
    blocking=True,
)
def get_service_last_accessed_details(call: Call, tx: Transaction) -> dict[str, Any]:
    """Every service that the permissions are good for, and when it was last tried."""
    call.house.write_record()
    job, asked = report_jobs.find(call, tx, KIND)
    listed = "ServicesLastAccessed"
    try:
        about = reported(call, tx, asked["Arn"])
    except ServiceFault as fault:  # it was deleted meanwhile
        return {**_failed(report_jobs.shown(job, report_jobs.FAILED), fault), listed: [], "IsTruncated": False}
    by_action = asked["Granularity"] == _BY_ACTION
    services, rest = page_of(call, about.granted.services(), str)
    used = _used(call, tx, about)
    shown = [_service(service, about.granted, used.get(service, {}), by_action=by_action) for service in services]
    return {**report_jobs.shown(job), "JobType": asked["Granularity"], listed: shown, **rest}


@operation(
    "iam",
    "GetServiceLastAccessedDetailsWithEntities",
    asks=on_everything("iam:GetServiceLastAccessedDetailsWithEntities"),
    blocking=True,
)
def get_service_last_accessed_details_with_entities(call: Call, tx: Transaction) -> dict[str, Any]:
    """The users and roles that could have used the permissions for one service; who did so last comes first."""
    call.house.write_record()
    job, asked = report_jobs.find(call, tx, KIND)
    service = call.params["ServiceNamespace"]
    listed = "EntityDetailsList"
    try:
        about = reported(call, tx, asked["Arn"])
    except ServiceFault as fault:
        return {**_failed(report_jobs.shown(job, report_jobs.FAILED), fault), listed: [], "IsTruncated": False}
    if not about.granted.includes(service):
        raise InvalidInput(f"The service namespace {service} is not in the report of job {job.id}.")
    since = report_jobs.tracked_since(call)
    found = [
        (
            max((one.at for one in tx.service_accesses.of(record.id, since) if one.service == service), default=None),
            kind,
            record,
        )
        for kind, record in about.entities
    ]
    # INVARIANT: the place of an entity in the list is its place in time, then its id
    found.sort(key=lambda each: (-(each[0] or 0), each[2].id))
    numbers, rest = page(call, _after(len(found)), str)
    return {**report_jobs.shown(job), listed: [_entity(*found[number]) for number in numbers], **rest}


def _after(count: int) -> Any:
    def fetch(after: str, limit: int) -> Sequence[int]:
        start = int(after) + 1 if after else 0
        return range(start, min(count, start + limit))

    return fetch


def _used(call: Call, tx: Transaction, about: Reported) -> Mapping[str, Mapping[str, tuple[_Used, ...]]]:
    """By service and action, the latest attempt of each entity that made one."""
    since = report_jobs.tracked_since(call)
    found: dict[str, dict[str, tuple[_Used, ...]]] = {}
    for kind, record in about.entities:
        arn = kind.arn(record)
        for one in tx.service_accesses.of(record.id, since):
            actions = found.setdefault(one.service, {})
            actions[one.action] = (*actions.get(one.action, ()), _Used(one.at, one.region, arn))
    return found


def _service(service: str, granted: Granted, used: Mapping[str, Sequence[_Used]], *, by_action: bool) -> dict[str, Any]:
    attempts = [one for each in used.values() for one in each]
    shown: dict[str, Any] = {
        "ServiceName": service_name(service),
        "ServiceNamespace": service,
        "TotalAuthenticatedEntities": len({one.arn for one in attempts}),
    }
    if attempts:
        last = _latest(attempts)
        shown["LastAuthenticated"] = moment(last.at)
        shown["LastAuthenticatedEntity"] = last.arn
        shown["LastAuthenticatedRegion"] = last.region
    if by_action and service in _tracked():
        shown["TrackedActionsLastAccessed"] = [_action(name, used.get(name, ())) for name in granted.actions(service)]
    return shown


def _action(name: str, used: Sequence[_Used]) -> dict[str, Any]:
    if not used:
        return {"ActionName": name}
    last = _latest(used)
    return {
        "ActionName": name,
        "LastAccessedEntity": last.arn,
        "LastAccessedTime": moment(last.at),
        "LastAccessedRegion": last.region,
    }


def _latest(used: Iterable[_Used]) -> _Used:
    return max(used, key=lambda one: (one.at, one.arn))


@cache
def _tracked() -> frozenset[str]:
    """The services whose actions are tracked: those that this server has."""
    return frozenset(_PREFIXES.get(service, service) for service, _ in OPERATIONS)


def _entity(at: int | None, kind: Kind[Any], record: NamedRecord) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "EntityInfo": {
            "Arn": kind.arn(record),
            "Name": record.name,
            "Type": kind.resource.upper(),
            "Id": record.id,
            "Path": record.path,
        }
    }
    if at is not None:
        shown["LastAuthenticated"] = moment(at)
    return shown


def _failed(shown: dict[str, Any], fault: ServiceFault) -> dict[str, Any]:
    return {**shown, "Error": {"Code": fault.code, "Message": fault.message}}
