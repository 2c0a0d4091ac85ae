"""A company whose identity provider an account trusts, for the tests of AssumeRoleWithSAML."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ostiary.services.faults import ServiceFault
from tests.saml.idp import ISSUER, ROLE, SESSION_NAME, Idp, packed
from tests.sts.people import add_role
from tests.world import ACCOUNT, World

PROVIDER = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
ACTIONS = ["sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"]
QUALIFIER = base64.b64encode(hashlib.sha1(f"{ISSUER}{ACCOUNT}/corp".encode()).digest()).decode()


def saml_trust(condition: Mapping[str, Any] | None = None, actions: str | Sequence[str] = ACTIONS) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Action": actions}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Corp:
    """A company's identity provider, an account that trusts it, and a role."""

    def __init__(self, world: World) -> None:
        self.world, self.idp = world, Idp()
        world.call("iam:CreateSAMLProvider", Name="corp", SAMLMetadataDocument=self.idp.metadata())
        self.role = add_role(world, "reader", saml_trust(), path="/eng/")
        self.count = 0

    def text(
        self, attributes: Mapping[str, Sequence[str]] | None = None, *, pairs: Sequence[str] | None = None, **said: Any
    ) -> str:
        """A response as it is posted; every one has another id."""
        self.count += 1
        given = {
            ROLE: [f"{self.role},{PROVIDER}"] if pairs is None else list(pairs),
            SESSION_NAME: ["alice@corp"],
            **(attributes or {}),
        }
        assertion = self.idp.assertion(
            {name: values for name, values in given.items() if values}, id=f"_{self.count}", **said
        )
        return packed(self.idp.response(self.idp.signed(assertion)))

    def assume(self, text: str | None = None, **params: Any) -> Any:
        asked = {"RoleArn": self.role, "PrincipalArn": PROVIDER, **params}
        return self.world.call("sts:AssumeRoleWithSAML", SAMLAssertion=text or self.text(), **asked)

    def refused(self, text: str | None = None, **params: Any) -> tuple[str, str]:
        with pytest.raises(ServiceFault) as caught:
            self.assume(text, **params)
        return caught.value.code, caught.value.message

    def trusts(self, condition: Mapping[str, Any] | None = None, actions: str | Sequence[str] = ACTIONS) -> None:
        with self.world.house.store.write() as tx:
            record = tx.roles.get(ACCOUNT, "reader")
            assert record is not None
            tx.roles.change(record.id, trust=saml_trust(condition, actions))
