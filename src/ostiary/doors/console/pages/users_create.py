"""doors/console: creating users in five steps (S20-S25). All of it travels in the form; nothing is there before the
last button.

Source: IAM User Guide, "Create an IAM user in your AWS account".
"""

from __future__ import annotations

from typing import Any

from ostiary.analysis.summary import effective
from ostiary.doors.console.pages.users_credentials import new_password
from ostiary.doors.console.picker import picks
from ostiary.doors.console.registry import page
from ostiary.doors.console.sheets import sheet
from ostiary.doors.console.user_draft import (
    Draft,
    Plan,
    Step,
    access_problem,
    name_problem,
    permission_problem,
    plan,
)
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console.groups import group_table
from ostiary.services.console.holdings import user_holdings
from ostiary.services.console.jobs import JOBS
from ostiary.services.console.users import user_table
from ostiary.services.console.wide import wide
from ostiary.services.faults import ServiceFault

_PROBLEMS = {1: name_problem, 2: access_problem, 3: permission_problem}
_LAST = 4


@page("GET", "/users/create")
def begin(visit: Visit) -> Reply:
    """The first step."""
    return _step(visit, 1, Draft.read(visit.form))


@page("POST", "/users/create")
def step(visit: Visit) -> Reply:
    """Another step: forward when this one is right, back always."""
    draft, here = Draft.read(visit.form), visit.form.number("step", 1, least=1, most=_LAST)
    wanted = visit.form.number("go", here, least=1, most=_LAST)
    for number in range(here if wanted > here else wanted, wanted):
        wrong = _PROBLEMS[number](visit, draft)
        if wrong:
            return _step(visit, number, draft, wrong)
    return _step(visit, wanted, draft)


@page("POST", "/users/create/make", confirm=True)
def make(visit: Visit) -> Reply:
    """Do what the review says; the secrets are shown here, and never again."""
    draft = Draft.read(visit.form)
    for number, problem in _PROBLEMS.items():
        wrong = problem(visit, draft)
        if wrong:
            return _step(visit, number, draft, wrong)
    found = plan(visit, draft)
    if found.digest != visit.form.get("reviewed"):
        told = visit._("What would be made has changed since you looked at it. Look again.")
        return _step(visit, _LAST, draft, told)
    return _made(visit, draft, found)


def _step(visit: Visit, number: int, draft: Draft, wrong: str = "") -> Reply:
    values: dict[str, Any] = {}
    if number == 3:
        values = _permissions(visit, draft)
    if number == _LAST:
        values = _review(visit, plan(visit, draft))
    return visit.page(
        f"users/create_{number}.html",
        region="picker" if number == 3 else None,
        status=400 if wrong else 200,
        title=visit._("Create user"),
        number=number,
        draft=draft,
        form=visit.form,
        wrong=wrong,
        may=visit.could("iam:CreateUser"),
        **values,
    )


def _permissions(visit: Visit, draft: Draft) -> dict[str, Any]:
    find = visit.form.get("copy_find")
    return {
        "picks": picks(visit),
        "groups": visit.glimpse(group_table, size=200),
        "people": visit.glimpse(user_table, find=find, size=8),
        "copy_find": find,
        "source": visit.glimpse(user_holdings, UserName=draft.copy_from) if _is_user(visit, draft.copy_from) else None,
        "jobs": JOBS,
        "may_group": visit.could("iam:CreateGroup"),
    }


def _is_user(visit: Visit, name: str) -> bool:
    if not name:
        return False
    try:
        visit.perform("iam", "GetUser", UserName=name)
    except ServiceFault:
        return False
    return True


def _review(visit: Visit, found: Plan) -> dict[str, Any]:
    refused = {}
    for each in found.steps:
        if each.operation not in refused:
            permission = visit.may("iam", each.operation, **each.params)
            if not permission.allowed:
                refused[each.operation] = permission.reason
    return {
        "plan": found,
        "access": effective(found.documents, found.boundary),
        "wide": wide(found.documents),
        "refused": list(refused.values()),
        "lines": [each.line for each in found.steps],
    }


def _made(visit: Visit, draft: Draft, found: Plan) -> Reply:
    done: list[Step] = []
    fault: ServiceFault | None = None
    keys: dict[str, Any] = {}
    passwords: dict[str, str] = {}
    for each in found.steps:
        params = dict(each.params)
        if each.operation == "CreateLoginProfile":
            params["Password"] = draft.password if draft.how == "own" else new_password(visit)
        try:
            answer = visit.perform("iam", each.operation, **params)
        except ServiceFault as refused:
            fault = refused
            break
        if each.operation == "CreateAccessKey":
            keys[each.user] = answer["AccessKey"]
        if each.operation == "CreateLoginProfile":
            passwords[each.user] = params["Password"] if draft.how != "own" else ""
        done.append(each)
    made = [each.user for each in done if each.operation == "CreateUser"]
    links = {name: _link(visit, name) for name in made}
    rows = [
        [
            name,
            passwords.get(name, ""),
            keys[name]["AccessKeyId"] if name in keys else "",
            keys[name]["SecretAccessKey"] if name in keys else "",
            links[name] if name in passwords else "",
        ]
        for name in made
    ]
    head = ["User name", "Password", "Access key ID", "Secret access key", "Console sign-in link"]
    return visit.page(
        "users/created.html",
        status=200 if fault is None else (fault.status or 400),
        title=visit._("Create user"),
        made=made,
        keys=keys,
        passwords=passwords,
        links=links,
        csv=sheet(head, rows).decode(),
        fault=fault,
        done=[each.line for each in done],
        left=[each.line for each in found.steps[len(done) :]],
        region=visit.facts.region,
    )


def _link(visit: Visit, name: str) -> str:
    from urllib.parse import urlencode

    record = visit.gate.house.book.account(visit.caller.account)
    account = (record.alias if record is not None else None) or visit.caller.account
    return f"{visit.origin}/signin?{urlencode({'account': account, 'user': name})}"
