"""An account that trusts a provider on loopback, and the calls of those who have its tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostiary.authorization.caller import ANONYMOUS
from ostiary.credentials.sessions import Session
from ostiary.services.faults import ServiceFault
from tests.federation.provider import Provider
from tests.sts.people import add_role, session_of
from tests.world import ACCOUNT, NOW, World

AT = int(NOW.timestamp())
ALL = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]


class Federated:
    """A world whose account trusts the provider, with a role for its tokens."""

    def __init__(self, world: World, provider: Provider, account: str = ACCOUNT) -> None:
        self.world, self.provider, self.account = world, provider, account
        self.name = provider.issuer.removeprefix("https://")
        self.arn = f"arn:aws:iam::{account}:oidc-provider/{self.name}"
        self.trusting()

    def trusting(
        self, clients: tuple[str, ...] = ("sts.amazonaws.com",), prints: tuple[str, ...] = ("0" * 40,)
    ) -> None:
        self.world.call(
            "iam:CreateOpenIDConnectProvider",
            Url=self.provider.issuer,
            ClientIDList=list(clients),
            ThumbprintList=list(prints),
            by=self.world.root(self.account),
        )

    def role(self, name: str = "web", actions: list[str] | str = ALL, **condition: Any) -> str:
        statement = {"Effect": "Allow", "Principal": {"Federated": self.arn}, "Action": actions}
        if condition:
            statement["Condition"] = condition["condition"]
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return add_role(self.world, name, text, account=self.account)

    def token(self, *arguments: Any, **more: Any) -> str:
        return self.provider.token(*arguments, **{"now": AT, **more})

    def assume(self, role: str, token: str | None = None, **more: Any) -> dict[str, Any]:
        given = {"RoleArn": role, "RoleSessionName": "pod-1", "WebIdentityToken": token or self.token(), **more}
        answer: dict[str, Any] = self.world.call("sts:AssumeRoleWithWebIdentity", given, by=ANONYMOUS)
        return answer

    def refused(self, role: str, token: str | None = None, **more: Any) -> tuple[str, str, int | None]:
        with pytest.raises(ServiceFault) as caught:
            self.assume(role, token, **more)
        return caught.value.code, caught.value.message, caught.value.status

    def session(self, role: str, token: str | None = None, **more: Any) -> Session:
        return session_of(self.world, self.assume(role, token, **more))
