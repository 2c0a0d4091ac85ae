"""catalog: AWS-managed policies: what they are called, their versions, their documents.

Source: IAM User Guide, "Managed policies and inline policies", "Versioning IAM policies" and "AWS managed policies"
(what becomes of a policy that AWS has retired).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

import msgspec

from ostiary.catalog.archive import Archive
from ostiary.catalog.sources import DATA
from ostiary.identifiers import UniqueId

POLICIES_FILE: Final = "managed-policies.bin"
ARN_PREFIX: Final = "arn:aws:iam::aws:policy"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version whose document is known."""

    id: str  # `v1`, `v2`, …
    created: datetime | None  # UTC; None when no source recorded it


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy:
    """An AWS-managed policy, without its documents.

    Versions whose documents no source has kept are not listed; the default version always is.
    """

    arn: str
    name: str
    path: str
    description: str | None
    created: datetime  # UTC
    updated: datetime  # UTC; when the default version came
    default_version: str
    versions: tuple[PolicyVersion, ...]  # newest first, as AWS lists them
    retired: bool = False  # AWS lists it no more: it works where it is attached and can't be attached anew

    @property
    def id(self) -> UniqueId:
        """An id of AWS's form (`ANPA…`), the same for ever for the same ARN.

        None of the sources has AWS's own ids, so it is made from the SHA-256 of the ARN.
        """
        digest = hashlib.sha256(self.arn.encode()).digest()
        return UniqueId("ANPA" + base64.b32encode(digest).decode("ascii")[:17])


def managed_policies() -> Sequence[ManagedPolicy]:
    """Every policy that AWS offers today, sorted by name; the retired ones are left out."""
    return _listed()


def managed_policy(arn: str) -> ManagedPolicy | None:
    """The policy with this ARN, retired or not; None when AWS has never had one, as far as the data goes back."""
    return _by_arn().get(arn)


@lru_cache(maxsize=128)
def document(arn: str, version: str) -> str | None:
    """The text of one version, as IAM prints it: JSON, indented by four spaces.

    None when there is no such policy, or the version is not among its `versions`.
    """
    policy = managed_policy(arn)
    if policy is None:
        return None
    for number, known in enumerate(policy.versions):
        if known.id == version:
            text = _archive().part(arn, number)
            return None if text is None else text.decode()
    return None


def read_policies(archive: Archive) -> tuple[ManagedPolicy, ...]:
    """Every policy of an archive, the retired ones too, sorted by name."""
    return msgspec.json.decode(archive.head(), type=tuple[ManagedPolicy, ...])


@cache
def _archive() -> Archive:
    return Archive(DATA / POLICIES_FILE)


@cache
def _by_arn() -> dict[str, ManagedPolicy]:
    return {policy.arn: policy for policy in read_policies(_archive())}


@cache
def _listed() -> tuple[ManagedPolicy, ...]:
    return tuple(policy for policy in _by_arn().values() if not policy.retired)
