"""services/iam_toolbox: a decision as checks: what had to allow it, and what did.

Source: botocore's model of `iam-toolbox`, Evaluation, Check; IAM User Guide, "Policy evaluation logic".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ostiary.audit.explanation import AskExplained
from ostiary.policy import Decision, Effect, PolicyType, Source, StatementReport, TypeReport, Verdict
from ostiary.services.iam_toolbox.evaluated import TYPES, source_of, uri_of

ALLOW, EXPLICIT, IMPLICIT, NO_IMPACT = "ALLOW", "EXPLICIT_DENY", "IMPLICIT_DENY", "NO_IMPACT"
EFFECTS: Final[Mapping[str, str]] = {
    Verdict.ALLOWED.value: ALLOW,
    Verdict.IMPLICIT_DENY.value: IMPLICIT,
    Verdict.EXPLICIT_DENY.value: EXPLICIT,
}
_CHECKS: Final[Mapping[PolicyType, str]] = {
    PolicyType.RCP: "RESOURCE_CONTROL_POLICY",
    PolicyType.SCP: "SERVICE_CONTROL_POLICY",
    PolicyType.ENDPOINT: "VPC_ENDPOINT",
    PolicyType.RESOURCE: "RESOURCE",
    PolicyType.TRUST: "RESOURCE",
    PolicyType.IDENTITY: "PRINCIPAL",
    PolicyType.BOUNDARY: "PERMISSIONS_BOUNDARY",
    PolicyType.SESSION: "SESSION",
}
_WITH_POLICIES: Final = frozenset({"User", "RoleSession", "FederatedUser"})
"""The kinds of principals whose own policies are asked."""
_OF_RESOURCE: Final = frozenset({PolicyType.RESOURCE, PolicyType.TRUST})
_BEYOND_IDENTITY: Final = frozenset({"LIMITED", "DIRECT"})
_BEYOND_LIMITS: Final = frozenset({"DIRECT"})
"""How a resource's policy must name the caller to stand in for identity policies; for the limits too."""

