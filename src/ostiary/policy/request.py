"""policy: what is asked, and the policies in force while it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostiary.policy.decision import Source
from ostiary.policy.principals import Principal

if TYPE_CHECKING:
    from ostiary.policy.compile import CompiledPolicy

ContextValue = str | tuple[str, ...]
"""A string is a single-valued key, a tuple a multivalued one, even with one or no element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on one resource, with the complete condition context; the engine adds no keys of its own."""

    principal: Principal
    action: str
    """`service:Name`."""
    resource: str
    """An ARN, or `*` for actions without resource-level permissions."""
    resource_account: str | None
    """The account that owns the resource (the caller's own for `*`)."""
    context: Mapping[str, ContextValue]
    resource_in_management_account: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy and where it comes from."""

    policy: CompiledPolicy
    source: Source


Pool = tuple[Attached, ...]
"""Policies of one type: pooled, any Allow of them counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The policies that bear on a request. None means that the type does not apply, which is not the same as empty."""

    identity: Pool = ()
    """Everything attached to the user (groups included) or to the role."""
    resource: Pool | None = None
    """The policy of the resource; a trust policy (`PolicyType.TRUST`) or a KMS key policy too."""
    boundary: Pool | None = None
    session: Pool | None = None
    scp: tuple[Pool, ...] | None = None
    """One pool a level, from the root over the OUs to the account of the principal."""
    rcp: tuple[Pool, ...] | None = None
    """The same for the account of the resource."""
    endpoint: Pool | None = None
    """The policy of the VPC endpoint the request came through."""
