"""services/iam: roles: CreateRole, GetRole, ListRoles, UpdateRole, UpdateRoleDescription, DeleteRole.

How much an answer shows of a role differs from operation to operation; it is as IAM was seen to answer.

Source: IAM API Reference, the operations of the same names, and Role.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.identifiers import SERVICE_LINKED
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import on_existing, on_new
from ostiary.services.iam.boundaries import accept_boundary, shown_boundary
from ostiary.services.iam.documents import accept_trust, shown_trust
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.iam.names import ROLE, moment, path_of
from ostiary.services.iam.paging import by_name, page
from ostiary.services.iam.role_templates import shown_source
from ostiary.services.iam.shared import conflict, refuse_policies
from ostiary.services.iam.tags import put_tags, read_tags, shown_tags, tagged
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import RoleRecord
from ostiary.store.transaction import Transaction

_DEFAULT_SECONDS: Final = 3600
_RESERVED: Final = "The path {} is reserved for service-linked roles."


def shown_role(tx: Transaction, role: RoleRecord) -> dict[str, Any]:
    """The members that every answer about a role has."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": ROLE.arn(role),
        "CreateDate": moment(role.created),
        "AssumeRolePolicyDocument": shown_trust(role.trust, tx),
    }


def shown_last_use(role: RoleRecord) -> dict[str, Any]:
    """`RoleLastUsed`; empty when the role was not used."""
    if role.used is None:
        return {}
    return {"LastUsedDate": moment(role.used), **({"Region": role.used_region} if role.used_region else {})}


def _description(role: RoleRecord) -> dict[str, Any]:
    return {} if role.description is None else {"Description": role.description}


@operation("iam", "CreateRole", asks=on_new("iam:CreateRole", ROLE), changes=True)
def create_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add a role with its trust policy."""
    if path_of(call).startswith(SERVICE_LINKED):  # SCPs and RCPs do not bind what has this path
        raise InvalidInput(_RESERVED.format(SERVICE_LINKED))
    tags = read_tags(call.params.get("Tags"))
    quotas.check(tx, call.account, "RolesPerAccount", tx.roles.count(call.account) + 1)
    record = RoleRecord(
        id=ROLE.new_id(call),
        account=call.account,
        name=call.params["RoleName"],
        path=path_of(call),
        created=call.now,
        trust=accept_trust(tx, call.account, call.params["AssumeRolePolicyDocument"]),
        description=call.params.get("Description") or None,
        max_session=call.params.get("MaxSessionDuration", _DEFAULT_SECONDS),
        boundary=accept_boundary(call, tx),
    )
    ROLE.add(tx, record)
    put_tags(tx, call.account, record.id, tags)
    shown = {**shown_role(tx, record), **shown_boundary(record.boundary)}
    return {"Role": {**shown, "Tags": shown_tags(tags)} if tags else shown}


@operation("iam", "GetRole", asks=on_existing("iam:GetRole", ROLE))
def get_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """A role with all that is known of it."""
    role = ROLE.get(tx, call.account, call.params["RoleName"])
    return {
        "Role": {
            **shown_role(tx, role),
            **_description(role),
            "MaxSessionDuration": role.max_session,
            **shown_boundary(role.boundary),
            **tagged(tx, role.id),
            "RoleLastUsed": shown_last_use(role),
            **shown_source(tx, role),
        }
    }


@operation("iam", "ListRoles", asks=on_everything("iam:ListRoles"))
def list_roles(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's roles by name, without boundary, tags and last use."""
    prefix = call.params.get("PathPrefix", "/")
    found, rest = page(
        call,
        lambda after, limit: tx.roles.page(call.account, path_prefix=prefix, after=after, limit=limit),
        by_name,
    )
    shown = [{**shown_role(tx, role), **_description(role), "MaxSessionDuration": role.max_session} for role in found]
    return {"Roles": shown, **rest}


@operation("iam", "UpdateRole", asks=on_existing("iam:UpdateRole", ROLE), changes=True)
def update_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set the description or the longest session; what the request leaves out stays.

    Of a service-linked role the description alone may be set.
    """
    get = ROLE.get_to_change if "MaxSessionDuration" in call.params else ROLE.get
    role = get(tx, call.account, call.params["RoleName"])
    if "Description" in call.params:
        ROLE.change(tx, role.id, description=call.params["Description"] or None)
    if "MaxSessionDuration" in call.params:
        ROLE.change(tx, role.id, max_session=call.params["MaxSessionDuration"])
    return {}


@operation("iam", "UpdateRoleDescription", asks=on_existing("iam:UpdateRoleDescription", ROLE), changes=True)
def update_role_description(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set the description, and answer the role."""
    name: str = call.params["RoleName"]
    ROLE.change(tx, ROLE.get(tx, call.account, name).id, description=call.params["Description"] or None)
    role = ROLE.get(tx, call.account, name)
    return {"Role": {**shown_role(tx, role), **_description(role)}}


@operation("iam", "DeleteRole", asks=on_existing("iam:DeleteRole", ROLE), changes=True)
def delete_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a role that has no policies and stands in no instance profile; its sessions end."""
    role = ROLE.get_to_change(tx, call.account, call.params["RoleName"])
    conflict(bool(tx.instance_profiles.of_role(role.id, limit=1)), "remove roles from instance profile")
    refuse_policies(tx, role.id)
    tx.tags.remove(role.id)
    tx.role_templates.forget_source(role.id)
    tx.roles.remove(role.id)
    return {}
