"""STS: the SAML attributes that become condition keys of trust policies.

Source: IAM User Guide, "Mapping SAML attributes to AWS trust policy context keys". Its page prints some X.500
identifiers with slips (`2.4.5.42`, `0.9.2342.19200300100…`): both spellings are known here. The primary group's SID,
which it maps to `uid`, is the key `saml:primaryGroupSID`, which would have no source otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Known:
    """An attribute that is known."""

    key: str
    """The condition key without `saml:`."""
    several: bool = False
    """Whether the key is a list."""


_PERSON: Final = "urn:oid:1.3.6.1.4.1.5923.1.1.1."
_ORG: Final = "urn:oid:1.3.6.1.4.1.5923.1.2.1."
_CLAIMS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

SAML_ATTRIBUTES: Final[Mapping[str, Known]] = MappingProxyType(
    {
        _PERSON + "1": Known("edupersonaffiliation", True),
        _PERSON + "2": Known("edupersonnickname", True),
        _PERSON + "3": Known("edupersonorgdn"),
        _PERSON + "4": Known("edupersonorgunitdn", True),
        _PERSON + "5": Known("edupersonprimaryaffiliation"),
        _PERSON + "6": Known("edupersonprincipalname"),
        _PERSON + "7": Known("edupersonentitlement", True),
        _PERSON + "8": Known("edupersonprimaryorgunitdn"),
        _PERSON + "9": Known("edupersonscopedaffiliation", True),
        _PERSON + "10": Known("edupersontargetedid", True),
        _PERSON + "11": Known("edupersonassurance", True),
        _ORG + "2": Known("eduorghomepageuri", True),
        _ORG + "3": Known("eduorgidentityauthnpolicyuri", True),
        _ORG + "4": Known("eduorglegalname", True),
        _ORG + "5": Known("eduorgsuperioruri", True),
        _ORG + "6": Known("eduorgwhitepagesuri", True),
        "urn:oid:2.5.4.3": Known("cn", True),
        _CLAIMS + "name": Known("name"),
        "http://schemas.xmlsoap.org/claims/CommonName": Known("commonName"),
        _CLAIMS + "givenname": Known("givenName"),
        _CLAIMS + "surname": Known("surname"),
        _CLAIMS + "emailaddress": Known("mail"),
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid": Known("primaryGroupSID"),
        "2.5.4.3": Known("commonName"),
        "2.5.4.4": Known("surname"),
        "2.4.5.42": Known("givenName"),
        "2.5.4.42": Known("givenName"),
        "2.5.4.45": Known("x500UniqueIdentifier"),
        "0.9.2342.19200300100.1.1": Known("uid"),
        "0.9.2342.19200300.100.1.1": Known("uid"),
        "0.9.2342.19200300100.1.3": Known("mail"),
        "0.9.2342.19200300.100.1.3": Known("mail"),
        "0.9.2342.19200300.100.1.45": Known("organizationStatus"),
    }
)
