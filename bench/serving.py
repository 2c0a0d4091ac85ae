"""Part 1: signed requests a second at 16 connections, against the floor and against moto's server."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.client import write
from bench.servers import TWO_WORKERS, Running, busy, fill, running, set_up, user_name
from bench.signed import post, unsigned
from bench.web_identity import provider

CONNECTIONS: Final = 16
PEERS: Final = ("floor", "ostiary", "moto")
_DISTINCT: Final = 1_000
_CREATED: Final = {"floor": 4_000, "ostiary": 1_500, "moto": 300}
"""Users made in a round: some tenths of a second's worth."""

_CLIENT: Final = (sys.executable, "-m", "bench.client")

Parameters = Callable[[int, int, str], Mapping[str, str]]
"""From the number of users, the number of the request and the role: what the operation is asked."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row."""

    service: str
    action: str
    users: int
    parameters: Parameters
    once: bool = False
    """Each request is sent once."""
    servers: tuple[str, ...] = PEERS
    signed: bool = True
    """Else whoever calls shows a token of the identity provider's, a hundred in turn."""

    @property
    def title(self) -> str:
        return f"{self.action}, {self.users:,} users"


def _named(users: int, number: int, _role: str) -> Mapping[str, str]:
    return {"UserName": user_name(number * 7 % users)}


def _session(_users: int, number: int, role: str) -> Mapping[str, str]:
    return {"RoleArn": role, "RoleSessionName": f"session-{number}"}


def _nothing(_users: int, _number: int, _role: str) -> Mapping[str, str]:
    return {}


def _web_session(_users: int, number: int, role: str) -> Mapping[str, str]:
    return {"RoleArn": role.replace(":role/worker", ":role/web"), "RoleSessionName": f"session-{number}"}


def _page(_users: int, number: int, _role: str) -> Mapping[str, str]:
    return {"MaxItems": "100"}


def _attachment(_users: int, _number: int, role: str) -> Mapping[str, str]:
    policy = role.replace(":role/worker", ":policy/reader")
    return {"RoleName": "worker", "PolicyArn": policy}


SCENARIOS: Final = (
    Scenario("sts", "GetCallerIdentity", 300, _nothing, servers=("floor", "ostiary", TWO_WORKERS, "moto")),
    Scenario("sts", "GetCallerIdentity", 10_000, _nothing),
    Scenario("iam", "GetUser", 300, _named),
    Scenario("iam", "GetUser", 10_000, _named),
    Scenario("iam", "GetUser", 100_000, _named, servers=("floor", "ostiary")),
    Scenario("iam", "ListUsers", 10_000, _page),
    Scenario("sts", "AssumeRole", 300, _session),
    Scenario("sts", "AssumeRoleWithWebIdentity", 300, _web_session, signed=False),
    Scenario("iam", "AttachRolePolicy", 300, _attachment),
    Scenario("iam", "CreateUser", 300, lambda _users, number, _role: {"UserName": f"new-{number:07d}"}, once=True),
)


def serve(work: Path, seconds: float, rounds: int) -> list[dict[str, Any]]:
    """Every scenario: rounds in which each server has its turn. CreateUser is last: it changes what there is."""
    found = []
    with ExitStack() as stack:
        servers: dict[tuple[str, int], tuple[Running, tuple[str, str, str]]] = {}
        idp = stack.enter_context(provider(work))
        tokens = [idp.token(sub=f"user-{number}", exp=int(time.time()) + 3600) for number in range(100)]
        floor = stack.enter_context(running("floor", work))
        for name, users in sorted({(name, scenario.users) for scenario in SCENARIOS for name in scenario.servers}):
            if name == "floor":
                servers[name, users] = (
                    floor,
                    ("AKIAFLOORFLOORFLOORF", "floor", "arn:aws:iam::111122223333:role/worker"),
                )
                continue
            if name != "moto":
                fill(work / f"{name}-{users}", users)
            server = stack.enter_context(running(name, work, users=users))
            servers[name, users] = (server, set_up(server, idp))
        for scenario in SCENARIOS:
            runs: dict[str, list[dict[str, Any]]] = {name: [] for name in scenario.servers}
            for round_ in range(rounds + 1):
                for name in scenario.servers:
                    server, known = servers[name, scenario.users]
                    # the first round warms up and is not counted
                    length = seconds if round_ else min(seconds, 0.5)
                    runs[name].append(_turn(work, server, known, scenario, round_, length, tokens))
            found.append({"scenario": scenario.title, **{name: _summary(turns[1:]) for name, turns in runs.items()}})
    return found


def _turn(
    work: Path,
    server: Running,
    known: tuple[str, str, str],
    scenario: Scenario,
    round_: int,
    seconds: float,
    tokens: Sequence[str],
) -> dict[str, Any]:
    akid, secret, role = known
    count = _CREATED.get(server.name, _CREATED["ostiary"]) if scenario.once else _DISTINCT
    numbers = range(round_ * count, round_ * count + count)
    requests = []
    for number in numbers:
        parameters = scenario.parameters(scenario.users, number, role)
        if scenario.signed:
            requests.append(post(server.port, (akid, secret), scenario.service, scenario.action, parameters))
        else:
            parameters = {**parameters, "WebIdentityToken": tokens[number % len(tokens)]}
            requests.append(unsigned(server.port, scenario.service, scenario.action, parameters))
    file = work / "requests"
    write(file, requests)
    time.sleep(0.15)  # what the last turn left to do (the record is written in batches) is done
    cpu, others, client, began = server.cpu, busy([server]), _children(), time.perf_counter()
    done = subprocess.run(
        [*_CLIENT, str(server.port), str(CONNECTIONS), "0" if scenario.once else str(seconds), str(file)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    turn: dict[str, Any] = json.loads(done.stdout)
    if turn["failures"]:
        raise RuntimeError(f"{scenario.title}: {server.name} answered {turn['failures']}")
    turn["cpu_us"] = (server.cpu - cpu) / turn["answers"] * 1e6
    turn["others"] = (busy([server]) - others - (_children() - client)) / (time.perf_counter() - began)
    return turn


def _children() -> float:
    """Processor seconds of the load generators so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _summary(turns: list[dict[str, Any]]) -> dict[str, float]:
    keys = ("rate", "p50_ms", "p99_ms", "cpu_us", "others")
    return {key: round(median(turn[key] for turn in turns), 3) for key in keys}
