"""services/iam: certificates of servers, with their private keys.

A private key is never answered; it is kept sealed under the account's data key and bound to the certificate's id.

Source: IAM API Reference, UploadServerCertificate, GetServerCertificate, ListServerCertificates,
UpdateServerCertificate, DeleteServerCertificate, TagServerCertificate, UntagServerCertificate,
ListServerCertificateTags; IAM User Guide, "Manage server certificates in IAM".
"""

from __future__ import annotations

from typing import Any, Final

from cryptography import x509

from ostiary.credentials.certificates import (
    NotACertificate,
    NotAPrivateKey,
    belong_together,
    break_in_chain,
    is_over,
    is_to_come,
    read_certificate,
    read_certificates,
    read_private_key,
)
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import on_existing, on_new
from ostiary.services.iam.faults import KeyPairMismatch, MalformedCertificate, NoSuchEntity
from ostiary.services.iam.names import Kind, moment, path_of
from ostiary.services.iam.paging import by_name, page
from ostiary.services.iam.shared import on_old_and_new, update_named
from ostiary.services.iam.tags import page_of_tags, put_tags, read_tags, shown_tags
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.certificates import ServerCertificateRecord
from ostiary.store.transaction import Transaction

_UNREADABLE: Final = "Unable to parse certificate. Please ensure the certificate is in PEM format."
_OVER: Final = "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed."
_TO_COME: Final = "Certificate is not yet valid. The 'Not Before' date restriction on the certificate has not passed."
_BAD_KEY: Final = "Invalid Private Key."
_MOST_IN_CHAIN: Final = 20
_LONG_CHAIN: Final = f"The certificate chain must not have more than {_MOST_IN_CHAIN} certificates."
_MISMATCH: Final = "Public Key Certificate and Private Key doesn't match."
_BAD_CHAIN: Final = (
    "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate, "
    "followed by any intermediaries in order."
)

SERVER_CERTIFICATE: Final[Kind[ServerCertificateRecord]] = Kind(
    resource="server-certificate",
    parameter="ServerCertificateName",
    id_prefix="ASCA",
    missing="The Server Certificate with name {} cannot be found.",
    taken="The Server Certificate with name {} already exists.",
    rows=lambda tx: tx.server_certificates,
)


def _checked(call: Call, _tx: Transaction) -> x509.Certificate:
    """The certificate of a request, held against its key, the time and its chain: before others wait for the change.

    Raises:
        MalformedCertificate: something can't be read, the time is not the certificate's, or the chain breaks.
        KeyPairMismatch: the private key is another's.
    """
    params, now = call.params, call.facts.at
    try:
        certificate = read_certificate(params["CertificateBody"])
        chain = read_certificates(params["CertificateChain"]) if "CertificateChain" in params else ()
        key = read_private_key(params["PrivateKey"])
    except NotACertificate:
        raise MalformedCertificate(_UNREADABLE) from None
    except NotAPrivateKey:
        raise MalformedCertificate(_BAD_KEY) from None
    if len(chain) > _MOST_IN_CHAIN:
        raise MalformedCertificate(_LONG_CHAIN)
    if not belong_together(certificate, key):
        raise KeyPairMismatch(_MISMATCH)
    if is_over(certificate, now):
        raise MalformedCertificate(_OVER)
    if is_to_come(certificate, now):
        raise MalformedCertificate(_TO_COME)
    broken = break_in_chain(certificate, chain)
    if broken is not None:
        raise MalformedCertificate(f"{_BAD_CHAIN} The index within the chain of the invalid certificate is: {broken}")
    return certificate


