"""analysis: how long documents may be.

Source: IAM User Guide, "IAM and AWS STS quotas"; Organizations User Guide, "Quotas"; S3 and DynamoDB Developer Guides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.analysis.check import Hit, check, hit
from ostiary.analysis.model import PolicyType, ResourceType
from ostiary.analysis.paper import Paper
from ostiary.policy import SIZE_LIMITS, PolicyKind, policy_size

_KILO: Final = 1024
_RESOURCE_QUOTAS: Final = {
    ResourceType.BUCKET: 20 * _KILO,
    ResourceType.ACCESS_POINT: 20 * _KILO,
    ResourceType.MULTI_REGION_ACCESS_POINT: 20 * _KILO,
    ResourceType.OBJECT_LAMBDA_ACCESS_POINT: 20 * _KILO,
    ResourceType.TABLE: 20 * _KILO,
}


def _over(size: int, quota: int) -> Iterator[Hit]:
    if size > quota:
        yield hit((), size=str(size), quota=str(quota))


@check("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA")
def _identity(paper: Paper) -> Iterator[Hit]:
    if paper.policy_type is PolicyType.IDENTITY:
        yield from _over(policy_size(paper.text), SIZE_LIMITS[PolicyKind.MANAGED])


@check("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA")
def _resource(paper: Paper) -> Iterator[Hit]:
    if paper.policy_type is PolicyType.RESOURCE and paper.resource_type in _RESOURCE_QUOTAS:
        yield from _over(len(paper.text), _RESOURCE_QUOTAS[paper.resource_type])


@check("POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA")
def _trust(paper: Paper) -> Iterator[Hit]:
    if paper.trust:
        yield from _over(policy_size(paper.text), SIZE_LIMITS[PolicyKind.TRUST])


@check("POLICY_SIZE_EXCEEDS_SCP_QUOTA")
def _scp(paper: Paper) -> Iterator[Hit]:
    if paper.policy_type is PolicyType.SCP:
        yield from _over(len(paper.text), SIZE_LIMITS[PolicyKind.SCP])


@check("POLICY_SIZE_EXCEEDS_RCP_QUOTA")
def _rcp(paper: Paper) -> Iterator[Hit]:
    if paper.policy_type is PolicyType.RCP:
        yield from _over(len(paper.text), SIZE_LIMITS[PolicyKind.RCP])
