"""services/organizations: organizational units.

Source: Organizations API Reference, CreateOrganizationalUnit and its relatives; Organizations User Guide, "Quotas":
1000 units, five deep.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.authorization.organization import organization_arn
from ostiary.services.operation import Call, operation
from ostiary.services.organizations.asks import on, request_tags
from ostiary.services.organizations.faults import (
    ConstraintViolation,
    DuplicateOrganizationalUnit,
    OrganizationalUnitNotEmpty,
    OrganizationalUnitNotFound,
    ParentNotFound,
)
from ostiary.services.organizations.founding import attach_defaults, new_id
from ostiary.services.organizations.members import ROOT, UNIT, get, managed
from ostiary.services.organizations.paging import page
from ostiary.services.organizations.tags import put_tags
from ostiary.store.records import AlreadyExists, OrganizationalUnitRecord, OrganizationRecord
from ostiary.store.transaction import Transaction

MOST: Final = 1000
DEEPEST: Final = 5


@operation(
    "organizations",
    "CreateOrganizationalUnit",
    asks=on("CreateOrganizationalUnit", "ParentId", context=request_tags),
    changes=True,
)
def create_organizational_unit(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add a unit under the root or another unit."""
    organization = managed(call, tx)
    parent = get(tx, organization, call.params["ParentId"], ParentNotFound, (ROOT, UNIT))
    if len(tx.organizations.lineage(parent.id)) > DEEPEST:
        raise ConstraintViolation("OU_DEPTH_LIMIT_EXCEEDED", "You have exceeded the OU depth limit.")
    if len(tx.organizations.units(organization.id)) >= MOST:
        raise ConstraintViolation("OU_NUMBER_LIMIT_EXCEEDED", "You have exceeded the number of OUs allowed.")
    record = OrganizationalUnitRecord(
        id=new_id(call.house.entropy, f"ou-{organization.root_id.removeprefix('r-')}-", 8),
        organization_id=organization.id,
        parent_id=parent.id,
        name=call.params["Name"],
    )
    try:
        tx.organizations.add_unit(record)
    except AlreadyExists:
        raise DuplicateOrganizationalUnit from None
    attach_defaults(tx, organization.id, record.id)
    put_tags(tx, record.id, call.params.get("Tags"))
    return {"OrganizationalUnit": _shown(tx, organization, record)}


@operation(
    "organizations",
    "UpdateOrganizationalUnit",
    asks=on("UpdateOrganizationalUnit", "OrganizationalUnitId"),
    changes=True,
)
def update_organizational_unit(call: Call, tx: Transaction) -> dict[str, Any]:
    """Rename a unit. Its id, and all that is in it and attached to it, stays."""
    organization = managed(call, tx)
    record = _unit(call, tx, organization)
    name = call.params.get("Name")
    if name is not None:
        try:
            tx.organizations.rename_unit(record, name)
        except AlreadyExists:
            raise DuplicateOrganizationalUnit from None
    return {"OrganizationalUnit": _shown(tx, organization, _unit(call, tx, organization))}


@operation(
    "organizations",
    "DeleteOrganizationalUnit",
    asks=on("DeleteOrganizationalUnit", "OrganizationalUnitId"),
    changes=True,
)
def delete_organizational_unit(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a unit that has neither accounts nor units."""
    organization = managed(call, tx)
    record = _unit(call, tx, organization)
    if tx.organizations.members(organization.id, record.id) or tx.organizations.units(organization.id, record.id):
        raise OrganizationalUnitNotEmpty
    tx.organizations.remove_unit(record)
    tx.tags.remove(record.id)
    return {}


@operation("organizations", "DescribeOrganizationalUnit", asks=on("DescribeOrganizationalUnit", "OrganizationalUnitId"))
def describe_organizational_unit(call: Call, tx: Transaction) -> dict[str, Any]:
    """One unit."""
    organization = managed(call, tx)
    return {"OrganizationalUnit": _shown(tx, organization, _unit(call, tx, organization))}


@operation("organizations", "ListOrganizationalUnitsForParent", asks=on("ListOrganizationalUnitsForParent", "ParentId"))
def list_organizational_units_for_parent(call: Call, tx: Transaction) -> dict[str, Any]:
    """The units right under a root or unit."""
    organization = managed(call, tx)
    parent = get(tx, organization, call.params["ParentId"], ParentNotFound, (ROOT, UNIT))
    units, rest = page(call, tx.organizations.units(organization.id, parent.id), lambda unit: unit.id)
    return {"OrganizationalUnits": [_shown(tx, organization, unit) for unit in units], **rest}


def _unit(call: Call, tx: Transaction, organization: OrganizationRecord) -> OrganizationalUnitRecord:
    found = tx.organizations.unit(call.params["OrganizationalUnitId"])
    if found is None or found.organization_id != organization.id:
        raise OrganizationalUnitNotFound
    return found


def _shown(tx: Transaction, organization: OrganizationRecord, unit: OrganizationalUnitRecord) -> dict[str, Any]:
    return {
        "Id": unit.id,
        "Arn": organization_arn(organization, "ou", unit.id),
        "Name": unit.name,
        "Path": "/".join((organization.id, *tx.organizations.lineage(unit.id), "")),
    }
