"""The metadata door's provider over the store: instances as RunInstances made them, credentials as EC2 delivers them.

Source: IAM User Guide, "Troubleshoot IAM and Amazon EC2" (the failures in `iam/` documents).
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any, Final, cast

from ostiary.audit.writer import AuditWriter
from ostiary.doors.metadata.app import MetadataApp, from_relay, local_instance
from ostiary.doors.metadata.views import (
    Delivery,
    Failure,
    InstanceView,
    MetadataOptions,
    Profile,
    RoleCredentials,
    SecurityGroup,
)
from ostiary.services.ec2 import networks
from ostiary.services.ec2.instances import Instance, association_of, read
from ostiary.services.ec2.local import LOCAL_INSTANCE
from ostiary.services.ec2.role_delivery import RoleDelivery, RoleRefused
from ostiary.services.iam.names import INSTANCE_PROFILE
from ostiary.services.operation import House
from ostiary.store.transaction import Transaction

_SEE: Final = (
    "  Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html"
    "#troubleshoot_iam-ec2_errors-info-doc."
)


class StoredInstances:
    """A `MetadataProvider` that keeps nothing: every answer is the store's present state."""

    def __init__(self, house: House, delivery: RoleDelivery) -> None:
        self._house, self._delivery = house, delivery

    def local_instance_id(self) -> str | None:
        """The instance that `ostiary instance local` chose."""
        with self._house.store.read() as tx:
            return tx.settings.get(LOCAL_INSTANCE)

    def instance(self, instance_id: str) -> InstanceView | None:
        """A running instance."""
        with self._house.store.read() as tx:
            record = tx.instances.get(instance_id)
            if record is None:
                return None
            instance = read(record)
            return _view(instance, _profile(tx, instance)) if instance.running else None

    def credentials(self, instance_id: str, delivery: Delivery) -> RoleCredentials | Failure | None:
        """What EC2 delivers."""
        try:
            delivered = self._delivery.deliver(instance_id, delivery)
        except RoleRefused as refused:
            return Failure(
                code="AssumeRoleUnauthorizedAccess",
                message=f"EC2 cannot assume the role {refused.role_name}.{_SEE}",
                last_updated=self._house.clock.now(),
            )
        if delivered is None:
            return None
        return RoleCredentials(
            access_key_id=delivered.credentials.access_key_id,
            secret_access_key=delivered.credentials.secret_access_key,
            token=delivered.credentials.session_token,
            last_updated=_moment(delivered.made),
            expiration=_moment(delivered.credentials.expires),
        )


def stored_apps(house: House, audit: AuditWriter, session_seconds: int) -> tuple[MetadataApp, MetadataApp]:
    """The applications of a process's two listeners: the loopback port, and the socket of the relays.

    They hold the same sessions, and accept each other's tokens only for the same instance.
    """
    provider = StoredInstances(house, RoleDelivery(house, audit, session_seconds))
    key = house.vault.derive("metadata tokens")
    loopback = MetadataApp(provider, house.clock, house.entropy, key=key, who_asks=local_instance)
    relayed = MetadataApp(provider, house.clock, house.entropy, key=key, who_asks=from_relay)
    return loopback, relayed


def _profile(tx: Transaction, instance: Instance) -> Profile | Failure | None:
    association = association_of(tx, instance.id)
    if association is None:
        return None
    profile = tx.instance_profiles.by_id(association.profile_id)
    if profile is None:
        return Failure(
            code="InstanceProfileNotFound",
            message=f"Instance Profile with Id {association.profile_id} cannot be found.{_SEE}",
            last_updated=_moment(association.at),
        )
    role = None if profile.role_id is None else tx.roles.by_id(profile.role_id)
    return Profile(
        arn=INSTANCE_PROFILE.arn(profile),
        id=profile.id,
        role_name=None if role is None else role.name,
        last_updated=_moment(association.at),
    )


def _view(instance: Instance, profile: Profile | Failure | None) -> InstanceView:
    facts, record = instance.facts, instance.record
    return InstanceView(
        instance_id=record.id,
        account_id=record.account,
        region=facts.region,
        availability_zone=facts.zone,
        instance_type=facts.instance_type,
        image_id=facts.image_id,
        ami_launch_index=facts.launch_index,
        reservation_id=facts.reservation_id,
        launched_at=_moment(record.launched),
        mac=facts.mac,
        interface_id=facts.interface_id,
        subnet_id=facts.subnet_id,
        subnet_cidr=networks.CIDR,
        vpc_id=facts.vpc_id,
        vpc_cidr=networks.CIDR,
        private_ipv4=facts.private_ip,
        private_hostname=networks.private_name(facts.private_ip, facts.region),
        security_groups=(SecurityGroup(id=facts.group_id, name=networks.GROUP_NAME),),
        profile=profile,
        tags=facts.tags,
        user_data=None if facts.user_data is None else base64.b64decode(facts.user_data),
        options=_options(instance),
        last_updated=_moment(facts.changed),
    )


def _options(instance: Instance) -> MetadataOptions:
    kept = instance.facts.options  # its values were held against AWS's when they were set
    return MetadataOptions(
        http_endpoint=cast(Any, kept.http_endpoint),
        http_tokens=cast(Any, kept.http_tokens),
        http_put_response_hop_limit=kept.hop_limit,
        instance_metadata_tags=cast(Any, kept.instance_metadata_tags),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
