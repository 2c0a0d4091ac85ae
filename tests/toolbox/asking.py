"""Calls that are recorded, and what iam-toolbox and STS tell of them; answers are held against botocore's model."""

from __future__ import annotations

import re
import uuid
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape
from msgspec.structs import replace

from ostiary.audit.authorization_id import authorization_id
from ostiary.audit.record import Happening
from ostiary.audit.writer import AuditWriter
from ostiary.authorization.caller import Caller
from ostiary.authorization.judge import Ask, Judgement
from ostiary.gate.authorize import Refused, authorize
from ostiary.gate.denied import with_references
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import OPERATIONS, Call
from tests.audit.recording import recorded_call
from tests.sts.people import facts, judged
from tests.world import World

MODEL = botocore.session.get_session().get_service_model("iam-toolbox")


def check_output(value: Any, shape: Shape, where: str = "") -> None:
    """Nothing that the model does not know, what it requires, values of its types, enumerations and patterns."""
    if getattr(shape, "is_document_type", False):
        return
    if shape.type_name == "structure":
        assert isinstance(value, dict), where
        assert set(value) <= set(shape.members), where
        assert set(shape.required_members) <= set(value), where
        for name, each in value.items():
            check_output(each, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), where
        for each in value:
            check_output(each, shape.member, where + "[]")
    elif shape.type_name == "map":
        assert isinstance(value, dict), where
        for name, each in value.items():
            check_output(name, shape.key, where)
            check_output(each, shape.value, f"{where}.{name}")
    else:
        assert type(value).__name__ == {"string": "str", "boolean": "bool"}[shape.type_name], f"{where}: {value!r}"
        assert not getattr(shape, "enum", None) or value in shape.enum, f"{where}: {value!r}"
        pattern = shape.metadata.get("pattern")
        assert pattern is None or re.fullmatch(pattern, value), f"{where}: {value!r}"


class Toolbox:
    """`toolbox.called("iam:GetUser", by=alice, UserName="alice")` gives the authorization id of a recorded call."""

    def __init__(self, world: World, audit: AuditWriter) -> None:
        self.world, self.audit = world, audit

    def called(self, operation: str, by: Caller, **params: Any) -> str:
        """Make a call, whatever comes of it."""
        request_id = str(uuid.uuid4())
        recorded_call(self.world, self.audit, request_id, operation, by, **params)
        return authorization_id(request_id)

    def asked(self, caller: Caller, *asks: Ask) -> str:
        """The authorization id of a request that needed these permissions."""
        return self.judged(caller, *(judged(self.world, caller, ask) for ask in asks))

    def judged(self, caller: Caller, *judgements: Judgement) -> str:
        """The same, its decisions taken already."""
        request_id = str(uuid.uuid4())
        self.audit.note(
            Happening(
                facts=facts(self.world, request_id=request_id),
                caller=caller,
                account=caller.account,
                judgements=judgements,
            )
        )
        return authorization_id(request_id)

    def refused(self, operation: str, by: Caller, **params: Any) -> Refused:
        """A refusal as it is answered; it is recorded."""
        service, name = operation.split(":")
        about = facts(self.world, request_id=str(uuid.uuid4()))
        call = Call(service=service, operation=name, caller=by, params=params, facts=about, house=self.world.house)
        self.world.house.book.refresh()
        with self.world.house.store.read() as tx, pytest.raises(Refused) as caught:
            authorize(OPERATIONS[service, name], call, tx)
        told = with_references(caught.value, call)
        happening = Happening(facts=about, caller=by, account=by.account, judgements=told.judgements)
        self.audit.note(replace(happening, error=(told.code, told.message)))
        return told

    def details(self, authorization_id: str, by: Caller | None = None, **more: Any) -> dict[str, Any]:
        """GetRequestAuthorizationDetails, as root of the first account or as `by`."""
        return self._told("GetRequestAuthorizationDetails", by, authorizationId=authorization_id, **more)

    def policy(self, authorization_id: str, uri: str, by: Caller | None = None) -> Any:
        """The document that GetRequestAuthorizationPolicy gives."""
        told = self._told("GetRequestAuthorizationPolicy", by, authorizationId=authorization_id, policyUri=uri)
        return told["policyDocument"]

    def fault(self, authorization_id: str, by: Caller | None = None, uri: str | None = None, **more: Any) -> str:
        """The code that either of them refuses with."""
        with pytest.raises(ServiceFault) as caught:
            if uri is None:
                self.details(authorization_id, by, **more)
            else:
                self.policy(authorization_id, uri, by)
        return caught.value.code

    def _told(self, name: str, by: Caller | None, **params: Any) -> dict[str, Any]:
        given: dict[str, Any] = self.world.call(f"iam-toolbox:{name}", params, by=by)
        shape = MODEL.operation_model(name).output_shape
        assert shape is not None
        check_output(given, shape)
        return given


def effects(evaluation: dict[str, Any]) -> dict[str, str]:
    """Each check's effect by its type, where a type has one."""
    return {check["checkType"]: check["evaluatedEffect"] for check in evaluation["checks"]}
