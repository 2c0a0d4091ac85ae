"""services/iam: X.509 certificates with which users sign requests to services that want that.

Source: IAM API Reference, UploadSigningCertificate, ListSigningCertificates, UpdateSigningCertificate,
DeleteSigningCertificate.
"""

from __future__ import annotations

from typing import Any, Final

from cryptography import x509

from ostiary.credentials.certificates import NotACertificate, fingerprint, is_over, is_to_come, read_certificate
from ostiary.entropy import letters
from ostiary.services.iam import quotas
from ostiary.services.iam.access_keys import Owner, owner_of
from ostiary.services.iam.asks import on_self_or_user
from ostiary.services.iam.faults import DuplicateCertificate, InvalidCertificate, MalformedCertificate, NoSuchEntity
from ostiary.services.iam.names import moment
from ostiary.services.iam.paging import page_of
from ostiary.services.iam.statuses import read_status, shown_status
from ostiary.services.operation import Call, operation
from ostiary.store.certificates import SigningCertificateRecord
from ostiary.store.records import AlreadyExists
from ostiary.store.transaction import Transaction

_ID_LETTERS: Final = 32
_OVER: Final = "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed."
_TO_COME: Final = "Certificate is not yet valid. The 'Not Before' date restriction on the certificate has not passed."


@operation("iam", "UploadSigningCertificate", asks=on_self_or_user("iam:UploadSigningCertificate"), changes=True)
def upload_signing_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give a user a certificate; it is active at once."""
    owner, certificate = owner_of(call, tx), _read(call)
    count = len(tx.signing_certificates.of(owner.id))
    quotas.check(tx, call.account, "CertificatesPerUser", count + 1)
    record = SigningCertificateRecord(
        id=letters(call.house.entropy, _ID_LETTERS),
        account=call.account,
        owner_id=owner.id,
        fingerprint=fingerprint(certificate),
        body=call.params["CertificateBody"],
        active=True,
        created=call.now,
    )
    try:
        tx.signing_certificates.add(record)
    except AlreadyExists:
        raise DuplicateCertificate("The certificate is already associated with a user of this account.") from None
    return {"Certificate": _shown(owner, record)}


@operation("iam", "ListSigningCertificates", asks=on_self_or_user("iam:ListSigningCertificates"))
def list_signing_certificates(call: Call, tx: Transaction) -> dict[str, Any]:
    """A user's certificates, the oldest first."""
    owner = owner_of(call, tx)
    found, rest = page_of(call, tx.signing_certificates.of(owner.id), lambda each: f"{each.created:012d} {each.id}")
    return {"Certificates": [_shown(owner, each) for each in found], **rest}


@operation("iam", "UpdateSigningCertificate", asks=on_self_or_user("iam:UpdateSigningCertificate"), changes=True)
def update_signing_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Switch a certificate on or off."""
    tx.signing_certificates.change(_named(call, tx).id, active=read_status(call))
    return {}


@operation("iam", "DeleteSigningCertificate", asks=on_self_or_user("iam:DeleteSigningCertificate"), changes=True)
def delete_signing_certificate(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take a certificate away."""
    tx.signing_certificates.remove(_named(call, tx).id)
    return {}


def _read(call: Call) -> x509.Certificate:
    """The certificate of a request. Raises `MalformedCertificate`, `InvalidCertificate`."""
    body = call.params["CertificateBody"]
    try:
        certificate = read_certificate(body)
    except NotACertificate:
        # AWS quotes the body; a private key that was sent by mistake must not come back, nor into the record
        quoted = "" if "PRIVATE KEY" in body else f" {body}"
        raise MalformedCertificate(f"Certificate{quoted} is malformed.") from None
    if is_over(certificate, call.facts.at):
        raise InvalidCertificate(_OVER)
    if is_to_come(certificate, call.facts.at):
        raise InvalidCertificate(_TO_COME)
    return certificate


def _named(call: Call, tx: Transaction) -> SigningCertificateRecord:
    """The certificate that a request names, if it is the owner's. Raises `NoSuchEntity`."""
    owner, wanted = owner_of(call, tx), call.params["CertificateId"]
    found = tx.signing_certificates.get(wanted)
    if found is None or found.owner_id != owner.id:
        raise NoSuchEntity(f"The Certificate with id {wanted} cannot be found.")
    return found


def _shown(owner: Owner, record: SigningCertificateRecord) -> dict[str, Any]:
    return {
        **owner.shown,
        "CertificateId": record.id,
        "CertificateBody": record.body,
        "Status": shown_status(record.active),
        "UploadDate": moment(record.created),
    }
