"""What can be said to `ostiary serve`: its options, and how their values are read."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Final

import typer

from ostiary.cli.engines import BadEngines, read_engines
from ostiary.settings import Rate, RemoteEngineSettings

Port = Annotated[int, typer.Option(help="Port of the AWS endpoint; 0 picks a free one.")]
ConsolePort = Annotated[int, typer.Option(help="Port of the console; 0 picks a free one.")]
MetadataPort = Annotated[int, typer.Option(help="Port of instance metadata; 0 picks a free one.")]
Region = Annotated[str, typer.Option(help="Region of what is made without naming one.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Processes that serve together.")]
TlsCertificate = Annotated[Path | None, typer.Option(help="PEM file; serve HTTPS.")]
TlsKey = Annotated[Path | None, typer.Option(help="PEM file of the certificate's key.")]
InsecurePlainHttp = Annotated[bool, typer.Option("--insecure-plain-http", help="Listen beyond loopback without TLS.")]
S3Endpoint = Annotated[
    str | None,
    typer.Option(help="Guard this S3 endpoint instead of the own SeaweedFS.", envvar="OSTIARY_S3_ENDPOINT"),
]
S3ExactKeys = Annotated[
    bool, typer.Option("--s3-exact-keys", help="That endpoint keeps every key as it is written (AWS, Ceph).")
]
S3Engines = Annotated[
    Path | None,
    typer.Option(help="TOML file of further S3 endpoints, by prefix of bucket.", envvar="OSTIARY_S3_ENGINES"),
]
ForwardAuthSecret = Annotated[
    Path | None,
    typer.Option(help="File of the secret with which a proxy in front of the S3 engine may ask about requests."),
]
NoS3 = Annotated[bool, typer.Option("--no-s3", help="Start no S3 engine.")]
Throttle = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FAMILY=RATE[/BURST]",
        help="Requests a second that an account may make: iam=20/40, iam-write=5, sts:AssumeRole=100.",
    ),
]
TrustedProxy = Annotated[
    list[str] | None,
    typer.Option(metavar="CIDR", help="X-Forwarded-For and X-Forwarded-Proto from here are believed. Repeatable."),
]
AllowPrivateIssuer = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST[:PORT]",
        help="Identity tokens of this provider are verified though it is not on the public Internet. Repeatable.",
    ),
]
IssuerCa = Annotated[Path | None, typer.Option(help="PEM file of authorities that are believed for these providers.")]
ConsoleUrl = Annotated[
    str | None,
    typer.Option(help="Where browsers reach the console, such as https://iam.example.com.", metavar="URL"),
]
ConsoleIdle = Annotated[
    int, typer.Option(help="Minutes after which a console session ends that is not used.", min=1, max=720)
]
PublicUrl = Annotated[
    str | None,
    typer.Option(help="Where others reach the AWS endpoint, for the issuer of identity tokens.", metavar="URL"),
]

_RATE: Final = re.compile(
    r"([a-z0-9]+(?:-read|-write|:[A-Za-z0-9]+)?)=(\d{1,6}(?:\.\d{1,3})?)(?:/(\d{1,6}))?", re.ASCII
)


def network(text: str) -> str:
    """A network of `--trusted-proxy`, as it is written elsewhere."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise typer.BadParameter(f"`{text}` is no network such as 10.0.0.0/8", param_hint="--trusted-proxy") from None


def rate(text: str) -> Rate:
    """`iam-read=20/40` is twenty a second, forty at once; without a burst as many at once as a second, one at least."""
    found = _RATE.fullmatch(text)
    per_second = float(found[2]) if found else 0.0
    burst = float(found[3]) if found and found[3] else max(1.0, per_second)
    if found is None or per_second <= 0 or burst < 1:
        raise typer.BadParameter(f"`{text}` is no rate; write FAMILY=RATE or FAMILY=RATE/BURST, such as iam=20/40")
    return Rate(family=found[1], per_second=per_second, burst=burst)


def secret(path: Path | None) -> str | None:
    """What the file of `--forward-auth-secret` says; nobody else may read it."""
    if path is None:
        return None
    path = path.expanduser()
    try:
        if path.stat().st_mode & 0o007:
            raise typer.BadParameter(f"--forward-auth-secret: `{path}` can be read by everybody: chmod 640")
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"--forward-auth-secret: `{path}` can't be read") from None
    if len(text) < 32 or not text.isascii() or not text.isprintable():
        raise typer.BadParameter("--forward-auth-secret: a secret has 32 characters of ASCII or more, on one line")
    return text


def engines(path: Path | None) -> tuple[RemoteEngineSettings, ...]:
    """The endpoints of `--s3-engines`."""
    try:
        return read_engines(path.expanduser()) if path else ()
    except BadEngines as reason:
        raise typer.BadParameter(f"--s3-engines: {reason}") from None


def remote(url: str | None, exact: bool) -> RemoteEngineSettings | None:
    """The endpoint of `--s3-endpoint`; its keys come from the environment, so that no process list shows them."""
    if url is None:
        return None
    key, hidden = os.environ.get("OSTIARY_S3_ACCESS_KEY_ID"), os.environ.get("OSTIARY_S3_SECRET_ACCESS_KEY")
    if not key or not hidden:
        raise typer.BadParameter("set OSTIARY_S3_ACCESS_KEY_ID and OSTIARY_S3_SECRET_ACCESS_KEY for --s3-endpoint")
    region = os.environ.get("OSTIARY_S3_REGION", "us-east-1")
    return RemoteEngineSettings(url=url, access_key_id=key, secret_access_key=hidden, region=region, exact_keys=exact)
