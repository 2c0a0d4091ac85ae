"""services/iam: the condition keys that policies ask for: GetContextKeysForCustomPolicy, …ForPrincipalPolicy.

Source: IAM API Reference, GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy.
"""

from __future__ import annotations

from typing import Any

from ostiary.policy import Pool, referenced_condition_keys
from ostiary.services.iam import entities_by_arn, simulation_inputs, simulation_policies
from ostiary.services.iam.entities_by_arn import on_entity
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.simulation import NO_ENTITY
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.transaction import Transaction


@operation("iam", "GetContextKeysForCustomPolicy", asks=on_everything("iam:GetContextKeysForCustomPolicy"))
def get_context_keys_for_custom_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """The keys of policies that are handed in."""
    return _keys(simulation_inputs.identity(call.params))


@operation(
    "iam",
    "GetContextKeysForPrincipalPolicy",
    asks=on_entity("iam:GetContextKeysForPrincipalPolicy", "PolicySourceArn"),
)
def get_context_keys_for_principal_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """The keys of an entity's identity policies, those of a user's groups too, and of policies that are handed in."""
    found = entities_by_arn.find(tx, call.account, call.params["PolicySourceArn"])
    if found is None:
        raise NoSuchEntity(NO_ENTITY)
    own = simulation_policies.of_entity(call, tx, *found).identity
    return _keys(own, simulation_inputs.identity(call.params))


def _keys(*pools: Pool) -> dict[str, Any]:
    found: dict[str, str] = {}
    for pool in pools:
        for each in pool:
            for key in referenced_condition_keys(each.policy):
                found.setdefault(key.lower(), key)
    return {"ContextKeyNames": sorted(found.values(), key=str.lower)}
