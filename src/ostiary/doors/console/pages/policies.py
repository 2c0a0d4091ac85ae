"""doors/console: managed policies: the list, a policy with its versions, who has it."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from ostiary.analysis.summary import summarize
from ostiary.analysis.visual import readable
from ostiary.doors.console.drafting import MANAGED, Subject, managed_subject, tags_of, version_text
from ostiary.doors.console.editing import as_typed
from ostiary.doors.console.pages.policy_editor import outlook
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Seen, Visit, is_refusal
from ostiary.services.console import policies as views
from ostiary.services.faults import ServiceFault

TABS: Final = ("permissions", "versions", "entities", "last-used", "tags")
_ENTITIES: Final = (
    ("user", "PolicyUsers", "UserName", "/users/"),
    ("group", "PolicyGroups", "GroupName", "/groups/"),
    ("role", "PolicyRoles", "RoleName", "/roles/"),
)
_NOUNS: Final = {"user": "User", "group": "Group", "role": "Role"}


@page("GET", "/policies")
def policies(visit: Visit) -> Reply:
    """All of AWS's and the account's own."""
    query = visit.query
    kind, used = query.get("type"), query.get("used")
    sort = query.get("sort", "name")
    found = visit.glimpse(
        views.listing,
        words=query.get("q"),
        type=kind if kind in views.TYPES else "",
        used=used if used in views.USES else "",
        sort=sort,
        order=query.get("order", "asc"),
        page=query.number("page", 1, least=1),
    )
    return visit.page(
        "policies/list.html",
        region="rows",
        title=visit._("Policies"),
        found=found,
        sort=sort if sort in views.ORDERS else "name",
        order="desc" if query.get("order") == "desc" else "asc",
        may_create=visit.could("iam:CreatePolicy"),
    )


@page("GET", "/policies/detail")
def policy(visit: Visit) -> Reply:
    """One policy."""
    arn = visit.query.get("arn")
    tab = visit.query.get("tab")
    tab = tab if tab in TABS else TABS[0]
    return _detail(visit, arn, tab)


def _detail(visit: Visit, arn: str, tab: str, status: int = 200, **wrong: Any) -> Reply:
    found = visit.perform("iam", "GetPolicy", PolicyArn=arn)["Policy"]
    aws = arn.startswith("arn:aws:iam::aws:")
    values: dict[str, Any] = {
        "arn": arn,
        "policy": found,
        "aws": aws,
        "type": views.type_of_arn(arn),
        "tab": tab,
        "here": urlencode({"arn": arn}),
        "may_edit": visit.may("iam", "CreatePolicyVersion", PolicyArn=arn),
        "may_delete": visit.may("iam", "DeletePolicy", PolicyArn=arn),
        "undo": _undo(visit, found["DefaultVersionId"]) if tab == TABS[0] else None,
        "wrong": "",
        **_of_tab(visit, arn, found, tab),
        **wrong,
    }
    return visit.page("policies/detail.html", status=status, title=found["PolicyName"], **values)


def _again(visit: Visit, arn: str, tab: str, fault: ServiceFault) -> Reply:
    """A tab with what went wrong; a missing permission is a page of its own."""
    if is_refusal(fault):
        raise fault
    return _detail(visit, arn, tab, fault.status or 400, wrong=fault.message)


def _undo(visit: Visit, default: str) -> tuple[str, str] | None:
    """After a version was saved: the one before it, which can be put in force again, and the saved one."""
    before, saved = visit.query.get("undo"), visit.query.get("saved")
    is_version = before[:1] == "v" and before[1:].isascii() and before[1:].isdecimal()
    return (before, saved) if is_version and saved == default else None


def _of_tab(visit: Visit, arn: str, found: dict[str, Any], tab: str) -> dict[str, Any]:
    if tab == "permissions":
        return _permissions(visit, arn, found["DefaultVersionId"])
    if tab == "versions":
        return {
            "versions": visit.see_every("iam", "ListPolicyVersions", "Versions", PolicyArn=arn),
            "may_default": visit.may("iam", "SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v1"),
            "may_delete_version": visit.may("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId="v1"),
            "most": visit.gate.quota(visit.caller, "VersionsPerPolicy"),
        }
    if tab == "entities":
        return {"entities": _entities(visit, arn), "kinds": _may_attach(visit, arn)}
    if tab == "last-used":
        return {"uses": visit.glimpse(views.last_used, Arn=arn)}
    return {"may_tag": visit.may("iam", "TagPolicy", PolicyArn=arn, Tags=[{"Key": "key", "Value": ""}])}


def _permissions(visit: Visit, arn: str, default: str) -> dict[str, Any]:
    version = visit.query.get("version") or default
    try:
        text = readable(as_typed(version_text(visit, arn, version)))
    except ServiceFault as fault:
        if not is_refusal(fault):
            raise
        return {"document": Seen(refused=fault.message), "version": version, "rows": ()}
    return {"document": Seen(found=text), "version": version, "rows": summarize(text)}


def _entities(visit: Visit, arn: str) -> Seen[list[dict[str, str]]]:
    """Who has the policy, as a permission or as a boundary."""
    rows: list[dict[str, str]] = []
    try:
        for use in ("PermissionsPolicy", "PermissionsBoundary"):
            for kind, member, name, url in _ENTITIES:
                for each in visit.every(
                    "iam", "ListEntitiesForPolicy", member, PolicyArn=arn, PolicyUsageFilter=use,
                    EntityFilter=_NOUNS[kind],
                ):  # fmt: skip
                    address = url + quote(each[name], safe="")
                    rows.append({"kind": kind, "name": each[name], "url": address, "use": use})
    except ServiceFault as fault:
        if not is_refusal(fault):
            raise
        return Seen(refused=fault.message)
    return Seen(found=rows)


def _may_attach(visit: Visit, arn: str) -> list[tuple[str, Any, Any]]:
    return [
        (kind, visit.could(f"iam:Attach{noun}Policy"), visit.could(f"iam:Detach{noun}Policy"))
        for kind, noun in _NOUNS.items()
    ]


@page("POST", "/policies/attach", confirm=True)
def attach(visit: Visit) -> Reply:
    """To a user, a group or a role."""
    arn, kind, name = visit.form.get("arn"), visit.form.get("kind"), visit.form.get("name")
    noun = _NOUNS.get(kind)
    if noun is None or not name:
        return _detail(visit, arn, "entities", 400, wrong=visit._("Say to whom: a kind and a name."))
    try:
        visit.perform("iam", f"Attach{noun}Policy", **{f"{noun}Name": name, "PolicyArn": arn})
    except ServiceFault as fault:
        return _again(visit, arn, "entities", fault)
    return visit.redirect(_tab(arn, "entities"), visit._("%(name)s has the policy.", name=name))


@page("POST", "/policies/detach")
def detach(visit: Visit) -> Reply:
    """From those that are checked."""
    arn = visit.form.get("arn")
    chosen = [each.partition("/") for each in visit.form.all("entity")]
    for kind, _, name in chosen:
        noun = _NOUNS.get(kind)
        if noun is not None:
            visit.perform("iam", f"Detach{noun}Policy", **{f"{noun}Name": name, "PolicyArn": arn})
    if not chosen:
        return visit.redirect(_tab(arn, "entities"), visit._("Nothing was chosen."), "care")
    told = visit.ngettext("The policy is detached.", "The policy is detached from %(num)d.", len(chosen))
    return visit.redirect(_tab(arn, "entities"), told)


@page("POST", "/policies/default", confirm=True)
def make_default(visit: Visit) -> Reply:
    """Put a version in force, wherever the policy is attached."""
    arn, version = visit.form.get("arn"), visit.form.get("version")
    subject = managed_subject(visit, arn)
    text = readable(as_typed(version_text(visit, arn, version)))
    if not visit.form.flag("warned") and outlook(visit, subject, text).breaking:
        return _compared(visit, arn, subject.version, version, visit._("Confirm that you have read the warning."))
    visit.perform("iam", "SetDefaultPolicyVersion", PolicyArn=arn, VersionId=version)
    to = _tab(arn, "versions") if visit.form.get("tab") == "versions" else _tab(arn, "")
    return visit.redirect(to, visit._("Version %(version)s is in force.", version=version))


@page("POST", "/policies/delete-version")
def delete_version(visit: Visit) -> Reply:
    """One that is not in force."""
    arn, version = visit.form.get("arn"), visit.form.get("version")
    try:
        visit.perform("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version)
    except ServiceFault as fault:
        return _again(visit, arn, "versions", fault)
    return visit.redirect(_tab(arn, "versions"), visit._("Version %(version)s is deleted.", version=version))


@page("POST", "/policies/tags")
def tag(visit: Visit) -> Reply:
    """The tags as the form has them: others go."""
    arn = visit.form.get("arn")
    wanted = {each["Key"]: each["Value"] for each in tags_of(visit.form.raw("tags"))}
    present = {each["Key"] for each in visit.perform("iam", "GetPolicy", PolicyArn=arn)["Policy"].get("Tags", ())}
    try:
        gone = sorted(present - set(wanted))
        if gone:
            visit.perform("iam", "UntagPolicy", PolicyArn=arn, TagKeys=gone)
        if wanted:
            tags = [{"Key": key, "Value": value} for key, value in wanted.items()]
            visit.perform("iam", "TagPolicy", PolicyArn=arn, Tags=tags)
    except ServiceFault as fault:
        return _again(visit, arn, "tags", fault)
    return visit.redirect(_tab(arn, "tags"), visit._("The tags are saved."))


@page("GET", "/policies/delete")
def delete_form(visit: Visit) -> Reply:
    """What goes with it."""
    return _deleting(visit, visit.query.get("arn"))


@page("POST", "/policies/delete", confirm=True)
def delete(visit: Visit) -> Reply:
    """Detach it, delete its versions, then it."""
    arn = visit.form.get("arn") or visit.query.get("arn")
    name = arn.rsplit("/", 1)[-1]
    if visit.form.get("name") != name:
        return _deleting(visit, arn, visit._("The name is not the same."))
    try:
        for each in _entities(visit, arn).found or ():
            if each["use"] == "PermissionsPolicy":
                noun = _NOUNS[each["kind"]]
                visit.perform("iam", f"Detach{noun}Policy", **{f"{noun}Name": each["name"], "PolicyArn": arn})
        for version in visit.every("iam", "ListPolicyVersions", "Versions", PolicyArn=arn):
            if not version["IsDefaultVersion"]:
                visit.perform("iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
        visit.perform("iam", "DeletePolicy", PolicyArn=arn)
    except ServiceFault as fault:
        if is_refusal(fault) or fault.code == "NoSuchEntity":
            raise
        return _deleting(visit, arn, fault.message)
    return visit.redirect("/policies", visit._("Policy %(name)s is deleted.", name=name))


def _deleting(visit: Visit, arn: str, wrong: str = "") -> Reply:
    found = visit.perform("iam", "GetPolicy", PolicyArn=arn)["Policy"]
    return visit.page(
        "policies/delete.html",
        status=400 if wrong else 200,
        title=visit._("Delete %(name)s", name=found["PolicyName"]),
        arn=arn,
        policy=found,
        entities=_entities(visit, arn),
        may_delete=visit.may("iam", "DeletePolicy", PolicyArn=arn),
        wrong=wrong,
    )


@page("GET", "/policies/compare")
def compare_versions(visit: Visit) -> Reply:
    """Two versions, by what they mean and by their text."""
    return _compared(visit, visit.query.get("arn"), visit.query.get("from"), visit.query.get("to"))


def _compared(visit: Visit, arn: str, one: str, other: str, wrong: str = "") -> Reply:
    found = visit.perform("iam", "GetPolicy", PolicyArn=arn)["Policy"]
    versions = [each["VersionId"] for each in visit.every("iam", "ListPolicyVersions", "Versions", PolicyArn=arn)]
    default = found["DefaultVersionId"]
    other = other if other in versions else default
    one = one if one in versions else next((each for each in versions if each != other), other)
    before, after = version_text(visit, arn, one), version_text(visit, arn, other)
    subject = Subject(kind=MANAGED, arn=arn, present=before, version=one, resource=arn)
    return visit.page(
        "policies/compare.html",
        status=400 if wrong else 200,
        title=visit._("Compare versions of %(name)s", name=found["PolicyName"]),
        arn=arn,
        policy=found,
        versions=versions,
        one=one,
        other=other,
        default=default,
        aws=arn.startswith("arn:aws:iam::aws:"),
        outlook=outlook(visit, subject, readable(as_typed(after)), replay=other != default and one == default),
        may_default=visit.may("iam", "SetDefaultPolicyVersion", PolicyArn=arn, VersionId=other),
        wrong=wrong,
    )


def _tab(arn: str, tab: str) -> str:
    return f"/policies/detail?{urlencode({'arn': arn, 'tab': tab} if tab else {'arn': arn})}"


@page("GET", "/policies/{arn:path}")
def by_arn(visit: Visit) -> Reply:
    """The address of a policy in short."""
    return visit.redirect(_tab(visit.segments["arn"], visit.query.get("tab")))
