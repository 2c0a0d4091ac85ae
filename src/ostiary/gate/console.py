"""The console's way in: a signed-in principal comes in at `authorize`, like everybody else whose signature held.

The console has no power of its own. What it does is an operation of AWS's, or a view, done as the one who is signed
in, decided by the same policies and written into the same record.

Source: CloudTrail User Guide, "AWS Management Console sign-in events".
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from ostiary import policy
from ostiary.audit.record import Happening
from ostiary.audit.redact import redacted
from ostiary.audit.replay import would_lose
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import ANONYMOUS, Caller, CallerKind
from ostiary.authorization.context import RequestFacts
from ostiary.authorization.judge import Ask, Judgement
from ostiary.authorization.temporary import refusal
from ostiary.credentials.sessions import Session
from ostiary.credentials.vault import SealBroken, seal, unseal
from ostiary.gate.authenticate import key_caller, session_caller, vouched_for
from ostiary.gate.authorize import Refused, authorize, denial_text
from ostiary.gate.denied import with_references
from ostiary.gate.operate import carry_out
from ostiary.gate.target import Target
from ostiary.services.console import drafts, passkeys, sessions
from ostiary.services.console.passkeys import Answer, PasskeyRefused
from ostiary.services.console.sessions import SignedIn, Visitor
from ostiary.services.console.sign_in import Claim, Known, Refusal, SignInRefused, check_password, present_mark
from ostiary.services.faults import ServiceFault
from ostiary.services.iam import quotas
from ostiary.services.iam.mfa_codes import Code, take_code
from ostiary.services.operation import OPERATIONS, Call, House, Operation
from ostiary.services.view import View
from ostiary.wire import models
from ostiary.wire.directory import directory
from ostiary.wire.faults import WireFault
from ostiary.wire.parse import checked

T = TypeVar("T")

_PENDING: Final = "console sign-in"
PENDING_SECONDS: Final = 300
"""How long a right password waits for its code."""
_INTERNAL: Final = ("InternalFailure", "The request processing has failed because of an unknown error.", 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Whether somebody may do something, and if not, why."""

    allowed: bool
    action: str = ""
    reason: str = ""
    """AWS's words; empty when allowed."""


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


