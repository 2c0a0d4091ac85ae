"""`ostiary mfa import`: seeds of hardware tokens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.installation import DEFAULT_DATA, Data, installation, refuse

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _mfa() -> None:
    """MFA devices. Works while the server runs."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Lines of serial,seed or serial,seed,period; - reads standard input.")],
    account: Annotated[str, typer.Option(help="The account whose users get the tokens.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Load hardware tokens; users then enable them with two codes, as they enable virtual ones."""
    from ostiary.services.iam.hardware_tokens import CannotImport, import_tokens, read_tokens

    with installation(data) as house:
        try:
            text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
            count = import_tokens(house, account, list(read_tokens(text.splitlines())))
        except (CannotImport, OSError, UnicodeDecodeError) as reason:
            told = "it is not UTF-8 text" if isinstance(reason, UnicodeDecodeError) else reason
            refuse(f"nothing was imported: {told}")
    typer.echo(f"imported {count} hardware {'token' if count == 1 else 'tokens'}; delete the file with the seeds")
