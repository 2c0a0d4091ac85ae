"""services/ec2: refusals in EC2's words.

Source: Amazon EC2 Developer Guide, "Error codes for the Amazon EC2 API".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ostiary.services.faults import ServiceFault

Refusal = Callable[[str], ServiceFault]
"""A refusal of one code, to be raised with its message."""


def _coded(code: str, status: int | None = None) -> Refusal:
    return lambda message: ServiceFault(code, message, status)


DryRunOperation: Final = _coded("DryRunOperation", 412)
IdempotentParameterMismatch: Final = _coded("IdempotentParameterMismatch")
IncorrectInstanceState: Final = _coded("IncorrectInstanceState")
IncorrectState: Final = _coded("IncorrectState")
InstanceLimitExceeded: Final = _coded("InstanceLimitExceeded")
InvalidAmiIdMalformed: Final = _coded("InvalidAMIID.Malformed")
InvalidAssociationIdNotFound: Final = _coded("InvalidAssociationID.NotFound")
InvalidGroupNotFound: Final = _coded("InvalidGroup.NotFound")
InvalidId: Final = _coded("InvalidID")
InvalidInstanceIdMalformed: Final = _coded("InvalidInstanceID.Malformed")
InvalidInstanceIdNotFound: Final = _coded("InvalidInstanceID.NotFound")
InvalidParameterCombination: Final = _coded("InvalidParameterCombination")
InvalidParameterValue: Final = _coded("InvalidParameterValue")
InvalidSubnetIdNotFound: Final = _coded("InvalidSubnetID.NotFound")
MissingParameter: Final = _coded("MissingParameter")
SecurityGroupsPerInterfaceLimitExceeded: Final = _coded("SecurityGroupsPerInterfaceLimitExceeded")
TagLimitExceeded: Final = _coded("TagLimitExceeded")
UnsupportedOperation: Final = _coded("UnsupportedOperation")


def value_refused(value: object, parameter: str, why: str) -> ServiceFault:
    """`Value (x) for parameter p is invalid. Why`."""
    return InvalidParameterValue(f"Value ({value}) for parameter {parameter} is invalid. {why}")
