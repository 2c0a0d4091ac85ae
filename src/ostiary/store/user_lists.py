"""Lists of users and groups as the console shows them: searched, sorted and cut into pages by the database.

A page is found first, by the one value that it is sorted by; then what its users have is read for these alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select

from ostiary.store.link import Prepared, Question, columns, given
from ostiary.store.named import Rows
from ostiary.store.records import UserRecord
from ostiary.store.tables import (
    access_key_uses,
    access_keys,
    attachments,
    groups,
    inline_policies,
    login_profiles,
    memberships,
    mfa_devices,
    passwords_set,
    users,
)

_u, _g, _m, _k = users.c, groups.c, memberships.c, access_keys.c
_use, _p, _s, _d = access_key_uses.c, login_profiles.c, passwords_set.c, mfa_devices.c

_first_group: Final = (
    select(func.min(_g.name_key))
    .select_from(memberships.join(groups, _g.id == _m.group_id))
    .where(_m.user_id == _u.id)
    .scalar_subquery()
)
_oldest_key: Final = select(func.min(_k.created)).where(_k.owner_id == _u.id, _k.active).scalar_subquery()
_key_used: Final = (
    select(func.max(_use.at))
    .select_from(access_keys.join(access_key_uses, _use.key_id == _k.id))
    .where(_k.owner_id == _u.id)
    .scalar_subquery()
)
_key_was_used: Final = exists().where(_k.owner_id == _u.id, _use.key_id == _k.id)
_has_password: Final = exists().where(_p.user_id == _u.id)
_has_mfa: Final = exists().where(_d.owner_id == _u.id)


def _password_set(profile_user: ColumnElement[Any]) -> ColumnElement[Any]:
    """Since when a password is there: as `services/iam/passwords.password_changed` tells it."""
    at = (
        select(func.max(_s.at))
        .where(_s.user_id == profile_user, _s.password == _p.password)
        .correlate(login_profiles)
        .scalar_subquery()
    )
    return func.coalesce(at, _p.created)


_password_at: Final = select(_password_set(_p.user_id)).where(_p.user_id == _u.id).scalar_subquery()
_activity: Final = func.nullif(func.max(func.coalesce(_u.password_used, 0), func.coalesce(_key_used, 0)), 0)
_without_mfa: Final = and_(_has_password, ~_has_mfa)

_ORDERS: Final[Mapping[str, ColumnElement[Any]]] = {
    "groups": _first_group,
    "key": -_oldest_key,  # an age: the older, the more
    "password": -_password_at,
    "mfa": case((_without_mfa, 2), (_has_password, 1), else_=0),
    "activity": _activity,
    "created": _u.created,
}
# the cheapest first: what it leaves out is asked nothing more
_FILTERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "find": func.instr(_u.name_key, given("find")) > 0,
    "group": exists().where(_m.user_id == _u.id, _m.group_id == given("group")),
    "without_mfa": _without_mfa,
    "key": _oldest_key <= given("key"),
    "never_used": and_(_u.password_used.is_(None), ~_key_was_used),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserQuery:
    """Which users, in which order."""

    account: str
    find: str = ""
    """A part of the name."""
    group: str = ""
    """The id of a group."""
    key_before: int | None = None
    """The oldest active key was made at this moment, or before."""
    without_mfa: bool = False
    """They have a password and no MFA device."""
    never_used: bool = False
    sort: str = "name"
    """`name`, or a name of `_ORDERS`."""
    descending: bool = False

    @property
    def filters(self) -> frozenset[str]:
        """Those that are asked for."""
        asked = {
            "find": bool(self.find),
            "group": bool(self.group),
            "key": self.key_before is not None,
            "without_mfa": self.without_mfa,
            "never_used": self.never_used,
        }
        return frozenset(name for name, wanted in asked.items() if wanted)

    def told(self) -> dict[str, Any]:
        """The values of the statement."""
        values = {"find": self.find.lower(), "group": self.group, "key": self.key_before}
        return {"account": self.account} | {name: values[name] for name in self.filters if name in values}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """An access key without its secret."""

    id: str
    active: bool
    created: int
    used: int | None


@dataclass(frozen=True, slots=True)
class UserPage:
    """A part of what a query finds."""

    records: Sequence[UserRecord]
    number: int
    total: int


def _pages(total: int, size: int | None) -> int:
    return 1 if size is None else max(1, -(-total // size))


def _part(number: int, size: int | None) -> dict[str, int]:
    return {"skip": 0, "limit": -1} if size is None else {"skip": (number - 1) * size, "limit": size}


@dataclass(slots=True)
class Possessions:
    """What a user has."""

    groups: list[str] = field(default_factory=list)
    keys: list[KeyFacts] = field(default_factory=list)
    password_at: int | None = None
    devices: list[str] = field(default_factory=list)
    """Their kinds."""


@cache
def _found(filters: frozenset[str], sort: str, descending: bool) -> Question[UserRecord]:
    key = _ORDERS.get(sort)
    order: tuple[Any, ...] = (_u.name_key.desc() if descending and key is None else _u.name_key,)
    if key is not None:
        order = ((key.desc() if descending else key.asc()).nulls_last(), *order)
    asked = _filtered(columns(users, UserRecord), filters).order_by(*order)
    return Question(UserRecord, asked.limit(given("limit")).offset(given("skip")))


@cache
def _found_counted(filters: frozenset[str], sort: str, descending: bool) -> Question[tuple[UserRecord, int]]:
    """The same, each with how many there are in all: one reading of the table does for both."""
    asked = _found(filters, sort, descending).asked.add_columns(func.count().over().label("total"))
    return Question(_with_total, asked)


def _with_total(total: int, **values: Any) -> tuple[UserRecord, int]:
    return UserRecord(**values), total


@cache
def _count(filters: frozenset[str]) -> Prepared:
    return Prepared(_filtered(select(func.count()).select_from(users), filters))


def _filtered(asked: Select[Any], filters: frozenset[str]) -> Select[Any]:
    return asked.where(_u.account == given("account"), *(asked for name, asked in _FILTERS.items() if name in filters))


def _among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a column has one of the ids that are given as JSON."""
    return column.in_(select(func.json_each(given("ids")).table_valued("value").c.value))


