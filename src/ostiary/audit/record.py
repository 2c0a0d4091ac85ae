"""audit: an event, from what the gate knows of a request.

Source: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element". What CloudTrail does
not have stands under `ostiary`: each permission that was asked, its verdict, the statements that decided, the condition
keys, and the policies in force by the hash of their text, so that the decision can be taken again and explained. What
many events of a caller have alike is kept once, by hash too: `reading` puts it back in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec

from ostiary.authorization.caller import BY_WORD, Caller, CallerKind
from ostiary.authorization.context import RequestFacts, iso
from ostiary.authorization.judge import Judgement, Shared
from ostiary.credentials.sessions import Session, SessionKind
from ostiary.policy import Attached, Federated, FederatedUser, InForce, Matched, Principal, RoleSession
from ostiary.store.records import EventRecord

_VERSION: Final = "1.11"
_REMEMBERED: Final = 1024
_DIGESTS: Final = 10_000

K = TypeVar("K")
V = TypeVar("V")
_encode: Final = msgspec.json.Encoder().encode


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one request."""

    facts: RequestFacts
    caller: Caller | None
    """None when nobody could be recognised."""
    claimed_key: str = ""
    """The access key id the request named, when its caller could not be recognised."""
    event_source: str = ""
    """`iam.amazonaws.com`."""
    event_name: str = ""
    account: str = ""
    """Whose record it is: the owner of the resource, or the caller's account."""
    read_only: bool = True
    data_event: bool = False
    parameters: Any = None
    answer: Any = None
    error: tuple[str, str] | None = None
    """Code and message."""
    judgements: tuple[Judgement, ...] = ()
    event_type: str = "AwsApiCall"
    additional: Any = None
    """CloudTrail's `additionalEventData`."""


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """CloudTrail's members, in its order."""

    eventVersion: str = _VERSION
    userIdentity: msgspec.Raw
    eventTime: str
    eventSource: str
    eventName: str
    awsRegion: str
    sourceIPAddress: str
    userAgent: str
    requestParameters: Any
    responseElements: Any
    requestID: str
    eventID: str
    readOnly: bool
    eventType: str
    managementEvent: bool
    recipientAccountId: str | None
    eventCategory: str
    errorCode: str | msgspec.UnsetType = msgspec.UNSET
    errorMessage: str | msgspec.UnsetType = msgspec.UNSET
    additionalEventData: Any = msgspec.UNSET
    sessionCredentialFromConsole: str | msgspec.UnsetType = msgspec.UNSET
    resources: list[dict[str, str]] | msgspec.UnsetType = msgspec.UNSET
    ostiary: dict[str, Any]


def event(happening: Happening) -> tuple[EventRecord, Mapping[str, str]]:
    """The row to keep, and the policy texts it refers to by hash."""
    facts, caller, judgements = happening.facts, happening.caller, happening.judgements
    texts: dict[str, str] = {}
    at = facts.second
    account = happening.account or (caller.account if caller else "") or None
    code, message = happening.error or (None, msgspec.UNSET)
    from_console = caller is not None and caller.session is not None and caller.session.kind is SessionKind.CONSOLE
    body = _Event(
        userIdentity=_who(caller, happening.claimed_key),
        eventTime=iso(at),
        eventSource=happening.event_source,
        eventName=happening.event_name,
        awsRegion=facts.region,
        sourceIPAddress=facts.source_ip,
        userAgent=facts.user_agent,
        requestParameters=happening.parameters,
        responseElements=happening.answer,
        requestID=facts.request_id,
        eventID=facts.request_id,
        readOnly=happening.read_only,
        eventType=happening.event_type,
        managementEvent=not happening.data_event,
        recipientAccountId=account,
        eventCategory="Data" if happening.data_event else "Management",
        errorCode=code or msgspec.UNSET,
        errorMessage=message,
        additionalEventData=msgspec.UNSET if happening.additional is None else happening.additional,
        sessionCredentialFromConsole="true" if from_console else msgspec.UNSET,
        resources=(_resources(judgements) or msgspec.UNSET) if judgements else msgspec.UNSET,
        ostiary={"asks": [_asked(judgement, facts, texts) for judgement in judgements]},
    )
    record = EventRecord(
        request_id=facts.request_id,
        account=account,
        at=at,
        body=_json(body),
        principal=(caller.entity_id or None) if caller is not None else None,
        error=_writable(code) if code else None,
    )
    return record, texts


