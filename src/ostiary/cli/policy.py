"""cli: `ostiary policy`: policies tested, checked and tried without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ostiary.analysis import ResourceType
from ostiary.analysis import validate as find
from ostiary.cli.policy_decide import decide as decide_command
from ostiary.cli.policy_files import show_fault, text_of
from ostiary.cli.policy_findings import DocumentType, Format, Judged, fails, policy_type_of, write
from ostiary.cli.policy_test import test as test_command
from ostiary.policy import MalformedPolicy, PolicyKind, check

app = typer.Typer(no_args_is_help=True, help="Test, check and try policies without a server.")
app.command("test")(test_command)
app.command("decide")(decide_command)


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
    texts = [(path, text_of(path)) for path in files]
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
            show_fault(path, text, fault)
        else:
            typer.echo(f"{path}: valid")
    return refused
