"""What the calls that give credentials share: session policies, session tags, durations, the answer.

Source: IAM User Guide, "Pass session tags in AWS STS", "Session policies"; STS API Reference; R116–R123.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ostiary.authorization.book import managed_text
from ostiary.credentials.sessions import TemporaryCredentials
from ostiary.policy import ContextValue, MalformedPolicy, PolicyKind, check
from ostiary.services.faults import ServiceFault
from ostiary.services.operation import Call
from ostiary.store.transaction import Transaction

MOST_ARNS: Final = 10
MOST_PLAIN: Final = 2048
"""Characters of the inline session policy and the ARNs together (R118)."""
_PACKED_SPACE: Final = 4096
"""Bytes that we call 100%: the packing is not published (R123); ours is deflate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionParameters:
    """Read and checked."""

    policies: tuple[str, ...] | None
    policy_arns: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    transitive: tuple[str, ...]
    packed_percent: int | None
    """None when neither policies nor tags were passed."""


def validation_error(message: str) -> ServiceFault:
    """STS's ValidationError (400)."""
    return ServiceFault("ValidationError", message, 400)


def read_session_parameters(call: Call, tx: Transaction, account: str) -> SessionParameters:
    """The policies and tags of a call; managed policies must exist in `account`.

    Raises:
        ServiceFault: ValidationError, MalformedPolicyDocument, InvalidParameterValue, PackedPolicyTooLarge.
    """
    if _NAMES.isdisjoint(call.params):
        return _NOTHING
    inline: str | None = call.params.get("Policy")
    arns = [each.get("arn") or "" for each in call.params.get("PolicyArns") or ()]
    tags = read_tags(call.params.get("Tags") or ())
    transitive = tuple(call.params.get("TransitiveTagKeys") or ())
    if len(arns) > MOST_ARNS:
        raise validation_error(f"Cannot pass more than {MOST_ARNS} managed session policies")
    _check_policies(tx, account, inline, arns)
    folded = {key.lower() for key, _ in tags}
    if any(key.lower() not in folded for key in transitive):
        raise ServiceFault(
            "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.", 400
        )
    return SessionParameters(
        policies=None if inline is None else (inline,),
        policy_arns=tuple(arns),
        tags=tags,
        transitive=transitive,
        packed_percent=_packed(inline, arns, tags),
    )


_NAMES: Final = frozenset({"Policy", "PolicyArns", "Tags", "TransitiveTagKeys"})
_NOTHING: Final = SessionParameters(policies=None, policy_arns=(), tags=(), transitive=(), packed_percent=None)


def read_tags(passed: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Keys and values; a key may stand once, whatever its letter case (R119)."""
    if not passed:
        return ()
    tags = tuple((str(tag["Key"]), str(tag["Value"])) for tag in passed)
    if len({key.lower() for key, _ in tags}) != len(tags):
        raise ServiceFault(
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            400,
        )
    if any(key.lower().startswith("aws:") for key, _ in tags):
        raise validation_error("Tag keys beginning with aws: are reserved for system use")
    return tags


def tag_context(tags: Sequence[tuple[str, str]], transitive: Sequence[str]) -> dict[str, ContextValue]:
    """The condition keys of the tags that a call passes (R93)."""
    if not tags:
        return {}
    context: dict[str, ContextValue] = {f"aws:RequestTag/{key}": value for key, value in tags}
    context["aws:TagKeys"] = tuple(key for key, _ in tags)
    if transitive:
        context["sts:TransitiveTagKeys"] = tuple(transitive)
    return context


def credentials(given: TemporaryCredentials) -> dict[str, Any]:
    """The member `Credentials` of an answer."""
    return {
        "AccessKeyId": given.access_key_id,
        "SecretAccessKey": given.secret_access_key,
        "SessionToken": given.session_token,
        "Expiration": datetime.fromtimestamp(given.expires, UTC),
    }


def _check_policies(tx: Transaction, account: str, inline: str | None, arns: Sequence[str]) -> None:
    if inline is not None:
        try:
            check(inline, PolicyKind.SESSION)
        except MalformedPolicy as malformed:
            raise ServiceFault("MalformedPolicyDocument", malformed.message, 400) from None
    if len(inline or "") + sum(map(len, arns)) > MOST_PLAIN:
        raise ServiceFault("PackedPolicyTooLarge", f"Session policies exceed {MOST_PLAIN} characters.", 400)
    for arn in arns:
        if managed_text(tx, account, arn) is None:
            raise validation_error(f"Policy {arn} does not exist or is not attachable.")


def _packed(inline: str | None, arns: Sequence[str], tags: Sequence[tuple[str, str]]) -> int | None:
    if inline is None and not arns and not tags:
        return None
    plain = "\0".join([inline or "", *arns, *(f"{key}={value}" for key, value in tags)]).encode()
    percent = max(1, -(-len(zlib.compress(plain, 9)) * 100 // _PACKED_SPACE))
    if percent > 100:
        raise ServiceFault(
            "PackedPolicyTooLarge", f"Packed size of session tags consumes {percent}% of allotted space.", 400
        )
    return percent
