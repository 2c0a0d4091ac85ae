"""doors/console: the page on which policies are chosen for a user, a group or a role, and attached."""

from __future__ import annotations

from ostiary.doors.console.cli_line import cli_line
from ostiary.doors.console.picker import chosen, picks
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.faults import ServiceFault

Crumbs = tuple[tuple[str, str], ...]


def attach_page(
    visit: Visit, operation: str, parameter: str, name: str, *, title: str, crumbs: Crumbs, back: str, hint: str = ""
) -> Reply:
    """GET shows the search; POST searches on, or with `do=attach` attaches what is chosen and goes `back`.

    Args:
        operation: `AttachUserPolicy`, `AttachGroupPolicy`, `AttachRolePolicy`; or `Put…PermissionsBoundary`, for which
            one policy is chosen.
        parameter: how it calls the one who gets the policies, `UserName`.
        hint: advice above the search.
    """
    wrong, attached, bounds = "", [], operation.endswith("Boundary")
    policy = "PermissionsBoundary" if bounds else "PolicyArn"
    arns = chosen(visit.form)
    if visit.method == "POST" and visit.form.get("do") == "attach":
        if not arns:
            wrong = visit._("Choose at least one policy.")
        elif bounds and len(arns) > 1:
            wrong = visit._("Choose one policy: it is the boundary.")
        for arn in arns if not wrong else ():
            try:
                visit.perform("iam", operation, **{parameter: name, policy: arn})
            except ServiceFault as fault:
                wrong = f"{arn.rsplit('/', 1)[-1]}: {fault.message}"
                break
            attached.append(arn)
        if not wrong:
            said = visit.ngettext("%(num)s policy is attached.", "%(num)s policies are attached.", len(attached))
            return visit.redirect(back, visit._("The permissions boundary is set.") if bounds else said)
    return visit.page(
        "attach.html",
        region="picker",
        status=400 if wrong else 200,
        title=title,
        above=crumbs,
        back=back,
        hint=hint,
        bounds=bounds,
        wrong=wrong,
        attached=[arn.rsplit("/", 1)[-1] for arn in attached],
        picks=picks(visit),
        may=visit.could(f"iam:{operation}"),
        lines=[cli_line("iam", operation, {parameter: name, policy: arn}) for arn in arns],
    )


def detach(visit: Visit, noun: str, name: str, back: str) -> Reply:
    """Take the attached policy `arn` away from a `User` or a `Group`."""
    arn = visit.form.get("arn")
    visit.perform("iam", f"Detach{noun}Policy", **{f"{noun}Name": name}, PolicyArn=arn)
    return visit.redirect(back, visit._("%(policy)s is detached.", policy=arn.rsplit("/", 1)[-1]))


def delete_inline(visit: Visit, noun: str, name: str, back: str) -> Reply:
    """Delete the inline policy `policy` of a `User` or a `Group`: its name is typed."""
    policy = visit.form.get("policy")
    if visit.form.get("typed") != policy:
        return visit.redirect(back, visit._("Write the policy's name: nothing was deleted."), "care")
    visit.perform("iam", f"Delete{noun}Policy", **{f"{noun}Name": name}, PolicyName=policy)
    return visit.redirect(back, visit._("%(policy)s is deleted.", policy=policy))
