"""doors/console: the policy simulator: a principal or drafts, actions by resources, with what conditions ask for.

The case stands in the address as long as that is short; then a form is posted, and the page answers itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from ostiary import catalog
from ostiary.doors.console.conditions import context_of, entries_of
from ostiary.doors.console.forms import Fields
from ostiary.doors.console.pages.explain import principal_arn
from ostiary.doors.console.registry import page
from ostiary.doors.console.visit import Reply, Seen, Visit, is_refusal
from ostiary.services.console.ladder import dedented
from ostiary.services.console.simulating import Switch, exclusion, switches
from ostiary.services.faults import ServiceFault

_SHORT: Final = 6_000
"""Characters of a case that an address holds."""
_MOST: Final = 1_000
"""Decisions of one case."""
_FIELDS: Final = ("principal", "policy", "boundary", "resource_policy", "actions", "resources", "context")
_KEY: Final = "key:"


@dataclass(slots=True)
class Case:
    """What is simulated."""

    principal: str = ""
    policy: str = ""
    boundary: str = ""
    resource_policy: str = ""
    actions: str = ""
    resources: str = ""
    context: str = ""
    off: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    """Values of the keys that the policies ask for."""
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether there is enough to decide."""
        return bool(self.actions.strip() and (self.principal or self.policy.strip()))

    def value_of(self, key: str) -> str:
        """What a key that the policies ask for was given."""
        return self.keys.get(key, "")

    def pairs(self) -> list[tuple[str, str]]:
        """As an address has it."""
        told = [(name, getattr(self, name)) for name in _FIELDS if getattr(self, name).strip()]
        told += [("off", each) for each in self.off]
        return told + [(f"{_KEY}{key}", value) for key, value in self.keys.items() if value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An action on a resource."""

    action: str
    resource: str
    verdict: str
    statements: tuple[tuple[str, int, str], ...]
    """Policy, line, and text where it was handed in."""
    missing: tuple[str, ...]
    boundary: bool | None
    organizations: bool | None


@page("GET", "/simulator")
def simulator(visit: Visit) -> Reply:
    """The case of the address."""
    return _page(visit, _case(visit.query))


@page("POST", "/simulator")
def simulate(visit: Visit) -> Reply:
    """A case of a form: to its address, when that is short."""
    case = _case(visit.form)
    added = visit.form.get("add")
    if added:
        case.actions = "\n".join([*case.actions.split(), added])
    address = urlencode(case.pairs())
    return visit.redirect(f"/simulator?{address}") if len(address) <= _SHORT else _page(visit, case)


def _case(fields: Fields) -> Case:
    case = Case()
    for name in _FIELDS:
        setattr(case, name, fields.raw(name).replace("\r\n", "\n"))
    case.principal = case.principal.strip()
    case.off = fields.all("off")
    case.keys = {name.removeprefix(_KEY): value.strip() for name, value in fields if name.startswith(_KEY)}
    return case


def _page(visit: Visit, case: Case) -> Reply:
    refused = ""
    offered: Seen[tuple[Switch, ...]] = Seen(found=())
    keys: list[str] = []
    rows: list[Row] | None = None
    try:
        if case.principal:
            offered = visit.glimpse(switches, PolicySourceArn=principal_arn(visit, case.principal))
            refused = offered.refused
        keys = list(_keys(visit, case)) if case.principal or case.policy.strip() else []
        if case.asked and not refused:
            rows = list(_rows(visit, case))
    except ServiceFault as fault:
        if is_refusal(fault):
            refused = fault.message
        else:
            case.wrong.setdefault(_field_of(fault, case), fault.message)
    return visit.page(
        "understand/simulator.html",
        status=403 if refused else 400 if case.wrong else 200,
        title=visit._("Policy simulator"),
        case=case,
        switches=offered.value if offered else (),
        keys=keys,
        rows=rows,
        refused=refused,
        allowed=sum(row.verdict == "allowed" for row in rows or ()),
        assumes="sts:assumerole" in case.actions.lower(),
        explain=_explaining(case),
        kept=urlencode(case.pairs()) if len(urlencode(case.pairs())) <= _SHORT else "",
    )


def _field_of(fault: ServiceFault, case: Case) -> str:
    """Beside which field a fault is told."""
    text = fault.message
    for words, name in (
        ("ActionNames", "actions"),
        ("ResourceNames", "resources"),
        ("ContextKey", "context"),
        ("context", "context"),
        ("ResourcePolicy", "resource_policy"),
        ("PermissionsBoundary", "boundary"),
        ("PolicyInputList", "policy"),
        ("policy document", "policy"),
    ):
        if words in text:
            return name
    return "principal" if case.principal else "policy"


def _keys(visit: Visit, case: Case) -> Iterator[str]:
    """The condition keys that the policies mention; none where they may not be asked for."""
    drafts = [case.policy] if case.policy.strip() else []
    if case.principal:
        arn = principal_arn(visit, case.principal)
        found = visit.see(
            "iam", "GetContextKeysForPrincipalPolicy", PolicySourceArn=arn, PolicyInputList=drafts or None
        )
    else:
        found = visit.see("iam", "GetContextKeysForCustomPolicy", PolicyInputList=drafts)
    yield from found.value["ContextKeyNames"] if found else ()


def _rows(visit: Visit, case: Case) -> Iterator[Row]:
    actions, resources = _actions(visit, case), case.resources.split() or ["*"]
    if len(actions) * len(resources) > _MOST:
        case.wrong["actions"] = visit._("At most %(num)s decisions are taken at once.", num=_MOST)
    try:
        context = context_of(case.context)
    except ValueError as error:
        case.wrong["context"] = visit._("Write a key and a value: %(line)s", line=str(error))
        context = {}
    if case.wrong:
        return
    given = {key: value for key, value in case.keys.items() if value}
    context = {**{key: value for key, value in context.items() if key not in given}, **given}
    params: dict[str, Any] = {
        "ActionNames": actions,
        "ResourceArns": resources,
        "PolicyInputList": [case.policy] if case.policy.strip() else None,
        "PermissionsBoundaryPolicyInputList": [case.boundary] if case.boundary.strip() else None,
        "ResourcePolicy": case.resource_policy if case.resource_policy.strip() else None,
        "ContextEntries": entries_of(context) or None,
    }
    if case.principal:
        params["PolicySourceArn"] = principal_arn(visit, case.principal)
        params["PolicyExclusionList"] = [exclusion(each) for each in case.off] or None
    operation = "SimulatePrincipalPolicy" if case.principal else "SimulateCustomPolicy"
    for result in visit.every("iam", operation, "EvaluationResults", **params):
        yield from _told(case, result)


def _actions(visit: Visit, case: Case) -> list[str]:
    """The actions that are named; of a wildcard, those that it stands for."""
    found: list[str] = []
    for each in case.actions.replace(",", " ").split():
        expanded = catalog.expand(each) if "*" in each or "?" in each else (each,)
        if not expanded:
            case.wrong["actions"] = visit._("No action is like %(name)s.", name=each)
        found += expanded
    return list(dict.fromkeys(found))


def _told(case: Case, result: Mapping[str, Any]) -> Iterator[Row]:
    organizations = (result.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations")
    specific = result.get("ResourceSpecificResults") or [
        {**result, "EvalResourceName": "*", "EvalResourceDecision": result["EvalDecision"]}
    ]
    for each in specific:
        boundary = each.get("PermissionsBoundaryDecisionDetail") or {}
        yield Row(
            action=result["EvalActionName"],
            resource=each["EvalResourceName"],
            verdict=each["EvalResourceDecision"],
            statements=tuple(_statement(case, one) for one in each.get("MatchedStatements") or ()),
            missing=tuple(each.get("MissingContextValues") or ()),
            boundary=boundary.get("AllowedByPermissionsBoundary"),
            organizations=organizations,
        )


def _statement(case: Case, matched: Mapping[str, Any]) -> tuple[str, int, str]:
    """Where a statement stands; of what was handed in, its text."""
    name, line = matched["SourcePolicyId"], matched["StartPosition"]["Line"]
    texts = {"PolicyInputList.1": case.policy, "PermissionsBoundaryPolicyInputList.1": case.boundary}
    text = {**texts, "ResourcePolicy": case.resource_policy}.get(name, "")
    if text:
        start, end = (_offset(text, matched[each]) for each in ("StartPosition", "EndPosition"))
        own = text[start:end].lstrip(" \t\r\n,[:")
        text = dedented(own if own.startswith("{") else f"{{{own}")
    return name, line, text


def _offset(text: str, at: Mapping[str, int]) -> int:
    lines = text.split("\n")
    return sum(len(each) + 1 for each in lines[: at["Line"] - 1]) + at["Column"] - 1


def _explaining(case: Case) -> str:
    """What a row's link to Explain says besides action and resource; empty where Explain would ask something else."""
    if not case.principal or case.policy.strip() or case.boundary.strip() or case.resource_policy.strip() or case.off:
        return ""
    keys = "\n".join(f"{key}={value}" for key, value in case.keys.items() if value)
    return urlencode({"principal": case.principal, "context": "\n".join(filter(None, (case.context.strip(), keys)))})
