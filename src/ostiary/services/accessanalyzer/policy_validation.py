"""services/accessanalyzer: ValidatePolicy.

Source: Access Analyzer API Reference, ValidatePolicy. Details are in English whatever `locale` says.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Final

from ostiary.analysis import PolicyType, ResourceType, validate
from ostiary.policy import DOCUMENT_LIMIT
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.transaction import Transaction

_MOST: Final = 100
"""Findings on a page."""


class ValidationException(ServiceFault):
    """A parameter that can't be used."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message, extra={"reason": "fieldValidationFailed"})


@operation("accessanalyzer", "ValidatePolicy", asks=on_everything("access-analyzer:ValidatePolicy"), blocking=True)
def validate_policy(call: Call, _tx: Transaction) -> dict[str, Any]:
    """The findings of a document, a page at a time."""
    text = call.params["policyDocument"]
    if len(text) > DOCUMENT_LIMIT:
        raise ValidationException(f"The policy document is longer than {DOCUMENT_LIMIT} characters.")
    named = call.params.get("validatePolicyResourceType")
    limit = call.params.get("maxResults", _MOST)
    if limit < 1:
        raise ValidationException("maxResults must be at least 1.")
    kind = PolicyType(call.params["policyType"])
    begin = _read_token(call, text)
    findings = validate(text, kind, None if named is None else ResourceType(named))
    end = begin + min(limit, _MOST)
    answer: dict[str, Any] = {"findings": [finding.as_dict() for finding in findings[begin:end]]}
    if end < len(findings):
        answer["nextToken"] = _token(text, end)
    return answer


def _token(text: str, begin: int) -> str:
    """Where the next page begins, bound to the document. It gives nothing that its holder could not ask for."""
    return base64.urlsafe_b64encode(f"{begin}:{_digest(text)}".encode()).decode()


def _read_token(call: Call, text: str) -> int:
    token = call.params.get("nextToken")
    if token is None:
        return 0
    try:
        begin, _, digest = base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        raise ValidationException("Invalid nextToken.") from None
    if not (begin.isascii() and begin.isdigit() and len(begin) < 9 and digest == _digest(text)):
        raise ValidationException("Invalid nextToken.")
    return int(begin)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
