"""services/iam: long-term access keys of users and of the root user.

A secret is answered once, when its key is made. What is kept is sealed under the account's data key and bound to the
id of the key.

Source: IAM API Reference, CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ostiary.authorization.judge import Ask
from ostiary.credentials.access_keys import LONG_TERM, new_access_key_id, new_secret
from ostiary.identifiers import AccountId, root_arn
from ostiary.services.faults import ServiceFault
from ostiary.services.iam import quotas
from ostiary.services.iam.asks import ask_record, on_self_or_user, own_or_named
from ostiary.services.iam.faults import NoSuchEntity, ValidationError
from ostiary.services.iam.names import USER, moment
from ostiary.services.iam.paging import page_of
from ostiary.services.operation import Call, operation
from ostiary.store.records import AccessKeyRecord, AccessKeyUse
from ostiary.store.transaction import Transaction

_ACTIVE: Final = {"Active": True, "Inactive": False}
_NEVER: Final = "N/A"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose keys they are."""

    id: str
    """A user's unique id; the account id for the root user."""
    name: str | None
    """None for the root user."""

    @property
    def shown(self) -> dict[str, str]:
        """The member `UserName`; the root user has no name."""
        return {} if self.name is None else {"UserName": self.name}


def owner_of(call: Call, tx: Transaction) -> Owner:
    """The user that the request names, or without a name the caller. Raises `NoSuchEntity`, `ValidationError`."""
    name = own_or_named(call)
    if name is None:
        return Owner(call.account, None)
    user = USER.get(tx, call.account, name)
    return Owner(user.id, user.name)


@operation("iam", "CreateAccessKey", asks=on_self_or_user("iam:CreateAccessKey"), changes=True)
def create_access_key(call: Call, tx: Transaction) -> dict[str, Any]:
    """Make a key and say its secret, this once."""
    owner, account = owner_of(call, tx), tx.accounts.get(call.account)
    if account is None:
        raise NoSuchEntity(f"Account {call.account} does not exist.")
    quotas.check(tx, call.account, "AccessKeysPerUser", len(tx.access_keys.of(owner.id)) + 1)
    key_id = new_access_key_id(LONG_TERM, AccountId(call.account), call.house.entropy)
    secret = new_secret(call.house.entropy)
    key = AccessKeyRecord(
        id=key_id,
        account=call.account,
        owner_id=owner.id,
        secret=call.house.vault.seal(call.account, account.data_key, secret, key_id),
        active=True,
        created=call.now,
    )
    tx.access_keys.add(key)
    return {"AccessKey": {**_shown(owner, key), "SecretAccessKey": secret}}


@operation("iam", "ListAccessKeys", asks=on_self_or_user("iam:ListAccessKeys"))
def list_access_keys(call: Call, tx: Transaction) -> dict[str, Any]:
    """Ids and states, the oldest first; never a secret."""
    owner = owner_of(call, tx)
    keys, rest = page_of(call, tx.access_keys.of(owner.id), lambda key: f"{key.created:012d} {key.id}")
    return {"AccessKeyMetadata": [_shown(owner, key) for key in keys], **rest}


@operation("iam", "UpdateAccessKey", asks=on_self_or_user("iam:UpdateAccessKey"), changes=True)
def update_access_key(call: Call, tx: Transaction) -> dict[str, Any]:
    """Switch a key on or off."""
    active = _ACTIVE.get(call.params["Status"])
    if active is None:
        raise ValidationError("Status must be Active or Inactive.")
    tx.access_keys.set_active(_key(call, tx).id, active)
    return {}


@operation("iam", "DeleteAccessKey", asks=on_self_or_user("iam:DeleteAccessKey"), changes=True)
def delete_access_key(call: Call, tx: Transaction) -> dict[str, Any]:
    """Delete a key with its secret."""
    tx.access_keys.remove(_key(call, tx).id)
    return {}


def _on_owner(call: Call, tx: Transaction) -> Iterable[Ask]:
    """GetAccessKeyLastUsed asks for the user who has the key; a key that isn't the account's is out of reach."""
    key_id = call.params["AccessKeyId"]
    key = tx.access_keys.get(key_id)
    if key is not None and key.account == call.account:
        user = tx.users.by_id(key.owner_id)
        if user is not None:
            return (ask_record(call, tx, "iam:GetAccessKeyLastUsed", USER, user),)
        return (Ask(action="iam:GetAccessKeyLastUsed", resource=root_arn(call.account)),)
    text = f"User: {call.caller.arn} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key "
    raise ServiceFault("AccessDenied", text + key_id, 403)


@operation("iam", "GetAccessKeyLastUsed", asks=_on_owner)
def get_access_key_last_used(call: Call, tx: Transaction) -> dict[str, Any]:
    """When, where and for what a key was last used."""
    key = tx.access_keys.get(call.params["AccessKeyId"])
    assert key is not None
    user = tx.users.by_id(key.owner_id)
    shown = Owner(key.owner_id, user.name if user else None).shown
    return {**shown, "AccessKeyLastUsed": _shown_use(tx.access_keys.use_of(key.id))}


def _shown_use(use: AccessKeyUse | None) -> dict[str, Any]:
    if use is None:
        return {"ServiceName": _NEVER, "Region": _NEVER}
    return {"LastUsedDate": moment(use.at), "ServiceName": use.service, "Region": use.region}


def _key(call: Call, tx: Transaction) -> AccessKeyRecord:
    """The key that a request names, if it is the owner's."""
    owner, key_id = owner_of(call, tx), call.params["AccessKeyId"]
    key = tx.access_keys.get(key_id)
    if key is None or key.owner_id != owner.id:
        raise NoSuchEntity(f"The Access Key with id {key_id} cannot be found.")
    return key


def _shown(owner: Owner, key: AccessKeyRecord) -> dict[str, Any]:
    status = "Active" if key.active else "Inactive"
    return {**owner.shown, "AccessKeyId": key.id, "Status": status, "CreateDate": moment(key.created)}
