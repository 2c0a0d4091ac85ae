"""policy: the policies that bear on a request (IAM User Guide, "Policy evaluation logic")."""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.policy.pool import Attached, Pool

Attachments = Pool | tuple[Attached, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The policies that bear on a request. None means that the type does not apply, which is not the same as empty.

    Tuples become pools; hand in a `Pool` to have its index kept from one request to the next.
    """

    identity: Attachments = ()
    """Everything attached to the user (groups included) or to the role."""
    resource: Attachments | None = None
    """The policy of the resource; a trust policy (`PolicyType.TRUST`) or a KMS key policy too."""
    boundary: Attachments | None = None
    session: Attachments | None = None
    scp: tuple[Attachments, ...] | None = None
    """One pool a level, from the root over the OUs to the account of the principal."""
    rcp: tuple[Attachments, ...] | None = None
    """The same for the account of the resource."""
    endpoint: Attachments | None = None
    """The policy of the VPC endpoint the request came through."""


def pool(attachments: Attachments) -> Pool:
    """A pool of what may already be one."""
    return attachments if isinstance(attachments, Pool) else Pool(attachments)
