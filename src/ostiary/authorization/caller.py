"""Who asks: the principal behind a request, as AWS names it.

Source: IAM User Guide, "AWS global condition context keys" and "Policy variables" (the tables of principal key values).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ostiary import policy
from ostiary.credentials.sessions import Session


class CallerKind(StrEnum):
    """CloudTrail's word for `userIdentity.type`."""

    ROOT = "Root"
    USER = "IAMUser"
    ROLE_SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    ANONYMOUS = "AWSAccount"
    SERVICE = "AWSService"
    WEB_IDENTITY = "WebIdentityUser"
    SAML = "SAMLUser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller whose signature was verified, or the anonymous one."""

    kind: CallerKind
    principal: policy.Principal
    account: str
    """Empty for the anonymous caller."""
    arn: str
    """What GetCallerIdentity answers."""
    user_id: str
    """What GetCallerIdentity answers as UserId; also `aws:userid`."""
    entity_id: str = ""
    """Unique id of the user or role whose policies apply; the account id for the root user."""
    name: str = ""
    """User name, role name or federated user's name."""
    access_key_id: str = ""
    session: Session | None = None


ANONYMOUS: Final = Caller(
    kind=CallerKind.ANONYMOUS, principal=policy.Anonymous(), account="", arn="", user_id="anonymous"
)
