"""doors/console: a policy that is being written: what may be said of it before anybody saves it.

Everything here comes from the text alone: nobody needs a permission for it, and nothing is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ostiary import policy
from ostiary.analysis import Finding, FindingType, PolicyType, ResourceType, validate
from ostiary.analysis.summary import ServiceSummary, summarize
from ostiary.policy import MalformedPolicy, PolicyKind, policy_size

_BUCKET_LIMIT: Final = 20_480
_SESSION_LIMIT: Final = 2048


@dataclass(frozen=True, slots=True)
class Kind:
    """What a document is written for."""

    form: PolicyKind
    type: PolicyType
    limit: int
    resource: ResourceType | None = None
    quota: str | None = None
    """The name of the account's quota for its size."""


KINDS: Final = {
    "managed": Kind(
        PolicyKind.MANAGED, PolicyType.IDENTITY, policy.SIZE_LIMITS[PolicyKind.MANAGED], quota="PolicySize"
    ),
    "user": Kind(
        PolicyKind.USER_INLINE, PolicyType.IDENTITY, policy.SIZE_LIMITS[PolicyKind.USER_INLINE], quota="UserPolicySize"
    ),
    "group": Kind(
        PolicyKind.GROUP_INLINE,
        PolicyType.IDENTITY,
        policy.SIZE_LIMITS[PolicyKind.GROUP_INLINE],
        quota="GroupPolicySize",
    ),
    "role": Kind(
        PolicyKind.ROLE_INLINE, PolicyType.IDENTITY, policy.SIZE_LIMITS[PolicyKind.ROLE_INLINE], quota="RolePolicySize"
    ),
    "trust": Kind(PolicyKind.TRUST, PolicyType.RESOURCE, policy.SIZE_LIMITS[PolicyKind.TRUST], ResourceType.ROLE_TRUST),
    "session": Kind(PolicyKind.SESSION, PolicyType.IDENTITY, _SESSION_LIMIT),
    "bucket": Kind(PolicyKind.RESOURCE, PolicyType.RESOURCE, _BUCKET_LIMIT, ResourceType.BUCKET),
}
"""By the word that `policy_editor` is given."""

_STATUS: Final = {
    FindingType.ERROR: "bad",
    FindingType.SECURITY_WARNING: "care",
    FindingType.WARNING: "care",
    FindingType.SUGGESTION: "none",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding at a place of the text."""

    finding: Finding
    line: int
    start: int
    end: int

    @property
    def status(self) -> str:
        """How it is shown."""
        return _STATUS[self.finding.finding_type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What there is to say of a text."""

    text: str
    kind: str
    marks: tuple[Mark, ...]
    size: int
    limit: int
    fault: MalformedPolicy | None
    """Why it can't be saved."""
    summary: tuple[ServiceSummary, ...]

    def count(self, status: str) -> int:
        """How many findings are of a status."""
        return sum(mark.status == status for mark in self.marks)


def checked(text: str, kind: str, limit: int | None = None) -> Checked:
    """Look at a text.

    Args:
        kind: one of `KINDS`.
        limit: its quota, where that is not AWS's.
    """
    text = as_typed(text)
    about = KINDS[kind]
    most = about.limit if limit is None else limit
    fault = None
    if text.strip():
        try:
            policy.check(text, about.form, size_limit=most)
        except MalformedPolicy as found:
            fault = found
    return Checked(
        text=text,
        kind=kind,
        marks=tuple(_marks(text, about)) if text.strip() else (),
        size=policy_size(text),
        limit=most,
        fault=fault,
        summary=summarize(text),
    )


def as_typed(text: str) -> str:
    """A text as it stood in the field: forms are sent with other line ends."""
    return text.replace("\r\n", "\n")


def _marks(text: str, about: Kind) -> list[Mark]:
    found = []
    for finding in validate(text, about.type, about.resource):
        for location in finding.locations[:1]:
            span = location.span
            found.append(Mark(finding, span.start.line, span.start.offset, span.end.offset))
    return found
