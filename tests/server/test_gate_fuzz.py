"""Twenty thousand requests through the gate, drawn from botocore's model and from what was answered before.

Whatever is asked: never a 5xx (but 501 for the unbuilt), an answer that botocore reads, and no error that AWS does not
know. `make fuzz ARGS="--what requests"` goes on without end.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ostiary.services.operation import OPERATIONS
from tests.server.furnishing import furnish, member
from tests.server.fuzz import Fuzzer
from tests.server.judging import judged
from tests.server.through_gate import ROOT, InProcess
from tests.world import ACCOUNT

COUNT = int(os.environ.get("OSTIARY_GATE_FUZZ", "20000"))
SEED = int(os.environ.get("OSTIARY_FUZZ_SEED", "4700"))


@dataclass
class Round:
    """Requests to one house, and what came of them."""

    house: InProcess
    seed: int | str
    codes: Counter[str] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        furnish(self.house)
        self.someone = member(self.house)
        self.session: tuple[str, ...] = self.someone
        spared = {ROOT[0], self.someone[0], "member"}
        self.fuzzer = Fuzzer(self.seed, ACCOUNT, OPERATIONS, spared)

    def key(self, number: int) -> tuple[str, ...]:
        """Who asks: root, a user whose permissions hang on conditions, or the latest session."""
        return (ROOT, ROOT, self.someone, ROOT, self.session, ROOT)[number % 6]

    def run(self, count: int) -> None:
        """Ask; fails at the first answer that is not AWS's."""
        for number, (service, operation, body) in enumerate(self.fuzzer.requests(count)):
            reply = self.house.ask(body, service=service, key=self.key(number))
            assert not self.house.reported, f"{service}:{operation} {body[:2000]!r}: {self.house.reported}"
            code, answer = judged(service, operation, reply, body)
            self.codes[code] += 1
            self.asked.add(operation)
            if not code:
                self.done.add(operation)
                self.fuzzer.learn(answer)
                made = answer.get("Credentials")
                if made and "AssumedRoleUser" in answer:  # the others are refused by IAM
                    self.session = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
            self.house.clock.advance(milliseconds=10)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[InProcess]:
    made = InProcess(tmp_path / "data")
    yield made
    made.close()


def test_no_request_upsets_the_gate(house: InProcess) -> None:
    fuzzed = Round(house, SEED)
    fuzzed.run(COUNT)
    print(f"\n{COUNT} requests, seed {SEED}: {fuzzed.codes.most_common()}; {len(fuzzed.done)} operations done")
    house.sts("GetCallerIdentity")
    assert house.built.house.store.is_sound()
    if COUNT >= 20_000:
        # The draw reaches every operation, does most of what is built, and meets every usual refusal.
        built = {name for service, name in OPERATIONS if service in ("iam", "sts")}
        assert fuzzed.asked >= built
        assert len(fuzzed.done) >= 0.7 * len(built), sorted(built - fuzzed.done)
        assert {"AccessDenied", "DeleteConflict", "EntityAlreadyExists", "LimitExceeded"} <= set(fuzzed.codes)
