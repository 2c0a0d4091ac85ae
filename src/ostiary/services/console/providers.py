"""services/console: identity providers with certificates, client ids and thumbprints, as the console shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ostiary.identifiers import iam_arn
from ostiary.saml import NotMetadata, read_metadata
from ostiary.services.iam import openid_providers
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.operation import Call
from ostiary.services.view import on, seen, view
from ostiary.store.saml import SamlProviderRecord
from ostiary.store.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that a SAML provider signs with."""

    issuer: str
    """The entity id that signs with it."""
    subject: str
    begins: int
    ends: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlRow:
    """A SAML provider."""

    name: str
    id: str
    created: int
    valid_until: int
    certificates: Sequence[Certificate] | None
    """None where they may not be seen."""

    @property
    def ends(self) -> int | None:
        """When the last of its certificates ends; the provider goes on with another."""
        return max((each.ends for each in self.certificates or ()), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcRow:
    """An OpenID Connect provider."""

    name: str
    created: int
    client_ids: Sequence[str] | None
    """None where they may not be seen."""
    thumbprints: Sequence[str]


@view("iam", "ListSAMLProviders", asks=on("iam:ListSAMLProviders"))
def saml_providers(call: Call, tx: Transaction) -> Sequence[SamlRow]:
    """All of the account, by name."""
    found = []
    for name, _created, _valid_until in tx.saml_providers.listed(call.account):
        record = tx.saml_providers.get(call.account, name)
        if record is not None:
            visible = seen(call, "iam:GetSAMLProvider", iam_arn(call.account, "saml-provider", name))
            found.append(_saml(record, visible=visible))
    return found


@view(
    "iam",
    "GetSAMLProvider",
    asks=on("iam:GetSAMLProvider", lambda call: iam_arn(call.account, "saml-provider", str(call.params["name"]))),
)
def saml_provider(call: Call, tx: Transaction) -> SamlRow:
    """One (`name`). Raises `NoSuchEntity`."""
    record = tx.saml_providers.get(call.account, str(call.params["name"]))
    if record is None:
        arn = iam_arn(call.account, "saml-provider", str(call.params["name"]))
        raise NoSuchEntity(f"Manifest not found for arn {arn}")
    return _saml(record, visible=True)


@view("iam", "ListOpenIDConnectProviders", asks=on("iam:ListOpenIDConnectProviders"))
def oidc_providers(call: Call, tx: Transaction) -> Sequence[OidcRow]:
    """All of the account, the oldest first."""
    found = []
    for record in tx.openid_providers.of_account(call.account):
        visible = seen(call, "iam:GetOpenIDConnectProvider", openid_providers.provider_arn(record))
        found.append(
            OidcRow(
                name=record.name,
                created=record.created,
                client_ids=openid_providers.client_ids(record) if visible else None,
                thumbprints=openid_providers.thumbprints(record) if visible else (),
            )
        )
    return found


def _saml(record: SamlProviderRecord, *, visible: bool) -> SamlRow:
    return SamlRow(
        name=record.name,
        id=record.id,
        created=record.created,
        valid_until=record.valid_until,
        certificates=certificates(record.document) if visible else None,
    )


def certificates(document: str) -> list[Certificate]:
    """Those of a metadata document; none where it can't be read."""
    try:
        issuers = read_metadata(document).issuers
    except NotMetadata:
        return []
    return [_shown(issuer, each) for issuer, found in issuers.items() for each in found]


def _shown(issuer: str, certificate: x509.Certificate) -> Certificate:
    return Certificate(
        issuer=issuer,
        subject=certificate.subject.rfc4514_string(),
        begins=int(certificate.not_valid_before_utc.timestamp()),
        ends=int(certificate.not_valid_after_utc.timestamp()),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":"),
    )
