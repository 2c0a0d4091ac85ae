"""saml: what an identity provider says in SAML 2.0, verified and read.

A pure room: XML, signatures, encryption; no store, no clock, no AWS. Only what a trusted key signed is ever read.

Source: OASIS SAML 2.0 Core, Profiles (4.1, web browser SSO) and Metadata; W3C XML Signature and XML Encryption 1.1.
"""

from __future__ import annotations

from ostiary.saml.assertion import Assertion, Attribute, Validity
from ostiary.saml.encryption import NotAPrivateKey, read_private_key, stored_private_key
from ostiary.saml.faults import NotMetadata, Problem, Rejected
from ostiary.saml.metadata import Metadata, read_metadata
from ostiary.saml.response import Expected, read_response, unverified_values, usable_until

__all__ = [
    "Assertion",
    "Attribute",
    "Expected",
    "Metadata",
    "NotAPrivateKey",
    "NotMetadata",
    "Problem",
    "Rejected",
    "Validity",
    "read_metadata",
    "read_private_key",
    "read_response",
    "stored_private_key",
    "unverified_values",
    "usable_until",
]
