"""Organizations as a caller of the API sees it; what goes in and comes out is held against botocore's own model."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from ostiary.authorization.caller import Caller
from ostiary.authorization.organization import RCP, SCP
from ostiary.services.faults import ServiceFault
from tests.iam.asking import check_shape
from tests.world import ACCOUNT, World, document

MODEL = botocore.session.get_session().get_service_model("organizations")
DENY_IAM = document("iam:*", effect="Deny")
RCP_DENY_S3 = document("s3:*", effect="Deny", Principal="*")


class Organizations:
    """Operations by name: `org("ListRoots")`; done by the root user of the management account unless said otherwise."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, name: str, *, by: Caller | None = None, **params: Any) -> Any:
        """Do it."""
        operation = MODEL.operation_model(name)
        if operation.input_shape is not None:
            report = ParamValidator().validate(params, operation.input_shape)
            assert not report.has_errors(), report.generate_report()
        given = self.world.call(f"organizations:{name}", params, by=by)
        check_shape(given, operation.output_shape, frozenset(), name)
        return given

    def fault(self, name: str, *, by: Caller | None = None, **params: Any) -> tuple[str, str]:
        """Code, and reason (else the message), of the fault that it ends in; the model must know it."""
        with pytest.raises(ServiceFault) as caught:
            self.world.call(f"organizations:{name}", params, by=by)
        fault = caught.value
        assert fault.code in {shape.name for shape in MODEL.operation_model(name).error_shapes}
        reason = fault.extra.get("Reason")
        if reason is not None:
            assert reason in MODEL.shape_for(fault.code).members["Reason"].enum
        return fault.code, reason or fault.message

    @property
    def root(self) -> str:
        """The root's id."""
        found: str = self("ListRoots")["Roots"][0]["Id"]
        return found

    def enable(self, *types: str) -> None:
        """Enable types of policy."""
        for each in types or (SCP,):
            self("EnablePolicyType", RootId=self.root, PolicyType=each)

    def account(self, name: str = "dev") -> str:
        """A new account; its id."""
        made = self("CreateAccount", Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
        assert made["State"] == "SUCCEEDED"
        found: str = made["AccountId"]
        return found

    def unit(self, name: str, parent: str | None = None) -> str:
        """A new unit; its id."""
        made = self("CreateOrganizationalUnit", ParentId=parent or self.root, Name=name)
        found: str = made["OrganizationalUnit"]["Id"]
        return found

    def policy(self, text: str, name: str = "p", policy_type: str = SCP, *targets: str) -> str:
        """A new policy, attached to these; its id."""
        made = self("CreatePolicy", Content=text, Description="", Name=name, Type=policy_type)
        found: str = made["Policy"]["PolicySummary"]["Id"]
        for target in targets:
            self("AttachPolicy", PolicyId=found, TargetId=target)
        return found

    def only(self, text: str, target: str, name: str) -> str:
        """A new SCP in place of the one that allows all."""
        found = self.policy(text, name, SCP, target)
        self("DetachPolicy", PolicyId="p-FullAWSAccess", TargetId=target)
        return found

    def refusal(self, operation: str, by: Caller, **params: Any) -> str | None:
        """The message that an operation of any service is refused with; None: it is done."""
        try:
            self.world.call(operation, params, by=by)
        except ServiceFault as fault:
            if fault.code not in ("AccessDenied", "AccessDeniedException"):
                raise
            return fault.message
        return None


__all__ = ["ACCOUNT", "DENY_IAM", "MODEL", "RCP", "RCP_DENY_S3", "SCP", "Organizations"]
