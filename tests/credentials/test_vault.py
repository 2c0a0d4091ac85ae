"""Sealed secrets open only where they belong."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ostiary.credentials.vault import SealBroken, Vault, seal, unseal
from ostiary.entropy import RepeatableEntropy, SystemEntropy

KEY = bytes(range(32))


@pytest.fixture
def vault() -> Vault:
    return Vault(KEY, SystemEntropy())


def test_a_secret_opens_for_its_account_and_its_row(vault: Vault) -> None:
    wrapped = vault.new_data_key("111122223333")
    sealed = vault.seal("111122223333", wrapped, "geheim", "AKIA1")
    assert b"geheim" not in sealed
    assert vault.unseal("111122223333", wrapped, sealed, "AKIA1") == "geheim"
    assert Vault(KEY, SystemEntropy()).unseal("111122223333", wrapped, sealed, "AKIA1") == "geheim"


def test_a_secret_moved_to_another_row_does_not_open(vault: Vault) -> None:
    wrapped = vault.new_data_key("111122223333")
    sealed = vault.seal("111122223333", wrapped, "geheim", "AKIA1")
    with pytest.raises(SealBroken):
        vault.unseal("111122223333", wrapped, sealed, "AKIA2")


def test_a_data_key_moved_to_another_account_does_not_open() -> None:
    wrapped = Vault(KEY, SystemEntropy()).new_data_key("111122223333")
    with pytest.raises(SealBroken):
        Vault(KEY, SystemEntropy()).seal("444455556666", wrapped, "geheim", "AKIA1")


def test_another_key_encryption_key_opens_nothing(vault: Vault) -> None:
    wrapped = vault.new_data_key("111122223333")
    with pytest.raises(SealBroken):
        Vault(bytes(32), SystemEntropy()).seal("111122223333", wrapped, "geheim", "AKIA1")


def test_every_changed_byte_breaks_the_seal() -> None:
    sealed = seal(KEY, b"geheim", "row", SystemEntropy())
    for place in range(len(sealed)):
        broken = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealBroken):
            unseal(KEY, broken, "row")
    for cut in range(len(sealed)):
        with pytest.raises(SealBroken):
            unseal(KEY, sealed[:cut], "row")


def test_the_same_secret_is_never_sealed_to_the_same_bytes() -> None:
    entropy = SystemEntropy()
    assert len({seal(KEY, b"geheim", "row", entropy) for _ in range(100)}) == 100


def test_a_seal_is_aes_gcm_with_its_binding_as_associated_data() -> None:
    sealed = seal(KEY, b"geheim", "row", RepeatableEntropy("x"))
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"row") == b"geheim"
    assert len(sealed) == 12 + len(b"geheim") + 16


def test_derived_keys_differ_by_purpose_and_repeat_in_every_process(vault: Vault) -> None:
    assert vault.derive("a") == Vault(KEY, SystemEntropy()).derive("a")
    assert len({vault.derive("a"), vault.derive("b"), Vault(bytes(32), SystemEntropy()).derive("a"), KEY}) == 4
    assert len(vault.derive("a")) == 32


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(size), SystemEntropy())
