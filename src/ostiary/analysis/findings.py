"""analysis: from a text to findings. Every check of the table is asked; what they found is worded and located here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ostiary.analysis import (  # noqa: F401  (each enters its checks into the table)
    actions,
    addresses,
    condition_keys,
    confused_deputy,
    control_policies,
    empties,
    federation,
    operators,
    passing,
    principals,
    quotas,
    redundancy,
    resources,
    structure,
    tags,
    trust,
    values,
    variables,
)
from ostiary.analysis.check import CHECKS, Hit, Place
from ostiary.analysis.issues import ISSUES
from ostiary.analysis.model import Finding, Location, PathElement, PolicyType, Position, ResourceType, Span
from ostiary.analysis.paper import Paper
from ostiary.policy import MalformedPolicy
from ostiary.policy.parse import Layout, Path, Spot, read

_FORBIDDEN: Final = re.compile(r"[^\t\n\r\x20-\xff]")
"""What no policy may hold (IAM API Reference, `policyDocumentType`)."""
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MOST_PLACES: Final = 20_000
"""After so many locations no more findings are looked for."""
_SYNTAX: Final = "JSON_SYNTAX_ERROR"


def validate(text: str, policy_type: PolicyType, resource_type: ResourceType | None = None) -> list[Finding]:
    """The findings of a document, in the order of their places.

    Args:
        resource_type: what a resource policy is to be attached to; without it, a resource policy that speaks of STS
            only is taken for a role's trust policy, as AWS takes it.
    """
    forbidden = _FORBIDDEN.search(text)
    if forbidden is not None:
        return [_syntax_error(text, forbidden.start())]
    try:
        value = read(text)
    except MalformedPolicy as fault:
        lines = text.split("\n")
        return [_syntax_error(text, sum(len(line) + 1 for line in lines[: fault.line - 1]) + fault.column - 1)]
    if not isinstance(value, dict):
        return [_finding(_SYNTAX, Hit((), {}, 1), (_everything(text),))]
    paper = Paper(text, value, policy_type, resource_type)
    hits = list(_hits(paper))
    if not hits:
        return []
    desk = _Desk(text)
    found = [_finding(code, one, tuple(desk.locate(place) for place in one.places)) for code, one in hits]
    return sorted(found, key=lambda one: one.locations[0].span.start.offset)


def _hits(paper: Paper) -> Iterator[tuple[str, Hit]]:
    """What the checks find, until there is more than anybody reads."""
    left = _MOST_PLACES
    for code, ask in CHECKS.items():
        for found in ask(paper):
            yield code, found
            left -= len(found.places)
            if left < 0:
                return


def _finding(code: str, found: Hit, locations: tuple[Location, ...]) -> Finding:
    issue = ISSUES[code]
    return Finding(
        finding_type=issue.type,
        issue_code=code,
        details=_clean(issue.wording(found.variant, found.fields)),
        learn_more_link=issue.link,
        locations=locations,
    )


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can escape and nothing can write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _syntax_error(text: str, offset: int) -> Finding:
    at = _position(Layout(text), min(offset, len(text)))
    fields = {"index": str(at.offset), "line": str(at.line), "column": str(at.column)}
    return _finding(_SYNTAX, Hit((), fields), (Location((), Span(at, at)),))


def _everything(text: str) -> Location:
    layout = Layout(text)
    return Location((), Span(_position(layout, 0), _position(layout, len(text))))


def _position(layout: Layout, offset: int) -> Position:
    at = layout.position(offset)
    return Position(at.line, at.column - 1, at.offset)


class _Desk:
    """Finds the places of a document; its text is walked once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._layout = Layout(text)
        self._spots: dict[Path, Spot] = {spot.path: spot for spot in self._layout.walk()}

    def locate(self, place: Place) -> Location:
        """The path and the span of a place."""
        spot = self._spots[place.path]
        start, end = spot.start, spot.end
        if place.key:
            start = spot.shown
            found = _STRING.match(self._text, start)
            end = found.end() if found else start
        elif place.substring and "\\" not in self._text[start:end]:
            start = start + 1 + place.substring[0]
            end = start + place.substring[1]
        span = Span(_position(self._layout, start), _position(self._layout, end))
        return Location(tuple(_steps(place)), span)


def _steps(place: Place) -> Iterator[PathElement]:
    *before, last = place.path or (None,)
    for step in before:
        yield _step(step)
    if isinstance(last, str) and place.key:
        yield PathElement(key=_clean(last))
    elif last is not None:
        yield _step(last)
    if place.substring:
        yield PathElement(substring=place.substring)


def _step(step: str | int | None) -> PathElement:
    return PathElement(index=step) if isinstance(step, int) else PathElement(value=_clean(str(step)))
