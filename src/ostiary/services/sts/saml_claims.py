"""STS: what the attributes of a SAML assertion mean: roles, session name, duration, tags, condition keys.

Source: IAM User Guide, "Configure SAML assertions for the authentication response", "Available keys for SAML-based AWS
STS federation"; STS API Reference, AssumeRoleWithSAML (NameQualifier, SubjectType).
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ostiary.policy import ContextValue
from ostiary.saml import Assertion
from ostiary.services.sts.saml_attributes import SAML_ATTRIBUTES
from ostiary.services.sts.saml_faults import invalid

_AWS: Final = "https://aws.amazon.com/SAML/Attributes/"
_TAG: Final = _AWS + "PrincipalTag:"
_NAME: Final = re.compile(r"[a-zA-Z_0-9+=,.@-]{2,64}")
_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_SECONDS: Final = re.compile(r"[0-9]{3,5}")
_SHORTEST, _LONGEST = 900, 43_200
_MOST_TAGS: Final = 50
_LONGEST_KEY: Final = 128
_LONGEST_VALUE: Final = 256
_TAG_SIGNS: Final = frozenset("_.:/=+-@")
_NOT_THE_PAIR: Final = "SAML Assertion doesn't contain the requested Role and Metadata in the attributes"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlIdentity:
    """What an assertion says of its subject, in AWS's terms."""

    assertion: Assertion
    subject_type: str
    name_qualifier: str
    session_name: str
    seconds: int | None
    """The attribute SessionDuration."""
    tags: Sequence[Mapping[str, str]]
    """As the API would pass them."""
    transitive: tuple[str, ...]
    source_identity: str | None
    keys: Mapping[str, ContextValue]
    """The condition keys of the request."""

    @property
    def session_keys(self) -> tuple[tuple[str, str], ...]:
        """The condition keys that stay with the session."""
        return (
            ("saml:namequalifier", self.name_qualifier),
            ("saml:sub", self.assertion.subject),
            ("saml:sub_type", self.subject_type),
        )

    def told(self) -> dict[str, Any]:
        """What the record says of it."""
        found: dict[str, Any] = {"sAMLAssertionID": self.assertion.id, "roleSessionName": self.session_name}
        if self.source_identity is not None:
            found["sourceIdentity"] = self.source_identity
        if self.tags:
            found["principalTags"] = {tag["Key"]: tag["Value"] for tag in self.tags}
        if self.transitive:
            found["transitiveTagKeys"] = list(self.transitive)
        return found


def read_identity(
    assertion: Assertion, role_arn: str, provider_arn: str, account: str, provider_name: str
) -> SamlIdentity:
    """The attributes of an assertion that was verified.

    Args:
        assertion: what the provider says.
        role_arn: the role that is asked for.
        provider_arn: the provider that is named in the request.
        account: who owns the provider.
        provider_name: the last part of its ARN.

    Raises:
        ServiceFault: InvalidIdentityToken: the assertion is not for this role, or says something that can't be.
    """
    _check_pair(assertion, role_arn, provider_arn)
    identity = _single(assertion, "SourceIdentity")
    if identity is not None and (not _NAME.fullmatch(identity) or identity.lower().startswith("aws:")):
        raise invalid('Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"')
    qualifier = name_qualifier(assertion.issuer, account, provider_name)
    subject_type = assertion.subject_format.removeprefix(_FORMAT)
    keys: dict[str, ContextValue] = {
        **_attribute_keys(assertion),
        "saml:aud": assertion.recipient,
        "saml:doc": f"{account}/{provider_name}",
        "saml:iss": assertion.issuer,
        "saml:namequalifier": qualifier,
        "saml:sub": assertion.subject,
        "saml:sub_type": subject_type,
    }
    return SamlIdentity(
        assertion=assertion,
        subject_type=subject_type,
        name_qualifier=qualifier,
        session_name=_session_name(assertion),
        seconds=_seconds(assertion),
        tags=_tags(assertion),
        transitive=assertion.values(_AWS + "TransitiveTagKeys"),
        source_identity=identity,
        keys=keys,
    )


def name_qualifier(issuer: str, account: str, provider_name: str) -> str:
    """BASE64(SHA1(issuer + account + "/" + name of the provider)), as documented: a name, not a protection."""
    text = f"{issuer}{account}/{provider_name}"
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def _check_pair(assertion: Assertion, role_arn: str, provider_arn: str) -> None:
    """One value of the attribute Role must be the pair of role and provider, in either order."""
    wanted = sorted((role_arn, provider_arn))
    for value in assertion.values(_AWS + "Role"):
        if sorted(part.strip() for part in value.split(",")) == wanted:
            return
    raise invalid(_NOT_THE_PAIR)


def _single(assertion: Assertion, name: str) -> str | None:
    """The one value of an attribute of AWS's."""
    values = assertion.values(_AWS + name)
    if len(values) > 1:
        raise invalid(f"{name} in AuthnResponse must have one value")
    return values[0] if values else None


def _session_name(assertion: Assertion) -> str:
    name = _single(assertion, "RoleSessionName")
    if not name:
        raise invalid("RoleSessionName is required in AuthnResponse")
    if not _NAME.fullmatch(name):
        raise invalid("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    return name


def _seconds(assertion: Assertion) -> int | None:
    text = _single(assertion, "SessionDuration")
    if text is None:
        return None
    if not _SECONDS.fullmatch(text) or not _SHORTEST <= int(text) <= _LONGEST:
        raise invalid(f"SessionDuration in AuthnResponse must be a number between {_SHORTEST} and {_LONGEST}")
    return int(text)


def _tags(assertion: Assertion) -> list[dict[str, str]]:
    found = []
    for attribute in assertion.attributes:
        if attribute.name.startswith(_TAG):
            if len(attribute.values) != 1:
                raise invalid("A PrincipalTag attribute in AuthnResponse must have one value")
            found.append({"Key": attribute.name.removeprefix(_TAG), "Value": attribute.values[0]})
    if len(found) > _MOST_TAGS:
        raise invalid(f"There may be at most {_MOST_TAGS} PrincipalTag attributes in AuthnResponse")
    for tag in found:
        if not 1 <= len(tag["Key"]) <= _LONGEST_KEY or len(tag["Value"]) > _LONGEST_VALUE:
            raise invalid("A PrincipalTag attribute in AuthnResponse is too long")
        if not all(map(_may_stand_in_a_tag, tag["Key"] + tag["Value"])):
            raise invalid("A PrincipalTag attribute in AuthnResponse has characters that tags can't have")
    return found


def _may_stand_in_a_tag(character: str) -> bool:
    """The model's `[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]`."""
    return character in _TAG_SIGNS or unicodedata.category(character)[0] in "LZN"


def _attribute_keys(assertion: Assertion) -> dict[str, ContextValue]:
    """The condition keys of the attributes that AWS knows; where two map to one key, the first counts."""
    found: dict[str, ContextValue] = {}
    for attribute in assertion.attributes:
        known = SAML_ATTRIBUTES.get(attribute.name)
        if known is not None and attribute.values:
            found.setdefault(f"saml:{known.key}", attribute.values if known.several else attribute.values[0])
    return found
