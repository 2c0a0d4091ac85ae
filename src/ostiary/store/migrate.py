"""Bring a database to the tables of this release.

A new file is made from `tables` in one go; an older one is carried forward by Alembic, imported only then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect

from ostiary.store.tables import metadata

HEAD: Final = "0013"
"""The revision that `tables` describes; a test holds it against the scripts."""


class NewerDatabase(Exception):
    """The data directory was written by a newer release."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"it was written by a newer release (tables {revision}, this one knows {HEAD})")


def bring_up_to_date(engine: Engine) -> None:
    """Create or migrate, once, however many processes start together.

    Raises:
        NewerDatabase: this release does not know the database's revision.
    """
    with engine.connect() as connection, connection.begin():
        now = _revision(connection)
        if now == HEAD:
            return
        if now is None:
            metadata.create_all(connection)
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        else:
            _migrate(connection, now)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def _migrate(connection: Connection, now: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if now not in known:
        raise NewerDatabase(now)
    command.upgrade(config, "head")
