"""What principals did last, kept as it happens so that no report reads the record; and the jobs of reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select
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
_NOTE: Final = Prepared(
    _access.on_conflict_do_update(
        index_elements=list(_KEY),
        set_={name: _access.excluded[name] for name in ("at", "region")},
        where=_a.at < _access.excluded.at,
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
