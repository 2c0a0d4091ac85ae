"""services/console: the list of users with their credentials' ages, and what of it somebody may see (S15-S19).

Each column beyond the name is AWS's answer to a further operation, and shown to those who may call it. Nobody sorts or
filters by what they may not see.

Source: IAM User Guide, "View IAM users", "Find unused AWS credentials"; the permissions of its console.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.authorization.judge import Ask
from ostiary.services.console.thresholds import DAY, Thresholds, days_since, present
from ostiary.services.iam.asks import ask_named
from ostiary.services.iam.names import GROUP, USER
from ostiary.services.operation import Call
from ostiary.services.view import on, seen, view
from ostiary.store.records import UserRecord
from ostiary.store.transaction import Transaction
from ostiary.store.user_lists import Possessions, UserQuery

GROUPS, KEYS, PASSWORD, MFA, USED = "groups", "keys", "password", "mfa", "used"
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    GROUPS: ("iam:ListGroupsForUser",),
    KEYS: ("iam:ListAccessKeys",),
    PASSWORD: ("iam:GetLoginProfile",),
    MFA: ("iam:ListMFADevices",),
    USED: ("iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"),
}
"""What the columns are made of."""
_SORTED_BY: Final = {
    "name": (),
    "groups": (GROUPS,),
    "key": (KEYS,),
    "password": (PASSWORD,),
    "mfa": (MFA, PASSWORD),
    "activity": (USED,),
    "created": (),
}
_FILTERED_BY: Final = {
    "key-caution": (KEYS,),
    "key-warning": (KEYS,),
    "no-mfa": (MFA, PASSWORD),
    "never-used": (USED,),
}
CHIPS: Final = tuple(_FILTERED_BY)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A user of the list."""

    name: str
    path: str
    arn: str
    id: str
    created: int
    groups: tuple[str, ...]
    key_days: int | None
    """Of the oldest active key."""
    keys: int
    """How many there are, the inactive ones too."""
    password_days: int | None
    devices: tuple[str, ...]
    """The kinds of the MFA devices."""
    activity: int | None
    """The latest use of the password or of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTable:
    """A page of users."""

    rows: tuple[UserRow, ...]
    total: int
    found: int
    page: int
    pages: int
    first: int
    """The number of the first row."""
    sort: str
    descending: bool
    chips: frozenset[str]
    """Those that are in force."""
    group: str
    find: str
    thresholds: Thresholds
    shows: frozenset[str]
    """Which columns may be seen."""
    groups: tuple[str, ...] | None
    """All groups, to filter by; None: they may not be listed."""

    def may_filter(self, chip: str) -> bool:
        """Whether a chip works for the one who looks."""
        return self.shows.issuperset(_FILTERED_BY[chip])

    def may_sort(self, column: str) -> bool:
        """Whether a column sorts for the one who looks."""
        return self.shows.issuperset(_SORTED_BY[column])


@view("iam", "ListUsers", asks=on("iam:ListUsers"))
def user_table(call: Call, tx: Transaction) -> UserTable:
    """A page of the account's users; `size` 0 gives all that are found."""
    return _table(call, tx, may_filter=False)


def _on_group(call: Call, tx: Transaction) -> Iterable[Ask]:
    return (ask_named(call, tx, "iam:GetGroup", GROUP, call.params["group"]),)


@view("iam", "GetGroup", asks=_on_group)
def member_table(call: Call, tx: Transaction) -> UserTable:
    """A page of the members of the `group`."""
    GROUP.get(tx, call.account, call.params["group"])
    return _table(call, tx, may_filter=True)


def _table(call: Call, tx: Transaction, *, may_filter: bool) -> UserTable:
    params = call.params
    shows = _shown(call)
    thresholds = present(tx, call.account)
    sort = params.get("sort", "name")
    if sort not in _SORTED_BY or not shows.issuperset(_SORTED_BY[sort]):
        sort = "name"
    chips = frozenset(
        chip for chip in params.get("chips", ()) if chip in _FILTERED_BY and shows.issuperset(_FILTERED_BY[chip])
    )
    group, group_id = params.get("group", "") if may_filter or GROUPS in shows else "", ""
    if group:
        record = tx.groups.get(call.account, group)
        group_id = record.id if record is not None else "-"
    query = UserQuery(
        account=call.account,
        find=params.get("find", ""),
        group=group_id,
        key_before=_before(chips, thresholds, call.now),
        without_mfa="no-mfa" in chips,
        never_used="never-used" in chips,
        sort=sort,
        descending=params.get("descending", False),
    )
    size = params.get("size", 25) or None
    found = tx.user_lists.page(query, max(1, params.get("page", 1)), size)
    total = tx.user_lists.count(UserQuery(account=call.account)) if query.filters else found.total
    have = tx.user_lists.possessions(record.id for record in found.records)
    may_list = seen(call, "iam:ListGroups") and GROUPS in shows
    return UserTable(
        rows=tuple(_row(record, have[record.id], shows, call.now) for record in found.records),
        total=total,
        found=found.total,
        page=found.number,
        pages=max(1, -(-found.total // size)) if size else 1,
        first=(found.number - 1) * (size or 0) + 1,
        sort=sort,
        descending=query.descending,
        chips=chips,
        group=group,
        find=query.find,
        thresholds=thresholds,
        shows=shows,
        groups=tuple(each.name for each in tx.groups.page(call.account, limit=1000)) if may_list else None,
    )


def _shown(call: Call) -> frozenset[str]:
    """The columns that may be seen: asked once, for all users."""
    users = f"arn:aws:iam::{call.account}:user/*"
    allowed = {action: seen(call, action, users) for actions in NEEDED.values() for action in actions}
    return frozenset(column for column, actions in NEEDED.items() if all(allowed[action] for action in actions))


def _before(chips: frozenset[str], thresholds: Thresholds, now: int) -> int | None:
    """A key that was made then, or before, is as old as the chips ask for."""
    if "key-warning" in chips:
        return now - thresholds.warning * DAY
    return now - thresholds.caution * DAY if "key-caution" in chips else None


def _row(record: UserRecord, has: Possessions, shows: frozenset[str], now: int) -> UserRow:
    active = [key.created for key in has.keys if key.active]
    uses = [used for used in (record.password_used, *(key.used for key in has.keys)) if used is not None]
    return UserRow(
        name=record.name,
        path=record.path,
        arn=USER.arn(record),
        id=record.id,
        created=record.created,
        groups=tuple(has.groups) if GROUPS in shows else (),
        key_days=days_since(min(active), now) if active and KEYS in shows else None,
        keys=len(has.keys) if KEYS in shows else 0,
        password_days=None if has.password_at is None or PASSWORD not in shows else days_since(has.password_at, now),
        devices=tuple(has.devices) if MFA in shows else (),
        activity=max(uses) if uses and USED in shows else None,
    )
