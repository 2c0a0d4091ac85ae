"""A real weed, and botocore's signatures."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvloop
from botocore.config import Config

from ostiary.clock import SystemClock
from ostiary.engines.engine import EngineAddress
from ostiary.engines.seaweedfs import SeaweedFS
from ostiary.entropy import SystemEntropy

sys.path.insert(0, str(Path(__file__).parent))

from signing import sign


def engine_at(directory: Path, **more: Any) -> SeaweedFS:
    given = {"grace": 0.1, "object_key": bytes(range(32)), **more}
    return SeaweedFS(directory, entropy=SystemEntropy(), clock=SystemClock(), signer=sign, **given)


@pytest.fixture
def make_engine(tmp_path: Path) -> Iterator[Callable[..., SeaweedFS]]:
    """Engines on `tmp_path/engine`, ended with the test."""
    made: list[SeaweedFS] = []

    def make(**more: Any) -> SeaweedFS:
        made.append(engine_at(more.pop("directory", tmp_path / "engine"), **more))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineAddress]:
    """The address of a weed for tests that do it no harm."""
    running = engine_at(tmp_path_factory.mktemp("weed") / "engine")
    running.start()
    assert running.wait_ready(60), running.failure
    address = running.address()
    assert address is not None
    yield address
    running.stop()


def client_of(address: EngineAddress) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://{address.authority}",
        aws_access_key_id=address.akid,
        aws_secret_access_key=address.secret,
        region_name=address.region,
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )


@pytest.fixture(scope="session")
def s3(weed: EngineAddress) -> Any:
    """boto3's client, speaking to the engine directly."""
    return client_of(weed)


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a coroutine on each kind of loop; nothing may take long."""

    def runner(main: Coroutine[Any, Any, Any]) -> Any:
        factory = uvloop.new_event_loop if request.param == "uvloop" else None
        with asyncio.Runner(loop_factory=factory) as loop:
            return loop.run(asyncio.wait_for(main, 60))

    return runner
