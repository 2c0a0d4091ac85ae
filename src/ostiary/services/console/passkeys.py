"""services/console: passkeys and security keys (WebAuthn): what a browser is asked, and what its answer proves.

A challenge is sealed into the form that asks for it, bound to the browser that got it and to what it is for, and ends
after a quarter of an hour: nothing is kept between two clicks. It is good once: a passkey answers a challenge that is
younger than the one it answered last.

Source: Web Authentication Level 3, "Registering a New Credential", "Verifying an Authentication Assertion"; IAM User
Guide, "Assign a passkey or security key in the AWS Management Console".
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from ostiary.credentials.vault import SealBroken, seal, unseal
from ostiary.services.console.sign_in import Known, password_standing, present_mark
from ostiary.services.iam.passwords import PasswordState
from ostiary.services.operation import House
from ostiary.store.mfa import FIDO, MfaDeviceRecord

LIFETIME_SECONDS: Final = 900
LONGEST_ANSWER: Final = 32_768
_BYTES: Final = 32
_KEY: Final = "passkey challenges"
_MILLION: Final = 1_000_000
_NAME: Final = "Ostiary"


class Purpose(StrEnum):
    """What a challenge is for. An answer to one is none to another."""

    REGISTER = "register"
    SECOND = "second factor"
    ALONE = "sign in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The console as browsers know it."""

    id: str
    """The host's name, which passkeys are bound to."""
    origin: str

    @classmethod
    def of(cls, origin: str) -> Party | None:
        """None where browsers have no passkeys: at an address of numbers, and without HTTPS beyond this machine."""
        parts = urlsplit(origin)
        name = parts.hostname or ""
        try:
            ipaddress.ip_address(name)
        except ValueError:
            secure = parts.scheme == "https" or name == "localhost" or name.endswith(".localhost")
            return cls(id=name, origin=origin) if name and secure else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What an authenticator signs."""

    value: bytes = field(repr=False)
    issued: int
    """Microseconds since 1970."""
    sealed: str = field(repr=False)
    """For the form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a browser sent for a challenge."""

    party: Party
    sealed: str = field(repr=False)
    bound_to: str = field(repr=False)
    """What the form was for: the browser's own token, and whose device is asked for."""
    credential: str = field(repr=False)
    """JSON, as `PublicKeyCredential.toJSON` makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A passkey that an authenticator has just made for its owner."""

    credential_id: bytes
    facts: Mapping[str, Any]
    counter: int


class PasskeyRefused(Exception):
    """The answer proves nothing. The text is for the operator's tests, not for who asks."""

    def __init__(self, why: str, device: MfaDeviceRecord | None = None) -> None:
        super().__init__(why)
        self.device = device


def new_challenge(house: House, purpose: Purpose, bound_to: str) -> Challenge:
    """A challenge for one form."""
    value = house.entropy.draw(_BYTES)
    issued = int(house.clock.now().timestamp() * _MILLION)
    told = json.dumps([value.hex(), issued]).encode()
    sealed = seal(house.vault.derive(_KEY), told, _bound(purpose, bound_to), house.entropy)
    return Challenge(value=value, issued=issued, sealed=sealed.hex())


def creation_options(
    challenge: Challenge, party: Party, owner_id: str, name: str, present: Iterable[MfaDeviceRecord]
) -> str:
    """What `navigator.credentials.create` is given, as JSON."""
    import webauthn
    from webauthn.helpers import structs

    made = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_name=name,
        user_id=owner_id.encode(),
        challenge=challenge.value,
        timeout=LIFETIME_SECONDS * 1000,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(present, party),
    )
    options = json.loads(webauthn.options_to_json(made))
    return json.dumps({**options, "extensions": {"credProps": True}})


