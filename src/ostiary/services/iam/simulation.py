"""services/iam: the policy simulator: SimulateCustomPolicy, SimulatePrincipalPolicy.

What decides here is what decides requests: `ostiary.policy`, under policies put together as the judge puts them.

Source: IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy, EvaluationResult; R128-R134.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from ostiary import catalog
from ostiary.authorization.organization import ALONE
from ostiary.policy import Matched, PolicyType, Pool, Position, Source, Verdict
from ostiary.services.iam import entities_by_arn, simulation_inputs, simulation_policies
from ostiary.services.iam.entities_by_arn import on_entity
from ostiary.services.iam.faults import NoSuchEntity
from ostiary.services.iam.paging import page
from ostiary.services.iam.simulation_inputs import EVERYTHING
from ostiary.services.iam.simulation_outcomes import SOURCE_TYPES, Outcome, Scenario, outcome
from ostiary.services.iam.simulation_policies import InPlay, Simulated
from ostiary.services.operation import Call, on_everything, operation
from ostiary.store.transaction import Transaction

NO_ENTITY: Final = "Unable to retrieve specified IAM entity."
_PAGE_EVALUATIONS: Final = 1000
"""A page ends where it has taken this many decisions, whatever MaxItems says."""

_SEVERITY: Final = (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY, Verdict.ALLOWED)
_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}")


@operation("iam", "SimulateCustomPolicy", asks=on_everything("iam:SimulateCustomPolicy"), blocking=True)
def simulate_custom_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """What policies that are handed in would allow."""
    caller_arn = call.params.get("CallerArn")
    simulated = simulation_policies.by_arn(caller_arn) if caller_arn else simulation_policies.nobody(call.account)
    in_play = InPlay(
        identity=simulation_inputs.identity(call.params),
        boundary=simulation_inputs.boundary(call.params),
        scp=simulation_inputs.levels(call.params),
        owner=lambda _account: ALONE,
    )
    return _simulate(call, simulated, in_play)


@operation(
    "iam",
    "SimulatePrincipalPolicy",
    asks=on_entity("iam:SimulatePrincipalPolicy", "PolicySourceArn"),
    blocking=True,
)
def simulate_principal_policy(call: Call, tx: Transaction) -> dict[str, Any]:
    """What an entity's policies, together with those that are handed in, would allow."""
    source_arn, caller_arn = call.params["PolicySourceArn"], call.params.get("CallerArn")
    found = entities_by_arn.find(tx, call.account, source_arn)
    if found is None:
        raise NoSuchEntity(NO_ENTITY)
    in_play = simulation_policies.of_entity(call, tx, *found)
    further, boundary = simulation_inputs.identity(call.params), simulation_inputs.boundary(call.params)
    in_play = replace(
        in_play,
        identity=Pool((*in_play.identity, *further)),
        boundary=in_play.boundary if boundary is None else boundary,
    )
    if caller_arn is None or caller_arn == source_arn:
        simulated = simulation_policies.entity(call, *found)
    else:
        simulated = simulation_policies.by_arn(caller_arn)
    return _simulate(call, simulated, in_play)


