"""Transactions: all or nothing, durable, private, and told to everybody who watches."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from ostiary.store.database import Store
from ostiary.store.link import Prepared
from ostiary.store.records import EventRecord
from tests.store.rows import ACCOUNT, account, group, key, policy, user, version


class Stop(Exception):
    pass


def test_an_exception_undoes_the_whole_transaction(store: Store) -> None:
    watch = store.watch()
    watch.news()
    with pytest.raises(Stop), store.write() as tx:
        tx.users.add(user("bob"))
        tx.settings.put("a", "b")
        raise Stop
    with store.read() as tx:
        assert tx.users.get(ACCOUNT, "bob") is None
        assert tx.settings.get("a") is None
    assert watch.news() == frozenset()
    with store.write() as tx:
        tx.users.add(user("bob"))


def test_a_reader_can_t_write(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"), store.read() as tx:
        tx.settings.put("a", "b")
    with store.read() as tx:
        assert tx.settings.get("a") is None


def test_a_reader_keeps_its_view_while_others_write(store: Store) -> None:
    with store.read() as reading:
        assert reading.settings.get("a") is None
        with store.write() as tx:
            tx.settings.put("a", "b")
        assert reading.settings.get("a") is None
    with store.read() as tx:
        assert tx.settings.get("a") == "b"


def test_the_watch_tells_what_another_store_on_the_same_file_changed(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "ostiary.db")
    watch = store.watch()
    assert watch.news() is None, "whoever begins to watch must forget everything"
    assert watch.news() == frozenset()
    with other.write() as tx:
        tx.users.add(user("bob"))
        tx.access_keys.add(key("AKIA1", user("bob").id))
    assert watch.news() == {user("bob").id, "AKIA1"}
    assert watch.news() == frozenset()
    with store.write() as tx:
        tx.access_keys.set_active("AKIA1", False)
    assert watch.news() == {"AKIA1"}
    other.close()


def test_every_write_names_what_others_may_remember(store: Store) -> None:
    watch = store.watch()
    watch.news()
    bob, devs, rules = user("bob"), group("devs"), policy("rules")
    steps = [
        (lambda tx: tx.users.add(bob), {bob.id}),
        (lambda tx: tx.users.change(bob.id, path="/x/"), {bob.id}),
        (lambda tx: tx.groups.add(devs), {devs.id}),
        (lambda tx: tx.groups.enrol(devs.id, bob.id), {bob.id}),
        (lambda tx: tx.groups.dismiss(devs.id, bob.id), {bob.id}),
        (lambda tx: tx.policies.add(rules), {rules.id}),
        (lambda tx: tx.policies.add_version(version(rules.id, 1)), {rules.id}),
        (lambda tx: tx.policies.change(rules.id, default_version=1), {rules.id}),
        (lambda tx: tx.attachments.attach(bob.id, "arn:p", ACCOUNT, 1), {bob.id}),
        (lambda tx: tx.attachments.detach(bob.id, "arn:p"), {bob.id}),
        (lambda tx: tx.inline_policies.put(devs.id, "p", "{}"), {devs.id}),
        (lambda tx: tx.inline_policies.remove(devs.id, "p"), {devs.id}),
        (lambda tx: tx.tags.remove(bob.id), {bob.id}),
        (lambda tx: tx.access_keys.add(key("AKIA1", bob.id)), {"AKIA1"}),
        (lambda tx: tx.access_keys.remove("AKIA1"), {"AKIA1"}),
        (lambda tx: tx.accounts.change(ACCOUNT, alias="acme"), {ACCOUNT}),
        (lambda tx: tx.buckets.set_policy("box", "{}"), {"bucket:box"}),
        (lambda tx: tx.users.remove(bob.id), {bob.id}),
    ]
    for step, touched in steps:
        with store.write() as tx:
            step(tx)
        assert watch.news() == touched


def test_of_changes_that_are_made_together_it_is_told_what_those_touched_that_hold(store: Store) -> None:
    watch = store.watch()
    watch.news()
    bob, eve = user("bob"), user("eve")
    with store.together():
        with store.write() as tx:
            tx.users.add(bob)
        with pytest.raises(Stop), store.write() as tx:
            tx.users.add(eve)
            raise Stop
        assert watch.news() == frozenset()
    assert watch.news() == {bob.id}
    with pytest.raises(Stop), store.together():
        with store.write() as tx:
            tx.users.change(bob.id, path="/x/")
        raise Stop
    assert watch.news() == frozenset()
    with store.write() as tx:
        assert tx.users.get(ACCOUNT, "bob") == bob
        tx.users.add(eve)
    assert watch.news() == {eve.id}


def test_a_watch_that_slept_through_too_many_changes_forgets_everything(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostiary.store.transaction._KEPT_CHANGES", 100)
    watch = store.watch()
    watch.news()
    with store.write() as tx:
        tx.touch("the entity of long ago")
    for batch in range(3):
        with store.write() as tx:
            tx.touch(*(f"entity {batch}/{number}" for number in range(500)))
    assert watch.news() is None
    with store.write() as tx:
        tx.touch("the newest")
    assert watch.news() == {"the newest"}


def test_writers_in_many_threads_lose_nothing(store: Store) -> None:
    def add(number: int) -> None:
        with store.write() as tx:
            tx.users.add(user(f"u{number}"))
            seen = int(tx.settings.get("count") or 0)
            tx.settings.put("count", str(seen + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(100)))
    with store.read() as tx:
        assert (tx.users.count(ACCOUNT), tx.settings.get("count")) == (100, "100")


_PROCESS = """
import sys
from pathlib import Path
from ostiary.store.database import Store
from ostiary.store.link import Prepared
from ostiary.store.records import EventRecord
from tests.store.rows import ACCOUNT, account, user
store = Store(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    with store.write() as tx:
        if tx.accounts.get(ACCOUNT) is None:
            tx.accounts.add(account(ACCOUNT))
        tx.users.add(user(f"p{sys.argv[2]}n{number}"))
        tx.settings.put("count", str(int(tx.settings.get("count") or 0) + 1))
"""


def start_writer(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _PROCESS, str(path), name, str(count)])


def test_processes_that_start_together_on_a_new_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    running = [start_writer(path, str(number), 25) for number in range(4)]
    assert [each.wait(120) for each in running] == [0] * 4
    store = Store(path)
    with store.read() as tx:
        assert (tx.users.count(ACCOUNT), tx.settings.get("count")) == (100, "100")
    assert store.is_sound()
    store.close()


def test_the_watch_tells_what_another_process_changed(store: Store, tmp_path: Path) -> None:
    watch = store.watch()
    watch.news()
    assert start_writer(tmp_path / "ostiary.db", "x", 2).wait(60) == 0
    news = watch.news()
    assert news is not None
    assert {user("pxn0").id, user("pxn1").id} <= news


def test_what_was_committed_survives_a_process_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    script = _PROCESS + "\nprint('done', flush=True)\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    done = subprocess.run([sys.executable, "-c", script, str(path), "k", "5"], stdout=subprocess.PIPE, check=False)
    assert done.returncode == -9
    store = Store(path)
    with store.read() as tx:
        assert tx.users.count(ACCOUNT) == 5
    store.close()


def test_the_database_and_its_companions_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    store = Store(path)
    with store.write() as tx:
        tx.accounts.add(account(ACCOUNT))
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("ostiary.db*")}
    assert set(modes) == {"ostiary.db", "ostiary.db-wal", "ostiary.db-shm"}
    assert set(modes.values()) == {0o600}
    store.close()


def test_commits_are_synchronous_and_keys_are_enforced(store: Store) -> None:
    with store.write() as writing, store.read() as reading:
        for link in (writing._link, reading._link):
            names = ("journal_mode", "synchronous", "foreign_keys")
            found = {name: link.value(Prepared(text(f"PRAGMA {name}"))) for name in names}
            assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ostiary.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(Exception, match="not a database"):
        Store(path)
    assert path.read_bytes().startswith(b"this is no database")


def test_damage_is_found(store: Store, tmp_path: Path) -> None:
    with store.write() as tx:
        for number in range(500):
            tx.users.add(user(f"user-{number}"))
    assert store.is_sound()
    store.close()
    path = tmp_path / "ostiary.db"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"AIDAUSER-250", b"AIDAUSER-999", 1))
    damaged = Store(path)
    assert not damaged.is_sound()
    damaged.close()


def asked_by(store: Store) -> list[str]:
    """What is asked of SQLite by who reads next, and next again."""
    asked: list[str] = []
    reader = store.reading.take()
    reader.connection.set_trace_callback(asked.append)
    store.reading.give_back(reader)
    return asked


def named(store: Store, name: str) -> str | None:
    with store.read() as tx:
        found = tx.users.get(ACCOUNT, name)
        return found and found.path


def test_a_user_is_remembered_until_something_is_touched_whoever_touches_it(store: Store, tmp_path: Path) -> None:
    asked, other = asked_by(store), Store(tmp_path / "ostiary.db")
    with store.write() as tx:
        tx.users.add(user("bob"))
    assert named(store, "bob") == "/" and named(store, "eve") is None
    for _ in range(3):
        with other.write() as tx:
            tx.events.append([EventRecord(request_id="r", account=ACCOUNT, at=1, body="{}")])
        asked.clear()
        assert named(store, "bob") == "/" and named(store, "eve") is None
        assert not any("FROM users" in each for each in asked)
    with other.write() as tx:
        tx.users.change(user("bob").id, path="/x/")
        tx.users.add(user("eve"))
    assert named(store, "bob") == "/x/" and named(store, "eve") == "/"
    other.close()


def test_who_reads_what_was_before_remembers_it_for_nobody_else(store: Store) -> None:
    with store.write() as tx:
        tx.users.add(user("bob"))
    with store.read() as earlier:
        earlier.settings.get("begin")
        with store.write() as tx:
            tx.users.change(user("bob").id, path="/x/")
        assert named(store, "bob") == "/x/"
        found = earlier.users.get(ACCOUNT, "bob")
        assert found is not None and found.path == "/"
        assert named(store, "bob") == "/x/"
    assert named(store, "bob") == "/x/"
