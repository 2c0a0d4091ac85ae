"""services/iam: the kinds of named entities: how they are called, found, added and missed.

Names are unique in an account without regard to case and kept as written (R137); the letters before a unique id are
R138.

Source: IAM User Guide, "IAM identifiers"; IAM API Reference, the errors of the operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from ostiary.entropy import letters
from ostiary.identifiers import SERVICE_LINKED, iam_arn
from ostiary.services.iam.faults import EntityAlreadyExists, NoSuchEntity, UnmodifiableEntity
from ostiary.services.operation import Call
from ostiary.store.named import Named
from ostiary.store.records import (
    AlreadyExists,
    GroupRecord,
    InstanceProfileRecord,
    NamedRecord,
    PolicyRecord,
    RoleRecord,
    UserRecord,
)
from ostiary.store.transaction import Transaction

R = TypeVar("R", bound=NamedRecord)
_ID_LETTERS: Final = 17
_PROTECTED: Final = "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[R]):
    """A kind of named entity."""

    resource: str
    """As in its ARN, and in the service authorization reference."""
    parameter: str
    """The parameter that names one."""
    id_prefix: str
    missing: str
    """AWS's text when there is none; `{}` is the name."""
    taken: str
    """AWS's text when the name is in use."""
    rows: Callable[[Transaction], Named[R]]

    def arn(self, record: R) -> str:
        """The ARN of one."""
        return iam_arn(record.account, self.resource, record.name, record.path)

    def new_id(self, call: Call) -> str:
        """A unique id that nobody has."""
        return self.id_prefix + letters(call.house.entropy, _ID_LETTERS)

    def get(self, tx: Transaction, account: str, name: str) -> R:
        """The entity of this name, letter case ignored. Raises `NoSuchEntity`."""
        found = self.rows(tx).get(account, name)
        if found is None:
            raise NoSuchEntity(self.missing.format(name))
        return found

    def get_to_change(self, tx: Transaction, account: str, name: str) -> R:
        """The same, to be changed. Raises `UnmodifiableEntity` for service-linked roles, which AWS alone changes."""
        found = self.get(tx, account, name)
        if isinstance(found, RoleRecord) and found.path.startswith(SERVICE_LINKED):
            raise UnmodifiableEntity(_PROTECTED.format(found.name))
        return found

    def add(self, tx: Transaction, record: R) -> None:
        """Keep a new one. Raises `EntityAlreadyExists`."""
        try:
            self.rows(tx).add(record)
        except AlreadyExists:
            raise EntityAlreadyExists(self.taken.format(record.name)) from None

    def change(self, tx: Transaction, unique_id: str, **values: Any) -> None:
        """Set columns. Raises `EntityAlreadyExists` when a new name is in use."""
        try:
            self.rows(tx).change(unique_id, **values)
        except AlreadyExists:
            raise EntityAlreadyExists(self.taken.format(values["name"])) from None


USER: Final[Kind[UserRecord]] = Kind(
    resource="user",
    parameter="UserName",
    id_prefix="AIDA",
    missing="The user with name {} cannot be found.",
    taken="User with name {} already exists.",
    rows=lambda tx: tx.users,
)
GROUP: Final[Kind[GroupRecord]] = Kind(
    resource="group",
    parameter="GroupName",
    id_prefix="AGPA",
    missing="The group with name {} cannot be found.",
    taken="Group with name {} already exists.",
    rows=lambda tx: tx.groups,
)
ROLE: Final[Kind[RoleRecord]] = Kind(
    resource="role",
    parameter="RoleName",
    id_prefix="AROA",
    missing="The role with name {} cannot be found.",
    taken="Role with name {} already exists.",
    rows=lambda tx: tx.roles,
)
INSTANCE_PROFILE: Final[Kind[InstanceProfileRecord]] = Kind(
    resource="instance-profile",
    parameter="InstanceProfileName",
    id_prefix="AIPA",
    missing="Instance Profile {} cannot be found.",
    taken="Instance Profile {} already exists.",
    rows=lambda tx: tx.instance_profiles,
)
POLICY: Final[Kind[PolicyRecord]] = Kind(
    resource="policy",
    parameter="PolicyName",
    id_prefix="ANPA",
    missing="Policy {} was not found.",
    taken="A policy called {} already exists. Duplicate names are not allowed.",
    rows=lambda tx: tx.policies,
)


def moment(seconds: int) -> datetime:
    """Seconds since 1970 as the wire wants a time."""
    return datetime.fromtimestamp(seconds, UTC)


def path_of(call: Call) -> str:
    """The path that a request gives, `/` when it gives none."""
    path: str = call.params.get("Path", "/")
    return path
