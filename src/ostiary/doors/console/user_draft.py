"""doors/console: a user that is being thought of: what the wizard's form says, and the operations that it comes to.

Nothing exists until the plan is carried out. The plan is made anew for the review and for the last button; both must be
the same plan, or the review is shown again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary import catalog
from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.forms import Fields
from ostiary.doors.console.picker import chosen
from ostiary.doors.console.tagging import tags_written
from ostiary.doors.console.visit import Visit
from ostiary.services.console.holdings import Holdings, user_holdings
from ostiary.services.console.jobs import JOBS
from ostiary.services.faults import ServiceFault

WAYS: Final = ("group", "copy", "attach")
_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_GROUP_NAME: Final = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_PATH: Final = re.compile(r"/|/[!-~]+/")
_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the form says."""

    names: tuple[str, ...]
    path: str
    tags: tuple[dict[str, str], ...]
    programmatic: bool
    console: bool
    how: str
    """`generated` or `own`."""
    password: str = field(repr=False)
    must_change: bool
    way: str
    groups: tuple[str, ...]
    new_group: str
    job: str
    more: tuple[str, ...]
    """Names of policies for the new group."""
    copy_from: str
    policies: tuple[str, ...]
    boundary: str

    @classmethod
    def read(cls, form: Fields) -> Draft:
        """From the form's fields."""
        way = form.get("way")
        lines = [line.strip() for line in form.raw("names").splitlines()]
        return cls(
            names=tuple(dict.fromkeys(line for line in lines if line)),
            path=form.get("path") or "/",
            tags=tuple(tags_written(form)),
            programmatic=form.flag("programmatic"),
            console=form.flag("console"),
            how="own" if form.get("how") == "own" else "generated",
            password=form.raw("password"),
            must_change=form.flag("must_change"),
            way=way if way in WAYS else "group",
            groups=tuple(form.all("group")),
            new_group=form.get("new_group"),
            job=form.get("job") if form.get("job") in JOBS else "",
            more=tuple(each.strip() for each in form.get("more").split(",") if each.strip()),
            copy_from=form.get("copy_from"),
            policies=tuple(chosen(form)),
            boundary=form.get("boundary"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An operation of the plan. A password is not among the parameters: it is added when it is done."""

    operation: str
    params: dict[str, Any]
    user: str = ""

    @property
    def line(self) -> str:
        """As a command."""
        shown = dict(self.params)
        if self.operation == "CreateLoginProfile":
            shown = {"UserName": self.user, "Password": "********", **shown}
        return cli_line("iam", self.operation, shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done, in its order."""

    steps: tuple[Step, ...]
    documents: tuple[str, ...]
    """Policies that the users will have."""
    boundary: str | None
    """The boundary's document."""
    copied: Holdings | None
    boundary_arn: str
    problems: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The same for the same plan."""
        told = json.dumps([[step.operation, step.params] for step in self.steps], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def name_problem(visit: Visit, draft: Draft) -> str:
    """What is wrong with the first step, in AWS's words where it has some."""
    if not draft.names:
        return visit._("Write at least one user name.")
    if len(draft.names) > _MOST:
        return visit._("At most %(num)s users at once.", num=_MOST)
    for name in draft.names:
        if not _NAME.fullmatch(name):
            told = "The specified value for userName is invalid. It must contain only alphanumeric characters and/or "
            return f"{name[:80]}: {told}the following: +=,.@_-"
        if _exists(visit, "GetUser", UserName=name):
            return f"User with name {name} already exists."
    if not _PATH.fullmatch(draft.path):
        told = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric "
        return f"{told}characters and/or / characters."
    keys = [tag["Key"].lower() for tag in draft.tags]
    if len(set(keys)) < len(keys):
        return "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    return ""


def access_problem(visit: Visit, draft: Draft) -> str:
    """What is wrong with the second step."""
    if not draft.console and not draft.programmatic:
        return visit._("Choose at least one way to sign in. A user without any can do nothing.")
    if draft.console and draft.how == "own" and not _fits(visit, draft.password):
        return "Password does not conform to the account password policy."
    return ""


def permission_problem(visit: Visit, draft: Draft) -> str:
    """What is wrong with the third step."""
    if draft.way == "group" and draft.new_group:
        if not _GROUP_NAME.fullmatch(draft.new_group):
            told = "The specified value for groupName is invalid. It must contain only alphanumeric characters and/or "
            return f"{told}the following: +=,.@_-"
        if _exists(visit, "GetGroup", GroupName=draft.new_group):
            return f"Group with name {draft.new_group} already exists."
    problems = plan(visit, draft).problems
    return problems[0] if problems else ""


def plan(visit: Visit, draft: Draft) -> Plan:
    """The operations, what they give, and what stands against them."""
    making = _Planning(visit, draft)
    return making.plan()


class _Planning:
    def __init__(self, visit: Visit, draft: Draft) -> None:
        self.visit, self.draft = visit, draft
        self.problems: list[str] = []
        self.attached: list[str] = []
        self.inline: dict[str, str] = {}
        self.groups = list(draft.groups) if draft.way == "group" else []
        self.documents: list[str] = []

    def plan(self) -> Plan:
        draft = self.draft
        copied = self._copied() if draft.way == "copy" else None
        if draft.way == "attach":
            self.attached = list(draft.policies)
            self.documents += [self._document(arn) for arn in draft.policies]
        first = list(self._new_group()) if draft.way == "group" and draft.new_group else []
        for group in draft.groups if draft.way == "group" else ():
            self._read_group(group)
        boundary = self._arn(draft.boundary) if draft.boundary else copied.boundary if copied is not None else ""
        steps = [*first, *(step for name in draft.names for step in self._user(name, boundary))]
        return Plan(
            steps=tuple(steps),
            documents=tuple(each for each in self.documents if each),
            boundary=self._document(boundary) if boundary else None,
            copied=copied,
            boundary_arn=boundary,
            problems=tuple(self.problems),
        )

    def _new_group(self) -> Iterator[Step]:
        draft, name = self.draft, self.draft.new_group
        self.groups.append(name)
        yield Step(operation="CreateGroup", params={"GroupName": name})
        job = JOBS.get(draft.job)
        for arn in (*(job.policies if job else ()), *(self._arn(each) for each in draft.more)):
            self.documents.append(self._document(arn))
            yield Step(operation="AttachGroupPolicy", params={"GroupName": name, "PolicyArn": arn})
        for policy, text in job.inline if job else ():
            self.documents.append(text)
            params = {"GroupName": name, "PolicyName": policy, "PolicyDocument": text}
            yield Step(operation="PutGroupPolicy", params=params)

    def _user(self, name: str, boundary: str) -> Iterator[Step]:
        draft, who = self.draft, {"UserName": name}
        made: dict[str, Any] = dict(who)
        if draft.path != "/":
            made["Path"] = draft.path
        if draft.tags:
            made["Tags"] = list(draft.tags)
        if boundary:
            made["PermissionsBoundary"] = boundary
        yield Step(operation="CreateUser", params=made, user=name)
        for group in self.groups:
            yield Step(operation="AddUserToGroup", params={"GroupName": group, **who}, user=name)
        for arn in self.attached:
            yield Step(operation="AttachUserPolicy", params={**who, "PolicyArn": arn}, user=name)
        for policy, text in self.inline.items():
            params = {**who, "PolicyName": policy, "PolicyDocument": text}
            yield Step(operation="PutUserPolicy", params=params, user=name)
        if draft.console:
            reset = {**who, "PasswordResetRequired": draft.must_change}
            yield Step(operation="CreateLoginProfile", params=reset, user=name)
        if draft.programmatic:
            yield Step(operation="CreateAccessKey", params=who, user=name)

    def _copied(self) -> Holdings | None:
        if not self.draft.copy_from:
            self.problems.append(self.visit._("Choose whom to copy from."))
            return None
        try:
            found = self.visit.look(user_holdings, UserName=self.draft.copy_from)
        except ServiceFault as fault:
            self.problems.append(fault.message)
            return None
        unread = [each.name for each in found.own if each.document is None and not each.arn]
        if unread or [each for each in found.hidden if "User" in each]:
            names = ", ".join((*unread, *found.hidden))
            self.problems.append(self.visit._("Not all can be copied, for you may not see it: %(names)s", names=names))
        self.groups = list(found.groups)
        self.attached = [each.arn for each in found.own if each.arn]
        self.inline = {each.name: each.document for each in found.own if not each.arn and each.document is not None}
        self.documents += found.documents
        return found

    def _read_group(self, group: str) -> None:
        from ostiary.services.console.holdings import group_holdings

        found = self.visit.glimpse(group_holdings, GroupName=group)
        if found:
            self.documents += found.value.documents

    def _arn(self, named: str) -> str:
        """The policy of a name or an ARN."""
        if named.startswith("arn:"):
            if self._document(named) == "":
                self.problems.append(f"Policy {named} was not found.")
            return named
        for policy in catalog.managed_policies():
            if policy.name.lower() == named.lower():
                return policy.arn
        own = f"arn:aws:iam::{self.visit.caller.account}:policy/{named}"
        if not self._document(own):
            self.problems.append(self.visit._("There is no policy %(name)s.", name=named))
        return own

    def _document(self, arn: str) -> str:
        """What a policy says; empty where it may not be read, or is none."""
        known = catalog.managed_policy(arn)
        if known is not None:
            return catalog.document(arn, known.default_version) or ""
        try:
            version = self.visit.perform("iam", "GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = self.visit.perform("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)
        except ServiceFault:
            return ""
        return str(found["PolicyVersion"]["Document"])


def _exists(visit: Visit, operation: str, **params: Any) -> bool:
    try:
        visit.perform("iam", operation, **params)
    except ServiceFault:
        return False  # it may not be asked: CreateUser will tell
    return True


def _fits(visit: Visit, password: str) -> bool:
    """Whether the account's password policy takes it; where that may not be read, CreateLoginProfile tells."""
    classes = (str.islower, str.isupper, str.isdigit, lambda sign: not sign.isalnum())
    has = [any(each(sign) for sign in password) for each in classes]
    try:
        seen = visit.see("iam", "GetAccountPasswordPolicy")
    except ServiceFault:  # there is none: AWS's own holds
        return len(password) >= 8 and sum(has) >= 3
    if not seen:
        return bool(password)
    policy = seen.value["PasswordPolicy"]
    names = ("RequireLowercaseCharacters", "RequireUppercaseCharacters", "RequireNumbers", "RequireSymbols")
    asked = [bool(policy.get(name)) for name in names]
    enough = len(password) >= policy.get("MinimumPasswordLength", 6)
    return enough and all(there or not wanted for there, wanted in zip(has, asked, strict=True))
