"""Wire: all the services botocore knows, by the names requests call them.

The table is a small file in this package, so that naming a service reads no model; `python -m ostiary.wire.refresh`
writes it anew.

Source: the metadata of botocore's API models (Apache-2.0); the version is in the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

ALIASES: Final = {"s3express": "s3", "s3-object-lambda": "s3", "s3-outposts": "s3"}
"""Signing names that no model declares."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service, as the directory has it."""

    name: str
    """botocore's name."""
    protocols: tuple[str, ...]
    """The preferred first."""
    endpoint_prefix: str
    signing_name: str
    """In the credential scope."""
    api_version: str
    target_prefix: str | None = None
    """In X-Amz-Target, before the operation."""


class Listing(msgspec.Struct, frozen=True):
    """The file."""

    source: str
    botocore: str
    services: tuple[Entry, ...]


class Directory:
    """The services, found by name, signing name, endpoint prefix, target prefix, API version."""

    def __init__(self, services: tuple[Entry, ...]) -> None:
        self.by_name: Mapping[str, Entry] = {entry.name: entry for entry in services}
        self._signing: dict[str, list[Entry]] = defaultdict(list)
        self._endpoint: dict[str, list[Entry]] = defaultdict(list)
        self._target: dict[str, list[Entry]] = defaultdict(list)
        self._version: dict[str, list[Entry]] = defaultdict(list)
        for entry in services:
            self._signing[entry.signing_name].append(entry)
            self._endpoint[entry.endpoint_prefix].append(entry)
            if entry.target_prefix:
                self._target[entry.target_prefix].append(entry)
            if "query" in entry.protocols or "ec2" in entry.protocols:
                self._version[entry.api_version].append(entry)

    def by_signing_name(self, name: str) -> list[Entry]:
        """Those that sign with this name; the one that is called so first."""
        name = ALIASES.get(name, name)
        found = self._signing.get(name) or self._endpoint.get(name) or []
        return sorted(found, key=lambda entry: entry.name != name)

    def by_target_prefix(self, prefix: str) -> list[Entry]:
        """Those whose X-Amz-Target begins so."""
        return self._target.get(prefix, [])

    def by_version(self, version: str) -> list[Entry]:
        """The query services with this API version."""
        return self._version.get(version, [])

    def by_host(self, host: str) -> list[Entry]:
        """Those at an AWS host name: `iam.amazonaws.com`, `box.s3.eu-west-1.amazonaws.com`, `s3-eu-west-1.…`."""
        host = host.partition(":")[0].lower().removesuffix(".")
        for suffix in (".amazonaws.com", ".amazonaws.com.cn", ".api.aws"):
            if host.endswith(suffix):
                labels = host.removesuffix(suffix).split(".")
                break
        else:
            return []
        for start in range(len(labels)):
            # A prefix can have dots of its own (`data.iot`); a bucket's name stands before `s3`.
            for end in range(len(labels), start, -1):
                prefix = ".".join(labels[start:end])
                if found := self._endpoint.get(prefix) or self._signing.get(prefix):
                    return sorted(found, key=lambda entry: entry.name != prefix)
            if labels[start].startswith("s3-"):
                return [self.by_name["s3"]]
        return []


@cache
def listing() -> Listing:
    """The file of this package."""
    content = (files("ostiary.wire") / "data" / "services.json").read_bytes()
    return msgspec.json.decode(content, type=Listing)


@cache
def directory() -> Directory:
    """The services of the file."""
    return Directory(listing().services)
