"""Users, groups, roles, instance profiles and managed policies: what has a unique id, an account, a name and a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import Connection, Table, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ostiary.store import tables
from ostiary.store.records import (
    AlreadyExists,
    GroupRecord,
    InstanceProfileRecord,
    NamedRecord,
    PolicyRecord,
    PolicyVersionRecord,
    RoleRecord,
    UserRecord,
)

R = TypeVar("R", bound=NamedRecord)


class Rows:
    """A noun bound to a connection."""

    def __init__(self, connection: Connection, touch: Callable[..., None]) -> None:
        self._connection, self._touch = connection, touch


class Named(Rows, Generic[R]):
    """The operations that all named entities share."""

    table: ClassVar[Table]
    record: ClassVar[type[Any]]

    def add(self, record: R) -> None:
        """Add one. Raises `AlreadyExists` when the account has the name, in whatever letter case."""
        try:
            self._connection.execute(insert(self.table).values(**asdict(record), name_key=record.name.lower()))
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(record.id)

    def get(self, account: str, name: str) -> R | None:
        """By name, letter case ignored."""
        t = self.table.c
        return self._one(select(*self._columns()).where(t.account == account, t.name_key == name.lower()))

    def by_id(self, unique_id: str) -> R | None:
        """By unique id."""
        return self._one(select(*self._columns()).where(self.table.c.id == unique_id))

    def page(self, account: str, *, path_prefix: str = "/", after: str = "", limit: int) -> Sequence[R]:
        """Up to `limit` of an account in the order of their names, beginning after the name key `after`."""
        t = self.table.c
        asked = select(*self._columns()).where(t.account == account, t.name_key > after)
        if path_prefix != "/":
            asked = asked.where(func.substr(t.path, 1, len(path_prefix)) == path_prefix)
        return self._all(asked.order_by(t.name_key).limit(limit))

    def count(self, account: str) -> int:
        """How many the account has."""
        asked = select(func.count()).select_from(self.table).where(self.table.c.account == account)
        return self._connection.execute(asked).scalar_one()

    def change(self, unique_id: str, **values: Any) -> None:
        """Set columns. Raises `AlreadyExists` when a new name is taken."""
        if "name" in values:
            values["name_key"] = values["name"].lower()
        try:
            self._connection.execute(update(self.table).where(self.table.c.id == unique_id).values(**values))
        except IntegrityError:
            raise AlreadyExists(str(values.get("name"))) from None
        self._touch(unique_id)

    def remove(self, unique_id: str) -> None:
        """Delete the row; what hangs on it must be gone."""
        self._connection.execute(delete(self.table).where(self.table.c.id == unique_id))
        self._touch(unique_id)

    def _columns(self) -> list[Any]:
        return [self.table.c[field.name] for field in fields(self.record)]

    def _one(self, asked: Any) -> R | None:
        row = self._connection.execute(asked).first()
        return None if row is None else self.record(**row._mapping)

    def _all(self, asked: Any) -> Sequence[R]:
        return [self.record(**row._mapping) for row in self._connection.execute(asked)]


class Users(Named[UserRecord]):
    table = tables.users
    record = UserRecord

    def with_boundary(self, account: str, policy_arn: str) -> Sequence[UserRecord]:
        """The users whose boundary this policy is."""
        t = self.table.c
        asked = select(*self._columns()).where(t.account == account, t.boundary == policy_arn).order_by(t.name_key)
        return self._all(asked)


class Groups(Named[GroupRecord]):
    table = tables.groups
    record = GroupRecord

    def enrol(self, group_id: str, user_id: str) -> None:
        """Make a user a member; a second time changes nothing."""
        if not self.has(group_id, user_id):
            self._connection.execute(insert(tables.memberships).values(user_id=user_id, group_id=group_id))
            self._touch(user_id)

    def dismiss(self, group_id: str, user_id: str) -> None:
        """End a membership."""
        m = tables.memberships
        self._connection.execute(delete(m).where(m.c.user_id == user_id, m.c.group_id == group_id))
        self._touch(user_id)

    def has(self, group_id: str, user_id: str) -> bool:
        """Whether the user is a member."""
        m = tables.memberships.c
        asked = select(m.user_id).where(m.user_id == user_id, m.group_id == group_id)
        return self._connection.execute(asked).first() is not None

    def of_user(self, user_id: str, *, after: str = "", limit: int = 10_000) -> Sequence[GroupRecord]:
        """The groups a user is in, by name."""
        m, t = tables.memberships.c, self.table.c
        asked = select(*self._columns()).join(tables.memberships, m.group_id == t.id)
        return self._all(asked.where(m.user_id == user_id, t.name_key > after).order_by(t.name_key).limit(limit))

    def members(self, group_id: str, *, after: str = "", limit: int = 10_000) -> Sequence[UserRecord]:
        """The users of a group, by name."""
        m, u = tables.memberships.c, tables.users.c
        columns = [u[field.name] for field in fields(UserRecord)]
        asked = select(*columns).join(tables.memberships, m.user_id == u.id)
        asked = asked.where(m.group_id == group_id, u.name_key > after).order_by(u.name_key).limit(limit)
        return [UserRecord(**row._mapping) for row in self._connection.execute(asked)]


class Roles(Named[RoleRecord]):
    table = tables.roles
    record = RoleRecord

    def with_boundary(self, account: str, policy_arn: str) -> Sequence[RoleRecord]:
        """The roles whose boundary this policy is."""
        t = self.table.c
        asked = select(*self._columns()).where(t.account == account, t.boundary == policy_arn).order_by(t.name_key)
        return self._all(asked)

    def used(self, role_id: str, at: int, region: str) -> None:
        """Note the last use, unless a later one is known; nothing that is remembered of the role changes by it."""
        t = self.table.c
        asked = update(self.table).where(t.id == role_id, or_(t.used.is_(None), t.used <= at))
        self._connection.execute(asked.values(used=at, used_region=region))


class InstanceProfiles(Named[InstanceProfileRecord]):
    table = tables.instance_profiles
    record = InstanceProfileRecord

    def of_role(self, role_id: str, *, after: str = "", limit: int = 10_000) -> Sequence[InstanceProfileRecord]:
        """The profiles that hold a role, by name."""
        t = self.table.c
        asked = select(*self._columns()).where(t.role_id == role_id, t.name_key > after)
        return self._all(asked.order_by(t.name_key).limit(limit))


class Policies(Named[PolicyRecord]):
    """Customer-managed policies and their versions."""

    table = tables.policies
    record = PolicyRecord

    def add_version(self, version: PolicyVersionRecord) -> None:
        """Keep a version."""
        self._connection.execute(insert(tables.policy_versions).values(**asdict(version)))
        self._touch(version.policy_id)

    def version(self, policy_id: str, number: int) -> PolicyVersionRecord | None:
        """One version."""
        v = tables.policy_versions
        asked = select(v).where(v.c.policy_id == policy_id, v.c.number == number)
        row = self._connection.execute(asked).first()
        return None if row is None else PolicyVersionRecord(**row._mapping)

    def versions(self, policy_id: str) -> Sequence[PolicyVersionRecord]:
        """All versions, the newest first."""
        v = tables.policy_versions
        asked = select(v).where(v.c.policy_id == policy_id).order_by(v.c.number.desc())
        return [PolicyVersionRecord(**row._mapping) for row in self._connection.execute(asked)]

    def remove_version(self, policy_id: str, number: int) -> None:
        """Delete one version."""
        v = tables.policy_versions
        self._connection.execute(delete(v).where(v.c.policy_id == policy_id, v.c.number == number))
        self._touch(policy_id)
