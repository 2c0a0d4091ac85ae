"""Passwords and API keys of single services."""

from __future__ import annotations

import base64
import re

import pytest

from ostiary.credentials.service_credentials import SERVICES, digest, is_secret, login_in, new_secret
from ostiary.entropy import RepeatableEntropy, SystemEntropy

LOGIN = "BedrockAPIKey-ab12-at-111122223333"
BEDROCK = re.compile(r"ABSK[A-Za-z0-9+/]{109,269}={0,2}")
"""What gitleaks looks for, to find Bedrock's long-term API keys."""


def test_a_password_has_60_characters_and_is_never_the_same() -> None:
    made = {new_secret("codecommit.amazonaws.com", "bob", SystemEntropy()) for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9+/]{59}=", each) for each in made)


def test_an_api_key_looks_as_scanners_expect_it_and_carries_its_login() -> None:
    key = new_secret("bedrock.amazonaws.com", LOGIN, RepeatableEntropy("x"))
    assert BEDROCK.fullmatch(key)
    assert key.startswith("ABSK" + base64.b64encode(b"BedrockAPIKey-ab").decode()[:20])
    assert base64.b64decode(key[4:]).startswith(LOGIN.encode() + b":")
    assert login_in("bedrock.amazonaws.com", key) == LOGIN


@pytest.mark.parametrize("service", [name for name, prefix in SERVICES.items() if prefix])
def test_each_services_keys_are_its_own(service: str) -> None:
    key = new_secret(service, LOGIN, RepeatableEntropy("x"))
    assert [name for name in SERVICES if login_in(name, key)] == [service]


@pytest.mark.parametrize("text", ["", "ABSK", "ABSK####", "ABSK/w==", "x", "ACWL" + base64.b64encode(b"a:b").decode()])
def test_what_is_no_api_key_carries_no_login(text: str) -> None:
    assert not login_in("bedrock.amazonaws.com", text)


def test_a_digest_knows_its_secret_only() -> None:
    assert is_secret(digest("a"), "a")
    assert not is_secret(digest("a"), "b") and not is_secret(b"", "a")
