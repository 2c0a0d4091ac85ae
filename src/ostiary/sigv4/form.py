"""Room `sigv4`: the proof of an upload by an HTML form: a signed policy among the form's fields.

Source: Amazon S3 API Reference, "Authenticating Requests: Browser-Based Uploads Using POST". The texts of refusals are
those that clients have seen from AWS; where none was found, those of presigned URLs.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NoReturn

from ostiary.sigv4 import canonical
from ostiary.sigv4.canonical import ALGORITHM, TERMINATOR
from ostiary.sigv4.faults import Reason, SignatureFault
from ostiary.sigv4.keys import SigningKeys
from ostiary.sigv4.presented import MAX_EXPIRES, Presented, Scope, Style, read_basic_time
from ostiary.sigv4.verify import MAX_SKEW, SIGNING_KEYS, Verified

_FIELDS: Final = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature", "Policy")
_PROOF: Final = frozenset(name.lower() for name in _FIELDS) - {"policy"}
_SIGNATURE_2: Final = frozenset({"awsaccesskeyid", "signature"})
_EXPECTED: Final = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'


def present_form(fields: Mapping[str, str]) -> Presented | None:
    """Find the proof in a form, its fields by lower-case name; None when it has none.

    Raises:
        SignatureFault: what is there is no whole and well-formed proof.
    """
    if _PROOF.isdisjoint(fields):
        if not _SIGNATURE_2.isdisjoint(fields):
            raise SignatureFault(Reason.SIGNATURE_VERSION_2)
        return None
    for name in _FIELDS:
        if not fields.get(name.lower()):
            raise SignatureFault(Reason.FORM_FIELD, {"ArgumentName": name, "ArgumentValue": ""}, name=name)
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise SignatureFault(Reason.UNSUPPORTED_ALGORITHM, got=fields["x-amz-algorithm"])
    timestamp = fields["x-amz-date"]
    time = read_basic_time(timestamp)
    if time is None:
        raise SignatureFault(Reason.FORM_DATE, {"ArgumentName": "X-Amz-Date", "ArgumentValue": timestamp})
    akid, scope = _credential(fields["x-amz-credential"], timestamp)
    return Presented(
        style=Style.FORM,
        akid=akid,
        scope=scope,
        signed_headers=(),
        signature=fields["x-amz-signature"],
        time=time,
        timestamp=timestamp,
        expires=None,
        session_token=fields.get("x-amz-security-token"),
        content_sha256=None,
    )


def verify_form(
    presented: Presented, policy: str, *, secret: str, now: datetime, keys: SigningKeys = SIGNING_KEYS
) -> Verified:
    """Hold the signature against the policy as it was sent, still encoded.

    Raises:
        SignatureFault: another signature; or one from the future, or older than a week, which a signing key lasts.
    """
    key = keys.find(secret, presented.scope)
    computed = key.sign(policy)
    if not hmac.compare_digest(computed.encode(), canonical.wire(presented.signature)):
        details = {
            "AWSAccessKeyId": presented.akid,
            "StringToSign": policy,
            "SignatureProvided": presented.signature,
            "StringToSignBytes": canonical.wire(policy).hex(" "),
        }
        raise SignatureFault(Reason.SIGNATURE, details)
    keys.keep(key)
    if presented.time > now + MAX_SKEW:
        raise SignatureFault(Reason.PRESIGNED_NOT_YET, time="", edge="", now="", minutes="")
    if presented.time + timedelta(seconds=MAX_EXPIRES) < now:
        raise SignatureFault(Reason.PRESIGNED_EXPIRED, time="", edge="", now="", minutes="")
    return Verified(
        akid=presented.akid,
        scope=presented.scope,
        timestamp=presented.timestamp,
        signature=presented.signature,
        key=key.key,
    )


def _credential(credential: str, timestamp: str) -> tuple[str, Scope]:
    parts = credential.split("/")
    if len(parts) != 5:
        _refuse(credential, _EXPECTED)
    akid, date, region, service, terminator = parts
    if not akid:
        _refuse(credential, "a non-empty Access Key (AKID) must be provided in the credential.")
    if not region:
        _refuse(credential, "a non-empty region must be provided in the credential.")
    if service != "s3":
        _refuse(credential, f'incorrect service "{service}". This endpoint belongs to "s3".')
    if terminator != TERMINATOR:
        _refuse(credential, f'incorrect terminal "{terminator}". This endpoint uses "aws4_request".')
    if date != timestamp[:8]:
        _refuse(
            credential,
            f'Invalid credential date "{date}". This date is not the same as X-Amz-Date: "{timestamp[:8]}".',
        )
    return akid, Scope(date, region, service)


def _refuse(credential: str, why: str) -> NoReturn:
    raise SignatureFault(
        Reason.FORM_CREDENTIAL, {"ArgumentName": "X-Amz-Credential", "ArgumentValue": credential}, why=why
    )
