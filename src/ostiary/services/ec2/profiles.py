"""services/ec2: the instance profile that a request names, and the passing of its role.

Source: Amazon EC2 API Reference, IamInstanceProfileSpecification; IAM User Guide, "Grant a user permissions to pass a
role to an AWS service" (R102).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from ostiary.authorization.judge import Ask
from ostiary.identifiers import Arn, NotAnArn, iam_arn
from ostiary.services.ec2.faults import (
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
    value_refused,
)
from ostiary.services.iam.asks import ask_record
from ostiary.services.iam.names import INSTANCE_PROFILE, ROLE
from ostiary.services.operation import Call
from ostiary.store.records import InstanceProfileRecord, RoleRecord
from ostiary.store.transaction import Transaction

EC2: Final = "ec2.amazonaws.com"
_KIND: Final = "instance-profile"


def checked(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A specification that names a profile once.

    Raises:
        MissingParameter, InvalidParameterCombination: it names none, or two.
    """
    given = given or {}
    if not given.get("Name") and not given.get("Arn"):
        raise MissingParameter(
            "The request must contain the parameter iamInstanceProfile.name or iamInstanceProfile.arn"
        )
    if given.get("Name") and given.get("Arn"):
        raise InvalidParameterCombination(
            "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"
        )
    return given


def named_arn(call: Call, tx: Transaction, given: Mapping[str, Any]) -> str:
    """The ARN of the profile that is meant, whether there is one or not."""
    if given.get("Arn"):
        return str(given["Arn"])
    profile = tx.instance_profiles.get(call.account, given["Name"])
    return iam_arn(call.account, _KIND, given["Name"]) if profile is None else INSTANCE_PROFILE.arn(profile)


def get_profile(call: Call, tx: Transaction, given: Mapping[str, Any]) -> tuple[InstanceProfileRecord, RoleRecord]:
    """The profile and its role.

    Raises:
        InvalidParameterValue: there is no such profile in the account, or it holds no role.
    """
    if given.get("Arn"):
        arn = str(given["Arn"])
        profile = _by_arn(call, tx, arn)
        if profile is None:
            raise value_refused(arn, "iamInstanceProfile.arn", "Invalid IAM Instance Profile ARN")
    else:
        profile = tx.instance_profiles.get(call.account, given["Name"])
        if profile is None:
            raise value_refused(given["Name"], "iamInstanceProfile.name", "Invalid IAM Instance Profile name")
    role = None if profile.role_id is None else tx.roles.by_id(profile.role_id)
    if role is None:
        raise InvalidParameterValue(
            f'IAM Instance Profile "{INSTANCE_PROFILE.arn(profile)}" has no associated IAM Roles'
        )
    return profile, role


def pass_role(call: Call, tx: Transaction, given: Mapping[str, Any], instance: str) -> Ask:
    """The permission to pass the profile's role to EC2. Raises `InvalidParameterValue` as `get_profile`.

    Args:
        call, tx, given: as for `get_profile`.
        instance: the ARN of the instance that gets it.
    """
    _, role = get_profile(call, tx, given)
    passing = ask_record(call, tx, "iam:PassRole", ROLE, role)
    context = {**passing.context, "iam:PassedToService": EC2, "iam:AssociatedResourceArn": instance}
    return replace(passing, context=context)


def _by_arn(call: Call, tx: Transaction, text: str) -> InstanceProfileRecord | None:
    """INVARIANT: only the caller's own account's: a role can't be passed to another account."""
    try:
        arn = Arn.parse(text)
    except NotAnArn:
        return None
    profile = tx.instance_profiles.get(call.account, arn.resource.rsplit("/", 1)[-1])
    return profile if profile is not None and INSTANCE_PROFILE.arn(profile) == text else None
