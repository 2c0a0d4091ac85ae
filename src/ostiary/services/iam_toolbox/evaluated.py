"""services/iam_toolbox: the policies that a recorded request was held against, as `PolicyInfo` names them.

Source: botocore's model of `iam-toolbox`, PolicyInfo, AttachedTo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.authorization.organization import organization_arn
from ostiary.identifiers import iam_arn
from ostiary.policy import PolicyType, Source
from ostiary.services.organizations.members import ARN_KIND, type_of
from ostiary.store.transaction import Transaction

TYPES: Final[Mapping[PolicyType, str]] = {
    PolicyType.IDENTITY: "IDENTITY_BASED_POLICY",
    PolicyType.RESOURCE: "RESOURCE_BASED_POLICY",
    PolicyType.TRUST: "RESOURCE_BASED_POLICY",
    PolicyType.BOUNDARY: "PERMISSIONS_BOUNDARY",
    PolicyType.SESSION: "SESSION_POLICY",
    PolicyType.SCP: "SERVICE_CONTROL_POLICY",
    PolicyType.RCP: "RESOURCE_CONTROL_POLICY",
    PolicyType.ENDPOINT: "VPC_ENDPOINT_POLICY",
}
_LEVELLED: Final = ("scp", "rcp")
_NOBODYS: Final = "root"
"""The owner of what stands for the root user's power: no policy that anybody wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A policy with the places where it was found."""

    source: Source
    digest: str
    """Of its text, in the record."""
    resource: str
    """The ARN that was asked for."""
    resource_account: str
    """Whose that is."""
    attached_to: tuple[str, ...]

    @property
    def uri(self) -> str:
        """By which it is asked for."""
        return uri_of(self.source)

    def info(self) -> dict[str, Any]:
        """`PolicyInfo`."""
        return {
            "type": TYPES[self.source.type],
            "inline": self.source.arn is None,
            "uri": self.uri,
            "attachedTo": [{"arn": arn} for arn in self.attached_to],
        }


def uri_of(source: Source) -> str:
    """A managed policy's ARN; of an inline policy an opaque text, the same in every answer."""
    if source.arn is not None:
        return source.arn
    named = "\n".join((source.type.value, source.owner or "", source.name))
    return hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def evaluated(tx: Transaction, account: str, asks: Iterable[Mapping[str, Any]]) -> tuple[Evaluated, ...]:
    """Every policy of an event's asks once, in the order in which they were found.

    Args:
        account: whose record it is.
        asks: as the event keeps them under `ostiary.asks`.
    """
    found: dict[tuple[PolicyType, str], Evaluated] = {}
    for ask in asks:
        for recorded in _policies(ask["inForce"]):
            source = source_of(recorded)
            if source.owner == _NOBODYS:
                continue
            key = (source.type, uri_of(source))
            known = found[key].attached_to if key in found else ()
            arn = attachment(tx, account, ask, source)
            found[key] = Evaluated(
                source=source,
                digest=recorded["hash"],
                resource=ask["resource"],
                resource_account=ask["resourceAccount"] or "",
                attached_to=known if arn is None or arn in known else (*known, arn),
            )
    return tuple(found.values())


def source_of(recorded: Mapping[str, Any]) -> Source:
    """Where a recorded policy comes from."""
    return Source(
        type=PolicyType(recorded["type"]),
        name=recorded["name"],
        arn=recorded["arn"],
        owner=recorded["owner"],
        version=recorded["version"],
    )


def attachment(tx: Transaction, account: str, ask: Mapping[str, Any], source: Source) -> str | None:
    """The ARN of what a policy is attached to; None when that is gone."""
    principal = ask["principal"]
    owner = source.owner or ""
    if source.type in (PolicyType.RESOURCE, PolicyType.TRUST):
        return owner or None
    if source.type in (PolicyType.SCP, PolicyType.RCP):
        return target_arn(tx, account, owner)
    if source.type is PolicyType.SESSION:
        return str(principal["arn"])
    kind, _, name = owner.partition("/")
    if source.type is PolicyType.IDENTITY and kind == "group":
        group = tx.groups.get(account, name)
        return iam_arn(account, "group", name, group.path if group else "/")
    return str(principal.get("role_arn") or principal.get("issuer_arn") or principal["arn"])


def target_arn(tx: Transaction, account: str, target: str) -> str | None:
    """The ARN of a root, a unit or an account of the organization that an account is in."""
    member = tx.organizations.member(account)
    organization = tx.organizations.get(member.organization_id) if member else None
    kind = type_of(target)
    return None if organization is None or kind is None else organization_arn(organization, ARN_KIND[kind], target)


def _policies(in_force: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, policies in in_force.items():
        for each in policies:
            if name in _LEVELLED:
                yield from each or ()
            else:
                yield each
