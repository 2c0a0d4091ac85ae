"""An operation: what it asks, what it does, how it fails, in one place; and the table of all of them.

`asks` gives the permissions an operation needs, with resources and condition keys, before it is done. `changes` says
that it writes: then it runs in a write transaction, and its audit event is part of it. Others wait for a write
transaction to end, so what takes long and needs none is done before it, by `prepare`; and `prove` finds out more of
who calls before any permission is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ostiary.authorization.book import Book
from ostiary.authorization.caller import Caller, Vouched
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask, Judge, Judgement
from ostiary.clock import Clock
from ostiary.credentials.sessions import SessionSeal
from ostiary.credentials.vault import Vault
from ostiary.engines.engine import Engine, Signer
from ostiary.entropy import Entropy
from ostiary.federation.issuers import Issuers
from ostiary.settings import Settings
from ostiary.store.database import Store
from ostiary.store.transaction import Transaction


def nothing_waits() -> None:
    """For a house whose record is written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The collaborators, built once by `app.py`."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    store: Store
    vault: Vault
    seal: SessionSeal
    book: Book
    judge: Judge
    engine: Engine | None
    engine_signer: Signer
    """Signs requests to the engine with the engine's own key."""
    issuers: Issuers = field(default_factory=Issuers)
    """Verifies identity tokens; one that is made without more reaches the public Internet alone."""
    write_record: Callable[[], None] = nothing_waits
    """Write what waits to be recorded: then the record has every request that was answered."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: an operation with its parameters, by somebody."""

    service: str
    """botocore's name of the service, such as `iam`."""
    operation: str
    caller: Caller
    params: Mapping[str, Any]
    """As the service model names them, read and held against its constraints."""
    facts: RequestFacts
    house: House
    target: Any = None
    """What the route found out beyond the operation; for S3 an `S3Call`."""
    patient: bool = True
    """Whether the caller is in a thread that may wait; if not, `MustWait` may be raised."""
    vouched: Vouched | None = None
    """What `vouch` gave."""
    proven: Any = None
    """What `prove` gave."""
    prepared: Any = None
    """What `prepare` gave."""
    further: list[Judgement] = []
    """Decisions taken while operating (DeleteObjects: one a key); they go into the record too."""

    def __repr__(self) -> str:
        return f"<Call {self.service}:{self.operation} by {self.caller.arn or 'nobody'}>"

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account

    @property
    def now(self) -> int:
        """The moment of the request, seconds since 1970."""
        return int(self.facts.at.timestamp())


class MustWait(Exception):
    """Answering needs to wait for the engine: call again from a thread."""


Asks = Callable[[Call, Transaction], Iterable[Ask]]
Deed = Callable[[Call, Transaction], Any]
Proof = Callable[[Call], Any]
Vouch = Callable[[Call], Vouched]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A row of the table."""

    service: str
    name: str
    asks: Asks
    do: Deed
    changes: bool
    blocking: bool
    """It may wait (a commit, the engine, a slow hash): run in a thread."""
    anonymous: bool
    """It may be called without a signature."""
    vouch: Vouch | None = None
    """Finds out who calls from what an identity provider says, in place of a signature: then this is the caller."""
    prove: Proof | None = None
    """Checks what a request says of its caller beyond the signature (an MFA code), before the permissions are asked,
    which see what it gives as `Call.proven`. It may keep what it did even if the call is refused then."""
    prepare: Deed | None = None
    """Does what takes long (a password's hash) once the caller has every permission, and before the transaction of the
    change, in which the permissions are asked again. Its own transaction is another: the deed finds what it gives as
    `Call.prepared`, and must see whether what that rests on still holds."""


OPERATIONS: Final[dict[tuple[str, str], Operation]] = {}


def operation(
    service: str,
    name: str,
    *,
    asks: Asks,
    changes: bool = False,
    blocking: bool = False,
    anonymous: bool = False,
    vouch: Vouch | None = None,
    prove: Proof | None = None,
    prepare: Deed | None = None,
) -> Callable[[Deed], Deed]:
    """Enter a function into the table of operations."""

    def enter(do: Deed) -> Deed:
        key = (service, name)
        if key in OPERATIONS:
            raise ValueError(f"{service}:{name} stands twice in the table of operations")
        OPERATIONS[key] = Operation(
            service=service,
            name=name,
            asks=asks,
            do=do,
            changes=changes,
            blocking=changes or blocking,
            anonymous=anonymous,
            vouch=vouch,
            prove=prove,
            prepare=prepare,
        )
        return do

    return enter


def nothing(_call: Call, _tx: Transaction) -> Iterable[Ask]:
    """For the operations that every authenticated caller may use (R101)."""
    return ()


def on_everything(action: str) -> Asks:
    """For an action without resource-level permissions (R23)."""

    def asks(_call: Call, _tx: Transaction) -> Iterable[Ask]:
        return (Ask(action=action),)

    return asks
