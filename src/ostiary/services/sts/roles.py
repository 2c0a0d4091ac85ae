"""AssumeRole.

Source: STS API Reference, AssumeRole; IAM User Guide, "Pass session tags", "Monitor and control actions taken with
assumed roles"; R91–R93, R97, R116–R124.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from ostiary.authorization.book import attached
from ostiary.authorization.caller import CallerKind
from ostiary.authorization.judge import Ask
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.identifiers import AccountId, Arn, NotAnArn, iam_arn, sts_arn
from ostiary.policy import ContextValue, PolicyType, Pool, Source
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.sts.mfa import mfa_context, prove_mfa
from ostiary.services.sts.session_parameters import (
    credentials,
    read_session_parameters,
    read_tags,
    tag_context,
    validation_error,
)
from ostiary.store.records import RoleRecord
from ostiary.store.transaction import Transaction

DEFAULT_SECONDS: Final = 3600
CHAINED_SECONDS: Final = 3600
_ROLE: Final = re.compile(r"role/(?:[\x21-\x7e]+/)?([\w+=,.@-]{1,64})")


def find_role(tx: Transaction, arn: str) -> RoleRecord | None:
    """The role that has exactly this ARN, path and letter case included."""
    account, name = _read_role_arn(arn)
    role = tx.roles.get(account, name)
    return role if role is not None and iam_arn(account, "role", role.name, role.path) == arn else None


def trust_pool(role: RoleRecord | None) -> Pool:
    """The trust policy as the resource's policy; a role that does not exist trusts nobody, in the same words."""
    if role is None:
        return Pool()
    return _trust(role.trust, iam_arn(role.account, "role", role.name, role.path))


@lru_cache(maxsize=4096)
def _trust(text: str, owner: str) -> Pool:
    """The same pool for the same text, so that what the engine learns of it lasts."""
    return Pool((attached(text, Source(type=PolicyType.TRUST, name="trust policy", owner=owner)),))


def role_tag_context(tx: Transaction, role: RoleRecord | None) -> dict[str, ContextValue]:
    """The condition keys of a role's tags."""
    tags = () if role is None else tx.tags.of(role.id)
    return {f"{prefix}:ResourceTag/{tag.key}": tag.value for tag in tags for prefix in ("aws", "iam")}


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    if call.caller.kind is CallerKind.ROOT:
        raise ServiceFault("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    if call.params.get("ProvidedContexts"):
        raise validation_error("ProvidedContexts is not supported: there are no providers of trusted contexts.")
    arn: str = call.params["RoleArn"]
    account, _ = _read_role_arn(arn)
    role = find_role(tx, arn)
    tags = read_tags(call.params.get("Tags") or ())
    identity = _source_identity(call)
    context: dict[str, ContextValue] = {"sts:RoleSessionName": call.params["RoleSessionName"], **mfa_context(call)}
    if call.params.get("ExternalId") is not None:
        context["sts:ExternalId"] = call.params["ExternalId"]
    if identity is not None:
        context["sts:SourceIdentity"] = identity
    context.update(role_tag_context(tx, role))
    context.update(tag_context(tags, call.params.get("TransitiveTagKeys") or ()))
    actions = ["sts:AssumeRole"]
    if tags or _inherited(call):
        actions.append("sts:TagSession")
    if identity is not None:
        actions.append("sts:SetSourceIdentity")
    trust = trust_pool(role)
    return [
        Ask(action=action, resource=arn, account=account, context=context, resource_policy=trust) for action in actions
    ]


@operation("sts", "AssumeRole", asks=_asks, prove=prove_mfa)
def assume_role(call: Call, tx: Transaction) -> dict[str, Any]:
    """Credentials of a role, for a time. They say nothing of MFA, which the trust policy has judged."""
    role = find_role(tx, call.params["RoleArn"])
    assert role is not None  # its trust policy has just allowed the call
    seconds = role_seconds(call, role)
    asked = read_session_parameters(call, tx, role.account)
    inherited = _inherited(call)
    if {key.lower() for key, _ in inherited} & {key.lower() for key, _ in asked.tags}:
        raise ServiceFault(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session.",
            400,
        )
    identity = _source_identity(call)
    name: str = call.params["RoleSessionName"]
    session = Session(
        kind=SessionKind.ROLE,
        account=role.account,
        principal_id=role.id,
        access_key_id=call.house.seal.new_access_key_id(AccountId(role.account)),
        issued=call.now,
        expires=call.now + seconds,
        name=name,
        policies=asked.policies,
        policy_arns=asked.policy_arns,
        tags=inherited + asked.tags,
        transitive_tag_keys=tuple(key for key, _ in inherited) + asked.transitive,
        source_identity=identity,
        chained=call.caller.session is not None,
    )
    answer: dict[str, Any] = {
        "Credentials": credentials(call.house.seal.issue(session)),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.id}:{name}",
            "Arn": sts_arn(role.account, "assumed-role", f"{role.name}/{name}"),
        },
    }
    if asked.packed_percent is not None:
        answer["PackedPolicySize"] = asked.packed_percent
    if identity is not None:
        answer["SourceIdentity"] = identity
    return answer


@lru_cache(maxsize=1024)
def _read_role_arn(text: str) -> tuple[str, str]:
    """Account and name."""
    try:
        arn = Arn.parse(text)
    except NotAnArn:
        raise validation_error(f"{text} is invalid") from None
    found = _ROLE.fullmatch(arn.resource)
    if arn.service != "iam" or arn.region or not re.fullmatch(r"\d{12}", arn.account) or not found:
        raise validation_error(f"{text} is invalid")
    return arn.account, found[1]


def role_seconds(call: Call, role: RoleRecord) -> int:
    """The duration, checked in AWS's order (R116, R117); the fixed range was checked with the model."""
    asked: int | None = call.params.get("DurationSeconds")
    if asked is None:
        return DEFAULT_SECONDS
    if asked > role.max_session:
        raise validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if call.caller.session is not None and asked > CHAINED_SECONDS:
        raise validation_error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    return asked


def _inherited(call: Call) -> tuple[tuple[str, str], ...]:
    """The transitive tags of the calling session."""
    session = call.caller.session
    if session is None:
        return ()
    transitive = {key.lower() for key in session.transitive_tag_keys}
    return tuple((key, value) for key, value in session.tags if key.lower() in transitive)


def _source_identity(call: Call) -> str | None:
    """The one asked for, or the one of the calling session; they must not differ (R121)."""
    asked: str | None = call.params.get("SourceIdentity")
    held = call.caller.session.source_identity if call.caller.session else None
    if asked is not None and held is not None and asked != held:
        raise validation_error("The source identity is already set for this assume role session")
    return asked if asked is not None else held
