"""doors/console: the wizard for a role: who is trusted, what it may do, its name, and a look at all of it.

The form carries everything; nothing exists before the last button.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from ostiary.doors.console.answering import confirm_first
from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.picker import FIELDS as PICKER_FIELDS
from ostiary.doors.console.picker import picks
from ostiary.doors.console.registry import page
from ostiary.doors.console.role_form import FIELDS, HOURS, KINDS, RoleForm
from ostiary.doors.console.role_words import USE_CASE_TEXTS
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console.service_trust import GITHUB, SAML_SIGN_IN, USE_CASES
from ostiary.services.faults import ServiceFault

TRUSTED, PERMISSIONS, NAMED, REVIEW = 1, 2, 3, 4
_CONFIRMED_SECONDS: Final = 300


@page("GET", "/roles/create")
def first_step(visit: Visit) -> Reply:
    """Whom to trust; the address may say."""
    return _show(visit, RoleForm(visit, visit.query), TRUSTED)


@page("POST", "/roles/create")
def step(visit: Visit) -> Reply:
    """Back and forth; at the end the role is made."""
    form = RoleForm(visit, visit.form)
    here = visit.form.number("step", TRUSTED, least=TRUSTED, most=REVIEW)
    wanted = visit.form.get("do")
    if wanted.startswith("to-"):
        to = visit.form.number("step", TRUSTED) if not wanted[3:].isdecimal() else int(wanted[3:])
        return _show(visit, form, min(max(to, TRUSTED), here))
    if wanted == "next" or wanted == "create":
        if here >= TRUSTED:
            form.check_trusted()
        if form.wrong:
            return _show(visit, form, TRUSTED, status=400)
        if here >= NAMED:
            form.check_named()
        if form.wrong:
            return _show(visit, form, NAMED, status=400)
    if wanted == "next":
        return _show(visit, form, min(here + 1, REVIEW))
    if wanted == "create" and here == REVIEW:
        return confirm_first(visit, _CONFIRMED_SECONDS) or _create(visit, form)
    return _show(visit, form, here)


def recipients(visit: Visit) -> list[str]:
    """Where assertions for a role are sent: AWS's address, and this console's."""
    return list(dict.fromkeys([SAML_SIGN_IN, f"{visit.origin}/saml"]))


def _create(visit: Visit, form: RoleForm) -> Reply:
    name = form.get("name")
    first, *rest = form.steps(recipients(visit))
    try:
        visit.perform("iam", first.operation, **first.params)
    except ServiceFault as fault:
        form.wrong[_field_of(fault)] = fault.message
        return _show(visit, form, REVIEW, status=fault.status or 400)
    failed = []
    for each in rest:
        try:
            visit.perform("iam", each.operation, **each.params)
        except ServiceFault as fault:
            failed.append(f"{each.operation}: {fault.message}")
    to = f"/roles/{quote(name, safe='')}"
    if failed:
        said = visit._("The role %(name)s was created, but not all of it: %(why)s", name=name, why=" ".join(failed))
        return visit.redirect(to, said[:1500], "care")
    return visit.redirect(to, visit._("The role %(name)s was created.", name=name))


def _field_of(fault: ServiceFault) -> str:
    return "name" if fault.code == "EntityAlreadyExists" else "all"


def _show(visit: Visit, form: RoleForm, here: int, status: int = 200) -> Reply:
    providers = visit.see("iam", "ListOpenIDConnectProviders") if here == TRUSTED else None
    saml = visit.see("iam", "ListSAMLProviders") if here == TRUSTED else None
    steps = form.steps(recipients(visit)) if here == REVIEW else []
    picker_fields = PICKER_FIELDS if here == PERMISSIONS else ()
    return visit.page(
        "roles/create.html",
        region="picker",
        status=status,
        title=visit._("Create role"),
        form=form,
        here=here,
        kinds=KINDS,
        cases=USE_CASES,
        case_texts=USE_CASE_TEXTS,
        hours=HOURS,
        github=GITHUB,
        oidc=providers,
        saml=saml,
        picks=picks(visit, visit.form) if here in (PERMISSIONS, REVIEW) else None,
        trust=form.trust(recipients(visit)) if here != TRUSTED else "",
        carried=[(name, form.get(name)) for name in FIELDS if name not in _SHOWN[here] and form.get(name)],
        carries_policies=here != PERMISSIONS,
        picker_fields=picker_fields,
        may=visit.may("iam", "CreateRole", RoleName=form.get("name") or "role")
        if here == REVIEW
        else visit.could("iam:CreateRole"),
        lines=[cli_line("iam", each.operation, each.params) for each in steps],
    )


_SHOWN: Final = {
    TRUSTED: frozenset(FIELDS) - {"boundary", "name", "description", "seconds", "tags"},
    PERMISSIONS: frozenset({"boundary"}),
    NAMED: frozenset({"name", "description", "seconds", "tags"}),
    REVIEW: frozenset[str](),
}
"""The fields that a step shows; the others are carried along."""
