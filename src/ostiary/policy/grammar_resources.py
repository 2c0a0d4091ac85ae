"""policy: what a Resource may be (IAM User Guide, "IAM JSON policy elements: Resource"; "IAM ARNs")."""

from __future__ import annotations

from typing import Final

from ostiary.policy.arns import COMPONENTS, split_components
from ostiary.policy.compile import CURRENT_VERSION
from ostiary.policy.draft import LEGACY, Draft
from ostiary.policy.globs import Wild
from ostiary.policy.kinds import PolicyKind
from ostiary.policy.parse import Path
from ostiary.policy.variables import Variable, template

PARTITIONS: Final = frozenset(
    {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "*"}
)
_IAM_TYPES: Final = (
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
)
# What the service authorization reference has beyond the list that IAM prints; `root` is AssumeRoot's.
_FURTHER_IAM_TYPES: Final = ("assumed-role/", "contextProvider/", "delegation-request/", "role-template/")
_ROOT_USER: Final = "root"
_NO_IAM_TYPE: Final = f'IAM resource path must either be "*", root, or start with {", ".join(_IAM_TYPES)}.'


def check_resource_shapes(draft: Draft) -> None:
    """Refuse what IAM's older parser can't read: ARNs without a service or with a component missing."""
    for path, text in _resources(draft):
        pieces = text.split(":", COMPONENTS - 1)
        if pieces[0] != "arn" or len(pieces) < 2 or pieces[1] not in PARTITIONS:
            continue
        if len(pieces) > 2 and not pieces[2]:
            raise draft.refuse(path, LEGACY, "MISSING_ARN_FIELD")
        if 2 < len(pieces) < COMPONENTS and not text.endswith("*"):
            raise draft.refuse(path, LEGACY, "MISSING_ARN_FIELD")


def check_resources(draft: Draft) -> None:
    """Refuse resources that are neither `*` nor an ARN pattern of the right form."""
    variables = draft.value.get("Version") == CURRENT_VERSION
    for path, text in _resources(draft):
        if ":" not in text:
            raise draft.refuse(path, f'Resource {text} must be in ARN format or "*".', "INVALID_ARN_PREFIX")
        pieces = text.split(":", COMPONENTS - 1)
        _, partition, *rest = pieces
        if partition not in PARTITIONS or pieces[0] != "arn":
            padded = ":".join(["arn", partition, *rest, *["*"] * (COMPONENTS - len(pieces))])
            message = f'Partition "{partition}" is not valid for resource "{padded}".'
            raise draft.refuse(path, message, "INVALID_PARTITION")
        if variables and _has_early_variable(text):
            raise draft.refuse(path, LEGACY, "VARIABLE_UNSUPPORTED_IN_ELEMENT")
        _check_service(draft, path, text, pieces)


def _check_service(draft: Draft, path: Path, text: str, pieces: list[str]) -> None:
    service = pieces[2] if len(pieces) > 2 else ""
    if not service or "*" in service.rstrip("*") or "?" in service or (service.endswith("*") and len(pieces) > 3):
        raise draft.refuse(
            path, "Resource vendor must be fully qualified and cannot contain regexes.", "INVALID_ARN_RESOURCE"
        )
    if len(pieces) < COMPONENTS:
        return
    region, account, resource = pieces[3:]
    if service == "iam":
        if region not in ("", "*"):
            message = f"IAM resource {text} cannot contain region information."
            raise draft.refuse(path, message, "ARN_REGION_NOT_ALLOWED")
        known = (*_IAM_TYPES, *_FURTHER_IAM_TYPES)
        if resource not in ("*", _ROOT_USER) and not resource.startswith(known):
            raise draft.refuse(path, _NO_IAM_TYPE, "INVALID_ARN_RESOURCE")
    if service == "s3" and region not in ("", "*") and not account:
        message = f"Resource {text} can not contain region information."
        raise draft.refuse(path, message, "ARN_REGION_NOT_ALLOWED")


def _has_early_variable(text: str) -> bool:
    pieces = split_components(template(text, variables=True).parts)
    return any(isinstance(part, Variable) for piece in pieces[: COMPONENTS - 1] for part in piece)


def _resources(draft: Draft) -> list[tuple[Path, str]]:
    """Every resource but `*`. The services that keep resource policies check theirs themselves."""
    if draft.kind is PolicyKind.RESOURCE:
        return []
    return [
        (at, text)
        for path, statement in draft.statements()
        for at, text in draft.strings(statement, path, "Resource", "NotResource")
        if text != Wild.STAR.value
    ]
