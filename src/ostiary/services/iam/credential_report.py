"""services/iam: the credential report: a row for the root user and one for each user, as their credentials are now.

A report is asked for, and can be fetched for four hours. Its content is that of the moment in which it is fetched.

Source: IAM User Guide, "Generate credential reports for your AWS account"; IAM API Reference,
GenerateCredentialReport, GetCredentialReport.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from ostiary.identifiers import root_arn
from ostiary.services.iam.faults import CredentialReportExpired, CredentialReportNotPresent
from ostiary.services.iam.names import USER, moment
from ostiary.services.iam.paging import by_name
from ostiary.services.iam.passwords import password_changed, password_expires
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.records import AccessKeyRecord, AccountRecord, UserRecord
from ostiary.store.transaction import Transaction

ROOT: Final = "<root_account>"
NONE: Final = "N/A"
NEVER: Final = "no_information"
NOT_SUPPORTED: Final = "not_supported"
_PER_KIND: Final = 2
"""Access keys and certificates that have columns of their own."""

_KEY_COLUMNS: Final = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS: Final = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY_COLUMNS),
    *(f"cert_{number}_{column}" for number in (1, 2) for column in ("active", "last_rotated")),
    "additional_credentials_info",
)

_VALID: Final = 4 * 3600
"""Seconds for which a report can be fetched after it was asked for."""
_BATCH: Final = 500


class _Certificate(Protocol):
    @property
    def active(self) -> bool: ...

    @property
    def created(self) -> int: ...


@operation("iam", "GenerateCredentialReport", asks=on_everything("iam:GenerateCredentialReport"), changes=True)
def generate_credential_report(call: Call, tx: Transaction) -> dict[str, Any]:
    """Ask for a report; one that is not yet four hours old serves."""
    requested = tx.report_jobs.credential_report_requested(call.account)
    if requested is not None and call.now - requested < _VALID:
        return {"State": "COMPLETE"}
    tx.report_jobs.request_credential_report(call.account, call.now)
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


@operation("iam", "GetCredentialReport", asks=on_everything("iam:GetCredentialReport"), blocking=True)
def get_credential_report(call: Call, tx: Transaction) -> dict[str, Any]:
    """The report as CSV."""
    hold_present(call, tx)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(tx, call.account))
    content = text.getvalue().removesuffix("\n").encode()
    return {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": moment(call.now)}


def hold_present(call: Call, tx: Transaction) -> None:
    """Hold that a report was asked for of late. Raises `CredentialReportNotPresent`, `CredentialReportExpired`."""
    requested = tx.report_jobs.credential_report_requested(call.account)
    if requested is None:
        raise CredentialReportNotPresent("")
    if call.now - requested >= _VALID:
        raise CredentialReportExpired("")


def _rows(tx: Transaction, account_id: str) -> Iterator[dict[str, str]]:
    account = tx.accounts.get(account_id)
    if account is not None:
        yield row_of_root(tx, account)
    after = ""
    while found := tx.users.page(account_id, after=after, limit=_BATCH):
        for user in found:
            yield row_of_user(tx, user)
        after = by_name(found[-1])


def row_of_root(tx: Transaction, account: AccountRecord) -> dict[str, str]:
    """The root user's row."""
    has_password = account.root_password is not None
    return {
        "user": ROOT,
        "arn": root_arn(account.id),
        "user_creation_time": _time(account.created),
        "password_enabled": _yes(has_password),
        "password_last_used": NEVER if has_password else NONE,
        "password_last_changed": NOT_SUPPORTED,
        "password_next_rotation": NOT_SUPPORTED,
        **_of_owner(tx, account.id),
    }


def row_of_user(tx: Transaction, user: UserRecord) -> dict[str, str]:
    """A user's row."""
    profile = tx.login_profiles.get(user.id)
    changed = expires = None
    if profile is not None:
        changed = password_changed(tx, profile)
        expires = password_expires(tx, user.account, profile)
    return {
        "user": user.name,
        "arn": USER.arn(user),
        "user_creation_time": _time(user.created),
        "password_enabled": _yes(profile is not None),
        "password_last_used": NONE if profile is None else _time(user.password_used, NEVER),
        "password_last_changed": _time(changed),
        "password_next_rotation": _time(expires),
        **_of_owner(tx, user.id),
    }


def _of_owner(tx: Transaction, owner_id: str) -> dict[str, str]:
    """MFA, keys and certificates."""
    keys, certificates = tx.access_keys.of(owner_id), tx.signing_certificates.of(owner_id)
    found = {"mfa_active": _yes(bool(tx.mfa_devices.of(owner_id)))}
    for number in range(_PER_KIND):
        key = keys[number] if number < len(keys) else None
        found |= {f"access_key_{number + 1}_{name}": value for name, value in _key(tx, key).items()}
        certificate = certificates[number] if number < len(certificates) else None
        found |= {f"cert_{number + 1}_{name}": value for name, value in _certificate(certificate).items()}
    found["additional_credentials_info"] = _additional(keys, certificates)
    return found


def _key(tx: Transaction, key: AccessKeyRecord | None) -> Mapping[str, str]:
    use = tx.access_keys.use_of(key.id) if key else None
    values = (
        _yes(key is not None and key.active),
        _time(key.created if key else None),
        _time(use.at if use else None),
        use.region if use else NONE,
        use.service if use else NONE,
    )
    return dict(zip(_KEY_COLUMNS, values, strict=True))


def _certificate(certificate: _Certificate | None) -> Mapping[str, str]:
    return {
        "active": _yes(certificate is not None and certificate.active),
        "last_rotated": _time(certificate.created if certificate else None),
    }


def _additional(keys: Sequence[Any], certificates: Sequence[Any]) -> str:
    """How many credentials have no column, and how they are listed."""
    told: Iterable[tuple[str, int, str]] = (
        ("access keys", len(keys) - _PER_KIND, "iam:ListAccessKeys"),
        ("certificates", len(certificates) - _PER_KIND, "iam:ListSigningCertificates"),
    )
    return "; ".join(f"{more} additional {what}: {action}" for what, more, action in told if more > 0) or NONE


def _yes(holds: bool) -> str:
    return "true" if holds else "false"


def _time(seconds: int | None, missing: str = NONE) -> str:
    """`2026-01-31T12:00:00+00:00`."""
    return missing if seconds is None else moment(seconds).isoformat()
