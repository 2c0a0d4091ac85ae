"""The data directory that a verb works on: how it is named, and how one that is there already is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ostiary.settings import Settings

if TYPE_CHECKING:
    from ostiary.services.operation import House

DEFAULT_DATA = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "ostiary"
Data = Annotated[Path, typer.Option("--data", help="The data directory.", envvar="OSTIARY_DATA")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def refuse(reason: object) -> NoReturn:
    """End the command."""
    typer.echo(f"ostiary: {reason}", err=True)
    raise typer.Exit(1)


@contextmanager
def installation(data: Path) -> Iterator[House]:
    """The house of a data directory, whether its server runs or not; ends the command where there is none."""
    settings = Settings(data=data.expanduser().absolute())
    if not settings.database.exists():
        refuse(f"`{data}` holds no installation; start one with `ostiary serve --data {data}`")
    from ostiary.app import Unusable, build
    from ostiary.store.migrate import NewerDatabase

    try:
        built = build(settings)
    except (NewerDatabase, Unusable, OSError) as reason:
        refuse(f"`{data}` can't be used: {reason}")
    try:
        yield built.house
    finally:
        built.close()
