"""services/iam: the root user's password, as a session of AssumeRoot may make, see and delete it.

AWS lets the root user recover a password by mail; here there is no mail, so it is given with the request.

Source: IAM API Reference, CreateLoginProfile, GetLoginProfile, DeleteLoginProfile: "When you make this request with
root user credentials, you must use an AssumeRoot session to omit the user name."
"""

from __future__ import annotations

from typing import Any

from ostiary.credentials.passwords import hash_password
from ostiary.credentials.sessions import SessionKind
from ostiary.services.iam.faults import EntityAlreadyExists, NoSuchEntity
from ostiary.services.iam.names import moment
from ostiary.services.operation import Call
from ostiary.store.records import AccountRecord
from ostiary.store.transaction import Transaction


def is_meant(call: Call) -> bool:
    """Whether the caller is an assumed root user that names nobody."""
    session = call.caller.session
    return session is not None and session.kind is SessionKind.ROOT and "UserName" not in call.params


def prepare(call: Call, tx: Transaction, password: str) -> str:
    """The hash of a first password. Takes tens of milliseconds."""
    _refuse_second(_account(call, tx))
    return hash_password(password)


def create(call: Call, tx: Transaction) -> dict[str, Any]:
    """Give the root user the password that was prepared."""
    _refuse_second(_account(call, tx))
    tx.accounts.change(call.account, root_password=call.prepared)
    return {"LoginProfile": {"CreateDate": moment(call.now), "PasswordResetRequired": False}}


def get(call: Call, tx: Transaction) -> dict[str, Any]:
    """Whether there is one. Since when is not kept: the day of the account stands for it."""
    account = _with_password(call, tx)
    return {"LoginProfile": {"CreateDate": moment(account.created), "PasswordResetRequired": False}}


def delete(call: Call, tx: Transaction) -> dict[str, Any]:
    """Take it away."""
    _with_password(call, tx)
    tx.accounts.change(call.account, root_password=None)
    return {}


def _account(call: Call, tx: Transaction) -> AccountRecord:
    found = tx.accounts.get(call.account)
    assert found is not None  # the caller is its root user
    return found


def _refuse_second(account: AccountRecord) -> None:
    if account.root_password is not None:
        raise EntityAlreadyExists("Login Profile for the root user already exists.")


def _with_password(call: Call, tx: Transaction) -> AccountRecord:
    account = _account(call, tx)
    if account.root_password is None:
        raise NoSuchEntity("Login Profile for the root user cannot be found.")
    return account
