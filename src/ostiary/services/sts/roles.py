"""AssumeRole.

Source: STS API Reference, AssumeRole; IAM User Guide, "Pass session tags", "Monitor and control actions taken with
assumed roles"; R91–R93, R97, R116–R124.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ostiary.authorization.caller import CallerKind
from ostiary.authorization.judge import Ask
from ostiary.policy import ContextValue
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, operation
from ostiary.services.sts.mfa import mfa_context, prove_mfa
from ostiary.services.sts.role_sessions import (
    find_role,
    read_role_arn,
    role_seconds,
    role_tag_context,
    start_session,
    trust_pool,
)
from ostiary.services.sts.session_parameters import read_session_parameters, read_tags, tag_context, validation_error
from ostiary.store.transaction import Transaction


def _asks(call: Call, tx: Transaction) -> Iterable[Ask]:
    if call.caller.kind is CallerKind.ROOT:
        raise ServiceFault("AccessDenied", "Roles may not be assumed by root accounts.", 403)
    if call.params.get("ProvidedContexts"):
        raise ServiceFault(
            "InvalidContextAssertion", "The context assertion does not match a trusted context provider.", 400
        )
    arn: str = call.params["RoleArn"]
    account, _ = read_role_arn(arn)
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
    if inherited:
        keys = tuple(key for key, _ in inherited)
        asked = replace(asked, tags=inherited + asked.tags, transitive=keys + asked.transitive)
    return start_session(call, role, name, asked, expires=call.now + seconds, source_identity=identity)


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
