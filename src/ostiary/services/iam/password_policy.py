"""services/iam: the account's password policy.

An account without one has AWS's default policy. UpdateAccountPasswordPolicy sets the whole policy: what a request
leaves out goes back to the operation's own defaults, which are weaker than the default policy.

Source: IAM API Reference, GetAccountPasswordPolicy, UpdateAccountPasswordPolicy, DeleteAccountPasswordPolicy; IAM User
Guide, "Set an account password policy for IAM users".
"""

from __future__ import annotations

from typing import Any, Final

from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.passwords import PasswordPolicyRecord
from ostiary.store.transaction import Transaction

_COLUMNS: Final = {
    "MinimumPasswordLength": "minimum_length",
    "RequireSymbols": "symbols",
    "RequireNumbers": "numbers",
    "RequireUppercaseCharacters": "uppercase",
    "RequireLowercaseCharacters": "lowercase",
    "AllowUsersToChangePassword": "users_may_change",
    "MaxPasswordAge": "max_age",
    "PasswordReusePrevention": "reuse_prevention",
    "HardExpiry": "hard_expiry",
}
_ONLY_WHEN_SET: Final = frozenset({"MaxPasswordAge", "PasswordReusePrevention", "HardExpiry"})
"""Members that an answer leaves out when they were not given."""


@operation("iam", "GetAccountPasswordPolicy", asks=on_everything("iam:GetAccountPasswordPolicy"))
def get_account_password_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """The account's own policy; the default one is not shown."""
    policy = tx.password_policies.get(call.account)
    if policy is None:
        raise NoSuchEntity(f"The Password Policy with domain name {call.account} cannot be found.")
    return {"PasswordPolicy": _shown(policy)}


@operation("iam", "UpdateAccountPasswordPolicy", asks=on_everything("iam:UpdateAccountPasswordPolicy"), changes=True)
def update_account_password_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Set the policy as a whole. It holds for passwords that are set from now on; their age counts at once."""
    given = {column: call.params[name] for name, column in _COLUMNS.items() if call.params.get(name) is not None}
    tx.password_policies.put(PasswordPolicyRecord(account=call.account, **given))
    return {}


@operation("iam", "DeleteAccountPasswordPolicy", asks=on_everything("iam:DeleteAccountPasswordPolicy"), changes=True)
def delete_account_password_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Go back to AWS's default policy."""
    if not tx.password_policies.remove(call.account):
        raise NoSuchEntity("The account policy with name PasswordPolicy cannot be found.")
    return {}


def _shown(policy: PasswordPolicyRecord) -> dict[str, Any]:
    members = {name: getattr(policy, column) for name, column in _COLUMNS.items()}
    shown = {name: value for name, value in members.items() if name not in _ONLY_WHEN_SET or value not in (None, 0)}
    if policy.hard_expiry is not None:
        shown["HardExpiry"] = policy.hard_expiry
    return {**shown, "ExpirePasswords": policy.max_age > 0}
