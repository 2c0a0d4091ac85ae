"""catalog: nothing is opened before it is asked for, and the first answer comes at once. Each in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

WATCHED = """
import json, resource, sys, time
opened = []
sys.addaudithook(lambda event, arguments: event == "open" and "catalog/data" in str(arguments[0]) and opened.append(
    str(arguments[0]).rsplit("/", 1)[1]))
import ostiary.catalog as catalog
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.perf_counter()
{question}
seconds = time.perf_counter() - begun
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({{"opened": opened, "seconds": seconds, "kibibytes": grown}}))
"""


def asked(question: str) -> Any:
    program = WATCHED.format(question=question)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_importing_opens_nothing() -> None:
    assert asked("pass")["opened"] == []


def test_one_policy_is_found_at_once() -> None:
    seen = asked("assert catalog.document('arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess', 'v1')")
    assert seen["opened"] == ["managed-policies.bin"]
    assert seen["seconds"] < 0.3  # 30 ms on an idle machine
    assert seen["kibibytes"] < 30_000


def test_the_list_of_policies_comes_at_once() -> None:
    seen = asked("assert catalog.managed_policies()")
    assert seen["opened"] == ["managed-policies.bin"]
    assert seen["seconds"] < 0.5  # 150 ms on an idle machine
    assert seen["kibibytes"] < 30_000


def test_one_service_is_read_without_the_others() -> None:
    seen = asked("assert catalog.service('s3').actions['GetObject']")
    assert seen["opened"] == ["service-reference.bin"]
    assert seen["seconds"] < 0.3
    assert seen["kibibytes"] < 30_000