Visible = Callable[[Source], bool]
Target = Callable[[Source], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One requirement."""

    kind: PolicyType
    effect: str
    matched: tuple[StatementReport, ...]
    target: str | None = None

    def shown(self, visible: Visible) -> dict[str, Any]:
        """`Check`, without the policies that are not to be seen."""
        types = dict.fromkeys([TYPES[self.kind], *(TYPES[one.statement.source.type] for one in self.matched)])
        told = {
            "checkType": _CHECKS[self.kind],
            "evaluatedEffect": self.effect,
            "relevantPolicyTypes": list(types),
            "matchedPolicies": matched_policies(self.matched, visible),
        }
        return told if self.target is None else {**told, "targetArn": self.target}


def checks(ask: AskExplained, recorded: Mapping[str, Any], target: Target) -> tuple[Check, ...]:
    """What a decision rests on, in AWS's order; nothing when it can't be taken again.

    Args:
        ask: the decision explained.
        recorded: the same as the event keeps it.
        target: the ARN of the root, unit or account that an organization's policy is attached to.
    """
    if ask.explanation is None:
        return ()
    decision = ask.explanation.decision
    reports = {report.type: report for report in ask.explanation.types if report.applies}
    found = [
        *_levels(reports.get(PolicyType.RCP), recorded["inForce"].get("rcp"), target),
        *_levels(reports.get(PolicyType.SCP), recorded["inForce"].get("scp"), target),
        *_endpoint(reports.get(PolicyType.ENDPOINT)),
        *_grants(reports, recorded, decision),
    ]
    if decision.verdict is Verdict.ALLOWED and any(check.effect == EXPLICIT for check in found):
        return ()  # what everybody may do (GetCallerIdentity): no policy is asked
    return tuple(_settled(check, decision.verdict, decision.decided_by) for check in found)


def matched_policies(matched: Iterable[StatementReport], visible: Visible) -> list[dict[str, Any]]:
    """`MatchedPolicyList`: each policy once, with its statements."""
    found: dict[str, list[dict[str, str]]] = {}
    for one in matched:
        place = one.statement
        if visible(place.source):
            shown = {"sid": place.sid or f"Statement{place.statement_index + 1}", "evaluatedEffect": _effect(one)}
            statements = found.setdefault(uri_of(place.source), [])
            if shown not in statements:
                statements.append(shown)
    return [{"uri": uri, "matchedStatements": statements} for uri, statements in found.items()]


def _effect(one: StatementReport) -> str:
    return "DENY" if one.statement.effect is Effect.DENY else "ALLOW"


def _levels(report: TypeReport | None, levels: Any, target: Target) -> Iterator[Check]:
    """An organization's policies, level by level: each must allow."""
    if report is None:
        return
    for level in levels or ():
        sources = [source_of(policy) for policy in level or ()]
        matched = tuple(one for one in _matched(report) if one.statement.source in sources)
        where = target(sources[0]) if sources else None
        yield Check(kind=report.type, effect=_verdict(matched), matched=matched, target=where)


def _endpoint(report: TypeReport | None) -> Iterator[Check]:
    if report is not None:
        matched = _matched(report)
        yield Check(kind=report.type, effect=_verdict(matched), matched=matched)


def _grants(
    reports: Mapping[PolicyType, TypeReport], recorded: Mapping[str, Any], decision: Decision
) -> Iterator[Check]:
    """What grants, and what limits the grants.

    The policy of a resource in the caller's own account is one more way to satisfy the principal's check; where its
    owner must allow besides, it is a check of its own.
    """
    principal = recorded["principal"]
    own = principal["kind"] in _WITH_POLICIES
    at_home = principal.get("account") == recorded["resourceAccount"]
    resource = reports.get(PolicyType.TRUST) or reports.get(PolicyType.RESOURCE)
    of_resource = _matched(resource)
    needed = decision.verdict is Verdict.IMPLICIT_DENY and decision.decided_by in _OF_RESOURCE
    trust = resource is not None and resource.type is PolicyType.TRUST
    besides = needed or trust or not at_home or (not own and bool(of_resource))
    if besides:
        kind = resource.type if resource is not None else PolicyType.RESOURCE
        yield Check(kind=kind, effect=_verdict(of_resource), matched=of_resource)
    if not own:
        return
    strength = resource.strength.name if resource is not None and at_home else ""
    matched = (*_matched(reports.get(PolicyType.IDENTITY)), *(() if besides else of_resource))
    yield Check(kind=PolicyType.IDENTITY, effect=_principal(matched, strength, besides), matched=matched)
    for kind in (PolicyType.BOUNDARY, PolicyType.SESSION):
        always = kind is PolicyType.SESSION and principal["kind"] == "FederatedUser"
        if kind in reports or always:
            limit = _matched(reports.get(kind))
            effect = _verdict(limit)
            bypassed = effect == IMPLICIT and strength in _BEYOND_LIMITS
            yield Check(kind=kind, effect=NO_IMPACT if bypassed else effect, matched=limit)


def _principal(matched: Iterable[StatementReport], strength: str, besides: bool) -> str:
    """An Allow of the resource's policy counts when it names more than the account."""
    sufficient = [
        one
        for one in matched
        if one.statement.effect is Effect.DENY
        or one.statement.source.type is PolicyType.IDENTITY
        or one.strength.name in _BEYOND_IDENTITY
    ]
    effect = _verdict(sufficient)
    return NO_IMPACT if effect == IMPLICIT and besides and strength in _BEYOND_IDENTITY else effect


def _matched(report: TypeReport | None) -> tuple[StatementReport, ...]:
    return () if report is None else tuple(one for one in report.statements if one.matched)


def _verdict(matched: Iterable[StatementReport]) -> str:
    effects = {one.statement.effect for one in matched}
    return EXPLICIT if Effect.DENY in effects else ALLOW if Effect.ALLOW in effects else IMPLICIT


def _settled(check: Check, verdict: Verdict, decided_by: PolicyType | None) -> Check:
    """A silent check did not matter to what was allowed; the one that decided an implicit deny was silent."""
    if verdict is Verdict.ALLOWED and check.effect == IMPLICIT:
        return replace(check, effect=NO_IMPACT)
    decided = decided_by is not None and _CHECKS[check.kind] == _CHECKS[decided_by]
    if verdict is Verdict.IMPLICIT_DENY and decided and check.kind not in (PolicyType.SCP, PolicyType.RCP):
        return replace(check, effect=IMPLICIT)
    return check
