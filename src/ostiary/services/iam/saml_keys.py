"""services/iam: the private keys that open what a SAML provider encrypts: sealed under the account's data key.

Source: IAM User Guide, "Manage SAML encryption keys", "Troubleshoot SAML federation with IAM" (the texts).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ostiary.credentials.vault import Vault
from ostiary.entropy import letters
from ostiary.saml import NotAPrivateKey, read_private_key, stored_private_key
from ostiary.services.iam.faults import InvalidInput, LimitExceeded
from ostiary.services.operation import Call
from ostiary.store.saml import SamlKeyRecord, SamlProviderRecord
from ostiary.store.transaction import Transaction

MOST_KEYS: Final = 2
REQUIRED: Final = "Required"
_ID_LETTERS: Final = 16
_NO_KEY: Final = "Unable to set assertion encryption mode to Required because no private key is provided."


def check_key(call: Call) -> None:
    """Whether the request's `AddPrivateKey`, if it has one, is a key. Takes up to a second. Raises `InvalidInput`."""
    pem: str | None = call.params.get("AddPrivateKey")
    if pem is None:
        return
    try:
        read_private_key(pem)
    except NotAPrivateKey:
        raise InvalidInput("Invalid private key.") from None


def add_key(call: Call, tx: Transaction, provider: SamlProviderRecord) -> None:
    """Keep the key of the request's `AddPrivateKey`, which `check_key` has seen. Raises `LimitExceeded`."""
    pem: str | None = call.params.get("AddPrivateKey")
    if pem is None:
        return
    if len(tx.saml_providers.keys(provider.id)) >= MOST_KEYS:
        raise LimitExceeded(f"Private key limit of {MOST_KEYS} is reached.")
    account = tx.accounts.get(provider.account)
    assert account is not None
    key_id = "SAMLPK" + letters(call.house.entropy, _ID_LETTERS)
    sealed = call.house.vault.seal(account.id, account.data_key, pem, _bound_to(key_id))
    record = SamlKeyRecord(id=key_id, provider_id=provider.id, sealed=sealed, created=call.now)
    tx.saml_providers.add_key(record)


def remove_key(call: Call, tx: Transaction, provider: SamlProviderRecord, mode: str | None) -> None:
    """Forget the key of the request's `RemovePrivateKey`, if it has one. Raises `InvalidInput`."""
    key_id: str | None = call.params.get("RemovePrivateKey")
    if key_id is None:
        return
    held = [key.id for key in tx.saml_providers.keys(provider.id)]
    if key_id not in held:
        raise InvalidInput("Failed to remove private key because the Key ID does not match a private key.")
    if mode == REQUIRED and len(held) == 1:
        raise InvalidInput("Failed to remove private key.")
    tx.saml_providers.remove_key(provider.id, key_id)


def check_mode(tx: Transaction, provider_id: str, mode: str | None) -> None:
    """Who requires encryption must have a key. Raises `InvalidInput`."""
    if mode == REQUIRED and not tx.saml_providers.keys(provider_id):
        raise InvalidInput(_NO_KEY)


def opened_keys(vault: Vault, tx: Transaction, provider: SamlProviderRecord) -> Sequence[RSAPrivateKey]:
    """A provider's keys, the oldest first."""
    account = tx.accounts.get(provider.account)
    assert account is not None
    return [
        stored_private_key(vault.unseal(account.id, account.data_key, key.sealed, _bound_to(key.id)))
        for key in tx.saml_providers.keys(provider.id)
    ]


def _bound_to(key_id: str) -> str:
    return f"saml key {key_id}"
