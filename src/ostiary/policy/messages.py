"""policy: the text of a refusal (IAM User Guide, "Troubleshoot access denied error messages")."""

from __future__ import annotations

from typing import Final

from ostiary.policy.decision import Decision, PolicyType, Verdict

_IMPLICIT: Final[dict[PolicyType, str]] = {
    PolicyType.IDENTITY: "identity-based policy",
    PolicyType.RESOURCE: "resource-based policy",
    PolicyType.BOUNDARY: "permissions boundary",
    PolicyType.SESSION: "session policy",
    PolicyType.SCP: "service control policy",
    PolicyType.ENDPOINT: "VPC endpoint policy",
    PolicyType.TRUST: "role trust policy",
}
"""An RCP has no implicit form: its allow-everything policy can't be detached."""

_EXPLICIT: Final[dict[PolicyType, str]] = {
    PolicyType.IDENTITY: "an identity-based policy",
    PolicyType.RESOURCE: "a resource-based policy",
    PolicyType.BOUNDARY: "a permissions boundary",
    PolicyType.SESSION: "a session policy",
    PolicyType.SCP: "a service control policy",
    PolicyType.RCP: "a resource control policy",
    PolicyType.ENDPOINT: "a VPC endpoint policy",
    PolicyType.TRUST: "the role trust policy",
}

_SHOWN_BY_ARN: Final = frozenset(
    {PolicyType.IDENTITY, PolicyType.BOUNDARY, PolicyType.SESSION, PolicyType.SCP, PolicyType.RCP}
)

_WITHOUT_REASON: Final = frozenset(
    {"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"}
    | {"sts:tagsession", "sts:setsourceidentity"}
)
"""AWS does not tell whether the trust policy or the caller's own refused."""


def denial_message(
    decision: Decision, principal_arn: str, action: str, resource: str | None, *, quote_resource: bool = False
) -> str:
    """AWS's text for a refused request.

    Args:
        principal_arn: of a role session the session's ARN.
        resource: None (or `*`) for actions without one.
        quote_resource: S3 puts the ARN in double quotes.

    Raises:
        ValueError: the decision is no refusal.
    """
    if decision.verdict is Verdict.ALLOWED:
        raise ValueError("the request is allowed; there is no refusal to word")
    text = f"User: {principal_arn} is not authorized to perform: {action}"
    if resource is not None and resource != "*":
        text += f' on resource: "{resource}"' if quote_resource else f" on resource: {resource}"
    return text + _reason(decision, action)


def _reason(decision: Decision, action: str) -> str:
    layer = decision.decided_by
    if layer is None or action.lower() in _WITHOUT_REASON:
        return ""
    if decision.verdict is Verdict.IMPLICIT_DENY:
        return f" because no {_IMPLICIT[layer]} allows the {action} action" if layer in _IMPLICIT else ""
    arn = next((one.source.arn for one in decision.matched if one.source.type is layer and one.source.arn), None)
    shown = f": {arn}" if arn is not None and layer in _SHOWN_BY_ARN else ""
    return f" with an explicit deny in {_EXPLICIT[layer]}{shown}"
