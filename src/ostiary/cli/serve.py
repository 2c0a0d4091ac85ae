"""`ostiary serve`."""

from __future__ import annotations

import gc
import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.engines import BadEngines, read_engines
from ostiary.settings import Rate, RemoteEngineSettings, Settings

app = typer.Typer()

_RATE = re.compile(r"([a-z0-9]+(?:-read|-write|:[A-Za-z0-9]+)?)=(\d{1,6}(?:\.\d{1,3})?)(?:/(\d{1,6}))?", re.ASCII)

DEFAULT_DATA = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "ostiary"
Data = Annotated[Path, typer.Option("--data", help="The data directory.", envvar="OSTIARY_DATA")]


@app.command()
def serve(
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option(help="Port of the AWS endpoint; 0 picks a free one.")] = 4700,
    console_port: Annotated[int, typer.Option(help="Port of the console; 0 picks a free one.")] = 4701,
    metadata_port: Annotated[int, typer.Option(help="Port of instance metadata; 0 picks a free one.")] = 4702,
    region: Annotated[str, typer.Option(help="Region of what is made without naming one.")] = "us-east-1",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that serve together.")] = 1,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file; serve HTTPS.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key.")] = None,
    insecure_plain_http: Annotated[
        bool, typer.Option("--insecure-plain-http", help="Listen beyond loopback without TLS.")
    ] = False,
    s3_endpoint: Annotated[
        str | None,
        typer.Option(help="Guard this S3 endpoint instead of the own SeaweedFS.", envvar="OSTIARY_S3_ENDPOINT"),
    ] = None,
    s3_exact_keys: Annotated[
        bool,
        typer.Option("--s3-exact-keys", help="That endpoint keeps every key as it is written (AWS, Ceph)."),
    ] = False,
    s3_engines: Annotated[
        Path | None,
        typer.Option(help="TOML file of further S3 endpoints, by prefix of bucket.", envvar="OSTIARY_S3_ENGINES"),
    ] = None,
    forward_auth_secret: Annotated[
        Path | None,
        typer.Option(help="File of the secret with which a proxy in front of the S3 engine may ask about requests."),
    ] = None,
    no_s3: Annotated[bool, typer.Option("--no-s3", help="Start no S3 engine.")] = False,
    throttle: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAMILY=RATE[/BURST]",
            help="Requests a second that an account may make: iam=20/40, iam-write=5, sts:AssumeRole=100.",
        ),
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR", help="X-Forwarded-For and X-Forwarded-Proto from here are believed. Repeatable."),
    ] = None,
    allow_private_issuer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST[:PORT]",
            help="Identity tokens of this provider are verified though it is not on the public Internet. Repeatable.",
        ),
    ] = None,
    issuer_ca: Annotated[
        Path | None, typer.Option(help="PEM file of authorities that are believed for these providers.")
    ] = None,
    console_url: Annotated[
        str | None,
        typer.Option(help="Where browsers reach the console, such as https://iam.example.com.", metavar="URL"),
    ] = None,
    console_idle: Annotated[
        int, typer.Option(help="Minutes after which a console session ends that is not used.", min=1, max=720)
    ] = 60,
    public_url: Annotated[
        str | None,
        typer.Option(help="Where others reach the AWS endpoint, for the issuer of identity tokens.", metavar="URL"),
    ] = None,
) -> None:
    """Start the server and everything that belongs to it. Stops cleanly on SIGTERM and Ctrl-C."""
    gc.disable()  # until all is loaded: what is, stays, and to search it again and again is a fifth of the start
    from ostiary.server import CannotServe, Tls, run

    if bool(tls_certificate) != bool(tls_key):
        raise typer.BadParameter("give both --tls-certificate and --tls-key, or neither")
    settings = Settings(
        data=data.expanduser().absolute(),
        region=region,
        host=host,
        port=port,
        console_port=console_port,
        metadata_port=metadata_port,
        workers=workers,
        remote_engine=_remote(s3_endpoint, s3_exact_keys),
        engines=_engines(s3_engines),
        forward_auth_secret=_secret(forward_auth_secret),
        supervise_engine=not no_s3,
        throttle=tuple(map(_rate, throttle or ())),
        trusted_proxies=tuple(map(_network, trusted_proxy or ())),
        private_issuers=tuple(allow_private_issuer or ()),
        issuer_ca=issuer_ca.expanduser().absolute() if issuer_ca else None,
        public_url=public_url,
        console_url=console_url,
        console_idle=console_idle * 60,
    )
    tls = Tls(tls_certificate, tls_key) if tls_certificate and tls_key else None
    try:
        run(settings, tls, insecure_plain_http=insecure_plain_http)
    except CannotServe as reason:
        typer.echo(f"ostiary: {reason}", err=True)
        raise typer.Exit(1) from None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise typer.BadParameter(f"`{text}` is no network such as 10.0.0.0/8", param_hint="--trusted-proxy") from None


def _rate(text: str) -> Rate:
    """`iam-read=20/40` is twenty a second, forty at once; without a burst as many at once as a second, one at least."""
    found = _RATE.fullmatch(text)
    per_second = float(found[2]) if found else 0.0
    burst = float(found[3]) if found and found[3] else max(1.0, per_second)
    if found is None or per_second <= 0 or burst < 1:
        raise typer.BadParameter(f"`{text}` is no rate; write FAMILY=RATE or FAMILY=RATE/BURST, such as iam=20/40")
    return Rate(family=found[1], per_second=per_second, burst=burst)


def _secret(path: Path | None) -> str | None:
    if path is None:
        return None
    path = path.expanduser()
    try:
        if path.stat().st_mode & 0o007:
            raise typer.BadParameter(f"--forward-auth-secret: `{path}` can be read by everybody: chmod 640")
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"--forward-auth-secret: `{path}` can't be read") from None
    if len(secret) < 32 or not secret.isascii() or not secret.isprintable():
        raise typer.BadParameter("--forward-auth-secret: a secret has 32 characters of ASCII or more, on one line")
    return secret


def _engines(path: Path | None) -> tuple[RemoteEngineSettings, ...]:
    try:
        return read_engines(path.expanduser()) if path else ()
    except BadEngines as reason:
        raise typer.BadParameter(f"--s3-engines: {reason}") from None


def _remote(url: str | None, exact: bool) -> RemoteEngineSettings | None:
    """The engine's keys come from the environment, so that no process list shows them."""
    if url is None:
        return None
    key, secret = os.environ.get("OSTIARY_S3_ACCESS_KEY_ID"), os.environ.get("OSTIARY_S3_SECRET_ACCESS_KEY")
    if not key or not secret:
        raise typer.BadParameter("set OSTIARY_S3_ACCESS_KEY_ID and OSTIARY_S3_SECRET_ACCESS_KEY for --s3-endpoint")
    region = os.environ.get("OSTIARY_S3_REGION", "us-east-1")
    return RemoteEngineSettings(url=url, access_key_id=key, secret_access_key=secret, region=region, exact_keys=exact)
