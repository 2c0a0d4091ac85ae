"""doors/console: identity providers: SAML and OpenID Connect, their certificates and client ids; tokens tried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from ostiary.doors.console.registry import page
from ostiary.doors.console.role_words import condition
from ostiary.doors.console.visit import Reply, Visit
from ostiary.identifiers import iam_arn
from ostiary.services.console.providers import oidc_providers, saml_provider, saml_providers
from ostiary.services.console.service_trust import SAML_SIGN_IN
from ostiary.services.console.token_tests import Tried, Unrecorded, try_assertion, try_token
from ostiary.services.faults import ServiceFault

_HTTPS: Final = "https://"


@page("GET", "/providers")
def providers(visit: Visit) -> Reply:
    """Both kinds."""
    return visit.page(
        "providers/list.html",
        title=visit._("Identity providers"),
        saml=visit.glimpse(saml_providers),
        oidc=visit.glimpse(oidc_providers),
        soon=visit.now + 30 * 86_400,
        seconds=visit.now,
        may_saml=visit.could("iam:CreateSAMLProvider"),
        may_oidc=visit.could("iam:CreateOpenIDConnectProvider"),
        url_of=oidc_url,
    )


@page("GET", "/providers/create")
def create_form(visit: Visit) -> Reply:
    """A metadata document, or a URL and audiences."""
    return _create_form(visit)


@page("POST", "/providers/create", confirm=True)
def create(visit: Visit) -> Reply:
    """Trust it."""
    form = visit.form
    try:
        if form.get("type") == "oidc":
            visit.perform(
                "iam",
                "CreateOpenIDConnectProvider",
                Url=form.get("url"),
                ClientIDList=_lines(form.raw("audiences")),
                ThumbprintList=_lines(form.raw("thumbprints")) or None,
            )
            to = oidc_url(form.get("url").removeprefix(_HTTPS))
        else:
            visit.perform("iam", "CreateSAMLProvider", Name=form.get("name"), SAMLMetadataDocument=_metadata(visit))
            to = f"/providers/saml/{quote(form.get('name'), safe='')}"
    except ServiceFault as fault:
        return _create_form(visit, fault.message, fault.status or 400)
    return visit.redirect(to, visit._("The provider is trusted now. Make a role for its users next."))


@page("GET", "/providers/test")
def test_form(visit: Visit) -> Reply:
    """A token or a response, to be tried out."""
    return _test_form(visit, visit.query.get("type") or "oidc")


@page("POST", "/providers/test")
def test(visit: Visit) -> Reply:
    """Nothing changes by it, and the text is not kept."""
    kind, text = visit.form.get("type"), Unrecorded(visit.form.raw("text").strip())
    if kind == "saml":
        tried = visit.look(try_assertion, name=visit.form.get("name"), text=text)
    else:
        tried = visit.look(try_token, text=text)
    return _test_form(visit, kind, tried)


@page("GET", "/providers/saml/{name}")
def saml(visit: Visit) -> Reply:
    """A SAML provider."""
    return _saml(visit)


@page("POST", "/providers/saml/{name}", confirm=True)
def update_saml(visit: Visit) -> Reply:
    """Replace its metadata."""
    name = visit.segments["name"]
    try:
        visit.perform(
            "iam", "UpdateSAMLProvider", SAMLProviderArn=_saml_arn(visit), SAMLMetadataDocument=_metadata(visit)
        )
    except ServiceFault as fault:
        return _saml(visit, fault.message, fault.status or 400)
    return visit.redirect(f"/providers/saml/{quote(name, safe='')}", visit._("The metadata was replaced."))


@page("POST", "/providers/saml/{name}/delete", confirm=True)
def delete_saml(visit: Visit) -> Reply:
    """Trust it no more."""
    if visit.form.get("typed") != visit.segments["name"]:
        return _saml(visit, visit._("Type the name as it stands there."))
    visit.perform("iam", "DeleteSAMLProvider", SAMLProviderArn=_saml_arn(visit))
    return visit.redirect("/providers", visit._("The provider is not trusted any more."))


@page("GET", "/providers/oidc")
def oidc(visit: Visit) -> Reply:
    """An OpenID Connect provider (`name` in the query: it may hold slashes)."""
    return _oidc(visit)


@page("POST", "/providers/oidc", confirm=True)
def update_oidc(visit: Visit) -> Reply:
    """Its audiences and thumbprints, or an end of it."""
    name, arn, form = visit.form.get("name"), _oidc_arn(visit, visit.form.get("name")), visit.form
    try:
        if form.get("do") == "delete":
            if form.get("typed") != name:
                return _oidc(visit, visit._("Type the name as it stands there."))
            visit.perform("iam", "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
            return visit.redirect("/providers", visit._("The provider is not trusted any more."))
        found = visit.perform("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
        wanted = _lines(form.raw("audiences"))
        for each in wanted:
            if each not in found["ClientIDList"]:
                visit.perform("iam", "AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID=each)
        for each in found["ClientIDList"]:
            if each not in wanted:
                visit.perform(
                    "iam", "RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID=each
                )
        prints = _lines(form.raw("thumbprints"))
        if prints != found["ThumbprintList"]:
            visit.perform(
                "iam", "UpdateOpenIDConnectProviderThumbprint", OpenIDConnectProviderArn=arn, ThumbprintList=prints
            )
    except ServiceFault as fault:
        return _oidc(visit, fault.message, fault.status or 400)
    return visit.redirect(oidc_url(name), visit._("The provider was changed."))


def oidc_url(name: str) -> str:
    """The address of an OpenID Connect provider's page."""
    return f"/providers/oidc?name={quote(name, safe='')}"


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(text.split()))


