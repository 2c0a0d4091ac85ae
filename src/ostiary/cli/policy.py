"""cli: `ostiary policy`: policies tested, checked and tried without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from ostiary.analysis import ResourceType
from ostiary.analysis import validate as find
from ostiary.cli.policy_findings import DocumentType, Format, Judged, fails, policy_type_of, write
from ostiary.policy import (
    Attached,
    ContextValue,
    Explanation,
    InForce,
    MalformedPolicy,
    PolicyKind,
    PolicyType,
    Pool,
    Principal,
    Request,
    Source,
    StatementReport,
    Verdict,
    check,
    compile_policy,
    decide,
    explain,
    principal_of_arn,
)
from ostiary.policy.cases import is_case, read_policies, read_request

app = typer.Typer(no_args_is_help=True, help="Test, check and try policies without a server.")

UNREADABLE: Final = 2
"""Exit code: an input can't be read."""


def _unreadable(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(UNREADABLE)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        _unreadable(f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        _unreadable(f"{path}: not UTF-8")


@app.command()
def test(
    directory: Annotated[Path, typer.Argument(help="A directory with *.json files of decision cases, or one file.")],
) -> None:
    """Run decision cases and report those whose outcome differs from what they expect."""
    if not directory.exists():
        _unreadable(f"{directory}: no such file or directory")
    passed = failed = ignored = 0
    for path in [directory] if directory.is_file() else sorted(directory.rglob("*.json")):
        for case in _entries(path):
            if not is_case(case):
                ignored += 1
                continue
            difference = _difference(case)
            passed, failed = (passed + 1, failed) if difference is None else (passed, failed + 1)
            if difference is not None:
                typer.echo(f"{case.get('id', '?')} ({case.get('rule', 'no rule')}): {difference}")
    if ignored:
        typer.echo(f"{ignored} entries are no decision cases and were ignored", err=True)
    typer.echo(f"{passed} passed, {failed} failed")
    raise typer.Exit(1 if failed else 0)


def _entries(path: Path) -> Iterator[object]:
    try:
        found = json.loads(_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        _unreadable(f"{path}: {error}")
    yield from found if isinstance(found, list) else [found]


def _difference(case: dict[str, Any]) -> str | None:
    """What a case expects, what it got, and why; None if they agree."""
    expected = case["expected"]
    try:
        in_force, request = read_policies(case["policies"]), read_request(case["request"])
    except (MalformedPolicy, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"expected {expected['decision']}, could not be read: {type(error).__name__}: {error}"
    decision = decide(in_force, request)
    by = None if decision.decided_by is None else decision.decided_by.value
    wanted = (expected["decision"], expected.get("decided_by", by))
    if (decision.verdict.value, by) == wanted:
        return None
    why = "; ".join(_reasons(explain(in_force, request))) or "no statement in force"
    looked_for = _outcome(expected["decision"], expected.get("decided_by"))
    return f"expected {looked_for}, got {_outcome(decision.verdict.value, by)}: {why}"


def _outcome(decision: str, by: str | None) -> str:
    return decision if by is None else f"{decision} by {by}"


def _reasons(explanation: Explanation) -> Iterator[str]:
    for report in explanation.types:
        for one in report.statements:
            yield f"{one.statement.source.name} statement {one.statement.statement_index} {_reason(one)}"


def _reason(one: StatementReport) -> str:
    if one.matched:
        return "matches"
    failed = [test for test in one.tests if not test.holds]
    parts = [part for part in one.failed if part != "condition"]
    parts += [
        f"{test.operator} {test.key} ({'missing' if test.found is None else test.found!r} "
        f"against {', '.join(test.wanted)})"
        for test in failed
    ]
    return f"does not match: {', '.join(parts)}"


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="Policy documents.")],
    type_: Annotated[
        DocumentType, typer.Option("--type", help="What the documents are: trust is a role's trust policy.")
    ] = DocumentType.IDENTITY,
    resource_type: Annotated[
        ResourceType | None, typer.Option(help="What a resource policy is to be attached to.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How the findings are written.")] = Format.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings and security warnings too.")] = False,
    kind: Annotated[
        PolicyKind | None,
        typer.Option(help="Instead of findings: whether documents may be saved as this, and if not, the refusal."),
    ] = None,
) -> None:
    """Tell what there is to say of policy documents, as Access Analyzer does. Exit code 1 with errors."""
    texts = [(path, _text(path)) for path in files]
    if kind is not None:
        raise typer.Exit(1 if _refused(texts, kind) else 0)
    wanted = policy_type_of(type_, resource_type)
    judged = [Judged(str(path), text, tuple(find(text, *wanted))) for path, text in texts]
    write(judged, format_)
    raise typer.Exit(1 if fails(judged, strict=strict) else 0)


def _refused(texts: list[tuple[Path, str]], kind: PolicyKind) -> bool:
    refused = False
    for path, text in texts:
        try:
            check(text, kind)
        except MalformedPolicy as fault:
            refused = True
            _show_fault(path, text, fault)
        else:
            typer.echo(f"{path}: valid")
    return refused


def _show_fault(path: Path, text: str, fault: MalformedPolicy) -> None:
    finding = f" [{fault.finding}]" if fault.finding else ""
    typer.echo(f"{path}:{fault.line}:{fault.column}: {fault.code}: {fault.message}{finding}")
    lines = text.split("\n")
    if fault.line <= len(lines):
        line = lines[fault.line - 1].rstrip("\r")
        start = max(0, fault.column - 60)
        typer.echo("  " + line[start : start + 110].replace("\t", " "))
        typer.echo("  " + " " * (fault.column - 1 - start) + "^")


@app.command(name="decide")
def decide_command(
    policy: Annotated[list[Path], typer.Option(help="Identity policy; may be repeated.")],
    principal: Annotated[str, typer.Option(help="ARN of a user, role session, federated user or root user.")],
    action: Annotated[str, typer.Option(help="service:Name")],
    resource: Annotated[str, typer.Option(help="ARN, or *")] = "*",
    resource_policy: Annotated[Path | None, typer.Option(help="Policy of the resource.")] = None,
    boundary: Annotated[Path | None, typer.Option(help="Permissions boundary.")] = None,
    session: Annotated[list[Path] | None, typer.Option(help="Session policy; may be repeated.")] = None,
    scp: Annotated[list[Path] | None, typer.Option(help="SCP, one a level from the root down.")] = None,
    role: Annotated[str | None, typer.Option(help="ARN of the role, if it has a path.")] = None,
    issuer: Annotated[str | None, typer.Option(help="ARN of the user behind a federated user.")] = None,
    resource_account: Annotated[
        str | None, typer.Option(help="Owner of the resource, if its ARN does not say.")
    ] = None,
    context: Annotated[list[str] | None, typer.Option(help="key=value; a repeated key is multivalued.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the explanation as JSON.")] = False,
) -> None:
    """Decide one request and explain why. Exit code 1 if it is refused."""
    caller = _principal(principal, role, issuer)
    request = Request(
        principal=caller,
        action=action,
        resource=resource,
        resource_account=resource_account or _owner(resource) or caller.account,
        context=_context(context or []),
    )
    in_force = InForce(
        identity=_pool(PolicyType.IDENTITY, policy),
        resource=_pool(PolicyType.RESOURCE, [resource_policy]) if resource_policy else None,
        boundary=_pool(PolicyType.BOUNDARY, [boundary]) if boundary else None,
        session=_pool(PolicyType.SESSION, session) if session else None,
        scp=[_pool(PolicyType.SCP, [level]) for level in scp] if scp else None,
    )
    explanation = explain(in_force, request)
    if as_json:
        typer.echo(json.dumps(explanation.as_dict(), indent=2))
    else:
        for line in _lines(explanation):
            typer.echo(line)
    raise typer.Exit(0 if explanation.decision.verdict is Verdict.ALLOWED else 1)


def _principal(arn: str, role: str | None, issuer: str | None) -> Principal:
    try:
        return principal_of_arn(arn, role_arn=role, issuer_arn=issuer)
    except ValueError as error:
        _unreadable(str(error))


def _owner(resource: str) -> str | None:
    parts = resource.split(":", 5)
    return parts[4] or None if len(parts) == 6 else None


def _pool(kind: PolicyType, paths: list[Path]) -> Pool:
    found: list[Attached] = []
    for path in paths:
        text = _text(path)
        try:
            found.append(Attached(compile_policy(text), Source(type=kind, name=str(path))))
        except MalformedPolicy as fault:
            _show_fault(path, text, fault)
            raise typer.Exit(UNREADABLE) from None
    return Pool(found)


def _context(pairs: list[str]) -> dict[str, ContextValue]:
    found: dict[str, ContextValue] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            _unreadable(f"`{pair}` is no key=value")
        before = found.get(key)
        found[key] = value if before is None else ((before,) if isinstance(before, str) else before) + (value,)
    return found


def _lines(explanation: Explanation) -> Iterator[str]:
    decision = explanation.decision
    yield _outcome(decision.verdict.value, decision.decided_by.value if decision.decided_by else None)
    for report in explanation.types:
        yield f"{report.type.value}: {report.verdict.value}{'' if report.applies else ' (does not apply)'}"
        for one in report.statements:
            at, sid = one.statement, f" {one.statement.sid}" if one.statement.sid else ""
            place = f"{at.source.name}:{at.start.line}:{at.start.column}"
            yield f"  {place} {at.effect.value}{sid}: {_reason(one)}"
    if explanation.missing_keys:
        yield f"missing context keys: {', '.join(explanation.missing_keys)}"
    for suggestion in explanation.suggestions:
        yield f"would change it: {suggestion.text}"
