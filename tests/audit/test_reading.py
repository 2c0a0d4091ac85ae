"""What many events have alike is kept once, and whoever reads them sees no difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from ostiary.audit import record
from ostiary.audit.reading import Reading
from ostiary.audit.record import Happening
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import ANONYMOUS, Caller
from ostiary.authorization.judge import Ask
from tests.audit.recording import happened
from tests.sts.people import add_role, add_user, assume, trust
from tests.world import ACCOUNT, World


def _user(world: World) -> Caller:
    return add_user(world, "alice")


def _session(world: World) -> Caller:
    bob = add_user(world, "bob")
    arn = add_role(world, "worker", trust(bob.arn), tags={"team": "blue"})
    return assume(world, arn, bob, Tags=[{"Key": "Cost", "Value": "7"}])


def _with_mfa(world: World) -> Caller:
    session = _session(world).session
    assert session is not None
    return replace(_session_of(world), session=replace(session, mfa_at=session.issued))


def _session_of(world: World) -> Caller:
    bob = world.user("bob")
    return assume(world, f"arn:aws:iam::{ACCOUNT}:role/worker", bob)


CALLERS: dict[str, Callable[[World], Caller]] = {
    "a user": _user,
    "a role session": _session,
    "a session with MFA": _with_mfa,
    "the root user": World.root,
    "nobody": lambda _world: ANONYMOUS,
}
MORE = {
    "user_agent": "aws-cli/2 \N{SNOWMAN}",
    "referer": "https://a.example/",
    "secure": True,
    "region": "eu-north-1",
    "source_ip": "203.0.113.9",
}
ASKS = (
    Ask(action="s3:GetObject", resource="arn:aws:s3:::box/key", context={"s3:prefix": "a", "aws:TagKeys": ("x", "y")}),
    Ask(action="iam:GetUser", resource=f"arn:aws:iam::{ACCOUNT}:user/x", context={"aws:CurrentTime": "then"}),
    Ask(action="s3:ListBucket", account="999999999999", resource="arn:aws:s3:::theirs"),
)


@pytest.fixture(autouse=True)
def nobody_was_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_met", set())


def decided(world: World, caller: Caller, request_id: str, *asks: Ask) -> Happening:
    """A request with its permissions, decided on the facts of the request."""
    world.house.book.refresh()
    happening = happened(world, request_id, caller)
    about = replace(happening.facts, **MORE)
    judgements = tuple(world.house.judge.judge(caller, ask, about) for ask in asks)
    return replace(happening, facts=about, judgements=judgements)


def bodies(world: World, *request_ids: str) -> list[tuple[str, dict[str, Any]]]:
    """Each event's asks as they are stored, and the event as it is read."""
    with world.house.store.read() as tx:
        found = [tx.events.find(each)[0].body for each in request_ids]
        return [(json.dumps(json.loads(body)["ostiary"]), Reading(tx).whole(body)) for body in found]


@pytest.mark.parametrize("caller", list(CALLERS.values()), ids=list(CALLERS))
def test_a_later_event_is_short_and_reads_like_the_first(
    world: World, audit: AuditWriter, caller: Callable[[World], Caller]
) -> None:
    who = caller(world)
    audit.note(decided(world, who, "r1", *ASKS))
    world.clock.advance(seconds=61)
    audit.note(decided(world, who, "r2", *ASKS))
    audit.note(decided(world, who, "r3", *ASKS))
    audit.flush()
    (whole, first), (short, second), (_, third) = bodies(world, "r1", "r2", "r3")
    assert (whole.count('"inForce"'), whole.count('"shared"')) == (2, 1)  # the second ask has met the first
    assert (short.count('"inForce"'), short.count('"shared"')) == (0, 3)
    assert len(short) < len(whole) * 0.6
    assert third["ostiary"] == second["ostiary"]
    moved = {"aws:CurrentTime", "aws:EpochTime", "aws:MultiFactorAuthAge"}
    for ask, early, late in zip(ASKS, first["ostiary"]["asks"], second["ostiary"]["asks"], strict=True):
        request = world.house.judge.judge(who, ask, decided(world, who, "r4").facts).request
        told = {key: list(value) if isinstance(value, tuple) else value for key, value in request.context.items()}
        assert late["context"] == told
        assert {key for key in told if early["context"][key] != late["context"][key]} <= moved
        for event in (early, late):
            event["context"] = None
        assert early == late


def test_what_was_decided_on_other_facts_is_told_whole(world: World, audit: AuditWriter) -> None:
    alice = add_user(world, "alice")
    for number in range(3):
        happening = decided(world, alice, f"r{number}", ASKS[0])
        audit.note(replace(happening, facts=replace(happening.facts, source_ip="198.51.100.1")))
    audit.flush()
    for stored, event in bodies(world, "r0", "r1", "r2"):
        (ask,) = event["ostiary"]["asks"]
        assert "shared" not in stored and ask["context"]["aws:SourceIp"] == MORE["source_ip"]


def test_what_was_put_in_force_since_is_not_told_of_an_earlier_request(world: World, audit: AuditWriter) -> None:
    alice = add_user(world, "alice")
    for number in range(4):
        audit.note(decided(world, alice, f"r{number}", ASKS[0]))
        if number == 1:
            with world.house.store.write() as tx:
                tx.inline_policies.put(alice.entity_id, "more", tx.inline_policies.of(alice.entity_id)["own"])
    audit.flush()
    named = [
        [policy["name"] for policy in event["ostiary"]["asks"][0]["inForce"]["identity"]]
        for _, event in bodies(world, "r0", "r1", "r2", "r3")
    ]
    assert named == [["own"], ["own"], ["more", "own"], ["more", "own"]]