_GROUPS: Final = Prepared(
    select(_m.user_id, _g.name)
    .select_from(memberships.join(groups, _g.id == _m.group_id))
    .where(_among(_m.user_id))
    .order_by(_g.name_key)
)
_KEYS: Final = Prepared(
    select(_k.owner_id, _k.id, _k.active, _k.created, _use.at)
    .select_from(access_keys.outerjoin(access_key_uses, _use.key_id == _k.id))
    .where(_among(_k.owner_id))
    .order_by(_k.created, _k.id)
)
_PASSWORDS: Final = Prepared(select(_p.user_id, _password_set(_p.user_id)).where(_among(_p.user_id)))
_DEVICES: Final = Prepared(select(_d.owner_id, _d.kind).where(_among(_d.owner_id)).order_by(_d.enabled, _d.id))


class UserLists(Rows):
    """An account's users."""

    def page(self, query: UserQuery, number: int, size: int | None) -> UserPage:
        """A page of those that a query finds, in its order; the last one where there are not so many. No size: all."""
        if not query.filters:
            total = self.count(query)
            number = min(number, _pages(total, size))
            asked = _found(query.filters, query.sort, query.descending)
            return UserPage(self._link.all(asked, **_part(number, size), **query.told()), number, total)
        counted = _found_counted(query.filters, query.sort, query.descending)
        found = self._link.all(counted, **_part(number, size), **query.told())
        if not found and number > 1:
            number = _pages(self.count(query), size)
            found = self._link.all(counted, **_part(number, size), **query.told())
        return UserPage([record for record, _ in found], number, found[0][1] if found else 0)

    def count(self, query: UserQuery) -> int:
        """How many it finds."""
        return int(self._link.value(_count(query.filters), **query.told()))

    def possessions(self, user_ids: Iterable[str]) -> Mapping[str, Possessions]:
        """What users have, by their ids."""
        found = {user_id: Possessions() for user_id in user_ids}
        ids = json.dumps(list(found))
        for user_id, group in self._link.rows(_GROUPS, ids=ids):
            found[user_id].groups.append(group)
        for user_id, key_id, active, created, used in self._link.rows(_KEYS, ids=ids):
            found[user_id].keys.append(KeyFacts(id=key_id, active=bool(active), created=created, used=used))
        for user_id, at in self._link.rows(_PASSWORDS, ids=ids):
            found[user_id].password_at = at
        for user_id, kind in self._link.rows(_DEVICES, ids=ids):
            found[user_id].devices.append(kind)
        return found