def _metadata(visit: Visit) -> str:
    """The file, or what was pasted."""
    return visit.form.raw("file").strip() or visit.form.raw("document").strip()


def _saml_arn(visit: Visit) -> str:
    return iam_arn(visit.caller.account, "saml-provider", visit.segments["name"])


def _oidc_arn(visit: Visit, name: str) -> str:
    return iam_arn(visit.caller.account, "oidc-provider", name)


def _addresses(visit: Visit) -> Sequence[str]:
    return (f"{visit.origin}/saml", SAML_SIGN_IN)


def _create_form(visit: Visit, wrong: str = "", status: int = 400) -> Reply:
    given = visit.form if visit.method == "POST" else visit.query
    kind = "oidc" if given.get("type") == "oidc" else "saml"
    return visit.page(
        "providers/create.html",
        status=status if wrong else 200,
        title=visit._("Add provider"),
        kind=kind,
        wrong=wrong,
        given=given,
        addresses=_addresses(visit),
        may=visit.could("iam:CreateOpenIDConnectProvider" if kind == "oidc" else "iam:CreateSAMLProvider"),
    )


def _saml(visit: Visit, wrong: str = "", status: int = 400) -> Reply:
    row = visit.look(saml_provider, name=visit.segments["name"])
    arn = _saml_arn(visit)
    return visit.page(
        "providers/saml.html",
        status=status if wrong else 200,
        title=row.name,
        row=row,
        arn=arn,
        wrong=wrong,
        seconds=visit.now,
        soon=visit.now + 30 * 86_400,
        addresses=_addresses(visit),
        url=f"/providers/saml/{quote(row.name, safe='')}",
        may_update=visit.may("iam", "UpdateSAMLProvider", SAMLProviderArn=arn),
        may_delete=visit.may("iam", "DeleteSAMLProvider", SAMLProviderArn=arn),
    )


def _oidc(visit: Visit, wrong: str = "", status: int = 400) -> Reply:
    given = visit.form if visit.method == "POST" else visit.query
    name = given.get("name")
    arn = _oidc_arn(visit, name)
    found: dict[str, Any] = visit.perform("iam", "GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
    posted = visit.method == "POST"
    return visit.page(
        "providers/oidc.html",
        status=status if wrong else 200,
        title=name,
        found=found,
        arn=arn,
        wrong=wrong,
        audiences=given.raw("audiences") if posted else "\n".join(found["ClientIDList"]),
        thumbprints=given.raw("thumbprints") if posted else "\n".join(found["ThumbprintList"]),
        may_update=visit.may("iam", "AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=arn, ClientID="x"),
        may_delete=visit.may("iam", "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=arn),
    )


def _test_form(visit: Visit, kind: str, tried: Tried | None = None) -> Reply:
    _ = visit._
    checks = {
        "shape": _("It is a token (JWT)"),
        "response": _("It is a SAML response, and the provider says success"),
        "claims": _("It has the claims that every token needs"),
        "provider": _("The account has this provider"),
        "issuer": _("Its issuer stands in the provider's metadata"),
        "time": _("It holds now"),
        "audience": _("It is meant for us (audience)"),
        "recipient": _("It is meant for our address (recipient)"),
        "subject": _("It names its subject"),
        "signature": _("A key of the provider signed it"),
        "meaning": _("What AWS reads in it makes sense"),
    }
    return visit.page(
        "providers/test.html",
        title=_("Test a sign-in"),
        kind="saml" if kind == "saml" else "oidc",
        saml=visit.see("iam", "ListSAMLProviders"),
        chosen=visit.form.get("name") or visit.query.get("name"),
        tried=tried,
        checks=checks,
        condition=condition,
    )
