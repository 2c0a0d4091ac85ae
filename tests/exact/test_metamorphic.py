"""What must not change an answer, and what may change it one way only; on worlds with policies of every kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from random import Random
from typing import Any

import pytest

from ostiary.policy import Attached, InForce, PolicyType, Pool, Source, compile_policy, decide
from ostiary.policy.cases import read_policies, read_request
from tests.exact.agree import Case, answer, by_engine, by_reference
from tests.exact.renaming import TEXTS, renamed
from tests.exact.run import cases
from tests.exact.vocabulary import ACCOUNTS, Thing, a_thing
from tests.exact.worlds import Near, a_case

WORLDS = 1_000
OF_NAMES = ("String", "Arn", "Null")


def worlds(seed: str, count: int = WORLDS) -> Iterator[Case]:
    return islice(cases(f"metamorphic {seed}"), count)


def documents(policies: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for held in policies.values():
        for level in held if isinstance(held, list) else [held]:
            yield from level if isinstance(level, list) else [level]


def listed(document: dict[str, Any]) -> list[dict[str, Any]]:
    body = document["Statement"]
    return body if isinstance(body, list) else [body]


def verdict(case: Case) -> tuple[str, str | None]:
    said = by_engine(case)
    return said.decision, said.decided_by


def allowed(case: Case) -> bool:
    return by_engine(case).decision == "allowed"


def shuffled(draw: Random, value: Any) -> Any:
    """Every list and every object in another order, the levels of organizations too: each must allow."""
    if isinstance(value, dict):
        members = list(value.items())
        draw.shuffle(members)
        return {name: shuffled(draw, member) for name, member in members}
    if isinstance(value, list):
        return draw.sample([shuffled(draw, member) for member in value], len(value))
    return value


def test_the_order_of_policies_statements_elements_and_values_is_irrelevant() -> None:
    draw = Random(1)
    for case in worlds("order"):
        policies = shuffled(draw, case["policies"])
        assert verdict({**case, "policies": policies}) == verdict(case), json.dumps(case)


def test_adding_a_deny_never_widens() -> None:
    draw = Random(2)
    narrowed = 0
    for case in worlds("deny"):
        drawn = near(draw, case)
        changed = copy.deepcopy(case)
        places = list(documents(changed["policies"]))
        if not places:
            continue
        chosen = draw.choice(places)
        of_resource = any(chosen is changed["policies"].get(kind) for kind in ("resource", "vpce"))
        chosen["Statement"] = [*listed(chosen), drawn.statement("Deny", principal=of_resource)]
        before, after = by_engine(case).decision, by_engine(changed).decision
        assert after in (before, "explicitDeny"), json.dumps(changed)
        narrowed += after != before
    assert narrowed > WORLDS / 20


@pytest.mark.parametrize("kind", ["boundary", "session", "scp", "rcp", "vpce"])
def test_a_limit_that_is_put_on_never_widens(kind: str) -> None:
    draw = Random(3)
    narrowed = 0
    for case in worlds(f"limit {kind}", 400):
        if kind == "session" and case["request"]["principal"]["type"] == "federated-user":
            continue  # Without a session policy they have no permissions at all: one that is put on may widen.
        drawn = near(draw, case)
        document = drawn.document(0.2, generous=0.3, principal=kind == "vpce")
        held: Any = {"session": [document], "scp": [[document]], "rcp": [[document]]}.get(kind, document)
        without = {name: value for name, value in case["policies"].items() if name != kind}
        levels = [*case["policies"].get(kind, []), *held] if kind in ("scp", "rcp") else held
        for before, after in ((without, {**without, kind: held}), (case["policies"], {**without, kind: levels})):
            if kind not in ("scp", "rcp") and before is case["policies"]:
                continue
            was, now = allowed({**case, "policies": before}), allowed({**case, "policies": after})
            assert was or not now, json.dumps({**case, "policies": after})
            narrowed += was and not now
    assert narrowed > 5


def split(statement: dict[str, Any]) -> list[dict[str, Any]]:
    """A statement for each entry of its lists; those of Not… belong together."""
    for name in ("Action", "Resource"):
        values = statement.get(name)
        if isinstance(values, list) and len(values) > 1:
            return [part for value in values for part in split({**statement, name: value})]
    named = statement.get("Principal")
    if isinstance(named, dict):
        entries = [(key, one) for key, held in named.items() for one in (held if isinstance(held, list) else [held])]
        if len(entries) > 1:
            return [{**statement, "Principal": {key: one}} for key, one in entries]
    return [statement]


def test_splitting_a_statements_lists_changes_nothing() -> None:
    more = 0
    for case in worlds("split"):
        changed = copy.deepcopy(case)
        for document in documents(changed["policies"]):
            parts = [part for statement in listed(document) for part in split(statement)]
            more += len(parts) - len(listed(document))
            document["Statement"] = parts
        assert verdict(changed) == verdict(case), json.dumps(case)
    assert more > WORLDS


def names_only(case: Case) -> Case:
    """The case without the tests that read names as numbers, dates, addresses or the like."""
    made = copy.deepcopy(case)
    for document in documents(made["policies"]):
        for statement in listed(document):
            for operator, block in list(statement.get("Condition", {}).items()):
                if not any(one in operator for one in OF_NAMES):
                    for key in [key for key in block if key.lower() in TEXTS]:
                        del block[key]
    return made


def test_renaming_everything_consistently_changes_nothing() -> None:
    changed = 0
    for case in map(names_only, worlds("names")):
        other = renamed(case)
        changed += json.dumps(other) != json.dumps(case)
        assert by_engine(other) == by_engine(case), json.dumps(case)
    assert changed > WORLDS * 0.9


def near(draw: Random, case: Case) -> Near:
    """Draws statements near a case that is there already."""
    asked = case["request"]
    return Near(draw, asked["principal"], Thing(asked["action"], asked["resource"]), asked["context"])


@cache
def unrelated(kind: PolicyType) -> tuple[Attached, ...]:
    """1,000 policies that speak of other actions, other resources or other circumstances."""
    made = []
    for number in range(1_000):
        effect = ("Allow", "Deny")[number % 2]
        statement: dict[str, Any] = (
            {"Effect": effect, "Action": f"other{number % 50}:*", "Resource": "*"},
            {
                "Effect": effect,
                "Action": "*",
                "Resource": [f"arn:aws:s3:::other-{number}/*", f"arn:aws:sqs:*:*:other-{number}"],
            },
            {
                "Effect": effect,
                "Action": ["s3:*", "sqs:*", "kms:*", "sts:*"],
                "Resource": f"arn:aws:ec2:*:{ACCOUNTS[0]}:*{number}",
            },
            {
                "Effect": effect,
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"svc:absent": f"{number}"}},
            },
            {"Effect": effect, "Action": "*", "Resource": f"arn:aws:s3:::${{svc:absent}}/{number}*"},
        )[number % 5]
        if kind is PolicyType.RESOURCE:
            statement["Principal"] = "*" if number % 3 else {"AWS": f"arn:aws:iam::{ACCOUNTS[2]}:user/other-{number}"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        made.append(Attached(compile_policy(text), Source(type=kind, name=f"other {number}")))
    return tuple(made)


def test_a_thousand_further_policies_that_speak_of_other_things_change_nothing() -> None:
    for case in worlds("pool", 60):
        held, asked = read_policies(case["policies"]), read_request(case["request"])
        crowded = InForce(
            identity=Pool((*held.identity, *unrelated(PolicyType.IDENTITY))),
            resource=held.resource and Pool((*held.resource, *unrelated(PolicyType.RESOURCE))),
            boundary=held.boundary and Pool((*unrelated(PolicyType.BOUNDARY), *held.boundary)),
            session=held.session and Pool((*unrelated(PolicyType.SESSION), *held.session)),
            scp=held.scp,
            rcp=held.rcp,
            endpoint=held.endpoint,
        )
        assert answer(decide(crowded, asked)) == answer(decide(held, asked)), json.dumps(case)


def test_policies_in_force_answer_request_after_request() -> None:
    """What is remembered of one request must not show in the answer to the next."""
    draw = Random(4)
    differed = 0
    for case in worlds("again", 400):
        held = read_policies(case["policies"])
        requests = [case["request"]]
        for _ in range(6):
            other = a_case(draw)["request"]
            thing = a_thing(draw, other["resource_account"])
            requests += [
                other,
                {**case["request"], "action": thing.action, "resource": thing.resource},
                {**case["request"], "context": other["context"]},
                {**case["request"], "principal": other["principal"]},
            ]
        answers = set()
        for asked in (*requests, case["request"]):
            meant = by_reference({"policies": case["policies"], "request": asked})
            said = answer(decide(held, read_request(asked)))
            assert (said.decision, said.matched) == (meant.decision, meant.matched), json.dumps(
                {**case, "request": asked}
            )
            answers.add(meant.decision)
        differed += len(answers) > 1
    assert differed > 200
