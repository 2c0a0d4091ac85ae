"""`ostiary account create|list`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ostiary.app import build
from ostiary.cli.serve import DEFAULT_DATA, Data
from ostiary.services.accounts import CannotFound, found
from ostiary.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _accounts() -> None:
    """Accounts of this installation. Works while the server runs."""


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the account is called.", min=1)],
    data: Data = DEFAULT_DATA,
    email: Annotated[str | None, typer.Option(help="The root user's address.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an account; prints its root user's access key and password, this once."""
    _must_exist(data)
    built = build(Settings(data=data.expanduser().absolute()))
    try:
        made = found(built.house, name=name, email=email)
    except CannotFound as reason:
        typer.echo(f"ostiary: {reason}", err=True)
        raise typer.Exit(1) from None
    finally:
        built.close()
    if as_json:
        typer.echo(json.dumps({"account": made.account, "email": made.email, "akid": made.akid, "secret": made.secret}))
        return
    typer.echo(f"account            {made.account}\nemail              {made.email}")
    typer.echo(f"access key id      {made.akid}\nsecret access key  {made.secret}\nroot password      {made.password}")


@app.command("list")
def list_(
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the accounts, the oldest first."""
    _must_exist(data)
    built = build(Settings(data=data.expanduser().absolute()))
    try:
        with built.house.store.read() as tx:
            accounts = tx.accounts.all()
    finally:
        built.close()
    if as_json:
        typer.echo(json.dumps([{"account": each.id, "name": each.name, "email": each.email} for each in accounts]))
        return
    for each in accounts:
        typer.echo(f"{each.id}  {each.name}  {each.email}{'  (management)' if each.management else ''}")


def _must_exist(data: Path) -> None:
    if not (data.expanduser() / "ostiary.db").exists():
        typer.echo(f"ostiary: `{data}` holds no installation; start one with `ostiary serve --data {data}`", err=True)
        raise typer.Exit(1)
