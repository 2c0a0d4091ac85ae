"""The writer loses nothing, writes in batches, and keeps each policy text once."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ostiary.audit.writer import AuditWriter
from ostiary.authorization.judge import Ask
from ostiary.store import tables
from ostiary.store.database import Store
from ostiary.store.link import Prepared
from ostiary.store.records import EventRecord
from tests.audit.recording import happened, recorded_call
from tests.sts.people import add_role, add_user, judged, trust
from tests.world import World

GET = Ask(action="s3:GetObject", resource="arn:aws:s3:::box/key")


def events(world: World) -> list[str]:
    with world.house.store.read() as tx:
        return [each.request_id for each in reversed(tx.events.latest(100_000))]


def test_nothing_is_written_before_it_is_time_and_everything_is_on_close(world: World, tmp_path: Path) -> None:
    audit = AuditWriter(world.house.store, 3600)
    for number in range(2500):
        audit.note(happened(world, f"r{number}", None))
    assert events(world) == []
    audit._stop.set()
    audit.close()
    assert events(world) == [f"r{number}" for number in range(2500)]
    assert not audit._thread.is_alive()


def test_the_thread_writes_by_itself(world: World) -> None:
    audit = AuditWriter(world.house.store, 0.01)
    audit.note(happened(world, "r1", None))
    audit.note_use("AKIA1", 5, "iam", "us-east-1")
    until = time.monotonic() + 10
    while not events(world) and time.monotonic() < until:
        time.sleep(0.01)
    assert events(world) == ["r1"]
    audit.close()


def test_many_events_are_few_transactions(world: World, audit: AuditWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[None] = []
    write = Store.write
    monkeypatch.setattr(Store, "write", lambda store: begun.append(None) or write(store))
    for number in range(2500):
        audit.note(happened(world, f"r{number}", None))
    audit.flush()
    assert len(begun) == 3
    audit.flush()
    assert len(begun) == 3, "nothing to write is not written"


def fail_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next write of events fails as a full disk does: within the transaction."""
    from ostiary.store.events import Events

    append = Events.append

    def full(events: Events, records: list[EventRecord]) -> None:
        append(events, records)
        monkeypatch.setattr(Events, "append", append)
        raise OSError("disk full")

    monkeypatch.setattr(Events, "append", full)


