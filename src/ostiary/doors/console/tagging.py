"""doors/console: tags as rows of a form, `tag_key` and `tag_value` in turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ostiary.doors.console.forms import Fields


def tags_written(form: Fields) -> list[dict[str, str]]:
    """What was written; rows without a key are none."""
    keys = [value.strip() for name, value in form if name == "tag_key"]
    values = [value.strip() for name, value in form if name == "tag_value"]
    return [{"Key": key, "Value": value} for key, value in zip(keys, values, strict=False) if key]


def tag_changes(before: Iterable[Any], after: list[dict[str, str]]) -> tuple[list[dict[str, str]], list[str]]:
    """Which tags to put, and the keys of those to remove."""
    there = {tag["Key"]: tag["Value"] for tag in before}
    wanted = {tag["Key"]: tag["Value"] for tag in after}
    return [tag for tag in after if there.get(tag["Key"]) != tag["Value"]], [key for key in there if key not in wanted]
