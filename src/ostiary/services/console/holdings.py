"""services/console: which policies a user or a group has, where each comes from, and what they give together.

Source: IAM User Guide, "Policy evaluation logic", "Permissions boundaries"; the permissions of AWS's console.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ostiary.analysis.summary import Gives, ServiceAccess, effective, gives
from ostiary.authorization.judge import Ask
from ostiary.services.console.policy_picker import default_document
from ostiary.services.console.wide import wide
from ostiary.services.iam import managed
from ostiary.services.iam.asks import ask_named
from ostiary.services.iam.names import GROUP, USER
from ostiary.services.operation import Call
from ostiary.services.view import seen, view
from ostiary.store.records import GroupRecord, UserRecord
from ostiary.store.transaction import Transaction

DIRECT: Final = "direct"
INLINE: Final = "inline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A policy that somebody has."""

    name: str
    source: str
    """DIRECT (attached) or INLINE."""
    group: str
    """The group that it comes from; empty: none."""
    arn: str
    """Empty for an inline policy."""
    document: str | None
    """None: it may not be read."""
    gives: Gives | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All of them."""

    name: str
    policies: tuple[Holding, ...]
    groups: tuple[str, ...]
    boundary: str
    """An ARN, or empty."""
    access: tuple[ServiceAccess, ...]
    """What they give, at most; the boundary is regarded."""
    wide: tuple[str, ...]
    hidden: tuple[str, ...]
    """Actions that would show more, and are not allowed: what is shown is not all."""

    @property
    def own(self) -> tuple[Holding, ...]:
        """Those that come from no group."""
        return tuple(each for each in self.policies if not each.group)

    @property
    def documents(self) -> tuple[str, ...]:
        """Those that may be read."""
        return tuple(each.document for each in self.policies if each.document is not None)


def _on_user(call: Call, tx: Transaction) -> Iterable[Ask]:
    return (ask_named(call, tx, "iam:ListAttachedUserPolicies", USER, call.params["UserName"]),)


def _on_group(call: Call, tx: Transaction) -> Iterable[Ask]:
    return (ask_named(call, tx, "iam:ListAttachedGroupPolicies", GROUP, call.params["GroupName"]),)


@view("iam", "ListAttachedUserPolicies", asks=_on_user)
def user_holdings(call: Call, tx: Transaction) -> Holdings:
    """A user's own policies and those of the user's groups."""
    user = USER.get(tx, call.account, call.params["UserName"])
    reading = _Reading(call, tx)
    found = list(reading.of("User", USER.arn(user), user, ""))
    groups = []
    if reading.may("iam:ListGroupsForUser", USER.arn(user)):
        for group in tx.groups.of_user(user.id):
            groups.append(group.name)
            if reading.may("iam:ListAttachedGroupPolicies", GROUP.arn(group)):
                found += reading.of("Group", GROUP.arn(group), group, group.name)
    return reading.holdings(user.name, found, groups, user.boundary)


@view("iam", "ListAttachedGroupPolicies", asks=_on_group)
def group_holdings(call: Call, tx: Transaction) -> Holdings:
    """A group's policies."""
    group = GROUP.get(tx, call.account, call.params["GroupName"])
    reading = _Reading(call, tx)
    return reading.holdings(group.name, list(reading.of("Group", GROUP.arn(group), group, "")), [], None)


class _Reading:
    """Reads policies, and remembers what it might not."""

    def __init__(self, call: Call, tx: Transaction) -> None:
        self._call, self._tx = call, tx
        self._hidden: dict[str, None] = {}

    def may(self, action: str, resource: str) -> bool:
        if seen(self._call, action, resource):
            return True
        self._hidden[action] = None
        return False

    def of(self, noun: str, arn: str, record: UserRecord | GroupRecord, group: str) -> Iterator[Holding]:
        for policy_arn in self._tx.attachments.of(record.id):
            document = self.managed(policy_arn)
            yield _holding(policy_arn.rsplit("/", 1)[-1], DIRECT, group, policy_arn, document)
        if self.may(f"iam:List{noun}Policies", arn):
            inline = self._tx.inline_policies.of(record.id)
            readable = bool(inline) and self.may(f"iam:Get{noun}Policy", arn)
            for name, text in inline.items():
                yield _holding(name, INLINE, group, "", text if readable else None)

    def managed(self, arn: str) -> str | None:
        policy = managed.find(self._tx, self._call.account, arn)
        if policy is None or (policy.record is not None and not self.may("iam:GetPolicyVersion", arn)):
            return None
        return default_document(self._tx, policy)

    def holdings(self, name: str, found: list[Holding], groups: list[str], boundary: str | None) -> Holdings:
        documents = [each.document for each in found if each.document is not None]
        cap: Any = None if boundary is None else self.managed(boundary)
        return Holdings(
            name=name,
            policies=tuple(found),
            groups=tuple(groups),
            boundary=boundary or "",
            access=effective(documents, cap),
            wide=wide(documents),
            hidden=tuple(self._hidden),
        )


def _holding(name: str, source: str, group: str, arn: str, document: str | None) -> Holding:
    given = None if document is None else gives(document)
    return Holding(name=name, source=source, group=group, arn=arn, document=document, gives=given)
