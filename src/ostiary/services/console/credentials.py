"""services/console: the access keys of a user with their age and use, and what a user or a group was active for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ostiary.authorization.judge import Ask
from ostiary.services.console.thresholds import days_since, present
from ostiary.services.iam.asks import ask_named
from ostiary.services.iam.names import GROUP, USER
from ostiary.services.operation import Call
from ostiary.services.view import on, seen, view
from ostiary.store.records import AccessKeyUse
from ostiary.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """An access key."""

    id: str
    active: bool
    created: int
    days: int
    level: str
    """`good`, `care` or `bad`, by the account's thresholds."""
    use: AccessKeyUse | None
    use_seen: bool
    """Whether the use may be told."""


def _on_user(call: Call, tx: Transaction) -> Iterable[Ask]:
    return (ask_named(call, tx, "iam:ListAccessKeys", USER, call.params["UserName"]),)


@view("iam", "ListAccessKeys", asks=_on_user)
def key_rows(call: Call, tx: Transaction) -> Sequence[KeyRow]:
    """A user's keys, the oldest first."""
    user = USER.get(tx, call.account, call.params["UserName"])
    thresholds, use_seen = present(tx, call.account), seen(call, "iam:GetAccessKeyLastUsed", USER.arn(user))
    return [
        KeyRow(
            id=key.id,
            active=key.active,
            created=key.created,
            days=days_since(key.created, call.now),
            level=thresholds.of_days(days_since(key.created, call.now)),
            use=tx.access_keys.use_of(key.id) if use_seen else None,
            use_seen=use_seen,
        )
        for key in tx.access_keys.of(user.id)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUse:
    """When a service was last tried, by whom."""

    service: str
    at: int
    region: str
    action: str
    by: str


@view("iam", "GetServiceLastAccessedDetails", asks=on("iam:GetServiceLastAccessedDetails"))
def uses(call: Call, tx: Transaction) -> Sequence[ServiceUse]:
    """What a user (`UserName`), or the members of a group (`GroupName`), tried; of each service the latest."""
    name = call.params.get("UserName")
    if name is not None:
        people = [USER.get(tx, call.account, name)]
    else:
        people = list(tx.groups.members(GROUP.get(tx, call.account, call.params["GroupName"]).id))
    latest: dict[str, ServiceUse] = {}
    for person in people:
        for one in tx.service_accesses.of(person.id, 0):
            known = latest.get(one.service)
            if known is None or known.at < one.at:
                action = f"{one.service}:{one.action}"
                latest[one.service] = ServiceUse(
                    service=one.service, at=one.at, region=one.region, action=action, by=person.name
                )
    return sorted(latest.values(), key=lambda each: -each.at)
