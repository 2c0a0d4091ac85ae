"""Do it: an operation with what it asks, in one transaction, its event with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from ostiary.audit.accesses import accesses
from ostiary.audit.record import Happening, event
from ostiary.audit.redact import redacted
from ostiary.gate.authorize import Permitted, authorize
from ostiary.services.operation import Call, Operation
from ostiary.store.database import Store
from ostiary.store.records import EventRecord
from ostiary.store.transaction import Transaction


class Together:
    """What is written once for all changes that share a commit, before it: their events and accesses."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        """Hashes of the policy texts that the changes have written."""
        self._records: list[EventRecord] = []
        self._done: list[Happening] = []

    def add(self, done: Happening, record: EventRecord, texts: Iterable[str]) -> None:
        """A change was made; its event."""
        self._done.append(done)
        self._records.append(record)
        self.texts.update(texts)

    def write(self, store: Store) -> None:
        """INVARIANT: in the commit of the changes themselves."""
        if self._done:
            with store.write() as tx:
                tx.events.append(self._records)
                tx.service_accesses.note(accesses(self._done))


def carry_out(
    operation: Operation,
    call: Call,
    happening: Happening,
    output_shape: Any,
    kept: set[str] | None = None,
    together: Together | None = None,
) -> tuple[Any, Permitted, bool]:
    """Authorize and do one call.

    A change and its audit event are written in the same transaction; a fault undoes both.

    Args:
        kept: hashes of the policy texts that the store has already; those that are written now are added.
        together: is given what else is to be written of a change that shares a commit with others.

    Returns:
        what the operation gave, the permission it had, and whether its event is written already.

    Raises:
        ServiceFault: refused, or the operation could not do it.
    """
    store = call.house.store
    call = _made_ready(operation, call)
    if not operation.changes:
        with store.read() as tx:
            permitted = authorize(operation, call, tx)
            return _operate(permitted, tx), permitted, False
    known = (kept or _NONE, together.texts if together else _NONE)
    with store.write() as tx:
        permitted = authorize(operation, call, tx)
        given = _operate(permitted, tx)
        done = replace(happening, judgements=permitted.judgements, answer=redacted(given, output_shape) or None)
        record, mentioned = event(done)
        texts = {digest: text for digest, text in mentioned.items() if not any(digest in each for each in known)}
        tx.documents.keep(texts)
        if together is None:
            tx.events.append([record])
            tx.service_accesses.note(accesses((done,)))
    if together is not None:
        together.add(done, record, texts)
    elif kept is not None:  # only now, after the commit, are they there
        kept.update(texts)
    return given, permitted, True


_NONE: Final[frozenset[str]] = frozenset()


def _made_ready(operation: Operation, call: Call) -> Call:
    """The call with what is proven and prepared before it is done. INVARIANT: nothing is prepared for who may not."""
    if operation.prove is not None:
        call = replace(call, proven=operation.prove(call))
    if operation.prepare is not None:
        with call.house.store.read() as tx:
            authorize(operation, call, tx)
            call = replace(call, prepared=operation.prepare(call, tx))
    return call


def _operate(permitted: Permitted, tx: Transaction) -> Any:
    return permitted.operation.do(permitted.call, tx)
