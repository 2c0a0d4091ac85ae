"""SIGKILL the server while it is written to, again and again: nothing that was acknowledged may be lost.

`python -m tests.kill [ROUNDS]`, or `make kill ROUNDS=20`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.live import Server

WRITERS = 4
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}})


@dataclass
class Ledger:
    """What one writer was told; each entity is in one of these, or its fate was never acknowledged."""

    users: set[str] = field(default_factory=set)
    keys: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """By user: key id, secret, status."""
    policies: dict[str, str] = field(default_factory=dict)
    """Default version by ARN."""
    attached: set[tuple[str, str]] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Users whose deletion was acknowledged."""
    doubtful: set[str] = field(default_factory=set)
    """Users and ARNs whose last change had no answer: it may have happened or not."""

    @property
    def size(self) -> int:
        return len(self.users) + len(self.keys) + len(self.policies) + len(self.attached) + len(self.gone)


class Writer(threading.Thread):
    """Creates, changes and deletes until the server is gone; writes down only what was answered."""

    def __init__(self, server: Server, round_: int, number: int) -> None:
        super().__init__(daemon=True)
        self.ledger = Ledger()
        self.prefix = f"r{round_}w{number}"
        self.iam = server.client("iam", config={"retries": {"total_max_attempts": 1}, "read_timeout": 20})
        self.draw = random.Random(self.prefix)
        self.failures: list[str] = []

    def run(self) -> None:
        for number in range(100_000):
            try:
                self.one(f"{self.prefix}n{number}")
            except BotoCoreError:
                return  # the server is gone
            except ClientError as error:
                self.failures.append(str(error))
                return

    def told(self, subject: str, operation: Callable[..., Any], **parameters: Any) -> Any:
        """Call; until the answer is there the subject's fate is in doubt."""
        self.ledger.doubtful.add(subject)
        answer = operation(**parameters)
        self.ledger.doubtful.discard(subject)
        return answer

    def one(self, name: str) -> None:
        ledger, iam = self.ledger, self.iam
        self.told(name, iam.create_user, UserName=name)
        ledger.users.add(name)
        key = self.told(name, iam.create_access_key, UserName=name)["AccessKey"]
        ledger.keys[name] = key["AccessKeyId"], key["SecretAccessKey"], "Active"
        arn = iam.create_policy(PolicyName=name, PolicyDocument=DOCUMENT)["Policy"]["Arn"]
        ledger.policies[arn] = "v1"
        self.told(name, iam.attach_user_policy, UserName=name, PolicyArn=arn)
        ledger.attached.add((name, arn))
        chance = self.draw.random()
        if chance < 0.3:
            self.told(arn, iam.create_policy_version, PolicyArn=arn, PolicyDocument=DOCUMENT, SetAsDefault=True)
            ledger.policies[arn] = "v2"
        elif chance < 0.6:
            self.told(name, iam.update_access_key, UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
            ledger.keys[name] = *ledger.keys[name][:2], "Inactive"
        elif chance < 0.8:
            self.told(name, iam.detach_user_policy, UserName=name, PolicyArn=arn)
            ledger.attached.discard((name, arn))
            self.told(name, iam.delete_access_key, UserName=name, AccessKeyId=key["AccessKeyId"])
            del ledger.keys[name]
            self.told(name, iam.delete_user, UserName=name)
            ledger.users.discard(name)
            ledger.gone.add(name)


def lost(server: Server, ledger: Ledger) -> list[str]:
    """What was acknowledged and is not so."""
    iam = server.client("iam")
    pages = iam.get_paginator("get_account_authorization_details").paginate(Filter=["User", "LocalManagedPolicy"])
    users: dict[str, Any] = {}
    policies: dict[str, Any] = {}
    for page in pages:
        users.update({each["UserName"]: each for each in page["UserDetailList"]})
        policies.update({each["Arn"]: each for each in page["Policies"]})
    found: list[str] = []
    found += [f"user {name}" for name in ledger.users - ledger.doubtful - set(users)]
    found += [f"deletion of {name}" for name in ledger.gone & set(users)]
    found += [f"policy {arn}" for arn in set(ledger.policies) - set(policies)]
    for arn, version in ledger.policies.items():
        if arn in policies and arn not in ledger.doubtful and policies[arn]["DefaultVersionId"] != version:
            found.append(f"version {version} of {arn}")
    for name, arn in ledger.attached:
        attached = {each["PolicyArn"] for each in users.get(name, {}).get("AttachedManagedPolicies", [])}
        if name not in ledger.doubtful and arn not in attached:
            found.append(f"attachment of {arn} to {name}")
    return found + [each for name in ledger.keys for each in lost_key(server, iam, ledger, name)]


def lost_key(server: Server, iam: Any, ledger: Ledger, name: str) -> list[str]:
    """The key is there with its status; an active one still opens the door."""
    key, secret, status = ledger.keys[name]
    if name in ledger.doubtful:
        return []
    listed = {each["AccessKeyId"]: each["Status"] for each in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]}
    if listed.get(key) != status:
        return [f"key of {name}: {listed.get(key)} instead of {status}"]
    if status == "Active" and int(key.encode().hex(), 16) % 10 == 0:  # one in ten: a client takes long to make
        with suppress(ClientError):
            if server.client("sts", (key, secret)).get_caller_identity()["Arn"].endswith(f":user/{name}"):
                return []
        return [f"the secret of {name}"]
    return []


