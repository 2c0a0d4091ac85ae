"""Each error that the models of IAM and STS document, given to boto3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.coverage_page import PAGE, errors_seen
from tests.iam.calls import ABSENT, call, model
from tests.iam.documented import Row, table
from tests.iam.furnished import Named, furnish
from tests.iam.never import ELSEWHERE, NEVER, documented
from tests.iam.wired import Wired

TESTS = Path(__file__).parent.parent

TABLE = table()


@dataclass
class Asked:
    """The furnished account, and who asks."""

    wired: Wired
    names: Mapping[str, Any]
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, by: str, service: str) -> Any:
        if (by, service) not in self.clients:
            keys = {"root": self.wired.root, "other": self.wired.other}
            key = keys.get(by) or self.wired.key_of(by)
            for each in ("iam", "sts"):
                self.clients[by, each] = self.wired.client(each, key)
        return self.clients[by, service]

    def answer(self, row: Row) -> tuple[str, int]:
        """Code and status that a row's call is answered with; nothing and 200 when it succeeds."""
        service, name = row.operation.split(":")
        given = call(service, name, ABSENT if row.absent else self.names, **self.read(row.params))
        with ExitStack() as stack:
            stack.enter_context(self.wired.its_time())
            client = self.client(row.by, service)
            if row.quota is not None:
                stack.enter_context(self.wired.quota(row.quota, 0))
            try:
                getattr(client, xform_name(name))(**given)
            except ClientError as refused:
                said = refused.response
                return said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]
        return "", 200

    def read(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.names[value.name] if isinstance(value, Named) else value for name, value in params.items()}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The account is furnished once: a call that is refused changes nothing."""
    wired = Wired(tmp_path_factory.mktemp("documented") / "data")
    with wired.its_time():
        names = furnish(wired)
    yield Asked(wired, names)
    wired.close()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.operation} {row.code}")
def test_a_call_is_answered_with_the_documented_error(asked: Asked, row: Row) -> None:
    service, name = row.operation.split(":")
    shapes = model(service).operation_model(name).error_shapes
    status = {shape.metadata["error"]["code"]: shape.metadata["error"]["httpStatusCode"] for shape in shapes}
    assert asked.answer(row) == (row.code, status[row.code])


def test_every_documented_error_is_given_or_explained() -> None:
    given = {row.pair for row in TABLE}
    assert len(given) == len(TABLE)
    left = set(documented()) - given - set(NEVER)
    assert left == set(ELSEWHERE)


def test_nothing_is_explained_that_is_not_documented_or_that_is_given() -> None:
    pairs = set(documented())
    assert set(NEVER) <= pairs and set(ELSEWHERE) <= pairs
    assert not set(NEVER) & ({row.pair for row in TABLE} | set(ELSEWHERE))


@pytest.mark.parametrize("pair", sorted(ELSEWHERE), ids=" ".join)
def test_a_test_elsewhere_names_the_error(pair: tuple[str, str]) -> None:
    """That it is seen there is told by docs/coverage.md."""
    assert pair[1] in (TESTS / ELSEWHERE[pair]).read_text()
    assert pair[1] in errors_seen(PAGE.read_text())[pair[0]]
