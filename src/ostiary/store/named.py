"""Users, groups, roles, instance profiles and managed policies: what has a unique id, an account, a name and a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, delete, func, insert, literal_column, or_, select, update

from ostiary.store import tables
from ostiary.store.link import (
    IntegrityError,
    Link,
    Prepared,
    Question,
    adding,
    changing,
    columns,
    given,
    records,
    values_of,
)
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

    def __init__(self, link: Link, touch: Callable[..., None]) -> None:
        self._link, self._touch = link, touch


class NamedStatements(Generic[R]):
    """What all named entities are asked and told, for one table."""

    def __init__(self, table: Table, record: type[R], *, lasting: bool = False) -> None:
        t = table.c
        self.table = table
        self.add = adding(table, record, "name_key")
        named = (t.account == given("account"), t.name_key == given("name_key"))
        self.get = records(table, record, *named, lasting=lasting)
        self.by_id = records(table, record, t.id == given("id"), lasting=lasting)
        following = (
            columns(table, record)
            .where(t.account == given("account"), t.name_key > given("after"))
            .order_by(t.name_key)
            .limit(given("limit"))
        )
        self.page = Question(record, following)
        self.page_under = Question(record, following.where(_begins(t.path, "path_prefix")))
        self.count = Prepared(select(func.count()).select_from(table).where(t.account == given("account")))
        self.rows_at_most = Prepared(select(func.max(literal_column("rowid"))).select_from(table))
        self.remove = Prepared(delete(table).where(t.id == given("id")))


def _begins(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Whether a text begins with the one given, letter case regarded."""
    return func.substr(column, 1, func.length(given(name))) == given(name)


class Named(Rows, Generic[R]):
    """The operations that all named entities share."""

    _told: ClassVar[NamedStatements[Any]]

    def add(self, record: R) -> None:
        """Add one. Raises `AlreadyExists` when the account has the name, in whatever letter case."""
        try:
            self._link.run(self._told.add, **values_of(record), name_key=record.name.lower())
        except IntegrityError:
            raise AlreadyExists(record.name) from None
        self._touch(record.id)

    def get(self, account: str, name: str) -> R | None:
        """By name, letter case ignored."""
        return self._link.one(self._told.get, account=account, name_key=name.lower())

    def by_id(self, unique_id: str) -> R | None:
        """By unique id."""
        return self._link.one(self._told.by_id, id=unique_id)

    def page(self, account: str, *, path_prefix: str = "/", after: str = "", limit: int) -> Sequence[R]:
        """Up to `limit` of an account in the order of their names, beginning after the name key `after`."""
        if path_prefix == "/":
            return self._link.all(self._told.page, account=account, after=after, limit=limit)
        asked = self._told.page_under
        return self._link.all(asked, account=account, after=after, limit=limit, path_prefix=path_prefix)

    def count(self, account: str) -> int:
        """How many the account has."""
        found: int = self._link.value(self._told.count, account=account)
        return found

    def exceeds(self, account: str, limit: int) -> bool:
        """Whether the account has more than `limit`.

        SQLite numbers the rows of a table, upwards from 1: where no number is above the limit, nothing is counted.
        """
        return (self._link.value(self._told.rows_at_most) or 0) > limit and self.count(account) > limit

    def change(self, unique_id: str, **values: Any) -> None:
        """Set columns. Raises `AlreadyExists` when a new name is taken."""
        if "name" in values:
            values["name_key"] = values["name"].lower()
        try:
            self._link.run(changing(self._told.table, tuple(values)), row=unique_id, **values)
        except IntegrityError:
            raise AlreadyExists(str(values.get("name"))) from None
        self._touch(unique_id)

    def remove(self, unique_id: str) -> None:
        """Delete the row; what hangs on it must be gone."""
        self._link.run(self._told.remove, id=unique_id)
        self._touch(unique_id)


_u: Final = tables.users.c
_USERS_BOUND: Final = records(
    tables.users, UserRecord, _u.account == given("account"), _u.boundary == given("boundary"), order_by=(_u.name_key,)
)


class Users(Named[UserRecord]):
    _told = NamedStatements(tables.users, UserRecord, lasting=True)

    def with_boundary(self, account: str, policy_arn: str) -> Sequence[UserRecord]:
        """The users whose boundary this policy is."""
        return self._link.all(_USERS_BOUND, account=account, boundary=policy_arn)


_g, _m = tables.groups.c, tables.memberships.c
_ENROL: Final = Prepared(insert(tables.memberships), ("user_id", "group_id"))
_membership: Final = (_m.user_id == given("member"), _m.group_id == given("of_group"))
_DISMISS: Final = Prepared(delete(tables.memberships).where(*_membership))
_IS_MEMBER: Final = Prepared(select(_m.user_id).where(*_membership))
_GROUPS_OF_USER: Final = Question(
    GroupRecord,
    columns(tables.groups, GroupRecord)
    .join(tables.memberships, _m.group_id == _g.id)
    .where(_m.user_id == given("user_id"), _g.name_key > given("after"))
    .order_by(_g.name_key)
    .limit(given("limit")),
)
_MEMBERS: Final = Question(
    UserRecord,
    columns(tables.users, UserRecord)
    .join(tables.memberships, _m.user_id == _u.id)
    .where(_m.group_id == given("group_id"), _u.name_key > given("after"))
    .order_by(_u.name_key)
    .limit(given("limit")),
)


