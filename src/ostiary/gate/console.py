"""The console's way in: a signed-in principal comes in at `authorize`, like everybody else whose signature held.

The console has no power of its own. What it does is an operation of AWS's, or a view, done as the one who is signed
in, decided by the same policies and written into the same record.

Source: CloudTrail User Guide, "AWS Management Console sign-in events".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary.audit.record import Happening
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import ANONYMOUS, Caller
from ostiary.authorization.context import RequestFacts
from ostiary.credentials.sessions import Session
from ostiary.credentials.vault import SealBroken, seal, unseal
from ostiary.gate.authenticate import key_caller, session_caller
from ostiary.gate.perform import Performer
from ostiary.services.console import passkeys, sessions
from ostiary.services.console.passkeys import Answer, PasskeyRefused
from ostiary.services.console.sessions import SignedIn, Visitor
from ostiary.services.console.sign_in import Claim, Known, Refusal, SignInRefused, check_password, present_mark
from ostiary.services.iam.mfa_codes import Code, take_code
from ostiary.services.operation import OPERATIONS, House

_PENDING: Final = "console sign-in"
PENDING_SECONDS: Final = 300
"""How long a right password waits for its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A password that was right, while its code is awaited."""

    known: Known
    text: str = field(repr=False)
    """Sealed: for the browser to bring back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A device that proved itself."""

    known: Known
    """Whose it is."""
    serial: str


class ConsoleGate(Performer):
    """What the console's pages do, as the one who is signed in."""

    def __init__(self, house: House, audit: AuditWriter, report: Callable[[str], None]) -> None:
        super().__init__(house, audit, report)
        self._key = house.vault.derive(_PENDING)

    def password(self, claim: Claim, facts: RequestFacts) -> Pending:
        """The first step of a sign-in.

        Raises:
            SignInRefused: recorded already.
        """
        now = int(facts.at.timestamp())
        try:
            known = check_password(self.house, claim, facts.source_ip, now)
        except SignInRefused as refused:
            self._record_sign_in(facts, refused.account, self._named(refused), error=True)
            raise
        told = [known.account, known.principal_id, known.mark, now]
        sealed = seal(self._key, json.dumps(told).encode(), _PENDING, self.house.entropy)
        return Pending(known=known, text=sealed.hex())

    def pending(self, text: str, facts: RequestFacts) -> Pending | None:
        """What a browser brought back; None: it is none of ours, too old, or the password has changed meanwhile."""
        try:
            account, principal_id, mark, at = json.loads(unseal(self._key, bytes.fromhex(text), _PENDING))
        except (SealBroken, ValueError):
            return None
        with self.house.store.read() as tx:
            same = present_mark(tx, account, principal_id) == mark
            devices = tuple(tx.mfa_devices.of(principal_id))
        if not same or not 0 <= facts.at.timestamp() - at < PENDING_SECONDS:
            return None
        return Pending(known=Known(account=account, principal_id=principal_id, mark=mark, devices=devices), text=text)

    def code(self, pending: Pending, serial: str, code: str, facts: RequestFacts) -> Shown | None:
        """The device, if this is the code that it shows and it is the principal's. A wrong one is recorded."""
        known = pending.known
        if take_code(self.house, known.principal_id, serial, code, int(facts.at.timestamp())) is Code.RIGHT:
            return Shown(known=known, serial=serial)
        self._refused_factor(known.account, known.principal_id, serial, facts)
        return None

    def passkey(self, pending: Pending, answer: Answer, facts: RequestFacts) -> Shown | None:
        """The principal's passkey, if it answered. A wrong answer is recorded."""
        known = pending.known
        try:
            return Shown(known=known, serial=passkeys.second(self.house, known, answer).serial)
        except PasskeyRefused:
            self._refused_factor(known.account, known.principal_id, "", facts)
            return None

    def passkey_alone(self, answer: Answer, facts: RequestFacts) -> Shown | None:
        """Whose passkey answered, without name and password. A wrong answer is recorded."""
        try:
            known, device = passkeys.alone(self.house, answer, int(facts.at.timestamp()))
        except PasskeyRefused as refused:
            named = refused.device
            account, owner = (named.account, named.owner_id or "") if named is not None else ("", "")
            self._refused_factor(account, owner, named.serial if named is not None else "", facts)
            return None
        return Shown(known=known, serial=device.serial)

    def begin(self, known: Known, facts: RequestFacts, shown: Shown | None = None) -> SignedIn:
        """The last step: a session. INVARIANT: whoever has MFA devices has shown one, or nothing begins."""
        if shown is not None and shown.known.principal_id != known.principal_id:
            raise ValueError("it is somebody else's device")
        if known.devices and shown is None:
            raise ValueError("a device must be shown first")
        visitor = Visitor(address=facts.source_ip, user_agent=facts.user_agent)
        now = int(facts.at.timestamp())
        begun = sessions.begin_for(self.house, known, visitor, now, mfa=shown is not None)
        serial = shown.serial if shown is not None else None
        self._record_sign_in(facts, known.account, self.caller(begun), error=False, mfa=serial)
        return begun

    def begin_session(self, token: str, facts: RequestFacts, event_name: str = "ConsoleLogin") -> SignedIn:
        """A console session of temporary credentials (federation, another role). Raises `TokenInvalid`."""
        session, _secret = self.house.seal.read(token)
        visitor = Visitor(address=facts.source_ip, user_agent=facts.user_agent)
        begun = sessions.begin(self.house, session, token, visitor, int(facts.at.timestamp()))
        mfa = "" if session.mfa_at is not None else None
        caller = self.caller(begun)
        self._record_sign_in(facts, session.account, caller, error=False, mfa=mfa, event_name=event_name)
        return begun

    def sign_in_by_word(self, facts: RequestFacts, operation: str, params: Mapping[str, Any]) -> SignedIn:
        """A console session for whom an identity provider vouches. Raises `ServiceFault`; it is recorded either way.

        Args:
            operation: `AssumeRoleWithSAML` or `AssumeRoleWithWebIdentity`: its own proof stands in its parameters.
        """
        if OPERATIONS["sts", operation].vouch is None:
            raise ValueError(f"{operation} proves nothing")
        given = self.perform(ANONYMOUS, facts, "sts", operation, params)
        return self.begin_session(given["Credentials"]["SessionToken"], facts)

    def note_refused_word(self, account: str, facts: RequestFacts) -> None:
        """The record of a sign-in whose proof was not believed.

        Args:
            account: whose it says to be; empty where nobody here is named.
        """
        self._record_sign_in(facts, account, None, error=True)

    def note_sign_in_token(self, caller: Caller, facts: RequestFacts) -> None:
        """The record of a token for a sign-in that somebody's broker asked for."""
        self._record_sign_in(facts, caller.account, caller, error=False, event_name="GetSigninToken")

    def confirmed(self, signed_in: SignedIn, claim: Claim, facts: RequestFacts) -> bool:
        """Whether it is still the one who signed in, by the password again."""
        try:
            known = check_password(self.house, claim, facts.source_ip, int(facts.at.timestamp()))
        except SignInRefused:
            return False
        if known.principal_id != signed_in.record.principal_id:
            return False
        sessions.confirm(self.house, signed_in.record.id, int(facts.at.timestamp()))
        return True

    def signed_in(self, secret: str, facts: RequestFacts) -> SignedIn | None:
        """Whose session the browser's secret is; None when it has ended."""
        self.house.book.refresh()
        found = sessions.find(self.house, secret, int(facts.at.timestamp()))
        return found if found is not None and self.caller(found) is not None else None

    def caller(self, signed_in: SignedIn) -> Caller | None:
        """Who asks; None when the user or role is gone."""
        return self.caller_of(signed_in.session)

    def caller_of(self, session: Session) -> Caller | None:
        """The same of a session's statement."""
        self.house.book.refresh()
        return session_caller(self.house.book, session)

    def _named(self, refused: SignInRefused) -> Caller | None:
        """Whom a refused sign-in was for, where there is such a one."""
        if not refused.principal_id:
            return None
        self.house.book.refresh()
        return key_caller(self.house.book, refused.account, refused.principal_id, "")

    def _refused_factor(self, account: str, principal_id: str, serial: str, facts: RequestFacts) -> None:
        """What was shown besides the password, or in its place, was wrong."""
        refused = SignInRefused(Refusal.WRONG, account, principal_id)
        self._record_sign_in(facts, account, self._named(refused), error=True, mfa=serial)

    def _record_sign_in(
        self,
        facts: RequestFacts,
        account: str,
        caller: Caller | None,
        *,
        error: bool,
        mfa: str | None = None,
        event_name: str = "ConsoleLogin",
    ) -> None:
        """Into the record; `mfa` is the serial number of the device that was shown, where it is known."""
        self._audit.note(
            Happening(
                facts=facts,
                caller=caller,
                event_source="signin.amazonaws.com",
                event_name=event_name,
                account=account,
                read_only=False,
                answer={event_name: "Failure" if error else "Success"},
                error=("", "Failed authentication") if error else None,
                event_type="AwsConsoleSignIn",
                additional={
                    "MobileVersion": "No",
                    **({"MFAIdentifier": mfa} if mfa else {}),
                    "MFAUsed": "No" if mfa is None else "Yes",
                },
            )
        )
