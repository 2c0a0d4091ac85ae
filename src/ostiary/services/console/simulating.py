"""services/console: what the simulator offers for a principal: its policies, to be switched off one by one.

Deciding is done by SimulatePrincipalPolicy and SimulateCustomPolicy, whose PolicyExclusionList leaves policies out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary.services.iam import simulation_policies
from ostiary.services.iam.entities_by_arn import find, on_entity
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.simulation import NO_ENTITY
from ostiary.services.operation import Call
from ostiary.services.view import view
from ostiary.store.transaction import Transaction

BOUNDARY, SCP = "boundary", "scp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A policy that may be switched off."""

    key: str
    """As it stands in the address: an ARN, `user/ann/name`, `boundary`, `scp`."""
    name: str
    arn: str | None
    owner: str | None


@view("iam", "SimulatePrincipalPolicy", asks=on_entity("iam:SimulatePrincipalPolicy", "PolicySourceArn"))
def switches(call: Call, tx: Transaction) -> tuple[Switch, ...]:
    """The policies of a user, a group or a role. Raises `NoSuchEntity`."""
    found = find(tx, call.account, call.params["PolicySourceArn"])
    if found is None:
        raise NoSuchEntity(NO_ENTITY)
    in_play = simulation_policies.of_entity(call, tx, *found)
    told: dict[str, Switch] = {}
    for each in in_play.identity:
        source = each.source
        if not simulation_policies.stands_for_setting(source):
            key = source.arn or f"{source.owner}/{source.name}"
            told.setdefault(key, Switch(key=key, name=source.name, arn=source.arn, owner=source.owner))
    for each in in_play.boundary or ():
        told[BOUNDARY] = Switch(key=BOUNDARY, name=each.source.name, arn=each.source.arn, owner=None)
    if in_play.scp is not None:
        told[SCP] = Switch(key=SCP, name="", arn=None, owner=None)
    return tuple(told.values())


def exclusion(key: str) -> Mapping[str, Any]:
    """A switch that is off, as PolicyExclusionList has it."""
    if key.startswith("arn:"):
        return {"PolicyArn": key}
    if key in (BOUNDARY, SCP):
        return {"PolicyType": "permission-boundary" if key == BOUNDARY else "scp"}
    kind, _, rest = key.partition("/")
    owner, _, name = rest.rpartition("/")
    return {"InlinePolicyIdentifier": {"PolicyName": name, "AttachmentType": kind, "AttachmentName": owner}}
