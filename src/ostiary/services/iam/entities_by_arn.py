"""services/iam: the user, group or role that a parameter names by its ARN.

Source: IAM API Reference, SimulatePrincipalPolicy, GenerateServiceLastAccessedDetails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.services.iam.asks import ask_record
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.iam.names import GROUP, ROLE, USER, Kind
from ostiary.services.operation import Asks, Call
from ostiary.store.records import NamedRecord
from ostiary.store.transaction import Transaction

KINDS: Final[Mapping[str, Kind[Any]]] = MappingProxyType({kind.resource: kind for kind in (USER, GROUP, ROLE)})
_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}):(user|group|role)/((?:[\x21-\x7e]*/)?)([\w+=,.@-]{1,64})", re.ASCII)
_UNCLEAR: Final = "Invalid Entity Arn: {} does not clearly define entity type and name."


def kind_and_name(arn: str) -> tuple[str, Kind[Any], str]:
    """Account, kind and name in the ARN of a user, a group or a role.

    Raises:
        InvalidInput: it is the ARN of nothing of the kind.
    """
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidInput(_UNCLEAR.format(arn))
    return found[1], KINDS[found[2]], found[4]


def find(tx: Transaction, account: str, arn: str) -> tuple[Kind[Any], NamedRecord] | None:
    """The entity of the account that has exactly this ARN; raises as `kind_and_name` does."""
    owner, kind, name = kind_and_name(arn)
    record: NamedRecord | None = kind.rows(tx).get(account, name) if owner == account else None
    return (kind, record) if record is not None and kind.arn(record) == arn else None


def on_entity(action: str, parameter: str) -> Asks:
    """For an action on the entity that a parameter names by its ARN."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        arn: str = call.params[parameter]
        found = find(tx, call.account, arn)
        return (Ask(action=action, resource=arn) if found is None else ask_record(call, tx, action, *found),)

    return asks
