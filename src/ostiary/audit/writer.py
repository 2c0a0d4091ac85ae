"""Reads and refusals are written to the record in batches, by a thread of its own.

INVARIANT: `note` never waits for the disk. When the disk is slower than the requests for long, callers wait their turn
rather than lose events.
"""

from __future__ import annotations

import queue
import sys
import threading
from typing import Final

from ostiary.audit.record import Happening, event
from ostiary.store.database import Store
from ostiary.store.records import AccessKeyUse, EventRecord

_MOST_WAITING: Final = 50_000
_BATCH: Final = 1_000
_KNOWN: Final = 20_000


class AuditWriter:
    """Collects happenings and uses of keys; writes them every `delay` seconds, and all of them on `close`."""

    def __init__(self, store: Store, delay: float) -> None:
        self._store, self._delay = store, delay
        self._waiting: queue.Queue[Happening] = queue.Queue(_MOST_WAITING)
        self._uses: dict[str, AccessKeyUse] = {}
        self._uses_lock = threading.Lock()
        self._kept: set[str] = set()
        self._batch: list[Happening] = []
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def note(self, happening: Happening) -> None:
        """Write this soon."""
        self._waiting.put(happening)

    def note_use(self, key_id: str, at: int, service: str, region: str) -> None:
        """A long-term key was used."""
        known = self._uses.get(key_id)
        if known is None or known.at != at or known.service != service or known.region != region:
            with self._uses_lock:
                self._uses[key_id] = AccessKeyUse(key_id=key_id, at=at, service=service, region=region)

    def flush(self) -> None:
        """Write all that waits, now. What could not be written stays, for the next time."""
        with self._writing:
            while self._write_some():
                pass

    def close(self) -> None:
        """Write all that waits and end the thread."""
        self._stop.set()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        while not self._stop.wait(self._delay):
            try:
                self.flush()
            except Exception as error:  # the record must go on after a full disk has been emptied
                print(f"audit: events could not be written: {type(error).__name__}", file=sys.stderr)  # noqa: T201

    def _write_some(self) -> bool:
        while len(self._batch) < _BATCH:
            try:
                self._batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        with self._uses_lock:
            uses, self._uses = self._uses, {}
        happenings = self._batch
        if not happenings and not uses:
            return False
        records: list[EventRecord] = []
        texts: dict[str, str] = {}
        for happening in happenings:
            record, mentioned = event(happening)
            records.append(record)
            texts.update({digest: text for digest, text in mentioned.items() if digest not in self._kept})
        with self._store.write() as tx:
            tx.documents.keep(texts)
            tx.events.append(records)
            tx.access_keys.note_uses(uses.values())
        if len(self._kept) > _KNOWN:
            self._kept.clear()
        self._kept.update(texts)
        self._batch = []
        return len(happenings) == _BATCH
