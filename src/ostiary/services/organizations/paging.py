"""services/organizations: pages of a listing.

Source: Organizations API Reference: MaxResults 1–20; NextToken is opaque.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from ostiary.services.operation import Call
from ostiary.services.organizations.faults import InvalidInput

T = TypeVar("T")
_MOST: Final = 20
_MAC_BYTES: Final = 12


def page(call: Call, items: Iterable[T], key: Callable[[T], str]) -> tuple[Sequence[T], dict[str, Any]]:
    """One page in the order of the keys, and `NextToken` when there is more.

    Raises:
        InvalidInput: the token was not given out by this operation in this account.
    """
    limit = int(call.params.get("MaxResults") or _MOST)
    after = _read_token(call)
    rest = [item for item in sorted(items, key=key) if key(item) > after]
    if len(rest) <= limit:
        return rest, {}
    return rest[:limit], {"NextToken": _token(call, key(rest[limit - 1]))}


def _token(call: Call, after: str) -> str:
    return base64.b64encode(_mac(call, after) + after.encode()).decode()


def _read_token(call: Call) -> str:
    token = call.params.get("NextToken")
    if not token:
        return ""
    try:
        given = base64.b64decode(token, validate=True)
        after = given[_MAC_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise _invalid() from None
    if not hmac.compare_digest(given[:_MAC_BYTES], _mac(call, after)):
        raise _invalid()
    return after


def _invalid() -> InvalidInput:
    return InvalidInput("INVALID_NEXT_TOKEN", "You specified an invalid value for NextToken.")


def _mac(call: Call, after: str) -> bytes:
    text = "\n".join((call.account, call.operation, after))
    return hmac.digest(call.house.vault.derive("organizations tokens"), text.encode(), "sha256")[:_MAC_BYTES]
