"""Responses held against one expectation, so that a test names only what it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ostiary.saml import Assertion, Expected, Problem, Rejected, read_metadata, read_response
from tests.saml.idp import NOW, SIGN_IN, Idp, packed

ALICE = {"role": ["reader"]}


def expected(idp: Idp, *, now: float = NOW.timestamp(), **more: Any) -> Expected:
    made = Expected(
        metadata=read_metadata(idp.metadata()),
        recipient=lambda address: address == SIGN_IN,
        audience=lambda name: name in (SIGN_IN, "urn:amazon:webservices"),
        now=now,
        skew=60,
        lifetime=300,
    )
    return replace(made, **more)


def believed(xml: str | bytes, idp: Idp, **more: Any) -> Assertion:
    return read_response(packed(xml), expected(idp, **more))


def problem(xml: str | bytes, idp: Idp, **more: Any) -> Problem:
    """Why it is not believed."""
    with pytest.raises(Rejected) as caught:
        read_response(packed(xml), expected(idp, **more))
    return caught.value.problem
