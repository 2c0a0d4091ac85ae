"""policy: the decision (IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access").

INVARIANT: a request is refused unless a path below ends in ALLOWED; a matching Deny of any layer ends every path but
the two that AWS documents as undeniable.
"""

from __future__ import annotations

from typing import Final

from ostiary.policy.decision import Decision, PolicyType, Verdict
from ostiary.policy.evaluate import (
    allowing,
    bearings,
    granting,
    keeps_bucket_policy,
    layers,
    needs_resource_grant,
)
from ostiary.policy.in_force import InForce, Layers
from ostiary.policy.placed import Placed
from ostiary.policy.plan import Bearing, Finding
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
    if traits(request.action).always_allowed and isinstance(request.principal, OF_ACCOUNT):
        return Decision(verdict=Verdict.ALLOWED, decided_by=None)
    applying = layers(in_force, request)
    heard = [bearings(layer, request) for layer in applying.all]
    for refused in (_explicit_deny(applying, heard, request), _filtered(applying, heard, request)):
        if refused is not None:
            return refused
    return _granted(applying, request)


def _explicit_deny(applying: Layers, heard: list[list[Bearing]], request: Request) -> Decision | None:
    """Step 1: a Deny anywhere. The first layer that denies is named; every matching Deny is listed."""
    first: PolicyType | None = None
    matched: list[Placed] = []
    for layer, levels in zip(applying.all, heard, strict=True):
        for bearing in levels:
            if bearing.denies:
                found = bearing.denying(request, bounded=applying.boundary is not None)
                if found:
                    first = first or layer.type
                    matched += found
    return None if first is None else _decision(Verdict.EXPLICIT_DENY, first, tuple(matched))


def _filtered(applying: Layers, heard: list[list[Bearing]], request: Request) -> Decision | None:
    """Steps 2 and 3: RCP, SCP and endpoint policy must each allow."""
    for at, layer in enumerate(applying.filters):
        if not granting(heard[at], request).strength:
            return _silent(layer.type)
    return None


def _granted(applying: Layers, request: Request) -> Decision:
    """Step 4: the resource's policy, as far as this kind of principal."""
    principal = request.principal
    grant = allowing(applying.resource, request)
    kind = applying.resource.type if applying.resource is not None else _resource_type(request)
    if isinstance(principal, Root):
        return _root(grant, kind, request)
    if not isinstance(principal, WITH_POLICIES):
        return _allowed(kind, grant) if grant.strength else _silent(kind)
    if principal.account != request.resource_account:
        return _cross_account(applying, grant, kind, request)
    if grant.strength is Strength.DIRECT:
        return _allowed(kind, grant)
    if grant.strength is Strength.LIMITED:
        return _limited(applying, request, _allowed(kind, grant))
    if not grant.strength and needs_resource_grant(request):
        return _silent(kind)
    identity = allowing(applying.identity, request)
    if not identity.strength:
        return _silent(PolicyType.IDENTITY)
    return _limited(applying, request, _allowed(PolicyType.IDENTITY, identity))


def _root(grant: Finding, kind: PolicyType, request: Request) -> Decision:
    if traits(request.action).trust and needs_resource_grant(request):
        return _silent(kind)  # "Roles may not be assumed by root accounts."
    same_account = request.principal.account == request.resource_account
    if same_account and (keeps_bucket_policy(request) or not needs_resource_grant(request)):
        return Decision(verdict=Verdict.ALLOWED, decided_by=None)
    if not grant.strength:
        return _silent(kind)
    return _allowed(kind if same_account else None, grant)


def _cross_account(applying: Layers, grant: Finding, kind: PolicyType, request: Request) -> Decision:
    """Two evaluations, of which both must allow; nothing bypasses boundary or session policy."""
    if not grant.strength:
        return _silent(kind)
    identity = allowing(applying.identity, request)
    if not identity.strength:
        return _silent(PolicyType.IDENTITY)
    return _limited(applying, request, _decision(Verdict.ALLOWED, None, (*grant.placed, *identity.placed)))


def _limited(applying: Layers, request: Request, otherwise: Decision) -> Decision:
    """Steps 6 and 7: boundary and session policy must allow where there are any."""
    for layer in (applying.boundary, applying.session):
        if layer is not None and not allowing(layer, request).strength:
            return _silent(layer.type)
    if applying.session is None and isinstance(request.principal, FederatedUser):
        return _silent(PolicyType.SESSION)  # GetFederationToken without a policy gives no permissions.
    return otherwise


def _resource_type(request: Request) -> PolicyType:
    trust = traits(request.action).trust and needs_resource_grant(request)
    return PolicyType.TRUST if trust or isinstance(request.principal, Federated) else PolicyType.RESOURCE


def _silent(layer: PolicyType) -> Decision:
    return Decision(verdict=Verdict.IMPLICIT_DENY, decided_by=layer)


def _allowed(layer: PolicyType | None, finding: Finding) -> Decision:
    return _decision(Verdict.ALLOWED, layer, finding.placed)


def _decision(verdict: Verdict, layer: PolicyType | None, placed: tuple[Placed, ...]) -> Decision:
    return Decision(verdict=verdict, decided_by=layer, statements=placed)
