"""services: whom a trust policy or a bucket policy names, as it is stored and as it is shown (R37).

Stored are unique ids (`AIDA…`, `AROA…`), so that a user or role that is deleted and made again is somebody else.
Shown are the ARNs of today; the id of one that is gone stays an id.

Source: IAM User Guide, "AWS JSON policy elements: Principal"; IAM API Reference, CreateRole.
"""

from __future__ import annotations

import re
from typing import Final

from ostiary.identifiers import ACCOUNT_ID, iam_arn, root_arn
from ostiary.policy import map_principals
from ostiary.store.records import RoleRecord, UserRecord
from ostiary.store.transaction import Transaction

_ENTITY: Final = re.compile(r"arn:aws:iam::([0-9]{12}):(user|role)/(?:[\x21-\x7e]*/)?([\w+=,.@-]{1,64})", re.ASCII)
_ACCOUNT: Final = re.compile(
    r"arn:aws:(?:iam::([0-9]{12}):root|sts::([0-9]{12}):(?:assumed-role/[^*?/]+|federated-user)/[^*?/]+)"
)
_ID: Final = re.compile(r"(?:AIDA|AROA)[A-Z0-9]{12,124}")


class UnknownPrincipal(Exception):
    """A policy names an account, user or role that this server does not have."""

    def __init__(self, principal: str) -> None:
        super().__init__(principal)
        self.principal = principal

    @property
    def message(self) -> str:
        """AWS's words."""
        return f'Invalid principal in policy: "AWS":"{self.principal}"'


def to_stored(text: str, tx: Transaction) -> str:
    """The document with its `AWS` principals as they are kept; everything else stays as written.

    Raises:
        UnknownPrincipal: an entry names nobody here.
        MalformedPolicy: the text is no JSON.
    """

    def rename(entry: str) -> str:
        kept = _stored(entry, tx)
        if kept is None:
            raise UnknownPrincipal(entry)
        return kept

    return map_principals(text, rename)


def to_shown(text: str, tx: Transaction) -> str:
    """A stored document with the ARNs that its principals have today."""
    if _ID.search(text) is None:
        return text
    return map_principals(text, lambda entry: _shown(entry, tx))


def entity_by_arn(arn: str, tx: Transaction) -> UserRecord | RoleRecord | None:
    """The user or role that has exactly this ARN, path and letter case included."""
    found = _ENTITY.fullmatch(arn)
    if found is None:
        return None
    account, kind, name = found.groups()
    record = tx.users.get(account, name) if kind == "user" else tx.roles.get(account, name)
    return record if record is not None and iam_arn(account, kind, record.name, record.path) == arn else None


def _stored(entry: str, tx: Transaction) -> str | None:
    if entry == "*":
        return entry
    if ACCOUNT_ID.fullmatch(entry):
        return None if tx.accounts.get(entry) is None else root_arn(entry)
    if _ID.fullmatch(entry):
        return None if _by_id(entry, tx) is None else entry
    if found := _ACCOUNT.fullmatch(entry):
        return None if tx.accounts.get(found[1] or found[2]) is None else entry
    entity = entity_by_arn(entry, tx)
    return None if entity is None else entity.id


def _shown(entry: str, tx: Transaction) -> str:
    entity = _by_id(entry, tx) if _ID.fullmatch(entry) else None
    if entity is None:
        return entry
    return iam_arn(entity.account, "role" if isinstance(entity, RoleRecord) else "user", entity.name, entity.path)


def _by_id(unique_id: str, tx: Transaction) -> UserRecord | RoleRecord | None:
    return tx.users.by_id(unique_id) if unique_id.startswith("AIDA") else tx.roles.by_id(unique_id)
