"""authorization: an account's place in an organization, and the organization's policies that come with it.

Source: Organizations User Guide, "Service control policies", "Resource control policies", "Evaluation of SCPs"; IAM
User Guide, "AWS global condition context keys" (`aws:PrincipalOrgID` and its relatives, R114).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ostiary.policy import ContextValue, PolicyType, Pool
from ostiary.store.records import OrganizationPolicyRecord, OrganizationRecord

SCP: Final = "SERVICE_CONTROL_POLICY"
RCP: Final = "RESOURCE_CONTROL_POLICY"
PART: Final[Mapping[str, PolicyType]] = MappingProxyType({SCP: PolicyType.SCP, RCP: PolicyType.RCP})
"""The part that a policy of an organization plays in a decision."""

AWS: Final = "aws"
"""Stands for the organization in the policies that are AWS's own."""

FULL_ACCESS: Final[Mapping[str, OrganizationPolicyRecord]] = MappingProxyType(
    {
        SCP: OrganizationPolicyRecord(
            id="p-FullAWSAccess",
            organization_id=AWS,
            type=SCP,
            name="FullAWSAccess",
            description="Allows access to every operation",
            document="""{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}""",
        ),
        RCP: OrganizationPolicyRecord(
            id="p-RCPFullAWSAccess",
            organization_id=AWS,
            type=RCP,
            name="RCPFullAWSAccess",
            description="Allows access to every resource",
            document="""{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "*",
      "Resource": "*"
    }
  ]
}""",
        ),
    }
)
"""The policy of each type that is attached everywhere as soon as the type is enabled."""

OF_AWS: Final[Mapping[str, OrganizationPolicyRecord]] = MappingProxyType({one.id: one for one in FULL_ACCESS.values()})
"""The same by id."""


def organization_arn(organization: OrganizationRecord, kind: str, name: str = "") -> str:
    """The ARN of an organization (`organization`) or of what is in it (`root`, `ou`, `account`)."""
    tail = f"/{name}" if name else ""
    return f"arn:aws:organizations::{organization.management_account}:{kind}/{organization.id}{tail}"


def policy_arn(organization: OrganizationRecord, policy_type: str, policy_id: str) -> str:
    """The ARN of an organization's policy, or of one of AWS's own."""
    kind = policy_type.lower()
    if policy_id in OF_AWS:
        return f"arn:aws:organizations::{AWS}:policy/{kind}/{policy_id}"
    return organization_arn(organization, "policy", f"{kind}/{policy_id}")


Levels = tuple[Pool, ...] | None
"""One pool a level, from the root down to the account; None: policies of this type bind nobody here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Where an account stands, and what binds it there."""

    organization_id: str = ""
    """Empty: in no organization."""
    path: str = ""
    """From the organization down to the account's parent: `o-…/r-…/ou-…/`."""
    management: bool = False
    scp: Levels = None
    """What binds the account's principals; never those of the management account (R76, R78)."""
    rcp: Levels = None
    """What binds whoever wants the account's resources; never those of the management account (R79, R80)."""

    def context(self, whose: str) -> dict[str, ContextValue]:
        """`aws:PrincipalOrgID` and `aws:PrincipalOrgPaths`, or those of the `Resource`; only members have them."""
        if not self.organization_id:
            return {}
        return {f"aws:{whose}OrgID": self.organization_id, f"aws:{whose}OrgPaths": (self.path,)}


ALONE: Final = Membership()
"""An account that is in no organization; also nobody's."""