class ConsoleGate:
    """What the console's pages do, as the one who is signed in."""

    def __init__(self, house: House, audit: AuditWriter, report: Callable[[str], None]) -> None:
        self.house, self._audit, self._report = house, audit, report
        self._key = house.vault.derive(_PENDING)

    # Signing in

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

    # Doing and looking

    def perform(self, caller: Caller, facts: RequestFacts, service: str, name: str, params: Mapping[str, Any]) -> Any:
        """Do an operation of AWS's.

        Returns:
            the answer as the service model names its members.

        Raises:
            ServiceFault: refused, or it can't be done.
        """
        model = models.service(service).operation(name)
        target = Target(
            service=service,
            signing_name=directory().by_name[service].signing_name,
            protocol=directory().by_name[service].protocols[0],
            operation=name,
            known=model.service,
            model=model,
        )
        given = {key: value for key, value in params.items() if value is not None}
        return self._do(OPERATIONS[service, name], target, caller, facts, given)

    def look(self, caller: Caller, facts: RequestFacts, view: View[T], params: Mapping[str, Any]) -> T:
        """What a view shows. Raises `ServiceFault`."""
        target = Target(service=view.service, signing_name=view.service, operation=view.name)
        found: T = self._do(view.operation, target, caller, facts, params)
        return found

    def look_again(self, caller: Caller, facts: RequestFacts, view: View[T], params: Mapping[str, Any]) -> T:
        """The same look once more, a moment later: it is decided anew, and not recorded. Raises `ServiceFault`.

        INVARIANT: the caller of this has proof that the look itself is on record.
        """
        self.house.book.refresh()
        call = self._call(view.operation, caller, facts, params)
        with self.house.store.read() as tx:
            authorize(view.operation, call, tx)
            found: T = view.operation.do(call, tx)
        return found

    def may(
        self, caller: Caller, facts: RequestFacts, service: str, name: str, params: Mapping[str, Any]
    ) -> Permission:
        """Whether an operation would be permitted. Nothing is done, and nothing recorded."""
        row = OPERATIONS[service, name]
        try:
            with self.house.store.read() as tx:
                authorize(row, self._call(row, caller, facts, params), tx)
        except Refused as refused:
            return Permission(allowed=False, action=refused.judgements[-1].request.action, reason=refused.message)
        except ServiceFault as fault:  # there is no such entity, say: what will be told when it is tried
            return Permission(allowed=fault.status != 403, action=f"{service}:{name}", reason=fault.message)
        return Permission(allowed=True, action=f"{service}:{name}")

    def could(self, caller: Caller, facts: RequestFacts, action: str, resource: str = "*") -> Permission:
        """Whether there is anything that an action would be permitted on, as far as its policies tell.

        For what is offered before it is known on which resource it will be done: allowed on everything, or allowed by
        some statement on something.
        """
        judgement = self.house.judge.judge(caller, Ask(action=action, resource=resource), facts)
        if judgement.allowed or _allowed_somewhere(judgement):
            return Permission(allowed=True, action=action)
        service = action.partition(":")[0]
        return Permission(allowed=False, action=action, reason=denial_text(service, caller, judgement))

    def would_lose(
        self, caller: Caller, facts: RequestFacts, params: Mapping[str, Any], asks: Iterable[Ask]
    ) -> list[str]:
        """Which of these permissions callers would take from themselves by a draft (the parameters of
        `drafts.replayed`). Nothing is done, and nothing recorded."""
        with self.house.store.read() as tx:
            swap = drafts.swap(self._call(drafts.replayed.operation, caller, facts, params), tx)
        return [] if swap is None else would_lose(self.house.judge, caller, facts, asks, swap)

    def quota(self, caller: Caller, name: str) -> int:
        """A quota of the caller's account, by IAM's name for it."""
        with self.house.store.read() as tx:
            return quotas.quota(tx, caller.account, name)

    def _do(
        self, row: Operation, target: Target, caller: Caller, facts: RequestFacts, params: Mapping[str, Any]
    ) -> Any:
        self.house.book.refresh()
        call = self._call(row, caller, facts, params)
        happening = Happening(
            facts=facts,
            caller=caller,
            event_source=target.event_source,
            event_name=target.operation,
            account=caller.account,
            read_only=target.read_only or not row.changes,
            parameters=redacted(params, target.model.input if target.model else None) or None,
        )
        fault: ServiceFault
        try:
            if target.model is not None and target.model.input is not None:
                checked(target.model, dict(params), target.protocol)
            call = vouched_for(row, call)
            if call.vouched is not None:
                asked = {**(happening.parameters or {}), **call.vouched.told}
                happening = replace(happening, caller=call.caller, account=call.vouched.account, parameters=asked)
            told = (
                None
                if target.service == "iam" and _at_home(caller)
                else refusal(caller, target.service, target.operation)
            )
            if told is not None:
                raise ServiceFault(*told, 403)
            given, permitted, recorded = carry_out(row, call, happening, target.output_shape, self._audit.kept)
        except Refused as refused:
            fault = with_references(refused, call)
            happening = replace(happening, judgements=refused.judgements)
        except ServiceFault as found:
            fault = found
        except WireFault as found:
            fault = ServiceFault(found.code, found.message, found.status)
        except Exception as error:
            fault = self.unforeseen(facts, error)
        else:
            if not recorded:
                judgements = (*permitted.judgements, *call.further)
                self._audit.note(replace(happening, judgements=judgements))
            return given
        self._audit.note(replace(happening, error=(fault.code, fault.message)))
        raise fault

    def _call(self, row: Operation, caller: Caller, facts: RequestFacts, params: Mapping[str, Any]) -> Call:
        return Call(
            service=row.service, operation=row.name, caller=caller, params=params, facts=facts, house=self.house
        )

    def unforeseen(self, facts: RequestFacts, error: Exception) -> ServiceFault:
        """Tell the operator where; nobody else, and never the text, which may hold what was sent."""
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename.rsplit('/ostiary/', 1)[-1]}:{last.lineno}"
        self._report(f"{facts.request_id}: {type(error).__name__} at {place}")
        return ServiceFault(*_INTERNAL)

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


def _at_home(caller: Caller) -> bool:
    """Federated users may call IAM from the console, and only from there.

    Source: IAM User Guide, "Compare AWS STS credentials": "This limitation does not apply to console sessions".
    """
    return caller.kind is CallerKind.FEDERATED_USER


def _allowed_somewhere(judgement: Judgement) -> bool:
    reports = policy.explain(judgement.in_force, judgement.request).types
    return any(
        one.action and one.statement.effect is policy.Effect.ALLOW
        for report in reports
        if report.type is policy.PolicyType.IDENTITY
        for one in report.statements
    )
