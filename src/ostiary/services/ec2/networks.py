"""services/ec2: the default network of an account in a Region.

Every account has one default VPC a Region, with one subnet and the security group `default`, as a new account of AWS
has. Nothing is routed through it: it gives instances their addresses and policies their resources. Its ids follow from
the installation's secret, so they are always the same and stored nowhere.

Source: Amazon VPC User Guide, "Default VPCs".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ostiary.credentials.vault import Vault
from ostiary.entropy import Entropy
from ostiary.services.ec2.ids import id_from

CIDR: Final = "10.0.0.0/16"
GROUP_NAME: Final = "default"
_FIRST_HOST: Final = 4
"""The first four addresses of a subnet and its last are AWS's own."""
_HOSTS: Final = 65_536 - _FIRST_HOST - 1
_NORTH_VIRGINIA: Final = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The ids of the default VPC, its subnet and its security group."""

    vpc_id: str
    subnet_id: str
    group_id: str


def default_network(vault: Vault, account: str, region: str) -> Network:
    """The network of an account in a Region."""

    def drawn(prefix: str) -> str:
        return id_from(prefix, vault.derive(f"ec2 {prefix} {account} {region}"))

    return Network(vpc_id=drawn("vpc"), subnet_id=drawn("subnet"), group_id=drawn("sg"))


def new_address(entropy: Entropy, taken: Collection[str]) -> str:
    """A private IPv4 address of the subnet that nobody has."""
    while True:
        host = _FIRST_HOST + int.from_bytes(entropy.draw(4), "big") % _HOSTS
        address = f"10.0.{host >> 8}.{host & 255}"
        if address not in taken:
            return address


def new_mac(entropy: Entropy) -> str:
    """A locally administered hardware address."""
    return "06:" + entropy.draw(5).hex(":")


def private_name(address: str, region: str) -> str:
    """`ip-10-0-3-7.ec2.internal`, in other Regions than us-east-1 `ip-10-0-3-7.eu-west-1.compute.internal`."""
    domain = "ec2.internal" if region == _NORTH_VIRGINIA else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"
