"""Faults of the rooms below, as they are told to clients and to the operator."""

from __future__ import annotations

import traceback
from typing import Final

from ostiary.gate.target import Target
from ostiary.services.faults import ServiceFault
from ostiary.sigv4 import SignatureFault
from ostiary.wire.faults import WireFault

_MOST_MESSAGE: Final = 4_000


def service_fault(fault: WireFault | SignatureFault | ServiceFault, target: Target) -> ServiceFault:
    """A fault of any room as it is told."""
    if isinstance(fault, ServiceFault):
        return fault
    if isinstance(fault, WireFault):
        return ServiceFault(fault.code, _shortened(fault.message), fault.status)
    told = fault.told(target.family)
    return ServiceFault(told.code, told.message, told.status, fault.details if target.service == "s3" else None)


def _shortened(message: str) -> str:
    """A message that quotes what was sent, the middle left out of what would fill pages (and the record)."""
    if len(message) <= _MOST_MESSAGE:
        return message
    return f"{message[: _MOST_MESSAGE // 2]}…{message[-_MOST_MESSAGE // 2 :]}"


def shown(error: Exception) -> str:
    """Type and place of the unforeseen; never its text, which may hold what a client sent."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename.rsplit('/ostiary/', 1)[-1]}:{last.lineno}"
