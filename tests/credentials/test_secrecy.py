"""What holds a secret does not show it when it is printed, logged, or part of a traceback."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ostiary.authorization.book import KeyFacts
from ostiary.credentials.passwords import hash_password
from ostiary.credentials.sessions import SessionSeal
from ostiary.credentials.vault import Vault
from ostiary.entropy import SystemEntropy
from ostiary.services.iam.hardware_tokens import Token
from ostiary.services.iam.passwords import NewPassword
from ostiary.settings import RemoteEngineSettings
from ostiary.store.mfa import MfaDeviceRecord
from ostiary.store.passwords import PasswordSet
from ostiary.store.records import AccessKeyRecord, AccountRecord, LoginProfileRecord
from tests.credentials.test_sessions import PLAIN

GIVEN = SessionSeal(bytes(32), SystemEntropy()).issue(PLAIN)
HASH = hash_password("correct horse")
HOLDERS: list[tuple[Any, list[str]]] = [
    (GIVEN, [GIVEN.secret_access_key, GIVEN.session_token]),
    (KeyFacts(id="AKIA1", account="1", owner_id="A", secret="GEHEIM", active=True), ["GEHEIM"]),
    (AccessKeyRecord(id="AKIA1", account="1", owner_id="A", secret=b"GEHEIM", active=True, created=1), ["GEHEIM"]),
    (LoginProfileRecord(user_id="A", password=HASH, created=1, reset_required=False), [HASH]),
    (MfaDeviceRecord(id="M", serial="s", account="1", kind="virtual", created=1, seed=b"GEHEIM"), ["GEHEIM"]),
    (Token(line=1, serial="GAHT12345678", seed="GEHEIM", period=30), ["GEHEIM"]),
    (PasswordSet(password=HASH, at=1), [HASH]),
    (NewPassword(hashed=HASH, rests_on=(HASH,)), [HASH]),
    (
        AccountRecord(id="1", name="n", email="e", created=1, canonical_id="c", data_key=b"GEHEIM", root_password=HASH),
        ["GEHEIM", HASH],
    ),
    (RemoteEngineSettings(url="http://x", access_key_id="AKIA1", secret_access_key="GEHEIM"), ["GEHEIM"]),
    (Vault(b"GEHEIM" + bytes(26), SystemEntropy()), ["GEHEIM"]),
    (SessionSeal(b"GEHEIM" + bytes(26), SystemEntropy()), ["GEHEIM"]),
]


@pytest.mark.parametrize(("holder", "secrets"), HOLDERS, ids=[type(each[0]).__name__ for each in HOLDERS])
def test_no_secret_in_the_text_form(holder: Any, secrets: list[str]) -> None:
    for text in (repr(holder), str(holder), f"{[holder]}"):
        assert not [secret for secret in secrets if secret in text]
    assert re.search(r"[A-Z]\w+", repr(holder)), "it still says what it is"