class Groups(Named[GroupRecord]):
    _told = NamedStatements(tables.groups, GroupRecord)

    def enrol(self, group_id: str, user_id: str) -> None:
        """Make a user a member; a second time changes nothing."""
        if not self.has(group_id, user_id):
            self._link.run(_ENROL, user_id=user_id, group_id=group_id)
            self._touch(user_id)

    def dismiss(self, group_id: str, user_id: str) -> None:
        """End a membership."""
        self._link.run(_DISMISS, member=user_id, of_group=group_id)
        self._touch(user_id)

    def has(self, group_id: str, user_id: str) -> bool:
        """Whether the user is a member."""
        return bool(self._link.rows(_IS_MEMBER, member=user_id, of_group=group_id))

    def of_user(self, user_id: str, *, after: str = "", limit: int = 10_000) -> Sequence[GroupRecord]:
        """The groups a user is in, by name."""
        return self._link.all(_GROUPS_OF_USER, user_id=user_id, after=after, limit=limit)

    def members(self, group_id: str, *, after: str = "", limit: int = 10_000) -> Sequence[UserRecord]:
        """The users of a group, by name."""
        return self._link.all(_MEMBERS, group_id=group_id, after=after, limit=limit)


_r: Final = tables.roles.c
_ROLES_BOUND: Final = records(
    tables.roles, RoleRecord, _r.account == given("account"), _r.boundary == given("boundary"), order_by=(_r.name_key,)
)
_USED: Final = Prepared(
    update(tables.roles)
    .where(_r.id == given("role_id"), or_(_r.used.is_(None), _r.used <= given("moment")))
    .values(used=given("moment"), used_region=given("region"))
)


class Roles(Named[RoleRecord]):
    _told = NamedStatements(tables.roles, RoleRecord)

    def with_boundary(self, account: str, policy_arn: str) -> Sequence[RoleRecord]:
        """The roles whose boundary this policy is."""
        return self._link.all(_ROLES_BOUND, account=account, boundary=policy_arn)

    def used(self, role_id: str, at: int, region: str) -> None:
        """Note the last use, unless a later one is known; nothing that is remembered of the role changes by it."""
        self._link.run(_USED, role_id=role_id, moment=at, region=region)


_p: Final = tables.instance_profiles.c
_PROFILES_OF_ROLE: Final = Question(
    InstanceProfileRecord,
    columns(tables.instance_profiles, InstanceProfileRecord)
    .where(_p.role_id == given("role_id"), _p.name_key > given("after"))
    .order_by(_p.name_key)
    .limit(given("limit")),
)


class InstanceProfiles(Named[InstanceProfileRecord]):
    _told = NamedStatements(tables.instance_profiles, InstanceProfileRecord)

    def of_role(self, role_id: str, *, after: str = "", limit: int = 10_000) -> Sequence[InstanceProfileRecord]:
        """The profiles that hold a role, by name."""
        return self._link.all(_PROFILES_OF_ROLE, role_id=role_id, after=after, limit=limit)


_v: Final = tables.policy_versions.c
_one_version: Final = (_v.policy_id == given("policy"), _v.number == given("which"))
_ADD_VERSION: Final = adding(tables.policy_versions, PolicyVersionRecord)
_VERSION: Final = records(tables.policy_versions, PolicyVersionRecord, *_one_version)
_VERSIONS: Final = records(
    tables.policy_versions, PolicyVersionRecord, _v.policy_id == given("policy"), order_by=(_v.number.desc(),)
)
_REMOVE_VERSION: Final = Prepared(delete(tables.policy_versions).where(*_one_version))


class Policies(Named[PolicyRecord]):
    """Customer-managed policies and their versions."""

    _told = NamedStatements(tables.policies, PolicyRecord)

    def add_version(self, version: PolicyVersionRecord) -> None:
        """Keep a version."""
        self._link.run(_ADD_VERSION, **values_of(version))
        self._touch(version.policy_id)

    def version(self, policy_id: str, number: int) -> PolicyVersionRecord | None:
        """One version."""
        return self._link.one(_VERSION, policy=policy_id, which=number)

    def versions(self, policy_id: str) -> Sequence[PolicyVersionRecord]:
        """All versions, the newest first."""
        return self._link.all(_VERSIONS, policy=policy_id)

    def remove_version(self, policy_id: str, number: int) -> None:
        """Delete one version."""
        self._link.run(_REMOVE_VERSION, policy=policy_id, which=number)
        self._touch(policy_id)
