"""services/iam: managed policies: CreatePolicy, GetPolicy, ListPolicies, DeletePolicy.

Source: IAM API Reference, the operations of the same names; IAM User Guide, "Managed policies and inline policies".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, Final

from ostiary import catalog
from ostiary.policy import PolicyKind
from ostiary.services.iam import managed, quotas
from ostiary.services.iam.asks import on_new
from ostiary.services.iam.documents import accept
from ostiary.services.iam.faults import DeleteConflict
from ostiary.services.iam.managed import NOT_ATTACHABLE, Managed, Usage, on_policy, shown_policy
from ostiary.services.iam.names import POLICY, path_of
from ostiary.services.iam.paging import page, page_of
from ostiary.services.iam.policy_tags import read_policy_tags
from ostiary.services.iam.tags import put_tags, shown_tags
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import PolicyRecord, PolicyVersionRecord
from ostiary.store.transaction import Transaction

_ATTACHED: Final = "Cannot delete a policy attached to entities."
_VERSIONS: Final = (
    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
    "The default version is deleted with the policy."
)


@operation("iam", "CreatePolicy", asks=on_new("iam:CreatePolicy", POLICY), changes=True)
def create_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add a managed policy, its document the first version."""
    tags = read_policy_tags(call.params.get("Tags"))
    document = accept(tx, call.account, call.params["PolicyDocument"], PolicyKind.MANAGED)
    quotas.check(tx, call.account, "PoliciesPerAccount", tx.policies.count(call.account) + 1)
    record = PolicyRecord(
        id=POLICY.new_id(call),
        account=call.account,
        name=call.params["PolicyName"],
        path=path_of(call),
        description=call.params.get("Description") or None,
        created=call.now,
        updated=call.now,
    )
    POLICY.add(tx, record)
    tx.policies.add_version(PolicyVersionRecord(policy_id=record.id, number=1, document=document, created=call.now))
    put_tags(tx, call.account, record.id, tags)
    shown = shown_policy(managed.own(record), Usage({}, {}))
    return {"Policy": shown | ({"Tags": shown_tags(tags)} if tags else {})}


@operation("iam", "GetPolicy", asks=on_policy("iam:GetPolicy"))
def get_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """A managed policy with its description and tags."""
    policy = managed.get(tx, call.account, call.params["PolicyArn"])
    shown = shown_policy(policy, Usage.of(tx, call.account))
    if policy.description:
        shown["Description"] = policy.description
    return {"Policy": {**shown, "Tags": shown_tags(tx.tags.of(policy.id))}}


@operation("iam", "DeletePolicy", asks=on_policy("iam:DeletePolicy"), changes=True)
def delete_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a policy that nobody has and that has no version but the default."""
    arn: str = call.params["PolicyArn"]
    record = managed.get_own(tx, call.account, arn, NOT_ATTACHABLE)
    held = tx.attachments.holders(call.account, arn)
    if held or tx.users.with_boundary(call.account, arn) or tx.roles.with_boundary(call.account, arn):
        raise DeleteConflict(_ATTACHED)
    if len(tx.policies.versions(record.id)) > 1:
        raise DeleteConflict(_VERSIONS)
    tx.policies.remove_version(record.id, record.default_version)
    tx.tags.remove(record.id)
    tx.policies.remove(record.id)
    return {}


@operation("iam", "ListPolicies", asks=on_everything("iam:ListPolicies"))
def list_policies(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's own policies, then AWS's, each by name."""
    usage = Usage.of(tx, call.account)
    used = _used(call, usage)
    if used is None:
        found, rest = page(call, lambda after, limit: _all(call, tx, usage, after, limit), _place)
    else:
        policies = (managed.find(tx, call.account, arn) for arn in used)
        found, rest = page_of(call, [each for each in policies if each is not None and _wanted(call, each)], _place)
    return {"Policies": [shown_policy(each, usage) for each in found], **rest}


def _used(call: Call, usage: Usage) -> frozenset[str] | None:
    """The ARNs to which `OnlyAttached` and `PolicyUsageFilter` limit the listing; None: to nothing."""
    purpose = call.params.get("PolicyUsageFilter")
    if purpose == "PermissionsBoundary":
        return frozenset(usage.boundary)
    return frozenset(usage.attached) if purpose or call.params.get("OnlyAttached") else None


def _wanted(call: Call, policy: Managed) -> bool:
    scope = call.params.get("Scope", "All")
    in_scope = scope == "All" or (scope == "Local") == (policy.record is not None)
    return in_scope and policy.path.startswith(call.params.get("PathPrefix", "/"))


def _place(policy: Managed) -> str:
    """The order of the listing: the account's own first."""
    return ("0" if policy.record is not None else "1") + policy.name.lower()


def _all(call: Call, tx: Transaction, usage: Usage, after: str, limit: int) -> Sequence[Managed]:
    found: list[Managed] = []
    if call.params.get("Scope", "All") != "AWS" and not after.startswith("1"):
        prefix = call.params.get("PathPrefix", "/")
        rows = tx.policies.page(call.account, path_prefix=prefix, after=after[1:], limit=limit)
        found = [managed.own(row) for row in rows]
    return [*found, *islice(_of_aws(call, usage, after), limit - len(found))]


def _of_aws(call: Call, usage: Usage, after: str) -> Iterator[Managed]:
    """AWS's policies after a place; those that AWS has retired only while the account uses them."""
    if call.params.get("Scope", "All") == "Local":
        return
    listed = _offered()
    known = {policy.arn for policy in listed} if usage.attached or usage.boundary else frozenset()
    retired = [
        managed.aws(gone)
        for arn in {*usage.attached, *usage.boundary} - known
        if (gone := catalog.managed_policy(arn)) is not None
    ]
    if retired:
        listed = tuple(sorted((*listed, *retired), key=_place))
    for policy in listed[bisect_right(listed, after, key=_place) :]:
        if _wanted(call, policy):
            yield policy


@cache
def _offered() -> tuple[Managed, ...]:
    return tuple(sorted(map(managed.aws, catalog.managed_policies()), key=_place))
