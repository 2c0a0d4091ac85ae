"""services/iam: one action on one resource, simulated: the decision is the engine's, and here is what is told of it.

Source: IAM API Reference, EvaluationResult, ResourceSpecificResult; R129-R134.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ostiary.policy import (
    Attached,
    ContextValue,
    InForce,
    Matched,
    PolicyType,
    Pool,
    Request,
    Source,
    TypeReport,
    Verdict,
    compile_policy,
    explain,
    referenced_condition_keys,
)
from ostiary.policy.evaluate import needs_resource_grant
from ostiary.policy.special import traits
from ostiary.services.iam.simulation_inputs import account_of
from ostiary.services.iam.simulation_policies import InPlay, Simulated, stands_for_setting

SOURCE_TYPES: Final[Mapping[PolicyType, str]] = MappingProxyType(
    {
        PolicyType.IDENTITY: "IAM Policy",
        PolicyType.RESOURCE: "Resource Policy",
        PolicyType.BOUNDARY: "Permissions Boundary Policy",
    }
)
"""The types whose statements are told, in the words of the wire; an organization's never are (R130)."""

_OF_ORGANIZATIONS: Final = (PolicyType.SCP, PolicyType.RCP)
_ASSUMED: Final = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All that actions and resources are held against."""

    simulated: Simulated
    in_play: InPlay
    resource_policy: Pool | None
    owner: str | None
    given: Mapping[str, ContextValue]
    """ContextEntries; they stand before what is known otherwise."""
    made: dict[tuple[str, bool, bool], InForce] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What is in force, by the resource's account and by whether its policy is asked and stood in for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is told of one action on one resource."""

    resource: str
    verdict: Verdict
    matched: tuple[Matched, ...]
    """The statements that caused the decision."""
    allowing: tuple[Matched, ...]
    """Of a request to another account that is refused for want of an Allow: the Allows there are."""
    missing: tuple[str, ...]
    by_type: Mapping[str, str] | None
    """For another account's resource, what each type says."""
    by_boundary: bool | None
    by_organizations: bool | None


def outcome(scenario: Scenario, action: str, resource: str) -> Outcome:
    """Decide."""
    request = _request(scenario, action, resource)
    in_force = _policies(scenario, request)
    explanation = explain(in_force, request)
    verdict = explanation.decision.verdict
    crosses = request.resource_account != scenario.simulated.account
    told = crosses or in_force.boundary is not None or in_force.scp is not None or in_force.rcp is not None
    reports = {report.type: report for report in explanation.types if report.applies} if told else {}
    refused_above = any(reports[kind].verdict is not Verdict.ALLOWED for kind in _OF_ORGANIZATIONS if kind in reports)
    of_organizations = any(kind in reports for kind in _OF_ORGANIZATIONS)
    boundary = reports.get(PolicyType.BOUNDARY)
    return Outcome(
        resource=resource,
        verdict=verdict,
        matched=_shown(explanation.decision.matched),
        allowing=_allowing(reports.values()) if crosses and verdict is Verdict.IMPLICIT_DENY else (),
        missing=_missing(in_force, request),
        by_type=_by_type(reports) if crosses else None,
        by_boundary=None if boundary is None else boundary.verdict is Verdict.ALLOWED,
        by_organizations=not refused_above if of_organizations else None,
    )


def _request(scenario: Scenario, action: str, resource: str) -> Request:
    simulated = scenario.simulated
    account = account_of(resource, scenario.owner, simulated.account)
    membership = scenario.in_play.owner(account)
    known = {**simulated.context, "aws:ResourceAccount": account, **membership.context("Resource")}
    given = {key.lower() for key in scenario.given}
    return Request(
        principal=simulated.principal,
        action=action,
        resource=resource,
        resource_account=account,
        context={**{key: value for key, value in known.items() if key.lower() not in given}, **scenario.given},
        resource_in_management_account=membership.management,
    )


def _policies(scenario: Scenario, request: Request) -> InForce:
    """What is in force for a request; a role's trust policy is never asked (T33)."""
    account = request.resource_account or ""
    trusted = traits(request.action).trust
    assumed = needs_resource_grant(request) and (trusted or scenario.resource_policy is None)
    key = (account, trusted, assumed)
    found = scenario.made.get(key)
    if found is None:
        resource = None if trusted else scenario.resource_policy
        found = scenario.made[key] = InForce(
            identity=scenario.in_play.identity,
            resource=_delegating(scenario.simulated.account) if assumed else resource,
            boundary=scenario.in_play.boundary,
            scp=scenario.in_play.scp,
            rcp=scenario.in_play.owner(account).rcp,
        )
    return found


def _delegating(account: str) -> Pool:
    """Stands for a policy of the resource that was not handed in: it leaves the decision to the caller's account."""
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "*", "Resource": "*"},
        }
    )
    return Pool((Attached(compile_policy(text), Source(type=PolicyType.TRUST, name=_ASSUMED)),))


def _shown(matched: Iterable[Matched]) -> tuple[Matched, ...]:
    return tuple(one for one in matched if one.source.type in SOURCE_TYPES and not stands_for_setting(one.source))


def _allowing(reports: Iterable[TypeReport]) -> tuple[Matched, ...]:
    return _shown(
        one.statement
        for report in reports
        if report.verdict is Verdict.ALLOWED and report.type is not PolicyType.BOUNDARY
        for one in report.statements
        if one.matched
    )


def _by_type(reports: Mapping[PolicyType, TypeReport]) -> dict[str, str]:
    return {name: reports[kind].verdict.value for kind, name in SOURCE_TYPES.items() if kind in reports}


def _missing(in_force: InForce, request: Request) -> tuple[str, ...]:
    """The keys that the identity policies and the resource's ask for anywhere, and the request does not have (R132)."""
    found: dict[str, str] = {}
    for pool in (in_force.identity, in_force.resource or ()):
        for each in pool:
            for key in referenced_condition_keys(each.policy):
                if key.lower() not in request.keys:
                    found.setdefault(key.lower(), key)
    return tuple(sorted(found.values(), key=str.lower))