def _json(body: Any) -> str:
    """INVARIANT: nobody keeps a request out of the record by what is said in it."""
    try:
        return _encode(body).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which a policy's JSON may hold, and a message may quote
        return _encode(_writable(body)).decode()


def _raw(body: Any) -> msgspec.Raw:
    """A part that is written already."""
    return msgspec.Raw(_json(body).encode())


def _writable(value: Any) -> Any:
    """A copy without surrogates: what they were is told by a backslash."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: _writable(getattr(value, name)) for name in value.__struct_fields__})
    if isinstance(value, Mapping):
        return {_writable(name): _writable(each) for name, each in value.items()}
    return [_writable(each) for each in value] if isinstance(value, list | tuple) else value


class _Parts(Generic[K, V]):
    """What the record says of things that are the same for many requests, by the thing itself.

    INVARIANT: each is held as long as its id is the key, so that no other object has this id.
    """

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make
        self._made: dict[int, tuple[K, V]] = {}

    def __call__(self, thing: K) -> V:
        known = self._made.get(id(thing))
        if known is None:
            if len(self._made) >= _REMEMBERED:
                self._made.clear()
            known = self._made[id(thing)] = (thing, self._make(thing))
        return known[1]


def _who(caller: Caller | None, claimed_key: str) -> msgspec.Raw:
    """Those whom a provider vouches for are made for one request, and not remembered."""
    if caller is None or caller.kind in BY_WORD:
        return _raw(identity(caller, claimed_key))
    return _identified(caller)


def identity(caller: Caller | None, claimed_key: str) -> dict[str, Any]:
    """CloudTrail's `userIdentity`."""
    if caller is None:
        return {"type": "Unknown", **({"accessKeyId": claimed_key} if claimed_key else {})}
    if caller.kind is CallerKind.ANONYMOUS:
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    if caller.kind is CallerKind.SERVICE:
        return {"type": "AWSService", "invokedBy": caller.name}
    if caller.kind in BY_WORD:
        return {
            "type": caller.kind.value,
            "principalId": caller.user_id,
            "userName": caller.name,
            "identityProvider": caller.arn,
        }
    found: dict[str, Any] = {
        "type": caller.kind.value,
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
    }
    if caller.kind is CallerKind.USER:
        found["userName"] = caller.name
    if caller.session is not None:
        found["sessionContext"] = _session(caller, caller.session)
    return found


def _session(caller: Caller, session: Session) -> dict[str, Any]:
    """CloudTrail's `sessionContext`. A GetSessionToken session is its own user: it names no issuer."""
    about: dict[str, Any] = {}
    principal = caller.principal
    if isinstance(principal, RoleSession):
        about["sessionIssuer"] = _issuer("Role", principal.role_arn, session)
    elif isinstance(principal, FederatedUser):
        kind = "Root" if session.principal_id == session.account else "IAMUser"
        about["sessionIssuer"] = _issuer(kind, principal.issuer_arn, session)
    about["attributes"] = {
        "creationDate": iso(session.issued),
        "mfaAuthenticated": "true" if session.mfa_at is not None else "false",
    }
    if session.source_identity:
        about["sourceIdentity"] = session.source_identity
    if session.kind is SessionKind.ROOT:
        about["assumedRoot"] = "true"
    return about


def _issuer(kind: str, arn: str, session: Session) -> dict[str, Any]:
    found = {"type": kind, "principalId": session.principal_id, "arn": arn, "accountId": session.account}
    if kind != "Root":
        found["userName"] = arn.rsplit("/", 1)[-1]
    return found


def _resources(judgements: Iterable[Judgement]) -> list[dict[str, str]]:
    """The resources that were asked for, each once."""
    found = {}
    for judgement in judgements:
        arn, account = judgement.request.resource, judgement.request.resource_account
        if arn != "*":
            found[arn] = {"accountId": account, "ARN": arn} if account else {"ARN": arn}
    return list(found.values())


