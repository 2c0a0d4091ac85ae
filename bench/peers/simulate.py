"""@cloud-copilot/iam-simulate, which is AGPL: `make bench` has npm fetch it, and it runs in a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Final

from bench.peers import Answer, Turn
from bench.policies import ACCOUNT, ALICE, Work

_HERE: Final = Path(__file__).parent / "js"
_MOST: Final = 2000


def turn(work: Work) -> Turn:
    """The documents and the first requests, written down for node."""
    if not (_HERE / "node_modules/@cloud-copilot/iam-simulate").is_dir():
        raise ImportError("iam-simulate is not installed")
    asked = {
        "caller": ALICE.arn,
        "account": ACCOUNT,
        "documents": [json.loads(text) for text in work.documents],
        "requests": [
            {"action": one.action, "resource": one.resource, "context": dict(one.context)}
            for one in work.requests[:_MOST]
        ],
    }

    def turn(seconds: float) -> Answer:
        given = json.dumps({**asked, "seconds": seconds})
        run = subprocess.run(
            ["node", _HERE / "simulate.mjs"], input=given, capture_output=True, text=True, check=True, timeout=300
        )
        told = json.loads(run.stdout)
        return told["microseconds"], told["allowed"]

    return turn
