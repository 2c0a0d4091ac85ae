"""policy: the policies that bear on a request (IAM User Guide, "Policy evaluation logic")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ostiary.policy.decision import PolicyType
from ostiary.policy.layers import Layer, Layers
from ostiary.policy.pool import Attached, Pool

Attachments = Iterable[Attached]
"""Policies of one type: a `Pool`, which keeps its index from one request to the next, or any iterable of them."""

Levels = tuple[Pool, ...]


class InForce:
    """The policies that bear on a request. None means that the type does not apply, which is not the same as empty.

    Never changes after it is made.
    """

    __slots__ = (
        "_applying",
        "_usual",
        "_usual_and_rcp",
        "boundary",
        "endpoint",
        "identity",
        "identity_only",
        "rcp",
        "resource",
        "scp",
        "session",
    )

    identity: Final[Pool]
    """Everything attached to the user (groups included) or to the role."""
    resource: Final[Pool | None]
    """The policy of the resource; a trust policy (`PolicyType.TRUST`) or a KMS key policy too."""
    boundary: Final[Pool | None]
    session: Final[Pool | None]
    scp: Final[Levels | None]
    """One pool a level, from the root over the OUs to the account of the principal."""
    rcp: Final[Levels | None]
    """The same for the account of the resource."""
    endpoint: Final[Pool | None]
    """The policy of the VPC endpoint the request came through."""
    identity_only: Final[bool]
    """Every other type is None."""

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
        self.identity = _pool(identity)
        self.resource = None if resource is None else _pool(resource)
        self.boundary = None if boundary is None else _pool(boundary)
        self.session = None if session is None else _pool(session)
        self.scp = None if scp is None else tuple([_pool(level) for level in scp])
        self.rcp = None if rcp is None else tuple([_pool(level) for level in rcp])
        self.endpoint = None if endpoint is None else _pool(endpoint)
        others = resource is None and boundary is None and session is None and endpoint is None
        self.identity_only = others and scp is None and rcp is None
        self._applying: dict[tuple[bool, ...], Layers] = {}
        self._usual: Layers | None = None
        self._usual_and_rcp: Layers | None = None

    def __eq__(self, other: object) -> bool:
        return self._members() == other._members() if isinstance(other, InForce) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._members())

    def __repr__(self) -> str:
        names = ("identity", "resource", "boundary", "session", "scp", "rcp", "endpoint")
        told = (f"{name}={value!r}" for name, value in zip(names, self._members(), strict=True))
        return f"InForce({', '.join(told)})"

    def _members(self) -> tuple[Pool | Levels | None, ...]:
        return self.identity, self.resource, self.boundary, self.session, self.scp, self.rcp, self.endpoint

    @property
    def usual(self) -> Layers:
        """The layers of a caller and an action that all but the RCPs bind."""
        found = self._usual
        if found is None:
            scp = self.scp is not None
            found = self._usual = self.applying(own=True, session=True, scp=scp, rcp=False, of_resource=True)
        return found

    @property
    def usual_and_rcp(self) -> Layers:
        """The layers of a caller and an action that all bind."""
        found = self._usual_and_rcp
        if found is None:
            scp, rcp = self.scp is not None, self.rcp is not None
            found = self._usual_and_rcp = self.applying(own=True, session=True, scp=scp, rcp=rcp, of_resource=True)
        return found

    def applying(self, *, own: bool, session: bool, scp: bool, rcp: bool, of_resource: bool) -> Layers:
        """The layers, of which the caller's own, its session's, SCPs, RCPs and the resource's may be left aside."""
        asked = (own, session, scp, rcp, of_resource)
        found = self._applying.get(asked)
        if found is None:
            found = self._applying[asked] = self._layers(
                own=own, session=session, scp=scp, rcp=rcp, of_resource=of_resource
            )
        return found

    def _layers(self, *, own: bool, session: bool, scp: bool, rcp: bool, of_resource: bool) -> Layers:
        filters: list[Layer] = []
        if rcp and self.rcp is not None:
            filters.append(Layer(PolicyType.RCP, self.rcp))
        if scp and self.scp is not None:
            filters.append(Layer(PolicyType.SCP, self.scp))
        if self.endpoint is not None:
            filters.append(Layer(PolicyType.ENDPOINT, (self.endpoint,), of_resource=True))
        return Layers(
            tuple(filters),
            _resource_layer(self.resource) if of_resource else None,
            _layer(PolicyType.IDENTITY, self.identity) if own else None,
            _layer(PolicyType.BOUNDARY, self.boundary) if own else None,
            _layer(PolicyType.SESSION, self.session) if session else None,
        )


def _pool(attachments: Attachments) -> Pool:
    return attachments if isinstance(attachments, Pool) else Pool(attachments)


def _layer(kind: PolicyType, policies: Pool | None) -> Layer | None:
    return None if policies is None else Layer(kind, (policies,))


def _resource_layer(policies: Pool | None) -> Layer | None:
    if policies is None:
        return None
    kind = policies.policies[0].source.type if policies else PolicyType.RESOURCE
    return Layer(kind, (policies,), of_resource=True)
