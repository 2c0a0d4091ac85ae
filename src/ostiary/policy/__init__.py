"""policy: the language. Parse, check, compile, decide, explain; pure, standard library only."""

from __future__ import annotations

from ostiary.policy.combine import decide
from ostiary.policy.compile import CompiledPolicy, compile_policy, referenced_condition_keys
from ostiary.policy.decision import Decision, Effect, Matched, PolicyType, Position, Source, Verdict
from ostiary.policy.faults import MalformedPolicy
from ostiary.policy.in_force import InForce
from ostiary.policy.kinds import DOCUMENT_LIMIT, SIZE_LIMITS, PolicyKind, policy_size
from ostiary.policy.pool import Attached, Pool
from ostiary.policy.principals import (
    Anonymous,
    Federated,
    FederatedUser,
    Principal,
    RoleSession,
    Root,
    Service,
    User,
)
from ostiary.policy.request import ContextValue, Request

__all__ = [
    "DOCUMENT_LIMIT",
    "SIZE_LIMITS",
    "Anonymous",
    "Attached",
    "CompiledPolicy",
    "ContextValue",
    "Decision",
    "Effect",
    "Federated",
    "FederatedUser",
    "InForce",
    "MalformedPolicy",
    "Matched",
    "PolicyKind",
    "PolicyType",
    "Pool",
    "Position",
    "Principal",
    "Request",
    "RoleSession",
    "Root",
    "Service",
    "Source",
    "User",
    "Verdict",
    "check",
    "compile_policy",
    "decide",
    "denial_message",
    "explain",
    "map_principals",
    "policy_size",
    "referenced_condition_keys",
]


def check(text: str, kind: PolicyKind, *, size_limit: int | None = None) -> object:
    """Hold a document against the grammar of its kind."""
    raise NotImplementedError


def denial_message(
    decision: Decision, principal_arn: str, action: str, resource: str | None, *, quote_resource: bool = False
) -> str:
    """AWS's text for a refusal."""
    raise NotImplementedError


def explain(in_force: InForce, request: Request) -> object:
    """The decision with its reasons."""
    raise NotImplementedError


def map_principals(text: str, rename: object) -> str:
    """The same document with its AWS principals renamed."""
    raise NotImplementedError
