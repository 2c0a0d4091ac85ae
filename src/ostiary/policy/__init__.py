"""policy: the language. Parse, check, compile, decide, explain; pure, standard library only."""

from __future__ import annotations

from ostiary.policy.batch import decide_many
from ostiary.policy.combine import decide
from ostiary.policy.compile import CompiledPolicy, compile_policy, referenced_condition_keys
from ostiary.policy.decision import Decision, Effect, Matched, PolicyType, Position, Source, Verdict
from ostiary.policy.explain import Explanation, StatementReport, TestReport, TypeReport, explain
from ostiary.policy.faults import MalformedPolicy
from ostiary.policy.grammar import Document, check
from ostiary.policy.in_force import InForce
from ostiary.policy.kinds import DOCUMENT_LIMIT, SIZE_LIMITS, PolicyKind, policy_size
from ostiary.policy.messages import denial_message
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
    principal_of_arn,
)
from ostiary.policy.rename import map_principals
from ostiary.policy.request import ContextValue, Request
from ostiary.policy.suggestion import Change, ContextChange, PolicyChange, Remedy, Suggestion

__all__ = [
    "DOCUMENT_LIMIT",
    "SIZE_LIMITS",
    "Anonymous",
    "Attached",
    "Change",
    "CompiledPolicy",
    "ContextChange",
    "ContextValue",
    "Decision",
    "Document",
    "Effect",
    "Explanation",
    "Federated",
    "FederatedUser",
    "InForce",
    "MalformedPolicy",
    "Matched",
    "PolicyChange",
    "PolicyKind",
    "PolicyType",
    "Pool",
    "Position",
    "Principal",
    "Remedy",
    "Request",
    "RoleSession",
    "Root",
    "Service",
    "Source",
    "StatementReport",
    "Suggestion",
    "TestReport",
    "TypeReport",
    "User",
    "Verdict",
    "check",
    "compile_policy",
    "decide",
    "decide_many",
    "denial_message",
    "explain",
    "map_principals",
    "policy_size",
    "principal_of_arn",
    "referenced_condition_keys",
]
