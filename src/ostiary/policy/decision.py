"""policy: the answer to a request and what it rests on (IAM User Guide, "Policy evaluation logic")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol


class Verdict(Enum):
    """The three outcomes, in the simulator's words."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicitDeny"
    EXPLICIT_DENY = "explicitDeny"


class Effect(Enum):
    """What a statement does when it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class PolicyType(Enum):
    """The part a policy plays in a decision."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    TRUST = "trust"
    ENDPOINT = "vpce"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a policy's text: line and column from 1 (columns in characters), offset from 0."""

    line: int
    column: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a policy comes from."""

    type: PolicyType
    name: str
    arn: str | None = None
    """Managed policies, SCPs and RCPs only; an inline policy has none."""
    owner: str | None = None
    """The user, group, role or resource it is attached to."""
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A statement that matched the request and bore on the decision."""

    source: Source
    statement_index: int
    sid: str | None
    effect: Effect
    start: Position
    """Where AWS says the statement starts: right after the token before it."""
    end: Position
    """Right after the statement's closing brace."""


class Deciding(Protocol):
    """A statement that a decision rests on."""

    def matched(self) -> Matched:
        """What is told of it."""
        ...


class Decision:
    """The answer to one request. Never changes; requests that are answered alike may share it."""

    __slots__ = ("_matched", "_statements", "decided_by", "verdict")

    verdict: Final[Verdict]
    decided_by: Final[PolicyType | None]
    """The type alone responsible; None where several were needed (a cross-account allow) or none (the root user)."""

    def __init__(
        self,
        *,
        verdict: Verdict,
        decided_by: PolicyType | None,
        matched: tuple[Matched, ...] = (),
        statements: tuple[Deciding, ...] = (),
    ) -> None:
        """What it rests on is given as `matched` or, to be told only when it is asked for, as `statements`."""
        self.verdict = verdict
        self.decided_by = decided_by
        self._statements = statements
        self._matched: tuple[Matched, ...] | None = None if statements else matched

    @property
    def matched(self) -> tuple[Matched, ...]:
        """The Deny statements of an explicit deny; of an allow, the Allow statements that carried it; else empty."""
        matched = self._matched
        if matched is None:
            matched = self._matched = tuple(one.matched() for one in self._statements)
        return matched

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decision):
            return NotImplemented
        same = self.verdict is other.verdict and self.decided_by is other.decided_by
        return same and self.matched == other.matched

    def __hash__(self) -> int:
        return hash((self.verdict, self.decided_by, self.matched))

    def __repr__(self) -> str:
        return f"Decision(verdict={self.verdict!r}, decided_by={self.decided_by!r}, matched={self.matched!r})"

    def __bool__(self) -> bool:
        raise TypeError("ask for decision.verdict")
