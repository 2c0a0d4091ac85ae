"""MFA devices: virtual ones, tokens of hardware, FIDO authenticators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, select

from ostiary.store.link import IntegrityError, Prepared, Question, adding, changing, columns, given, records, values_of
from ostiary.store.named import Rows
from ostiary.store.records import AlreadyExists
from ostiary.store.tables import mfa_devices

VIRTUAL: Final = "virtual"
HARDWARE: Final = "hardware"
FIDO: Final = "fido"


@dataclass(frozen=True, slots=True, kw_only=True)
class MfaDeviceRecord:
    """A device. Those with a seed make time-based codes (RFC 6238); FIDO authenticators have a credential instead."""

    id: str
    serial: str
    """What the API calls it: an ARN, or the number on a hardware token."""
    account: str
    kind: str
    """VIRTUAL, HARDWARE or FIDO."""
    created: int
    owner_id: str | None = None
    """Whose it is: a user's unique id, the account id for the root user; None: it is nobody's yet."""
    enabled: int | None = None
    """Since when it is the owner's."""
    seed: bytes | None = field(default=None, repr=False)
    """Sealed."""
    period: int = 30
    """Seconds that a code is shown."""
    drift: int = 0
    """Steps by which the device's clock is ahead of ours."""
    used: int = 0
    """The latest step whose code was taken: no code up to it is taken again. For FIDO the signature counter."""
    failures: int = 0
    """Wrong codes in succession."""
    failed: int = 0
    """When the latest of them came."""
    credential_id: bytes | None = None
    """FIDO: what the authenticator calls its key."""
    facts: str | None = None
    """FIDO: JSON of what else was learnt at the registration, `certifications` and the public key among it."""


_d: Final = mfa_devices.c
_ADD: Final = adding(mfa_devices, MfaDeviceRecord)
_BY_SERIAL: Final = records(mfa_devices, MfaDeviceRecord, _d.serial == given("serial"))
_BY_CREDENTIAL: Final = records(mfa_devices, MfaDeviceRecord, _d.credential_id == given("credential_id"))
_OF_OWNER: Final = records(mfa_devices, MfaDeviceRecord, _d.owner_id == given("owner_id"), order_by=(_d.enabled, _d.id))
_REMOVE: Final = Prepared(delete(mfa_devices).where(_d.id == given("id")))
_following: Final = (
    columns(mfa_devices, MfaDeviceRecord)
    .where(_d.account == given("account"), _d.kind == VIRTUAL, _d.serial > given("after"))
    .order_by(_d.serial)
    .limit(given("limit"))
)
_PAGES: Final = {
    None: Question(MfaDeviceRecord, _following),
    True: Question(MfaDeviceRecord, _following.where(_d.owner_id.is_not(None))),
    False: Question(MfaDeviceRecord, _following.where(_d.owner_id.is_(None))),
}
_count: Final = select(func.count()).select_from(mfa_devices).where(_d.account == given("account"))
_COUNT_VIRTUAL: Final = Prepared(_count.where(_d.kind == VIRTUAL))
_COUNT_ASSIGNED: Final = Prepared(_count.where(_d.owner_id.is_not(None)))


class MfaDevices(Rows):
    """Devices of users and root users. Touching one touches its id and its owner's."""

    def add(self, record: MfaDeviceRecord) -> None:
        """Raises `AlreadyExists`: a serial number, or a FIDO credential, is one device's."""
        try:
            self._link.run(_ADD, **values_of(record))
        except IntegrityError:
            raise AlreadyExists(record.serial) from None
        self._touch(record.id, *filter(None, (record.owner_id,)))

    def by_serial(self, serial: str) -> MfaDeviceRecord | None:
        """By its number or ARN, letter case regarded."""
        return self._link.one(_BY_SERIAL, serial=serial)

    def by_credential(self, credential_id: bytes) -> MfaDeviceRecord | None:
        """A FIDO authenticator by what it calls its key."""
        return self._link.one(_BY_CREDENTIAL, credential_id=credential_id)

    def of(self, owner_id: str) -> Sequence[MfaDeviceRecord]:
        """An owner's devices, the one enabled first first."""
        return self._link.all(_OF_OWNER, owner_id=owner_id)

    def virtual_page(self, account: str, *, assigned: bool | None, after: str, limit: int) -> Sequence[MfaDeviceRecord]:
        """Up to `limit` virtual devices by serial number, beginning after one; `assigned` None: all."""
        return self._link.all(_PAGES[assigned], account=account, after=after, limit=limit)

    def count_virtual(self, account: str) -> int:
        """How many virtual devices the account has, whoever's they are."""
        found: int = self._link.value(_COUNT_VIRTUAL, account=account)
        return found

    def count_assigned(self, account: str) -> int:
        """How many devices of any kind are somebody's."""
        found: int = self._link.value(_COUNT_ASSIGNED, account=account)
        return found

    def change(self, record: MfaDeviceRecord, **values: Any) -> None:
        """Set columns."""
        self._link.run(changing(mfa_devices, tuple(values)), row=record.id, **values)
        self._touch(record.id, *filter(None, (record.owner_id, values.get("owner_id"))))

    def remove(self, record: MfaDeviceRecord) -> None:
        """Forget it with its seed."""
        self._link.run(_REMOVE, id=record.id)
        self._touch(record.id, *filter(None, (record.owner_id,)))
