"""saml: why a response is not believed."""

from __future__ import annotations

from enum import Enum, auto


class Problem(Enum):
    """What is wrong with a response. Whoever answers it has the words."""

    NOT_BASE64 = auto()
    MALFORMED = auto()
    """No XML, XML that is not taken (DTD, entities), or not the shape of a response with one assertion."""
    STATUS = auto()
    """The provider itself says that it failed."""
    ISSUER = auto()
    SIGNATURE = auto()
    """Not signed, or by no trusted key, or in a way that is not taken."""
    NOT_ENCRYPTED = auto()
    UNDECIPHERABLE = auto()
    """It can't be opened, or what is inside is no assertion that holds: which of them is not told."""
    SUBJECT = auto()
    CONFIRMATION = auto()
    RECIPIENT = auto()
    AUDIENCE = auto()
    CONDITION = auto()
    NOT_YET = auto()
    EXPIRED = auto()
    TOO_OLD = auto()
    """Issued longer ago than assertions may be redeemed."""


class Rejected(Exception):
    """A response that is not believed. `detail` is for people; it quotes nothing of the response."""

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(problem.name, detail)
        self.problem, self.detail = problem, detail


class NotMetadata(ValueError):
    """The text does not describe an identity provider; the message says why."""
