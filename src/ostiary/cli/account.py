"""`ostiary account create|list|quota|thresholds|reset-root|delegations|role-template`."""

from __future__ import annotations

import getpass
import json
import os
import uuid
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ostiary.cli.installation import DEFAULT_DATA, AsJson, Data, installation, refuse
from ostiary.services.accounts import CannotFound, found
from ostiary.services.console import thresholds as ages
from ostiary.services.iam import quotas
from ostiary.services.iam.delegation import state_of
from ostiary.services.iam.template_files import UnusableTemplate, add_template
from ostiary.services.operation import House
from ostiary.services.root_recovery import NoSuchAccount, reset_root
from ostiary.services.sts.delegated_tokens import token_of

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _accounts() -> None:
    """Accounts of this installation. Works while the server runs."""


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the account is called.", min=1)],
    data: Data = DEFAULT_DATA,
    email: Annotated[str | None, typer.Option(help="The root user's address.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an account; prints its root user's access key and password, this once."""
    with installation(data) as house:
        try:
            made = found(house, name=name, email=email)
        except CannotFound as reason:
            refuse(reason)
    if as_json:
        typer.echo(json.dumps({"account": made.account, "email": made.email, "akid": made.akid, "secret": made.secret}))
        return
    typer.echo(f"account            {made.account}\nemail              {made.email}")
    typer.echo(f"access key id      {made.akid}\nsecret access key  {made.secret}\nroot password      {made.password}")


@app.command("list")
def list_(
    data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """List the accounts, the oldest first."""
    with installation(data) as house, house.store.read() as tx:
        accounts = tx.accounts.all()
    if as_json:
        typer.echo(json.dumps([{"account": each.id, "name": each.name, "email": each.email} for each in accounts]))
        return
    for each in accounts:
        typer.echo(f"{each.id}  {each.name}  {each.email}{'  (management)' if each.management else ''}")


@app.command()
def quota(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    name: Annotated[str | None, typer.Argument(help="A quota, such as UsersPerAccount; none: list all.")] = None,
    value: Annotated[str | None, typer.Argument(help="The new limit, or `default`; none: show it.")] = None,
    data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """List, show or set the quotas of an account. A new limit holds for the next request."""
    with installation(data) as house:
        if name is not None and name not in quotas.QUOTAS:
            refuse(f"`{name}` is no quota; there are {', '.join(sorted(quotas.QUOTAS))}")
        limit = None if value is None or value == "default" else _limit(value)
        _must_exist(house, account)
        if name is not None and value is not None:
            with house.store.write() as tx:
                quotas.override(tx, account, name, limit)
        with house.store.read() as tx:
            shown = {each: quotas.quota(tx, account, each) for each in ([name] if name else quotas.QUOTAS)}
            own = quotas.overridden(tx, account)
    if as_json:
        typer.echo(json.dumps(shown))
        return
    for each, number in shown.items():
        typer.echo(f"{each:<36}{number}{f'  (AWS: {quotas.QUOTAS[each]})' if each in own else ''}")


@app.command()
def thresholds(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    caution: Annotated[str | None, typer.Argument(help="Days from which an age is a caution; none: show them.")] = None,
    warning: Annotated[str | None, typer.Argument(help="Days from which it is a warning.")] = None,
    data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """Show or set from which age the console points at keys and passwords of an account."""
    with installation(data) as house:
        _must_exist(house, account)
        with house.store.read() as tx:
            now = ages.present(tx, account)
        if caution is not None:
            try:
                put = ages.properties(caution, now.warning if warning is None else warning)
            except ages.BadThresholds as reason:
                refuse(reason)
            with house.store.write() as tx:
                tx.account_properties.put(account, put)
            now = ages.read(put)
    if as_json:
        typer.echo(json.dumps({"caution": now.caution, "warning": now.warning}))
        return
    typer.echo(f"caution  {now.caution} days\nwarning  {now.warning} days")


@app.command()
def delegations(
    account: Annotated[str, typer.Argument(help="The id of the account that asked.")],
    data: Data = DEFAULT_DATA,
    as_json: AsJson = False,
) -> None:
    """List the delegation requests that an account made; those that were granted with the token to exchange."""
    with installation(data) as house:
        now = int(house.clock.now().timestamp())
        with house.store.read() as tx:
            records = tx.delegations.requested_by(account)
        shown = [
            {
                "id": each.id,
                "workflow": each.workflow_id,
                "state": state_of(each, now).value,
                "token": token_of(house, each, now),
            }
            for each in records
        ]
    if as_json:
        typer.echo(json.dumps(shown))
        return
    for one in shown:
        typer.echo(f"{one['id']}  {one['state']:<16}  {one['workflow']}")
        if one["token"]:
            typer.echo(f"  {one['token']}")


@app.command("role-template")
def role_template(
    file: Annotated[Path, typer.Argument(help="JSON: a RoleTemplateVersion as GetRoleTemplateVersion answers it.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Add or replace a version of a role template, for all accounts to use with AcquireRole."""
    with installation(data) as house:
        try:
            with house.store.write() as tx:
                kept = add_template(tx, file.read_text(), int(house.clock.now().timestamp()))
        except (OSError, UnusableTemplate) as reason:
            refuse(reason)
    typer.echo(f"{kept.arn} version {kept.minor}")


@app.command("reset-root")
def reset_root_(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    data: Data = DEFAULT_DATA,
    remove_mfa: Annotated[
        bool, typer.Option("--remove-mfa", help="Take its MFA devices away too: for a root user who has lost them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give an account's root user another password, and print it, this once. Its console sessions end."""
    with installation(data) as house:
        operator = f"{getpass.getuser()} (uid {os.getuid()})"
        request_id = str(uuid.UUID(bytes=house.entropy.draw(16), version=4))
        try:
            made = reset_root(house, account, remove_mfa=remove_mfa, request_id=request_id, operator=operator)
        except NoSuchAccount:
            _no_account(account)
        with house.store.read() as tx:
            left = len(tx.mfa_devices.of(account))
    if as_json:
        told = {"email": made.email, "password": made.password, "removed": made.removed, "ended": made.ended}
        typer.echo(json.dumps(told))
        return
    typer.echo(f"email          {made.email}\nroot password  {made.password}")
    for serial in made.removed:
        typer.echo(f"removed        {serial}")
    if left:
        typer.echo(f"{left} MFA {'device is' if left == 1 else 'devices are'} still asked for; see --remove-mfa")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        refuse(f"`{text}` is no limit; give a number from 0 to 999999999, or `default`")
    return int(text)


def _must_exist(house: House, account: str) -> None:
    with house.store.read() as tx:
        known = tx.accounts.get(account) is not None
    if not known:
        _no_account(account)


def _no_account(account: str) -> NoReturn:
    refuse(f"there is no account `{account}`")
