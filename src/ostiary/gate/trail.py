"""A request on its way through the gate: what it is for, and what is known of it so far."""

from __future__ import annotations

from typing import Final

import msgspec

from ostiary.audit.record import Happening
from ostiary.authorization.caller import Caller
from ostiary.gate.operate import Together
from ostiary.gate.request import HttpRequest
from ostiary.gate.target import Target
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Operation
from ostiary.services.s3.forms import Form
from ostiary.sigv4 import Style
from ostiary.wire.multipart import FormReader

_OF_THE_STORE: Final = frozenset({"iam", "organizations"})
"""Services whose changes touch nothing but the store."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A request with what it is for, and the refusal that it met already."""

    request: HttpRequest
    target: Target
    fault: ServiceFault | None = None
    operation: Operation | None = None
    patient: bool = False
    """Whether it is answered in a thread that may wait."""
    together: Together | None = None
    """Of a change that shares its commit with others: what is to be written of all of them."""
    form: FormReader | None = None
    """Of an upload by an HTML form, whose fields were read; the file is still to come."""
    fields: Form | None = None

    @property
    def blocking(self) -> bool:
        """Whether answering may wait."""
        return self.operation is not None and self.operation.blocking

    @property
    def waits_for_disk(self) -> bool:
        """Whether it waits for the disk alone: see `Gate.answer_together`."""
        operation = self.operation
        return (
            operation is not None
            and operation.changes
            and operation.service in _OF_THE_STORE
            and operation.prepare is None
            and operation.prove is None
            and operation.vouch is None
        )


class Trail:
    """What is known of a request so far; the record is written from it, whatever happened."""

    def __init__(self, route: Route) -> None:
        self.request, self.target = route.request, route.target
        self.caller: Caller | None = None
        self.claimed_key = ""
        self.style: Style | None = None
        self.happening: Happening | None = None
        self.recorded = False
