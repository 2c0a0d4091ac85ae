"""What principals did last, kept as it happens so that no report reads the record; and the jobs of reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from ostiary.store.link import Prepared, Question, adding, columns, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.tables import credential_reports, report_jobs, service_accesses


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccess:
    """The latest attempt of a principal to do something."""

    principal_id: str
    """The unique id of a user or a role; the account id for the root user."""
    service: str
    """As before the colon of an action."""
    action: str
    """As after the colon."""
    account: str
    """The principal's."""
    at: int
    region: str
    allowed: int | None = None
    """When it was last allowed."""
    refused: int | None = None
    """When it was last refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportJob:
    """A report that was asked for."""

    id: str
    account: str
    owner_id: str
    """Who asked: the unique id of a user or a role, or the account id."""
    kind: str
    question: str
    """What was asked, in the asker's own form."""
    created: int


_a: Final = service_accesses.c
_KEY: Final = ("principal_id", "service", "action")
_access: Final = upsert(service_accesses)
_new: Final = _access.excluded


def _later(name: str) -> Any:
    """The later of what is known and what is new; either may be missing."""
    return func.nullif(func.max(func.coalesce(_a[name], 0), func.coalesce(_new[name], 0)), 0)


_NOTE: Final = Prepared(
    _access.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={
            "at": func.max(_a.at, _new.at),
            "region": case((_a.at < _new.at, _new.region), else_=_a.region),
            "allowed": _later("allowed"),
            "refused": _later("refused"),
        },
        where=or_(
            _a.at < _new.at,
            func.coalesce(_a.allowed, 0) < func.coalesce(_new.allowed, 0),
            func.coalesce(_a.refused, 0) < func.coalesce(_new.refused, 0),
        ),
    ),
    tuple(ServiceAccess.__dataclass_fields__),
)
_OF_PRINCIPAL: Final = records(
    service_accesses,
    ServiceAccess,
    _a.principal_id == given("principal_id"),
    _a.at >= given("since"),
    order_by=(_a.service, _a.action),
)
_BY_SERVICE: Final = Prepared(
    # SQLite takes the Region from the row that has the greatest `at`
    select(_a.service, func.max(_a.at), _a.region)
    .where(_a.account == given("account"), _a.at >= given("since"))
    .group_by(_a.service)
)
_OF_ACTION: Final = Prepared(
    select(_a.principal_id, _a.at, _a.allowed).where(
        _a.account == given("account"), _a.service == given("service"), _a.action == given("action")
    )
)
_FORGET: Final = Prepared(delete(service_accesses).where(_a.at < given("before")))

_j: Final = report_jobs.c
_ADD_JOB: Final = adding(report_jobs, ReportJob)
_JOB: Final = Question(ReportJob, columns(report_jobs, ReportJob).where(_j.id == given("id")))
_FORGET_JOBS: Final = Prepared(delete(report_jobs).where(_j.created < given("before")))

_c: Final = credential_reports.c
_REQUESTED: Final = Prepared(select(_c.requested).where(_c.account == given("account")))
_report: Final = upsert(credential_reports)
_REQUEST: Final = Prepared(
    _report.on_conflict_do_update(index_elements=["account"], set_={"requested": _report.excluded.requested}),
    ("account", "requested"),
)


class ServiceAccesses(Rows):
    """At most one row for each principal and action."""

    def note(self, accesses: Iterable[ServiceAccess]) -> None:
        """Keep each that is later than what is known."""
        told = [values_of(each) for each in accesses]
        if told:
            self._link.run_each(_NOTE, told)

    def forget(self, before: int) -> None:
        """Forget what was earlier."""
        self._link.run(_FORGET, before=before)

    def of(self, principal_id: str, since: int) -> Sequence[ServiceAccess]:
        """What a principal did, by service and action."""
        return self._link.all(_OF_PRINCIPAL, principal_id=principal_id, since=since)

    def of_action(self, account: str, service: str, action: str) -> dict[str, tuple[int, int | None]]:
        """By principal, when it last tried an action, and when it was last allowed."""
        rows = self._link.rows(_OF_ACTION, account=account, service=service, action=action)
        return {principal: (at, allowed) for principal, at, allowed in rows}

    def by_service(self, account: str, since: int) -> dict[str, tuple[int, str]]:
        """When and in which Region anybody of an account last used each service."""
        return {
            service: (at, region) for service, at, region in self._link.rows(_BY_SERVICE, account=account, since=since)
        }


class ReportJobs(Rows):
    """Jobs by id, and when each account last asked for its credential report."""

    def add(self, record: ReportJob, forget_before: int) -> None:
        """Add one, and forget old ones."""
        self._link.run(_FORGET_JOBS, before=forget_before)
        self._link.run(_ADD_JOB, **values_of(record))

    def get(self, job_id: str) -> ReportJob | None:
        """By id."""
        return self._link.one(_JOB, id=job_id)

    def credential_report_requested(self, account: str) -> int | None:
        """When the account's last credential report was asked for."""
        found: int | None = self._link.value(_REQUESTED, account=account)
        return found

    def request_credential_report(self, account: str, at: int) -> None:
        """It is asked for now."""
        self._link.run(_REQUEST, account=account, requested=at)
