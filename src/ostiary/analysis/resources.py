"""analysis: the ARNs of Resource and NotResource (IAM User Guide, "IAM JSON policy elements: Resource", "IAM ARNs")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ostiary.analysis.check import Hit, check, hit, part_of
from ostiary.analysis.model import PolicyType, ResourceType
from ostiary.analysis.paper import Item, Paper
from ostiary.analysis.reference import Format, overlap, reference
from ostiary.analysis.regions import PARTITIONS, REGIONS

_FIELDS: Final = ("arn", "partition", "service", "region", "account", "resource")
_VARIABLE: Final = re.compile(r"\$\{[^{}]*\}")
_ACCOUNT: Final = re.compile(r"[0-9]{12}|aws|[0-9*?]*[*?][0-9*?]*")
_SHARED: Final = frozenset({"ssm", "resource-explorer-2"})
"""Vendors whose resources are partly AWS's own, with no account in their ARNs, which the reference does not tell."""
_LONGEST: Final = 512
"""Longer resources are not held against the formats."""

_ATTACHED: Final[dict[ResourceType, frozenset[tuple[str, str]]]] = {
    ResourceType.BUCKET: frozenset({("s3", "bucket"), ("s3", "object")}),
    ResourceType.ACCESS_POINT: frozenset({("s3", "accesspoint"), ("s3", "accesspointobject")}),
    ResourceType.MULTI_REGION_ACCESS_POINT: frozenset({("s3", "multiregionaccesspoint")}),
    ResourceType.OBJECT_LAMBDA_ACCESS_POINT: frozenset({("s3", "objectlambdaaccesspoint")}),
    ResourceType.TABLE: frozenset({("dynamodb", "table"), ("dynamodb", "index"), ("dynamodb", "stream")}),
}
"""What the policy of a resource can speak of: service and resource type."""


@dataclass(frozen=True, slots=True)
class Arn:
    """A resource cut at its first five colons; variables are shown as stars."""

    fields: tuple[str, ...]
    complete: bool

    @property
    def service(self) -> str:
        """The vendor."""
        return self.fields[2] if len(self.fields) > 2 else ""

    @property
    def region(self) -> str:
        """The fourth field."""
        return self.fields[3]

    @property
    def account(self) -> str:
        """The fifth field."""
        return self.fields[4]

    @property
    def resource(self) -> str:
        """The sixth field, with its colons."""
        return self.fields[5]

    def where(self, name: str) -> tuple[int, int]:
        """Start and length of a field."""
        index = _FIELDS.index(name)
        return sum(len(one) + 1 for one in self.fields[:index]), len(self.fields[index])


@lru_cache(maxsize=8192)
def read_arn(text: str) -> Arn | None:
    """The fields of a resource; None if it does not begin with `arn:`."""
    masked = _VARIABLE.sub(lambda found: "*" * len(found[0]), text)
    fields = tuple(masked.split(":", len(_FIELDS) - 1))
    return Arn(fields, len(fields) == len(_FIELDS)) if fields[0] == "arn" and len(fields) > 1 else None


@lru_cache(maxsize=8192)
def _fitting(vendor: str, resource: str) -> tuple[Format, ...] | None:
    """The formats whose resource part a pattern can mean; None if nothing is known of the vendor."""
    formats = reference().formats.get(vendor)
    if not formats or len(resource) > _LONGEST:
        return None
    return tuple(one for one in formats if overlap(resource, one.resource))


def _wild(text: str) -> bool:
    return "*" in text or "?" in text


def _arns(paper: Paper) -> Iterator[tuple[Item, Arn]]:
    """The resources that are ARNs with all fields and a plain vendor."""
    for item, arn in _beginnings(paper):
        if arn.complete and not _wild(arn.service):
            yield item, arn


def _beginnings(paper: Paper) -> Iterator[tuple[Item, Arn]]:
    for _, item in paper.resources():
        arn = read_arn(item.text)
        if arn is not None:
            yield item, arn


def _known(paper: Paper) -> Iterator[tuple[Item, Arn, tuple[Format, ...]]]:
    """ARNs of vendors whose formats are known, with those that fit."""
    for item, arn in _arns(paper):
        formats = _fitting(arn.service, arn.resource)
        if formats is not None:
            yield item, arn, formats


@check("INVALID_ARN_PREFIX")
def _prefix(paper: Paper) -> Iterator[Hit]:
    for _, item in paper.resources():
        if read_arn(item.text) is None:
            yield hit(item.path)


