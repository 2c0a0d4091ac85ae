"""policy: the decision (IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access").

INVARIANT: a request is refused unless a path below ends in ALLOWED; a matching Deny of any layer ends every path but
the two that AWS documents as undeniable.
"""

from __future__ import annotations

from typing import Final

from ostiary.policy.decision import Decision, PolicyType, Verdict
from ostiary.policy.evaluate import keeps_bucket_policy, layers, needs_resource_grant
from ostiary.policy.in_force import InForce
from ostiary.policy.layers import SILENT_DECISIONS, Joint, Layers
from ostiary.policy.plan import SILENT, Finding
from ostiary.policy.principals import (
    OF_ACCOUNT,
    WITH_POLICIES,
    Federated,
    FederatedUser,
    RoleSession,
    Root,
    Strength,
    User,
)
from ostiary.policy.request import Request
from ostiary.policy.special import traits

_HAVE_POLICIES: Final = frozenset({User, RoleSession})
"""Whom their identity policies alone may allow something; a federated user needs a session policy."""

_UNCONDITIONALLY: Final = Decision(verdict=Verdict.ALLOWED, decided_by=None)


def decide(in_force: InForce, request: Request) -> Decision:
    """Whether the request is allowed, and what that rests on."""
    if in_force.identity_only:
        principal = request.principal
        if principal.__class__ in _HAVE_POLICIES and principal.account == request.resource_account:
            pool, action = in_force.identity, request.action
            plan = pool.plans.get(action)
            if plan is None:
                plan = pool.plan(action)
            if plan.decides_alone:
                bearing = plan.bearing(request.resource)
                answer = bearing.answer
                return bearing.decide(request) if answer is None else answer
    return _by_all(in_force, request)


def _by_all(in_force: InForce, request: Request) -> Decision:
    """The decision of all types together."""
    principal = request.principal
    applying = layers(in_force, request)
    plan = applying.joint_plans.get(request.action)
    if plan is None:
        plan = applying.joint_plan(request.action)
    if plan.special.always_allowed and isinstance(principal, OF_ACCOUNT):
        return _UNCONDITIONALLY
    resource = request.resource
    head = resource[: resource.find("/") + 1] or resource if plan.special.of_bucket else resource
    joint = plan.places.get(head)
    if joint is None:
        joint = plan.joint(head, resource)
    refused = joint.refusal(request)
    if refused is not None:
        return refused
    grant = joint.resource.granting(request) if joint.resource.allows else SILENT
    of_identity = grant is SILENT and principal.__class__ in _HAVE_POLICIES and plan.special.ordinary
    if of_identity and principal.account == request.resource_account:
        return _by_identity(joint, request)
    return _granted(applying, joint, grant, request)


def _by_identity(joint: Joint, request: Request) -> Decision:
    """Steps 5 to 7."""
    identity = joint.identity.granting(request)
    if identity is SILENT:
        return _silent(PolicyType.IDENTITY)
    refused = _limit(joint, request) if joint.limits or not joint.has_session else None
    return identity.by_identity if refused is None else refused


def _granted(applying: Layers, joint: Joint, grant: Finding, request: Request) -> Decision:
    """Step 4: the resource's policy, as far as this kind of principal."""
    principal = request.principal
    kind = applying.resource.type if applying.resource is not None else _resource_type(request)
    if isinstance(principal, Root):
        return _root(joint, grant, kind, request)
    if not isinstance(principal, WITH_POLICIES):
        return grant.allowed(kind) if grant.strength else _silent(kind)
    if principal.account != request.resource_account:
        return _cross_account(joint, grant, kind, request)
    if grant.strength is Strength.DIRECT:
        return grant.allowed(kind)
    if grant.strength is Strength.LIMITED:
        refused = _limit(joint, request)
        return grant.allowed(kind) if refused is None else refused
    if not grant.strength and needs_resource_grant(request):
        return _silent(kind)
    return _by_identity(joint, request)


def _root(joint: Joint, grant: Finding, kind: PolicyType, request: Request) -> Decision:
    if traits(request.action).trust and needs_resource_grant(request):
        return _silent(kind)  # "Roles may not be assumed by root accounts."
    same_account = request.principal.account == request.resource_account
    unasked = same_account and (keeps_bucket_policy(request) or not needs_resource_grant(request))
    if not unasked and not grant.strength:
        return _silent(kind)
    refused = _limit(joint, request)  # of AssumeRoot's sessions
    if refused is not None:
        return refused
    return _UNCONDITIONALLY if unasked else grant.allowed(kind if same_account else None)


def _cross_account(joint: Joint, grant: Finding, kind: PolicyType, request: Request) -> Decision:
    """Two evaluations, of which both must allow; nothing bypasses boundary or session policy."""
    if not grant.strength:
        return _silent(kind)
    identity = joint.identity.granting(request)
    if not identity.strength:
        return _silent(PolicyType.IDENTITY)
    refused = _limit(joint, request)
    if refused is not None:
        return refused
    return Decision(verdict=Verdict.ALLOWED, decided_by=None, statements=(*grant.placed, *identity.placed))


def _limit(joint: Joint, request: Request) -> Decision | None:
    """Steps 6 and 7: boundary and session policy must allow where there are any."""
    for silence, bearing in joint.limits:
        if bearing.granting(request) is SILENT:
            return silence
    if not joint.has_session and isinstance(request.principal, FederatedUser):
        return _silent(PolicyType.SESSION)  # GetFederationToken without a policy gives no permissions.
    return None


def _resource_type(request: Request) -> PolicyType:
    trust = traits(request.action).trust and needs_resource_grant(request)
    return PolicyType.TRUST if trust or isinstance(request.principal, Federated) else PolicyType.RESOURCE


def _silent(kind: PolicyType) -> Decision:
    return SILENT_DECISIONS[kind]
