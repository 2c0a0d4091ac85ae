"""Opening the record of a data directory from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ostiary.settings import Settings

if TYPE_CHECKING:
    from ostiary.store.database import Store


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
