"""services/organizations: what is above and below in the tree: ListParents, ListChildren.

Source: Organizations API Reference, the operations of the same names.
"""

from __future__ import annotations

from typing import Any

from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on
from ostiary.services.organizations.faults import ChildNotFound, ParentNotFound
from ostiary.services.organizations.members import ACCOUNT, ROOT, UNIT, get, managed, type_of
from ostiary.services.organizations.paging import page
from ostiary.store.transaction import Transaction


@operation("organizations", "ListParents", asks=on("ListParents", "ChildId"))
def list_parents(call: Call, tx: Transaction) -> dict[str, Any]:
    """The one parent of an account or unit."""
    child = get(tx, managed(call, tx), call.params["ChildId"], ChildNotFound, (UNIT, ACCOUNT))
    assert child.parent_id is not None
    parents, rest = page(call, [child.parent_id], str)
    return {"Parents": [_shown(parent) for parent in parents], **rest}


@operation("organizations", "ListChildren", asks=on("ListChildren", "ParentId"))
def list_children(call: Call, tx: Transaction) -> dict[str, Any]:
    """The accounts, or the units, right under a root or unit."""
    organization = managed(call, tx)
    parent = get(tx, organization, call.params["ParentId"], ParentNotFound, (ROOT, UNIT))
    if call.params["ChildType"] == ACCOUNT:
        found = [member.account for member in tx.organizations.members(organization.id, parent.id)]
    else:
        found = [unit.id for unit in tx.organizations.units(organization.id, parent.id)]
    children, rest = page(call, found, str)
    return {"Children": [_shown(child) for child in children], **rest}


def _shown(target_id: str) -> dict[str, Any]:
    return {"Id": target_id, "Type": type_of(target_id)}
