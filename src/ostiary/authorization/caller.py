"""Who asks: the principal behind a request, as AWS names it.

Source: IAM User Guide, "AWS global condition context keys" and "Policy variables" (the tables of principal key values).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec

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


BY_WORD: Final = frozenset({CallerKind.WEB_IDENTITY, CallerKind.SAML})
"""Callers whom an identity provider vouches for; they belong to no account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Who calls by the word of an identity provider (a token, an assertion), in place of a signature."""

    kind: CallerKind
    """One of `BY_WORD`."""
    provider: str
    """ARN of the provider."""
    account: str
    """The account of the role that is asked for: its record has the call."""
    subject: str
    """CloudTrail's `userName`."""
    principal_id: str
    """CloudTrail's `principalId`."""
    said: Any = field(default=None, repr=False)
    """What the provider said, as the operation needs it."""
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the record says of it, among the parameters and named as CloudTrail does."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A caller whose signature was verified, one whom a provider vouches for, or the anonymous one."""

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
