"""policy: what an Action may be (IAM User Guide, "IAM JSON policy elements: Action")."""

from __future__ import annotations

import re
from typing import Final

from ostiary.policy.draft import Draft
from ostiary.policy.kinds import PolicyKind

_NO_VENDOR: Final = re.compile(r"[^a-zA-Z0-9\-.]")

_OF_TRUST: Final = frozenset(
    {
        "assumerole",
        "assumerolewithsaml",
        "assumerolewithwebidentity",
        "setcontext",
        "setsourceidentity",
        "tagsession",
    }
)
"""What a role's trust policy may speak of. AWS was seen to refuse misspelt names with the words for foreign ones."""


def check_actions(draft: Draft) -> None:
    """Refuse actions that are not `service:name`; in a trust policy, all but those of assuming a role."""
    for path, statement in draft.statements():
        for at, action in draft.strings(statement, path, "Action", "NotAction"):
            if action != "*":
                service, *names = action.split(":")
                if not names:
                    message = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
                    raise draft.refuse(at, message, "INVALID_ACTION")
                if len(names) > 1:
                    raise draft.refuse(at, "Actions/Condition can contain only one colon.", "INVALID_ACTION")
                if not service or _NO_VENDOR.search(service):
                    raise draft.refuse(at, f"Vendor {service} is not valid", "INVALID_SERVICE_IN_ACTION")
            if draft.kind is PolicyKind.TRUST and not _is_of_trust(action):
                raise draft.refuse(at, "AssumeRole policy may only specify STS AssumeRole actions.", "INVALID_ACTION")


def _is_of_trust(action: str) -> bool:
    service, _, name = action.lower().partition(":")
    return service == "sts" and (name in _OF_TRUST or "*" in name or "?" in name)
