"""Changes that share a commit: each has its event, or there is neither change nor event."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary.audit.reading import Reading
from ostiary.gate.request import HttpResponse
from ostiary.store.events import Events
from tests.server.raw import IAM, form
from tests.server.through_gate import InProcess
from tests.world import ACCOUNT, NOW

ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'


class House(InProcess):
    boss: tuple[str, str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "data")
    made.iam("CreateUser", UserName="boss")
    made.iam("PutUserPolicy", UserName="boss", PolicyName="all", PolicyDocument=ALL)
    made.boss = made.key_of("boss")
    yield made
    made.close()


def created(house: House, *names: str) -> list[int]:
    """The statuses of CreateUser for each of these, all made together."""
    routes = [house.route(form("CreateUser", IAM, {"UserName": name}), key=house.boss) for name in names]
    answers = house.gate.answer_together(routes)
    return [answer.status for answer in answers if isinstance(answer, HttpResponse)]


def recorded(house: House) -> list[tuple[str, str]]:
    """Whom the record says the boss was to make, where it knows, and with which error, sorted."""
    house.built.audit.flush()
    with house.built.house.store.read() as tx:
        found = [json.loads(each.body) for each in tx.events.latest(1000)]
    found = [each for each in found if each["userIdentity"]["type"] != "Root"]
    return sorted(((each["requestParameters"] or {}).get("userName", ""), each.get("errorCode", "")) for each in found)


def users(house: House) -> set[str]:
    with house.built.house.store.read() as tx:
        return {each.name for each in tx.users.page(ACCOUNT, limit=1000)}


def test_each_change_has_its_event_and_one_that_fails_has_its_own(house: House) -> None:
    names = [f"user-{number:02d}" for number in range(45)]
    assert created(house, *names, "USER-07", "last") == [200] * 45 + [409, 200]
    assert users(house) == {"boss", *names, "last"}
    fine = [(name, "") for name in [*names, "last"]]
    assert recorded(house) == sorted([*fine, ("USER-07", "EntityAlreadyExists")])
    with house.built.house.store.read() as tx:
        boss = tx.users.get(ACCOUNT, "boss")
        assert boss is not None
        (access,) = tx.service_accesses.of(boss.id, 0)
        event = next(each for each in tx.events.latest(1000) if each.principal == boss.id and each.error is None)
        (ask,) = Reading(tx).asks(event.body)
        assert tx.documents.get(ask["inForce"]["identity"][0]["hash"]) == ALL
    assert (access.service, access.action, access.allowed) == ("iam", "CreateUser", int(NOW.timestamp()))


def test_no_change_is_kept_whose_event_can_not_be(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    append = Events.append

    def full(_events: Events, _records: object) -> None:
        monkeypatch.setattr(Events, "append", append)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Events, "append", full)
    assert created(house, "bob", "eve") == [500, 500]
    assert users(house) == {"boss"}
    assert recorded(house) == [("", "InternalFailure")] * 2
    assert created(house, "bob") == [200]
