"""The tree of documents under a version: `meta-data/`, `dynamic/`, `user-data`, and how AWS prints them.

Every version name shows the same tree. Left out, and so 404 as on an instance that has none: block devices, events,
public keys, spot notices, and the signatures of the identity document (they are made with AWS's own keys).

Source: Amazon EC2 User Guide, "Instance metadata categories", "Access instance metadata for an EC2 instance" and
"Instance identity documents"; the spacing of JSON documents is AWS's own (`"Code" : "Success"`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ostiary.doors.metadata.views import Failure, InstanceView, Profile, RoleCredentials

VERSIONS: Final = (
    "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
    "2009-04-04", "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19",
    "2016-06-30", "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03",
    "2021-03-23", "2021-07-15", "2022-09-24", "2024-04-11", "latest",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A leaf: the bytes that are answered, their media type, and when they last changed."""

    body: bytes
    media_type: str = "text/plain"
    modified: datetime


@dataclass(frozen=True, slots=True)
class Lazily:
    """A leaf that is made when it is asked for: role credentials. It may turn out not to exist."""

    make: Callable[[], Document | None]


Node = str | Document | Lazily | Mapping[str, "Node"]
CredentialsSource = Callable[[], RoleCredentials | Failure | None]


def find(view: InstanceView, credentials: CredentialsSource, path: str) -> Document | None:
    """The document at an absolute path such as `/latest/meta-data/mac`, or None. A final slash changes nothing."""
    steps = path.removeprefix("/").removesuffix("/").split("/") if path != "/" else []
    if not steps:
        return _text("\n".join(VERSIONS), view)
    if steps[0] not in VERSIONS:
        return None
    node: Node = _root(view, credentials)
    for step in steps[1:]:
        if not isinstance(node, Mapping) or step not in node:
            return None
        node = node[step]
    if isinstance(node, Mapping):
        return _text(_listing(node, slashes=len(steps) > 1), view)
    if isinstance(node, Lazily):
        return node.make()
    return node if isinstance(node, Document) else _text(node, view)


def printed(members: Mapping[str, object]) -> bytes:
    """A JSON document in AWS's spacing, without a final newline."""
    return json.dumps(members, indent=2, separators=(",", " : "), ensure_ascii=False).encode()


def timestamp(moment: datetime) -> str:
    """`2019-03-06T14:12:50Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listing(directory: Mapping[str, Node], *, slashes: bool) -> str:
    return "\n".join(name + ("/" if slashes and isinstance(node, Mapping) else "") for name, node in directory.items())


def _text(text: str, view: InstanceView) -> Document:
    return Document(body=text.encode(), modified=view.last_updated)


def _present(**members: Node | None) -> dict[str, Node]:
    """The members that exist, under AWS's names: `local_ipv4` stands for `local-ipv4`."""
    return {name.replace("_", "-"): node for name, node in members.items() if node is not None}


def _root(view: InstanceView, credentials: CredentialsSource) -> Node:
    user_data = view.user_data
    return _present(
        dynamic={"instance-identity": {"document": _identity_document(view)}},
        meta_data=_meta_data(view, credentials),
        user_data=None
        if user_data is None
        else Document(body=user_data, media_type="application/octet-stream", modified=view.launched_at),
    )


def _meta_data(view: InstanceView, credentials: CredentialsSource) -> Node:
    return _present(
        ami_id=view.image_id,
        ami_launch_index=str(view.ami_launch_index),
        ami_manifest_path="(unknown)",
        hostname=view.private_hostname,
        iam=_iam(view.profile, credentials),
        instance_action="none",
        instance_id=view.instance_id,
        instance_life_cycle="on-demand",
        instance_type=view.instance_type,
        local_hostname=view.private_hostname,
        local_ipv4=view.private_ipv4,
        mac=view.mac,
        network={"interfaces": {"macs": {view.mac: _interface(view)}}},
        placement=_present(
            availability_zone=view.availability_zone,
            availability_zone_id=view.availability_zone_id,
            region=view.region,
        ),
        profile="default-hvm",
        public_hostname=view.public_hostname,
        public_ipv4=view.public_ipv4,
        reservation_id=view.reservation_id,
        security_groups=_lines(group.name for group in view.security_groups),
        services={"domain": view.services_domain, "partition": view.partition},
        tags={"instance": dict(view.tags)} if view.options.instance_metadata_tags == "enabled" else None,
    )


def _interface(view: InstanceView) -> Node:
    return _present(
        device_number="0",
        interface_id=view.interface_id,
        ipv4_associations=None if view.public_ipv4 is None else {view.public_ipv4: view.private_ipv4},
        local_hostname=view.private_hostname,
        local_ipv4s=view.private_ipv4,
        mac=view.mac,
        owner_id=view.account_id,
        public_hostname=view.public_hostname,
        public_ipv4s=view.public_ipv4,
        security_group_ids=_lines(group.id for group in view.security_groups),
        security_groups=_lines(group.name for group in view.security_groups),
        subnet_id=view.subnet_id,
        subnet_ipv4_cidr_block=view.subnet_cidr,
        vpc_id=view.vpc_id,
        vpc_ipv4_cidr_block=view.vpc_cidr,
        vpc_ipv4_cidr_blocks=view.vpc_cidr,
    )


def _lines(names: Iterable[str]) -> str | None:
    return "\n".join(names) or None


def _iam(profile: Profile | Failure | None, credentials: CredentialsSource) -> Node | None:
    if profile is None:
        return None
    if isinstance(profile, Failure):
        return {"info": _failure(profile)}
    info = {
        "Code": "Success",
        "LastUpdated": timestamp(profile.last_updated),
        "InstanceProfileArn": profile.arn,
        "InstanceProfileId": profile.id,
    }
    directory: dict[str, Node] = {"info": Document(body=printed(info), modified=profile.last_updated)}
    if profile.role_name is not None:
        directory["security-credentials"] = {profile.role_name: Lazily(lambda: _credentials(credentials()))}
    return directory


def _credentials(held: RoleCredentials | Failure | None) -> Document | None:
    if held is None:
        return None
    if isinstance(held, Failure):
        return _failure(held)
    members = {
        "Code": "Success",
        "LastUpdated": timestamp(held.last_updated),
        "Type": "AWS-HMAC",
        "AccessKeyId": held.access_key_id,
        "SecretAccessKey": held.secret_access_key,
        "Token": held.token,
        "Expiration": timestamp(held.expiration),
    }
    return Document(body=printed(members), modified=held.last_updated)


def _failure(failure: Failure) -> Document:
    members = {"Code": failure.code, "Message": failure.message, "LastUpdated": timestamp(failure.last_updated)}
    return Document(body=printed(members), modified=failure.last_updated)


def _identity_document(view: InstanceView) -> Document:
    members = {
        "accountId": view.account_id,
        "architecture": view.architecture,
        "availabilityZone": view.availability_zone,
        "billingProducts": None,
        "devpayProductCodes": None,
        "marketplaceProductCodes": None,
        "imageId": view.image_id,
        "instanceId": view.instance_id,
        "instanceType": view.instance_type,
        "kernelId": None,
        "pendingTime": timestamp(view.launched_at),
        "privateIp": view.private_ipv4,
        "ramdiskId": None,
        "region": view.region,
        "version": "2017-09-30",
    }
    return Document(body=printed(members), media_type="application/json", modified=view.launched_at)
