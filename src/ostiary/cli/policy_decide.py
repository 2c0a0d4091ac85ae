"""cli: `ostiary policy decide`: one request decided, and the ladder it climbed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ostiary.cli.policy_files import (
    UNREADABLE,
    json_lines,
    nearest_line,
    read_written,
    show_fault,
    text_of,
    unreadable,
)
from ostiary.cli.policy_words import outcome, reason
from ostiary.cli.suggestion_words import SHOWN, heading, reach, rest, rewritten
from ostiary.policy import (
    Attached,
    ContextValue,
    Explanation,
    InForce,
    MalformedPolicy,
    Matched,
    PolicyType,
    Pool,
    Principal,
    Request,
    Source,
    TypeReport,
    Verdict,
    compile_policy,
    explain,
    principal_of_arn,
)
from ostiary.policy.cases import read_request

LADDER: Final = (
    PolicyType.RCP,
    PolicyType.SCP,
    PolicyType.ENDPOINT,
    PolicyType.RESOURCE,
    PolicyType.IDENTITY,
    PolicyType.BOUNDARY,
    PolicyType.SESSION,
)
"""The types in the order in which they are asked, once no Deny of any of them has matched."""


def decide(
    policy: Annotated[list[Path] | None, typer.Option(help="Identity policy; may be repeated.")] = None,
    principal: Annotated[
        str | None, typer.Option(help="ARN of a user, role session, federated user or root user.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="service:Name")] = None,
    resource: Annotated[str, typer.Option(help="ARN, or *")] = "*",
    request: Annotated[
        Path | None, typer.Option(help="The request as a file, JSON or YAML, as in cases; instead of the above.")
    ] = None,
    resource_policy: Annotated[Path | None, typer.Option(help="Policy of the resource.")] = None,
    boundary: Annotated[Path | None, typer.Option(help="Permissions boundary.")] = None,
    session: Annotated[list[Path] | None, typer.Option(help="Session policy; may be repeated.")] = None,
    scp: Annotated[
        list[str] | None, typer.Option(help="SCPs of a level, from the root down; several of one level: a.json,b.json")
    ] = None,
    rcp: Annotated[list[str] | None, typer.Option(help="RCPs of the resource's account, likewise.")] = None,
    endpoint: Annotated[Path | None, typer.Option(help="Policy of the VPC endpoint.")] = None,
    role: Annotated[str | None, typer.Option(help="ARN of the role, if it has a path.")] = None,
    issuer: Annotated[str | None, typer.Option(help="ARN of the user behind a federated user.")] = None,
    resource_account: Annotated[
        str | None, typer.Option(help="Owner of the resource, if its ARN does not say.")
    ] = None,
    context: Annotated[list[str] | None, typer.Option(help="key=value; a repeated key is multivalued.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the ladder and the explanation as JSON.")] = False,
) -> None:
    """Decide one request and say what each type of policy answers. Exit code 1 if it is refused."""
    if request is not None:
        if principal or action or context or resource_account or resource != "*":
            unreadable("--request stands for --principal, --action, --resource, --resource-account and --context")
        asked = _request_in(request)
    elif principal and action:
        asked = _request(_principal(principal, role, issuer), action, resource, resource_account, context or [])
    else:
        unreadable("say what is asked: --principal and --action, or --request FILE")
    given = _Given()
    in_force = InForce(
        identity=given.pool(PolicyType.IDENTITY, policy or []),
        resource=given.pool(PolicyType.RESOURCE, [resource_policy]) if resource_policy else None,
        boundary=given.pool(PolicyType.BOUNDARY, [boundary]) if boundary else None,
        session=given.pool(PolicyType.SESSION, session) if session else None,
        scp=given.levels(PolicyType.SCP, scp) if scp else None,
        rcp=given.levels(PolicyType.RCP, rcp) if rcp else None,
        endpoint=given.pool(PolicyType.ENDPOINT, [endpoint]) if endpoint else None,
    )
    explanation = explain(in_force, asked)
    if as_json:
        ladder = [_rung_as_dict(kind, explanation) for kind in LADDER]
        typer.echo(json.dumps({"ladder": ladder, **explanation.as_dict()}, indent=2))
    else:
        for line in _lines(explanation, given):
            typer.echo(line)
    raise typer.Exit(0 if explanation.decision.verdict is Verdict.ALLOWED else 1)


def _request_in(path: Path) -> Request:
    value = read_written(path).value
    if not isinstance(value, dict):
        unreadable(f"{path}: no request")
    # A whole case will do.
    members = value["request"] if isinstance(value.get("request"), dict) else value
    try:
        return read_request(members)
    except ValueError as error:
        unreadable(f"{path}: {error}")


def _request(
    caller: Principal, action: str, resource: str, resource_account: str | None, context: list[str]
) -> Request:
    return Request(
        principal=caller,
        action=action,
        resource=resource,
        resource_account=resource_account or _owner(resource) or caller.account,
        context=_context(context),
    )


def _principal(arn: str, role: str | None, issuer: str | None) -> Principal:
    try:
        return principal_of_arn(arn, role_arn=role, issuer_arn=issuer)
    except ValueError as error:
        unreadable(str(error))


def _owner(resource: str) -> str | None:
    parts = resource.split(":", 5)
    return parts[4] or None if len(parts) == 6 else None


class _Given:
    """The policies that were given as files."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def pool(self, kind: PolicyType, paths: list[Path]) -> Pool:
        """The policies of one type."""
        found: list[Attached] = []
        for path in paths:
            text = self._texts[str(path)] = text_of(path)
            try:
                found.append(Attached(compile_policy(text), Source(type=kind, name=str(path))))
            except MalformedPolicy as fault:
                show_fault(path, text, fault)
                raise typer.Exit(UNREADABLE) from None
        return Pool(found)

    def levels(self, kind: PolicyType, levels: list[str]) -> list[Pool]:
        """The policies of each level of an organization."""
        return [self.pool(kind, [Path(name) for name in level.split(",")]) for level in levels]

    def place(self, one: Matched) -> str:
        """The file and the line where a statement begins."""
        lines = json_lines(self._texts[one.source.name])
        return f"{one.source.name}:{nearest_line(lines, ('Statement', one.statement_index))}"


