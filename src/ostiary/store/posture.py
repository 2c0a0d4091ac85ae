"""What of an account its owner should look at: counted and named by the database, a few statements for everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select

from ostiary.store.link import Prepared, given
from ostiary.store.named import Rows
from ostiary.store.tables import (
    access_key_uses,
    access_keys,
    attachments,
    inline_policies,
    login_profiles,
    memberships,
    mfa_devices,
    roles,
    users,
)

_u, _r, _k, _p = users.c, roles.c, access_keys.c, login_profiles.c
_profiles: Final = login_profiles.join(users, _u.id == _p.user_id)
_keys: Final = access_keys.join(users, _u.id == _k.owner_id)
_of_account: Final = _u.account == given("account")
_found: Final = or_(given("find") == literal(""), func.instr(_u.name_key, given("find")) > 0)
_never: Final = ~exists().where(access_key_uses.c.key_id == _k.id)


def _users(source: Any, *where: ColumnElement[bool]) -> Select[Any]:
    return select(_u.name, _u.name_key).select_from(source).where(_of_account, _found, *where)


def _roles(*where: ColumnElement[bool]) -> Select[Any]:
    return select(_r.name, _r.name_key).where(_r.account == given("account"), *where)


def _among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a column has one of the ids that are given as JSON."""
    return column.in_(select(func.json_each(given("ids")).table_valued("value").c.value))


_own_policies: Final = or_(
    exists().where(attachments.c.owner_id == _u.id), exists().where(inline_policies.c.owner_id == _u.id)
)
_LISTS: Final[Mapping[str, Select[Any]]] = {
    "users": _users(users),
    "roles": _roles(or_(given("find") == literal(""), func.instr(_r.name_key, given("find")) > 0)),
    "password-no-mfa": _users(_profiles, ~exists().where(mfa_devices.c.owner_id == _u.id)),
    "key-warning": _users(_keys, _k.active, _k.created <= given("warning")),
    "key-caution": _users(_keys, _k.active, _k.created <= given("caution"), _k.created > given("warning")),
    "key-never-used": _users(_keys, _k.active, _k.created <= given("day"), _never),
    "password-never-used": _users(_profiles, _u.password_used.is_(None), _p.created <= given("day")),
    "direct-policies": _users(users, _own_policies),
    "unused-roles": _roles(
        func.coalesce(_r.used, 0) <= given("unused"),
        _r.created <= given("unused"),
        func.substr(_r.path, 1, 18) != "/aws-service-role/",
    ),
    "admin-users": _users(
        users,
        or_(_among(_u.id), exists().where(and_(memberships.c.user_id == _u.id, _among(memberships.c.group_id)))),
    ),
    "admin-roles": _roles(_among(_r.id)),
}
"""Names by what is the matter with them."""


def _statements(asked: Select[Any]) -> tuple[Prepared, Prepared, Prepared]:
    """How many there are, a page of them by name, and some of them, whichever are found first."""
    found = asked.distinct().subquery()
    named = select(found.c.name).order_by(found.c.name_key).limit(given("limit")).offset(given("skip"))
    return Prepared(select(func.count()).select_from(found)), Prepared(named), Prepared(asked.limit(given("limit")))


_STATEMENTS: Final = {name: _statements(asked) for name, asked in _LISTS.items()}
_by_owner: Final = (
    select(
        func.max(_k.created <= given("warning")).label("key-warning"),
        func.max(and_(_k.created <= given("caution"), _k.created > given("warning"))).label("key-caution"),
        func.max(and_(_k.created <= given("day"), access_key_uses.c.at.is_(None))).label("key-never-used"),
    )
    .select_from(access_keys.outerjoin(access_key_uses, access_key_uses.c.key_id == _k.id))
    .where(_k.account == given("account"), _k.active, _k.owner_id != given("account"))
    .group_by(_k.owner_id)
    .subquery()
)
_COUNT_KEYS: Final = Prepared(select(*(func.sum(column) for column in _by_owner.c)))
_COUNT_PASSWORDS: Final = Prepared(
    select(
        func.sum(~exists().where(mfa_devices.c.owner_id == _p.user_id)),
        func.sum(and_(_u.password_used.is_(None), _p.created <= given("day"))),
    )
    .select_from(_profiles)
    .where(_of_account)
)
_WILD: Final = literal('"*"')
_WIDE_INLINE: Final = Prepared(
    select(inline_policies.c.owner_id, inline_policies.c.document).where(
        func.instr(inline_policies.c.document, '"Action"') > 0, func.instr(inline_policies.c.document, _WILD) > 0
    )
)
_OPEN_TRUST: Final = Prepared(
    select(_r.name, _r.trust)
    .where(_r.account == given("account"), func.instr(_r.trust, _WILD) > 0)
    .order_by(_r.name_key)
)
_HOLDERS: Final = Prepared(
    select(attachments.c.owner_id).where(attachments.c.account == given("account"), _among(attachments.c.policy_arn))
)


class Postures(Rows):
    """What is the matter with an account's users and roles."""

    def count(self, name: str, account: str, **told: Any) -> int:
        """How many are of a list. Times are whole seconds since 1970: what is as old as that, or older."""
        asked, _, _ = _STATEMENTS[name]
        return int(self._link.value(asked, account=account, **_told(name, told)))

    def names(self, name: str, account: str, *, limit: int, skip: int = 0, **told: Any) -> Sequence[str]:
        """Their names, sorted."""
        _, asked, _ = _STATEMENTS[name]
        return self._link.column(asked, account=account, limit=limit, skip=skip, **_told(name, told))

    def some(self, name: str, account: str, *, limit: int, **told: Any) -> Sequence[str]:
        """Names of some of them, each once."""
        _, _, asked = _STATEMENTS[name]
        found = self._link.column(asked, account=account, limit=limit * 2, **_told(name, told))
        return sorted(dict.fromkeys(found), key=str.lower)[:limit]

    def counts(self, account: str, *, warning: int, caution: int, day: int) -> dict[str, int]:
        """How many are of the lists of keys and passwords, in two statements."""
        times = {"warning": warning, "caution": caution, "day": day}
        keys = self._link.rows(_COUNT_KEYS, account=account, **times)[0]
        passwords = self._link.rows(_COUNT_PASSWORDS, account=account, day=day)[0]
        names = ("key-warning", "key-caution", "key-never-used", "password-no-mfa", "password-never-used")
        return {name: int(count or 0) for name, count in zip(names, (*keys, *passwords), strict=True)}

    def holders(self, account: str, arns: Iterable[str]) -> Sequence[str]:
        """The unique ids of those that any of these policies is attached to."""
        return self._link.column(_HOLDERS, account=account, ids=json.dumps(list(arns)))

    def wide_inline(self) -> Sequence[tuple[str, str]]:
        """Owner and text of the inline policies that may allow everything, of all accounts."""
        return self._link.rows(_WIDE_INLINE)

    def open_trust(self, account: str) -> Sequence[tuple[str, str]]:
        """Name and trust policy of the roles that may trust anybody."""
        return self._link.rows(_OPEN_TRUST, account=account)


_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "users": (),
    "roles": (),
    "password-no-mfa": (),
    "key-warning": ("warning",),
    "key-caution": ("warning", "caution"),
    "key-never-used": ("day",),
    "password-never-used": ("day",),
    "direct-policies": (),
    "unused-roles": ("unused",),
    "admin-users": ("ids",),
    "admin-roles": ("ids",),
}


def _told(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    found = {} if name in ("unused-roles", "admin-roles") else {"find": str(told.get("find", "")).lower()}
    return {each: told[each] for each in _NEEDS[name]} | found
