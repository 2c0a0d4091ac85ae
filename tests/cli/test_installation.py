"""Verbs that open a data directory: one that is not there, or can't be used, is said plainly and left as it is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ostiary.cli import account, instance, mfa
from tests.world import ACCOUNT, World

VERBS = [
    (account, ("list",)),
    (account, ("quota", ACCOUNT)),
    (mfa, ("import", "-", "--account", ACCOUNT)),
    (instance, ("local", "--clear")),
]
each_verb = pytest.mark.parametrize(("module", "words"), VERBS, ids=["list", "quota", "import", "local"])


def run(module: Any, data: Path, *words: str) -> Result:
    return CliRunner().invoke(module.app, [*words, "--data", str(data)], env={**os.environ, "COLUMNS": "200"})


@each_verb
def test_a_directory_that_holds_nothing_is_named_and_not_made(
    module: Any, words: tuple[str, ...], tmp_path: Path
) -> None:
    done = run(module, tmp_path / "nothing", *words)
    assert done.exit_code == 1
    assert f"holds no installation; start one with `ostiary serve --data {tmp_path / 'nothing'}`" in done.output
    assert not (tmp_path / "nothing").exists()


@each_verb
def test_one_of_a_newer_release_is_refused_in_words(world: World, module: Any, words: tuple[str, ...]) -> None:
    data = world.house.settings.data
    with sqlite3.connect(data / "ostiary.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    done = run(module, data, *words)
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    assert "can't be used: it was written by a newer release" in done.output


@each_verb
def test_one_without_its_master_key_as_it_was_is_refused_in_words(
    world: World, module: Any, words: tuple[str, ...]
) -> None:
    data = world.house.settings.data
    (data / "master.key").write_text("no key")
    done = run(module, data, *words)
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    assert "is not the base64 text of 32 bytes" in done.output
