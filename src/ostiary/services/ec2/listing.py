"""services/ec2: filters and pages of listings.

Source: Amazon EC2 User Guide, "List and filter using the CLI and API" (wildcards `*` and `?`, a backslash before one
that is meant literally); Amazon EC2 API Reference, "Pagination".
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from ostiary.policy.globs import Glob, Part, Wild
from ostiary.services.ec2.faults import InvalidParameterCombination, InvalidParameterValue
from ostiary.services.operation import Call

T = TypeVar("T")
Values = Callable[[T], Iterable[str]]
"""The values of one property that an item has; it is kept when one of them matches."""
_PIECES: Final = re.compile(r"\\(.)|([*?])|([^*?\\]+|\\)", re.DOTALL)
_WILD: Final[Mapping[str, Part]] = {"*": Wild.STAR, "?": Wild.ONE}
_MAC_BYTES: Final = 12


def filtered(
    items: Iterable[T],
    given: Iterable[Mapping[str, Any]] | None,
    known: Mapping[str, Values[T]],
    tags: Callable[[T], Mapping[str, str]] | None = None,
) -> list[T]:
    """The items that every filter lets through.

    Args:
        items: in their order.
        given: the request's `Filters`; the values of one filter are alternatives.
        known: what an item has, by filter name.
        tags: an item's tags, for the filters `tag:KEY` and `tag-key`.

    Raises:
        InvalidParameterValue: there is no filter of that name.
    """
    kept = list(items)
    for each in given or ():
        name, globs = each.get("Name") or "", [_glob(value) for value in each.get("Values") or ()]
        values = known.get(name) or _of_tags(name, tags)
        if values is None:
            raise InvalidParameterValue(f"The filter '{name}' is invalid")
        kept = [item for item in kept if any(glob.matches(value) for value in values(item) for glob in globs)]
    return kept


def page(
    call: Call, items: Sequence[T], key: Callable[[T], str], *, least: int, named: str | None = None
) -> tuple[Sequence[T], dict[str, Any]]:
    """One page, and the output member that says where the next begins.

    Args:
        call: its `MaxResults` and `NextToken` are obeyed; without `MaxResults` everything is one page.
        items: in the order of their keys.
        key: an item's place in the order.
        least: the smallest `MaxResults`; the largest is 1000.
        named: the parameter with ids, where it can't be used together with `MaxResults`.

    Raises:
        InvalidParameterValue: `MaxResults` is out of its range, or the token was not given out here.
        InvalidParameterCombination: ids and `MaxResults` together.
    """
    limit: int | None = call.params.get("MaxResults")
    token: str | None = call.params.get("NextToken")
    if limit is not None and named is not None and call.params.get(named):
        raise InvalidParameterCombination(
            f"The parameter {named[:1].lower() + named[1:]} cannot be used with the parameter maxResults"
        )
    if limit is not None and not least <= limit <= 1000:
        bound = f"greater than {least}" if limit < least else "smaller than 1000"
        raise InvalidParameterValue(
            f"Value ( {limit} ) for parameter maxResults is invalid. Expecting a value {bound}."
        )
    if token:
        after = _read_token(call, token)
        items = [item for item in items if key(item) > after]
    if limit is None or len(items) <= limit:
        return items, {}
    return items[:limit], {"NextToken": _token(call, key(items[limit - 1]))}


def _of_tags(name: str, tags: Callable[[T], Mapping[str, str]] | None) -> Values[T] | None:
    if tags is None:
        return None
    if name == "tag-key":
        return lambda item: tuple(tags(item))
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda item: (tags(item)[key],) if key in tags(item) else ()
    return None


def _glob(text: str) -> Glob:
    parts: list[Part] = []
    for found in _PIECES.finditer(text):
        escaped, wild, plain = found.groups()
        part = _WILD[wild] if wild else escaped or plain
        if parts and isinstance(part, str) and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Glob(parts)


def _token(call: Call, after: str) -> str:
    return base64.b64encode(_mac(call, after) + after.encode()).decode()


def _read_token(call: Call, token: str) -> str:
    refusal = InvalidParameterValue("Unable to parse pagination token")
    try:
        given = base64.b64decode(token, validate=True)
        after = given[_MAC_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise refusal from None
    if not hmac.compare_digest(given[:_MAC_BYTES], _mac(call, after)):
        raise refusal
    return after


def _mac(call: Call, after: str) -> bytes:
    """Binds a token to the listing it came from."""
    text = "\n".join((call.account, call.facts.region, call.operation, after))
    return hmac.digest(call.house.vault.derive("ec2 pages"), text.encode(), "sha256")[:_MAC_BYTES]
