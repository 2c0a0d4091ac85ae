"""Whose signature this is: every way to become a `Caller` is in this module.

Source: IAM User Guide, "AWS Signature Version 4 for API requests"; limits of temporary credentials R106, R124.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from ostiary import policy
from ostiary.authorization.book import Book, Standing
from ostiary.authorization.caller import ANONYMOUS, Caller, CallerKind, Vouched
from ostiary.credentials.sessions import Session, SessionKind, SessionSeal, TokenInvalid
from ostiary.gate.request import HttpRequest
from ostiary.identifiers import SERVICE_LINKED, root_arn, sts_arn
from ostiary.services.operation import Call, Operation
from ostiary.services.s3.forms import Form, conditioned
from ostiary.services.s3.post_policies import Sizes, check_policy, read_policy
from ostiary.services.s3.requests import S3Request
from ostiary.sigv4 import (
    Declaration,
    Presented,
    Reason,
    SignatureFault,
    Verified,
    declaration,
    sha256_hex,
    verify,
    verify_form,
)
from ostiary.store.records import RoleRecord

_OF_ROLE = "AROA"
"""What the unique ids of roles begin with."""

_REMEMBERED: Final = 4096


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """A caller and the proof that held."""

    caller: Caller
    verified: Verified | None = None
    """None for the anonymous caller."""
    declared: Declaration | None = None
    """What an S3 request says of its body."""
    sizes: Sizes | None = None
    """How large the file of a form may be, where its policy says so."""


class Authenticator:
    """Knows keys and sessions."""

    def __init__(self, book: Book, seal: SessionSeal) -> None:
        self._book, self._seal = book, seal
        self._callers: dict[tuple[str, str | None], tuple[Session | None, str, Caller]] = {}
        self._generation = -1

    def authenticate(self, request: HttpRequest, presented: Presented | None, signing_name: str) -> Authenticated:
        """Find the key, verify the signature, recognise the principal.

        Raises:
            SignatureFault: nobody can be recognised; `told(family)` has AWS's words.
        """
        if presented is None:
            return Authenticated(caller=ANONYMOUS)
        declared = declaration(presented) if signing_name == "s3" else None
        session, secret, caller = self._recall(presented)
        verified = verify(
            presented,
            method=request.method,
            raw_path=request.raw_path,
            raw_query=request.raw_query,
            headers=request.headers,
            payload_hash=declared.text if declared else sha256_hex(request.body or b""),
            secret=secret,
            now=request.at,
            service=signing_name,
        )
        if session is not None and request.at.timestamp() >= session.expires:
            raise SignatureFault(Reason.EXPIRED_TOKEN)
        return Authenticated(caller=caller, verified=verified, declared=declared)

    def authenticate_form(
        self, form: Form, target: S3Request, presented: Presented | None, at: datetime
    ) -> Authenticated:
        """The one who signed the policy of a form, which the form must obey; the anonymous caller without a proof.

        Raises:
            SignatureFault: nobody can be recognised.
            S3Refusal: the policy can't be read, is over, or says no.
        """
        encoded = form.fields.get("policy", "")
        session, caller, verified = None, ANONYMOUS, None
        if presented is not None:
            session, secret, caller = self._recall(presented)
            verified = verify_form(presented, encoded, secret=secret, now=at)
        if session is not None and at.timestamp() >= session.expires:
            raise SignatureFault(Reason.EXPIRED_TOKEN)
        sizes = check_policy(read_policy(encoded), conditioned(target, form), at) if encoded else None
        return Authenticated(caller=caller, verified=verified, sizes=sizes)

    def _recall(self, presented: Presented) -> tuple[Session | None, str, Caller]:
        """As `_find`; remembered as long as nothing changes that the book knows."""
        generation = self._book.generation
        if generation != self._generation or len(self._callers) >= _REMEMBERED:
            self._callers, self._generation = {}, generation
        callers, key = self._callers, (presented.akid, presented.session_token)
        found = callers.get(key)
        if found is None:
            found = self._find(presented)
            if generation == self._book.generation:
                callers[key] = found
        return found

    def _find(self, presented: Presented) -> tuple[Session | None, str, Caller]:
        if presented.session_token:
            try:
                session, secret = self._seal.read(presented.session_token)
            except TokenInvalid:
                raise SignatureFault(Reason.INVALID_TOKEN) from None
            if session.access_key_id != presented.akid:
                raise SignatureFault(Reason.INVALID_TOKEN)
            caller = session_caller(self._book, session)
            if caller is None:
                raise SignatureFault(Reason.UNKNOWN_KEY, akid=presented.akid)
            return session, secret, caller
        key = self._book.key(presented.akid)
        if key is None or not key.active:
            raise SignatureFault(Reason.UNKNOWN_KEY, akid=presented.akid)
        caller = key_caller(self._book, key.account, key.owner_id, key.id)
        if caller is None:
            raise SignatureFault(Reason.UNKNOWN_KEY, akid=presented.akid)
        return None, key.secret, caller


def vouched_for(operation: Operation, call: Call) -> Call:
    """The call as that of the caller whom an identity provider vouches for, where the operation asks one.

    Raises:
        ServiceFault: the provider's word does not hold.
    """
    if operation.vouch is None:
        return call
    vouched = operation.vouch(call)
    return replace(call, caller=_by_word(vouched), vouched=vouched)


def _by_word(vouched: Vouched) -> Caller:
    return Caller(
        kind=vouched.kind,
        principal=policy.Federated(arn=vouched.provider),
        account="",
        arn=vouched.provider,
        user_id=vouched.principal_id,
        name=vouched.subject,
    )


def key_caller(book: Book, account: str, owner_id: str, access_key_id: str) -> Caller | None:
    """The user, or the root user, that a long-term key belongs to."""
    if owner_id == account:
        return _root(book, account, access_key_id, None)
    standing = book.user(owner_id)
    return None if standing is None else _user(book, standing, access_key_id, None)


def session_caller(book: Book, session: Session) -> Caller | None:
    """The principal of a session; None when its role or user is gone (R124)."""
    delegated = session.kind is SessionKind.DELEGATED and session.principal_id.startswith(_OF_ROLE)
    if session.kind is SessionKind.ROLE or delegated:
        standing = book.role(session.principal_id)
        return None if standing is None else _role_session(book, standing, session)
    by_root = session.principal_id == session.account
    standing = None if by_root else book.user(session.principal_id)
    if standing is None and not by_root:
        return None
    if session.kind is SessionKind.FEDERATED_USER:
        return _federated(book, session, root_arn(session.account) if standing is None else standing.arn)
    if standing is None:
        return _root(book, session.account, session.access_key_id, session)
    return _user(book, standing, session.access_key_id, session)


def _canonical(book: Book, account: str) -> str | None:
    record = book.account(account)
    return None if record is None else record.canonical_id


def _root(book: Book, account: str, access_key_id: str, session: Session | None) -> Caller:
    arn = root_arn(account)
    return Caller(
        kind=CallerKind.ROOT,
        principal=policy.Root(
            arn=arn,
            account=account,
            management_account=book.membership(account).management,
            canonical_id=_canonical(book, account),
        ),
        account=account,
        arn=arn,
        user_id=account,
        entity_id=account,
        access_key_id=access_key_id,
        session=session,
    )


def _user(book: Book, standing: Standing, access_key_id: str, session: Session | None) -> Caller:
    user = standing.entity
    return Caller(
        kind=CallerKind.USER,
        principal=policy.User(
            arn=standing.arn,
            account=user.account,
            id=user.id,
            management_account=book.membership(user.account).management,
            canonical_id=_canonical(book, user.account),
        ),
        account=user.account,
        arn=standing.arn,
        user_id=user.id,
        entity_id=user.id,
        name=user.name,
        access_key_id=access_key_id,
        session=session,
    )


def _role_session(book: Book, standing: Standing, session: Session) -> Caller:
    role = standing.entity
    assert isinstance(role, RoleRecord)
    arn = sts_arn(role.account, "assumed-role", f"{role.name}/{session.name}")
    return Caller(
        kind=CallerKind.ROLE_SESSION,
        principal=policy.RoleSession(
            arn=arn,
            role_arn=standing.arn,
            account=role.account,
            id=role.id,
            service_linked=role.path.startswith(SERVICE_LINKED),
            management_account=book.membership(role.account).management,
            canonical_id=_canonical(book, role.account),
        ),
        account=role.account,
        arn=arn,
        user_id=f"{role.id}:{session.name}",
        entity_id=role.id,
        name=role.name,
        access_key_id=session.access_key_id,
        session=session,
    )


def _federated(book: Book, session: Session, issuer_arn: str) -> Caller:
    arn = sts_arn(session.account, "federated-user", session.name)
    return Caller(
        kind=CallerKind.FEDERATED_USER,
        principal=policy.FederatedUser(
            arn=arn,
            issuer_arn=issuer_arn,
            account=session.account,
            issuer_id=session.principal_id,
            management_account=book.membership(session.account).management,
            canonical_id=_canonical(book, session.account),
        ),
        account=session.account,
        arn=arn,
        user_id=f"{session.account}:{session.name}",
        entity_id=session.principal_id,
        name=session.name,
        access_key_id=session.access_key_id,
        session=session,
    )
