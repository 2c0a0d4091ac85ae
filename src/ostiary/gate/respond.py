"""The answer in the service's protocol.

Source: Smithy, "AWS query protocol" and its relatives; Amazon S3 API Reference, "Error responses".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ostiary.gate.authorize import Refused
from ostiary.gate.denied import HEADER
from ostiary.gate.request import HttpRequest, HttpResponse
from ostiary.gate.target import Target
from ostiary.services.faults import ServiceFault
from ostiary.wire.errors import error_status, write_error
from ostiary.wire.models import service
from ostiary.wire.write import QUERY_IN_JSON, write_output

HOST_ID: Final = "ostiary"
_JSON: Final = "application/json"
_MOST_DETAIL: Final = 10_000


def respond(request: HttpRequest, target: Target, output: Mapping[str, Any] | None) -> HttpResponse:
    """The answer to a call that was done."""
    assert target.model is not None
    protocol = _answered_in(request, target)
    written = write_output(target.model, output or {}, request.request_id, host_id=HOST_ID, protocol=protocol)
    return HttpResponse(status=written.status, headers=tuple(written.headers.items()), body=written.body)


def error_response(request: HttpRequest, target: Target, fault: ServiceFault) -> HttpResponse:
    """The answer to a call that was not done."""
    known = target.known or (service(target.service) if target.service else None)
    status = fault.status or error_status(known, fault.code, target.protocol)
    extra = {name: value[:_MOST_DETAIL] for name, value in fault.extra.items()}
    if target.s3 is not None and target.s3.bucket is not None:
        path = f"/{target.s3.bucket}" + (f"/{target.s3.key}" if target.s3.key is not None else "")
        extra = {"Resource": path, **extra}
    written = write_error(
        known,
        _answered_in(request, target),
        fault.code,
        fault.message,
        status,
        request.request_id,
        host_id=HOST_ID if target.service == "s3" else "",
        extra=extra,
    )
    headers = tuple(written.headers.items())
    if isinstance(fault, Refused) and fault.authorization_id:
        headers = (*headers, (HEADER, fault.authorization_id))
    return HttpResponse(status=written.status, headers=headers, body=written.body)


def _answered_in(request: HttpRequest, target: Target) -> str:
    """The protocol of the answer: the query protocol's is XML, or JSON for who accepts that before all else."""
    if target.protocol == "query" and request.header("accept").lower().startswith(_JSON):
        return QUERY_IN_JSON
    return target.protocol
