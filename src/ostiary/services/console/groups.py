"""services/console: the list of groups: members, policies, and when any member was last active (S9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ostiary.services.console.paging import placed
from ostiary.services.iam.names import GROUP
from ostiary.services.operation import Call
from ostiary.services.view import on, seen, view
from ostiary.store.transaction import Transaction
from ostiary.store.user_lists import GroupFacts

PAGE: Final = 25
SORTS: Final = {"name": None, "members": "members", "policies": "policies", "activity": "activity", "created": None}
_NEEDED: Final = {
    "members": ("iam:GetGroup",),
    "policies": ("iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies"),
    "activity": ("iam:GetGroup", "iam:ListUsers", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A group of the list."""

    facts: GroupFacts
    names: tuple[str, ...]
    """The first of its policies; none where they may not be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTable:
    """A page of groups."""

    rows: tuple[GroupRow, ...]
    total: int
    found: int
    page: int
    pages: int
    sort: str
    descending: bool
    find: str
    shows: frozenset[str]
    """Which of `members`, `policies`, `activity` may be seen."""

    def may_sort(self, column: str) -> bool:
        """Nobody sorts by what they may not see."""
        return SORTS.get(column) is None or column in self.shows


@view("iam", "ListGroups", asks=on("iam:ListGroups"))
def group_table(call: Call, tx: Transaction) -> GroupTable:
    """Groups by words in their names (`find`, `sort`, `descending`, `page`, `size`)."""
    params = call.params
    find, sort, size = params.get("find", ""), params.get("sort", "name"), params.get("size", PAGE)
    groups = f"arn:aws:iam::{call.account}:group/*"
    users = f"arn:aws:iam::{call.account}:user/*"
    allowed = {
        action: seen(call, action, "*" if action == "iam:ListUsers" else users if "Key" in action else groups)
        for actions in _NEEDED.values()
        for action in actions
    }
    shows = frozenset(column for column, actions in _NEEDED.items() if all(allowed[each] for each in actions))
    if sort not in SORTS or (SORTS[sort] is not None and sort not in shows):
        sort = "name"
    descending = bool(params.get("descending"))
    total = tx.group_lists.count(call.account)
    found = tx.group_lists.count(call.account, find) if find else total
    page, pages = placed(found, size, params.get("page"))
    rows = tx.group_lists.page(call.account, find, sort=sort, descending=descending, skip=(page - 1) * size, limit=size)
    return GroupTable(
        rows=tuple(GroupRow(facts=each, names=_names(tx, each) if "policies" in shows else ()) for each in rows),
        total=total,
        found=found,
        page=page,
        pages=pages,
        sort=sort,
        descending=descending,
        find=find,
        shows=shows,
    )


def _names(tx: Transaction, group: GroupFacts) -> tuple[str, ...]:
    if not group.policies:
        return ()
    attached = (arn.rsplit("/", 1)[-1] for arn in tx.attachments.of(group.id))
    return (*attached, *tx.inline_policies.of(group.id))


def arn_of(tx: Transaction, account: str, name: str) -> str:
    """A group's ARN. Raises `NoSuchEntity`."""
    return GROUP.arn(GROUP.get(tx, account, name))
