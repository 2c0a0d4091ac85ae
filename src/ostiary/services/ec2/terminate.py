"""services/ec2: TerminateInstances.

Source: Amazon EC2 API Reference, TerminateInstances.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.services.ec2.asks import on_instances
from ostiary.services.ec2.declared import ec2_operation
from ostiary.services.ec2.ids import well_formed
from ostiary.services.ec2.instances import TERMINATED, Instance, association_of, get_all
from ostiary.services.ec2.shown import shown_state
from ostiary.services.operation import Call
from ostiary.store.transaction import Transaction

DISASSOCIATED: Final = "disassociated"


@ec2_operation("TerminateInstances", asks=on_instances("ec2:TerminateInstances"), changes=True)
def terminate_instances(call: Call, tx: Transaction) -> dict[str, Any]:
    """End instances: from now on they get no metadata and no new credentials. A second time changes nothing."""
    changes = []
    for instance in get_all(call, tx, well_formed(call.params["InstanceIds"])):
        if instance.running:
            end(tx, instance, call.now)
        changes.append(
            {
                "InstanceId": instance.id,
                "CurrentState": shown_state("shutting-down" if instance.running else TERMINATED),
                "PreviousState": shown_state(instance.record.state),
            }
        )
    return {"TerminatingInstances": changes}


def end(tx: Transaction, instance: Instance, now: int) -> None:
    """End one instance and its association."""
    tx.instances.change(instance.id, state=TERMINATED, ended=now)
    association = association_of(tx, instance.id)
    if association is not None:
        tx.associations.change(association, state=DISASSOCIATED)
