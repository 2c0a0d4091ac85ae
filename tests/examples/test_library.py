"""The policy room as a library: typed, in batches, from many threads."""

from __future__ import annotations

import inspect
import json
import random
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest

import ostiary.policy
from ostiary.policy import (
    Attached,
    Decision,
    InForce,
    PolicyType,
    Request,
    Source,
    User,
    Verdict,
    compile_policy,
    decide,
    decide_many,
    explain,
)
from ostiary.policy.cases import read_policies, read_request

VECTORS = Path(__file__).parent.parent / "vectors"
NAMES = ("alice", "bob", "carol", "dave")
THREADS = 8


def busy() -> InForce:
    """Policies with everything that is remembered between decisions: actions, resources, variables, conditions."""
    statements = [
        {
            "Effect": "Deny" if number % 5 == 4 else "Allow",
            "Action": f"svc{number % 7}:{'Get' if number % 2 else 'Put'}*",
            "Resource": f"arn:aws:s3:::b{number % 11}/${{aws:username}}/*",
            "Condition": {"StringLike": {"svc:tag": [f"{letter}*" for letter in "abcdefgh"[: 1 + number % 8]]}},
        }
        for number in range(60)
    ]
    texts = [json.dumps({"Version": "2012-10-17", "Statement": statements[at : at + 3]}) for at in range(0, 60, 3)]
    return InForce(
        identity=[
            Attached(compile_policy(text), Source(type=PolicyType.IDENTITY, name=f"p{number}"))
            for number, text in enumerate(texts)
        ]
    )


def asked(seed: int, number: int) -> Iterator[Request]:
    """Mixed requests; more different actions than any memory holds."""
    chance = random.Random(seed)
    for _ in range(number):
        name, folder = chance.choice(NAMES), chance.choice(NAMES[:2])
        yield Request(
            principal=User(arn=f"arn:aws:iam::111122223333:user/{name}", account="111122223333"),
            action=f"svc{chance.randrange(7)}:{chance.choice(('Get', 'Put'))}{chance.randrange(60)}",
            resource=f"arn:aws:s3:::b{chance.randrange(11)}/{folder}/x",
            resource_account="111122223333",
            context={"aws:username": name, "svc:tag": chance.choice("abcdefghij") + "1"},
        )


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads take turns after a few instructions, so that they meet inside of everything."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], object]) -> list[object]:
    """What the work gives in each of several threads that start together."""
    together = threading.Barrier(THREADS)

    def run(number: int) -> object:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_threads_that_share_policies_decide_as_one_thread_does(impatient: None) -> None:
    shared = busy()
    found = at_once(lambda number: decide_many(shared, asked(number, 1500)))
    for number, decisions in enumerate(found):
        # Nothing learnt by the others: policies of its own.
        alone = busy()
        assert decisions == [decide(alone, request) for request in asked(number, 1500)]
    verdicts = {one.verdict for decisions in found if isinstance(decisions, list) for one in decisions}
    assert verdicts == set(Verdict)


def test_threads_that_share_requests_explain_them_alike(impatient: None) -> None:
    shared, requests = busy(), list(asked(7, 25))
    found = at_once(lambda _: [json.dumps(explain(shared, request).as_dict()) for request in requests])
    assert found == [found[0]] * THREADS


def test_threads_that_compile_the_same_text_get_the_same_policy(impatient: None) -> None:
    def compiled(_: int) -> list[int]:
        texts = (f'{{"Version":"2012-10-17","Id":"{number}","Statement":[]}}' for number in range(100))
        return [id(compile_policy(text)) for text in texts]

    found = at_once(compiled)
    assert found == [found[0]] * THREADS


def test_many_requests_are_decided_as_each_is_alone() -> None:
    cases = json.loads((VECTORS / "cond-string.json").read_text("utf-8"))
    for case in cases[:20]:
        in_force = read_policies(case["policies"])
        requests = [read_request(other["request"]) for other in cases]
        found = decide_many(in_force, iter(requests))
        assert found == [decide(in_force, request) for request in requests]
        assert found[cases.index(case)].verdict.value == case["expected"]["decision"]
    assert decide_many(in_force, []) == []


def test_a_decision_has_no_truth_value() -> None:
    (decision,) = decide_many(busy(), asked(1, 1))
    assert isinstance(decision, Decision)
    with pytest.raises(TypeError, match=r"ask for decision\.verdict"):
        bool(decision)


def test_the_package_says_that_it_is_typed() -> None:
    assert (files("ostiary") / "py.typed").is_file()


@pytest.mark.parametrize("name", ostiary.policy.__all__)
def test_everything_public_is_documented_and_every_function_is_typed(name: str) -> None:
    public = getattr(ostiary.policy, name)
    if inspect.isfunction(public):
        signature = inspect.signature(public)
        assert signature.return_annotation is not signature.empty
        assert all(one.annotation is not one.empty for one in signature.parameters.values())
    if inspect.isfunction(public) or inspect.isclass(public):
        assert public.__doc__ and not public.__doc__.startswith(f"{name}(")
