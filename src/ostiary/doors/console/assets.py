"""doors/console: the bundled browser files, by the names that the build hook gave them."""

from __future__ import annotations

import json
import mimetypes
from functools import cache
from importlib.resources import files
from typing import Final

_STATIC: Final = "static"
PREFIX: Final = "/static/"


class NotBundled(Exception):
    """The browser files are missing: the package was not built."""

    def __init__(self) -> None:
        super().__init__("the console's browser files are missing; run `make assets`")


@cache
def _manifest() -> dict[str, str]:
    try:
        text = (files("ostiary.doors.console") / _STATIC / "manifest.json").read_text()
    except FileNotFoundError:
        raise NotBundled from None
    found: dict[str, str] = json.loads(text)["files"]
    return found


def asset_url(name: str) -> str:
    """Where a browser gets a file: the name tells its content, so it may be kept for ever."""
    return PREFIX + _manifest()[name]


@cache
def asset(file: str) -> tuple[bytes, str] | None:
    """Content and media type of a bundled file; None when there is none."""
    if file not in _manifest().values():
        return None
    content = (files("ostiary.doors.console") / _STATIC / file).read_bytes()
    return content, mimetypes.guess_type(file)[0] or "application/octet-stream"
