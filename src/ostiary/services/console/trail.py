"""services/console: the audit trail: what CloudTrail's LookupEvents gives, with more to ask for.

Times, who asked, errors and accounts are looked up by indexes. Texts (an action, a resource, an address) are looked for
by reading back through the record, so many events at a time; then it is told how far, and where to go on.

Source: CloudTrail API Reference, LookupEvents; CloudTrail User Guide, "CloudTrail record contents".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ostiary.identifiers import root_arn
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call
from ostiary.services.view import on, view
from ostiary.store.events import FoundEvent, Wanted
from ostiary.store.transaction import Transaction

DENIED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
"""The codes of refusals by policies."""
VERDICTS: Final = ("allowed", "denied", "error")
_KEY_IDS: Final = ("AKIA", "ASIA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for; what is empty is not."""

    who: str = ""
    """A name, `user/ann`, `role/Deploy`, `root`, an ARN or an access key id."""
    action: str = ""
    """`iam:CreateUser`, `CreateUser`, `Create*`, `iam:`."""
    text: str = ""
    """What stands in the event, such as a resource."""
    verdict: str = ""
    """Of `VERDICTS`, or an error code."""
    address: str = ""
    access: str = ""
    """`read` or `write`."""
    request: str = ""
    since: int | None = None
    until: int | None = None
    before: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event, as its row shows it."""

    request: str
    sequence: int
    at: int
    who: str
    arn: str
    session: str
    """The name of a role's session."""
    action: str
    resource: str
    resources: int
    verdict: str
    """`allowed`, `denied` or `error`."""
    error: str
    message: str
    address: str
    read_only: bool
    record: Mapping[str, Any] = field(repr=False)
    """CloudTrail's part of the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The newest first."""

    entries: tuple[Entry, ...]
    before: tuple[int, int] | None
    """Where there is more."""
    looked_at: int
    """How many events were read through for texts, when they were all."""


@view("cloudtrail", "LookupEvents", asks=on("cloudtrail:LookupEvents"))
def events_looked_up(call: Call, _tx: Transaction) -> Entries:
    """A page of the trail. `Asked` says what is looked for, `Limit` how many."""
    asked: Asked = call.params["Asked"]
    call.house.write_record()
    with call.house.store.read() as tx:  # begun only now, it sees what was just written
        if asked.request:
            found = [each for each in tx.events.find(asked.request) if each.account == call.account]
            entries = (_entry(FoundEvent(sequence=0, at=each.at, body=each.body)) for each in found)
            return Entries(entries=tuple(entries), before=None, looked_at=0)
        looked = tx.events.search(_wanted(call, tx, asked), call.params["Limit"])
    return Entries(
        entries=tuple(_entry(each) for each in looked.events), before=looked.before, looked_at=looked.looked_at
    )


@view("cloudtrail", "LookupEvents", asks=on("cloudtrail:LookupEvents"))
def one_event(call: Call, _tx: Transaction) -> Entry:
    """An event by its request id. Raises ResourceNotFound."""
    call.house.write_record()
    with call.house.store.read() as tx:
        for each in tx.events.find(call.params["Request"]):
            if each.account == call.account:
                return _entry(FoundEvent(sequence=0, at=each.at, body=each.body))
    raise ServiceFault("ResourceNotFoundException", "There is no such event in this account's record.", 404)


def _wanted(call: Call, tx: Transaction, asked: Asked) -> Wanted:
    principal, texts = _who(call, tx, asked.who)
    texts += _action(asked.action)
    if asked.address:
        texts.append(f'"sourceIPAddress":{_json(asked.address)[:-1]}')
    if asked.text:
        texts.append(_json(asked.text)[1:-1])
    if asked.access:
        texts.append(f'"readOnly":{"true" if asked.access == "read" else "false"}')
    errors: tuple[str, ...] | None = None
    if asked.verdict == "denied":
        errors = DENIED
    elif asked.verdict == "error":
        errors = ()
    elif asked.verdict and asked.verdict != "allowed":
        errors = (asked.verdict,)
    return Wanted(
        account=call.account,
        principal=principal,
        since=asked.since,
        until=asked.until,
        errors=errors,
        succeeded=asked.verdict == "allowed",
        texts=tuple(texts),
        before=asked.before,
    )


