"""services/iam: policy documents on their way in and out.

Source: IAM API Reference, "PolicyDocument ... returned are URL-encoded compliant with RFC 3986"; R13, R135.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from ostiary.policy import DOCUMENT_LIMIT, MalformedPolicy, PolicyKind, check
from ostiary.services.iam import quotas
from ostiary.services.iam.faults import LimitExceeded, MalformedPolicyDocument
from ostiary.services.principals import UnknownPrincipal, to_shown, to_stored
from ostiary.store.transaction import Transaction

_QUOTAS: Final = {PolicyKind.MANAGED: "PolicySize", PolicyKind.TRUST: "ACLSizePerRole"}


def encoded(text: str) -> str:
    """A document as IAM answers it: everything but RFC 3986's unreserved characters percent-encoded."""
    return quote(text, safe="")


def accept(tx: Transaction, account: str, text: str, kind: PolicyKind) -> str:
    """The text, if it may be saved as a policy of this kind. The sizes of inline policies are counted elsewhere.

    Raises:
        MalformedPolicyDocument: in AWS's words.
        LimitExceeded: it is too long.
    """
    quota = _QUOTAS.get(kind)
    try:
        check(text, kind, size_limit=DOCUMENT_LIMIT if quota is None else quotas.quota(tx, account, quota))
    except MalformedPolicy as malformed:
        refusal = LimitExceeded if malformed.code == LimitExceeded.CODE else MalformedPolicyDocument
        raise refusal(malformed.message) from None
    return text


def accept_trust(tx: Transaction, account: str, text: str) -> str:
    """A trust policy as it is stored: with unique ids in place of the ARNs of users and roles (R37).

    Raises:
        MalformedPolicyDocument: also when it names somebody who does not exist.
        LimitExceeded: it is too long.
    """
    try:
        return to_stored(accept(tx, account, text, PolicyKind.TRUST), tx)
    except UnknownPrincipal as unknown:
        raise MalformedPolicyDocument(unknown.message) from None


def shown_trust(text: str, tx: Transaction) -> str:
    """A stored trust policy as IAM answers it."""
    return encoded(to_shown(text, tx))
