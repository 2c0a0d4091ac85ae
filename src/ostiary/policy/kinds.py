"""policy: the kinds of policy and their sizes (IAM User Guide, "IAM and AWS STS quotas"; Organizations, "Quotas")."""

from __future__ import annotations

from enum import Enum
from typing import Final

from ostiary.policy.faults import LIMIT_EXCEEDED, MalformedPolicy

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
    PolicyKind.TRUST: 2048,
    PolicyKind.SCP: 5120,
    PolicyKind.RCP: 5120,
}
"""Characters without white space; for SCP and RCP every character. STS counts session policies itself."""

_SIZE_REFUSALS: Final[dict[PolicyKind, str]] = {
    PolicyKind.USER_INLINE: "Maximum policy size of {limit} bytes exceeded for user",
    PolicyKind.GROUP_INLINE: "Maximum policy size of {limit} bytes exceeded for group",
    PolicyKind.ROLE_INLINE: "Maximum policy size of {limit} bytes exceeded for role",
    PolicyKind.TRUST: "Cannot exceed quota for ACLSizePerRole: {limit}",
}

_COUNTS_WHITE_SPACE: Final = frozenset({PolicyKind.SCP, PolicyKind.RCP})

WHITE_SPACE: Final = " \t\r\n"
_WITHOUT_WHITE_SPACE: Final = str.maketrans("", "", WHITE_SPACE)


def policy_size(text: str) -> int:
    """The length of a document as IAM's quotas count it: in characters, white space left out."""
    return len(text.translate(_WITHOUT_WHITE_SPACE))


def refuse_oversize(text: str, kind: PolicyKind, limit: int | None) -> None:
    """Hold a document against the size quota of its kind, or against `limit` in its place.

    Raises:
        MalformedPolicy: with the code `LimitExceeded`.
    """
    quota = SIZE_LIMITS.get(kind, DOCUMENT_LIMIT) if limit is None else limit
    size = len(text) if kind in _COUNTS_WHITE_SPACE else policy_size(text)
    if size > quota or len(text) > DOCUMENT_LIMIT:
        wording = _SIZE_REFUSALS.get(kind, "Cannot exceed quota for PolicySize: {limit}")
        raise MalformedPolicy(wording.format(limit=quota), code=LIMIT_EXCEEDED)
