"""policy: the one error of this room. Wording as IAM answers it (IAM API Reference, `MalformedPolicyDocument`)."""

from __future__ import annotations

from typing import Final

MALFORMED: Final = "MalformedPolicyDocument"
LIMIT_EXCEEDED: Final = "LimitExceeded"


class MalformedPolicy(ValueError):
    """A text that is no policy, or not one of the kind it is saved as.

    Attributes:
        code: the API's error code, `MalformedPolicyDocument` or `LimitExceeded`.
        message: AWS's wording.
        finding: the issue code of Access Analyzer's ValidatePolicy, where there is one.
        pointer: JSON pointer (RFC 6901) of the element at fault.
        line, column: where it stands, counted from 1.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = MALFORMED,
        finding: str | None = None,
        pointer: str = "",
        line: int = 1,
        column: int = 1,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.finding = finding
        self.pointer = pointer
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (line {self.line}, column {self.column})"
