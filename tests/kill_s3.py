"""SIGKILL the engine, or the server with it, while objects are written.

None that was acknowledged may be lost, and none may be there by half.

`python -m tests.kill_s3 [ROUNDS]`; `make kill` runs it after the other.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.live import Server

WRITERS = 4
BUCKET = "kill"
_SIZES = (0, 1, 1_000, 300_000, 2_000_000)
_PART = 5 * 1024 * 1024


def content(key: str, generation: int) -> bytes:
    """What an object holds, told by its key and how often it was written."""
    seed = hashlib.sha256(f"{key}:{generation}".encode()).digest()
    size = _SIZES[seed[0] % len(_SIZES)]
    return (seed * (size // 32 + 1))[:size]


@dataclass
class Ledger:
    """What one writer was told."""

    kept: dict[str, int] = field(default_factory=dict)
    """Key and generation of each object whose writing was acknowledged last; -1: its deletion."""
    doubtful: dict[str, int] = field(default_factory=dict)
    """Generation that was being written when there was no answer."""
    large: dict[str, bytes] = field(default_factory=dict)
    """By key, the content of objects that were put together of parts."""


class Writer(threading.Thread):
    """Puts, replaces and deletes until there is no answer."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(daemon=True)
        self.ledger, self.prefix, self.draw = Ledger(), name, random.Random(name)
        self.s3 = server.client("s3", config={"retries": {"total_max_attempts": 1}, "read_timeout": 60})

    def run(self) -> None:
        with suppress(BotoCoreError, ClientError):
            for number in range(100_000):
                self.one(number)

    def one(self, number: int) -> None:
        key, ledger = f"{self.prefix}/{number % 7}", self.ledger
        generation = number
        ledger.doubtful[key] = generation
        if number and self.draw.random() < 0.15:
            ledger.doubtful[key] = -1
            self.s3.delete_object(Bucket=BUCKET, Key=key)
            ledger.kept[key] = -1
        elif self.draw.random() < 0.1:
            del ledger.doubtful[key]
            self.large(f"{self.prefix}/large-{number}")
            return
        else:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=content(key, generation))
            ledger.kept[key] = generation
        del ledger.doubtful[key]

    def large(self, key: str) -> None:
        parts, whole = [], b""
        upload = self.s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        for part in (1, 2):
            body = bytes([self.draw.randrange(256)]) * (_PART + part)
            told = self.s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=part, Body=body)
            parts.append({"PartNumber": part, "ETag": told["ETag"]})
            whole += body
        self.s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
        self.ledger.large[key] = whole


def wrong(s3: Any, ledger: Ledger) -> Iterator[str]:
    """What is not as the writer was told."""
    for key in ledger.kept.keys() | ledger.doubtful.keys():
        allowed = {ledger.kept.get(key, -1), ledger.doubtful.get(key, ledger.kept.get(key, -1))}
        found = read(s3, key)
        if found is None:
            if -1 not in allowed:
                yield f"{key} is lost"
        elif found not in {content(key, generation) for generation in allowed if generation >= 0}:
            yield f"{key} is another, or half of one ({len(found)} bytes)"
    for key, whole in ledger.large.items():
        if read(s3, key) != whole:
            yield f"{key} is lost, or not whole"


def read(s3: Any, key: str) -> bytes | None:
    """The content of an object; None when there is none."""
    try:
        body: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return body


def weed_of(server: Server) -> int:
    """The process of the server's engine."""
    for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            if b"weed" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0]:
                return int(child)
    raise RuntimeError("the server runs no engine")


def served(s3: Any, seconds: float = 60) -> None:
    """Wait until the engine answers again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            s3.list_objects_v2(Bucket=BUCKET)
            return
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def run(data: Path, rounds: int, seed: int = 0, say: Callable[[str], None] = lambda _: None) -> int:
    """So many kills, of the engine and of the server in turn; how many objects were acknowledged and are whole."""
    draw, total = random.Random(seed), 0
    server = Server.start(data)
    server.wait_for_s3()
    region = {"CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-2"}}
    server.client("s3").create_bucket(Bucket=BUCKET, **region)
    try:
        for round_ in range(rounds):
            writers = [Writer(server, f"r{round_}w{number}") for number in range(WRITERS)]
            for each in writers:
                each.start()
            time.sleep(draw.uniform(0.5, 2))
            if round_ % 2:
                os.killpg(server.process.pid, signal.SIGKILL)
                server.stop()
                server = Server.start(data)
            else:
                os.kill(weed_of(server), signal.SIGKILL)
            for each in writers:
                each.join(90)
                if each.is_alive():
                    raise AssertionError("a writer hangs")
            s3 = server.client("s3", config={"retries": {"total_max_attempts": 1}})
            served(s3)
            bad = [what for each in writers for what in wrong(s3, each.ledger)]
            total += sum(len(each.ledger.kept) + len(each.ledger.large) for each in writers)
            say(f"round {round_ + 1}: {total} objects acknowledged so far, {len(bad)} not as they were")
            if bad:
                raise AssertionError("; ".join(bad[:20]))
    finally:
        server.stop()
    return total


def main(arguments: list[str]) -> None:
    words = [each.removeprefix("ROUNDS=") for each in arguments]
    rounds = int(words[0] if words else os.environ.get("ROUNDS", "10"))
    with tempfile.TemporaryDirectory(prefix="ostiary-kill-s3-") as directory:
        total = run(Path(directory) / "data", rounds, seed=random.randrange(2**32), say=print)
    print(f"{rounds} kills, {total} objects, none lost, none by half")


if __name__ == "__main__":
    main(sys.argv[1:])
