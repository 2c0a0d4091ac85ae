"""services/iam: pages of a listing.

Source: IAM API Reference, "Pagination": MaxItems 1–1000, 100 when absent; Marker is opaque.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from ostiary.services.iam.faults import ValidationError
from ostiary.services.operation import Call
from ostiary.store.records import NamedRecord

T = TypeVar("T")
DEFAULT_ITEMS: Final = 100
_MAC_BYTES: Final = 12


def page(
    call: Call, fetch: Callable[[str, int], Sequence[T]], key: Callable[[T], str], *, most: int | None = None
) -> tuple[Sequence[T], dict[str, Any]]:
    """One page, and the output members that say whether there is more.

    Args:
        call: its `MaxItems` and `Marker` are obeyed.
        fetch: given a key and a number, up to that many items after the key, in the order of their keys.
        key: an item's place in the order; at most 200 characters, so that a marker fits into its 320.
        most: items of a page, where MaxItems may ask for too many.

    Raises:
        ValidationError: the marker was not given out by this operation in this account.
    """
    limit = int(call.params.get("MaxItems", DEFAULT_ITEMS))
    if most is not None:
        limit = min(limit, most)
    found = fetch(_read_marker(call), limit + 1)
    if len(found) <= limit:
        return found, {"IsTruncated": False}
    return found[:limit], {"IsTruncated": True, "Marker": _marker(call, key(found[limit - 1]))}


def page_of(call: Call, items: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], dict[str, Any]]:
    """One page of a short list; it is put in the order of its keys first."""
    ordered = sorted(items, key=key)
    return page(call, lambda after, limit: [item for item in ordered if key(item) > after][:limit], key)


def by_name(record: NamedRecord) -> str:
    """The order of the store's pages."""
    return record.name.lower()


def _marker(call: Call, after: str) -> str:
    """Never with a `-` in front, as in the alphabet for URLs: command lines would take it for an option."""
    return base64.b64encode(_mac(call, after) + after.encode()).decode()


def _read_marker(call: Call) -> str:
    marker = call.params.get("Marker")
    if marker is None:
        return ""
    try:
        given = base64.b64decode(marker, validate=True)
        after = given[_MAC_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise ValidationError("Invalid Marker.") from None
    if not hmac.compare_digest(given[:_MAC_BYTES], _mac(call, after)):
        raise ValidationError("Invalid Marker.")
    return after


def _mac(call: Call, after: str) -> bytes:
    """Binds a marker to the listing it came from."""
    text = "\n".join((call.account, call.operation, after))
    return hmac.digest(call.house.vault.derive("markers"), text.encode(), "sha256")[:_MAC_BYTES]
