"""The instance metadata door: what 169.254.169.254 answers to a program on an instance.

Source: Amazon EC2 User Guide, "Use instance metadata to manage your EC2 instance".
"""

from ostiary.doors.metadata.app import MetadataApp, from_relay, local_instance
from ostiary.doors.metadata.listener import bind_relay_socket, note_address, noted_address
from ostiary.doors.metadata.provider import StoredInstances, stored_apps
from ostiary.doors.metadata.views import (
    Delivery,
    Failure,
    InstanceView,
    MetadataOptions,
    MetadataProvider,
    Profile,
    RoleCredentials,
    SecurityGroup,
)

__all__ = [
    "Delivery",
    "Failure",
    "InstanceView",
    "MetadataApp",
    "MetadataOptions",
    "MetadataProvider",
    "Profile",
    "RoleCredentials",
    "SecurityGroup",
    "StoredInstances",
    "bind_relay_socket",
    "from_relay",
    "local_instance",
    "note_address",
    "noted_address",
    "stored_apps",
]
