"""audit: the authorization id of a request: its request id in another spelling, so the record is all there is to keep.

AWS's ids are numbers of 128 bits in base 36, without leading zeros; a request id is such a number too.

Source: IAM User Guide, "Troubleshoot access denied error messages with authorization ID"; botocore's model of
`iam-toolbox` (`AuthorizationId`); ids in published error messages.
"""

from __future__ import annotations

import re
import uuid
from typing import Final

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE_36: Final = re.compile(r"[0-9a-z]{1,25}")
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{32}")


def authorization_id(request_id: str) -> str:
    """`019f…` with hyphens (a UUID) in base 36; empty when the request id is no UUID."""
    try:
        number = uuid.UUID(request_id).int
    except ValueError:
        return ""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def request_id(given: str) -> str | None:
    """The request id that an authorization id stands for; None when it stands for none.

    The request id itself is understood too, without its hyphens, as an authorization id has none: answers that allow
    carry no authorization id.
    """
    if _HEXADECIMAL.fullmatch(given):
        return str(uuid.UUID(hex=given))
    if not _BASE_36.fullmatch(given):
        return None
    number = int(given, 36)
    found = str(uuid.UUID(int=number)) if number < 1 << 128 else ""
    return found if authorization_id(found) == given else None
