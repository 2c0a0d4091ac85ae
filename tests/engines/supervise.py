"""A server process that supervises an engine until it is killed: `python supervise.py DIRECTORY`."""

import sys
import time
from pathlib import Path

from conftest import engine_at

engine = engine_at(Path(sys.argv[1]))
engine.start()
while True:
    address = engine.address()
    print(engine.state.value, "owner" if engine.owner else "follower", address.port if address else 0, flush=True)
    time.sleep(0.1)
