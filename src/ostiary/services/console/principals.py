"""services/console: the users and roles of an account by name, for fields that complete what is typed."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import merge
from itertools import islice
from typing import Any

from ostiary.authorization.judge import Ask
from ostiary.services.iam.names import ROLE, USER, Kind
from ostiary.services.operation import Call
from ostiary.services.view import view
from ostiary.store.transaction import Transaction


def _asks(_call: Call, _tx: Transaction) -> Iterable[Ask]:
    return (Ask(action="iam:ListUsers"), Ask(action="iam:ListRoles"))


@view("iam", "ListUsers", asks=_asks)
def principal_names(call: Call, tx: Transaction) -> tuple[str, ...]:
    """`user/ann`, `role/Deploy`: those whose names begin so, at most so many; with their paths."""
    begins, limit = call.params["Begins"].lower(), call.params["Limit"]
    found = []
    kinds: tuple[Kind[Any], ...] = (USER, ROLE)
    for kind in kinds if begins.isascii() else ():
        rows = kind.rows(tx).page(call.account, after=_before(begins), limit=limit)
        named = (each for each in rows if each.name.lower().startswith(begins))
        found.append([(each.name.lower(), kind.arn(each).split(":", 5)[5]) for each in named])
    return tuple(name for _, name in islice(merge(*found), limit))


def _before(begins: str) -> str:
    """A key after which names that begin so come next."""
    return begins[:-1] + chr(ord(begins[-1]) - 1) + "\U0010ffff" if begins else ""
