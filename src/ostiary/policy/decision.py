"""policy: the answer to a request and what it rests on (IAM User Guide, "Policy evaluation logic")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NoReturn


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to one request."""

    verdict: Verdict
    decided_by: PolicyType | None
    """The type alone responsible; None where several were needed (a cross-account allow) or none (the root user)."""
    matched: tuple[Matched, ...] = ()
    """The Deny statements of an explicit deny; of an allow, the Allow statements that carried it; else empty."""

    def __bool__(self) -> NoReturn:
        raise TypeError("ask for decision.verdict")
