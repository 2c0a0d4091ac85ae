"""Service S3: which tags an object or a bucket may have.

Source: Amazon S3 User Guide, "Categorizing your storage using tags"; Amazon S3 API Reference, PutObjectTagging,
PutBucketTagging; the words of the refusals as AWS was seen to say them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from ostiary.services.faults import ServiceFault

Tags = Sequence[tuple[str, str]]
_OF_AN_OBJECT: Final = 10
_OF_A_BUCKET: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_SIGNS: Final = frozenset("_.:/=+-@")
_KINDS: Final = frozenset("LNZ")
"""Letters, numbers, separators: the first character of Unicode's general category."""


def check_object_tags(tags: Tags) -> None:
    """Refuse what can't be the tags of an object. Raises `ServiceFault` InvalidTag, BadRequest."""
    _check(tags, "Your TagKey cannot be prefixed with aws:")
    if len(tags) > _OF_AN_OBJECT:
        raise ServiceFault("BadRequest", f"Object tags cannot be greater than {_OF_AN_OBJECT}", 400)


def check_bucket_tags(tags: Tags) -> None:
    """Refuse what can't be the tags of a bucket. Raises `ServiceFault` InvalidTag, BadRequest."""
    _check(tags, "System tags cannot be added/updated by requester")
    if len(tags) > _OF_A_BUCKET:
        raise ServiceFault("BadRequest", f"Bucket tag count cannot be greater than {_OF_A_BUCKET}", 400)


def _check(tags: Tags, reserved: str) -> None:
    seen = set()
    for key, value in tags:
        if key in seen:
            raise _invalid("Cannot provide multiple Tags with the same key", TagKey=key)
        seen.add(key)
        if key.lower().startswith("aws:"):
            raise _invalid(reserved, TagKey=key)
        if not 1 <= len(key) <= _LONGEST_KEY or not _writable(key):
            raise _invalid("The TagKey you have provided is invalid", TagKey=key)
        if len(value) > _LONGEST_VALUE or not _writable(value):
            raise _invalid("The TagValue you have provided is invalid", TagKey=key, TagValue=value)


def _writable(text: str) -> bool:
    return all(each in _SIGNS or unicodedata.category(each)[0] in _KINDS for each in text)


def _invalid(message: str, **details: str) -> ServiceFault:
    return ServiceFault("InvalidTag", message, 400, details)
