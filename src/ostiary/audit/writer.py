"""audit: reads and refusals are written to the record in batches, by a thread of its own.

INVARIANT: `note` never waits for the disk. When the disk is slower than the requests for long, callers wait their turn
rather than lose events. What could not be written is kept for the next time.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from ostiary.audit.accesses import accesses
from ostiary.audit.record import Happening, event
from ostiary.store.database import Store
from ostiary.store.records import USER_AGENT_KEPT, AccessKeyUse, EventRecord

_MOST_WAITING: Final = 50_000
_BATCH: Final = 1_000
_KNOWN: Final = 20_000

RoleUse = tuple[int, str]
"""When (seconds since 1970) and in which Region."""


class AuditWriter:
    """Collects happenings and uses; writes them every `delay` seconds, and all of them on `close`."""

    def __init__(self, store: Store, delay: float) -> None:
        self._store, self._delay = store, delay
        self._waiting: deque[Happening] = deque()
        self._room = threading.Condition()
        self._key_uses: dict[str, AccessKeyUse] = {}
        self._role_uses: dict[str, RoleUse] = {}
        self._uses_lock = threading.Lock()
        self.kept: set[str] = set()
        """Hashes of policy texts that the store has, as far as is remembered."""
        self._batch: list[Happening] = []
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def note(self, happening: Happening) -> None:
        """Write this soon."""
        if len(self._waiting) >= _MOST_WAITING:
            with self._room:
                self._room.wait_for(lambda: len(self._waiting) < _MOST_WAITING)
        self._waiting.append(happening)

    def note_use(
        self, key_id: str, at: int, service: str, region: str, user_agent: str = "", source_ip: str = ""
    ) -> None:
        """A long-term key was used, by which client and from where. Of a second one use of each service is kept."""
        known = self._key_uses.get(key_id)
        if known is None or known.at != at or known.service != service or known.region != region:
            use = AccessKeyUse(
                key_id=key_id,
                at=at,
                service=service,
                region=region,
                user_agent=user_agent[:USER_AGENT_KEPT],
                source_ip=source_ip,
            )
            with self._uses_lock:
                self._key_uses[key_id] = use

    def note_role_use(self, role_id: str, at: int, region: str) -> None:
        """Credentials of a role were used."""
        if self._role_uses.get(role_id) != (at, region):
            with self._uses_lock:
                self._role_uses[role_id] = (at, region)

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
            self._store.reading.let_go()
            try:
                self.flush()
            except Exception as error:  # the record must go on after a full disk has been emptied
                print(f"audit: events could not be written: {type(error).__name__}", file=sys.stderr)  # noqa: T201

    def _write_some(self) -> bool:
        self._fill_batch()
        keys, roles = self._take_uses()
        if not self._batch and not keys and not roles:
            return False
        records: list[EventRecord] = []
        texts: dict[str, str] = {}
        for happening in self._batch:
            record, mentioned = _recorded(happening)
            records.append(record)
            texts.update({digest: text for digest, text in mentioned.items() if digest not in self.kept})
        try:
            with self._store.write() as tx:
                tx.documents.keep(texts)
                tx.events.append(records)
                tx.service_accesses.note(accesses(self._batch))
                tx.access_keys.note_uses(keys.values())
                for role_id, (at, region) in roles.items():
                    tx.roles.used(role_id, at, region)
        except BaseException:
            self._give_back(keys, roles)
            raise
        if len(self.kept) > _KNOWN:
            self.kept.clear()
        self.kept.update(texts)
        self._batch = []
        return len(records) == _BATCH

    def _fill_batch(self) -> None:
        while len(self._batch) < _BATCH:
            try:
                self._batch.append(self._waiting.popleft())
            except IndexError:
                break
        with self._room:
            self._room.notify_all()

    def _take_uses(self) -> tuple[dict[str, AccessKeyUse], dict[str, RoleUse]]:
        with self._uses_lock:
            taken = self._key_uses, self._role_uses
            self._key_uses, self._role_uses = {}, {}
            return taken

    def _give_back(self, keys: dict[str, AccessKeyUse], roles: dict[str, RoleUse]) -> None:
        """Uses that were not written; later ones have come meanwhile, perhaps."""
        with self._uses_lock:
            self._key_uses = keys | self._key_uses
            self._role_uses = roles | self._role_uses


def _recorded(happening: Happening) -> tuple[EventRecord, Mapping[str, str]]:
    """The event; when it can't be written down whole, without what was asked. One event must not hold up the others."""
    try:
        return event(happening)
    except Exception:
        told = "what was asked could not be recorded"
        error = None if happening.error is None else (happening.error[0], told)
        return event(replace(happening, parameters={"ostiary": told}, answer=None, error=error, judgements=()))
