"""IAM as a caller of the API sees it: what goes in and what comes out is held against botocore's own model."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape
from botocore.validate import ParamValidator

from ostiary.authorization.caller import Caller
from ostiary.services.faults import ServiceFault
from ostiary.store.records import TagRecord
from tests.world import ACCOUNT, World, document

MODEL = botocore.session.get_session().get_service_model("iam")
STATUS = {
    shape.metadata["error"]["code"]: shape.metadata["error"]["httpStatusCode"]
    for shape in MODEL.error_shapes
    if "error" in shape.metadata
}
SCALARS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "timestamp": datetime,
    "blob": bytes,
}
NAMELESS_ROOT = {"UserName", "Path"}
"""What AWS leaves out of answers about the root user, although the model requires it."""


def check_shape(value: Any, shape: Shape | None, without: AbstractSet[str], where: str = "") -> None:
    """Required members are there, no unknown ones, types as the model says, times with a time zone."""
    if shape is None:
        assert value == {}, where
        return
    if shape.type_name == "structure":
        assert isinstance(value, Mapping), where
        assert set(value) <= set(shape.members), where
        assert set(shape.required_members) - without <= set(value), where
        for name, each in value.items():
            check_shape(each, shape.members[name], without, f"{where}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), where
        for each in value:
            check_shape(each, shape.member, without, where + "[]")
    elif shape.type_name == "map":
        assert isinstance(value, Mapping), where
        for key, each in value.items():
            check_shape(key, shape.key, without, where + "{}")
            check_shape(each, shape.value, without, f"{where}.{key}")
    else:
        assert type(value) in (SCALARS[shape.type_name], datetime), f"{where}: {value!r}"
        if shape.type_name == "timestamp":
            assert value.tzinfo is not None, where
    if getattr(shape, "enum", None):
        # AWS answers `Policy` for the type of a boundary, and the simulator `IAM Policy`, outside of its enumerations.
        assert value in shape.enum or where.endswith(("PermissionsBoundaryType", "SourcePolicyType")), where


class Iam:
    """Operations by name: `iam("CreateUser", UserName="bob")`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(
        self, name: str, *, by: Caller | None = None, without: AbstractSet[str] = frozenset(), **params: Any
    ) -> Any:
        """Do it as the root user, or as `by`; `without` names members that AWS leaves out against its model."""
        operation = MODEL.operation_model(name)
        if operation.input_shape is None:
            assert not params
        else:
            report = ParamValidator().validate(params, operation.input_shape)
            assert not report.has_errors(), report.generate_report()
        given = self.world.call(f"iam:{name}", params, by=by)
        check_shape(given, operation.output_shape, without, name)
        return given

    def fault(self, name: str, *, by: Caller | None = None, **params: Any) -> tuple[str, str]:
        """Code and message of the fault that the operation ends in."""
        with pytest.raises(ServiceFault) as caught:
            self.world.call(f"iam:{name}", params, by=by)
        if caught.value.code in STATUS:
            assert caught.value.status == STATUS[caught.value.code]
        return caught.value.code, caught.value.message

    def may(self, user: str, action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Caller:
        """The user, with nothing but one statement."""
        world = self.world
        with world.house.store.write() as tx:
            record = tx.users.get(ACCOUNT, user)
            assert record is not None
            tx.inline_policies.put(record.id, "only", document(action, resource, **more))
        return world.user(user)

    def users(self, *names: str, path: str = "/") -> None:
        """These users."""
        for name in names:
            self("CreateUser", UserName=name, Path=path)

    def quota(self, name: str, limit: int) -> None:
        """What an operator may set for an account."""
        with self.world.house.store.write() as tx:
            tx.settings.put(f"quota:{ACCOUNT}:{name}", str(limit))

    def tags(self, user: str) -> list[TagRecord]:
        """The tags of a user, as stored."""
        with self.world.house.store.read() as tx:
            record = tx.users.get(ACCOUNT, user)
            assert record is not None
            return list(tx.tags.of(record.id))
