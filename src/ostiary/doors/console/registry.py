"""doors/console: the table of pages. A page is a function of a visit; who may be signed in for it stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ostiary.doors.console.visit import Reply, Visit

Handler = Callable[["Visit"], "Reply"]


class For(Enum):
    """Who may see a page."""

    SIGNED_IN = "signed in"
    CHANGING = "signed in, also when the password must be changed first"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A row of the table."""

    method: str
    path: str
    """As Starlette writes it: `/users/{name}`; `{arn:path}` may hold slashes."""
    handler: Handler
    who: For
    confirm: bool
    """The change is dangerous: whoever asks for it must have shown the password within five minutes."""
    slow: bool
    """It compares passwords: a few at a time, and no more than can wait for their turn."""
    foreign: bool
    """A form of somebody else's page may be posted here: it carries its own proof (SAML)."""


PAGES: Final[list[Page]] = []


def page(
    method: str,
    path: str,
    *,
    who: For = For.SIGNED_IN,
    confirm: bool = False,
    slow: bool = False,
    foreign: bool = False,
) -> Callable[[Handler], Handler]:
    """Enter a function into the table of pages. GET shows, POST changes and then redirects."""

    def enter(handler: Handler) -> Handler:
        PAGES.append(
            Page(method=method, path=path, handler=handler, who=who, confirm=confirm, slow=slow, foreign=foreign)
        )
        return handler

    return enter
