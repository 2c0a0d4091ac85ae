"""services/iam: jobs of reports. A report is made when it is fetched, so a job is done as soon as it is there.

Source: IAM API Reference, GenerateServiceLastAccessedDetails: "The JobId [...] must be used by the same role within a
session, or by the same user"; "IAM reports activity for at least the last 400 days".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.names import moment
from ostiary.services.issuer import new_uuid
from ostiary.services.operation import Call
from ostiary.store.reports import ReportJob
from ostiary.store.transaction import Transaction

_DAY: Final = 86_400
_TRACKED: Final = 400 * _DAY
_KEPT: Final = 7 * _DAY
"""Seconds for which a report can be fetched."""

COMPLETED, FAILED = "COMPLETED", "FAILED"


def begin(call: Call, tx: Transaction, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A new job of this kind; what is no longer reported is forgotten."""
    job = ReportJob(
        id=new_uuid(call.house.entropy),
        account=call.account,
        owner_id=call.caller.entity_id,
        kind=kind,
        question=json.dumps(asked),
        created=call.now,
    )
    tx.service_accesses.forget(tracked_since(call))
    tx.report_jobs.add(job, forget_before=call.now - _KEPT)
    return {"JobId": job.id}


def find(call: Call, tx: Transaction, kind: str) -> tuple[ReportJob, Mapping[str, Any]]:
    """The caller's job that `JobId` names, and what it was asked.

    Raises:
        NoSuchEntity: there is none, or it is somebody else's.
    """
    job = tx.report_jobs.get(call.params["JobId"])
    if job is None or (job.kind, job.account, job.owner_id) != (kind, call.account, call.caller.entity_id):
        raise NoSuchEntity(f"Job {call.params['JobId']} cannot be found.")
    asked: Mapping[str, Any] = json.loads(job.question)
    return job, asked


def tracked_since(call: Call) -> int:
    """From when on activity is reported."""
    return call.now - _TRACKED


def shown(job: ReportJob, status: str = COMPLETED) -> dict[str, Any]:
    """The members of every answer about a job."""
    at = moment(job.created)
    return {"JobStatus": status, "JobCreationDate": at, "JobCompletionDate": at}
