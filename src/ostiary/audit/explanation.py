"""audit: a recorded decision, taken again and explained. Plain data, for the command line and whoever else shows it.

The policies are those of the moment of the request, found by the hash of their text; so is the condition context.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary import policy
from ostiary.audit.authorization_id import request_id
from ostiary.audit.reading import Reading
from ostiary.policy import (
    Attached,
    CompiledPolicy,
    Explanation,
    InForce,
    Matched,
    PolicyType,
    Pool,
    Principal,
    Source,
    compile_policy,
)
from ostiary.store.transaction import Transaction

_PRINCIPALS: Final[Mapping[str, Callable[..., Principal]]] = {
    kind.__name__: kind
    for kind in (
        policy.User,
        policy.RoleSession,
        policy.FederatedUser,
        policy.Root,
        policy.Service,
        policy.Federated,
        policy.Anonymous,
    )
}


_ELEMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "action": ("Action", "NotAction"),
    "resource": ("Resource", "NotResource"),
    "principal": ("Principal", "NotPrincipal"),
}


class DocumentGone(Exception):
    """A policy text that an event refers to is not in the record any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExplained:
    """One permission that was asked for."""

    action: str
    resource: str
    resource_account: str | None
    principal_arn: str | None
    context: Mapping[str, Any]
    recorded: str
    """The verdict of the moment, in the simulator's words."""
    explanation: Explanation | None
    """The decision taken again; None when a policy text is not in the record."""
    texts: Mapping[Source, str]

    @property
    def agrees(self) -> bool:
        """Whether this release decides as was decided then."""
        return self.explanation is None or self.explanation.decision.verdict.value == self.recorded

    def text_of(self, statement: Matched) -> str:
        """A statement as its author wrote it."""
        return self._written(statement)[1]

    def compared(self, statement: Matched, part: str) -> tuple[str, str, Any]:
        """What of the request a part of a statement does not match.

        Args:
            statement: which one.
            part: `action`, `resource` or `principal`.

        Returns:
            what the request has, and which element of the statement wants what; no element when it can't be read.
        """
        try:
            written = json.loads(self.text_of(statement))
        except ValueError:
            written = {}
        asked = {"action": self.action, "resource": self.resource, "principal": self.principal_arn or ""}[part]
        name = next((each for each in _ELEMENTS[part] if each in written), "")
        return asked, name, written.get(name)

    def line_of(self, statement: Matched) -> int:
        """The line that it begins on: AWS counts from the token before it."""
        return statement.start.line + self._written(statement)[0].count("\n")

    def _written(self, statement: Matched) -> tuple[str, str]:
        text = self.texts[statement.source][statement.start.offset : statement.end.offset]
        own = text.lstrip(" \t\r\n,[:")
        if not own.startswith("{"):
            return "", f"{{{text}"  # AWS counts a statement that stands by itself from after its brace.
        return text[: len(text) - len(own)], own

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        found: dict[str, Any] = {
            "action": self.action,
            "resource": self.resource,
            "resource_account": self.resource_account,
            "principal": self.principal_arn,
            "context": dict(self.context),
            "recorded_decision": self.recorded,
            "agrees": self.agrees,
        }
        if self.explanation is None:
            return found
        told = self.explanation.as_dict()
        for shown, matched in zip(told["because"], self.explanation.decision.matched, strict=True):
            shown["text"] = self.text_of(matched)
        for kind, report in zip(told["types"], self.explanation.types, strict=True):
            for shown, one in zip(kind["statements"], report.statements, strict=True):
                shown["text"] = self.text_of(one.statement)
        return {**found, **told}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventExplained:
    """An event of the record with each of its decisions."""

    record: Mapping[str, Any]
    """CloudTrail's part of the event."""
    asks: tuple[AskExplained, ...]

    @property
    def allowed(self) -> bool | None:
        """Whether every permission was given; None when none was asked for."""
        return all(ask.recorded == policy.Verdict.ALLOWED.value for ask in self.asks) if self.asks else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"event": dict(self.record), "allowed": self.allowed, "asks": [ask.as_dict() for ask in self.asks]}


def explained(tx: Transaction, named: str) -> tuple[EventExplained, ...]:
    """The events of a request, the oldest first; empty when the record has none.

    Args:
        named: its request id, or its authorization id.
    """
    found = tx.events.find(named) or tx.events.find(request_id(named) or "")
    reading = Reading(tx)
    return tuple(_event(tx, reading.whole(event.body)) for event in found)


def _event(tx: Transaction, body: dict[str, Any]) -> EventExplained:
    asks = body.pop("ostiary", {}).get("asks", ())
    return EventExplained(record=body, asks=tuple(ask_explained(tx, ask) for ask in asks))


def ask_explained(tx: Transaction, ask: Mapping[str, Any]) -> AskExplained:
    """One of an event's `ostiary.asks`."""
    texts: dict[Source, str] = {}
    try:
        explanation = policy.explain(recorded_in_force(tx, ask["inForce"], texts), recorded_request(ask))
    except DocumentGone:
        explanation = None
    return AskExplained(
        action=ask["action"],
        resource=ask["resource"],
        resource_account=ask["resourceAccount"],
        principal_arn=ask["principal"].get("arn"),
        context=ask["context"],
        recorded=ask["decision"],
        explanation=explanation,
        texts=texts,
    )


def recorded_request(ask: Mapping[str, Any]) -> policy.Request:
    """What was asked."""
    facts = dict(ask["principal"])
    kind = _PRINCIPALS[facts.pop("kind")]
    return policy.Request(
        principal=kind(**facts),
        action=ask["action"],
        resource=ask["resource"],
        resource_account=ask["resourceAccount"],
        resource_in_management_account=ask["resourceInManagementAccount"],
        context={key: tuple(value) if isinstance(value, list) else value for key, value in ask["context"].items()},
    )


def recorded_in_force(tx: Transaction, recorded: Mapping[str, Any], texts: dict[Source, str] | None = None) -> InForce:
    """The policies of the moment.

    Args:
        texts: is given the text of each.

    Raises:
        DocumentGone: a text is not in the record any more.
    """
    texts = {} if texts is None else texts

    def pool(policies: Iterable[Mapping[str, Any]] | None) -> Pool | None:
        return None if policies is None else Pool(_attached(tx, each, texts) for each in policies)

    def levels(name: str) -> list[Pool] | None:
        found = recorded.get(name)
        return None if found is None else [pool(level) or Pool() for level in found]

    return InForce(
        identity=pool(recorded.get("identity")) or Pool(),
        resource=pool(recorded.get("resource")),
        boundary=pool(recorded.get("boundary")),
        session=pool(recorded.get("session")),
        endpoint=pool(recorded.get("endpoint")),
        scp=levels("scp"),
        rcp=levels("rcp"),
    )


def _attached(tx: Transaction, recorded: Mapping[str, Any], texts: dict[Source, str]) -> Attached:
    text = tx.documents.get(recorded["hash"])
    if text is None:
        raise DocumentGone(recorded["hash"])
    source = Source(
        type=PolicyType(recorded["type"]),
        name=recorded["name"],
        arn=recorded["arn"],
        owner=recorded["owner"],
        version=recorded["version"],
    )
    compiled: CompiledPolicy = compile_policy(text)
    texts[source] = compiled.text
    return Attached(compiled, source)
