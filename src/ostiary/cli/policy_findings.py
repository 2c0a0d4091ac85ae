"""cli: findings of `ostiary policy validate` on a terminal, as JSON, and as SARIF for tools that show code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import typer

from ostiary import __version__
from ostiary.analysis import ISSUES, Finding, FindingType, Location, PolicyType, ResourceType
from ostiary.cli.record import console
from ostiary.cli.record import text as styled

_HOME: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_WIDTH: Final = 110
_BEFORE: Final = 60
"""How much of a long line is shown, and how much of it before the place."""

_STYLES: Final = {
    FindingType.ERROR: "bold red",
    FindingType.SECURITY_WARNING: "bold magenta",
    FindingType.WARNING: "yellow",
    FindingType.SUGGESTION: "cyan",
}
_LEVELS: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "warning",
    FindingType.WARNING: "warning",
    FindingType.SUGGESTION: "note",
}
"""SARIF's words."""


class DocumentType(Enum):
    """What a document is, in the command's words."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    SCP = "scp"
    RCP = "rcp"


class Format(Enum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


_TYPES: Final = {
    DocumentType.IDENTITY: PolicyType.IDENTITY,
    DocumentType.RESOURCE: PolicyType.RESOURCE,
    DocumentType.TRUST: PolicyType.RESOURCE,
    DocumentType.SCP: PolicyType.SCP,
    DocumentType.RCP: PolicyType.RCP,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A file with its findings."""

    path: str
    text: str
    findings: tuple[Finding, ...]


def policy_type_of(document: DocumentType, resource: ResourceType | None) -> tuple[PolicyType, ResourceType | None]:
    """The API's words for it. A resource type makes a document a resource policy."""
    if document is DocumentType.TRUST:
        return PolicyType.RESOURCE, ResourceType.ROLE_TRUST
    if resource is not None and document is DocumentType.IDENTITY:
        return PolicyType.RESOURCE, resource
    return _TYPES[document], resource


def fails(judged: list[Judged], *, strict: bool) -> bool:
    """Whether the command is to fail."""
    harmless = {FindingType.SUGGESTION} if strict else set(FindingType) - {FindingType.ERROR}
    return any(finding.finding_type not in harmless for one in judged for finding in one.findings)


def write(judged: list[Judged], how: Format) -> None:
    """Write findings to standard output."""
    if how is Format.TEXT:
        _write_text(judged)
    else:
        shown = _as_json(judged) if how is Format.JSON else _as_sarif(judged)
        typer.echo(json.dumps(shown, indent=2))


def _write_text(judged: list[Judged]) -> None:
    out = console()
    for one in judged:
        for finding in one.findings:
            at = finding.locations[0].span.start
            kind = finding.finding_type
            place = f"{one.path}:{at.line}:{at.column + 1}: "
            out.print(styled(place, (kind.value, _STYLES[kind]), f" {finding.issue_code}: {finding.details}"))
            for line in _excerpt(one.text, finding.locations[0]):
                out.print(styled(line), no_wrap=True, overflow="crop")
        if not one.findings:
            out.print(styled(f"{one.path}: nothing to report"))


def _excerpt(text: str, location: Location) -> Iterator[str]:
    """The line of a place, and carets below what is meant."""
    start, end = location.span.start, location.span.end
    lines = text.split("\n")
    line = lines[start.line - 1].rstrip("\r").replace("\t", " ")
    begin = max(0, start.column - _BEFORE)
    last = end.column if end.line == start.line else len(line)
    marks = max(1, min(last, begin + _WIDTH) - start.column)
    yield "  " + line[begin : begin + _WIDTH]
    yield "  " + " " * (start.column - begin) + "^" * marks


def _as_json(judged: list[Judged]) -> list[dict[str, Any]]:
    return [{"file": one.path, "findings": [finding.as_dict() for finding in one.findings]} for one in judged]


def _as_sarif(judged: list[Judged]) -> dict[str, Any]:
    codes = sorted({finding.issue_code for one in judged for finding in one.findings})
    rules = [{"id": code, "helpUri": ISSUES[code].link, "shortDescription": {"text": code}} for code in codes]
    driver = {"name": "ostiary", "version": __version__, "informationUri": _HOME, "rules": rules}
    results = [_result(one.path, finding) for one in judged for finding in one.findings]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(path: str, finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.issue_code,
        "level": _LEVELS[finding.finding_type],
        "message": {"text": finding.details},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": path.replace("\\", "/")},
                    "region": {
                        "startLine": location.span.start.line,
                        "startColumn": location.span.start.column + 1,
                        "endLine": location.span.end.line,
                        "endColumn": location.span.end.column + 1,
                    },
                }
            }
            for location in finding.locations
        ],
    }
