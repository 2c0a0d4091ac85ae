"""policy: which types of policy apply to a request, and what each says.

Source: IAM User Guide, "Policy evaluation logic"; Organizations User Guide, "SCP evaluation", "RCP evaluation".
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ostiary.policy.decision import PolicyType
from ostiary.policy.in_force import InForce
from ostiary.policy.pool import Placed, Pool
from ostiary.policy.principals import OF_ACCOUNT, WITH_POLICIES, RoleSession, Root, Strength
from ostiary.policy.request import Request

TRUST_ACTIONS: Final = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
    }
)
"""Asked on a role, these need the role's trust policy, always."""

ALWAYS_ALLOWED: Final = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""What every authenticated caller may do, even under a Deny."""

ROOT_KEEPS: Final = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})
"""What the bucket policy can't take from the root user of the bucket's account."""

RCP_SERVICES: Final = frozenset(
    {
        "aoss",
        "appconfig",
        "appstream",
        "autoscaling",
        "codebuild",
        "codecommit",
        "cognito-identity",
        "cognito-idp",
        "cognito-sync",
        "comprehend",
        "dax",
        "dynamodb",
        "ecr",
        "health",
        "kinesisvideo",
        "kms",
        "logs",
        "s3",
        "secretsmanager",
        "signin",
        "sqs",
        "sts",
        "support",
        "textract",
        "transcribe",
        "translate",
    }
)
"""The services whose resources RCPs bind. Source: Organizations User Guide, "Resource control policies"."""


class Layer(NamedTuple):
    """The policies of one type that apply. Organizations' come in levels, each of which must allow."""

    type: PolicyType
    levels: tuple[Pool, ...]
    of_resource: bool = False
    """Resource policies, those of VPC endpoints among them: a statement has to name its principals."""


class Layers(NamedTuple):
    """Every type that applies to a request, in the order in which it is reported."""

    filters: tuple[Layer, ...]
    """RCP, SCP and endpoint policy: they grant nothing, and each must allow."""
    resource: Layer | None
    identity: Layer | None
    boundary: Layer | None
    session: Layer | None

    def all(self) -> tuple[Layer, ...]:
        """The layers there are."""
        found = list(self.filters)
        for layer in (self.resource, self.identity, self.boundary, self.session):
            if layer is not None:
                found.append(layer)
        return tuple(found)


def layers(in_force: InForce, request: Request) -> Layers:
    """Leave aside what does not apply to this caller, action or resource."""
    principal = request.principal
    # The root user has neither identity policies nor a boundary; nobody outside an account has any.
    own = isinstance(principal, WITH_POLICIES)
    return Layers(
        filters=_filters(in_force, request),
        resource=None if keeps_bucket_policy(request) else _resource_layer(in_force.resource),
        identity=_layer(PolicyType.IDENTITY, in_force.identity) if own else None,
        boundary=_layer(PolicyType.BOUNDARY, in_force.boundary) if own else None,
        session=_layer(PolicyType.SESSION, in_force.session) if own else None,
    )


def _filters(in_force: InForce, request: Request) -> tuple[Layer, ...]:
    found: list[Layer] = []
    if in_force.rcp is not None and _rcp_binds(request):
        found.append(Layer(PolicyType.RCP, in_force.rcp))
    if in_force.scp is not None and _scp_binds(request):
        found.append(Layer(PolicyType.SCP, in_force.scp))
    if in_force.endpoint is not None:
        found.append(Layer(PolicyType.ENDPOINT, (in_force.endpoint,), of_resource=True))
    return tuple(found)


def _layer(kind: PolicyType, policies: Pool | None) -> Layer | None:
    return None if policies is None else Layer(kind, (policies,))


def _resource_layer(policies: Pool | None) -> Layer | None:
    if policies is None:
        return None
    kind = policies.policies[0].source.type if policies else PolicyType.RESOURCE
    return Layer(kind, (policies,), of_resource=True)


def _scp_binds(request: Request) -> bool:
    principal = request.principal
    if not isinstance(principal, OF_ACCOUNT) or principal.management_account:
        return False
    return not (isinstance(principal, RoleSession) and principal.service_linked)


def _rcp_binds(request: Request) -> bool:
    if request.resource_in_management_account or request.action_key == "kms:retiregrant":
        return False
    if isinstance(request.principal, RoleSession) and request.principal.service_linked:
        return False
    return request.action_key.partition(":")[0] in RCP_SERVICES


def keeps_bucket_policy(request: Request) -> bool:
    """The root user of the bucket's account manages the bucket policy whatever it says."""
    if request.action_key not in ROOT_KEEPS:
        return False
    return isinstance(request.principal, Root) and request.principal.account == request.resource_account


def needs_resource_grant(request: Request) -> bool:
    """Roles to be assumed and KMS keys: without a grant of their own policy nobody may, the root user included."""
    service, _, rest = request.resource.partition(":")[2].partition(":")[2].partition(":")
    if service == "iam" and request.action_key in TRUST_ACTIONS:
        return ":role/" in rest
    return service == "kms" and request.action_key.startswith("kms:") and ":key/" in rest


class Finding(NamedTuple):
    """What the Allow statements of a layer say."""

    strength: Strength
    matched: tuple[Placed, ...]
    """The statements that grant with that strength."""


SILENT: Final = Finding(Strength.NONE, ())


def denying(layer: Layer, request: Request, *, bounded: bool) -> list[Placed]:
    """The Deny statements of a layer that match."""
    found: list[Placed] = []
    for level in layer.levels:
        for placed in level.candidates(request.action_key)[0].near(request.resource):
            if placed.statement.matches(request, of_resource=layer.of_resource, bounded=bounded):
                found.append(placed)
    return found


def allowing(layer: Layer | None, request: Request) -> Finding:
    """What a layer allows. Every level must have an Allow of its own; the strongest grant counts."""
    if layer is None:
        return SILENT
    matched: list[Placed] = []
    strongest = Strength.NONE
    for level in layer.levels:
        silent = True
        for placed in level.candidates(request.action_key)[1].near(request.resource):
            strength = placed.statement.matches(request, of_resource=layer.of_resource, bounded=False)
            if not strength:
                continue
            silent = False
            if strength > strongest:
                strongest = strength
                matched.clear()
            if strength is strongest:
                matched.append(placed)
        if silent:
            return SILENT
    return Finding(strongest, tuple(matched))
