"""What the operator decides. Read once at the start, from the command line and the environment, and handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEngineSettings:
    """An S3 endpoint of somebody else to guard instead of the supervised SeaweedFS."""

    url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = "us-east-1"
    prefix: str = ""
    """What the names of its buckets begin with."""
    exact_keys: bool = False
    """It keeps every key as it is written, as AWS and Ceph do and SeaweedFS does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many requests of a family an account may make."""

    family: str
    """A service (`iam`), its reads or writes (`iam-read`, `sts-write`), or one operation (`sts:AssumeRole`)."""
    per_second: float
    """The rate that may last."""
    burst: float
    """How many may come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of one server."""

    data: Path
    """The data directory."""
    region: str = "us-east-1"
    """The Region of resources that are made without naming one."""
    host: str = "127.0.0.1"
    port: int = 4700
    console_port: int = 4701
    metadata_port: int = 4702
    console_idle: int = 3600
    """Seconds after which a session of the console ends that is not used."""
    console_url: str | None = None
    """Where browsers reach the console, such as `https://iam.example.com`; None: this machine's own address."""
    workers: int = 1
    remote_engine: RemoteEngineSettings | None = None
    engines: tuple[RemoteEngineSettings, ...] = ()
    """Further endpoints, each for the buckets of a prefix."""
    supervise_engine: bool = True
    """Start SeaweedFS; off: no S3 engine unless a remote one is given."""
    max_body: int = 10 * 1024 * 1024
    """Bytes of a request body that is read into memory."""
    private_issuers: tuple[str, ...] = ()
    """Identity providers beyond the public Internet, as `HOST` or `HOST:PORT`."""
    issuer_ca: Path | None = None
    """PEM file of authorities that are believed for them, besides the system's."""
    public_url: str | None = None
    """Where others reach the AWS endpoint, such as `https://aws.example.com`; None: the address it listens on."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    forward_auth_secret: str | None = field(default=None, repr=False)
    """What a proxy that asks about requests must say; None: no proxy may."""
    throttle: tuple[Rate, ...] = ()
    """Empty: requests are not counted."""
    audit_delay: float = 0.1
    """Seconds that an event of a read may wait to be written with others."""

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "ostiary.db"

    @property
    def metadata_socket(self) -> Path:
        """Where instance relays of this machine reach the metadata door."""
        return self.data / "metadata.sock"
