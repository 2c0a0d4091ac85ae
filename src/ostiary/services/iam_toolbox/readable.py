"""services/iam_toolbox: which of the policies a caller may see: those that the caller may read by other ways.

Each is judged as the operation that reads it would be judged now: a managed policy as GetPolicyVersion, an inline one
as GetUserPolicy and its relatives, a trust policy as GetRole, a bucket policy as GetBucketPolicy, an organization's as
DescribePolicy. Nothing reads session policies again; they stand in the record of the AssumeRole that passed them, so
who may look that up (`cloudtrail:LookupEvents`) may see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from ostiary import policy
from ostiary.authorization.judge import Ask, Judgement
from ostiary.policy import PolicyType, Source
from ostiary.services.faults import ServiceFault
from ostiary.services.iam.asks import ask_named
from ostiary.services.iam.managed import on_policy
from ostiary.services.iam.names import GROUP, ROLE, USER, Kind
from ostiary.services.iam_toolbox.evaluated import Evaluated
from ostiary.services.operation import Asks, Call
from ostiary.services.organizations.asks import on, policy_type_of
from ostiary.services.organizations.members import managed
from ostiary.store.transaction import Transaction

_S3: Final = "arn:aws:s3:::"
_INLINE: Final[Mapping[str, tuple[str, Kind[Any]]]] = {
    "user": ("iam:GetUserPolicy", USER),
    "group": ("iam:GetGroupPolicy", GROUP),
    "role": ("iam:GetRolePolicy", ROLE),
}
_describe: Final = on("DescribePolicy", "PolicyId", context=policy_type_of("PolicyId"))
_get_version: Final = on_policy("iam:GetPolicyVersion")
UNREADABLE: Final = "You don't have permissions to access this resource."


class Reader:
    """What one call's caller may see. Its judgements go into the record of the call."""

    def __init__(self, call: Call, tx: Transaction) -> None:
        self._call, self._tx = call, tx

    def sees(self, seen: Evaluated) -> bool:
        """Whether the caller may read this policy."""
        return self.refusal(seen) is None

    def refusal(self, seen: Evaluated) -> str | None:
        """Why the caller may not read this policy, in AWS's words; None: the caller may."""
        try:
            asks = tuple(self._asks(seen))
        except ServiceFault as fault:  # another account's organization, or none
            return fault.message
        if not asks:
            return UNREADABLE
        for ask in asks:
            judgement = self._call.house.judge.judge(self._call.caller, ask, self._call.facts)
            self._call.further.append(judgement)
            if not judgement.allowed:
                return _told(self._call, judgement)
        return None

    def _asks(self, seen: Evaluated) -> Iterator[Ask]:
        """INVARIANT: nothing is asked only of what nobody may read."""
        source, call, tx = seen.source, self._call, self._tx
        if source.type in (PolicyType.SCP, PolicyType.RCP):
            managed(call, tx)
            yield from self._as(_describe, PolicyId=(source.arn or "").rsplit("/", 1)[-1])
        elif source.arn is not None:
            yield from self._as(_get_version, PolicyArn=source.arn)
        elif source.type is PolicyType.IDENTITY:
            kind, _, name = (source.owner or "").partition("/")
            if kind in _INLINE:
                action, named = _INLINE[kind]
                yield ask_named(call, tx, action, named, name)
        elif source.type is PolicyType.SESSION:
            yield Ask(action="cloudtrail:LookupEvents")
        else:
            yield from self._of_resource(source, seen.resource_account)

    def _of_resource(self, source: Source, account: str) -> Iterable[Ask]:
        owner = source.owner or ""
        if source.type is PolicyType.TRUST and account == self._call.account:
            return (ask_named(self._call, self._tx, "iam:GetRole", ROLE, owner.rsplit("/", 1)[-1]),)
        if owner.startswith(_S3):
            bucket = self._call.house.book.bucket(owner.removeprefix(_S3))
            if bucket is not None and bucket.record.account == account:
                return (
                    Ask(action="s3:GetBucketPolicy", resource=owner, account=account, resource_policy=bucket.policy),
                )
        return ()

    def _as(self, asks: Asks, **params: str) -> Iterable[Ask]:
        return asks(replace(self._call, params=params), self._tx)


def _told(call: Call, judgement: Judgement) -> str:
    asked = judgement.request
    return policy.denial_message(judgement.decision, call.caller.arn, asked.action, asked.resource)
