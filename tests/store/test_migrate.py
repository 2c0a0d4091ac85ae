"""The tables of this release, made at once or by Alembic's scripts, are the same; newer ones are refused."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from ostiary.store import migrate
from ostiary.store.database import Store
from ostiary.store.tables import metadata
from tests.store.rows import ACCOUNT, account


@pytest.fixture
def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    return made


def schema(path: Path) -> dict[str, list[str]]:
    """The parts of each definition, in any order: a column that is added stands behind the constraints."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: _parts(sql) for name, sql in rows if name != "alembic_version"}


def _parts(sql: str) -> list[str]:
    head, _, rest = re.sub(r"\s+", " ", sql).partition("(")
    return [head.strip(), *sorted(part.strip() for part in re.split(r",(?![^(]*\))", rest.strip().removesuffix(")")))]


def test_the_scripts_make_the_tables_that_a_new_database_has(config: Config, tmp_path: Path) -> None:
    with create_engine(f"sqlite:///{tmp_path / 'scripts.db'}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    Store(tmp_path / "new.db").close()
    assert schema(tmp_path / "scripts.db") == schema(tmp_path / "new.db")
    assert len(schema(tmp_path / "new.db")) > 15


def test_the_revision_of_a_new_database_is_the_newest_script(config: Config) -> None:
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_a_database_of_a_newer_release_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrate.NewerDatabase, match="newer release"):
        Store(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_an_older_database_is_carried_forward_with_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second revision, made up for this test, is applied to a database of the first."""
    path = tmp_path / "ostiary.db"
    store = Store(path)
    with store.write() as tx:
        tx.accounts.add(account(ACCOUNT))
    store.close()
    scripts = tmp_path / "migrations"
    (scripts / "versions").mkdir(parents=True)
    real = Path(migrate.__file__).parent / "migrations"
    for each in (*real.glob("*.py"), *real.glob("versions/v*")):
        (scripts / each.relative_to(real)).write_bytes(each.read_bytes())
    (scripts / "versions" / "v9000_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = '9000'\ndown_revision = '{migrate.HEAD}'\n"
        "def upgrade():\n    op.add_column('accounts', sa.Column('colour', sa.String(9)))\n"
    )
    monkeypatch.setattr(migrate, "__file__", str(tmp_path / "migrate.py"))
    monkeypatch.setattr(migrate, "HEAD", "9000")
    Store(path).close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT id, colour FROM accounts").fetchall() == [(ACCOUNT, None)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9000",)]


def test_tag_keys_of_all_but_users_and_roles_get_their_case_back(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    owners = ("AIDAUSER", "AROAROLE", "ANPAPOLICY", "AIPAPROFILE", "o-abc")
    with create_engine(f"sqlite:///{path}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        for owner in owners:
            connection.exec_driver_sql("INSERT INTO tags VALUES (?, 'team', 'Team', 'x')", (owner,))
    with Store(path).read() as tx:
        assert all([tag.key for tag in tx.tags.of(owner)] == ["Team"] for owner in owners)
    with sqlite3.connect(path) as connection:
        folded = dict(connection.execute("SELECT owner_id, folded FROM tags").fetchall())
    assert folded == {owner: "team" if owner.startswith(("AIDA", "AROA")) else "Team" for owner in owners}
