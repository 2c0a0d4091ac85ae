"""A world for tests: a house on an empty directory, and a line a fact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ostiary import policy
from ostiary.app import engine_signer
from ostiary.audit.record import Happening
from ostiary.authorization.book import Book
from ostiary.authorization.caller import Caller, CallerKind
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Judge
from ostiary.clock import FixedClock
from ostiary.credentials.sessions import SessionSeal
from ostiary.credentials.vault import Vault
from ostiary.entropy import RepeatableEntropy
from ostiary.gate.authenticate import vouched_for
from ostiary.gate.operate import carry_out
from ostiary.identifiers import iam_arn, root_arn
from ostiary.services.catalogue import load_operations
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import OPERATIONS, Call, House
from ostiary.settings import Settings
from ostiary.store.database import Store
from ostiary.store.records import AccountRecord
from tests.covering import note

ACCOUNT = "111122223333"
OTHER = "444455556666"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def document(action: str | list[str], resource: str | list[str] = "*", effect: str = "Allow", **more: Any) -> str:
    """A policy of one statement."""
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class World:
    """A house with two accounts; operations are called below the wire, through authorization."""

    def __init__(self, data: Path) -> None:
        load_operations()
        self.clock = FixedClock(NOW)
        entropy = RepeatableEntropy("world")
        store = Store(data / "ostiary.db")
        vault = Vault(bytes(32), entropy)
        book = Book(store, vault)
        self.house = House(
            settings=Settings(data=data),
            clock=self.clock,
            entropy=entropy,
            store=store,
            vault=vault,
            seal=SessionSeal(vault.derive("sessions"), entropy),
            book=book,
            judge=Judge(book),
            engine=None,
            engine_signer=engine_signer,
        )
        for number, account in enumerate((ACCOUNT, OTHER)):
            with store.write() as tx:
                tx.accounts.add(
                    AccountRecord(
                        id=account,
                        name=f"account-{number}",
                        email=f"root-{number}@example.com",
                        created=int(NOW.timestamp()),
                        canonical_id=f"{number:064d}",
                        data_key=vault.new_data_key(account),
                    )
                )
        self._requests = 0

    def root(self, account: str = ACCOUNT) -> Caller:
        """The root user of an account."""
        arn = root_arn(account)
        principal = policy.Root(arn=arn, account=account)
        return Caller(
            kind=CallerKind.ROOT, principal=principal, account=account, arn=arn, user_id=account, entity_id=account
        )

    def user(self, name: str, account: str = ACCOUNT) -> Caller:
        """An existing user, with long-term keys."""
        with self.house.store.read() as tx:
            record = tx.users.get(account, name)
        assert record is not None
        arn = iam_arn(account, "user", record.name, record.path)
        return Caller(
            kind=CallerKind.USER,
            principal=policy.User(arn=arn, account=account, id=record.id),
            account=account,
            arn=arn,
            user_id=record.id,
            entity_id=record.id,
            name=record.name,
        )

    def call(
        self, operation: str, params: Mapping[str, Any] | None = None, *, by: Caller | None = None, **more: Any
    ) -> Any:
        """`world.call("iam:CreateUser", {"UserName": "bob"})`: authorize and do it as root, or as `by`."""
        service, name = operation.split(":")
        self._requests += 1
        self.house.book.refresh()
        facts = RequestFacts(
            request_id=f"00000000-0000-4000-8000-{self._requests:012d}",
            at=self.clock.now(),
            source_ip="127.0.0.1",
            secure=False,
            region="us-east-1",
        )
        caller = by or self.root()
        call = Call(
            service=service,
            operation=name,
            caller=caller,
            params={**(params or {}), **more},
            facts=facts,
            house=self.house,
        )
        happening = Happening(
            facts=facts, caller=caller, event_source=f"{service}.amazonaws.com", event_name=name, account=caller.account
        )
        row = OPERATIONS[service, name]
        try:
            call = vouched_for(row, call)
            given, permitted, _ = carry_out(row, call, replace(happening, caller=call.caller), None)
        except ServiceFault as fault:
            note(operation, error=fault.code)
            raise
        note(operation, permitted.judgements)
        return given