def test_a_write_that_fails_once_loses_nothing(
    world: World, audit: AuditWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = add_user(world, "alice")
    add_role(world, "app", trust("*"))
    role_id = f"AROA{'APP':A<17}"
    fail_once(monkeypatch)
    audit.note(happened(world, "r1", alice, judged(world, alice, GET)))
    audit.note_use("AKIA1", 5, "iam", "us-east-1")
    audit.note_role_use(role_id, 6, "eu-west-1")
    with pytest.raises(OSError, match="disk full"):
        audit.flush()
    assert events(world) == []
    audit.note(happened(world, "r2", None))
    audit.note_use("AKIA2", 7, "s3", "us-east-1")
    audit.flush()
    assert events(world) == ["r1", "r2"]
    with world.house.store.read() as tx:
        keys = [tx.access_keys.use_of(key) for key in ("AKIA1", "AKIA2")]
        role = tx.roles.by_id(role_id)
        assert tx._link.value(Prepared(select(func.count()).select_from(tables.documents))) == 1
    assert [each.at for each in keys if each] == [5, 7]
    assert role is not None
    assert (role.used, role.used_region) == (6, "eu-west-1")


def test_a_use_that_came_after_a_failed_write_is_not_put_back(
    world: World, audit: AuditWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch)
    audit.note_use("AKIA1", 5, "iam", "us-east-1")
    with pytest.raises(OSError, match="disk full"):
        audit.flush()
    audit.note_use("AKIA1", 9, "s3", "eu-west-1")
    audit.flush()
    with world.house.store.read() as tx:
        found = tx.access_keys.use_of("AKIA1")
    assert found is not None
    assert (found.at, found.service) == (9, "s3")


def test_the_thread_goes_on_after_a_failure(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_once(monkeypatch)
    audit = AuditWriter(world.house.store, 0.01)
    audit.note(happened(world, "r1", None))
    until = time.monotonic() + 10
    while not events(world) and time.monotonic() < until:
        time.sleep(0.01)
    audit.close()
    assert events(world) == ["r1"]
    assert "events could not be written: OSError" in capsys.readouterr().err


def test_an_event_that_can_t_be_written_down_does_not_hold_up_the_others(world: World, audit: AuditWriter) -> None:
    audit.note(happened(world, "r1", None, parameters={"odd": object()}, error=("AccessDenied", "no")))
    audit.note(happened(world, "r2", None, parameters={"number": 1 << 80}))
    audit.note(happened(world, "r3", None))
    audit.flush()
    assert events(world) == ["r1", "r2", "r3"]
    with world.house.store.read() as tx:
        body = json.loads(tx.events.find("r1")[0].body)
    assert body["errorCode"] == "AccessDenied"
    assert body["requestParameters"] == {"ostiary": "what was asked could not be recorded"}


def test_nobody_keeps_requests_out_of_the_record_by_what_is_said_in_them(world: World, audit: AuditWriter) -> None:
    """A message may quote half a surrogate pair of a policy's JSON, which no file can hold."""
    alice = add_user(world, "alice", '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}')
    odd = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "\ud800"}})
    said = recorded_call(world, audit, "r1", "sts:GetFederationToken", alice, Name="fed", Policy=odd)
    assert said == "MalformedPolicyDocument"
    audit.note(happened(world, "r2", alice, parameters={"a\ud800": ["\udc00", {"x": ("\ud801",)}]}))
    audit.note(happened(world, "r3", alice, parameters={"x": object()}, error=("X\ud800", "y\ud800")))
    audit.note(happened(world, "r4", alice))
    audit.flush()
    assert events(world) == ["r1", "r2", "r3", "r4"]
    with world.house.store.read() as tx:
        bodies = {each.request_id: json.loads(each.body) for each in tx.events.latest(10)}
    assert "Resource \\ud800" in bodies["r1"]["errorMessage"]
    assert bodies["r2"]["requestParameters"] == {"a\\ud800": ["\\udc00", {"x": ["\\ud801"]}]}


def test_a_policy_text_is_kept_once_whoever_has_it(world: World, audit: AuditWriter) -> None:
    callers = [add_user(world, name) for name in ("alice", "bob")]
    for number in range(10):
        caller = callers[number % 2]
        audit.note(happened(world, f"r{number}", caller, judged(world, caller, GET)))
        audit.flush()
    with world.house.store.read() as tx:
        assert tx._link.value(Prepared(select(func.count()).select_from(tables.documents))) == 1


def test_only_the_latest_use_is_written(world: World, audit: AuditWriter) -> None:
    for at in (1, 2, 3):
        audit.note_use("AKIA1", at, "iam", "us-east-1")
    audit.flush()
    with world.house.store.read() as tx:
        found = tx.access_keys.use_of("AKIA1")
    assert found is not None
    assert found.at == 3


def test_threads_that_note_while_it_is_flushed_lose_nothing(world: World) -> None:
    audit = AuditWriter(world.house.store, 0.001)

    def note(thread: int) -> None:
        for number in range(300):
            audit.note(happened(world, f"{thread}/{number}", None))

    running = [threading.Thread(target=note, args=(thread,)) for thread in range(4)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    audit.close()
    found = events(world)
    assert len(found) == 1200
    assert len(set(found)) == 1200


def test_the_last_use_of_a_key_says_which_client_it_was(world: World, audit: AuditWriter) -> None:
    audit.note_use("AKIA1", 5, "iam", "us-east-1", "aws-cli/2.1 " + "x" * 600, "192.0.2.7")
    audit.flush()
    audit.note_use("AKIA1", 6, "iam", "us-east-1", "Boto3/1.4", "2001:db8::1")
    with world.house.store.read() as tx:
        use = tx.access_keys.use_of("AKIA1")
    assert use is not None
    assert (use.at, use.user_agent, use.source_ip) == (5, ("aws-cli/2.1 " + "x" * 600)[:512], "192.0.2.7")
    audit.flush()
    with world.house.store.read() as tx:
        use = tx.access_keys.use_of("AKIA1")
    assert use is not None and (use.at, use.user_agent, use.source_ip) == (6, "Boto3/1.4", "2001:db8::1")
