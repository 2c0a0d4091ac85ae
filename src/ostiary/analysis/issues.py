"""analysis: the issues by code: how much they weigh and what AWS says of them.

Source: IAM User Guide, "IAM policy validation check reference" (which calls WARNING "General Warning").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ostiary.analysis.issues_errors import ERRORS
from ostiary.analysis.issues_warnings import SECURITY_WARNINGS, SUGGESTIONS, WARNINGS
from ostiary.analysis.model import FindingType

_PAGE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
_ANCHOR: Final = "access-analyzer-reference-policy-checks"
_WORDS: Final = {
    FindingType.ERROR: "error",
    FindingType.WARNING: "general-warning",
    FindingType.SECURITY_WARNING: "security-warning",
    FindingType.SUGGESTION: "suggestion",
}


@dataclass(frozen=True, slots=True)
class Issue:
    """A row of the check reference."""

    code: str
    type: FindingType
    wordings: tuple[str, ...]
    """With gaps in braces."""

    @property
    def link(self) -> str:
        """The place on AWS's page."""
        return f"{_PAGE}#{_ANCHOR}-{_WORDS[self.type]}-{self.code.lower().replace('_', '-')}"

    def wording(self, variant: int, fields: dict[str, str]) -> str:
        """A wording with its gaps filled."""
        return self.wordings[variant].format(**fields)


def _rows() -> dict[str, Issue]:
    found: dict[str, Issue] = {}
    tables = (
        (FindingType.ERROR, ERRORS),
        (FindingType.SECURITY_WARNING, SECURITY_WARNINGS),
        (FindingType.WARNING, WARNINGS),
        (FindingType.SUGGESTION, SUGGESTIONS),
    )
    for kind, table in tables:
        for code, wording in table.items():
            found[code] = Issue(code, kind, (wording,) if isinstance(wording, str) else wording)
    return found


ISSUES: Final[dict[str, Issue]] = _rows()
"""Every issue that is judged."""
