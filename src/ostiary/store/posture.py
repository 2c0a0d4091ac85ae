"""What of an account its owner should look at: counted and named by the database, a few statements for everything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, union

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
_never: Final = ~exists().where(access_key_uses.c.key_id == _k.id)


def _users(source: Any, *where: ColumnElement[bool]) -> Select[Any]:
    return select(_u.name, _u.name_key).select_from(source).where(_of_account, *where).distinct()


def _roles(*where: ColumnElement[bool]) -> Select[Any]:
    return select(_r.name, _r.name_key).where(_r.account == given("account"), *where)


def _among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a column has one of the ids that are given as JSON."""
    return column.in_(select(func.json_each(given("ids")).table_valued("value").c.value))


_owners: Final = union(select(attachments.c.owner_id), select(inline_policies.c.owner_id)).subquery()
_LISTS: Final[Mapping[str, Select[Any]]] = {
    "password-no-mfa": _users(_profiles, ~exists().where(mfa_devices.c.owner_id == _u.id)),
    "key-warning": _users(_keys, _k.active, _k.created <= given("warning")),
    "key-caution": _users(_keys, _k.active, _k.created <= given("caution"), _k.created > given("warning")),
    "key-never-used": _users(_keys, _k.active, _k.created <= given("day"), _never),
    "password-never-used": _users(_profiles, _u.password_used.is_(None), _p.created <= given("day")),
    "direct-policies": _users(users.join(_owners, _owners.c.owner_id == _u.id)),
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


def _pages(asked: Select[Any]) -> tuple[Prepared, Prepared]:
    found = asked.subquery()
    named = select(found.c.name).order_by(found.c.name_key).limit(given("limit")).offset(given("skip"))
    return Prepared(select(func.count()).select_from(found)), Prepared(named)


_STATEMENTS: Final = {name: _pages(asked) for name, asked in _LISTS.items()}
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
        asked, _ = _STATEMENTS[name]
        return int(self._link.value(asked, account=account, **_told(name, told)))

    def names(self, name: str, account: str, *, limit: int, skip: int = 0, **told: Any) -> Sequence[str]:
        """Their names, sorted."""
        _, asked = _STATEMENTS[name]
        return self._link.column(asked, account=account, limit=limit, skip=skip, **_told(name, told))

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
    return {each: told[each] for each in _NEEDS[name]}
