"""A view: what the console shows and AWS has no one operation for. It asks permissions like an operation, and reads.

A view is no operation of the wire: it stands in no table, and is handed to `Performer.look` itself. What it asks for
are AWS's actions; what else it would like to show, and may not, it leaves out and says so (`seen`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from ostiary.authorization.judge import Ask
from ostiary.services.operation import Asks, Call, Operation
from ostiary.store.transaction import Transaction

T = TypeVar("T")


class View(Generic[T]):
    """A question to the house with what it needs permission for."""

    def __init__(
        self, service: str, name: str, asks: Asks, show: Callable[[Call, Transaction], T], *, changes: bool = False
    ) -> None:
        self.service, self.name = service, name
        self.operation = Operation(
            service=service, name=name, asks=asks, do=show, changes=changes, blocking=True, anonymous=False
        )

    def __repr__(self) -> str:
        return f"<View {self.service}:{self.name}>"


def view(
    service: str, name: str, *, asks: Asks, changes: bool = False
) -> Callable[[Callable[[Call, Transaction], T]], View[T]]:
    """Make a view of a function.

    Args:
        service: whose record it goes into, `iam`.
        name: the operation of AWS's that it is recorded as, `ListUsers`.
        asks: the permissions without which nothing is shown.
        changes: it writes: what AWS's console can do and its API can't (registering a passkey). Its event is written
            with the change.
    """

    def make(show: Callable[[Call, Transaction], T]) -> View[T]:
        return View(service, name, asks, show, changes=changes)

    return make


def seen(call: Call, action: str, resource: str = "*") -> bool:
    """Whether a part of a view may be shown, which its asks do not speak of."""
    return call.house.judge.judge(call.caller, Ask(action=action, resource=resource), call.facts).allowed


def on(action: str, resource: Callable[[Call], str] | None = None) -> Asks:
    """The permission for one action, on the resource that a call names or on everything."""

    def asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
        return (Ask(action=action, resource=resource(call) if resource is not None else "*"),)

    return asks
