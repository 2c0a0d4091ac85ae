"""policy: which types of policy apply to a request, and what each says.

Source: IAM User Guide, "Policy evaluation logic"; Organizations User Guide, "SCP evaluation", "RCP evaluation".
"""

from __future__ import annotations

from ostiary.policy.in_force import InForce, Layer, Layers
from ostiary.policy.placed import Placed
from ostiary.policy.plan import SILENT, Bearing, Finding
from ostiary.policy.principals import OF_ACCOUNT, WITH_POLICIES, RoleSession, Root, Strength
from ostiary.policy.request import Request
from ostiary.policy.special import Traits, traits


def layers(in_force: InForce, request: Request) -> Layers:
    """Leave aside what does not apply to this caller, action or resource."""
    special = traits(request.action)
    return in_force.applying(
        # The root user has neither identity policies nor a boundary; nobody outside an account has any.
        own=isinstance(request.principal, WITH_POLICIES),
        scp=in_force.scp is not None and _scp_binds(request),
        rcp=in_force.rcp is not None and _rcp_binds(special, request),
        of_resource=not (special.root_keeps and _owns_as_root(request)),
    )


def _scp_binds(request: Request) -> bool:
    principal = request.principal
    if not isinstance(principal, OF_ACCOUNT) or principal.management_account:
        return False
    return not (isinstance(principal, RoleSession) and principal.service_linked)


def _rcp_binds(special: Traits, request: Request) -> bool:
    if request.resource_in_management_account or not special.rcp_binds:
        return False
    return not (isinstance(request.principal, RoleSession) and request.principal.service_linked)


def _owns_as_root(request: Request) -> bool:
    return isinstance(request.principal, Root) and request.principal.account == request.resource_account


def keeps_bucket_policy(request: Request) -> bool:
    """The root user of the bucket's account manages the bucket policy whatever it says."""
    return traits(request.action).root_keeps and _owns_as_root(request)


def needs_resource_grant(request: Request) -> bool:
    """Roles to be assumed and KMS keys: without a grant of their own policy nobody may, the root user included."""
    special = traits(request.action)
    if not (special.trust or special.kms):
        return False
    service, _, rest = request.resource.partition(":")[2].partition(":")[2].partition(":")
    if special.trust:
        return service == "iam" and ":role/" in rest
    return service == "kms" and ":key/" in rest


def bearings(layer: Layer, request: Request) -> list[Bearing]:
    """The statements that may bear on the request, level by level."""
    action, resource, of_resource = request.action, request.resource, layer.of_resource
    found: list[Bearing] = []
    for pool in layer.levels:
        plan = (pool.plans_of_resource if of_resource else pool.plans).get(action)
        if plan is None:
            plan = pool.plan(action, of_resource=of_resource)
        always = plan.always
        found.append(plan.bearing(resource) if always is None else always)
    return found


def denying(layer: Layer, request: Request, *, bounded: bool) -> list[Placed]:
    """The Deny statements of a layer that match."""
    return [placed for bearing in bearings(layer, request) for placed in bearing.denying(request, bounded=bounded)]


def allowing(layer: Layer | None, request: Request) -> Finding:
    """What a layer allows."""
    return SILENT if layer is None else granting(bearings(layer, request), request)


def granting(levels: list[Bearing], request: Request) -> Finding:
    """What levels allow together. Every level must have an Allow of its own; the strongest grant counts."""
    if len(levels) == 1:
        return levels[0].granting(request)
    findings: list[Finding] = []
    strongest = Strength.NONE
    for bearing in levels:
        finding = bearing.granting(request)
        if finding is SILENT:
            return SILENT
        strongest = max(strongest, finding.strength)
        findings.append(finding)
    placed = [one for finding in findings if finding.strength is strongest for one in finding.placed]
    return Finding(strongest, tuple(placed)) if placed else SILENT
