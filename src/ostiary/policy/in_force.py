"""policy: the policies that bear on a request (IAM User Guide, "Policy evaluation logic")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ostiary.policy.pool import Attached, Pool

Attachments = Iterable[Attached]
"""Policies of one type: a `Pool`, which keeps its index from one request to the next, or any iterable of them."""


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class InForce:
    """The policies that bear on a request. None means that the type does not apply, which is not the same as empty."""

    identity: Pool
    """Everything attached to the user (groups included) or to the role."""
    resource: Pool | None
    """The policy of the resource; a trust policy (`PolicyType.TRUST`) or a KMS key policy too."""
    boundary: Pool | None
    session: Pool | None
    scp: tuple[Pool, ...] | None
    """One pool a level, from the root over the OUs to the account of the principal."""
    rcp: tuple[Pool, ...] | None
    """The same for the account of the resource."""
    endpoint: Pool | None
    """The policy of the VPC endpoint the request came through."""

    def __init__(
        self,
        *,
        identity: Attachments = (),
        resource: Attachments | None = None,
        boundary: Attachments | None = None,
        session: Attachments | None = None,
        scp: Iterable[Attachments] | None = None,
        rcp: Iterable[Attachments] | None = None,
        endpoint: Attachments | None = None,
    ) -> None:
        put = object.__setattr__
        put(self, "identity", _pool(identity))
        for name, one in (("resource", resource), ("boundary", boundary), ("session", session), ("endpoint", endpoint)):
            put(self, name, None if one is None else _pool(one))
        for name, levels in (("scp", scp), ("rcp", rcp)):
            put(self, name, None if levels is None else tuple(_pool(level) for level in levels))


def _pool(attachments: Attachments) -> Pool:
    return attachments if isinstance(attachments, Pool) else Pool(attachments)