def request_options(challenge: Challenge, party: Party, devices: Iterable[MfaDeviceRecord] = ()) -> str:
    """What `navigator.credentials.get` is given, as JSON. Without devices: whichever passkey the browser has."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    allowed = _descriptors(devices, party)
    wanted = UserVerificationRequirement.PREFERRED if allowed else UserVerificationRequirement.REQUIRED
    made = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge.value,
        timeout=LIFETIME_SECONDS * 1000,
        allow_credentials=allowed,
        user_verification=wanted,
    )
    return webauthn.options_to_json(made)


def usable(devices: Iterable[MfaDeviceRecord], party: Party) -> list[MfaDeviceRecord]:
    """The passkeys that a browser can show here: those that were made at this name."""
    return [each for each in devices if each.kind == FIDO and _facts(each).get("rpId") == party.id]


def registered(house: House, answer: Answer, *, mark: str | None) -> Made:
    """What an authenticator has made.

    Args:
        mark: that of the owner's password, if it is the owner who registers and has shown it: then this passkey may
            sign in alone (`alone`).

    Raises:
        PasskeyRefused: the challenge is none of ours, or too old; or the answer is no registration at this address.
    """
    import webauthn
    from webauthn.helpers import bytes_to_base64url

    challenge = _opened(house, answer, Purpose.REGISTER)
    sent = _sent(answer)
    try:
        found = webauthn.verify_registration_response(
            credential=answer.credential,
            expected_challenge=challenge.value,
            expected_rp_id=answer.party.id,
            expected_origin=answer.party.origin,
        )
    except Exception as reason:  # readers of strangers' bytes: whatever they raise is a refusal
        raise PasskeyRefused(str(reason)) from None
    extensions = sent.get("clientExtensionResults")
    properties = extensions.get("credProps") if isinstance(extensions, Mapping) else None
    discoverable = isinstance(properties, Mapping) and properties.get("rk") is True
    facts: dict[str, Any] = {
        "publicKey": bytes_to_base64url(found.credential_public_key),
        "rpId": answer.party.id,
        "aaguid": found.aaguid,
        "backedUp": found.credential_backed_up,
        "deviceType": found.credential_device_type.value,
        "userVerified": found.user_verified,
        "discoverable": discoverable,
        "answered": 0,
    }
    if mark is not None and found.user_verified:
        facts["mark"] = mark
    return Made(credential_id=found.credential_id, facts=facts, counter=found.sign_count)


def second(house: House, known: Known, answer: Answer) -> MfaDeviceRecord:
    """The owner's passkey that answered, after its password was right.

    Raises:
        PasskeyRefused: none of the owner's did.
    """
    challenge = _opened(house, answer, Purpose.SECOND)
    device = _answering(house, answer)
    if device.owner_id != known.principal_id:
        raise PasskeyRefused("it is somebody else's", device)
    _take(house, answer, challenge, device, verified=False, mark=known.mark)
    return device


def alone(house: House, answer: Answer, now: int) -> tuple[Known, MfaDeviceRecord]:
    """Whose passkey answered, in the place of a name, a password and a code.

    A passkey may do that whose owner was verified by the authenticator and who has shown it together with the present
    password before: whoever else may register devices for a user (`iam:EnableMFADevice`) does not come in as the user,
    and who had a former password does not either.

    Raises:
        PasskeyRefused: it may not, or the answer proves nothing.
    """
    challenge = _opened(house, answer, Purpose.ALONE)
    device = _answering(house, answer)
    owner_id = device.owner_id
    if owner_id is None:
        raise PasskeyRefused("it is nobody's", device)
    with house.store.read() as tx:
        mark = present_mark(tx, device.account, owner_id)
        devices = tuple(tx.mfa_devices.of(owner_id))
    if mark is None or _facts(device).get("mark") != mark:
        raise PasskeyRefused("it was not shown with the present password", device)
    if password_standing(house, device.account, owner_id, now) is PasswordState.LOCKED:
        raise PasskeyRefused("the password has expired", device)
    _take(house, answer, challenge, device, verified=True, mark=mark)
    return Known(account=device.account, principal_id=owner_id, mark=mark, devices=devices), device


def _take(
    house: House, answer: Answer, challenge: Challenge, device: MfaDeviceRecord, *, verified: bool, mark: str
) -> None:
    """Hold the answer against the device's public key, and remember that it was given."""
    import webauthn
    from webauthn.helpers import base64url_to_bytes

    facts = _facts(device)
    try:
        found = webauthn.verify_authentication_response(
            credential=answer.credential,
            expected_challenge=challenge.value,
            expected_rp_id=answer.party.id,
            expected_origin=answer.party.origin,
            credential_public_key=base64url_to_bytes(facts["publicKey"]),
            credential_current_sign_count=device.used,
            require_user_verification=verified,
        )
    except Exception as reason:  # readers of strangers' bytes: whatever they raise is a refusal
        raise PasskeyRefused(str(reason), device) from None
    with house.store.write() as tx:
        present = tx.mfa_devices.by_serial(device.serial)
        # INVARIANT: of two answers to one challenge, or two with one counter, the second finds the first here
        if present is None or present.owner_id != device.owner_id or present.used != device.used:
            raise PasskeyRefused("the device has changed meanwhile", device)
        facts = _facts(present)
        if challenge.issued <= facts.get("answered", 0):
            raise PasskeyRefused("the challenge was answered before, or a younger one was", device)
        facts["answered"] = challenge.issued
        if found.user_verified:
            facts["mark"] = mark
        tx.mfa_devices.change(present, used=found.new_sign_count, facts=json.dumps(facts))


def _answering(house: House, answer: Answer) -> MfaDeviceRecord:
    from webauthn.helpers import base64url_to_bytes

    try:
        credential_id = base64url_to_bytes(str(_sent(answer).get("rawId")))
    except ValueError:
        raise PasskeyRefused("it names no credential") from None
    with house.store.read() as tx:
        device = tx.mfa_devices.by_credential(credential_id)
    if device is None or device.kind != FIDO:
        raise PasskeyRefused("nobody has this credential")
    return device


def _opened(house: House, answer: Answer, purpose: Purpose) -> Challenge:
    try:
        opened = unseal(house.vault.derive(_KEY), bytes.fromhex(answer.sealed), _bound(purpose, answer.bound_to))
        value, issued = json.loads(opened)
    except (SealBroken, ValueError):
        raise PasskeyRefused("the challenge is none of ours") from None
    age = house.clock.now().timestamp() - issued / _MILLION
    if not -1 <= age < LIFETIME_SECONDS:
        raise PasskeyRefused("the challenge is too old")
    return Challenge(value=bytes.fromhex(value), issued=issued, sealed=answer.sealed)


def _sent(answer: Answer) -> Mapping[str, Any]:
    if len(answer.credential) > LONGEST_ANSWER:
        raise PasskeyRefused("it is too long")
    try:
        found = json.loads(answer.credential)
    except (ValueError, RecursionError):
        raise PasskeyRefused("it is no JSON") from None
    if not isinstance(found, Mapping):
        raise PasskeyRefused("it is no credential")
    return found


def _descriptors(devices: Iterable[MfaDeviceRecord], party: Party) -> list[Any]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=each.credential_id or b"") for each in usable(devices, party)]


def _facts(device: MfaDeviceRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(device.facts or "{}")
    return found


def _bound(purpose: Purpose, to: str) -> str:
    return f"{purpose}/{to}"