_members: Final = select(func.count()).select_from(memberships).where(_m.group_id == _g.id).scalar_subquery()
_attached: Final = (
    select(func.count()).select_from(attachments).where(attachments.c.owner_id == _g.id).scalar_subquery()
)
_inline: Final = (
    select(func.count()).select_from(inline_policies).where(inline_policies.c.owner_id == _g.id).scalar_subquery()
)
_policies: Final = _attached + _inline
_owner_used: Final = (
    select(_k.owner_id, func.max(_use.at).label("at"))
    .select_from(access_key_uses.join(access_keys, _k.id == _use.key_id))
    .group_by(_k.owner_id)
    .subquery("owner_used")
)
_used_by_group: Final = (
    select(
        _m.group_id,
        func.max(func.max(func.coalesce(_u.password_used, 0), func.coalesce(_owner_used.c.at, 0))).label("at"),
    )
    .select_from(
        memberships.join(users, _u.id == _m.user_id).outerjoin(_owner_used, _owner_used.c.owner_id == _m.user_id)
    )
    .group_by(_m.group_id)
    .subquery("used_by_group")
)
_member_used: Final = func.nullif(_used_by_group.c.at, 0)
_GROUP_ORDERS: Final[Mapping[str, ColumnElement[Any]]] = {
    "members": _members,
    "policies": _policies,
    "activity": _member_used,
    "created": _g.created,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFacts:
    """A group with what it has."""

    id: str
    name: str
    path: str
    created: int
    members: int
    policies: int
    used: int | None
    """The latest activity of any member."""


@cache
def _groups(sort: str, descending: bool) -> Question[GroupFacts]:
    key = _GROUP_ORDERS.get(sort)
    order: tuple[Any, ...] = (_g.name_key.desc() if descending and key is None else _g.name_key,)
    if key is not None:
        order = ((key.desc() if descending else key.asc()).nulls_last(), *order)
    asked = (
        select(
            _g.id,
            _g.name,
            _g.path,
            _g.created,
            _members.label("members"),
            _policies.label("policies"),
            _member_used.label("used"),
        )
        .select_from(groups.outerjoin(_used_by_group, _used_by_group.c.group_id == _g.id))
        .where(_g.account == given("account"), _finds_group)
        .order_by(*order)
    )
    return Question(GroupFacts, asked.limit(given("limit")).offset(given("skip")))


_finds_group: Final = or_(given("find") == literal(""), func.instr(_g.name_key, given("find")) > 0)
_COUNT_GROUPS: Final = Prepared(
    select(func.count()).select_from(groups).where(_g.account == given("account"), _finds_group)
)


class GroupLists(Rows):
    """An account's groups."""

    def page(
        self, account: str, find: str = "", *, sort: str = "name", descending: bool = False, skip: int = 0, limit: int
    ) -> Sequence[GroupFacts]:
        """Those that have the words in their name."""
        asked = _groups(sort, descending)
        return self._link.all(asked, account=account, find=find.lower(), skip=skip, limit=limit)

    def count(self, account: str, find: str = "") -> int:
        """How many these are."""
        return int(self._link.value(_COUNT_GROUPS, account=account, find=find.lower()))
