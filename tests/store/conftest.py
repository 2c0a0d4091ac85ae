"""A store on an empty directory, and rows to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.store.database import Store
from tests.store.rows import ACCOUNT, account


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "ostiary.db")
    with made.write() as tx:
        tx.accounts.add(account(ACCOUNT))
    yield made
    made.close()
