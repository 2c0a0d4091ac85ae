"""doors/console: the menu. Every item is there for everybody; what may not be seen says so on its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ostiary.doors.console.visit import Visit


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


MENU: Final = (
    (
        _("Access management"),
        (
            ("/users", _("Users")),
            ("/groups", _("User groups")),
            ("/roles", _("Roles")),
            ("/policies", _("Policies")),
            ("/providers", _("Identity providers")),
            ("/instances", _("Instances")),
            ("/settings", _("Account settings")),
        ),
    ),
    (
        _("Understand access"),
        (
            ("/explain", _("Explain a request")),
            ("/who-can", _("Who can do this?")),
            ("/simulator", _("Policy simulator")),
            ("/preview", _("Change preview")),
        ),
    ),
    (
        _("Watch"),
        (
            ("/", _("Security dashboard")),
            ("/report", _("Credential report")),
            ("/last-used", _("Last used")),
            ("/audit", _("Audit trail")),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the menu."""

    url: str
    text: str
    here: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with its lines."""

    text: str
    items: tuple[Item, ...]


def navigation(visit: Visit) -> tuple[Part, ...]:
    """The menu of a page."""
    translate: Callable[[str], str] = visit._
    return tuple(
        Part(translate(heading), tuple(Item(url, translate(text), _is_here(visit.path, url)) for url, text in items))
        for heading, items in MENU
    )


def _is_here(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(f"{url}/"))
