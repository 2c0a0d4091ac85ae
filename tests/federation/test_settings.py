"""What the operator says of identity providers and of the public URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ostiary.app import issuers_reach
from ostiary.server import CannotServe, _public_url, run
from ostiary.settings import Settings
from tests.federation.provider import Authority


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"private_issuers": ("idp.internal", "a b")}, "--allow-private-issuer: `a b` is no host"),
        ({"private_issuers": ("idp.internal:99999",)}, "--allow-private-issuer: `idp.internal:99999` is no host"),
        ({"issuer_ca": Path("/nowhere/ca.pem")}, "--issuer-ca: `/nowhere/ca.pem` holds no certificates in PEM"),
        ({"public_url": "aws.example.com"}, "--public-url: `aws.example.com` is no URL"),
        ({"public_url": "https://aws.example.com/"}, "--public-url: `https://aws.example.com/` is no URL"),
        ({"public_url": "https://aws.example.com/?x"}, "--public-url"),
    ],
)
def test_what_cant_be_meant_is_told_at_the_start(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(CannotServe, match=said.replace("?", r"\?")):
        run(Settings(data=tmp_path, **settings), None, insecure_plain_http=False)
    assert list(tmp_path.iterdir()) == []


def test_nobody_private_is_allowed_unless_it_is_said(authority: Authority, tmp_path: Path) -> None:
    assert issuers_reach(Settings(data=tmp_path)).hosts == frozenset()
    said = Settings(data=tmp_path, private_issuers=("IDP.internal", "localhost:8443"), issuer_ca=authority.file)
    reach = issuers_reach(said)
    assert reach.hosts == {("idp.internal", None), ("localhost", 8443)} and reach.authorities == authority.file


def test_the_public_url_is_the_address_or_this_machines_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "box")
    assert _public_url(Settings(data=tmp_path), "http://127.0.0.1:4700") == "http://127.0.0.1:4700"
    assert _public_url(Settings(data=tmp_path, host="localhost"), "https://127.0.0.1:1") == "https://127.0.0.1:1"
    for everywhere in ("0.0.0.0", "::"):
        settings = Settings(data=tmp_path, host=everywhere)
        assert _public_url(settings, "https://0.0.0.0:4700") == "https://box:4700"