@operation(
    "iam",
    "UploadServerCertificate",
    asks=on_new("iam:UploadServerCertificate", SERVER_CERTIFICATE),
    changes=True,
    prepare=_checked,
)
def upload_server_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Keep a certificate whose key belongs to it and whose chain, if there is one, holds."""
    tags = read_tags(call.params.get("Tags"), case_matters=True)
    account, unique_id = tx.accounts.get(call.account), SERVER_CERTIFICATE.new_id(call)
    if account is None:
        raise NoSuchEntity(f"Account {call.account} does not exist.")
    chain = call.params.get("CertificateChain")
    record = ServerCertificateRecord(
        id=unique_id,
        account=call.account,
        name=call.params["ServerCertificateName"],
        path=path_of(call),
        created=call.now,
        body=call.params["CertificateBody"].strip(),
        chain=None if chain is None else chain.strip(),
        private_key=call.house.vault.seal(call.account, account.data_key, call.params["PrivateKey"], unique_id),
        expires=int(call.prepared.not_valid_after_utc.timestamp()),
    )
    SERVER_CERTIFICATE.add(tx, record)
    quotas.check_all(tx, call.account, "ServerCertificatesPerAccount", tx.server_certificates)
    put_tags(tx, call.account, record.id, tags)
    shown: dict[str, Any] = {"ServerCertificateMetadata": _shown(record)}
    return {**shown, "Tags": shown_tags(tags)} if tags else shown


@operation("iam", "GetServerCertificate", asks=on_existing("iam:GetServerCertificate", SERVER_CERTIFICATE))
def get_server_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """A certificate with its chain and tags, without its key."""
    record = _named(call, tx)
    chain = {} if record.chain is None else {"CertificateChain": record.chain}
    shown = {"ServerCertificateMetadata": _shown(record), "CertificateBody": record.body, **chain}
    return {"ServerCertificate": {**shown, "Tags": shown_tags(tx.tags.of(record.id))}}


@operation("iam", "ListServerCertificates", asks=on_everything("iam:ListServerCertificates"))
def list_server_certificates(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's certificates by name, without their bodies and tags."""
    prefix, rows = call.params.get("PathPrefix", "/"), tx.server_certificates
    found, rest = page(
        call, lambda after, limit: rows.page(call.account, path_prefix=prefix, after=after, limit=limit), by_name
    )
    return {"ServerCertificateMetadataList": [_shown(each) for each in found], **rest}


@operation(
    "iam",
    "UpdateServerCertificate",
    asks=on_old_and_new("iam:UpdateServerCertificate", SERVER_CERTIFICATE),
    changes=True,
)
def update_server_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Rename or move a certificate."""
    return update_named(call, tx, SERVER_CERTIFICATE)


@operation(
    "iam", "DeleteServerCertificate", asks=on_existing("iam:DeleteServerCertificate", SERVER_CERTIFICATE), changes=True
)
def delete_server_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a certificate with its key."""
    record = _named(call, tx)
    tx.tags.remove(record.id)
    tx.server_certificates.remove(record.id)
    return {}


@operation(
    "iam", "TagServerCertificate", asks=on_existing("iam:TagServerCertificate", SERVER_CERTIFICATE), changes=True
)
def tag_server_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Add or replace tags."""
    tags = read_tags(call.params["Tags"], case_matters=True)
    put_tags(tx, call.account, _named(call, tx).id, tags)
    return {}


@operation(
    "iam", "UntagServerCertificate", asks=on_existing("iam:UntagServerCertificate", SERVER_CERTIFICATE), changes=True
)
def untag_server_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Remove tags; keys that are not there are passed over."""
    tx.tags.remove(_named(call, tx).id, call.params["TagKeys"])
    return {}


@operation("iam", "ListServerCertificateTags", asks=on_existing("iam:ListServerCertificateTags", SERVER_CERTIFICATE))
def list_server_certificate_tags(call: Call, tx: Transaction) -> dict[str, Any]:
    """A certificate's tags by key."""
    return page_of_tags(call, tx, _named(call, tx).id)


def _named(call: Call, tx: Transaction) -> ServerCertificateRecord:
    return SERVER_CERTIFICATE.get(tx, call.account, call.params["ServerCertificateName"])


def _shown(record: ServerCertificateRecord) -> dict[str, Any]:
    return {
        "Path": record.path,
        "ServerCertificateName": record.name,
        "ServerCertificateId": record.id,
        "Arn": SERVER_CERTIFICATE.arn(record),
        "UploadDate": moment(record.created),
        "Expiration": moment(record.expires),
    }
