"""An identity provider on loopback, for AssumeRoleWithWebIdentity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.federation.provider import Authority, Provider

AUDIENCE = "sts.amazonaws.com"


@contextmanager
def provider(work: Path) -> Iterator[Provider]:
    """A running provider; its authority's certificate is `authority(work)`."""
    started = Provider.start(Authority.make(authority(work).parent).server())
    yield started
    started.stop()


def authority(work: Path) -> Path:
    """The file of the certificate that signed the provider's."""
    return work / "authority" / "ca.pem"


def trust(iam: Any, issuer: str) -> None:
    """A role `web` that the provider's tokens give."""
    made = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[AUDIENCE], ThumbprintList=["0" * 40])
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": made["OpenIDConnectProviderArn"]},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer.removeprefix('https://')}:aud": AUDIENCE}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(document))
