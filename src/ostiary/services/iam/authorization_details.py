"""services/iam: everything about an account's users, groups, roles and policies: GetAccountAuthorizationDetails.

Source: IAM API Reference, GetAccountAuthorizationDetails. AWS's managed policies are shown where the account uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ostiary.services.iam import managed
from ostiary.services.iam.attachments import shown_attached
from ostiary.services.iam.boundaries import shown_boundary
from ostiary.services.iam.documents import encoded
from ostiary.services.iam.instance_profiles import shown_profile
from ostiary.services.iam.managed import Managed, Usage, shown_policy, shown_version
from ostiary.services.iam.names import GROUP, USER, moment
from ostiary.services.iam.paging import page
from ostiary.services.iam.roles import shown_last_use, shown_role
from ostiary.services.iam.tags import shown_tags
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import GroupRecord, RoleRecord, UserRecord
from ostiary.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class _View:
    """An account at the moment of the call."""

    tx: Transaction
    account: str
    usage: Usage

    def attached(self, owner_id: str) -> list[dict[str, str]]:
        return [shown_attached(arn) for arn in self.tx.attachments.of(owner_id)]

    def embedded(self, owner_id: str) -> list[dict[str, str]]:
        return [
            {"PolicyName": name, "PolicyDocument": encoded(text)}
            for name, text in self.tx.inline_policies.of(owner_id).items()
        ]

    def own_policies(self, after: str, limit: int) -> Sequence[Managed]:
        return [managed.own(row) for row in self.tx.policies.page(self.account, after=after, limit=limit)]

    def used_policies_of_aws(self, after: str, limit: int) -> Sequence[Managed]:
        used = (managed.find(self.tx, self.account, arn) for arn in {*self.usage.attached, *self.usage.boundary})
        found = [each for each in used if each is not None and each.record is None and each.name.lower() > after]
        return sorted(found, key=lambda policy: policy.name.lower())[:limit]


def _user(view: _View, user: UserRecord) -> dict[str, Any]:
    embedded = view.embedded(user.id)
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": USER.arn(user),
        "CreateDate": moment(user.created),
        **({"UserPolicyList": embedded} if embedded else {}),
        "GroupList": [group.name for group in view.tx.groups.of_user(user.id)],
        "AttachedManagedPolicies": view.attached(user.id),
        **shown_boundary(user.boundary),
        "Tags": shown_tags(view.tx.tags.of(user.id)),
    }


def _group(view: _View, group: GroupRecord) -> dict[str, Any]:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": GROUP.arn(group),
        "CreateDate": moment(group.created),
        "GroupPolicyList": view.embedded(group.id),
        "AttachedManagedPolicies": view.attached(group.id),
    }


def _role(view: _View, role: RoleRecord) -> dict[str, Any]:
    return {
        **shown_role(view.tx, role),
        "InstanceProfileList": [
            shown_profile(view.tx, profile) for profile in view.tx.instance_profiles.of_role(role.id)
        ],
        "RolePolicyList": view.embedded(role.id),
        "AttachedManagedPolicies": view.attached(role.id),
        **shown_boundary(role.boundary),
        "Tags": shown_tags(view.tx.tags.of(role.id)),
        "RoleLastUsed": shown_last_use(role),
    }


def _policy(view: _View, policy: Managed) -> dict[str, Any]:
    versions = [
        {"Document": encoded(version.document), **shown_version(policy, version)}
        for version in managed.versions(view.tx, policy)
    ]
    return {**shown_policy(policy, view.usage), "PolicyVersionList": versions}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of the answer: the filter's word for it, the output's list, its rows by name, how one is shown."""

    word: str
    listed: str
    rows: Callable[[_View, str, int], Sequence[Any]]
    shown: Callable[[_View, Any], dict[str, Any]]


_PARTS: Final = (
    _Part(
        word="User",
        listed="UserDetailList",
        rows=lambda view, after, limit: view.tx.users.page(view.account, after=after, limit=limit),
        shown=_user,
    ),
    _Part(
        word="Group",
        listed="GroupDetailList",
        rows=lambda view, after, limit: view.tx.groups.page(view.account, after=after, limit=limit),
        shown=_group,
    ),
    _Part(
        word="Role",
        listed="RoleDetailList",
        rows=lambda view, after, limit: view.tx.roles.page(view.account, after=after, limit=limit),
        shown=_role,
    ),
    _Part(word="LocalManagedPolicy", listed="Policies", rows=_View.own_policies, shown=_policy),
    _Part(word="AWSManagedPolicy", listed="Policies", rows=_View.used_policies_of_aws, shown=_policy),
)


@operation("iam", "GetAccountAuthorizationDetails", asks=on_everything("iam:GetAccountAuthorizationDetails"))
def get_account_authorization_details(call: Call, tx: Transaction) -> dict[str, Any]:
    """Users, groups, roles and policies with all that belongs to each."""
    view = _View(tx, call.account, Usage.of(tx, call.account))
    wanted = frozenset(call.params.get("Filter") or (part.word for part in _PARTS))
    found, rest = page(
        call,
        lambda after, limit: _rows(view, wanted, after, limit),
        lambda item: f"{item[0]}{item[1].name.lower()}",
    )
    answer: dict[str, Any] = {part.listed: [] for part in _PARTS}
    for number, row in found:
        part = _PARTS[number]
        answer[part.listed].append(part.shown(view, row))
    return {**answer, **rest}


def _rows(view: _View, wanted: frozenset[str], after: str, limit: int) -> list[tuple[int, Any]]:
    """Up to `limit` rows after a place: the number of a part and a name key."""
    begun = int(after[0]) if after else 0
    found: list[tuple[int, Any]] = []
    for number, part in enumerate(_PARTS):
        if number >= begun and part.word in wanted and len(found) < limit:
            rows = part.rows(view, after[1:] if number == begun else "", limit - len(found))
            found += [(number, row) for row in rows]
    return found
