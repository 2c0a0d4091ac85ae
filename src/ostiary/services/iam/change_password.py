"""services/iam: ChangePassword: users change their own password, signed with their own key.

Source: IAM API Reference, ChangePassword; IAM User Guide, "How an IAM user changes their own password".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ostiary.authorization.caller import CallerKind
from ostiary.authorization.judge import Ask
from ostiary.credentials.passwords import password_matches
from ostiary.services.iam.asks import ask_named
from ostiary.services.iam.faults import AccessDenied, InvalidUserType
from ostiary.services.iam.names import USER
from ostiary.services.iam.passwords import NewPassword, keep, new_password, profile_of, reused
from ostiary.services.iam.wrong_passwords import forgive, may_try
from ostiary.services.operation import Call, operation
from ostiary.store.transaction import Transaction

_USERS_ONLY: Final = "Only IAM Users can change their own password."
_WRONG: Final = "The old password was incorrect."


def _on_self(call: Call, tx: Transaction) -> Iterable[Ask]:
    if call.caller.kind is not CallerKind.USER:
        raise InvalidUserType(_USERS_ONLY)
    return (ask_named(call, tx, "iam:ChangePassword", USER, call.caller.name),)


def _prepare(call: Call, tx: Transaction) -> NewPassword:
    """Compare the old password and hash the new one."""
    user = USER.get(tx, call.account, call.caller.name)
    old, new = call.params["OldPassword"], call.params["NewPassword"]
    hashed = profile_of(tx, user).password
    if not may_try(call.house, user.id, call.now) or not password_matches(hashed, old):
        raise AccessDenied(_WRONG)
    forgive(call.house, user.id)
    if new == old:
        raise reused()
    return new_password(tx, user, new)


@operation("iam", "ChangePassword", asks=_on_self, changes=True, prepare=_prepare)
def change_password(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set another password in the place of the one that is known, expired or not."""
    user = USER.get(tx, call.account, call.caller.name)
    profile_of(tx, user)
    keep(tx, user, call.prepared, call.now)
    tx.login_profiles.change(user.id, password=call.prepared.hashed, reset_required=False)
    return {}
