"""EC2 as a caller of the API sees it: what goes in and what comes out is held against botocore's own model."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape
from botocore.validate import ParamValidator

from ostiary.authorization.caller import Caller
from ostiary.services.faults import ServiceFault
from tests.world import ACCOUNT, World

MODEL = botocore.session.get_session().get_service_model("ec2")
IMAGE = "ami-0bcc92a4e661446c1"
REGION = "us-east-1"
INSTANCES = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/"
TRUST_EC2 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def check_output(value: Any, shape: Shape, where: str = "") -> None:
    """Nothing that the model does not know, values of its types and enumerations."""
    if shape.type_name == "structure":
        assert isinstance(value, dict), where
        for name, each in value.items():
            assert name in shape.members, f"{where}.{name}"
            check_output(each, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), where
        for each in value:
            check_output(each, shape.member, where + "[]")
    else:
        types = {"string": "str", "integer": "int", "boolean": "bool", "timestamp": "datetime"}
        assert type(value).__name__ == types[shape.type_name], f"{where}: {value!r}"
        assert not shape.metadata.get("enum") or value in shape.metadata["enum"], f"{where}: {value!r}"


class Ec2:
    """`ec2("RunInstances", MinCount=1, …)` calls as root, or as `by`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, operation: str, by: Caller | None = None, **params: Any) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        report = ParamValidator().validate(params, model.input_shape)
        assert not report.has_errors(), report.generate_report()
        given: dict[str, Any] = self.world.call(f"ec2:{operation}", params, by=by)
        if model.output_shape is None:
            assert given == {}
        else:
            check_output(given, model.output_shape)
        return given

    def refused(self, operation: str, by: Caller | None = None, **params: Any) -> tuple[str, str]:
        """Code and message of the refusal."""
        with pytest.raises(ServiceFault) as raised:
            self.world.call(f"ec2:{operation}", params, by=by)
        return raised.value.code, raised.value.message

    def run(self, by: Caller | None = None, **params: Any) -> str:
        """Launch one instance; its id."""
        asked = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, **params}
        instance_id: str = self("RunInstances", by=by, **asked)["Instances"][0]["InstanceId"]
        return instance_id

    def shown(self, instance_id: str) -> dict[str, Any]:
        """An instance as DescribeInstances shows it."""
        found: dict[str, Any] = self("DescribeInstances", InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        return found

    def profile(self, name: str = "web", role: str | None = "web-role", trust: str = TRUST_EC2) -> str:
        """A new instance profile with a new role; its ARN."""
        call = self.world.call
        arn: str = call("iam:CreateInstanceProfile", InstanceProfileName=name)["InstanceProfile"]["Arn"]
        if role is not None:
            call("iam:CreateRole", RoleName=role, AssumeRolePolicyDocument=trust)
            call("iam:AddRoleToInstanceProfile", InstanceProfileName=name, RoleName=role)
        return arn

    def user(self, name: str, *statements: dict[str, Any]) -> Caller:
        """A new user with one inline policy."""
        self.world.call("iam:CreateUser", UserName=name)
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self.world.call("iam:PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=text)
        return self.world.user(name)


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    """A statement; `StringEquals={…}` makes a condition."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement
