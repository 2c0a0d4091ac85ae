"""doors/console: addresses of users and groups, whatever their names."""

from __future__ import annotations

from base64 import b64encode
from typing import Final
from urllib.parse import quote

_TAKEN: Final = frozenset({"create", "bulk", "export.csv", "search"})
"""Names that stand where a user's or a group's could."""


def user_url(name: str, tab: str = "") -> str:
    """The address of a user's page."""
    return _url("/users", name, tab or ("permissions" if name in _TAKEN else ""))


def group_url(name: str, tab: str = "") -> str:
    """The address of a group's page."""
    return _url("/groups", name, tab or ("users" if name in _TAKEN else ""))


def data_url(text: str, media_type: str) -> str:
    """A file within its own address: what is shown once can be kept without asking the server again."""
    return f"data:{media_type};base64,{b64encode(text.encode()).decode()}"


def _url(base: str, name: str, tab: str) -> str:
    return f"{base}/{quote(name, safe='')}{'/' if tab else ''}{tab}"
