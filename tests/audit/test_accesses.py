"""What principals did last is kept as it happens, once for each action."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy

from ostiary.audit.record import Happening
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import ANONYMOUS, Caller
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask
from ostiary.services.faults import ServiceFault
from ostiary.store import migrate
from ostiary.store.reports import ServiceAccess
from tests.world import ACCOUNT, NOW, World, document


def done(world: World, caller: Caller | None, *actions: str, later: int = 0, name: str = "GetUser") -> Happening:
    """A request that asked for these permissions."""
    at = NOW + timedelta(seconds=later)
    facts = RequestFacts(request_id="r", at=at, source_ip="127.0.0.1", secure=True, region="eu-central-1")
    judge = world.house.judge
    judged = tuple(judge.judge(caller, Ask(action=each), facts) for each in actions) if caller else ()
    source = "sts.amazonaws.com" if not actions else "iam.amazonaws.com"
    return Happening(facts=facts, caller=caller, event_source=source, event_name=name, judgements=judged)


def known(world: World, principal_id: str) -> dict[str, tuple[int, str]]:
    with world.house.store.read() as tx:
        found: Sequence[ServiceAccess] = tx.service_accesses.of(principal_id, 0)
    return {f"{one.service}:{one.action}": (one.at - int(NOW.timestamp()), one.region) for one in found}


def written(world: World, *happenings: Happening) -> None:
    writer = AuditWriter(world.house.store, 60)
    for each in happenings:
        writer.note(each)
    writer.close()


def test_the_latest_attempt_at_each_action_is_kept_allowed_or_refused(world: World) -> None:
    world.call("iam:CreateUser", UserName="alice")
    alice, root = world.user("alice"), world.root()
    written(
        world,
        done(world, alice, "iam:GetUser", "iam:ListUsers"),
        done(world, alice, "iam:GetUser", later=9),
        done(world, alice, "iam:GetUser", later=5),
        done(world, root, "s3:GetObject", later=1),
        done(world, alice, later=2, name="GetCallerIdentity"),
    )
    assert known(world, alice.entity_id) == {
        "iam:GetUser": (9, "eu-central-1"),
        "iam:ListUsers": (0, "eu-central-1"),
        "sts:GetCallerIdentity": (2, "eu-central-1"),
    }
    assert known(world, ACCOUNT)["s3:GetObject"] == (1, "eu-central-1")
    written(world, done(world, alice, "iam:GetUser", later=3))
    assert known(world, alice.entity_id)["iam:GetUser"][0] == 9


def test_who_is_nobody_and_what_does_not_exist_leave_no_row(world: World) -> None:
    world.call("iam:CreateUser", UserName="alice")
    alice = world.user("alice")
    written(
        world,
        done(world, None),
        done(world, ANONYMOUS, name="GetCallerIdentity"),
        done(world, alice, name="Invented1"),
    )
    assert known(world, alice.entity_id) == known(world, "") == {}


def test_a_change_and_its_access_are_written_together_or_not_at_all(world: World) -> None:
    world.call("iam:CreateUser", UserName="alice")
    assert known(world, ACCOUNT) == {"iam:CreateUser": (0, "us-east-1")}
    with pytest.raises(ServiceFault):
        world.call("iam:DeleteUser", UserName="nobody")
    assert set(known(world, ACCOUNT)) == {"iam:CreateUser"}


def test_the_record_of_an_older_release_is_counted_once(world: World, tmp_path: Path) -> None:
    """The migration reads the events that there are; the oracle is what was counted as they were written."""
    world.call("iam:CreateUser", UserName="alice")
    alice = world.user("alice")
    written(world, done(world, alice, "iam:GetUser", "s3:ListAllMyBuckets", later=4), done(world, alice, "iam:GetUser"))
    counted = known(world, alice.entity_id), known(world, ACCOUNT)
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'ostiary.db'}")
    with engine.begin() as connection:
        for table in ("service_accesses", "report_jobs", "credential_reports"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        text = (Path(migrate.__file__).parent / "migrations/versions/v0007_reports.sql").read_text()
        text = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
        for statement in text.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        for column in ("allowed", "refused"):  # later scripts added them
            connection.exec_driver_sql(f"ALTER TABLE service_accesses ADD COLUMN {column} INTEGER")
    assert (known(world, alice.entity_id), known(world, ACCOUNT)) == counted


def test_what_was_allowed_is_kept_apart_from_what_was_refused(world: World) -> None:
    world.call("iam:CreateUser", UserName="bob")
    world.call("iam:CreateUser", UserName="carol")
    bob = world.user("bob")
    allow = document("iam:GetUser")
    world.call("iam:PutUserPolicy", UserName="bob", PolicyName="p", PolicyDocument=allow)
    world.house.book.refresh()
    first = done(world, bob, "iam:GetUser", later=1)
    world.call("iam:DeleteUserPolicy", UserName="bob", PolicyName="p")
    world.house.book.refresh()
    written(world, first, done(world, bob, "iam:GetUser", later=7))
    written(world, done(world, bob, "iam:GetUser", later=9))
    with world.house.store.read() as tx:
        (kept,) = tx.service_accesses.of(bob.entity_id, 0)
        of_action = tx.service_accesses.of_action(ACCOUNT, "iam", "GetUser")
    now = int(NOW.timestamp())
    assert (kept.at - now, (kept.allowed or 0) - now, (kept.refused or 0) - now) == (9, 1, 9)
    assert of_action == {bob.entity_id: (now + 9, now + 1)}
