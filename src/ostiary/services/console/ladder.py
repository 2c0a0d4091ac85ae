"""services/console: a decision as a ladder: what each kind of policy says, statement by statement, and what would
change it. Policies that the one who looks may not read are counted and not told.

Source: IAM User Guide, "Policy evaluation logic"; what may be read is asked as by `services/iam_toolbox`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary.audit.explanation import AskExplained
from ostiary.policy import Source, StatementReport, Suggestion, TypeReport, Verdict
from ostiary.policy.suggestion import PolicyChange

ORDER: Final = ("scp", "rcp", "vpce", "boundary", "session", "identity", "resource", "trust")
"""How the ladder stands, from the widest to the nearest."""
_ALWAYS: Final = ("scp", "rcp", "boundary", "session", "identity", "resource")
_SHOWN: Final = 40
"""Statements of a kind that are told in full."""
_SUGGESTED: Final = 5

Sees = Callable[[Source], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A part of a statement that the request does not match, or a condition."""

    part: str
    """`action`, `resource`, `principal` or `condition`."""
    name: str
    """The statement's element, or the operator and the key."""
    wanted: str
    found: str | None
    """None: the request has no such key."""
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A statement that speaks of the action."""

    policy: str
    arn: str | None
    owner: str | None
    version: str | None
    sid: str | None
    number: int
    line: int
    effect: str
    text: str
    matched: bool
    decides: bool
    compared: tuple[Compared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A kind of policy."""

    kind: str
    verdict: str
    """`allowed`, `implicitDeny`, `explicitDeny`; `none`: there is no such policy; `aside`: it does not bind here."""
    lines: tuple[Line, ...] = ()
    others: int = 0
    """Statements that speak of other actions."""
    hidden: int = 0
    """Statements of policies that may not be read."""
    more: int = 0
    """Statements beyond those shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a suggestion."""

    remedy: str
    kind: str = ""
    policy: str = ""
    arn: str | None = None
    owner: str | None = None
    number: int = 0
    statement: str = ""
    values: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What would turn the decision round."""

    changes: tuple[Change, ...]
    allows: bool
    width: int
    among: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One permission that was asked for, explained."""

    action: str
    resource: str
    verdict: str
    agrees: bool = True
    """Whether this release decides as was decided then."""
    gone: bool = False
    """A policy text is not in the record any more."""
    decided_by: str = ""
    """The kind of policy that decided."""
    unbound: bool = False
    """No policy was asked: the root user in its own account."""
    rungs: tuple[Rung, ...] = ()
    deciding: tuple[Line, ...] = ()
    missing: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    advice_hidden: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)


def ladder(ask: AskExplained, sees: Sees) -> Ladder:
    """What is told of one decision to one who sees these policies."""
    told: dict[str, Any] = {"action": ask.action, "resource": ask.resource, "context": ask.context}
    explanation = ask.explanation
    if explanation is None:
        return Ladder(verdict=ask.recorded, gone=True, **told)
    decision = explanation.decision
    known: dict[Source, bool] = {}

    def visible(source: Source) -> bool:
        if source not in known:
            known[source] = _nobodys(source) or sees(source)
        return known[source]

    rungs = tuple(_rungs(ask, explanation.types, visible))
    shown, hidden = _advice(explanation.suggestions, visible)
    by = decision.decided_by
    return Ladder(
        verdict=ask.recorded,
        agrees=ask.agrees,
        decided_by=by.value if by is not None else "",
        unbound=not explanation.types,
        rungs=rungs,
        deciding=tuple(line for rung in rungs for line in rung.lines if line.decides),
        missing=explanation.missing_keys,
        advice=shown,
        advice_hidden=hidden,
        **told,
    )


def _nobodys(source: Source) -> bool:
    """What stands for the root user's power or a setting of the account: there is no such policy to read."""
    return (source.owner or "") == "root" or (source.owner or "").startswith("account/")


def _rungs(ask: AskExplained, types: tuple[TypeReport, ...], visible: Sees) -> Iterator[Rung]:
    reports = {report.type.value: report for report in types}
    for kind in ORDER:
        report = reports.get(kind)
        if report is not None:
            yield _rung(ask, report, visible)
        elif kind in _ALWAYS and not (kind == "resource" and "trust" in reports):
            yield Rung(kind=kind, verdict="none")


def _rung(ask: AskExplained, report: TypeReport, visible: Sees) -> Rung:
    speaking = [one for one in report.statements if one.action]
    speaking.sort(key=lambda one: not one.matched)
    seen = [one for one in speaking if visible(one.statement.source)]
    return Rung(
        kind=report.type.value,
        verdict=report.verdict.value if report.applies else "aside",
        lines=tuple(_line(ask, one) for one in seen[:_SHOWN]),
        others=len(report.statements) - len(speaking),
        hidden=len(speaking) - len(seen),
        more=max(0, len(seen) - _SHOWN),
    )


def _line(ask: AskExplained, one: StatementReport) -> Line:
    place, explanation = one.statement, ask.explanation
    return Line(
        policy=place.source.name,
        arn=place.source.arn,
        owner=place.source.owner,
        version=place.source.version,
        sid=place.sid,
        number=place.statement_index + 1,
        line=ask.line_of(place),
        effect=place.effect.value,
        text=dedented(ask.text_of(place)),
        matched=one.matched,
        decides=explanation is not None and place in explanation.decision.matched,
        compared=tuple(_compared(ask, one)),
    )


def dedented(text: str) -> str:
    """A statement as its author wrote it, moved to the left; one without line breaks is laid out."""
    if "\n" not in text.strip():
        try:
            return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            return text
    first, *rest = text.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in rest)])


def _compared(ask: AskExplained, one: StatementReport) -> Iterator[Compared]:
    for part in one.failed:
        if part != "condition":
            asked, name, wanted = ask.compared(one.statement, part)
            text = wanted if isinstance(wanted, str) else json.dumps(wanted, ensure_ascii=False) if name else ""
            yield Compared(part=part, name=name, wanted=text, found=asked or None, holds=False)
    for test in one.tests:
        found = test.found if test.found is None or isinstance(test.found, str) else ", ".join(test.found)
        yield Compared(
            part="condition",
            name=f"{test.operator} {test.key}",
            wanted=", ".join(test.wanted),
            found=found,
            holds=test.holds,
        )


def _advice(found: tuple[Suggestion, ...], visible: Sees) -> tuple[tuple[Advice, ...], bool]:
    """What may be told, and whether something may not."""
    told: list[Advice] = []
    hidden = False
    for one in found:
        sources = [each.source for each in one.changes if isinstance(each, PolicyChange) and each.source is not None]
        if all(visible(source) for source in sources):
            told.append(_told(one))
        else:
            hidden = True
    return tuple(told[:_SUGGESTED]), hidden


def _told(one: Suggestion) -> Advice:
    return Advice(
        changes=tuple(map(_change, one.changes)),
        allows=one.verdict is Verdict.ALLOWED,
        width=one.width,
        among=one.among,
    )


def _change(change: Any) -> Change:
    if not isinstance(change, PolicyChange):
        values = ((key, ", ".join(each) if isinstance(each, tuple) else each) for key, each in change.values)
        return Change(remedy=change.remedy.value, values=tuple(values))
    source = change.source
    return Change(
        remedy=change.remedy.value,
        kind=change.type.value,
        policy=source.name if source is not None else "",
        arn=source.arn if source is not None else None,
        owner=source.owner if source is not None else None,
        number=(change.index or 0) + 1,
        statement="" if change.statement is None else json.dumps(change.statement, indent=2, ensure_ascii=False),
    )
