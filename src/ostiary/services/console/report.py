"""services/console: the credential report a page at a time: rows as AWS's, of the users that are looked for alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ostiary.services.console.thresholds import DAY, Thresholds, present
from ostiary.services.iam.credential_report import ROOT, hold_present, row_of_root, row_of_user
from ostiary.services.operation import Call, on_everything
from ostiary.services.view import view
from ostiary.store.transaction import Transaction

FILTERS: Final = ("password-no-mfa", "key-caution", "key-warning", "key-never-used", "password-never-used")
"""As the dashboard's findings are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """Some rows of the report."""

    rows: tuple[Mapping[str, str], ...]
    count: int
    """How many users are found; the root user's row is one more."""
    thresholds: Thresholds


@view("iam", "GetCredentialReport", asks=on_everything("iam:GetCredentialReport"))
def report_page(call: Call, tx: Transaction) -> ReportPage:
    """Rows by name. Raises as GetCredentialReport when none was asked for of late."""
    hold_present(call, tx)
    find, only = call.params["Find"], call.params["Only"]
    thresholds = present(tx, call.account)
    told = {
        "find": find,
        "warning": call.now - thresholds.warning * DAY,
        "caution": call.now - thresholds.caution * DAY,
        "day": call.now - DAY,
    }
    named = only if only in FILTERS else "users"
    skip, limit = call.params["Skip"], call.params["Limit"]
    rows = []
    account = tx.accounts.get(call.account)
    if not skip and named == "users" and find.lower() in ROOT and account is not None:
        rows.append(row_of_root(tx, account))
    for name in tx.postures.names(named, call.account, limit=limit, skip=skip, **told):
        user = tx.users.get(call.account, name)
        if user is not None:
            rows.append(row_of_user(tx, user))
    return ReportPage(rows=tuple(rows), count=tx.postures.count(named, call.account, **told), thresholds=thresholds)
