"""services/console: the security dashboard: what of an account its owner should look at, the most dangerous first.

Each finding is told to those who may ask AWS's API for what it is made of; for the others it is said which permission
that is.

Source: IAM User Guide, "Security best practices in IAM"; CIS AWS Foundations Benchmark, section 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

from ostiary import policy
from ostiary.authorization.book import managed_text
from ostiary.authorization.judge import Ask
from ostiary.services.console.thresholds import DAY, DEFAULT, Thresholds, days_since, present
from ostiary.services.console.trail import DENIED
from ostiary.services.operation import Call, nothing
from ostiary.services.view import view
from ostiary.store.events import Wanted
from ostiary.store.transaction import Transaction

SUMMARY, REPORT, DETAILS, PASSWORDS, TRAIL = (
    "iam:GetAccountSummary",
    "iam:GetCredentialReport",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetAccountPasswordPolicy",
    "cloudtrail:LookupEvents",
)
NEEDS: Final[Mapping[str, str]] = {
    "root-no-mfa": SUMMARY,
    "root-keys": SUMMARY,
    "open-trust": DETAILS,
    "password-no-mfa": REPORT,
    "key-warning": REPORT,
    "root-used": REPORT,
    "administrators": DETAILS,
    "key-caution": REPORT,
    "key-never-used": REPORT,
    "password-never-used": REPORT,
    "direct-policies": DETAILS,
    "no-password-policy": PASSWORDS,
    "unused-roles": DETAILS,
}
"""What is looked at, the most dangerous first, with what it takes to see it."""
SEVERE: Final = frozenset({"root-no-mfa", "root-keys", "open-trust", "password-no-mfa", "key-warning"})
ADMINISTRATORS: Final = 2
"""As many are no finding: one, and one for when that one is away."""
UNUSED_DAYS: Final = 90
HOURS: Final = 24
_NAMED: Final = 5
_MOST_LISTED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to look at."""

    name: str
    """Of `NEEDS`."""
    severe: bool
    count: int
    names: tuple[str, ...] = ()
    """`user/ann`, `role/Deploy`: the first of them."""
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """What the dashboard shows."""

    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    """What was looked at and is in order."""
    unseen: Mapping[str, str]
    """What could not be looked at for want of a permission, and AWS's words for that, by permission."""
    counts: Mapping[str, int] | None
    denials: tuple[int, ...] | None
    """Refused requests, hour by hour, the present hour last."""
    since: int
    """Where the first of these hours begins."""
    thresholds: Thresholds

    @property
    def score(self) -> int | None:
        """Of a hundred: what is severe counts twice."""
        bad = sum(2 if each.severe else 1 for each in self.findings)
        good = sum(2 if each in SEVERE else 1 for each in self.passed)
        return None if not bad + good else round(100 * good / (bad + good))


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A page of those that a finding is about."""

    names: tuple[str, ...]
    count: int


@view("iam", "GetAccountSummary", asks=nothing)
def account_posture(call: Call, _tx: Transaction) -> Posture:
    """Everything that the one who asks may see of it."""
    call.house.write_record()
    unseen = {action: text for action in dict.fromkeys((*NEEDS.values(), TRAIL)) if (text := _refusal(call, action))}
    since = call.now - call.now % 3600 - (HOURS - 1) * 3600
    with call.house.store.read() as tx:
        thresholds = present(tx, call.account) if REPORT not in unseen else DEFAULT
        looked = _Look(call, tx, thresholds)
        findings, passed = [], []
        for name, needed in NEEDS.items():
            if needed not in unseen:
                found = looked.at(name)
                findings.append(found) if found is not None else passed.append(name)
        counts = None if SUMMARY in unseen else _counts(call, tx)
        hours = None if TRAIL in unseen else tx.events.failures_by_hour(call.account, since, DENIED)
    return Posture(
        findings=tuple(sorted(findings, key=lambda each: not each.severe)),
        passed=tuple(passed),
        unseen=unseen,
        counts=counts,
        denials=None if hours is None else tuple(hours.get(hour, 0) for hour in range(HOURS)),
        since=since,
        thresholds=thresholds,
    )


def _asks(call: Call, _tx: Transaction) -> Iterable[Ask]:
    return (Ask(action=NEEDS[call.params["Finding"]]),)


@view("iam", "GetAccountAuthorizationDetails", asks=_asks)
def affected(call: Call, tx: Transaction) -> Affected:
    """Those that a finding is about, a page of them; `Finding` is of `NEEDS`."""
    looked = _Look(call, tx, present(tx, call.account))
    skip = int(call.params["Skip"])
    names = looked.names(call.params["Finding"], _MOST_LISTED, skip)
    return Affected(names=tuple(names), count=looked.count(call.params["Finding"]))


def _refusal(call: Call, action: str) -> str:
    """Why an action is not allowed; empty when it is."""
    judgement = call.house.judge.judge(call.caller, Ask(action=action), call.facts)
    if judgement.allowed:
        return ""
    return policy.denial_message(judgement.decision, call.caller.arn, action, None)


def _counts(call: Call, tx: Transaction) -> dict[str, int]:
    return {
        "Users": tx.users.count(call.account),
        "Groups": tx.groups.count(call.account),
        "Roles": tx.roles.count(call.account),
        "Policies": tx.policies.count(call.account),
    }


class _Look:
    """Looks at an account."""

    def __init__(self, call: Call, tx: Transaction, thresholds: Thresholds) -> None:
        self._call, self._tx, self._account = call, tx, call.account
        now = call.now
        self._told: dict[str, Any] = {
            "warning": now - thresholds.warning * DAY,
            "caution": now - thresholds.caution * DAY,
            "day": now - DAY,
            "unused": now - UNUSED_DAYS * DAY,
        }

    def at(self, name: str) -> Finding | None:
        """What is to be said of it; None when it is in order."""
        severe = name in SEVERE
        if name in ("root-no-mfa", "root-keys", "root-used", "no-password-policy"):
            at = self._of_account(name)
            return None if at is None else Finding(name=name, severe=severe, count=1, at=at or None)
        if name == "open-trust":
            roles = self._open_trust()
            severe = any(unconditional for _, unconditional in roles)
        count = self.count(name)
        if count <= (ADMINISTRATORS if name == "administrators" else 0):
            return None
        return Finding(name=name, severe=severe, count=count, names=tuple(self._some(name)))

    def count(self, name: str) -> int:
        """How many a finding is about."""
        if name == "open-trust":
            return len(self._open_trust())
        if name == "administrators":
            return sum(self._count(each) for each in ("admin-users", "admin-roles"))
        return self._count(name) if name in _LISTED else 0

    def names(self, name: str, limit: int, skip: int) -> Iterator[str]:
        """Who they are."""
        if name == "open-trust":
            yield from (f"role/{role}" for role, _ in self._open_trust()[skip : skip + limit])
        elif name == "administrators":
            users = self._names("admin-users", limit, skip)
            yield from (f"user/{each}" for each in users)
            before = max(0, skip - self._count("admin-users"))
            rest = self._names("admin-roles", limit - len(users), before) if len(users) < limit else ()
            yield from (f"role/{each}" for each in rest)
        elif name in _LISTED:
            kind = "role" if name == "unused-roles" else "user"
            yield from (f"{kind}/{each}" for each in self._names(name, limit, skip))

    def _some(self, name: str) -> Iterator[str]:
        """A few of them, found as fast as can be."""
        if name not in _LISTED:
            yield from self.names(name, _NAMED, 0)
            return
        kind = "role" if name == "unused-roles" else "user"
        found = self._tx.postures.some(name, self._account, limit=_NAMED, **self._told)
        yield from (f"{kind}/{each}" for each in found)

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        times = {name: self._told[name] for name in ("warning", "caution", "day")}
        return self._tx.postures.counts(self._account, **times)

    def _count(self, name: str) -> int:
        if name.startswith(("key-", "password-")):
            return self._counts[name]
        return self._tx.postures.count(name, self._account, ids=self._administrators(name), **self._told)

    def _names(self, name: str, limit: int, skip: int) -> Sequence[str]:
        told = {**self._told, "ids": self._administrators(name)}
        return self._tx.postures.names(name, self._account, limit=limit, skip=skip, **told)

    def _of_account(self, name: str) -> int | None:
        """When it happened, or 0; None when all is well."""
        tx, account = self._tx, self._account
        if name == "root-no-mfa":
            return None if tx.mfa_devices.of(account) else 0
        if name == "root-keys":
            return 0 if any(key.active for key in tx.access_keys.of(account)) else None
        if name == "no-password-policy":
            return None if tx.password_policies.get(account) is not None else 0
        found = tx.events.search(Wanted(account=account, principal=account), 1).events
        recent = found and days_since(found[0].at, self._call.now) < UNUSED_DAYS
        return found[0].at if recent else None

    def _open_trust(self) -> list[tuple[str, bool]]:
        """Roles that anybody may assume, and whether without any condition."""
        found = ((name, _trusts_anybody(text)) for name, text in self._tx.postures.open_trust(self._account))
        return [(name, how == "always") for name, how in found if how]

    def _administrators(self, name: str) -> str:
        """The ids of those that have a policy which allows everything, as JSON."""
        if not name.startswith("admin-"):
            return "[]"
        tx, account = self._tx, self._account
        attached = (arn for arn in tx.attachments.counts(account))
        wide = [arn for arn in attached if (text := managed_text(tx, account, arn)) and _allows_everything(text[2])]
        ids = [*tx.postures.holders(account, wide)]
        ids += [owner for owner, text in tx.postures.wide_inline() if _allows_everything(text)]
        return json.dumps(ids)


_LISTED: Final = frozenset(
    {
        "password-no-mfa",
        "key-warning",
        "key-caution",
        "key-never-used",
        "password-never-used",
        "direct-policies",
        "unused-roles",
    }
)


def _statements(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        return []
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=20_000)
def _allows_everything(text: str) -> bool:
    return any(
        each.get("Effect") == "Allow"
        and not each.get("Condition")
        and not {"*", "*:*"}.isdisjoint(map(str, _all(each.get("Action"))))
        and "*" in _all(each.get("Resource"))
        for each in _statements(text)
    )


@lru_cache(maxsize=20_000)
def _trusts_anybody(text: str) -> str:
    """`always`, `conditionally` or empty."""
    found = ""
    for each in _statements(text):
        principal = each.get("Principal")
        anybody = principal == "*" or (isinstance(principal, dict) and "*" in _all(principal.get("AWS")))
        if each.get("Effect") == "Allow" and anybody:
            found = found or "conditionally"
            if not each.get("Condition"):
                return "always"
    return found
