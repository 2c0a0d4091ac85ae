"""Lists of roles and instances as the console shows them: searched, sorted and cut into pages by the database."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from ostiary.store.link import Prepared, Question, columns, given
from ostiary.store.named import Rows
from ostiary.store.records import InstanceProfileRecord, InstanceRecord, RoleRecord
from ostiary.store.tables import instance_profiles, instances, profile_associations, roles

_r: Final = roles.c
_i: Final = instances.c
_p: Final = instance_profiles.c
_a: Final = profile_associations.c
_ROLE_ORDERS: Final = {"name": _r.name_key, "used": _r.used, "created": _r.created}
_ASSOCIATED: Final = "associated"


def _contains(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether a text has the one given in it; no character means anything but itself."""
    return func.instr(func.lower(column), given(name)) > 0


_found_roles: Final = and_(
    _r.account == given("account"),
    or_(_contains(_r.name_key, "words"), _contains(_r.trust, "words"), _contains(_r.description, "words")),
)
_all_roles: Final = _r.account == given("account")


@cache
def _roles(sort: str, descending: bool, search: bool) -> Question[RoleRecord]:
    key = _ROLE_ORDERS[sort]
    order = (key.desc().nulls_last(), _r.name_key) if descending else (key.asc().nulls_first(), _r.name_key)
    # ids are sorted, not rows: trust policies are long
    page = select(_r.id).where(_found_roles if search else _all_roles).order_by(*order)
    page = page.limit(given("limit")).offset(given("skip"))
    return Question(RoleRecord, columns(roles, RoleRecord).where(_r.id.in_(page)).order_by(*order))


_COUNT: Final = Prepared(select(func.count()).select_from(roles).where(_found_roles))
_COUNT_ALL: Final = Prepared(select(func.count()).select_from(roles).where(_all_roles))
_TRUSTING: Final = Question(
    RoleRecord,
    columns(roles, RoleRecord)
    .where(_r.account == given("account"), _contains(_r.trust, "words"))
    .order_by(_r.name_key)
    .limit(given("limit")),
)


class RoleLists(Rows):
    """An account's roles."""

    def page(
        self, account: str, words: str, *, sort: str, descending: bool, skip: int, limit: int
    ) -> Sequence[RoleRecord]:
        """Those that have the words in their name, their description or their trust policy."""
        asked = _roles(sort, descending, bool(words))
        told = {"words": words.lower()} if words else {}
        return self._link.all(asked, account=account, skip=skip, limit=limit, **told)

    def count(self, account: str, words: str) -> int:
        """How many have them."""
        if not words:
            return int(self._link.value(_COUNT_ALL, account=account))
        return int(self._link.value(_COUNT, account=account, words=words.lower()))

    def trusting(self, account: str, words: str, limit: int) -> Sequence[RoleRecord]:
        """Those whose trust policy has these words in it, by name."""
        return self._link.all(_TRUSTING, account=account, words=words.lower(), limit=limit)


_shown_instances: Final = and_(
    _i.account == given("account"),
    or_(_i.ended.is_(None), _i.ended > given("since")),
    or_(given("words") == "", _contains(_i.id, "words"), _contains(_i.facts, "words")),
)


def _held(asked: Select[Any]) -> Select[Any]:
    """Instances with the association that is in force."""
    return asked.outerjoin(profile_associations, and_(_a.instance_id == _i.id, _a.state == _ASSOCIATED))


_INSTANCES: Final = Question(
    InstanceRecord,
    columns(instances, InstanceRecord)
    .where(_shown_instances)
    .order_by(_i.launched.desc(), _i.id)
    .limit(given("limit"))
    .offset(given("skip")),
)
_COUNT_INSTANCES: Final = Prepared(select(func.count()).select_from(instances).where(_shown_instances))
_OF_ROLE: Final = Question(
    InstanceRecord,
    _held(columns(instances, InstanceRecord))
    .join(instance_profiles, _p.id == _a.profile_id)
    .where(_p.role_id == given("role_id"), or_(_i.ended.is_(None), _i.ended > given("since")))
    .order_by(_i.launched.desc(), _i.id)
    .limit(given("limit")),
)
_PROFILES: Final = Question(
    InstanceProfileRecord,
    columns(instance_profiles, InstanceProfileRecord)
    .where(_p.account == given("account"), _contains(_p.name_key, "words"))
    .order_by(_p.name_key)
    .limit(given("limit"))
    .offset(given("skip")),
)
_COUNT_PROFILES: Final = Prepared(
    select(func.count())
    .select_from(instance_profiles)
    .where(_p.account == given("account"), _contains(_p.name_key, "words"))
)


class InstanceLists(Rows):
    """An account's instances and instance profiles."""

    def page(self, account: str, words: str, *, since: int, skip: int, limit: int) -> Sequence[InstanceRecord]:
        """Those that have the words in their id or in what is known of them, and did not end before `since`."""
        return self._link.all(_INSTANCES, account=account, words=words.lower(), since=since, skip=skip, limit=limit)

    def count(self, account: str, words: str, since: int) -> int:
        """How many there are."""
        return int(self._link.value(_COUNT_INSTANCES, account=account, words=words.lower(), since=since))

    def of_role(self, role_id: str, *, since: int, limit: int) -> Sequence[InstanceRecord]:
        """Those that have a role by their profile, the latest first."""
        return self._link.all(_OF_ROLE, role_id=role_id, since=since, limit=limit)

    def profiles(self, account: str, words: str, *, skip: int, limit: int) -> Sequence[InstanceProfileRecord]:
        """The instance profiles with these words in their names."""
        return self._link.all(_PROFILES, account=account, words=words.lower(), skip=skip, limit=limit)

    def count_profiles(self, account: str, words: str) -> int:
        """How many there are."""
        return int(self._link.value(_COUNT_PROFILES, account=account, words=words.lower()))
