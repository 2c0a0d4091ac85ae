"""The recipes of docs/users/web-identity.md, with tokens made like those of GitHub Actions and of Kubernetes.

The claims are those that the providers document; the keys are ours, served under the providers' own names.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ostiary.authorization.caller import ANONYMOUS
from ostiary.federation.addresses import Reach
from ostiary.federation.connection import Connector
from ostiary.federation.issuers import Issuers
from ostiary.services.faults import ServiceFault
from tests.federation.provider import Authority, Provider
from tests.sts.people import add_role
from tests.world import ACCOUNT, NOW, World

PAGE = (Path(__file__).parents[2] / "docs" / "users" / "web-identity.md").read_text()
GITHUB = "token.actions.githubusercontent.com"
CLUSTER = "kubernetes.example.internal"
AT = int(NOW.timestamp())


def trust_of(issuer: str) -> str:
    """The trust policy that the page shows for an issuer."""
    found = [text for text in re.findall(r"```json\n(.*?)```", PAGE, re.S) if f"oidc-provider/{issuer}" in text]
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def at_home(world: World, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A provider on loopback that has the providers' names and certificates for them."""
    started = Provider.start(authority.server((GITHUB, CLUSTER)))
    port = started.server.server_address[1]
    connect = socket.create_connection
    monkeypatch.setattr(
        "socket.create_connection", lambda address, timeout: connect((address[0], port), timeout=timeout)
    )
    reach = Reach(frozenset({(GITHUB, None), (CLUSTER, None)}), authority.file)
    connector = Connector(reach, lambda _host, _port: ["127.0.0.1"])
    world.house = replace(world.house, issuers=Issuers(connector, reach))
    world.provider = started  # type: ignore[attr-defined]
    yield world
    started.stop()


def assume(world: World, issuer: str, trust: str, claims: dict[str, Any]) -> dict[str, Any]:
    provider: Provider = world.provider  # type: ignore[attr-defined]
    provider.issuer = f"https://{issuer}"
    with world.house.store.read() as tx:
        known = tx.openid_providers.of_account(ACCOUNT)
    if not known:
        world.call(
            "iam:CreateOpenIDConnectProvider",
            Url=provider.issuer,
            ClientIDList=["sts.amazonaws.com"],
            ThumbprintList=["0" * 40],
        )
        add_role(world, "deploy", trust)
    token = provider.token(now=AT, **claims)
    given = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/deploy", "RoleSessionName": "recipe", "WebIdentityToken": token}
    answer: dict[str, Any] = world.call("sts:AssumeRoleWithWebIdentity", given, by=ANONYMOUS)
    return answer


GITHUB_CLAIMS = {
    "jti": "example-id",
    "sub": "repo:octo-org/octo-repo:environment:prod",
    "environment": "prod",
    "aud": "sts.amazonaws.com",
    "ref": "refs/heads/main",
    "sha": "example-sha",
    "repository": "octo-org/octo-repo",
    "repository_owner": "octo-org",
    "actor_id": "12",
    "repository_visibility": "private",
    "repository_id": "74",
    "repository_owner_id": "65",
    "run_id": "example-run-id",
    "run_number": "10",
    "run_attempt": "2",
    "runner_environment": "github-hosted",
    "actor": "octocat",
    "workflow": "example-workflow",
    "head_ref": "",
    "base_ref": "",
    "event_name": "workflow_dispatch",
    "ref_type": "branch",
    "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
    "nbf": AT - 600,
    "iat": AT,
    "exp": AT + 300,
}


@pytest.mark.parametrize(
    ("changed", "allowed"),
    [
        ({}, True),
        ({"sub": "repo:octo-org/octo-repo:environment:dev"}, False),
        ({"sub": "repo:octo-org/other:environment:prod", "repository": "octo-org/other"}, False),
        ({"repository": "octo-org/other"}, False),
        ({"ref": "refs/heads/feature"}, False),
    ],
)
def test_github_actions(at_home: World, changed: dict[str, str], allowed: bool) -> None:
    claims = {**GITHUB_CLAIMS, **changed}
    if allowed:
        answer = assume(at_home, GITHUB, trust_of(GITHUB), claims)
        assert answer["SubjectFromWebIdentityToken"] == GITHUB_CLAIMS["sub"]
        assert answer["Provider"] == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"
    else:
        with pytest.raises(ServiceFault, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
            assume(at_home, GITHUB, trust_of(GITHUB), claims)


def service_account(namespace: str, name: str) -> dict[str, Any]:
    """The claims of a projected service account token (Kubernetes 1.30)."""
    return {
        "aud": ["sts.amazonaws.com"],
        "exp": AT + 3600,
        "iat": AT,
        "jti": "7f2b7c1e-0c55-4d18-b2a3-0f4a1d9a0e11",
        "kubernetes.io": {
            "namespace": namespace,
            "node": {"name": "node-1", "uid": "0b4a2f0e"},
            "pod": {"name": "app-5d", "uid": "1c6f"},
            "serviceaccount": {"name": name, "uid": "2d7a"},
            "warnafter": AT + 3607,
        },
        "nbf": AT,
        "sub": f"system:serviceaccount:{namespace}:{name}",
    }


def test_kubernetes_service_accounts(at_home: World) -> None:
    trust = trust_of(CLUSTER)
    answer = assume(at_home, CLUSTER, trust, service_account("shop", "orders"))
    assert answer["SubjectFromWebIdentityToken"] == "system:serviceaccount:shop:orders"
    for namespace, name in (("shop", "other"), ("other", "orders")):
        with pytest.raises(ServiceFault, match="Not authorized"):
            assume(at_home, CLUSTER, trust, service_account(namespace, name))
    with pytest.raises(ServiceFault, match="Incorrect token audience"):
        assume(
            at_home, CLUSTER, trust, {**service_account("shop", "orders"), "aud": ["https://kubernetes.default.svc"]}
        )


def test_the_policies_of_the_page_are_json(at_home: World) -> None:
    for text in re.findall(r"```json\n(.*?)```", PAGE, re.S):
        assert json.loads(text)
