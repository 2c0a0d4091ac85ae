"""doors/console: what the wizard's form says of the role that is to be: its trust policy, and what makes it.

Source: IAM User Guide, "Create a role"; IAM API Reference, CreateRole, CreateInstanceProfile.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ostiary.doors.console.forms import Fields
from ostiary.doors.console.visit import Visit
from ostiary.services.console import service_trust as trust

KINDS: Final = ("service", "account", "oidc", "saml", "custom")
FIELDS: Final = (
    *("entity", "case", "service", "whose", "account", "external_id", "mfa", "oidc", "audience", "subject"),
    *("github_owner", "github_repository", "github_ref", "namespace", "service_account", "saml", "attribute", "value"),
    *("trust", "boundary", "name", "description", "seconds", "tags"),
)
"""Those of the form beside the chosen policies; each has one value."""
HOURS: Final = (3600, 7200, 14_400, 28_800, 43_200)
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An operation that makes a part of the role."""

    operation: str
    params: dict[str, Any]


def read_tags(text: str) -> list[dict[str, str]] | None:
    """Tags, one a line: `key = value`; None where one can't be read."""
    found = []
    for line in text.splitlines():
        if line.strip():
            key, equals, value = line.partition("=")
            if not equals or not key.strip():
                return None
            found.append({"Key": key.strip(), "Value": value.strip()})
    return found


class RoleForm:
    """The form as it was sent."""

    def __init__(self, visit: Visit, fields: Fields) -> None:
        self._visit, self._fields = visit, fields
        self.wrong: dict[str, str] = {}
        """What is wrong, by field."""

    def get(self, name: str) -> str:
        """A field."""
        if name == "entity":
            return self._fields.get(name) if self._fields.get(name) in KINDS else KINDS[0]
        if name == "trust":
            return self._fields.raw(name).strip()
        defaults = {"case": "ec2", "whose": "this", "audience": "sts.amazonaws.com", "seconds": str(HOURS[0])}
        return self._fields.get(name) or defaults.get(name, "")

    @property
    def policies(self) -> list[str]:
        """The ARNs that are chosen."""
        return [arn for arn in self._fields.all("policy") if arn not in self._fields.all("unpick")]

    @property
    def service(self) -> str:
        """The principal of the service."""
        if self.get("case") == "other":
            return self.get("service")
        found = trust.use_case(self.get("case"))
        return found.service if found is not None else ""

    @property
    def makes_profile(self) -> bool:
        """Whether an instance profile of the same name is made too, as AWS's console does for EC2."""
        return self.get("entity") == "service" and self.service == "ec2.amazonaws.com"

    def trust(self, recipients: Sequence[str]) -> str:
        """The trust policy."""
        get = self.get
        match get("entity"):
            case "service":
                return trust.written(trust.for_service(self.service))
            case "account":
                account = get("account") if get("whose") == "other" else self._visit.caller.account
                found = trust.for_account(account, external_id=get("external_id"), mfa=bool(get("mfa")))
                return trust.written(found)
            case "oidc":
                equal, like = self._claims()
                found = trust.for_web_identity(get("oidc"), audience=get("audience"), equal=equal, like=like)
                return trust.written(found)
            case "saml":
                attributes = [(get("attribute"), get("value"))]
                return trust.written(trust.for_saml(get("saml"), recipients=recipients, attributes=attributes))
            case _:
                return get("trust")

    def _claims(self) -> tuple[dict[str, str], dict[str, str]]:
        """The claims that a token must have, exactly and by pattern."""
        if self.get("oidc").endswith(f"/{trust.GITHUB}"):
            repository = f"{self.get('github_owner')}/{self.get('github_repository') or '*'}"
            return {}, {"sub": f"repo:{repository}:{self.get('github_ref') or '*'}"}
        if self.get("namespace") and self.get("service_account"):
            return {"sub": f"system:serviceaccount:{self.get('namespace')}:{self.get('service_account')}"}, {}
        subject = self.get("subject")
        return ({}, {"sub": subject}) if "*" in subject or "?" in subject else ({"sub": subject}, {})

    def check_trusted(self) -> None:
        """The first step: is it said whom to trust?"""
        _ = self._visit._
        kind, needed = self.get("entity"), _("This is needed.")
        if kind == "service" and not self.service:
            self.wrong["service"] = needed
        if kind == "account" and self.get("whose") == "other" and not _ACCOUNT.fullmatch(self.get("account")):
            self.wrong["account"] = _("An account id has twelve digits.")
        if kind == "oidc":
            if not self.get("oidc"):
                self.wrong["oidc"] = needed
            elif self.get("oidc").endswith(f"/{trust.GITHUB}") and not self.get("github_owner"):
                self.wrong["github_owner"] = _("Without it, every repository of GitHub could assume the role.")
        if kind == "saml" and not self.get("saml"):
            self.wrong["saml"] = needed
        if kind == "custom" and not self.get("trust"):
            self.wrong["trust"] = needed

    def check_named(self) -> None:
        """The third step: has it a name, and can the tags be read?"""
        _ = self._visit._
        if not re.fullmatch(r"[\w+=,.@-]{1,64}", self.get("name"), re.ASCII):
            self.wrong["name"] = _("Letters, digits and the signs + = , . @ - _ ; at most 64.")
        if self.tags() is None:
            self.wrong["tags"] = _("Write one tag a line: key = value.")

    def tags(self) -> list[dict[str, str]] | None:
        """A line a tag; None where one can't be read."""
        return read_tags(self._fields.raw("tags"))

    def seconds(self) -> int:
        """How long a session may last."""
        return self._fields.number("seconds", HOURS[0], least=HOURS[0], most=HOURS[-1])

    def steps(self, recipients: Sequence[str]) -> list[Step]:
        """The operations that make it, in their order."""
        name = self.get("name")
        found = [
            Step(
                operation="CreateRole",
                params={
                    "RoleName": name,
                    "AssumeRolePolicyDocument": self.trust(recipients),
                    "Description": self.get("description") or None,
                    "MaxSessionDuration": self.seconds(),
                    "PermissionsBoundary": self.get("boundary") or None,
                    "Tags": self.tags() or None,
                },
            )
        ]
        found += [
            Step(operation="AttachRolePolicy", params={"RoleName": name, "PolicyArn": arn}) for arn in self.policies
        ]
        if self.makes_profile:
            found.append(Step(operation="CreateInstanceProfile", params={"InstanceProfileName": name}))
            both = {"InstanceProfileName": name, "RoleName": name}
            found.append(Step(operation="AddRoleToInstanceProfile", params=both))
        return found
