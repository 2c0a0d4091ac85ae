"""services/ec2: which instance profile an instance has: associate, replace, disassociate, describe.

A change is in force at once; the answers name the state AWS's do, the transition.

Source: Amazon EC2 API Reference, AssociateIamInstanceProfile and its relatives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.services.ec2 import profiles
from ostiary.services.ec2.asks import ask_instance, ask_profile_change, on_region
from ostiary.services.ec2.declared import ec2_operation
from ostiary.services.ec2.faults import IncorrectState, InvalidAssociationIdNotFound, InvalidParameterValue
from ostiary.services.ec2.ids import well_formed
from ostiary.services.ec2.instances import ASSOCIATED, Instance, association_of, change, find, get_running, read
from ostiary.services.ec2.launch import associate
from ostiary.services.ec2.listing import Values, filtered, page
from ostiary.services.ec2.shown import moment, shown_profile
from ostiary.services.ec2.terminate import DISASSOCIATED
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.names import INSTANCE_PROFILE
from ostiary.services.operation import Call
from ostiary.store.records import ProfileAssociationRecord
from ostiary.store.transaction import Transaction

_ID: Final = re.compile(r"iip-assoc-[0-9a-f]{8,17}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """An association with its instance."""

    association: ProfileAssociationRecord
    instance: Instance


_FILTERS: Final[Mapping[str, Values[_Held]]] = {
    "instance-id": lambda each: (each.instance.id,),
    "state": lambda each: (each.association.state,),
}


def _associating(call: Call, tx: Transaction) -> Iterable[Ask]:
    (instance_id,) = well_formed((call.params["InstanceId"],))
    given = profiles.checked(call.params["IamInstanceProfile"])
    return ask_profile_change(call, tx, "ec2:AssociateIamInstanceProfile", instance_id, given)


@ec2_operation("AssociateIamInstanceProfile", asks=_associating, changes=True)
def associate_iam_instance_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give an instance that has no profile one."""
    instance = get_running(call, tx, call.params["InstanceId"])
    if association_of(tx, instance.id) is not None:
        raise IncorrectState(f"There is an existing association for instance {instance.id}")
    return {"IamInstanceProfileAssociation": _give(call, tx, instance)}


def _replacing(call: Call, tx: Transaction) -> Iterable[Ask]:
    association = _named(call, tx)
    given = profiles.checked(call.params["IamInstanceProfile"])
    action = "ec2:ReplaceIamInstanceProfileAssociation"
    return ask_profile_change(call, tx, action, association.instance_id, given)


@ec2_operation("ReplaceIamInstanceProfileAssociation", asks=_replacing, changes=True)
def replace_iam_instance_profile_association(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give an instance another profile than it has; the association is a new one."""
    association = _named(call, tx)
    if association.state != ASSOCIATED:
        raise IncorrectState(f"The association {association.id} is not the active association")
    instance = get_running(call, tx, association.instance_id)
    tx.associations.change(association, state=DISASSOCIATED)
    return {"IamInstanceProfileAssociation": _give(call, tx, instance)}


def _disassociating(call: Call, tx: Transaction) -> Iterable[Ask]:
    association = _named(call, tx)
    return (ask_instance(call, tx, "ec2:DisassociateIamInstanceProfile", association.instance_id),)


@ec2_operation("DisassociateIamInstanceProfile", asks=_disassociating, changes=True)
def disassociate_iam_instance_profile(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take an instance's profile away: it gets no credentials any more."""
    association = _named(call, tx)
    if association.state != ASSOCIATED:
        raise _unknown(association.id)
    instance = get_running(call, tx, association.instance_id)
    tx.associations.change(association, state=DISASSOCIATED)
    change(tx, instance, call.now)
    return {
        "IamInstanceProfileAssociation": _shown(_Held(association=association, instance=instance), "disassociating")
    }


@ec2_operation("DescribeIamInstanceProfileAssociations", asks=on_region("ec2:DescribeIamInstanceProfileAssociations"))
def describe_iam_instance_profile_associations(call: Call, tx: Transaction) -> dict[str, Any]:
    """The associations in force, of instances in the Region."""
    asked: list[str] = call.params.get("AssociationIds") or []
    held = {each.association.id: each for each in _all(call, tx)}
    for each in asked:
        if each not in held:
            raise _unknown(each)
    chosen = [each for each in held.values() if not asked or each.association.id in asked]
    kept = filtered(chosen, call.params.get("Filters"), _FILTERS)
    shown, rest = page(call, kept, _place, least=5)
    return {"IamInstanceProfileAssociations": [_shown(each, ASSOCIATED) for each in shown], **rest}


def _give(call: Call, tx: Transaction, instance: Instance) -> dict[str, Any]:
    profile, _ = profiles.get_profile(call, tx, call.params["IamInstanceProfile"])
    association = associate(call.house, tx, instance.record, profile, call.now)
    changed = change(tx, instance, call.now, profile_arn=INSTANCE_PROFILE.arn(profile))
    return _shown(_Held(association=association, instance=changed), "associating")


def _named(call: Call, tx: Transaction) -> ProfileAssociationRecord:
    """The association that the request names, of an instance that the caller's account has in the Region.

    Raises:
        InvalidParameterValue: not the id of an association.
        InvalidAssociationIdNotFound: there is none.
    """
    named: str = call.params["AssociationId"]
    if not _ID.fullmatch(named):
        raise InvalidParameterValue("Invalid value for associationId.")
    association = tx.associations.get(named)
    if association is None or association.account != call.account or find(call, tx, association.instance_id) is None:
        raise _unknown(named)
    return association


def _unknown(association_id: str) -> ServiceFault:
    return InvalidAssociationIdNotFound(f"An invalid association-id of '{association_id}' was given")


def _all(call: Call, tx: Transaction) -> list[_Held]:
    found = []
    for association in tx.associations.of_account(call.account):
        record = tx.instances.get(association.instance_id) if association.state == ASSOCIATED else None
        if record is not None:
            held = _Held(association=association, instance=read(record))
            if held.instance.facts.region == call.facts.region:
                found.append(held)
    return sorted(found, key=_place)


def _place(held: _Held) -> str:
    return f"{held.association.at:012d} {held.association.id}"


def _shown(held: _Held, state: str) -> dict[str, Any]:
    return {
        "AssociationId": held.association.id,
        "InstanceId": held.instance.id,
        "IamInstanceProfile": shown_profile(held.instance, held.association),
        "State": state,
        "Timestamp": moment(held.association.at),
    }
