"""analysis: policies judged at rest, whether or not anybody uses them (Access Analyzer, "Validate policies").

`validate` gives the findings that Access Analyzer's ValidatePolicy gives, from the language (`policy`) and the service
authorization reference (`catalog`) alone. It reads any text and never raises.
"""

from __future__ import annotations

from ostiary.analysis.findings import validate
from ostiary.analysis.issues import ISSUES, Issue
from ostiary.analysis.model import Finding, FindingType, Location, PolicyType, ResourceType, Span

__all__ = [
    "ISSUES",
    "Finding",
    "FindingType",
    "Issue",
    "Location",
    "PolicyType",
    "ResourceType",
    "Span",
    "validate",
]
