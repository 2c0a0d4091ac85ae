"""What AWS answered when somebody asked it: facts with their sources, in `recorded/`, put to this house over the wire.

A fact is what is there first (`given`), what is asked (`when`: an operation of IAM, or of another service with its
name) and by whom if not by the root user (`by`), and the answer, whole, or the error with its code, status and message.
`<time>`, `<id>` and `<any>` stand for values of which only the kind is known; other words in angle brackets for
documents, or for what an earlier answer had.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.credentials import certs
from tests.saml.idp import Idp
from tests.server.through_gate import ROOT, InProcess

FILES = sorted(Path(__file__).with_name("recorded").glob("*.json"))
FACTS = [(file.stem, fact) for file in FILES for fact in json.loads(file.read_text())["facts"]]
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
DOCUMENTS = ("PolicyDocument", "AssumeRolePolicyDocument", "Document")
ID = re.compile(r"A[A-Z]{3}[A-Z2-7]{17}")


@cache
def texts() -> Mapping[str, str]:
    """What the words in angle brackets stand for."""
    one, two, three = (certs.make(name, key=certs.rsa_key()) for name in ("one", "two", "three"))
    return {
        "<policy>": json.dumps(POLICY),
        "<trust>": json.dumps(TRUST),
        "<certificate>": one.pem,
        "<second certificate>": two.pem,
        "<third certificate>": three.pem,
        "<private key>": one.key_pem,
        "<ssh key>": certs.ssh_line(),
        "<metadata>": Idp().metadata(),
    }


class Asking:
    """A house, and what its answers had that later requests need."""

    def __init__(self, house: InProcess) -> None:
        self.house = house
        self.key = ROOT
        self.known = dict(texts())

    def __call__(self, name: str, params: Mapping[str, Any], saved: Mapping[str, str] | None = None) -> Any:
        """Code, status and message, or the answer."""
        service, _, operation = name.rpartition(":")
        error, answer = self.house.call(service or "iam", operation, self.filled(params), key=self.key)
        for word, path in (saved or {}).items():
            found: Any = answer
            for step in path.split("."):
                found = found[step]
            self.known[f"<{word}>"] = found
        return error or answer

    def filled(self, value: Any) -> Any:
        """The value, with what the words in it stand for."""
        if isinstance(value, Mapping):
            return {name: self.filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        return self.known.get(value, value) if isinstance(value, str) else value

    def hold(self, expected: Any, found: Any, where: str = "") -> None:
        """Fails where an answer is not as it was recorded."""
        if isinstance(expected, Mapping):
            assert isinstance(found, Mapping) and set(found) == set(expected), f"{where}: {found}"
            for name, each in expected.items():
                self.hold(each, read(name, found[name]), f"{where}.{name}")
        elif isinstance(expected, list):
            assert len(found) == len(expected), f"{where}: {found}"
            for number, (wanted, each) in enumerate(zip(expected, found, strict=True)):
                self.hold(wanted, each, f"{where}.{number}")
        elif expected == "<time>":
            assert isinstance(found, datetime), where
        elif expected == "<id>":
            assert ID.fullmatch(found), f"{where}: {found}"
        elif expected == "<any>":
            assert found, where
        else:
            wanted = self.known.get(expected, expected) if isinstance(expected, str) else expected
            assert found == (json.loads(wanted) if where.endswith(DOCUMENTS) else wanted), where


def read(name: str, value: Any) -> Any:
    """An answer's member; documents are decoded, as the SDKs do."""
    return json.loads(unquote(value)) if name in DOCUMENTS else value


@pytest.fixture
def house(tmp_path: Path) -> Iterator[InProcess]:
    made = InProcess(tmp_path / "data")
    yield made
    made.close()


@pytest.mark.parametrize(("noun", "fact"), FACTS, ids=[f"{noun}: {fact['fact']}" for noun, fact in FACTS])
def test_an_answer_is_as_aws_gave_it(house: InProcess, noun: str, fact: dict[str, Any]) -> None:
    asking = Asking(house)
    for operation, params, *saved in fact.get("given", ()):
        answer = asking(operation, params, *saved)
        assert isinstance(answer, Mapping), answer
    if "by" in fact:
        house.iam("CreateUser", UserName=fact["by"])
        asking.key = house.key_of(fact["by"])
    found = asking(*fact["when"])
    error = fact.get("error")
    if error is None:
        asking.hold(fact["answer"], found)
    else:
        code, status, message = found
        assert (code, status) == (error["code"], error["status"])
        assert message == error["message"]


def test_every_file_names_its_source() -> None:
    assert len(FACTS) >= 60
    for file in FILES:
        assert json.loads(file.read_text())["source"].startswith("https://")
