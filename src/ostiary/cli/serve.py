"""`ostiary serve`."""

from __future__ import annotations

import gc

import typer

from ostiary.cli import serve_options as given
from ostiary.cli.installation import DEFAULT_DATA, Data, refuse
from ostiary.settings import Settings

app = typer.Typer()


@app.command()
def serve(
    data: Data = DEFAULT_DATA,
    port: given.Port = 4700,
    console_port: given.ConsolePort = 4701,
    metadata_port: given.MetadataPort = 4702,
    region: given.Region = "us-east-1",
    host: given.Host = "127.0.0.1",
    workers: given.Workers = 1,
    tls_certificate: given.TlsCertificate = None,
    tls_key: given.TlsKey = None,
    insecure_plain_http: given.InsecurePlainHttp = False,
    s3_endpoint: given.S3Endpoint = None,
    s3_exact_keys: given.S3ExactKeys = False,
    s3_engines: given.S3Engines = None,
    forward_auth_secret: given.ForwardAuthSecret = None,
    no_s3: given.NoS3 = False,
    throttle: given.Throttle = None,
    trusted_proxy: given.TrustedProxy = None,
    allow_private_issuer: given.AllowPrivateIssuer = None,
    issuer_ca: given.IssuerCa = None,
    console_url: given.ConsoleUrl = None,
    console_idle: given.ConsoleIdle = 60,
    public_url: given.PublicUrl = None,
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
        remote_engine=given.remote(s3_endpoint, s3_exact_keys),
        engines=given.engines(s3_engines),
        forward_auth_secret=given.secret(forward_auth_secret),
        supervise_engine=not no_s3,
        throttle=tuple(map(given.rate, throttle or ())),
        trusted_proxies=tuple(map(given.network, trusted_proxy or ())),
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
        refuse(reason)
