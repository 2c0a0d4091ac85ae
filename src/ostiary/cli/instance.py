"""`ostiary instance …`: commands that run as an instance does, with a role and without keys."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final

import typer

from ostiary.cli.installation import DEFAULT_DATA, Data, installation, refuse
from ostiary.clock import SystemClock
from ostiary.instances import InstanceError
from ostiary.instances.inside import OWN_FAILURE
from ostiary.instances.registration import IMAGE_ID, INSTANCE_TYPE, Ec2Registry
from ostiary.instances.runner import Order, run, user_named

app = typer.Typer(
    help="Run commands as EC2 instances: a role, no keys.", no_args_is_help=True, pretty_exceptions_show_locals=False
)

DEFAULT_METADATA: Final = "http://127.0.0.1:4702"


@app.callback()
def instance() -> None:
    """Run commands as EC2 instances: a role, no keys."""


@app.command("run", context_settings={"allow_interspersed_args": False})
def run_command(
    command: Annotated[
        list[str], typer.Argument(help="The command and its arguments, after `--`.", show_default=False)
    ],
    instance_profile: Annotated[
        str, typer.Option(help="Name or ARN of the instance profile; it holds the role.", show_default=False)
    ],
    transparent: Annotated[
        bool,
        typer.Option(
            "--transparent", help="Let *.amazonaws.com lead to the endpoint, for programs that know no other."
        ),
    ] = False,
    v2_only: Annotated[bool, typer.Option("--v2-only", help="Require session tokens (IMDSv2).")] = False,
    endpoint: Annotated[
        str | None, typer.Option(help="URL of the AWS endpoint. Default: the configured one, or http://127.0.0.1:4700.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Profile in the AWS configuration of whoever starts the instance.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Region of the instance. Default: the configured one, or us-east-1.")
    ] = None,
    image_id: Annotated[str, typer.Option(help="Shown as the instance's image.")] = IMAGE_ID,
    instance_type: Annotated[str, typer.Option(help="Shown as the instance's type.")] = INSTANCE_TYPE,
    user: Annotated[str | None, typer.Option(help="Run the command as this user (root only).")] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Run a command as a new instance, in its own network with 169.254.169.254, and terminate the instance after it.

    Ends with the command's exit status; 125 when the instance could not be started, 126 or 127 when the command
    could not.
    """
    try:
        registry = Ec2Registry(
            instance_profile=instance_profile,
            endpoint=endpoint,
            aws_profile=profile,
            region=region,
            image_id=image_id,
            instance_type=instance_type,
            tokens_required=v2_only,
        )
        order = Order(
            command=command,
            environment=os.environ,
            data=data.expanduser(),
            transparent=transparent,
            user=None if user is None else user_named(user),
        )
        status = run(order, registry, SystemClock())
    except InstanceError as error:
        sys.stderr.write(f"ostiary: {error}\n")
        status = OWN_FAILURE
    raise typer.Exit(status)


@app.command("local")
def local_command(
    data: Data = DEFAULT_DATA,
    instance_profile: Annotated[
        str | None, typer.Option(help="Name of the instance profile; it holds the role.", show_default=False)
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Account of the profile. Default: the management account.")
    ] = None,
    region: Annotated[str, typer.Option(help="Region of the instance.")] = "us-east-1",
    v2_only: Annotated[bool, typer.Option("--v2-only", help="Require session tokens (IMDSv2).")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="End it: the port speaks for no instance any more.")] = False,
) -> None:
    """Choose the instance that the loopback metadata port speaks for. Works while the server runs, at once.

    Every program on this machine that can reach the port gets the role's credentials.
    """
    if clear == (instance_profile is not None):
        raise typer.BadParameter("give either --instance-profile or --clear")
    from ostiary.doors.metadata import noted_address
    from ostiary.services.ec2.local import CannotChoose, choose_local, clear_local

    with installation(data) as house:
        if instance_profile is None:
            ended = clear_local(house)
            typer.echo("there was none" if ended is None else f"{ended} is terminated")
            return
        try:
            chosen = choose_local(house, instance_profile, account=account, region=region, tokens_required=v2_only)
        except CannotChoose as reason:
            refuse(reason)
    address = noted_address(data.expanduser().absolute()) or DEFAULT_METADATA
    typer.echo(f"instance  {chosen.id}\naccount   {chosen.account}")
    typer.echo(f"use it    export AWS_EC2_METADATA_SERVICE_ENDPOINT={address}/")
