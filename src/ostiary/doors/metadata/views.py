"""What the metadata door needs to know of an instance, and who tells it.

Source: Amazon EC2 User Guide, "Instance metadata categories"; IAM User Guide, "Troubleshoot IAM and Amazon EC2".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataOptions:
    """The instance's `MetadataOptions`, as RunInstances and ModifyInstanceMetadataOptions set them."""

    http_endpoint: Literal["enabled", "disabled"] = "enabled"
    http_tokens: Literal["optional", "required"] = "optional"
    http_put_response_hop_limit: int = 1
    """1 to 64: the time to live of the packets that carry the answers."""
    instance_metadata_tags: Literal["enabled", "disabled"] = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group of the instance."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The instance profile that is associated with the instance."""

    arn: str
    id: str
    role_name: str | None
    """The role in the profile; None while the profile is empty."""
    last_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why EC2 can't give what was asked, as `iam/` documents say it with status 200.

    `code` is AWS's: `InstanceProfileNotFound`, `AssumeRoleUnauthorizedAccess`.
    """

    code: str
    message: str
    last_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """The role session that the instance holds at the moment."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    token: str = field(repr=False)
    last_updated: datetime
    expiration: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceView:
    """One running instance, as its metadata shows it. Absent things (no public address, no profile) are None."""

    instance_id: str
    account_id: str
    region: str
    availability_zone: str
    availability_zone_id: str | None = None
    instance_type: str
    image_id: str
    architecture: str = "x86_64"
    ami_launch_index: int = 0
    reservation_id: str
    launched_at: datetime
    mac: str
    interface_id: str
    subnet_id: str | None = None
    subnet_cidr: str | None = None
    vpc_id: str | None = None
    vpc_cidr: str | None = None
    private_ipv4: str
    private_hostname: str
    public_ipv4: str | None = None
    public_hostname: str | None = None
    security_groups: tuple[SecurityGroup, ...] = ()
    profile: Profile | Failure | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    user_data: bytes | None = None
    options: MetadataOptions = MetadataOptions()
    last_updated: datetime
    """When anything here last changed."""
    partition: str = "aws"
    services_domain: str = "amazonaws.com"


Delivery = Literal["1.0", "2.0"]
"""The version of the metadata service that role credentials are asked through: `2.0` with a session token. It goes with
the session, as the condition key `ec2:RoleDelivery`."""


class MetadataProvider(Protocol):
    """Tells the door about instances. Called in a thread, so it may block; every call sees the present state."""

    def local_instance_id(self) -> str | None:
        """The instance that the loopback listener speaks for, or None when none has been chosen."""
        ...

    def instance(self, instance_id: str) -> InstanceView | None:
        """The instance, or None when there is none or it is not running."""
        ...

    def credentials(self, instance_id: str, delivery: Delivery) -> RoleCredentials | Failure | None:
        """The credentials of the instance's role; the same ones until they are near their end.

        None when the instance has no profile or the profile has no role; a `Failure` when EC2 may not assume the role.
        """
        ...
