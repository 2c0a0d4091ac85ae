"""services/organizations: the permissions that operations ask for.

All that an organization has belongs to its management account. The caller is asked as if it were its own: one of
another account is turned away by the operation, whatever its policies say.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Organizations".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.authorization.organization import OF_AWS, SCP, organization_arn, policy_arn
from ostiary.policy import ContextValue
from ostiary.services.operation import Asks, Call
from ostiary.services.organizations.members import ARN_KIND, own, type_of
from ostiary.store.records import OrganizationRecord
from ostiary.store.transaction import Transaction

_POLICY_TYPE: Final = "organizations:PolicyType"
Context = Mapping[str, ContextValue]
ContextOf = Callable[[Call, Transaction], Context]


def no_keys(_call: Call, _tx: Transaction) -> Context:
    """For the actions that have no keys of their own."""
    return {}


def policy_type_of(parameter: str) -> ContextOf:
    """`organizations:PolicyType`, from the parameter that names a type or a policy."""

    def context(call: Call, tx: Transaction) -> Context:
        named = call.params[parameter]
        kind = _type_of_policy(tx, named) if named.startswith("p-") else named
        return {} if kind is None else {_POLICY_TYPE: kind}

    return context


def request_tags(call: Call, _tx: Transaction) -> Context:
    """`aws:RequestTag/…` and `aws:TagKeys`."""
    tags = call.params.get("Tags") or ()
    keys = (*(tag["Key"] for tag in tags), *(call.params.get("TagKeys") or ()))
    context: dict[str, ContextValue] = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags}
    return {**context, "aws:TagKeys": keys} if keys else context


def on_all(action: str, context: ContextOf = no_keys) -> Asks:
    """For an action without resource-level permissions."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        return (Ask(action=f"organizations:{action}", context=context(call, tx)),)

    return asks


def on(action: str, *parameters: str, context: ContextOf = no_keys) -> Asks:
    """For an action on what these parameters name: a root, a unit, an account or a policy each."""

    def asks(call: Call, tx: Transaction) -> Iterable[Ask]:
        organization = own(call, tx)
        keys = context(call, tx)
        for parameter in parameters:
            named = call.params[parameter]
            tags = {f"aws:ResourceTag/{tag.key}": tag.value for tag in tx.tags.of(named)}
            arn = _arn(tx, organization, named)
            yield Ask(action=f"organizations:{action}", resource=arn, context={**keys, **tags})

    return asks


def on_new_policy(call: Call, tx: Transaction) -> Iterable[Ask]:
    """For CreatePolicy: the policy will have an id, which nobody knows yet."""
    organization, kind = own(call, tx), call.params["Type"]
    context = {_POLICY_TYPE: kind, **request_tags(call, tx)}
    arn = policy_arn(organization, kind, "p-*")
    yield Ask(action="organizations:CreatePolicy", resource=arn, context=context)


def _arn(tx: Transaction, organization: OrganizationRecord, named: str) -> str:
    kind = type_of(named)
    if kind is None:
        return policy_arn(organization, _type_of_policy(tx, named) or SCP, named)
    return organization_arn(organization, ARN_KIND[kind], named)


def _type_of_policy(tx: Transaction, policy_id: str) -> str | None:
    found: Any = OF_AWS.get(policy_id) or tx.organization_policies.get(policy_id)
    return None if found is None else str(found.type)
