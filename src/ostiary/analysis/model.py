"""analysis: what a finding is (Access Analyzer API Reference, ValidatePolicyFinding, Location, PathElement, Span)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class FindingType(Enum):
    """How much a finding weighs."""

    ERROR = "ERROR"
    """A part of the policy does not work."""
    SECURITY_WARNING = "SECURITY_WARNING"
    """It allows more than most people mean to."""
    WARNING = "WARNING"
    """It is not how policies should be written."""
    SUGGESTION = "SUGGESTION"
    """It could be written better, and would allow the same."""


class PolicyType(Enum):
    """What a document is validated as."""

    IDENTITY = "IDENTITY_POLICY"
    RESOURCE = "RESOURCE_POLICY"
    SCP = "SERVICE_CONTROL_POLICY"
    RCP = "RESOURCE_CONTROL_POLICY"


class ResourceType(Enum):
    """What a resource policy is to be attached to, where there are checks of its own for it."""

    BUCKET = "AWS::S3::Bucket"
    ACCESS_POINT = "AWS::S3::AccessPoint"
    MULTI_REGION_ACCESS_POINT = "AWS::S3::MultiRegionAccessPoint"
    OBJECT_LAMBDA_ACCESS_POINT = "AWS::S3ObjectLambda::AccessPoint"
    ROLE_TRUST = "AWS::IAM::AssumeRolePolicyDocument"
    TABLE = "AWS::DynamoDB::Table"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the text."""

    line: int
    """From 1."""
    column: int
    """From 0."""
    offset: int
    """From 0, in characters."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to right before `end`."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class PathElement:
    """One step into the document; exactly one member is set."""

    index: int | None = None
    key: str | None = None
    """The key itself is meant."""
    value: str | None = None
    """The value under this key is meant."""
    substring: tuple[int, int] | None = None
    """Start and length inside the string."""

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        if self.index is not None:
            return {"index": self.index}
        if self.key is not None:
            return {"key": self.key}
        if self.substring is not None:
            return {"substring": {"start": self.substring[0], "length": self.substring[1]}}
        return {"value": self.value}


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the document, as a path through its values and as a span of its text."""

    path: tuple[PathElement, ...]
    span: Span

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "path": [step.as_dict() for step in self.path],
            "span": {name: _shown(getattr(self.span, name)) for name in ("start", "end")},
        }


def _shown(at: Position) -> dict[str, int]:
    return {"line": at.line, "column": at.column, "offset": at.offset}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that can be said about a policy."""

    finding_type: FindingType
    issue_code: str
    details: str
    """AWS's wording."""
    learn_more_link: str
    locations: tuple[Location, ...]

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "findingDetails": self.details,
            "findingType": self.finding_type.value,
            "issueCode": self.issue_code,
            "learnMoreLink": self.learn_more_link,
            "locations": [location.as_dict() for location in self.locations],
        }
