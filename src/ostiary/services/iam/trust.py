"""services/iam: who may assume a role: UpdateAssumeRolePolicy.

Source: IAM API Reference, UpdateAssumeRolePolicy.
"""

from __future__ import annotations

from typing import Any

from ostiary.services.iam.asks import on_existing
from ostiary.services.iam.documents import accept_trust
from ostiary.services.iam.names import ROLE
from ostiary.services.operation import Call, operation
from ostiary.store.transaction import Transaction


@operation("iam", "UpdateAssumeRolePolicy", asks=on_existing("iam:UpdateAssumeRolePolicy", ROLE), changes=True)
def update_assume_role_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """Replace a role's trust policy."""
    role = ROLE.get_to_change(tx, call.account, call.params["RoleName"])
    ROLE.change(tx, role.id, trust=accept_trust(tx, call.account, call.params["PolicyDocument"]))
    return {}
