"""policy: what the decision does differently for certain actions.

Source: IAM User Guide, "Policy evaluation logic"; API references of STS and S3; KMS Developer Guide, "Key policies";
Organizations User Guide, "Resource control policies".
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

TRUST_ACTIONS: Final = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:tagsession",
        "sts:setsourceidentity",
    }
)
"""Asked on a role, these need the role's trust policy, always."""

ALWAYS_ALLOWED: Final = frozenset({"sts:getcalleridentity", "sts:getsessiontoken"})
"""What every authenticated caller may do, even under a Deny."""

ROOT_KEEPS: Final = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})
"""What the bucket policy can't take from the root user of the bucket's account."""

RCP_SERVICES: Final = frozenset(
    {
        "aoss",
        "appconfig",
        "appstream",
        "autoscaling",
        "codebuild",
        "codecommit",
        "cognito-identity",
        "cognito-idp",
        "cognito-sync",
        "comprehend",
        "dax",
        "dynamodb",
        "ecr",
        "health",
        "kinesisvideo",
        "kms",
        "logs",
        "s3",
        "secretsmanager",
        "signin",
        "sqs",
        "sts",
        "support",
        "textract",
        "transcribe",
        "translate",
    }
)
"""The services whose resources RCPs bind. Source: Organizations User Guide, "Resource control policies"."""


class Traits:
    """What is special about an action."""

    __slots__ = ("always_allowed", "kms", "of_bucket", "ordinary", "rcp_binds", "root_keeps", "trust")

    def __init__(self, action: str) -> None:
        """`action` in lower case."""
        service = action.partition(":")[0]
        self.always_allowed = action in ALWAYS_ALLOWED
        self.trust = action in TRUST_ACTIONS
        self.root_keeps = action in ROOT_KEEPS
        self.kms = service == "kms"
        self.rcp_binds = service in RCP_SERVICES and action != "kms:retiregrant"
        self.of_bucket = service == "s3"
        """Its resources are buckets and what is in them."""
        self.ordinary = not (self.always_allowed or self.trust or self.kms)
        """An identity policy of the resource's account may allow it alone."""


@lru_cache(maxsize=1024)
def traits(action: str) -> Traits:
    """What is special about an action, in any letter case."""
    return Traits(action.lower())
