"""What the verbs that read the record share: opening it, and printing from it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from rich.console import Console
from rich.text import Text

from ostiary.settings import Settings

if TYPE_CHECKING:
    from ostiary.store.database import Store

_UNCUT: Final = 10_000
"""Columns: what is not read on a terminal is neither cut nor wrapped."""


def console() -> Console:
    """Prints texts as they are; as wide as the terminal, if there is one."""
    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _UNCUT)


def text(*parts: str | tuple[str, str] | Text) -> Text:
    """Texts, some with a style. Control characters are made visible: the record holds what anybody sent."""
    return Text.assemble(*(_safe(part) for part in parts))


def _safe(part: str | tuple[str, str] | Text) -> str | tuple[str, str] | Text:
    if isinstance(part, Text):
        return part
    if isinstance(part, tuple):
        return _visible(part[0]), part[1]
    return _visible(part)


def _visible(words: str) -> str:
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in words)


def open_record(data: Path) -> Store:
    """The store of a data directory that is there already; ends the command if it is not."""
    from ostiary.store.database import Store
    from ostiary.store.migrate import NewerDatabase

    settings = Settings(data=data.expanduser().absolute())
    if not settings.database.is_file():
        typer.echo(f"ostiary: `{settings.data}` is no data directory; name it with --data", err=True)
        raise typer.Exit(1)
    try:
        return Store(settings.database)
    except (NewerDatabase, OSError) as reason:
        typer.echo(f"ostiary: `{settings.data}` can't be used: {reason}", err=True)
        raise typer.Exit(1) from None
