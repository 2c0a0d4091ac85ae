"""services/console: requests that nobody has made: who would make them, and what they would be held against.

The judge is the one that decides real requests (`authorization/judge.py`); so are the policies. Nothing is known of how
a request would be made, its address or MFA, but what is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary import policy
from ostiary.audit.explanation import AskExplained
from ostiary.authorization.book import Book, Standing
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.judge import Ask, Judgement
from ostiary.identifiers import SERVICE_LINKED, Arn, NotAnArn, root_arn, sts_arn
from ostiary.policy import ContextValue, InForce, Pool, Source
from ostiary.services.iam import entities_by_arn
from ostiary.services.iam.faults import InvalidInput, NoSuchEntity
from ostiary.services.iam.names import GROUP, USER
from ostiary.services.operation import Call
from ostiary.services.s3.guard import guard_of
from ostiary.services.sts.role_sessions import find_role, role_tag_context, trust_pool
from ostiary.store.records import RoleRecord
from ostiary.store.transaction import Transaction

_S3: Final = "arn:aws:s3:::"
_SESSION: Final = "simulation"
_ASSUMING: Final = "sts:assumerole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What a request would be about."""

    ask: Ask
    foreign: bool
    """The resource is another account's: what its policies say is not told here."""


def about(call: Call, tx: Transaction, action: str, resource: str, context: Mapping[str, ContextValue]) -> Supposed:
    """An ask as enforcement would make it: with the owner and the policy of the resource, where there is such a one.

    Raises:
        InvalidInput: neither an ARN nor `*`.
    """
    if ":" not in action:
        raise InvalidInput(f"{action} is not an action: write it as service:Name.")
    if resource == "*":
        return Supposed(ask=Ask(action=action, context=context), foreign=False)
    try:
        named = Arn.parse(resource).account
    except NotAnArn:
        raise InvalidInput(f"{resource} is not a valid ARN.") from None
    account, pool = named or call.account, None
    if resource.startswith(_S3):
        bucket = call.house.book.bucket(resource.removeprefix(_S3).partition("/")[0])
        if bucket is not None:
            account = bucket.record.account
            pool = guard_of(bucket).of_bucket(call.caller) if account == call.account else None
    elif ":role/" in resource and account == call.account:
        role = find_role(tx, resource) if resource.startswith("arn:aws:iam::") else None
        context = {**role_tag_context(tx, role), **context}
        pool = trust_pool(role) if action.lower().startswith(_ASSUMING) else None
    ask = Ask(action=action, resource=resource, account=account, context=context, resource_policy=pool)
    return Supposed(ask=ask, foreign=account != call.account)


def who(call: Call, tx: Transaction, arn: str) -> Caller:
    """The principal of the account that an ARN names. Raises `InvalidInput`, `NoSuchEntity`."""
    book = call.house.book
    if arn == root_arn(call.account):
        return root_caller(book, call.account)
    _, kind, name = entities_by_arn.kind_and_name(arn)
    if kind is GROUP:
        raise InvalidInput("A group makes no requests: name a user or a role.")
    found = entities_by_arn.find(tx, call.account, arn)
    standing = None if found is None else book.user(found[1].id) if kind is USER else book.role(found[1].id)
    if standing is None:
        raise NoSuchEntity(kind.missing.format(name))
    return standing_caller(book, standing)


def root_caller(book: Book, account: str) -> Caller:
    """The root user of an account."""
    arn = root_arn(account)
    management = book.membership(account).management
    principal = policy.Root(arn=arn, account=account, management_account=management)
    return Caller(
        kind=CallerKind.ROOT, principal=principal, account=account, arn=arn, user_id=account, entity_id=account
    )


def standing_caller(book: Book, standing: Standing) -> Caller:
    """A user, or a session of a role."""
    entity = standing.entity
    account = entity.account
    management = book.membership(account).management
    principal: policy.Principal
    if isinstance(entity, RoleRecord):
        principal = policy.RoleSession(
            arn=sts_arn(account, "assumed-role", f"{entity.name}/{_SESSION}"),
            role_arn=standing.arn,
            account=account,
            id=entity.id,
            service_linked=entity.path.startswith(SERVICE_LINKED),
            management_account=management,
        )
        kind = CallerKind.ROLE_SESSION
    else:
        principal = policy.User(arn=standing.arn, account=account, id=entity.id, management_account=management)
        kind = CallerKind.USER
    return Caller(
        kind=kind,
        principal=principal,
        account=account,
        arn=standing.arn,
        user_id=entity.id,
        entity_id=entity.id,
        name=entity.name,
    )


def explained(judgement: Judgement) -> AskExplained:
    """A judgement, told like one of the record."""
    request = judgement.request
    return AskExplained(
        action=request.action,
        resource=request.resource,
        resource_account=request.resource_account,
        principal_arn=getattr(request.principal, "arn", None),
        context=request.context,
        recorded=judgement.decision.verdict.value,
        explanation=policy.explain(judgement.in_force, request),
        texts=_texts(judgement.in_force),
    )


def _texts(in_force: InForce) -> Mapping[Source, str]:
    single: tuple[Any, ...] = (in_force.identity, in_force.resource, in_force.boundary, in_force.session)
    pools: list[Pool] = [pool for pool in (*single, *(in_force.scp or ()), *(in_force.rcp or ())) if pool is not None]
    return {each.source: each.policy.text for pool in pools for each in pool}
