"""What the tests with boto3 share: clients that remember which operations answered."""

from __future__ import annotations

from typing import Any

from tests import refusals
from tests.covering import note

CALLED: set[str] = set()
"""Operations of IAM and STS that answered in this worker, such as `iam:CreateUser`."""


def remember(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
    """An event handler of botocore's: note the operation that answered, or the error it answered with."""
    called = f"{model.service_model.service_name}:{model.name}"
    if http_response.status_code == 200:
        CALLED.add(called)
        note(called)
    else:
        note(called, error=parsed["Error"]["Code"])


def refused(code: str, operation: Any, **parameters: Any) -> None:
    """Hold that the call is answered with this error code."""
    assert refusals.code(operation, **parameters) == code


def names(items: list[dict[str, Any]], key: str) -> list[str]:
    """One member of each."""
    return [each[key] for each in items]


def tags(items: list[dict[str, str]]) -> dict[str, str]:
    """Tags as a dict."""
    return {each["Key"]: each["Value"] for each in items}
