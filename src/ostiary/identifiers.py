"""Words that every room uses: account ids, ARNs, AWS's unique ids.

Source: IAM User Guide, "IAM identifiers" and "Amazon Resource Names (ARNs)".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NewType

AccountId = NewType("AccountId", str)
"""Twelve digits."""

UniqueId = NewType("UniqueId", str)
"""A prefix of four letters that names the kind (`AIDA` user, `AROA` role, …) and 17 characters A–Z, 2–7."""

ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
SERVICE_LINKED: Final = "/aws-service-role/"
"""What the paths of service-linked roles begin with."""


class NotAnArn(ValueError):
    """The text has not the six components of an ARN."""


@dataclass(frozen=True, slots=True)
class Arn:
    """`arn:partition:service:region:account:resource`; the resource keeps its colons.

    Source: AWS General Reference, "Amazon Resource Names (ARNs)".
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn:
        """Read an ARN.

        Raises:
            NotAnArn: fewer than six components, or it does not begin with `arn:`.
        """
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
            raise NotAnArn(text)
        return cls(*parts[1:])

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def iam_arn(account: str, kind: str, name: str, path: str = "/") -> str:
    """The ARN of an IAM entity: `iam_arn(a, "user", "bob", "/dev/")` is `arn:aws:iam::a:user/dev/bob`."""
    return f"arn:aws:iam::{account}:{kind}{path}{name}"


def root_arn(account: str) -> str:
    """The ARN of an account's root user."""
    return f"arn:aws:iam::{account}:root"


def sts_arn(account: str, kind: str, name: str) -> str:
    """The ARN of a session: kind `assumed-role` (name `role/session`) or `federated-user`."""
    return f"arn:aws:sts::{account}:{kind}/{name}"
