"""services/iam: which of an entity's policies let it use a service: ListPoliciesGrantingServiceAccess.

Source: IAM API Reference, ListPoliciesGrantingServiceAccess.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary import catalog
from ostiary.policy import Attached, Source
from ostiary.services.iam import simulation_policies
from ostiary.services.iam.entities_by_arn import on_entity
from ostiary.services.iam.faults import InvalidInput
from ostiary.services.iam.granted_services import Granted
from ostiary.services.iam.paging import page_of
from ostiary.services.iam.reported_entities import entity
from ostiary.services.operation import Call, operation
from ostiary.store.transaction import Transaction

_UNKNOWN: Final = "Invalid service namespace: {}."


@operation(
    "iam",
    "ListPoliciesGrantingServiceAccess",
    asks=on_entity("iam:ListPoliciesGrantingServiceAccess", "Arn"),
    blocking=True,
)
def list_policies_granting_service_access(call: Call, tx: Transaction) -> dict[str, Any]:
    """For each service, the entity's policies that allow anything of it."""
    kind, record = entity(call, tx, call.params["Arn"])
    wanted = list(dict.fromkeys(call.params["ServiceNamespaces"]))
    for each in wanted:
        if catalog.service(each) is None:
            raise InvalidInput(_UNKNOWN.format(each))
    in_play = simulation_policies.of_entity(call, tx, kind, record)
    attached = [each for each in in_play.identity if not simulation_policies.stands_for_setting(each.source)]
    services, rest = page_of(call, wanted, str)
    return {"PoliciesGrantingServiceAccess": [_granting(service, attached) for service in services], **rest}


def _granting(service: str, attached: list[Attached]) -> dict[str, Any]:
    found = {}
    for each in attached:
        if Granted([[each.policy]]).includes(service.lower()):
            source = each.source
            found[source.arn or (source.owner, source.name)] = _policy(source)
    return {"ServiceNamespace": service, "Policies": list(found.values())}


def _policy(source: Source) -> dict[str, Any]:
    if source.arn is not None:
        return {"PolicyName": source.name, "PolicyType": "MANAGED", "PolicyArn": source.arn}
    kind, _, owner = (source.owner or "").partition("/")
    return {"PolicyName": source.name, "PolicyType": "INLINE", "EntityType": kind.upper(), "EntityName": owner}
