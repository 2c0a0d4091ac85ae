"""doors/console: whose document is being written: a managed policy's, an embedded one, or a role's trust policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote, urlencode

from ostiary.analysis.visual import readable
from ostiary.authorization.judge import Ask
from ostiary.doors.console.editing import KINDS, as_typed
from ostiary.doors.console.visit import Visit
from ostiary.gate.perform import Permission
from ostiary.identifiers import iam_arn
from ostiary.services.faults import ServiceFault

MANAGED: Final = "managed"
TRUST: Final = "trust"
_NOUNS: Final = {"user": "User", "group": "Group", "role": "Role"}
_EMBEDDED: Final = {"user": "/users/", "group": "/groups/", "role": "/roles/"}
NEW: Final = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [],
      "Resource": []
    }
  ]
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a document is, or will be."""

    kind: str
    """A word of `editing.KINDS`: `managed`, `user`, `group`, `role`, `trust`."""
    arn: str = ""
    """Of a managed policy that is there."""
    name: str = ""
    """Of the user, group or role; of a new managed policy its own."""
    policy: str = ""
    """The name of an embedded policy."""
    present: str | None = None
    """The text in force; None: there is none yet."""
    version: str = ""
    """The default version of a managed policy."""
    resource: str = ""
    """The ARN that the change is asked on."""

    @property
    def new(self) -> bool:
        """Whether it is not there yet."""
        return self.present is None

    @property
    def path(self) -> str:
        """The editor's address."""
        if self.kind == MANAGED:
            return f"/policies/edit?{urlencode({'arn': self.arn})}" if self.arn else "/policies/create"
        return f"/inline/edit?{urlencode({'kind': self.kind, 'name': self.name, 'policy': self.policy})}"

    @property
    def save_path(self) -> str:
        """Where the change is sent in the end."""
        return self.path.replace("/edit?", "/save?").replace("/policies/create", "/policies/create/save")

    @property
    def back(self) -> str:
        """The page of what it belongs to."""
        if self.kind == MANAGED:
            return f"/policies/detail?{urlencode({'arn': self.arn})}" if self.arn else "/policies"
        return _EMBEDDED["role" if self.kind == TRUST else self.kind] + self.name

    def replayed(self, draft: str) -> dict[str, str]:
        """The parameters of `drafts.replayed`."""
        return {"Kind": self.kind, "Arn": self.arn, "Name": self.name, "Policy": self.policy, "Draft": draft}

    def undoing(self) -> list[Ask]:
        """The permissions by which a change of it is undone."""
        names: tuple[str, ...]
        if self.kind == MANAGED:
            names = ("SetDefaultPolicyVersion", "CreatePolicyVersion") if self.arn else ()
        elif self.kind == TRUST:
            names = ("UpdateAssumeRolePolicy",)
        else:
            names = (f"Put{_NOUNS[self.kind]}Policy", f"Delete{_NOUNS[self.kind]}Policy")
        return [Ask(action=f"iam:{name}", resource=self.resource) for name in names]

    def permission(self, visit: Visit) -> Permission:
        """Whether it may be saved."""
        if self.kind == MANAGED and not self.arn:
            return visit.could("iam:CreatePolicy")
        if self.kind == MANAGED:
            return visit.may("iam", "CreatePolicyVersion", PolicyArn=self.arn)
        if self.kind == TRUST:
            return visit.may("iam", "UpdateAssumeRolePolicy", RoleName=self.name)
        noun = _NOUNS[self.kind]
        return visit.may("iam", f"Put{noun}Policy", **{f"{noun}Name": self.name, "PolicyName": self.policy or "new"})


def managed_subject(visit: Visit, arn: str) -> Subject:
    """A managed policy. Raises `ServiceFault`."""
    found = visit.perform("iam", "GetPolicy", PolicyArn=arn)["Policy"]
    text = version_text(visit, arn, found["DefaultVersionId"])
    return Subject(kind=MANAGED, arn=arn, present=text, version=found["DefaultVersionId"], resource=arn)


def version_text(visit: Visit, arn: str, version: str) -> str:
    """The document of a version. Raises `ServiceFault`."""
    found = visit.perform("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)["PolicyVersion"]
    return unquote(found["Document"])


def embedded_subject(visit: Visit, kind: str, name: str, policy: str) -> Subject:
    """A policy of a user, a group or a role, or a trust policy. Raises `ServiceFault`; `ValueError` for other kinds."""
    if kind == TRUST:
        role = visit.perform("iam", "GetRole", RoleName=name)["Role"]
        text = unquote(role["AssumeRolePolicyDocument"])
        return Subject(kind=kind, name=name, policy="trust policy", present=text, resource=role["Arn"])
    if kind not in _NOUNS:
        raise ValueError(kind)
    noun = _NOUNS[kind]
    resource = iam_arn(visit.caller.account, kind, name)
    subject = Subject(kind=kind, name=name, policy=policy, resource=resource)
    if not policy:
        return subject
    try:
        found = visit.perform("iam", f"Get{noun}Policy", **{f"{noun}Name": name, "PolicyName": policy})
    except ServiceFault as fault:
        if fault.code != "NoSuchEntity" or f"{noun.lower()} policy" not in fault.message:
            raise
        return subject
    return replace(subject, present=unquote(found["PolicyDocument"]))


def saving(subject: Subject, text: str, form: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The operations that save a text, in their order.

    Args:
        form: `make_room`, the version to delete first; of a new policy `policy_name`, `path`, `description`, `tags`.
    """
    if subject.kind == MANAGED and subject.arn:
        room = form.get("make_room")
        first = [("DeletePolicyVersion", {"PolicyArn": subject.arn, "VersionId": room})] if room else []
        made = {"PolicyArn": subject.arn, "PolicyDocument": text, "SetAsDefault": True}
        return [*first, ("CreatePolicyVersion", made)]
    if subject.kind == MANAGED:
        given: dict[str, Any] = {"PolicyName": form["policy_name"], "PolicyDocument": text}
        for name, key in (("path", "Path"), ("description", "Description"), ("tags", "Tags")):
            if form.get(name):
                given[key] = form[name]
        return [("CreatePolicy", given)]
    if subject.kind == TRUST:
        return [("UpdateAssumeRolePolicy", {"RoleName": subject.name, "PolicyDocument": text})]
    noun = _NOUNS[subject.kind]
    return [
        (
            f"Put{noun}Policy",
            {f"{noun}Name": subject.name, "PolicyName": subject.policy, "PolicyDocument": text},
        )
    ]


def size_limit(visit: Visit, subject: Subject) -> int:
    """How long its document may be in this account."""
    kind = KINDS[subject.kind]
    return kind.limit if kind.quota is None else visit.gate.quota(visit.caller, kind.quota)


def begun(subject: Subject) -> str:
    """The text that the editor opens with."""
    return NEW if subject.present is None else readable(as_typed(subject.present))


def tags_of(text: str) -> list[dict[str, str]]:
    """Tags that are written a line each, `key=value`."""
    lines = (line.partition("=") for line in text.splitlines() if line.strip())
    return [{"Key": key.strip(), "Value": value.strip()} for key, _, value in lines]