def _context(pairs: list[str]) -> dict[str, ContextValue]:
    found: dict[str, ContextValue] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            unreadable(f"`{pair}` is no key=value")
        before = found.get(key)
        found[key] = value if before is None else ((before,) if isinstance(before, str) else before) + (value,)
    return found


def _report(kind: PolicyType, explanation: Explanation) -> TypeReport | None:
    return next((report for report in explanation.types if report.type is kind), None)


def _note(kind: PolicyType, explanation: Explanation) -> str:
    report = _report(kind, explanation)
    if explanation.decision.decided_by is kind:
        return "decides"
    if report is None:
        return "none given"
    return "" if report.applies else "does not apply to this request"


def _rung_as_dict(kind: PolicyType, explanation: Explanation) -> dict[str, Any]:
    report = _report(kind, explanation)
    return {
        "type": kind.value,
        "applies": report is not None and report.applies,
        "verdict": report.verdict.value if report is not None and report.applies else None,
        "decides": explanation.decision.decided_by is kind,
    }


def _lines(explanation: Explanation, given: _Given) -> Iterator[str]:
    decision = explanation.decision
    yield outcome(decision.verdict.value, decision.decided_by.value if decision.decided_by else None)
    for kind in LADDER:
        report = _report(kind, explanation)
        verdict = report.verdict.value if report is not None and report.applies else "-"
        yield f"{kind.value:<9} {verdict:<13} {_note(kind, explanation)}".rstrip()
        for one in report.statements if report is not None else ():
            at, sid = one.statement, f" {one.statement.sid}" if one.statement.sid else ""
            yield f"  {given.place(at)}: {at.effect.value}{sid}: {reason(one)}"
    if explanation.missing_keys:
        yield f"missing context keys: {', '.join(explanation.missing_keys)}"
    yield from _suggested(explanation)


def _suggested(explanation: Explanation) -> Iterator[str]:
    found = explanation.suggestions
    if found:
        yield f"{heading(explanation.decision.verdict)}:"
    for number, one in enumerate(found[:SHOWN], 1):
        yield f"  {number}. {one.text} ({reach(one)})"
        for statement in rewritten(one):
            yield f"       {statement}"
    if len(found) > SHOWN:
        yield f"  {rest(len(found))}"
