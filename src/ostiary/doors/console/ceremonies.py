"""doors/console: what forms carry to a browser's passkeys, and what they bring back.

A form with `data-passkey` is filled in by the page's script (`assets/src/passkeys.js`): options go to the
authenticator, its answer comes back in the field `credential`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ostiary.services.console import passkeys
from ostiary.services.console.passkeys import Answer, Party, Purpose
from ostiary.services.console.sign_in import Known
from ostiary.store.mfa import MfaDeviceRecord

if TYPE_CHECKING:
    from ostiary.doors.console.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """What a form carries."""

    options: str
    """JSON, for the browser."""
    sealed: str
    """The challenge, for us."""


def asking_any(visit: Visit) -> Ceremony | None:
    """For whichever passkey the browser has; None where browsers have none."""
    party = Party.of(visit.origin)
    if party is None:
        return None
    challenge = passkeys.new_challenge(visit.gate.house, Purpose.ALONE, _bound(visit))
    return Ceremony(options=passkeys.request_options(challenge, party), sealed=challenge.sealed)


def asking_owner(visit: Visit, known: Known) -> Ceremony | None:
    """For the passkeys of somebody whose password was right; None when there are none for this address."""
    party = Party.of(visit.origin)
    usable = passkeys.usable(known.devices, party) if party is not None else []
    if party is None or not usable:
        return None
    challenge = passkeys.new_challenge(visit.gate.house, Purpose.SECOND, _bound(visit, known.principal_id))
    return Ceremony(options=passkeys.request_options(challenge, party, usable), sealed=challenge.sealed)


def registering(
    visit: Visit, whose: str, owner_id: str, name: str, present: Iterable[MfaDeviceRecord]
) -> Ceremony | None:
    """For a new passkey of an owner; None where browsers have none.

    Args:
        whose: what the challenge is bound to, besides the browser.
        owner_id: what the authenticator is told of the owner.
        name: what it shows of the owner.
        present: the owner's passkeys, so that none is registered twice.
    """
    party = Party.of(visit.origin)
    if party is None:
        return None
    challenge = passkeys.new_challenge(visit.gate.house, Purpose.REGISTER, _bound(visit, whose))
    options = passkeys.creation_options(challenge, party, owner_id, name, present)
    return Ceremony(options=options, sealed=challenge.sealed)


def answer_of(visit: Visit, whose: str = "") -> Answer | None:
    """What the browser brought back; None where there are no passkeys."""
    party = Party.of(visit.origin)
    if party is None:
        return None
    sealed, credential = visit.form.get("challenge"), visit.form.raw("credential")
    return Answer(party=party, sealed=sealed, bound_to=_bound(visit, whose), credential=credential)


def _bound(visit: Visit, whose: str = "") -> str:
    return f"{visit.token}/{whose}"
