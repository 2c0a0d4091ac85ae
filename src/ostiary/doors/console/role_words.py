"""doors/console: what is trusted and why, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ostiary.services.console.trusted import Condition, Kind, Trusted

if TYPE_CHECKING:
    from ostiary.doors.console.visit import Visit


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


USE_CASE_TEXTS: Final = {
    "ec2": _("Programs on instances call AWS services. An instance profile of the same name is made too."),
    "lambda": _("Functions call AWS services."),
    "ecs-tasks": _("Containers of a task call AWS services, or its agent fetches images and secrets."),
    "apigateway": _("API Gateway writes logs, or calls services for an API."),
}
_KINDS: Final = {
    Kind.SERVICE: _("AWS service: %(name)s"),
    Kind.ACCOUNT: _("Account: %(name)s"),
    Kind.USER: _("User: %(name)s"),
    Kind.ROLE: _("Role: %(name)s"),
    Kind.SESSION: _("Session: %(name)s"),
    Kind.SAML: _("SAML provider: %(name)s"),
    Kind.OIDC: _("OIDC provider: %(name)s"),
    Kind.GONE: _("Deleted: %(name)s"),
    Kind.OTHER: "%(name)s",
}


def whom(visit: Visit, each: Trusted, account: str) -> str:
    """`AWS service: ec2`, `This account`, `SAML provider: corp`."""
    if each.kind is Kind.EVERYBODY:
        return visit._("Everybody")
    if each.kind is Kind.ACCOUNT and each.account == account:
        return visit._("This account")
    name = each.name.removesuffix(".amazonaws.com") if each.kind is Kind.SERVICE else each.name
    if each.kind in (Kind.USER, Kind.ROLE) and each.account != account:
        name = f"{each.account}/{name}"
    return visit._(_KINDS[each.kind], name=name)


def condition(each: Condition) -> str:
    """`StringEquals sts:ExternalId = abc`."""
    return f"{each.operator} {each.key} = {', '.join(each.values)}"
