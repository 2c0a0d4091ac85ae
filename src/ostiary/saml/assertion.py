"""saml: what a verified assertion says, as values.

Source: SAML Core 2.3–2.7; SAML Profiles 4.1.4.2 (what an assertion for web browser SSO holds).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.saml.faults import Problem, Rejected
from ostiary.saml.xml import SAML, BadXml, Element, attribute, elements, moment, only, text_of

VERSION: Final = "2.0"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_CONDITIONS: Final = frozenset(SAML + name for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named list of texts."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When and for whom an assertion holds. Times are seconds since 1970."""

    issued: float
    not_before: float
    """The latest of those that are said; 0 when none is."""
    not_on_or_after: float
    """The earliest of those that are said."""
    audiences: tuple[frozenset[str], ...]
    """One of each set must be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What the provider says of somebody."""

    id: str
    issuer: str
    subject: str
    subject_format: str
    """The URI of the NameID's format."""
    recipient: str
    """The address that the assertion is meant for."""
    in_response_to: str | None
    validity: Validity
    session_ends: float | None
    """SessionNotOnOrAfter, the earliest."""
    attributes: tuple[Attribute, ...]

    def values(self, name: str) -> tuple[str, ...]:
        """The values of an attribute; none when it is not there."""
        return tuple(value for each in self.attributes if each.name == name for value in each.values)


def read_assertion(element: Element) -> Assertion:
    """Read an assertion that was verified.

    Raises:
        Rejected: MALFORMED, SUBJECT, CONFIRMATION or CONDITION.
    """
    try:
        return _read(element)
    except BadXml as problem:
        raise Rejected(Problem.MALFORMED, str(problem)) from None


def _read(element: Element) -> Assertion:
    if attribute(element, "Version") != VERSION:
        raise BadXml("the assertion is not of SAML 2.0")
    issuer = only(element, SAML + "Issuer")
    identity, issued = attribute(element, "ID"), attribute(element, "IssueInstant")
    if issuer is None or not identity or issued is None:
        raise BadXml("the assertion lacks its ID, its Issuer or its IssueInstant")
    subject = only(element, SAML + "Subject")
    name = None if subject is None else only(subject, SAML + "NameID")
    if subject is None or name is None or not text_of(name):
        raise Rejected(Problem.SUBJECT, "there is no NameID")
    confirmation = _confirmation(subject)
    starts, ends, audiences = _conditions(element)
    starts += _times(confirmation, "NotBefore")
    ends += _times(confirmation, "NotOnOrAfter")
    sessions = elements(element, SAML + "AuthnStatement")
    if not sessions:
        raise BadXml("there is no AuthnStatement")
    return Assertion(
        id=identity,
        issuer=text_of(issuer),
        subject=text_of(name),
        subject_format=attribute(name, "Format") or UNSPECIFIED,
        recipient=attribute(confirmation, "Recipient") or "",
        in_response_to=attribute(confirmation, "InResponseTo"),
        validity=Validity(
            issued=moment(issued),
            not_before=max(starts, default=0),
            not_on_or_after=min(ends),
            audiences=audiences,
        ),
        session_ends=min((end for each in sessions for end in _times(each, "SessionNotOnOrAfter")), default=None),
        attributes=tuple(_attributes(element)),
    )


def _confirmation(subject: Element) -> Element:
    found = elements(subject, SAML + "SubjectConfirmation")
    if len(found) != 1 or attribute(found[0], "Method") != BEARER:
        raise Rejected(Problem.CONFIRMATION, "there must be one SubjectConfirmation, of bearer")
    data = only(found[0], SAML + "SubjectConfirmationData")
    if data is None or not attribute(data, "Recipient") or not attribute(data, "NotOnOrAfter"):
        raise Rejected(Problem.CONFIRMATION, "Recipient or NotOnOrAfter is missing")
    return data


def _conditions(element: Element) -> tuple[list[float], list[float], tuple[frozenset[str], ...]]:
    """Beginnings, ends and audiences. What nobody understands is not fulfilled (Core 2.5.1)."""
    conditions = only(element, SAML + "Conditions")
    if conditions is None:
        return [], [], ()
    if any(each.tag not in _CONDITIONS for each in conditions):
        raise Rejected(Problem.CONDITION, "a condition that is not understood")
    audiences = tuple(
        frozenset(text_of(audience) for audience in elements(restriction, SAML + "Audience"))
        for restriction in elements(conditions, SAML + "AudienceRestriction")
    )
    return _times(conditions, "NotBefore"), _times(conditions, "NotOnOrAfter"), audiences


def _times(element: Element, name: str) -> list[float]:
    found = attribute(element, name)
    return [] if found is None else [moment(found)]


def _attributes(element: Element) -> Iterator[Attribute]:
    for statement in elements(element, SAML + "AttributeStatement"):
        for each in elements(statement, SAML + "Attribute"):
            values = elements(each, SAML + "AttributeValue")
            texts = tuple("".join(str(text) for text in value.itertext()).strip() for value in values)
            yield Attribute(attribute(each, "Name") or "", texts)
