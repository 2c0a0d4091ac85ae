"""policy: which types of policy apply to a request, and what each says.

Source: IAM User Guide, "Policy evaluation logic"; Organizations User Guide, "SCP evaluation", "RCP evaluation".
"""

from __future__ import annotations

from ostiary.policy.in_force import InForce
from ostiary.policy.layers import Layer, Layers
from ostiary.policy.principals import OF_ACCOUNT, WITH_POLICIES, RoleSession, Root, Strength, User
from ostiary.policy.request import Request
from ostiary.policy.special import Traits, traits


def layers(in_force: InForce, request: Request) -> Layers:
    """Leave aside what does not apply to this caller, action or resource."""
    principal = request.principal
    if isinstance(principal, RoleSession):
        usual = not (principal.service_linked or principal.management_account)
    else:
        usual = isinstance(principal, User) and not principal.management_account
    if usual:
        if in_force.rcp is None or not _rcp_binds(traits(request.action), request):
            return in_force.usual
        return in_force.usual_and_rcp
    special = traits(request.action)
    return in_force.applying(
        # The root user has neither identity policies nor a boundary, but what limits a session of it (AssumeRoot);
        # nobody outside an account has any.
        own=isinstance(request.principal, WITH_POLICIES),
        session=isinstance(request.principal, OF_ACCOUNT),
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


def denying(layer: Layer, request: Request, *, bounded: bool) -> bool:
    """Whether a Deny statement of a layer matches."""
    heard = layer.bearings(request.action, request.resource)
    return any(bearing.denying(request, bounded=bounded) for bearing in heard)


def allowing(layer: Layer, request: Request) -> Strength:
    """How strongly a layer allows. Every level must have an Allow of its own; the strongest counts."""
    found = [bearing.granting(request).strength for bearing in layer.bearings(request.action, request.resource)]
    return max(found) if found and all(found) else Strength.NONE