def unsound(data: Path) -> list[str]:
    """What SQLite's own checks find, and events that contradict the state."""
    with sqlite3.connect(data / "ostiary.db") as database:
        answer = [row[0] for row in database.execute("PRAGMA integrity_check")]
        foreign = database.execute("PRAGMA foreign_key_check").fetchall()
    return [each for each in answer if each != "ok"] + [f"foreign key: {row}" for row in foreign]


def killed(server: Server, round_: int, draw: random.Random) -> list[Ledger]:
    """Write to the server and kill it with everything it started; what the writers were told."""
    writers = [Writer(server, round_, number) for number in range(WRITERS)]
    for each in writers:
        each.start()
    time.sleep(draw.uniform(0.3, 1.5))
    os.killpg(server.process.pid, signal.SIGKILL)
    server.stop()
    for each in writers:
        each.join(30)
        if each.is_alive() or each.failures:
            raise AssertionError(f"a writer was not served: {each.failures or 'it hangs'}")
    return [each.ledger for each in writers]


def run(data: Path, rounds: int, seed: int = 0, say: Callable[[str], None] = lambda _: None) -> int:
    """So many rounds on one directory; how much was acknowledged. Raises AssertionError when any of it is lost."""
    draw = random.Random(seed)
    acknowledged = 0
    for round_ in range(rounds):
        options = ("--no-s3", "--workers", "2") if round_ % 3 == 2 else ("--no-s3",)
        ledgers = killed(Server.start(data, *options), round_, draw)
        bad = unsound(data)
        again = Server.start(data, "--no-s3")
        try:
            for ledger in ledgers:
                bad += lost(again, ledger)
        finally:
            code = again.stop()
        if code != 0:
            bad.append(f"the server ended with {code}")
        acknowledged += sum(ledger.size for ledger in ledgers)
        doubtful = sum(len(ledger.doubtful) for ledger in ledgers)
        say(f"round {round_ + 1}: {acknowledged} facts acknowledged so far, {doubtful} in doubt, {len(bad)} lost")
        if bad:
            raise AssertionError("; ".join(bad[:20]))
    return acknowledged


def main(arguments: list[str]) -> None:
    words = [each.removeprefix("ROUNDS=") for each in arguments]
    rounds = int(words[0] if words else os.environ.get("ROUNDS", "20"))
    with tempfile.TemporaryDirectory(prefix="ostiary-kill-") as directory:
        total = run(Path(directory) / "data", rounds, seed=random.randrange(2**32), say=print)
    print(f"{rounds} kills, {total} acknowledged facts, none lost")


if __name__ == "__main__":
    main(sys.argv[1:])
