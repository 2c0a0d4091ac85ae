"""`ostiary configure`: a profile in the files that the aws CLI and every SDK read.

Source: AWS CLI User Guide, "Configuration and credential file settings".
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer

from ostiary.cli.installation import DEFAULT_DATA, Data

app = typer.Typer()

_PRESIGNING: Final = {"s3": "\nsignature_version = s3v4"}
"""Without it clients presign URLs for us-east-1 with the second version of the signature, which is refused."""


@app.command()
def configure(
    profile: Annotated[str, typer.Option(help="Name of the profile to write.")] = "default",
    data: Data = DEFAULT_DATA,
    access_key_id: Annotated[str | None, typer.Option(help="Default: the root user's, from root-credentials.")] = None,
    region: Annotated[str, typer.Option(help="Region of the profile.")] = "us-east-1",
    output: Annotated[str, typer.Option(help="Output format of the profile.")] = "json",
    endpoint_url: Annotated[str | None, typer.Option(help="Default: the server's, from root-credentials.")] = None,
) -> None:
    """Write a profile to ~/.aws/config and ~/.aws/credentials. The secret is asked for, or taken from stdin."""
    root = _read(data.expanduser() / "root-credentials")
    known = dict(root["root"]) if root.has_section("root") else {}
    endpoint = endpoint_url or known.get("endpoint_url")
    if not endpoint:
        raise typer.BadParameter("no endpoint is known: start the server once, or give --endpoint-url")
    if access_key_id is None:
        access_key_id, secret = known.get("aws_access_key_id"), known.get("aws_secret_access_key")
        if not access_key_id or not secret:
            raise typer.BadParameter("root-credentials is gone: give --access-key-id")
    else:
        asked = sys.stdin.isatty()
        secret = typer.prompt("Secret access key", hide_input=True) if asked else sys.stdin.readline().strip()
        if not secret:
            raise typer.BadParameter("no secret access key was given on stdin")
    config = Path(os.environ.get("AWS_CONFIG_FILE") or Path.home() / ".aws" / "config")
    credentials = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    section = "default" if profile == "default" else f"profile {profile}"
    _write(config, section, {"region": region, "output": output, "endpoint_url": endpoint}, _PRESIGNING)
    _write(credentials, profile, {"aws_access_key_id": access_key_id, "aws_secret_access_key": str(secret)})
    typer.echo(f"wrote the profile {profile} to {config} and {credentials}")


def _read(path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(default_section="\0none")
    if path.exists():
        parser.read_string(path.read_text())
    return parser


def _write(path: Path, section: str, values: dict[str, str], usual: Mapping[str, str] = MappingProxyType({})) -> None:
    """Set these values, and the usual ones that are not set; what else the file says stays, but for its comments."""
    parser = _read(path)
    if not parser.has_section(section):
        parser.add_section(section)
    for name, value in values.items():
        parser.set(section, name, value)
    for name, value in usual.items():
        if not parser.has_option(section, name):
            parser.set(section, name, value)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        parser.write(file)
    fresh.replace(path)