def _asked(judgement: Judgement, facts: RequestFacts, texts: dict[str, str]) -> dict[str, Any]:
    request, decision = judgement.request, judgement.decision
    in_force, mentioned = _named_in_force(judgement.in_force)
    texts.update(mentioned)
    told: dict[str, Any] = {
        "action": request.action,
        "resource": request.resource,
        "decision": decision.verdict.value,
        "decidedBy": decision.decided_by.value if decision.decided_by else None,
        "matched": [_told_of(each) for each in decision.matched],
    }
    shared = None if judgement.shared is None or judgement.facts is not facts else _told_shared(judgement.shared)
    if shared is None or not _met_before(shared[0]):
        told["resourceAccount"] = request.resource_account
        told["resourceInManagementAccount"] = request.resource_in_management_account
        told["context"] = request.context
        told["principal"] = _asking(request.principal)
        told["inForce"] = in_force
        return told
    digest, text = shared
    texts[digest] = text
    if judgement.told:
        told["context"] = judgement.told
    told["shared"] = digest
    return told


def _shared(shared: Shared) -> tuple[str, str]:
    """Hash and text."""
    members = {
        "resourceAccount": shared.resource_account,
        "resourceInManagementAccount": shared.resource_in_management_account,
        "context": shared.context,
        "principal": _told_principal(shared.principal),
        "inForce": _named_in_force(shared.in_force)[0],
    }
    text = _json(members)
    return _digest(text), text


_met: Final[set[str]] = set()


def _met_before(digest: str) -> bool:
    """Whether it is not the first time: who comes once leaves one event, and nothing beside it."""
    if digest in _met:
        return True
    if len(_met) >= _DIGESTS:
        _met.clear()
    _met.add(digest)
    return False


def _asking(principal: Principal) -> msgspec.Raw:
    return _principal(principal) if isinstance(principal, Federated) else _told_principal(principal)


def _principal(principal: Principal) -> msgspec.Raw:
    members = {name: getattr(principal, name) for name in principal.__dataclass_fields__}
    return _raw({"kind": type(principal).__name__, **members})


def _statement(matched: Matched) -> msgspec.Raw:
    told = {
        "type": matched.source.type.value,
        "policy": matched.source.name,
        "owner": matched.source.owner,
        "statement": matched.statement_index,
        "sid": matched.sid,
        "effect": matched.effect.value,
        "line": matched.start.line,
    }
    return _raw(told)


def _in_force(in_force: InForce) -> tuple[msgspec.Raw, Mapping[str, str]]:
    """The policies, and their texts by hash."""
    texts: dict[str, str] = {}

    def pool(attached: Iterable[Attached] | None) -> list[dict[str, Any]] | None:
        return None if attached is None else [_policy(each, texts) for each in attached]

    def levels(found: Iterable[Iterable[Attached]] | None) -> list[list[dict[str, Any]] | None] | None:
        return None if found is None else [pool(level) for level in found]

    named: Mapping[str, Any] = {
        "identity": pool(in_force.identity),
        "resource": pool(in_force.resource),
        "boundary": pool(in_force.boundary),
        "session": pool(in_force.session),
        "endpoint": pool(in_force.endpoint),
        "scp": levels(in_force.scp),
        "rcp": levels(in_force.rcp),
    }
    return _raw({name: value for name, value in named.items() if value is not None}), texts


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_digests: dict[str, str] = {}


def _policy(attached: Attached, texts: dict[str, str]) -> dict[str, Any]:
    text = attached.policy.text
    digest = _digests.get(text)
    if digest is None:
        if len(_digests) >= _DIGESTS:
            _digests.clear()
        digest = _digests[text] = _digest(text)
    texts[digest] = text
    source = attached.source
    return {
        "type": source.type.value,
        "name": source.name,
        "arn": source.arn,
        "owner": source.owner,
        "version": source.version,
        "hash": digest,
    }


_identified: Final = _Parts[Caller, msgspec.Raw](lambda caller: _raw(identity(caller, "")))
_told_principal: Final = _Parts[Principal, msgspec.Raw](_principal)
_told_of: Final = _Parts[Matched, msgspec.Raw](_statement)
_told_shared: Final = _Parts[Shared, tuple[str, str]](_shared)
_named_in_force: Final = _Parts[InForce, tuple[msgspec.Raw, Mapping[str, str]]](_in_force)
