"""analysis: the global condition keys (IAM User Guide, "AWS global condition context keys")."""

from __future__ import annotations

from typing import Final

GLOBAL_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "String": (
        "CalledViaAWSMCP",
        "CalledViaFirst",
        "CalledViaLast",
        "Ec2InstanceSourceVpc",
        "FederatedProvider",
        "PrincipalAccount",
        "PrincipalOrgID",
        "PrincipalServiceName",
        "PrincipalType",
        "Referer",
        "RequestedRegion",
        "ResourceAccount",
        "ResourceOrgID",
        "SourceAccount",
        "SourceIdentity",
        "SourceOrgID",
        "SourceOwner",
        "SourceVpc",
        "SourceVpce",
        "UserAgent",
        "VpceAccount",
        "VpceOrgID",
        "userid",
        "username",
    ),
    "ArrayOfString": (
        "CalledVia",
        "PrincipalOrgPaths",
        "PrincipalServiceNamesList",
        "ResourceOrgPaths",
        "SourceOrgPaths",
        "TagKeys",
        "VpceOrgPaths",
    ),
    "ARN": ("ARN", "ChatbotSourceArn", "PrincipalArn", "SignInSessionArn", "SourceArn", "SourceVpcArn"),
    "Bool": (
        "AssumedRoot",
        "IsMcpServiceAction",
        "MultiFactorAuthPresent",
        "PrincipalIsAWSService",
        "SecureTransport",
        "ViaAWSMCPService",
        "ViaAWSService",
    ),
    "Numeric": ("MultiFactorAuthAge",),
    "Date": ("CurrentTime", "EpochTime", "TokenIssueTime"),
    "IPAddress": ("Ec2InstanceSourcePrivateIPv4", "SourceIp", "VpcSourceIp"),
}
"""By type. `aws:ARN` and `aws:SourceOwner` are no longer documented."""

TAG_KEYS: Final = ("PrincipalTag", "RequestTag", "ResourceTag")
"""They take the name of a tag after a slash."""

TYPES: Final[dict[str, str]] = {f"aws:{name}".lower(): kind for kind, names in GLOBAL_KEYS.items() for name in names}
"""By name in lower case."""


def global_type(name: str) -> str | None:
    """The type of a global key (in lower case); None if there is none of that name."""
    found = TYPES.get(name)
    if found is None and any(name.startswith(f"aws:{tag.lower()}/") for tag in TAG_KEYS):
        return "String"
    return found
