"""services/ec2: tags. Keys and values are case-sensitive; a key is there once.

Source: Amazon EC2 User Guide, "Tag restrictions".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ostiary.services.ec2.faults import InvalidParameterValue, TagLimitExceeded

_MOST: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_RESERVED: Final = "aws:"


def read_tags(given: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """The tags of a request. A tag without a value has the empty one.

    Raises:
        InvalidParameterValue: a key is missing, too long, AWS's own or there twice, or a value is too long.
    """
    tags: dict[str, str] = {}
    for tag in given or ():
        key, value = tag.get("Key") or "", tag.get("Value") or ""
        if not key:
            raise InvalidParameterValue("Tag key cannot be null or empty.")
        if key.lower().startswith(_RESERVED):
            raise InvalidParameterValue("Tag keys starting with 'aws:' are reserved for internal use")
        if len(key) > _LONGEST_KEY:
            raise InvalidParameterValue(f"Tag key exceeds the maximum length of {_LONGEST_KEY} characters")
        if len(value) > _LONGEST_VALUE:
            raise InvalidParameterValue(f"Tag value exceeds the maximum length of {_LONGEST_VALUE} characters")
        if key in tags:
            raise InvalidParameterValue(f"Duplicate tag key '{key}' specified.")
        tags[key] = value
    return tags


def merged(held: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Tags with others added or replaced. Raises `TagLimitExceeded`."""
    tags = {**held, **new}
    if len(tags) > _MOST:
        raise TagLimitExceeded("The maximum number of Tags for a resource has been reached.")
    return tags


def shown_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """As the API shows them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
