"""Calls of boto3 that must be refused, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(call: Any, **parameters: Any) -> dict[str, Any]:
    """The whole answer: `Error` and `ResponseMetadata`."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer: dict[str, Any] = caught.value.response
    return answer


def code(call: Any, **parameters: Any) -> str:
    """The error's code."""
    return str(refused(call, **parameters)["Error"]["Code"])


def message(call: Any, **parameters: Any) -> str:
    """The error's text."""
    return str(refused(call, **parameters)["Error"]["Message"])
