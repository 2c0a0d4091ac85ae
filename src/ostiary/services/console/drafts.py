"""services/console: what the recorded requests say of a change that nobody has made yet."""

from __future__ import annotations

from typing import Any, Final

from ostiary.audit.replay import Replay, Swap, replay
from ostiary.policy import MalformedPolicy, PolicyType, compile_policy
from ostiary.services.iam import managed
from ostiary.services.iam.names import GROUP, ROLE, USER, Kind
from ostiary.services.operation import Call
from ostiary.services.principals import UnknownPrincipal, to_stored
from ostiary.services.view import on, view
from ostiary.store.records import NamedRecord, RoleRecord
from ostiary.store.transaction import Transaction

_KINDS: Final[dict[str, Kind[Any]]] = {"user": USER, "group": GROUP, "role": ROLE}


@view("cloudtrail", "LookupEvents", asks=on("cloudtrail:LookupEvents"))
def replayed(call: Call, tx: Transaction) -> Replay | None:
    """The account's requests of the last days with a draft in the place of a policy. None: the draft can't be read.

    Params: `Kind` (`managed`, `user`, `group`, `role`, `trust`), `Arn` or `Name` and `Policy`, `Draft`.
    """
    call.house.write_record()
    made = swap(call, tx)
    if made is None:
        return None
    return replay(tx, call.house.book, call.account, made, call.now)


def swap(call: Call, tx: Transaction) -> Swap | None:
    """The change that a call's parameters speak of. Raises `NoSuchEntity`."""
    kind: str = call.params["Kind"]
    draft: str = call.params["Draft"]
    try:
        if kind == "managed":
            return _managed(call, tx, draft)
        if kind == "trust":
            role: RoleRecord = ROLE.get(tx, call.account, call.params["Name"])
            new, old = compile_policy(to_stored(draft, tx)), compile_policy(role.trust)
            return Swap(draft=new, present=old, owner=ROLE.arn(role), name="trust policy", type=PolicyType.TRUST)
        entity = _KINDS[kind].get(tx, call.account, call.params["Name"])
        text = tx.inline_policies.get(entity.id, call.params["Policy"])
        return Swap(
            draft=compile_policy(draft),
            present=None if text is None else compile_policy(text),
            owner=f"{kind}/{entity.name}",
            name=call.params["Policy"],
            holders=frozenset(_holders(tx, kind, entity)),
        )
    except (MalformedPolicy, UnknownPrincipal):
        return None


def _managed(call: Call, tx: Transaction, draft: str) -> Swap:
    policy = managed.get(tx, call.account, call.params["Arn"])
    text = next(each.document for each in managed.versions(tx, policy) if each.id == policy.default_version)
    held = {*tx.attachments.holders(call.account, policy.arn)}
    groups = {each for each in held if each.startswith(GROUP.id_prefix)}
    held = held - groups | {member.id for group in groups for member in tx.groups.members(group)}
    for bound in (tx.users.with_boundary(call.account, policy.arn), tx.roles.with_boundary(call.account, policy.arn)):
        held |= {each.id for each in bound}
    return Swap(draft=compile_policy(draft), present=compile_policy(text), arn=policy.arn, holders=frozenset(held))


def _holders(tx: Transaction, kind: str, entity: NamedRecord) -> list[str]:
    if kind == "group":
        return [member.id for member in tx.groups.members(entity.id)]
    return [entity.id]
