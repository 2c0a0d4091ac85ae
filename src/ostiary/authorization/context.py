"""The condition keys that every request has, by who asks and how.

Source: IAM User Guide, "AWS global condition context keys"; the availability of each key by principal: R108–R115.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec

from ostiary.authorization.caller import BY_WORD, Caller, CallerKind
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.policy import ContextValue

_PRINCIPAL_TYPE: Final = {
    CallerKind.ROOT: "Account",
    CallerKind.USER: "User",
    CallerKind.ROLE_SESSION: "AssumedRole",
    CallerKind.FEDERATED_USER: "FederatedUser",
    CallerKind.ANONYMOUS: "Anonymous",
}


class RequestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of itself, whoever sent it."""

    request_id: str
    at: datetime
    source_ip: str
    secure: bool
    region: str
    user_agent: str = ""
    referer: str | None = None

    @property
    def second(self) -> int:
        """When, in seconds since 1970."""
        return int(self.at.timestamp())


@lru_cache(maxsize=1024)
def iso(seconds: int | float) -> str:
    """`2026-01-31T12:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def base_context(caller: Caller, facts: RequestFacts, principal_tags: Mapping[str, str]) -> dict[str, ContextValue]:
    """The global keys of a request. The keys of the service and of the resource are added by the ask."""
    return {
        **moment_context(iso(facts.second), facts.second, facts.region, facts.source_ip, facts.user_agent),
        **caller_context(caller, facts.secure, principal_tags),
        **request_context(caller, facts),
    }


def moment_context(time: str, second: int, region: str, source_ip: str, user_agent: str) -> dict[str, ContextValue]:
    """The keys whose values each event of the record has among CloudTrail's members."""
    return {
        "aws:CurrentTime": time,
        "aws:EpochTime": str(second),
        "aws:RequestedRegion": region,
        "aws:SourceIp": source_ip,
        "aws:UserAgent": user_agent,
    }


def request_context(caller: Caller, facts: RequestFacts) -> dict[str, ContextValue]:
    """The other keys that may differ between two requests of one caller."""
    context: dict[str, ContextValue] = {}
    if facts.referer is not None:
        context["aws:Referer"] = facts.referer
    session = caller.session
    if session is not None and session.mfa_at is not None and session.kind is not SessionKind.FEDERATED_USER:
        context["aws:MultiFactorAuthAge"] = str(max(0, facts.second - session.mfa_at))
    return context


def caller_context(caller: Caller, secure: bool, principal_tags: Mapping[str, str]) -> dict[str, ContextValue]:
    """The keys that are the same for all requests of a caller, as long as its tags are, and with TLS or without."""
    context: dict[str, ContextValue] = {
        "aws:SecureTransport": "true" if secure else "false",
        "aws:ViaAWSService": "false",
    }
    if caller.kind in BY_WORD:
        context["aws:FederatedProvider"] = caller.arn
        return context
    context |= principal_context(caller, principal_tags)
    if caller.session is not None:
        _add_session(context, caller.session)
    return context


def principal_context(caller: Caller, principal_tags: Mapping[str, str]) -> dict[str, ContextValue]:
    """The keys that tell who asks, whatever the request."""
    context: dict[str, ContextValue] = {
        "aws:userid": caller.user_id,
        "aws:PrincipalType": _PRINCIPAL_TYPE.get(caller.kind, "AssumedRole"),
        "aws:PrincipalAccount": caller.account or "anonymous",
    }
    if caller.kind is CallerKind.ANONYMOUS:
        return context
    context["aws:PrincipalIsAWSService"] = "false"
    context["aws:PrincipalArn"] = principal_arn(caller)
    if caller.kind is CallerKind.USER:
        context["aws:username"] = caller.name
    for key, value in principal_tags.items():
        context[f"aws:PrincipalTag/{key}"] = value
    return context


def principal_arn(caller: Caller) -> str:
    """`aws:PrincipalArn`: for a role session the role's ARN, path included (R108)."""
    return getattr(caller.principal, "role_arn", None) or caller.arn


def _add_session(context: dict[str, ContextValue], session: Session) -> None:
    context["aws:TokenIssueTime"] = iso(session.issued)
    if session.kind is not SessionKind.FEDERATED_USER:
        context["aws:MultiFactorAuthPresent"] = "true" if session.mfa_at is not None else "false"
    if session.source_identity is not None:
        context["aws:SourceIdentity"] = session.source_identity
    if session.provider is not None:
        context["aws:FederatedProvider"] = session.provider
    for key, value in session.tags:
        # a session tag overrides the entity's tag of the same key in any letter case (R119)
        for held in [k for k in context if k.lower() == f"aws:principaltag/{key.lower()}"]:
            del context[held]
        context[f"aws:PrincipalTag/{key}"] = value
    context.update(session.context)
