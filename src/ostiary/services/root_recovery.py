"""Recovery of a root user by whoever runs the server: `ostiary account reset-root`.

AWS sends mail to the root user's address; here there is none. Whoever may write the data directory may do this.

Source: IAM User Guide, "Reset a lost or forgotten root user password", "Recover an MFA protected identity"; CloudTrail
User Guide, "AWS Management Console sign-in events" (PasswordRecoveryCompleted).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ostiary.audit.record import Happening, event
from ostiary.authorization.context import RequestFacts
from ostiary.credentials.passwords import hash_password
from ostiary.services.accounts import new_root_password
from ostiary.services.operation import House
from ostiary.store.mfa import FIDO, VIRTUAL, MfaDeviceRecord
from ostiary.store.transaction import Transaction


class NoSuchAccount(Exception):
    """There is no account of this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A root user with another password, which is shown once."""

    email: str
    password: str = field(repr=False)
    removed: tuple[str, ...] = ()
    """Serial numbers of its MFA devices that were taken away."""
    ended: int = 0
    """Sessions of the console that ended."""


def reset_root(house: House, account: str, *, remove_mfa: bool, request_id: str, operator: str) -> Recovered:
    """Give a root user another password; its sessions end, and passkeys don't sign in alone until shown with it.

    Args:
        remove_mfa: take its MFA devices away too.
        request_id: under which it stands in the record.
        operator: who did it, for the record.

    Raises:
        NoSuchAccount: there is none of this id.
    """
    password = new_root_password(house.entropy)
    hashed = hash_password(password)
    facts = RequestFacts(
        request_id=request_id,
        at=house.clock.now(),
        source_ip="127.0.0.1",
        secure=True,
        region=house.settings.region,
        user_agent="ostiary account reset-root",
    )
    with house.store.write() as tx:
        found = tx.accounts.get(account)
        if found is None:
            raise NoSuchAccount(account)
        tx.accounts.change(account, root_password=hashed)
        ended = tx.console_sessions.remove_all(account)
        devices = tx.mfa_devices.of(account) if remove_mfa else ()
        for device in devices:
            _take_away(tx, device)
        tx.sign_in_failures.forget(f"user:{found.email.lower()}")
        removed = tuple(each.serial for each in devices)
        record, _texts = event(
            Happening(
                facts=facts,
                caller=None,
                event_source="signin.amazonaws.com",
                event_name="PasswordRecoveryCompleted",
                account=account,
                read_only=False,
                answer={"PasswordRecoveryCompleted": "Success"},
                event_type="AwsConsoleSignIn",
                additional={"Operator": operator, "RemovedMFADevices": list(removed), "EndedSessions": ended},
            )
        )
        tx.events.append([record])
    return Recovered(email=found.email, password=password, removed=removed, ended=ended)


def _take_away(tx: Transaction, device: MfaDeviceRecord) -> None:
    """A hardware token stays, for somebody else; the others are forgotten."""
    if device.kind in (VIRTUAL, FIDO):
        tx.tags.remove(device.id)
        tx.mfa_devices.remove(device)
    else:
        tx.mfa_devices.change(device, owner_id=None, enabled=None, drift=0, failures=0)
