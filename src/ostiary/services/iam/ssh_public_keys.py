"""services/iam: public keys with which users show who they are to CodeCommit.

Source: IAM API Reference, UploadSSHPublicKey, GetSSHPublicKey, ListSSHPublicKeys, UpdateSSHPublicKey,
DeleteSSHPublicKey.
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.credentials.ssh_keys import SshPublicKey, UnknownEncoding, UnusableKey, read_ssh_public_key
from ostiary.entropy import letters
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import on_self_or_user, own_or_named
from ostiary.services.iam.faults import (
    DuplicateSSHPublicKey,
    InvalidPublicKey,
    NoSuchEntity,
    UnrecognizedPublicKeyEncoding,
    ValidationError,
)
from ostiary.services.iam.names import USER, moment
from ostiary.services.iam.paging import page_of
from ostiary.services.iam.statuses import read_status, shown_status
from ostiary.services.operation import Call, operation
from ostiary.store.certificates import SshPublicKeyRecord
from ostiary.store.records import AlreadyExists, UserRecord
from ostiary.store.transaction import Transaction

_ID_PREFIX: Final = "APKA"
_ID_LETTERS: Final = 17


@operation("iam", "UploadSSHPublicKey", asks=on_self_or_user("iam:UploadSSHPublicKey"), changes=True)
def upload_ssh_public_key(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give a user a key; it is active at once."""
    user, key = user_of(call, tx), _read(call)
    quotas.check(tx, call.account, "SSHPublicKeysPerUser", len(tx.ssh_public_keys.of(user.id)) + 1)
    record = SshPublicKeyRecord(
        id=_ID_PREFIX + letters(call.house.entropy, _ID_LETTERS),
        owner_id=user.id,
        fingerprint=key.fingerprint,
        body=call.params["SSHPublicKeyBody"].strip(),
        active=True,
        created=call.now,
    )
    try:
        tx.ssh_public_keys.add(record)
    except AlreadyExists:
        raise DuplicateSSHPublicKey("The SSH public key is already associated with the specified IAM user.") from None
    return {"SSHPublicKey": _whole(user, record, record.body)}


@operation("iam", "GetSSHPublicKey", asks=on_self_or_user("iam:GetSSHPublicKey"))
def get_ssh_public_key(call: Call, tx: Transaction) -> dict[str, Any]:
    """One key in the encoding that is asked for."""
    user, record = _named(call, tx)
    key = read_ssh_public_key(record.body)
    return {"SSHPublicKey": _whole(user, record, key.line if call.params["Encoding"] == "SSH" else key.pem)}


@operation("iam", "ListSSHPublicKeys", asks=on_self_or_user("iam:ListSSHPublicKeys"))
def list_ssh_public_keys(call: Call, tx: Transaction) -> dict[str, Any]:
    """A user's keys without their bodies, the oldest first."""
    user = user_of(call, tx)
    found, rest = page_of(call, tx.ssh_public_keys.of(user.id), lambda each: f"{each.created:012d} {each.id}")
    return {"SSHPublicKeys": [_shown(user, each) for each in found], **rest}


@operation("iam", "UpdateSSHPublicKey", asks=on_self_or_user("iam:UpdateSSHPublicKey"), changes=True)
def update_ssh_public_key(call: Call, tx: Transaction) -> dict[str, Any]:
    """Switch a key on or off."""
    tx.ssh_public_keys.change(_named(call, tx)[1].id, active=read_status(call))
    return {}


@operation("iam", "DeleteSSHPublicKey", asks=on_self_or_user("iam:DeleteSSHPublicKey"), changes=True)
def delete_ssh_public_key(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take a key away."""
    tx.ssh_public_keys.remove(_named(call, tx)[1].id)
    return {}


def user_of(call: Call, tx: Transaction) -> UserRecord:
    """The user that is meant; not the root user, who must name one. Raises `NoSuchEntity`, `ValidationError`."""
    name = own_or_named(call)
    if name is None:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return USER.get(tx, call.account, name)


def _read(call: Call) -> SshPublicKey:
    """The key of a request. Raises `UnrecognizedPublicKeyEncoding`, `InvalidPublicKey`."""
    try:
        return read_ssh_public_key(call.params["SSHPublicKeyBody"])
    except UnknownEncoding:
        raise UnrecognizedPublicKeyEncoding("The public key encoding format is unsupported or unrecognized.") from None
    except UnusableKey:
        raise InvalidPublicKey("The public key is malformed or otherwise invalid.") from None


def _named(call: Call, tx: Transaction) -> tuple[UserRecord, SshPublicKeyRecord]:
    """The key that a request names, if it is the user's. Raises `NoSuchEntity`."""
    user, wanted = user_of(call, tx), call.params["SSHPublicKeyId"]
    found = tx.ssh_public_keys.get(wanted)
    if found is None or found.owner_id != user.id:
        raise NoSuchEntity(f"The Public Key with id {wanted} cannot be found.")
    return user, found


def _shown(user: UserRecord, record: SshPublicKeyRecord) -> dict[str, Any]:
    return {
        "UserName": user.name,
        "SSHPublicKeyId": record.id,
        "Status": shown_status(record.active),
        "UploadDate": moment(record.created),
    }


def _whole(user: UserRecord, record: SshPublicKeyRecord, body: str) -> dict[str, Any]:
    return {**_shown(user, record), "Fingerprint": record.fingerprint, "SSHPublicKeyBody": body}