def _simulate(call: Call, simulated: Simulated, in_play: InPlay) -> dict[str, Any]:
    params = call.params
    resource_policy = simulation_inputs.resource_policy(params)
    if resource_policy is not None:
        simulation_policies.hold_caller_of_resource_policy(simulated)
    scenario = Scenario(
        simulated=simulated,
        in_play=in_play,
        resource_policy=resource_policy,
        owner=simulation_inputs.owner(params),
        given=simulation_inputs.context(params),
    )
    actions, resources = simulation_inputs.actions(params), simulation_inputs.resources(params)
    most = max(1, _PAGE_EVALUATIONS // len(resources))
    numbers, rest = page(call, _after(len(actions)), _place, most=most)
    evaluated = [_evaluation(scenario, actions[number], resources) for number in numbers]
    return {"EvaluationResults": evaluated, **rest}


def _after(count: int) -> Callable[[str, int], Sequence[int]]:
    def fetch(after: str, limit: int) -> Sequence[int]:
        start = int(after) + 1 if after else 0
        return range(start, min(count, start + limit))

    return fetch


def _place(number: int) -> str:
    return str(number)


def _evaluation(scenario: Scenario, action: str, resources: Sequence[str]) -> dict[str, Any]:
    """One EvaluationResult: the most restrictive decision of all resources, and each resource's own."""
    outcomes = [outcome(scenario, action, resource) for resource in resources]
    verdict = min((each.verdict for each in outcomes), key=_SEVERITY.index)
    causes = dict.fromkeys(one for each in outcomes if each.verdict is verdict for one in each.matched)
    shown: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": _template(action, next((each for each in resources if each != EVERYTHING), None)),
        "EvalDecision": verdict.value,
        "MatchedStatements": [_statement(one) for one in causes],
        "MissingContextValues": sorted({key for each in outcomes for key in each.missing}, key=str.lower),
    }
    by_organizations = [each.by_organizations for each in outcomes if each.by_organizations is not None]
    if by_organizations:
        shown["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": all(by_organizations)}
    by_boundary = [each.by_boundary for each in outcomes if each.by_boundary is not None]
    if by_boundary:
        shown["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": all(by_boundary)}
    if list(resources) != [EVERYTHING] and (not by_organizations or any(by_organizations)):
        # where an organization's policies refuse everything, evaluation stops (R133)
        shown["EvalDecisionDetails"] = _details(each for each in outcomes if each.by_organizations is not False)
        shown["ResourceSpecificResults"] = [_specific(each) for each in outcomes]
    return shown


def _specific(one: Outcome) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "EvalResourceName": one.resource,
        "EvalResourceDecision": one.verdict.value,
        "MatchedStatements": [_statement(each) for each in (*one.matched, *one.allowing)],
        "MissingContextValues": list(one.missing),
    }
    if one.by_type is not None and one.by_organizations is not False:
        shown["EvalDecisionDetails"] = dict(one.by_type)
    if one.by_boundary is not None:
        shown["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": one.by_boundary}
    return shown


def _details(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """For each type the most restrictive decision on resources of other accounts; empty if there are none."""
    found: dict[str, str] = {}
    severity = [verdict.value for verdict in _SEVERITY]
    for each in outcomes:
        for name, verdict in (each.by_type or {}).items():
            found[name] = min(found.get(name, verdict), verdict, key=severity.index)
    return found


def _statement(matched: Matched) -> dict[str, Any]:
    return {
        "SourcePolicyId": _source_id(matched.source),
        "SourcePolicyType": SOURCE_TYPES[matched.source.type],
        "StartPosition": _position(matched.start),
        "EndPosition": _position(matched.end),
    }


def _source_id(source: Source) -> str:
    """A managed policy's name, `user_<user>_<policy>` for an inline one, the parameter of one that was handed in."""
    if source.arn is not None or source.owner is None or source.type is not PolicyType.IDENTITY:
        return source.name
    kind, _, owner = source.owner.partition("/")
    return f"{kind}_{owner}_{source.name}"


def _position(at: Position) -> dict[str, int]:
    return {"Line": at.line, "Column": at.column}


@lru_cache(maxsize=1024)
def _template(action: str, arn: str | None) -> str:
    """The ARN template of the type of resource that was simulated; `*` where there is none."""
    prefix, _, name = action.partition(":")
    service = catalog.service(prefix)
    known = service.actions.get(name) if service is not None else None
    if service is None or known is None or arn is None:
        return EVERYTHING
    types = (service.resource_types.get(each.name) for each in known.resources)
    templates = [each.arn for each in types if each is not None]
    return next((each for each in templates if _fits(each, arn)), templates[0] if templates else EVERYTHING)


def _fits(template: str, arn: str) -> bool:
    *pieces, last = _PLACEHOLDER.split(template)
    middle = "[^:/]*".join(map(re.escape, pieces))
    whole = middle + ".*" + re.escape(last) if pieces else re.escape(last)
    return re.fullmatch(whole, arn, re.DOTALL) is not None