def _who(call: Call, tx: Transaction, typed: str) -> tuple[str | None, list[str]]:
    """A unique id, or the texts that tell who asked."""
    if not typed:
        return None, []
    if typed in ("root", root_arn(call.account)):
        return call.account, []
    if typed.startswith(_KEY_IDS):
        return None, [f'"accessKeyId":{_json(typed)}']
    if ":assumed-role/" in typed:
        return None, [f'"arn":{_json(typed)[:-1]}']
    resource = typed.split(":", 5)[5] if typed.startswith("arn:") and typed.count(":") >= 5 else typed
    kind, slash, rest = resource.partition("/")
    name = rest.rsplit("/", 1)[-1] if slash and kind in ("user", "role") else typed
    user = tx.users.get(call.account, name) if kind != "role" else None
    role = tx.roles.get(call.account, name) if kind != "user" and user is None else None
    found = user or role
    # one that is gone is told by its name
    return (found.id, []) if found is not None else (None, [f'"userName":{_json(name)}'])


def _action(typed: str) -> list[str]:
    service, colon, name = typed.partition(":")
    if not colon:
        service, name = "", typed
    texts = [f'"eventSource":"{_json(service.lower())[1:-1]}.'] if service else []
    if name:
        written = _json(name.rstrip("*"))
        texts.append(f'"eventName":{written[:-1] if name.endswith("*") else written}')
    return texts


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _entry(found: FoundEvent) -> Entry:
    record = msgspec.json.decode(found.body)
    record.pop("ostiary", None)
    who: dict[str, Any] = record.get("userIdentity") or {}
    arn = who.get("arn") or ""
    issuer = (who.get("sessionContext") or {}).get("sessionIssuer") or {}
    resources = [each["ARN"] for each in record.get("resources") or ()]
    error = record.get("errorCode") or ("Failure" if record.get("errorMessage") else "")
    return Entry(
        request=record["requestID"],
        sequence=found.sequence,
        at=found.at,
        who=_name(who, issuer),
        arn=arn,
        session=arn.rsplit("/", 1)[-1] if who.get("type") == "AssumedRole" else "",
        action=f"{record['eventSource'].split('.')[0]}:{record['eventName']}",
        resource=resources[0] if resources else "",
        resources=len(resources),
        verdict="denied" if error in DENIED else "error" if error else "allowed",
        error=error,
        message=record.get("errorMessage") or "",
        address=record.get("sourceIPAddress") or "",
        read_only=bool(record.get("readOnly")),
        record=record,
    )


def _name(who: Mapping[str, Any], issuer: Mapping[str, Any]) -> str:
    kind = who.get("type") or ""
    if kind == "Root":
        return "root"
    if kind == "AssumedRole":
        return f"role/{issuer.get('userName', '')}"
    if kind == "IAMUser":
        return f"user/{who.get('userName', '')}"
    return str(who.get("userName") or who.get("invokedBy") or who.get("accessKeyId") or kind)


def own_calls(tx: Transaction, account: str, principal_id: str, since: int, limit: int) -> Iterator[tuple[str, str]]:
    """What a principal was allowed of late, the newest first: each action with its resource."""
    found = tx.events.search(Wanted(account=account, principal=principal_id, since=since), limit)
    for each in found.events:
        body: Mapping[str, Any] = msgspec.json.decode(each.body)
        asks: Sequence[Mapping[str, Any]] = body.get("ostiary", {}).get("asks", ())
        for ask in asks:
            if ask["decision"] == "allowed":
                yield ask["action"], ask["resource"]
