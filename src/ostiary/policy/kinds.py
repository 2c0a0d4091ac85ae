"""policy: the kinds of policy and their sizes (IAM User Guide, "IAM and AWS STS quotas"; Organizations, "Quotas")."""

from __future__ import annotations

from enum import Enum
from typing import Final

DOCUMENT_LIMIT: Final = 131_072
"""The longest document the API takes, in characters."""


class PolicyKind(Enum):
    """What a document is saved as; decides its grammar and its size."""

    IDENTITY = "identity"
    MANAGED = "managed"
    USER_INLINE = "user-inline"
    GROUP_INLINE = "group-inline"
    ROLE_INLINE = "role-inline"
    BOUNDARY = "boundary"
    SESSION = "session"
    TRUST = "trust"
    RESOURCE = "resource"
    SCP = "scp"
    RCP = "rcp"


SIZE_LIMITS: Final[dict[PolicyKind, int]] = {
    PolicyKind.MANAGED: 6144,
    PolicyKind.BOUNDARY: 6144,
    PolicyKind.USER_INLINE: 2048,
    PolicyKind.GROUP_INLINE: 5120,
    PolicyKind.ROLE_INLINE: 10240,
    PolicyKind.SESSION: 2048,
    PolicyKind.TRUST: 2048,
    PolicyKind.SCP: 5120,
    PolicyKind.RCP: 5120,
}
"""Characters without white space; for SCP and RCP every character."""

COUNTS_WHITE_SPACE: Final = frozenset({PolicyKind.SCP, PolicyKind.RCP})

WHITE_SPACE: Final = " \t\r\n"
_WITHOUT_WHITE_SPACE: Final = str.maketrans("", "", WHITE_SPACE)


def policy_size(text: str) -> int:
    """The length of a document as IAM's quotas count it: in characters, white space left out."""
    return len(text.translate(_WITHOUT_WHITE_SPACE))
