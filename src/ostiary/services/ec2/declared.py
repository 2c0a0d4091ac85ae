"""services/ec2: how operations of EC2 are entered into the table: each knows `DryRun`.

Source: Amazon EC2 API Reference, "Common query parameters", DryRun.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ostiary.services.ec2.faults import DryRunOperation
from ostiary.services.operation import Asks, Call, Deed, operation
from ostiary.store.transaction import Transaction


def ec2_operation(name: str, *, asks: Asks, changes: bool = False) -> Callable[[Deed], Deed]:
    """Enter an operation; with `DryRun` it ends where the permission has been found."""

    def enter(do: Deed) -> Deed:
        def do_unless_dry(call: Call, tx: Transaction) -> Any:
            if call.params.get("DryRun"):
                raise DryRunOperation("Request would have succeeded, but DryRun flag is set.")
            return do(call, tx)

        operation("ec2", name, asks=asks, changes=changes)(do_unless_dry)
        return do

    return enter