@check("MISSING_ARN_FIELD")
def _missing_field(paper: Paper) -> Iterator[Hit]:
    for item, arn in _beginnings(paper):
        open_ended = arn.fields[-1].endswith("*")
        if (not arn.complete and not open_ended) or (len(arn.fields) > 2 and not arn.service):
            yield hit(item.path, fields=str(len(_FIELDS)))


@check("INVALID_PARTITION")
def _partition(paper: Paper) -> Iterator[Hit]:
    for item, arn in _beginnings(paper):
        partition = arn.fields[1]
        if partition not in PARTITIONS and not _wild(partition):
            place = part_of(item.path, *arn.where("partition"))
            yield hit(place, service=arn.service, partition=partition, partitions=", ".join(PARTITIONS))


@check("INVALID_ARN_SERVICE_CASE")
def _service_case(paper: Paper) -> Iterator[Hit]:
    for item, arn in _beginnings(paper):
        if arn.service != arn.service.lower():
            yield hit(part_of(item.path, *arn.where("service")), service=arn.service)


@check("WILDCARD_IN_SERVICE_NAME")
def _service_wildcard(paper: Paper) -> Iterator[Hit]:
    for item, arn in _beginnings(paper):
        if _wild(arn.service) and len(arn.fields) > 3:
            yield hit(part_of(item.path, *arn.where("service")))


@check("INVALID_ARN_REGION")
def _invalid_region(paper: Paper) -> Iterator[Hit]:
    for item, arn in _arns(paper):
        literals = {one.region for one in _fitting(arn.service, arn.resource) or ()}
        if arn.region and not _wild(arn.region) and arn.region not in REGIONS | literals:
            yield hit(part_of(item.path, *arn.where("region")), region=arn.region)


@check("MISSING_ARN_REGION")
def _missing_region(paper: Paper) -> Iterator[Hit]:
    for item, arn, formats in _known(paper):
        if not arn.region and formats and all(one.region for one in formats):
            yield hit(item.path, service=arn.service)


@check("ARN_REGION_NOT_ALLOWED")
def _region_not_allowed(paper: Paper) -> Iterator[Hit]:
    for item, arn, formats in _known(paper):
        if arn.region not in ("", "*") and formats and not any(one.region for one in formats):
            yield hit(part_of(item.path, *arn.where("region")), service=arn.service)


@check("INVALID_ARN_ACCOUNT")
def _invalid_account(paper: Paper) -> Iterator[Hit]:
    for item, arn in _arns(paper):
        literals = {one.account for one in _fitting(arn.service, arn.resource) or ()}
        if arn.account and not _ACCOUNT.fullmatch(arn.account) and arn.account not in literals:
            yield hit(part_of(item.path, *arn.where("account")), account=arn.account)


@check("MISSING_ARN_ACCOUNT")
def _missing_account(paper: Paper) -> Iterator[Hit]:
    for item, arn, formats in _known(paper):
        if not arn.account and arn.service not in _SHARED and formats and all(one.account for one in formats):
            yield hit(item.path, resource=item.text)


@check("ARN_ACCOUNT_NOT_ALLOWED")
def _account_not_allowed(paper: Paper) -> Iterator[Hit]:
    for item, arn, formats in _known(paper):
        if arn.account not in ("", "*") and formats and not any(one.account for one in formats):
            yield hit(part_of(item.path, *arn.where("account")), service=arn.service)


@check("INVALID_ARN_RESOURCE")
def _invalid_resource(paper: Paper) -> Iterator[Hit]:
    for item, arn, formats in _known(paper):
        if not formats:
            yield hit(part_of(item.path, *arn.where("resource")))


@check("UNSUPPORTED_RESOURCE_ARN_IN_POLICY")
def _unsupported(paper: Paper) -> Iterator[Hit]:
    if paper.policy_type is not PolicyType.RESOURCE or paper.resource_type not in _ATTACHED:
        return
    types = _ATTACHED[paper.resource_type]
    for item, arn in _arns(paper):
        formats = _fitting(arn.service, arn.resource)
        if formats is not None and not any((one.service, one.type) in types and _stands(arn, one) for one in formats):
            yield hit(item.path, resource_type=paper.resource_type.value)


def _stands(arn: Arn, known: Format) -> bool:
    """Whether Region and account are there where the format has them, and only there."""
    pairs = ((arn.region, known.region), (arn.account, known.account))
    return all(bool(written) == bool(wanted) or written == "*" for written, wanted in pairs)
