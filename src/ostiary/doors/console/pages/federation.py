"""doors/console: sign-ins that begin elsewhere: at a SAML identity provider, or at a broker of the company's own.

Browsers keep the session's cookie from pages that other sites lead to. So whoever comes from there is shown a page of
ours first, which leads on.

Source: SAML Bindings 3.5 (HTTP POST); IAM User Guide, "Enable custom identity broker access to the AWS console".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from ostiary.doors.console import security
from ostiary.doors.console.forms import Fields
from ostiary.doors.console.pages.signing_in import own_path
from ostiary.doors.console.registry import For, page
from ostiary.doors.console.visit import Reply, Visit
from ostiary.services.console import federation
from ostiary.services.console.federation import Offer
from ostiary.services.console.sessions import SignedIn
from ostiary.services.faults import ServiceFault

_LONGEST: Final = 200_000


@page("POST", "/saml", who=For.EVERYBODY, foreign=True, slow=True)
def assertion(visit: Visit) -> Reply:
    """What the identity provider's page posts: the assertion is its own proof."""
    return _assertion(visit, "")


@page("POST", "/saml/acs/{provider}", who=For.EVERYBODY, foreign=True, slow=True)
def assertion_of(visit: Visit) -> Reply:
    """The same at the provider's own address, which encrypted assertions need."""
    return _assertion(visit, visit.segments["provider"])


@page("GET", "/federation", who=For.EVERYBODY, slow=True)
def federation_endpoint(visit: Visit) -> Reply:
    """What a broker asks, and what it sends its users to."""
    return _federation(visit, visit.query)


@page("POST", "/federation", who=For.EVERYBODY, foreign=True, slow=True)
def federation_endpoint_posted(visit: Visit) -> Reply:
    """The same; nothing secret stands in an address then."""
    return _federation(visit, visit.form)


def destination(visit: Visit, text: str) -> str:
    """Where to go: a path of ours, written whole or not; anything else is the first page."""
    split = urlsplit(text)
    if split.scheme or split.netloc:
        if f"{split.scheme}://{split.netloc}".lower() != visit.origin.lower():
            return "/"
        text = split.path + (f"?{split.query}" if split.query else "")
    return own_path(text)


def onward(visit: Visit, begun: SignedIn, to: str) -> Reply:
    """The session, and a page of ours that leads on."""
    visit.set_cookie(security.PENDING_COOKIE, "")
    visit.set_cookie(security.BACK_COOKIE, "")
    visit.set_cookie(security.SESSION_COOKIE, begun.secret)
    return visit.page("federation/onward.html", title=visit._("You are signed in"), to=to)


def _assertion(visit: Visit, provider_id: str) -> Reply:
    text, house = visit.form.raw("SAMLResponse")[:_LONGEST], visit.gate.house
    try:
        found = federation.offers(house, text, visit.facts.request_id, visit.facts.at, provider_id)
    except ServiceFault as fault:
        visit.gate.note_refused_word(federation.named_account(house, text, provider_id), visit.facts)
        return _refused(visit, fault)
    try:
        wanted = visit.form.get("role")
        chosen = next((each for each in found if each.role_arn == wanted), found[0] if len(found) == 1 else None)
        if chosen is None:
            return _choose(visit, found, text)
        begun = visit.gate.sign_in_by_word(
            visit.facts,
            "AssumeRoleWithSAML",
            {
                "RoleArn": chosen.role_arn,
                "PrincipalArn": chosen.provider_arn,
                "SAMLAssertion": text,
                "DurationSeconds": chosen.seconds,
            },
        )
    except ServiceFault as fault:
        return _refused(visit, fault)
    return onward(visit, begun, destination(visit, visit.form.get("RelayState")))


def _choose(visit: Visit, found: Sequence[Offer], text: str) -> Reply:
    return visit.page(
        "federation/choose.html",
        title=visit._("Choose a role"),
        offers=found,
        response=text,
        relay=visit.form.get("RelayState"),
    )


def _refused(visit: Visit, fault: ServiceFault) -> Reply:
    return visit.page(
        "federation/refused.html", status=fault.status or 400, title=visit._("You are not signed in"), fault=fault
    )


def _federation(visit: Visit, fields: Fields) -> Reply:
    action = fields.get("Action")
    try:
        if action == "getSigninToken":
            return _token(visit, fields)
        if action == "login":
            token = federation.redeemed(visit.gate.house, fields.get("SigninToken"), visit.now)
            begun = visit.gate.begin_session(token, visit.facts)
            if visit.gate.caller(begun) is None:
                raise ServiceFault("InvalidRequest", "The role or user of the credentials is gone", 400)
            return onward(visit, begun, destination(visit, fields.get("Destination")))
        raise ServiceFault("InvalidRequest", "Action must be getSigninToken or login", 400)
    except ServiceFault as fault:
        if action == "getSigninToken":
            return visit.text(json.dumps({"error": fault.message}), "application/json", fault.status or 400)
        return _refused(visit, fault)


def _token(visit: Visit, fields: Fields) -> Reply:
    try:
        credentials = json.loads(fields.raw("Session")[:_LONGEST])
    except ValueError:
        credentials = None
    if not isinstance(credentials, dict):
        raise ServiceFault("InvalidRequest", "Session must be JSON", 400)
    asked = fields.get("SessionDuration")
    seconds = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 8 else 0 if asked else None
    text, session = federation.sign_in_token(visit.gate.house, credentials, seconds, visit.now)
    caller = visit.gate.caller_of(session)
    if caller is None:
        raise ServiceFault("InvalidRequest", "The role or user of the credentials is gone", 400)
    visit.gate.note_sign_in_token(caller, visit.facts)
    return visit.text(json.dumps({"SigninToken": text}), "application/json")
