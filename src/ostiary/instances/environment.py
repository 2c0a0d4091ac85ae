"""What the command finds around it: environment variables and files.

An instance has no keys configured, so everything that configures AWS clients is taken away: variables named `AWS_…` but
those that only shape output and retries, and the files in the home directory (they stay where they are, the variables
point elsewhere). Proxies are taken away because nothing but the instance's own addresses can be reached. The rest, with
`HOME` and `PATH`, is the caller's.

Source: AWS SDKs and Tools Reference Guide, "Environment variables"; resolv.conf(5), nsswitch.conf(5).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ostiary.instances import InstanceError

_KEPT: Final = frozenset(
    {
        "AWS_DEFAULT_REGION", "AWS_DEFAULT_OUTPUT", "AWS_PAGER", "AWS_CLI_AUTO_PROMPT", "AWS_MAX_ATTEMPTS",
        "AWS_RETRY_MODE", "AWS_SDK_LOAD_CONFIG",
    }
)  # fmt: skip
_DROPPED: Final = re.compile(r"(AWS|OSTIARY)_.*|BOTO_CONFIG|((http|https|ftp|all|no)_proxy)", re.IGNORECASE)
_CA_VARIABLES: Final = (
    "SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
)  # fmt: skip
_CA_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)  # fmt: skip
_HOSTS_LINE: Final = re.compile(r"^\s*hosts:.*$", re.MULTILINE)
_RESOLV_CONF: Final = Path("/etc/resolv.conf")
_NSSWITCH_CONF: Final = Path("/etc/nsswitch.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What to start the command with."""

    environment: Mapping[str, str]
    binds: tuple[tuple[Path, Path], ...]
    """(file, the file it is seen instead of)."""


def surround(
    outside: Mapping[str, str], directory: Path, *, resolver: str, endpoint: str | None, authority_pem: str | None
) -> Surroundings:
    """Write the files an instance needs into a fresh directory and say what points to them.

    Args:
        outside: the environment of the caller.
        directory: empty; readable by the user the command runs as; lives as long as the command.
        resolver: the address that name lookups go to.
        endpoint: the URL that AWS clients are told of, or None when they are told nothing.
        authority_pem: a certificate to trust besides the system's, or None.

    Raises:
        InstanceError: the system has no `/etc/resolv.conf` to lay ours over.
    """
    environment = {name: value for name, value in outside.items() if name in _KEPT or _DROPPED.fullmatch(name) is None}
    empty = _write(directory / "empty", "")
    for variable in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "BOTO_CONFIG"):
        environment[variable] = str(empty)
    if endpoint is not None:
        environment["AWS_ENDPOINT_URL"] = endpoint
    if authority_pem is not None:
        bundle = _write(directory / "ca-bundle.pem", _trusted_by_the_system(outside) + authority_pem)
        environment.update(dict.fromkeys(_CA_VARIABLES, str(bundle)))
    return Surroundings(environment=environment, binds=_name_lookup_files(directory, resolver))


def _name_lookup_files(directory: Path, resolver: str) -> tuple[tuple[Path, Path], ...]:
    """resolv.conf with our resolver; nsswitch.conf without services that would ask a resolver outside by a socket."""
    if not _RESOLV_CONF.exists():
        raise InstanceError(f"`{_RESOLV_CONF}` does not exist: make it (it may be empty), so that it can be replaced")
    binds = [(_write(directory / "resolv.conf", f"nameserver {resolver}\n"), _RESOLV_CONF.resolve())]
    if _NSSWITCH_CONF.exists():
        changed = _HOSTS_LINE.sub("hosts: files dns", _NSSWITCH_CONF.read_text())
        binds.append((_write(directory / "nsswitch.conf", changed), _NSSWITCH_CONF.resolve()))
    return tuple(binds)


def _trusted_by_the_system(outside: Mapping[str, str]) -> str:
    """The certificates that programs on this machine trust; none when no list is found."""
    configured = outside.get("SSL_CERT_FILE")
    known = ssl.get_default_verify_paths().cafile
    for candidate in (configured, known, *_CA_BUNDLES):
        if candidate and Path(candidate).is_file():
            text = Path(candidate).read_text(errors="replace")
            return text if text.endswith("\n") else text + "\n"
    return ""


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o644)
    return path
